/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64; see base64.h. */
#include "smdpp/base64.h"

#include <esim/error.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/types.h>

#include <stdlib.h>
#include <string.h>

char *smdpp_base64_encode(struct esim_slice in)
{
	word32 len = (word32)((in.len + 2) / 3 * 4 + 1);
	char *text = malloc(len);

	if (!text)
		return NULL;
	if (in.len && Base64_Encode_NoNl(in.data, (word32)in.len, (byte *)text, &len)) {
		free(text);
		return NULL;
	}
	text[in.len ? len : 0] = '\0';
	return text;
}

int smdpp_base64_decode(const char *text, struct esim_buf *out)
{
	size_t len = strlen(text), start = out->len;
	word32 decoded;
	uint8_t *to;

	if (len == 0 || len % 4)
		return ESIM_EPROTO;
	to = esim_buf_extend(out, len / 4 * 3);
	if (!to)
		return esim_buf_failed(out);
	decoded = (word32)(len / 4 * 3);
	if (Base64_Decode((const byte *)text, (word32)len, to, &decoded)) {
		out->len = start;
		return ESIM_EPROTO;
	}
	out->len = start + decoded;
	return 0;
}
