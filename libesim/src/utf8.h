/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one reader of UTF-8 characters. */
#ifndef ESIM_UTF8_H
#define ESIM_UTF8_H

#include <esim/bytes.h>

/*
 * The length of the character at the start of @in (not empty), 0 where there is
 * none: overlong forms, surrogates and what lies beyond U+10FFFF are no
 * characters. The code point goes to *@ret_point unless that is NULL.
 */
size_t utf8_character(struct esim_slice in, uint32_t *ret_point);

/* Is all of @in such characters, none of them U+0000? Then *@ret_count (may be NULL) is their number. */
bool utf8_count(struct esim_slice in, size_t *ret_count);

#endif
