/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64 on wolfCrypt's coder, for the JSON binding. */
#ifndef SMDPP_BASE64_H
#define SMDPP_BASE64_H

#include <esim/bytes.h>

/* A new string without line breaks; NULL: no memory. The caller frees. */
char *smdpp_base64_encode(struct esim_slice in);

/* Append the bytes of @text. ESIM_EPROTO where it is no base64. */
int smdpp_base64_decode(const char *text, struct esim_buf *out);

#endif
