/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64 as JSON carries it: one line, padded, canonical (RFC 4648, 3 and 4). */
#ifndef ESIM_BASE64_H
#define ESIM_BASE64_H

#include <esim/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Append the text of @in to @out, without a final zero. Failures stay in the buffer. */
void esim_base64_encode(struct esim_slice in, struct esim_buf *out);

/*
 * Append what @text (@len characters) says; no text is no bytes. ESIM_EPROTO: a
 * character outside the alphabet, white space, wrong padding, or bits set that
 * padding leaves over. ESIM_ENOMEM, ESIM_ETOOBIG as the buffer fails.
 */
int esim_base64_decode(const char *text, size_t len, struct esim_buf *out);

#ifdef __cplusplus
}
#endif
#endif
