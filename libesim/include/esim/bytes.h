/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte strings: a slice borrows, a buffer owns.
 *
 * A buffer remembers its first failure (no memory, limit exceeded): a builder
 * appends without looking and asks esim_buf_failed() once at its end. Buffers
 * are wiped before their memory is given back, since any of them may have held
 * a secret.
 */
#ifndef ESIM_BYTES_H
#define ESIM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct esim_slice {
	const uint8_t *data;		/* NULL only where len is 0 */
	size_t len;
};

struct esim_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;			/* limit of len; 0: ESIM_MAX_TLV_OBJECT */
	int failed;			/* 0, ESIM_ENOMEM or ESIM_ETOOBIG; sticky */
};

#define ESIM_BUF_INIT ((struct esim_buf){ 0 })
#define ESIM_BUF_INIT_MAX(limit) ((struct esim_buf){ .max = (limit) })

static inline struct esim_slice esim_slice(const void *data, size_t len)
{
	return (struct esim_slice){ (const uint8_t *)data, len };
}

static inline struct esim_slice esim_buf_slice(const struct esim_buf *buf)
{
	return (struct esim_slice){ buf->data, buf->len };
}

/* Byte-wise equality; not constant time. */
bool esim_slice_equal(struct esim_slice a, struct esim_slice b);
bool esim_slice_is(struct esim_slice a, const void *data, size_t len);

/* Equality in a time that depends on the lengths alone; for MACs and secrets. */
bool esim_slice_equal_secret(struct esim_slice a, struct esim_slice b);

void esim_buf_append(struct esim_buf *buf, const void *data, size_t len);
void esim_buf_append_slice(struct esim_buf *buf, struct esim_slice s);
void esim_buf_append_byte(struct esim_buf *buf, uint8_t byte);

/* Insert @len bytes at @at (<= buf->len). */
void esim_buf_insert(struct esim_buf *buf, size_t at, const void *data, size_t len);

/* Room for @len bytes at the end, counted into buf->len; NULL when that fails. Not initialised. */
uint8_t *esim_buf_extend(struct esim_buf *buf, size_t len);

/* Wipe the contents, keep the memory, forget a failure. */
void esim_buf_reset(struct esim_buf *buf);

/* Wipe and free; the buffer can be used again. NULL is accepted. */
void esim_buf_free(struct esim_buf *buf);

/* 0 or the first failure. */
static inline int esim_buf_failed(const struct esim_buf *buf)
{
	return buf->failed;
}

#ifdef __cplusplus
}
#endif
#endif
