/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte strings; see esim/bytes.h. */
#include <esim/bytes.h>

#include <esim/error.h>
#include <esim/limits.h>

#include <stdlib.h>
#include <string.h>

bool esim_slice_equal(struct esim_slice a, struct esim_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool esim_slice_is(struct esim_slice a, const void *data, size_t len)
{
	return esim_slice_equal(a, esim_slice(data, len));
}

bool esim_slice_equal_secret(struct esim_slice a, struct esim_slice b)
{
	volatile uint8_t difference = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		difference |= (uint8_t)(a.data[i] ^ b.data[i]);
	return difference == 0;
}

/*
 * Room for @more bytes. Growing goes through a new block, so that the old one
 * can be wiped: realloc would leave a copy behind.
 */
static bool reserve(struct esim_buf *buf, size_t more)
{
	size_t max = buf->max ? buf->max : ESIM_MAX_TLV_OBJECT;
	size_t cap;
	uint8_t *data;

	if (buf->failed)
		return false;
	if (buf->len > max || more > max - buf->len) {
		buf->failed = ESIM_ETOOBIG;
		return false;
	}
	if (buf->data && more <= buf->cap - buf->len)
		return true;

	cap = buf->cap ? buf->cap : 64;
	while (cap - buf->len < more)
		cap = cap > max / 2 ? max : cap * 2;
	data = malloc(cap);
	if (!data) {
		buf->failed = ESIM_ENOMEM;
		return false;
	}
	if (buf->data) {
		memcpy(data, buf->data, buf->len);
		explicit_bzero(buf->data, buf->cap);
		free(buf->data);
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

uint8_t *esim_buf_extend(struct esim_buf *buf, size_t len)
{
	uint8_t *start;

	if (!reserve(buf, len))
		return NULL;
	start = buf->data + buf->len;
	buf->len += len;
	return start;
}

void esim_buf_append(struct esim_buf *buf, const void *data, size_t len)
{
	uint8_t *to;

	if (len == 0)
		return;
	to = esim_buf_extend(buf, len);
	if (to)
		memcpy(to, data, len);
}

void esim_buf_append_slice(struct esim_buf *buf, struct esim_slice s)
{
	esim_buf_append(buf, s.data, s.len);
}

void esim_buf_append_byte(struct esim_buf *buf, uint8_t byte)
{
	esim_buf_append(buf, &byte, 1);
}

void esim_buf_insert(struct esim_buf *buf, size_t at, const void *data, size_t len)
{
	size_t tail = buf->len - at;

	if (len == 0 || !esim_buf_extend(buf, len))
		return;
	memmove(buf->data + at + len, buf->data + at, tail);
	memcpy(buf->data + at, data, len);
}

void esim_buf_reset(struct esim_buf *buf)
{
	if (buf->data)
		explicit_bzero(buf->data, buf->cap);
	buf->len = 0;
	buf->failed = 0;
}

void esim_buf_free(struct esim_buf *buf)
{
	if (!buf)
		return;
	esim_buf_reset(buf);
	free(buf->data);
	*buf = (struct esim_buf){ .max = buf->max };
}
