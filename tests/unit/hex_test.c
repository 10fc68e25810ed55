/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hexadecimal text, ICCID and EID. */
#include <esim/error.h>
#include <esim/hex.h>

#include <atf-c.h>
#include <string.h>

ATF_TC_WITHOUT_HEAD(hex_goes_there_and_back);
ATF_TC_BODY(hex_goes_there_and_back, tc)
{
	uint8_t all[256], back[256];
	char text[2 * sizeof(all) + 1];
	size_t len = 0;

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	esim_hex_encode(esim_slice(all, sizeof(all)), text);
	ATF_CHECK_EQ(0, esim_hex_decode(text, back, sizeof(back), &len));
	ATF_CHECK_EQ(sizeof(all), len);
	ATF_CHECK_EQ(0, memcmp(all, back, sizeof(all)));
	esim_hex_encode(esim_slice(NULL, 0), text);
	ATF_CHECK_STREQ("", text);
	ATF_CHECK_EQ(0, esim_hex_decode("aBcD", back, sizeof(back), &len));
	ATF_CHECK_EQ(2, len);
	ATF_CHECK_EQ(0xAB, back[0]);
	ATF_CHECK_EQ(0xCD, back[1]);
}

ATF_TC_WITHOUT_HEAD(hex_that_is_none_leaves_the_outputs_alone);
ATF_TC_BODY(hex_that_is_none_leaves_the_outputs_alone, tc)
{
	static const char *const bad[] = { "0", "0g", "0x12", "12 34", "12:34", "1\xC3\xA9", "-1" };
	uint8_t out[4] = { 9, 9, 9, 9 };
	size_t len = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EINVAL, esim_hex_decode(bad[i], out, sizeof(out), &len), "%s",
				 bad[i]);
	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_hex_decode("0102030405", out, sizeof(out), &len));
	ATF_CHECK_EQ(77, len);
	ATF_CHECK_EQ(9, out[0]);
}

ATF_TC_WITHOUT_HEAD(iccid_is_ten_swapped_bytes_whatever_its_digits);
ATF_TC_BODY(iccid_is_ten_swapped_bytes_whatever_its_digits, tc)
{
	static const struct {
		const char *digits, *wire;
	} good[] = {
		{ "894400000000000001", "984400000000000010FF" },
		{ "8944000000000000012", "984400000000000010F2" },
		{ "89000123456789012341", "98001032547698103214" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct esim_iccid iccid, again;
		char text[2 * ESIM_ICCID_SIZE + 1], digits[ESIM_ICCID_DIGITS + 1];

		ATF_REQUIRE_EQ(0, esim_iccid_parse(good[i].digits, &iccid));
		esim_hex_encode(esim_slice(iccid.bytes, sizeof(iccid.bytes)), text);
		ATF_CHECK_STREQ(good[i].wire, text);
		ATF_CHECK_EQ(0, esim_iccid_format(&iccid, digits));
		ATF_CHECK_STREQ(good[i].digits, digits);
		ATF_CHECK_EQ(0, esim_iccid_from_wire(esim_slice(iccid.bytes, 10), &again));
		ATF_CHECK_EQ(0, memcmp(&iccid, &again, sizeof(iccid)));
	}
}

ATF_TC_WITHOUT_HEAD(iccid_refuses_other_lengths_and_characters);
ATF_TC_BODY(iccid_refuses_other_lengths_and_characters, tc)
{
	static const char *const bad[] = { "", "8944", "89440000000000000", "890001234567890123412",
					   "8900012345678901234F", "8944 0000 0000 0000 01" };
	struct esim_iccid iccid;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EINVAL, esim_iccid_parse(bad[i], &iccid), "%s", bad[i]);
	ATF_CHECK_EQ(ESIM_EPROTO, esim_iccid_from_wire(esim_slice("123456789", 9), &iccid));
	ATF_CHECK_EQ(ESIM_EPROTO, esim_iccid_from_wire(esim_slice("12345678901", 11), &iccid));
}

ATF_TC_WITHOUT_HEAD(iccid_from_the_wire_has_its_filler_at_the_end);
ATF_TC_BODY(iccid_from_the_wire_has_its_filler_at_the_end, tc)
{
	struct esim_iccid middle = { { 0x98, 0xF1, 0x10 } }, letter = { { 0x98, 0x1A } };
	char digits[ESIM_ICCID_DIGITS + 1] = "untouched";

	ATF_CHECK_EQ(ESIM_EPROTO, esim_iccid_format(&middle, digits));
	ATF_CHECK_EQ(ESIM_EPROTO, esim_iccid_format(&letter, digits));
	ATF_CHECK_STREQ("untouched", digits);
}

ATF_TC_WITHOUT_HEAD(eid_check_digits_are_modulo_97);
ATF_TC_BODY(eid_check_digits_are_modulo_97, tc)
{
	static const char good[] = "89049032123451234512345678901235";
	char digits[ESIM_EID_DIGITS + 1];
	struct esim_eid eid;

	ATF_REQUIRE_EQ(0, esim_eid_parse(good, &eid));
	ATF_CHECK(esim_eid_valid(&eid));
	ATF_CHECK_EQ(0, esim_eid_format(&eid, digits));
	ATF_CHECK_STREQ(good, digits);
	for (int i = 0; i < ESIM_EID_DIGITS; i++) {
		char wrong[sizeof(good)];

		memcpy(wrong, good, sizeof(good));
		wrong[i] = wrong[i] == '9' ? '0' : (char)(wrong[i] + 1);
		ATF_REQUIRE_EQ(0, esim_eid_parse(wrong, &eid));
		ATF_CHECK_MSG(!esim_eid_valid(&eid), "%s", wrong);
	}
}

ATF_TC_WITHOUT_HEAD(eid_zero_is_told_apart_and_bad_ones_refused);
ATF_TC_BODY(eid_zero_is_told_apart_and_bad_ones_refused, tc)
{
	struct esim_eid zero = { { 0 } }, letters = { { 0x8A } };
	char digits[ESIM_EID_DIGITS + 1] = "untouched";

	ATF_CHECK(esim_eid_is_zero(&zero));
	ATF_CHECK(!esim_eid_valid(&zero));
	ATF_CHECK(!esim_eid_is_zero(&letters));
	ATF_CHECK(!esim_eid_valid(&letters));
	ATF_CHECK_EQ(ESIM_EPROTO, esim_eid_format(&letters, digits));
	ATF_CHECK_STREQ("untouched", digits);
	ATF_CHECK_EQ(ESIM_EINVAL, esim_eid_parse("8904903212345123451234567890123", &zero));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_eid_parse("8904903212345123451234567890123A", &zero));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_eid_parse("890490321234512345123456789012355", &zero));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, hex_goes_there_and_back);
	ATF_TP_ADD_TC(tp, hex_that_is_none_leaves_the_outputs_alone);
	ATF_TP_ADD_TC(tp, iccid_is_ten_swapped_bytes_whatever_its_digits);
	ATF_TP_ADD_TC(tp, iccid_refuses_other_lengths_and_characters);
	ATF_TP_ADD_TC(tp, iccid_from_the_wire_has_its_filler_at_the_end);
	ATF_TP_ADD_TC(tp, eid_check_digits_are_modulo_97);
	ATF_TP_ADD_TC(tp, eid_zero_is_told_apart_and_bad_ones_refused);
	return atf_no_error();
}
