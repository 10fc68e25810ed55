/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from outside: what is UTF-8, and what never reaches a terminal. */
#include <esim/text.h>

#include <atf-c.h>
#include <string.h>

static const struct {
	const char *in;
	bool valid;
	const char *out;
} texts[] = {
	{ "", true, "" },
	{ "plain", true, "plain" },
	{ "caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x93\xB1", true,
	  "caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x93\xB1" },
	{ "a\x1B[31mb", true, "a[31mb" },
	{ "a\nb\rc\td\x7F", true, "abcd" },
	{ "a\xC2\x9B" "31mb", true, "a31mb" },			/* C1: CSI */
	{ "a\xE2\x80\xAE" "b\xE2\x81\xA6" "c", true, "abc" },	/* RLO, LRI */
	{ "a\xE2\x80\x8B" "b\xEF\xBB\xBF" "c", true, "abc" },	/* zero width, BOM */
	{ "a\xE2\x80\xA8" "b\xE2\x80\xA9" "c", true, "abc" },	/* line, paragraph separator */
	{ "a\xF3\xA0\x81\x81" "b", true, "ab" },			/* tag */
	{ "a\xC3", false, "a\xEF\xBF\xBD" },
	{ "a\xFF" "b", false, "a\xEF\xBF\xBD" "b" },
	{ "\x80", false, "\xEF\xBF\xBD" },
	{ "\xC0\xAF", false, "\xEF\xBF\xBD\xEF\xBF\xBD" },	/* overlong '/' */
	{ "\xE0\x80\xAF", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
	{ "\xED\xA0\x80", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },	/* surrogate */
	{ "\xF4\x90\x80\x80", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
};

ATF_TC_WITHOUT_HEAD(controls_vanish_and_malformed_bytes_are_replaced);
ATF_TC_BODY(controls_vanish_and_malformed_bytes_are_replaced, tc)
{
	char out[64];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = strlen(texts[i].in);

		ATF_CHECK_EQ_MSG(esim_utf8_valid(texts[i].in, len), texts[i].valid, "text %zu", i);
		ATF_CHECK_EQ(esim_text_printable(texts[i].in, len, out, sizeof(out)),
			     strlen(texts[i].out));
		ATF_CHECK_MSG(strcmp(out, texts[i].out) == 0, "text %zu: %s", i, out);
	}
	ATF_CHECK(!esim_utf8_valid("a\0b", 3));
	ATF_CHECK_EQ(esim_text_printable("a\0b", 3, out, sizeof(out)), 2);
}

ATF_TC_WITHOUT_HEAD(a_text_that_does_not_fit_ends_at_a_whole_character);
ATF_TC_BODY(a_text_that_does_not_fit_ends_at_a_whole_character, tc)
{
	char out[8];

	memset(out, 'x', sizeof(out));
	ATF_CHECK_EQ(esim_text_printable("ab\xC3\xA9" "d", 5, out, 4), 2);
	ATF_CHECK_STREQ(out, "ab");
	ATF_CHECK_EQ(esim_text_printable("ab\xC3\xA9" "d", 5, out, 5), 4);
	ATF_CHECK_EQ(esim_text_printable("abc", 3, out, 1), 0);
	ATF_CHECK_STREQ(out, "");
	out[0] = 'x';
	ATF_CHECK_EQ(esim_text_printable("abc", 3, out, 0), 0);
	ATF_CHECK_EQ(out[0], 'x');
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, controls_vanish_and_malformed_bytes_are_replaced);
	ATF_TP_ADD_TC(tp, a_text_that_does_not_fit_ends_at_a_whole_character);
	return atf_no_error();
}
