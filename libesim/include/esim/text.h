/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that came from a card or a server, made fit to show to a person. */
#ifndef ESIM_TEXT_H
#define ESIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Well-formed UTF-8 (no surrogates, no overlong forms, no NUL)? */
bool esim_utf8_valid(const char *text, size_t len);

/*
 * Copy @len bytes into @out (@size bytes with the final zero), cut at a character
 * boundary: control characters (C0, C1, DEL), bidirectional controls, zero-width
 * and line separators become nothing, malformed UTF-8 becomes U+FFFD. Returns the
 * length written.
 */
size_t esim_text_printable(const char *text, size_t len, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
