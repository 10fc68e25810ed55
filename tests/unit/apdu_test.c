/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The APDU builder and parser: the seven forms, class bytes, status words. */
#include "apdu.h"

#include <esim/error.h>
#include <esim/hex.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t zeros[65536];

/* Header and first bytes of each form; the data is zeros. */
static const struct {
	size_t data;
	unsigned le;
	const char *start;
	size_t len;
	const char *end;		/* the last bytes where Le belongs */
} forms[] = {
	{ 0, 0, "80E29100", 4, "00" },
	{ 0, 1, "80E2910001", 5, "01" },
	{ 0, 256, "80E2910000", 5, "00" },
	{ 0, 257, "80E29100000101", 7, "0101" },
	{ 0, 65536, "80E29100000000", 7, "000000" },
	{ 1, 0, "80E291000100", 6, "0100" },
	{ 255, 0, "80E29100FF", 260, "00" },
	{ 255, 256, "80E29100FF", 261, "00" },
	{ 255, 1, "80E29100FF", 261, "0001" },
	{ 256, 0, "80E29100000100", 263, "00" },
	{ 256, 256, "80E29100000100", 265, "000100" },
	{ 3, 257, "80E29100000003", 12, "0000000101" },
	{ 65535, 65536, "80E2910000FFFF", 65544, "000000" },
};

ATF_TC_WITHOUT_HEAD(forms_are_built_and_parsed_back);
ATF_TC_BODY(forms_are_built_and_parsed_back, tc)
{
	char *hex = malloc(2 * 70000 + 1);

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct esim_buf out = ESIM_BUF_INIT;
		struct apdu in = { 0x80, 0xE2, 0x91, 0x00, { zeros, forms[i].data }, forms[i].le };
		struct apdu back;

		ATF_REQUIRE_EQ(apdu_build(&in, &out), 0);
		ATF_CHECK_EQ_MSG(out.len, forms[i].len, "form %zu has %zu bytes", i, out.len);
		esim_hex_encode(esim_buf_slice(&out), hex);
		ATF_CHECK_EQ_MSG(strncmp(hex, forms[i].start, strlen(forms[i].start)), 0, "form %zu: %s",
				 i, hex);
		ATF_CHECK_STREQ(hex + 2 * out.len - strlen(forms[i].end), forms[i].end);
		ATF_REQUIRE_EQ(apdu_parse(esim_buf_slice(&out), &back), 0);
		ATF_CHECK_EQ(back.data.len, forms[i].data);
		ATF_CHECK_EQ_MSG(back.le, forms[i].le, "form %zu: Le %u", i, back.le);
		ATF_CHECK_EQ(back.ins, 0xE2);
		esim_buf_free(&out);
	}
	free(hex);
}

ATF_TC_WITHOUT_HEAD(beyond_the_extended_form_is_refused);
ATF_TC_BODY(beyond_the_extended_form_is_refused, tc)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct apdu long_data = { .data = { zeros, 65536 } }, long_le = { .le = 65537 };

	ATF_CHECK_EQ(apdu_build(&long_data, &out), ESIM_EINVAL);
	ATF_CHECK_EQ(apdu_build(&long_le, &out), ESIM_EINVAL);
	esim_buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(lengths_that_do_not_add_up_are_refused);
ATF_TC_BODY(lengths_that_do_not_add_up_are_refused, tc)
{
	static const char *const bad[] = {
		"", "80", "80E291", "80E291000200", "80E29100020011223344", "80E2910000FF",
		"80E29100000002AA", "80E29100000001AABB", "80E291000000010000AABBCC",
		"80E29100000000AABB",
	};
	uint8_t bytes[32];
	struct apdu apdu = { .ins = 0x77 };
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ATF_REQUIRE_EQ(esim_hex_decode(bad[i], bytes, sizeof(bytes), &len), 0);
		ATF_CHECK_EQ_MSG(apdu_parse(esim_slice(bytes, len), &apdu), ESIM_EINVAL, "%s", bad[i]);
		ATF_CHECK_EQ(apdu.ins, 0x77);
	}
}

ATF_TC_WITHOUT_HEAD(class_carries_channels_0_to_19);
ATF_TC_BODY(class_carries_channels_0_to_19, tc)
{
	ATF_CHECK_EQ(apdu_class(0x80, 0), 0x80);
	ATF_CHECK_EQ(apdu_class(0xA0, 0), 0xA0);
	ATF_CHECK_EQ(apdu_class(0x00, 1), 0x01);
	ATF_CHECK_EQ(apdu_class(0x80, 3), 0x83);
	ATF_CHECK_EQ(apdu_class(0x0C, 2), 0x0E);
	ATF_CHECK_EQ(apdu_class(0x00, 4), 0x40);
	ATF_CHECK_EQ(apdu_class(0x80, 4), 0xC0);
	ATF_CHECK_EQ(apdu_class(0x80, 19), 0xCF);
	ATF_CHECK_EQ(apdu_class(0x10, 5), 0x51);
	ATF_CHECK_EQ(apdu_class(0x0C, 19), 0x6F);
	ATF_CHECK_EQ(apdu_class(0x80, 20), ESIM_EINVAL);
	ATF_CHECK_EQ(apdu_class(0x81, 1), ESIM_EINVAL);
	ATF_CHECK_EQ(apdu_class(0x40, 1), ESIM_EINVAL);
	ATF_CHECK_EQ(apdu_class(0xA0, 1), ESIM_EINVAL);
}

ATF_TC_WITHOUT_HEAD(a_response_has_a_status_word);
ATF_TC_BODY(a_response_has_a_status_word, tc)
{
	static const uint8_t bytes[] = { 0xAA, 0x61, 0x10 };
	struct esim_slice data;
	uint16_t sw = 0;

	ATF_CHECK_EQ(apdu_response(esim_slice(bytes, 3), &data, &sw), 0);
	ATF_CHECK_EQ(sw, 0x6110);
	ATF_CHECK_EQ(data.len, 1);
	ATF_CHECK_EQ(apdu_response(esim_slice(bytes, 1), &data, &sw), ESIM_EPROTO);
	ATF_CHECK_EQ(apdu_response(esim_slice(NULL, 0), &data, &sw), ESIM_EPROTO);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, forms_are_built_and_parsed_back);
	ATF_TP_ADD_TC(tp, beyond_the_extended_form_is_refused);
	ATF_TP_ADD_TC(tp, lengths_that_do_not_add_up_are_refused);
	ATF_TP_ADD_TC(tp, class_carries_channels_0_to_19);
	ATF_TP_ADD_TC(tp, a_response_has_a_status_word);
	return atf_no_error();
}
