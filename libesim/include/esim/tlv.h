/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BER-TLV with DER's length rules: the only reader and the only writer.
 *
 * A tag is the number that its bytes spell: 0x30, 0x5F37, 0xBF38. Lengths are
 * definite and minimal; tags take at most three bytes; nothing may be left over.
 * What this reader refuses never reaches a schema.
 */
#ifndef ESIM_TLV_H
#define ESIM_TLV_H

#include <esim/bytes.h>
#include <esim/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct esim_tlv {
	uint32_t tag;
	struct esim_slice value;
	struct esim_slice whole;	/* tag, length and value as received */
};

/*
 * Take the first TLV off *@in. Returns 1 and advances, 0 at the end of the
 * input, ESIM_EPROTO (truncated, indefinite or non-minimal length, tag longer
 * than three bytes) with *@in untouched. Does not look into the value.
 */
int esim_tlv_next(struct esim_slice *in, struct esim_tlv *ret);

/*
 * Only the header: its length goes to *@ret_header, the announced value length
 * to *@ret_value, even where @in ends earlier. For streams and segments.
 */
int esim_tlv_header(struct esim_slice in, uint32_t *ret_tag, size_t *ret_header,
		    size_t *ret_value);

/*
 * @in is exactly one TLV, and every constructed value inside is made of TLVs
 * without a gap, at most ESIM_MAX_TLV_DEPTH deep. @what names the object in the
 * error's message, which gives the offset of the fault.
 */
int esim_tlv_check(struct esim_slice in, const char *what, struct esim_tlv *ret,
		   struct esim_error *err);

/* The first child with @tag in the value @in: 1 found, 0 absent, ESIM_EPROTO. */
int esim_tlv_find(struct esim_slice in, uint32_t tag, struct esim_tlv *ret);

/* Bit 6 of the tag's first byte. */
bool esim_tlv_constructed(uint32_t tag);

/* Writing. Failures stay in the buffer (esim_buf_failed). */
void esim_tlv_put(struct esim_buf *buf, uint32_t tag, const void *value, size_t len);
void esim_tlv_put_slice(struct esim_buf *buf, uint32_t tag, struct esim_slice value);
void esim_tlv_put_header(struct esim_buf *buf, uint32_t tag, size_t len);
void esim_tlv_put_uint(struct esim_buf *buf, uint32_t tag, uint64_t value);	/* minimal INTEGER */
void esim_tlv_put_text(struct esim_buf *buf, uint32_t tag, const char *text);

/* Nesting: what is appended between begin and end becomes the value. */
size_t esim_tlv_begin(struct esim_buf *buf, uint32_t tag);
void esim_tlv_end(struct esim_buf *buf, size_t mark);

/* A non-negative INTEGER of at most eight bytes: 0 or ESIM_EPROTO. */
int esim_tlv_uint(struct esim_slice value, uint64_t *ret);

#ifdef __cplusplus
}
#endif
#endif
