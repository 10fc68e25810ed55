/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ifd: what is refused is refused by whatever name or command it could be had with. */
#include "ifd/policy.h"

#include <atf-c.h>
#include <string.h>

#define ISDR "\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x01\x00"
#define ECASD "\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x02\x00"
#define ISDP "\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x11\x00"
#define USIM "\xA0\x00\x00\x00\x87\x10\x02\xFF\xFF\xFF\xFF\x89\x00\x00\x01\x00"

static bool refuses(const struct policy *policy, const char *aid, size_t len)
{
	return policy_refuses_name(policy, (const uint8_t *)aid, len);
}

ATF_TC_WITHOUT_HEAD(no_part_of_a_refused_name_selects_it);
ATF_TC_BODY(no_part_of_a_refused_name_selects_it, tc)
{
	struct policy policy = { 0 };

	for (size_t len = 0; len <= 16; len++) {
		ATF_CHECK_MSG(refuses(&policy, ISDR, len), "%zu bytes of the ISD-R's", len);
		ATF_CHECK_MSG(refuses(&policy, ECASD, len), "%zu bytes of the ECASD's", len);
		ATF_CHECK_MSG(refuses(&policy, ISDP, len), "%zu bytes of an ISD-P's", len);
	}
	for (size_t len = 4; len <= 16; len++)
		ATF_CHECK_EQ_MSG(refuses(&policy, USIM, len), false, "%zu bytes of a USIM's", len);
}

ATF_TC_WITHOUT_HEAD(an_isdr_that_a_maker_named_is_one);
ATF_TC_BODY(an_isdr_that_a_maker_named_is_one, tc)
{
	static const char *const names[] = {
		"\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x05\x05\x00",
		"\xA0\x00\x00\x05\x59\x10\x10\x00\x00\x00\x00\x89\x00\x00\x03\x00",
		"\xA0\x00\x00\x05\x59\x10\x4C\x69\x6E\x6B\x73\x66\x69\x65\x6C\x64",
		"\xA0\x65\x73\x74\x6B\x6D\x65\xFF\xFF\x49\x53\x44\x2D\x52\x20\x30",
	};
	struct policy policy = { 0 }, isdr = { .allow_isdr = true };

	for (size_t i = 0; i < 4; i++) {
		for (size_t len = 0; len <= 16; len++)
			ATF_CHECK_MSG(refuses(&policy, names[i], len), "%zu: %zu bytes", i, len);
		ATF_CHECK(!refuses(&isdr, names[i], 16));
	}
	/* Another application of GSMA's (IoT SAFE) is none. */
	ATF_CHECK(!refuses(&policy, "\xA0\x00\x00\x05\x59\x00\x10", 7));
}

ATF_TC_WITHOUT_HEAD(what_is_allowed_does_not_allow_the_other);
ATF_TC_BODY(what_is_allowed_does_not_allow_the_other, tc)
{
	struct policy isdr = { .allow_isdr = true }, authority = { .allow_ecasd = true };
	struct policy both = { .allow_isdr = true, .allow_ecasd = true };

	ATF_CHECK(!refuses(&isdr, ISDR, 16));
	ATF_CHECK(!refuses(&isdr, ISDP, 16));
	ATF_CHECK(!refuses(&isdr, ISDR, 15));
	ATF_CHECK(refuses(&isdr, ECASD, 16));
	ATF_CHECK(refuses(&authority, ISDR, 16));
	ATF_CHECK(!refuses(&authority, ECASD, 16));
	/* Up to here the two names are the same: the card may take either. */
	for (size_t len = 0; len <= 14; len++) {
		ATF_CHECK(refuses(&isdr, ISDR, len));
		ATF_CHECK(refuses(&authority, ISDR, len));
		ATF_CHECK(!refuses(&both, ISDR, len));
	}
}

ATF_TC_WITHOUT_HEAD(the_administrators_list_is_refused_too);
ATF_TC_BODY(the_administrators_list_is_refused_too, tc)
{
	struct policy policy = {
		.allow_isdr = true, .allow_ecasd = true, .refused_count = 1,
		.refused[0] = { { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 }, 7 },
	};

	for (size_t len = 0; len <= 16; len++)
		ATF_CHECK_MSG(refuses(&policy, USIM, len), "%zu bytes", len);
	ATF_CHECK(!refuses(&policy, "\xA0\x00\x00\x00\x87\x10\x04", 7));
	ATF_CHECK(!refuses(&policy, ISDR, 16));
}

ATF_TC_WITHOUT_HEAD(the_cards_own_word_is_heeded);
ATF_TC_BODY(the_cards_own_word_is_heeded, tc)
{
	static const uint8_t isdr[] = "\x6F\x14\x84\x10" ISDR "\xA5\x00";
	static const uint8_t usim[] = "\x62\x16\x82\x02\x78\x21\x84\x10" USIM;
	static const uint8_t cut[] = "\x6F\x12\x84\x10\xA0";
	struct policy policy = { 0 };

	ATF_CHECK(policy_refuses_answer(&policy, isdr, sizeof(isdr) - 1));
	ATF_CHECK(!policy_refuses_answer(&policy, usim, sizeof(usim) - 1));
	ATF_CHECK(!policy_refuses_answer(&policy, cut, sizeof(cut) - 1));
	ATF_CHECK(!policy_refuses_answer(&policy, isdr, 0));
	policy.allow_isdr = true;
	ATF_CHECK(!policy_refuses_answer(&policy, isdr, sizeof(isdr) - 1));
}

static uint16_t check(const struct policy *policy, const char *command, size_t len, bool basic)
{
	struct apdu apdu;

	ATF_REQUIRE_EQ(ifd_apdu_parse((const uint8_t *)command, len, &apdu), 0);
	return policy_check_command(policy, &apdu, basic);
}
#define CHECK(policy, command, basic) check(policy, command, sizeof(command) - 1, basic)

ATF_TC_WITHOUT_HEAD(no_command_selects_what_is_refused);
ATF_TC_BODY(no_command_selects_what_is_refused, tc)
{
	struct policy policy = { 0 };

	ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x04\x00\x10" ISDR, true), SW_NOT_FOUND);
	ATF_CHECK_EQ(CHECK(&policy, "\x80\xA4\x04\x00\x10" ISDR, true), SW_NOT_FOUND);
	ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x04\x00\x00\x00\x10" ISDR, true), SW_NOT_FOUND);
	ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x04\x00", true), SW_NOT_FOUND);
	ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x04\x00\x10" USIM, true), 0);
	/* The next of those that fit. */
	ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x04\x02\x07\xA0\x00\x00\x00\x87\x10\x02", false), SW_WRONG_P1P2);
	ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x04\x02\x05\xA0\x00\x00\x00\x87", true), SW_WRONG_P1P2);
	/* By another kind of SELECT, in pieces, or where it cannot be read. */
	ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x00\x00\x10" ISDR, true), SW_WRONG_LENGTH);
	ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x14\x00\x10" ISDR, true), SW_WRONG_P1P2);
	ATF_CHECK_EQ(CHECK(&policy, "\x10\xA4\x04\x00\x05\xA0\x00\x00\x00\x87", false), SW_NO_CHAINING);
	ATF_CHECK_EQ(CHECK(&policy, "\x0C\xA4\x04\x00\x05\x81\x03xyz", true), SW_NO_SECURE_MESSAGING);
	/* A command in another. */
	ATF_CHECK_EQ(CHECK(&policy, "\x00\xC2\x00\x00\x15\x00\xA4\x04\x00\x10" ISDR, true), SW_WRONG_INS);
	ATF_CHECK_EQ(CHECK(&policy, "\x00\xC3\x00\x00\x15\x00\xA4\x04\x00\x10" ISDR, false), SW_WRONG_INS);
	/* Channels are the driver's. */
	ATF_CHECK_EQ(CHECK(&policy, "\x00\x70\x00\x00\x01", true), SW_WRONG_INS);
}

ATF_TC_WITHOUT_HEAD(files_and_the_rest_go_through);
ATF_TC_BODY(files_and_the_rest_go_through, tc)
{
	struct policy policy = { 0 }, open = { .allow_isdr = true, .allow_ecasd = true };

	for (int basic = 0; basic < 2; basic++) {
		ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x00\x04\x02\x3F\x00", basic), 0);
		ATF_CHECK_EQ(CHECK(&policy, "\x00\xA4\x08\x04\x04\x7F\xFF\x6F\x07", basic), 0);
		ATF_CHECK_EQ(CHECK(&policy, "\x80\xC2\x00\x00\x02\xD6\x00", basic), 0);
		ATF_CHECK_EQ(CHECK(&policy, "\x0C\xB0\x00\x00\x00", basic), 0);
	}
	/* Classes of old cards, and all of SELECT, where nothing is refused. */
	ATF_CHECK_EQ(CHECK(&policy, "\xA0\xA4\x00\x00\x02\x3F\x00", true), 0);
	ATF_CHECK_EQ(CHECK(&policy, "\xA0\xA4\x00\x00\x02\x3F\x00", false), SW_WRONG_CLA);
	ATF_CHECK_EQ(CHECK(&open, "\x00\xA4\x04\x02\x05\xA0\x00\x00\x00\x87", true), 0);
	ATF_CHECK_EQ(CHECK(&open, "\x00\xA4\x04\x00\x05\xA0\x00\x00\x00\x87", false), SW_WRONG_P1P2);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, no_part_of_a_refused_name_selects_it);
	ATF_TP_ADD_TC(tp, an_isdr_that_a_maker_named_is_one);
	ATF_TP_ADD_TC(tp, what_is_allowed_does_not_allow_the_other);
	ATF_TP_ADD_TC(tp, the_administrators_list_is_refused_too);
	ATF_TP_ADD_TC(tp, the_cards_own_word_is_heeded);
	ATF_TP_ADD_TC(tp, no_command_selects_what_is_refused);
	ATF_TP_ADD_TC(tp, files_and_the_rest_go_through);
	return atf_no_error();
}
