/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A strict form around wolfCrypt's coder, which is lenient about line ends. */
#include <esim/base64.h>

#include <esim/error.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/types.h>

void esim_base64_encode(struct esim_slice in, struct esim_buf *out)
{
	size_t mark = out->len, room = (in.len + 2) / 3 * 4 + 1;
	word32 len = (word32)room;
	uint8_t *text;

	if (in.len == 0)
		return;
	text = esim_buf_extend(out, room);
	if (!text)
		return;
	if (Base64_Encode_NoNl(in.data, (word32)in.len, text, &len) != 0)
		out->failed = ESIM_ETOOBIG;
	out->len = mark + len;
}

/* The six bits that @c stands for, or -1. */
static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* How many characters of padding end @text, or -1 where its form is wrong. */
static int check_form(const char *text, size_t len)
{
	size_t digits = len;

	if (len % 4 != 0)
		return -1;
	while (digits > 0 && len - digits < 2 && text[digits - 1] == '=')
		digits--;
	for (size_t i = 0; i < digits; i++)
		if (digit(text[i]) < 0)
			return -1;
	if (digits < len && (digit(text[digits - 1]) & (len - digits == 1 ? 0x03 : 0x0F)))
		return -1;
	return (int)(len - digits);
}

int esim_base64_decode(const char *text, size_t len, struct esim_buf *out)
{
	size_t mark = out->len, size = len / 4 * 3;	/* wolfCrypt wants room for the padding too */
	word32 written = (word32)size;
	uint8_t *bytes;
	int padding;

	if (len == 0)
		return 0;
	padding = check_form(text, len);
	if (padding < 0)
		return ESIM_EPROTO;
	bytes = esim_buf_extend(out, size);
	if (!bytes)
		return esim_buf_failed(out);
	if (Base64_Decode((const byte *)text, (word32)len, bytes, &written) != 0 ||
	    written != size - (size_t)padding) {
		out->len = mark;
		return ESIM_EPROTO;
	}
	out->len = mark + written;
	return 0;
}
