/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from outside, made fit to show; see esim/text.h. */
#include <esim/text.h>

#include <stdint.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD";	/* U+FFFD */

/* Characters that are left out: ranges of code points, in order. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{ 0x0000, 0x001F },	/* C0 */
	{ 0x007F, 0x009F },	/* DEL, C1 */
	{ 0x00AD, 0x00AD },	/* soft hyphen */
	{ 0x061C, 0x061C },	/* Arabic letter mark */
	{ 0x180E, 0x180E },	/* Mongolian vowel separator */
	{ 0x200B, 0x200F },	/* zero width, LRM, RLM */
	{ 0x2028, 0x202E },	/* line and paragraph separators, bidi embedding */
	{ 0x2060, 0x206F },	/* word joiner, bidi isolates, deprecated controls */
	{ 0xFEFF, 0xFEFF },	/* byte order mark */
	{ 0xFFF9, 0xFFFB },	/* interlinear annotation */
	{ 0xE0000, 0xE007F },	/* tags */
};

/*
 * The character at @text, of at most @len bytes: its length, 0 where it is
 * malformed (Unicode, table 3-7: no overlong form, no surrogate, none above
 * U+10FFFF).
 */
static size_t decode(const unsigned char *text, size_t len, uint32_t *ret)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = text[0] < 0x80 ? 1 : text[0] >> 5 == 6 ? 2 : text[0] >> 4 == 14 ? 3 :
		   text[0] >> 3 == 30 ? 4 : 0;
	uint32_t c;

	if (n == 0 || n > len)
		return 0;
	c = n == 1 ? text[0] : text[0] & (0xFFu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		c = c << 6 | (text[i] & 0x3F);
	}
	if (c < smallest[n] || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF)
		return 0;
	*ret = c;
	return n;
}

bool esim_utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t c;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = decode(p, len, &c);
		if (n == 0 || c == 0)
			return false;
	}
	return true;
}

static bool printable(uint32_t c)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (c >= unprintable[i].first && c <= unprintable[i].last)
			return false;
	return true;
}

size_t esim_text_printable(const char *text, size_t len, char *out, size_t size)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t used = 0;

	if (size == 0)
		return 0;
	while (len > 0) {
		uint32_t c = 0;
		size_t taken = decode(p, len, &c);
		const void *from = taken ? (const void *)p : replacement;
		size_t n = taken ? taken : strlen(replacement);

		if (!taken)
			taken = 1;
		else if (!printable(c))
			n = 0;
		if (n >= size - used)
			break;
		memcpy(out + used, from, n);
		used += n;
		p += taken;
		len -= taken;
	}
	out[used] = '\0';
	return used;
}
