/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from outside, made fit to show; see esim/text.h. */
#include <esim/text.h>

#include "utf8.h"

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

bool esim_utf8_valid(const char *text, size_t len)
{
	return utf8_count(esim_slice(text, len), NULL);
}

static bool printable(uint32_t point)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (point >= unprintable[i].first && point <= unprintable[i].last)
			return false;
	return true;
}

size_t esim_text_printable(const char *text, size_t len, char *out, size_t size)
{
	size_t used = 0;

	if (size == 0)
		return 0;
	while (len > 0) {
		uint32_t point = 0;
		size_t taken = utf8_character(esim_slice(text, len), &point);
		const char *from = taken ? text : replacement;
		size_t n = taken ? taken : strlen(replacement);

		if (!taken)
			taken = 1;
		else if (!printable(point))
			n = 0;
		if (n >= size - used)
			break;
		memcpy(out + used, from, n);
		used += n;
		text += taken;
		len -= taken;
	}
	out[used] = '\0';
	return used;
}
