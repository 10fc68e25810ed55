/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8, character by character; see utf8.h. */
#include "utf8.h"

/* Table 3-7 of the Unicode Standard: well-formed byte sequences. */
static const struct {
	uint8_t first, last;	/* range of the first byte */
	uint8_t length;
	uint8_t low, high;	/* range of the second byte */
} forms[] = {
	{ 0x00, 0x7F, 1, 0, 0 },
	{ 0xC2, 0xDF, 2, 0x80, 0xBF },
	{ 0xE0, 0xE0, 3, 0xA0, 0xBF },
	{ 0xE1, 0xEC, 3, 0x80, 0xBF },
	{ 0xED, 0xED, 3, 0x80, 0x9F },
	{ 0xEE, 0xEF, 3, 0x80, 0xBF },
	{ 0xF0, 0xF0, 4, 0x90, 0xBF },
	{ 0xF1, 0xF3, 4, 0x80, 0xBF },
	{ 0xF4, 0xF4, 4, 0x80, 0x8F },
};

/* The bits of the first byte that belong to the code point, by length. */
static const uint8_t first_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };

size_t utf8_character(struct esim_slice in, uint32_t *ret_point)
{
	size_t length = 0;
	uint32_t point;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && length == 0; i++) {
		if (in.data[0] < forms[i].first || in.data[0] > forms[i].last)
			continue;
		length = forms[i].length;
		if (length > in.len)
			return 0;
		if (length > 1 && (in.data[1] < forms[i].low || in.data[1] > forms[i].high))
			return 0;
	}
	if (length == 0)
		return 0;
	point = in.data[0] & first_bits[length];
	for (size_t i = 1; i < length; i++) {
		if ((in.data[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (in.data[i] & 0x3F);
	}
	if (ret_point)
		*ret_point = point;
	return length;
}

bool utf8_count(struct esim_slice in, size_t *ret_count)
{
	size_t count = 0, length;
	uint32_t point;

	for (; in.len > 0; in.data += length, in.len -= length, count++) {
		length = utf8_character(in, &point);
		if (length == 0 || point == 0)
			return false;
	}
	if (ret_count)
		*ret_count = count;
	return true;
}
