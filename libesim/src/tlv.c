/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strict TLV reader and the writer; see esim/tlv.h. */
#include <esim/tlv.h>

#include <esim/limits.h>

#include <string.h>

#define TAG_MAX_BYTES 3
#define LENGTH_MAX_BYTES 4	/* of the long form, the first byte not counted */

/* --- reading --------------------------------------------------------------- */

/* Returns the number of bytes that the tag takes, 0 where it is malformed. */
static size_t read_tag(struct esim_slice in, uint32_t *ret)
{
	uint32_t tag;
	size_t n = 1;

	if (in.len == 0)
		return 0;
	tag = in.data[0];
	if ((tag & 0x1F) != 0x1F) {
		*ret = tag;
		return tag == 0 ? 0 : 1;
	}
	do {
		if (n == TAG_MAX_BYTES || n == in.len)
			return 0;
		tag = tag << 8 | in.data[n];
	} while (in.data[n++] & 0x80);

	/* A long form must need it: no leading zero septet, and a number of 31 and more. */
	if ((in.data[1] & 0x7F) == 0 || (n == 2 && in.data[1] < 0x1F))
		return 0;
	*ret = tag;
	return n;
}

/* Returns the number of bytes that the length takes, 0 where it is malformed. */
static size_t read_length(struct esim_slice in, size_t *ret)
{
	size_t count, value = 0;

	if (in.len == 0)
		return 0;
	if (in.data[0] < 0x80) {
		*ret = in.data[0];
		return 1;
	}
	count = in.data[0] & 0x7F;
	if (count == 0 || count > LENGTH_MAX_BYTES || count + 1 > in.len || in.data[1] == 0)
		return 0;
	for (size_t i = 1; i <= count; i++)
		value = value << 8 | in.data[i];
	if (value < 0x80)
		return 0;
	*ret = value;
	return count + 1;
}

int esim_tlv_header(struct esim_slice in, uint32_t *ret_tag, size_t *ret_header, size_t *ret_value)
{
	uint32_t tag;
	size_t tag_len, length_len, value;

	tag_len = read_tag(in, &tag);
	if (tag_len == 0)
		return ESIM_EPROTO;
	length_len = read_length(esim_slice(in.data + tag_len, in.len - tag_len), &value);
	if (length_len == 0)
		return ESIM_EPROTO;
	*ret_tag = tag;
	*ret_header = tag_len + length_len;
	*ret_value = value;
	return 0;
}

int esim_tlv_next(struct esim_slice *in, struct esim_tlv *ret)
{
	uint32_t tag;
	size_t header, value;

	if (in->len == 0)
		return 0;
	if (esim_tlv_header(*in, &tag, &header, &value) || value > in->len - header)
		return ESIM_EPROTO;
	ret->tag = tag;
	ret->value = esim_slice(in->data + header, value);
	ret->whole = esim_slice(in->data, header + value);
	*in = esim_slice(in->data + header + value, in->len - header - value);
	return 1;
}

int esim_tlv_find(struct esim_slice in, uint32_t tag, struct esim_tlv *ret)
{
	struct esim_tlv tlv;
	int r;

	while ((r = esim_tlv_next(&in, &tlv)) > 0) {
		if (tlv.tag == tag) {
			*ret = tlv;
			return 1;
		}
	}
	return r;
}

bool esim_tlv_constructed(uint32_t tag)
{
	while (tag > 0xFF)
		tag >>= 8;
	return tag & 0x20;
}

/* Walk the children of @in; returns NULL or the place where the structure breaks. */
static const uint8_t *first_fault(struct esim_slice in, unsigned depth)
{
	struct esim_tlv tlv;
	const uint8_t *fault;

	while (in.len > 0) {
		if (depth > ESIM_MAX_TLV_DEPTH || esim_tlv_next(&in, &tlv) != 1)
			return in.data;
		if (!esim_tlv_constructed(tlv.tag))
			continue;
		fault = first_fault(tlv.value, depth + 1);
		if (fault)
			return fault;
	}
	return NULL;
}

int esim_tlv_check(struct esim_slice in, const char *what, struct esim_tlv *ret,
		   struct esim_error *err)
{
	struct esim_slice rest = in;
	struct esim_tlv tlv;
	const uint8_t *fault;

	if (in.len == 0)
		return esim_error_set(err, ESIM_EPROTO, "%s is empty", what);
	if (in.len > ESIM_MAX_TLV_OBJECT)
		return esim_error_set(err, ESIM_ETOOBIG, "%s has %zu bytes, more than %d", what,
				      in.len, ESIM_MAX_TLV_OBJECT);
	if (esim_tlv_next(&rest, &tlv) != 1)
		return esim_error_set(err, ESIM_EPROTO, "%s is malformed or cut short (%zu bytes)",
				      what, in.len);
	if (rest.len > 0)
		return esim_error_set(err, ESIM_EPROTO, "%s is followed by %zu bytes too many",
				      what, rest.len);
	if (esim_tlv_constructed(tlv.tag)) {
		fault = first_fault(tlv.value, 1);
		if (fault)
			return esim_error_set(err, ESIM_EPROTO,
					      "%s is malformed at byte %zu of %zu", what,
					      (size_t)(fault - in.data), in.len);
	}
	*ret = tlv;
	return 0;
}

int esim_tlv_uint(struct esim_slice value, uint64_t *ret)
{
	uint64_t number = 0;

	if (value.len == 0 || value.len > 9 || (value.data[0] & 0x80))
		return ESIM_EPROTO;
	if (value.len > 1 && value.data[0] == 0 && !(value.data[1] & 0x80))
		return ESIM_EPROTO;
	if (value.len == 9 && value.data[0] != 0)
		return ESIM_EPROTO;
	for (size_t i = 0; i < value.len; i++)
		number = number << 8 | value.data[i];
	*ret = number;
	return 0;
}

/* --- writing --------------------------------------------------------------- */

static size_t encode_length(size_t len, uint8_t out[1 + sizeof(size_t)])
{
	size_t n = 0;

	if (len < 0x80) {
		out[0] = (uint8_t)len;
		return 1;
	}
	for (size_t v = len; v; v >>= 8)
		n++;
	out[0] = (uint8_t)(0x80 | n);
	for (size_t i = 0; i < n; i++)
		out[1 + i] = (uint8_t)(len >> (8 * (n - 1 - i)));
	return 1 + n;
}

static void put_tag(struct esim_buf *buf, uint32_t tag)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		if (tag >> shift)
			esim_buf_append_byte(buf, (uint8_t)(tag >> shift));
}

void esim_tlv_put_header(struct esim_buf *buf, uint32_t tag, size_t len)
{
	uint8_t length[1 + sizeof(size_t)];

	put_tag(buf, tag);
	esim_buf_append(buf, length, encode_length(len, length));
}

void esim_tlv_put(struct esim_buf *buf, uint32_t tag, const void *value, size_t len)
{
	esim_tlv_put_header(buf, tag, len);
	esim_buf_append(buf, value, len);
}

void esim_tlv_put_slice(struct esim_buf *buf, uint32_t tag, struct esim_slice value)
{
	esim_tlv_put(buf, tag, value.data, value.len);
}

void esim_tlv_put_uint(struct esim_buf *buf, uint32_t tag, uint64_t value)
{
	uint8_t bytes[9] = { 0 };
	size_t start = 1;

	for (int i = 0; i < 8; i++)
		bytes[1 + i] = (uint8_t)(value >> (8 * (7 - i)));
	while (start < 8 && bytes[start] == 0)
		start++;
	if (bytes[start] & 0x80)
		start--;
	esim_tlv_put(buf, tag, bytes + start, sizeof(bytes) - start);
}

void esim_tlv_put_text(struct esim_buf *buf, uint32_t tag, const char *text)
{
	esim_tlv_put(buf, tag, text, strlen(text));
}

size_t esim_tlv_begin(struct esim_buf *buf, uint32_t tag)
{
	put_tag(buf, tag);
	return buf->len;
}

void esim_tlv_end(struct esim_buf *buf, size_t mark)
{
	uint8_t length[1 + sizeof(size_t)];

	if (!esim_buf_failed(buf))
		esim_buf_insert(buf, mark, length, encode_length(buf->len - mark, length));
}
