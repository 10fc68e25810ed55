/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CCID and ATR coders that the kernel and programs share: good, borderline and hostile input. */
#include <euicc/ccid.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- the class descriptor ------------------------------------------------------------ */

/* A reader of the T=0 TPDU level. */
static const __u8 reader_bytes[CCID_DESCRIPTOR_SIZE] = {
	0x36, 0x21, 0x10, 0x01, 0x00, 0x07, 0x01, 0x00, 0x00, 0x00, 0xA0, 0x0F, 0x00, 0x00,
	0x00, 0x00, 0x01, 0x00, 0x00, 0xA1, 0x2A, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
	0xFE, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xBA, 0x04,
	0x01, 0x00, 0x12, 0x00, 0x01, 0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x01,
};

ATF_TC_WITHOUT_HEAD(class_descriptor_is_found_alone_and_behind_others);
ATF_TC_BODY(class_descriptor_is_found_alone_and_behind_others, tc)
{
	__u8 extra[4 + sizeof(reader_bytes) + 2] = { 4, 0x24, 1, 2 };
	struct ccid_descriptor desc;

	memcpy(extra + 4, reader_bytes, sizeof(reader_bytes));
	extra[sizeof(extra) - 2] = 2;
	ATF_REQUIRE_EQ(0, ccid_descriptor_parse(reader_bytes, sizeof(reader_bytes), &desc));
	memset(&desc, 0, sizeof(desc));
	ATF_REQUIRE_EQ(0, ccid_descriptor_parse(extra, sizeof(extra), &desc));
	ATF_CHECK_EQ(0x0110, desc.release);
	ATF_CHECK_EQ(0, desc.max_slot_index);
	ATF_CHECK_EQ(7, desc.voltages);
	ATF_CHECK_EQ(CCID_PROTOCOL_T0, desc.protocols);
	ATF_CHECK_EQ(4000, desc.default_clock);
	ATF_CHECK_EQ(65536, desc.max_data_rate);
	ATF_CHECK_EQ(254, desc.max_ifsd);
	ATF_CHECK_EQ(0x000104BA, desc.features);
	ATF_CHECK_EQ(65554, desc.max_message);
	ATF_CHECK_EQ(1, desc.max_busy_slots);
	ATF_CHECK_EQ(CCID_LEVEL_TPDU, ccid_level(desc.features));
}

ATF_TC_WITHOUT_HEAD(class_descriptor_of_a_hostile_device_is_refused);
ATF_TC_BODY(class_descriptor_of_a_hostile_device_is_refused, tc)
{
	static const __u8 no_length[] = { 0, 0x24 }, one[] = { 1 }, far[] = { 9, 0x24, 0 };
	struct ccid_descriptor desc = { .max_message = 77 };
	__u8 other[sizeof(reader_bytes) + 1];

	ATF_CHECK_EQ(-ENOENT, ccid_descriptor_parse(NULL, 0, &desc));
	ATF_CHECK_EQ(-EINVAL, ccid_descriptor_parse(no_length, sizeof(no_length), &desc));
	ATF_CHECK_EQ(-EINVAL, ccid_descriptor_parse(one, sizeof(one), &desc));
	ATF_CHECK_EQ(-EINVAL, ccid_descriptor_parse(far, sizeof(far), &desc));
	for (size_t len = 1; len < sizeof(reader_bytes); len++)
		ATF_CHECK_EQ(-EINVAL, ccid_descriptor_parse(reader_bytes, len, &desc));
	memcpy(other, reader_bytes, sizeof(reader_bytes));
	other[0] = sizeof(other);
	ATF_CHECK_EQ(-EINVAL, ccid_descriptor_parse(other, sizeof(other), &desc));
	ATF_CHECK_EQ(77, desc.max_message);
}

ATF_TC_WITHOUT_HEAD(level_is_one_of_four_or_a_contradiction);
ATF_TC_BODY(level_is_one_of_four_or_a_contradiction, tc)
{
	ATF_CHECK_EQ(CCID_LEVEL_CHARACTER, ccid_level(0x000004BA));
	ATF_CHECK_EQ(CCID_LEVEL_SHORT_APDU, ccid_level(0x000204B2));
	ATF_CHECK_EQ(CCID_LEVEL_EXTENDED_APDU, ccid_level(0x000404BE));
	ATF_CHECK_EQ(CCID_LEVEL_INVALID, ccid_level(0x00030000));
	ATF_CHECK_EQ(CCID_LEVEL_INVALID, ccid_level(0xFFFFFFFF));
	ATF_CHECK_STREQ("contradictory", ccid_level_name(ccid_level(0xFFFFFFFF)));
	ATF_CHECK_STREQ("TPDU", ccid_level_name(CCID_LEVEL_TPDU));
}

ATF_TC_WITHOUT_HEAD(message_length_is_bounded_whatever_the_reader_says);
ATF_TC_BODY(message_length_is_bounded_whatever_the_reader_says, tc)
{
	static const struct {
		__u32 says;
		size_t payload;
	} cases[] = {
		{ 0, 0 }, { 9, 0 }, { 42, 0 }, { 43, 33 }, { 271, 261 }, { 65554, 65544 },
		{ 65555, 65544 }, { 0x7FFFFFFF, 65544 }, { 0xFFFFFFFF, 65544 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ccid_descriptor desc = { .max_message = cases[i].says };

		ATF_CHECK_EQ(cases[i].payload, ccid_payload_max(&desc));
	}
}

/* --- messages ------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(header_goes_there_and_back);
ATF_TC_BODY(header_goes_there_and_back, tc)
{
	static const __u8 wire[] = { 0x6F, 0x04, 0x03, 0x02, 0x01, 7, 250, 1, 2, 3 };
	struct ccid_header header;
	__u8 out[CCID_HEADER_SIZE];

	ATF_REQUIRE_EQ(0, ccid_header_get(wire, sizeof(wire), &header));
	ATF_CHECK_EQ(CCID_XFR_BLOCK, header.type);
	ATF_CHECK_EQ(0x01020304, header.length);
	ATF_CHECK_EQ(7, header.slot);
	ATF_CHECK_EQ(250, header.seq);
	ccid_header_put(out, &header);
	ATF_CHECK_EQ(0, memcmp(wire, out, sizeof(wire)));
	ATF_CHECK_EQ(-EBADMSG, ccid_header_get(wire, sizeof(wire) - 1, &header));
}

ATF_TC_WITHOUT_HEAD(answer_is_told_from_what_is_not_ours);
ATF_TC_BODY(answer_is_told_from_what_is_not_ours, tc)
{
	static const struct {
		const char *name;
		__u8 wire[14];
		size_t len;
		enum ccid_verdict verdict;
	} cases[] = {
		{ "data", { 0x80, 2, 0, 0, 0, 1, 9, 0, 0, 0, 0x90, 0x00 }, 12, CCID_VERDICT_OK },
		{ "no data", { 0x80, 0, 0, 0, 0, 1, 9, 0, 0, 0x10 }, 10, CCID_VERDICT_OK },
		{ "mute", { 0x80, 0, 0, 0, 0, 1, 9, 0x41, 0xFE, 0 }, 10, CCID_VERDICT_FAILED },
		{ "unknown command", { 0x81, 0, 0, 0, 0, 1, 9, 0x40, 0, 0 }, 10, CCID_VERDICT_FAILED },
		{ "more time", { 0x80, 0, 0, 0, 0, 1, 9, 0x80, 3, 0 }, 10, CCID_VERDICT_EXTENSION },
		{ "other seq", { 0x80, 0, 0, 0, 0, 1, 8, 0, 0, 0 }, 10, CCID_VERDICT_FOREIGN },
		{ "other slot", { 0x80, 0, 0, 0, 0, 0, 9, 0, 0, 0 }, 10, CCID_VERDICT_FOREIGN },
		{ "other type", { 0x81, 0, 0, 0, 0, 1, 9, 0, 0, 0 }, 10, CCID_VERDICT_FOREIGN },
		{ "failure of other type", { 0x82, 0, 0, 0, 0, 1, 9, 0x40, 0, 0 }, 10,
		  CCID_VERDICT_FOREIGN },
		{ "nothing", { 0 }, 0, CCID_VERDICT_MALFORMED },
		{ "half a header", { 0x80, 0, 0, 0, 0, 1, 9, 0, 0 }, 9, CCID_VERDICT_MALFORMED },
		{ "short", { 0x80, 3, 0, 0, 0, 1, 9, 0, 0, 0, 1, 2 }, 12, CCID_VERDICT_MALFORMED },
		{ "long", { 0x80, 1, 0, 0, 0, 1, 9, 0, 0, 0, 1, 2 }, 12, CCID_VERDICT_MALFORMED },
		{ "huge", { 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 1, 9, 0, 0, 0 }, 10, CCID_VERDICT_MALFORMED },
		{ "wraps", { 0x80, 0xF8, 0xFF, 0xFF, 0xFF, 1, 9, 0, 0, 0, 1, 2 }, 12,
		  CCID_VERDICT_MALFORMED },
		{ "reserved status", { 0x80, 0, 0, 0, 0, 1, 9, 0xC0, 0, 0 }, 10,
		  CCID_VERDICT_MALFORMED },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ccid_answer answer = { 0 };

		ATF_CHECK_EQ_MSG(cases[i].verdict,
				 ccid_answer_get(cases[i].wire, cases[i].len, CCID_DATA_BLOCK, 1, 9,
						 &answer),
				 "%s", cases[i].name);
		if (i == 0) {
			ATF_CHECK_EQ(2, answer.len);
			ATF_CHECK_EQ(0x90, answer.data[0]);
		} else if (i == 2) {
			ATF_CHECK_EQ(CCID_ICC_INACTIVE, answer.icc);
			ATF_CHECK_EQ(CCID_ERROR_MUTE, answer.error);
		} else if (i == 4) {
			ATF_CHECK_EQ(3, answer.error);
		}
	}
}

ATF_TC_WITHOUT_HEAD(every_error_has_a_name);
ATF_TC_BODY(every_error_has_a_name, tc)
{
	for (unsigned error = 0; error < 256; error++)
		ATF_CHECK(strlen(ccid_error_name((__u8)error)) > 4);
	ATF_CHECK_STREQ("card is mute", ccid_error_name(0xFE));
	ATF_CHECK_STREQ("bad field in the message", ccid_error_name(0x01));
	ATF_CHECK_STREQ("vendor's error", ccid_error_name(0x81));
	ATF_CHECK_STREQ("reserved error", ccid_error_name(0x80));
}

ATF_TC_WITHOUT_HEAD(slot_change_is_read_for_slots_that_it_covers);
ATF_TC_BODY(slot_change_is_read_for_slots_that_it_covers, tc)
{
	/* Slot 0 present and changed, 1 gone, 3 present; 4 changed to absent. */
	static const __u8 wire[] = { CCID_NOTIFY_SLOT_CHANGE, 0x4B, 0x02 };
	bool present, changed;

	ATF_REQUIRE(ccid_slot_change(wire, sizeof(wire), 0, &present, &changed));
	ATF_CHECK(present && changed);
	ATF_REQUIRE(ccid_slot_change(wire, sizeof(wire), 1, &present, &changed));
	ATF_CHECK(!present && changed);
	ATF_REQUIRE(ccid_slot_change(wire, sizeof(wire), 2, &present, &changed));
	ATF_CHECK(!present && !changed);
	ATF_REQUIRE(ccid_slot_change(wire, sizeof(wire), 3, &present, &changed));
	ATF_CHECK(present && !changed);
	ATF_REQUIRE(ccid_slot_change(wire, sizeof(wire), 4, &present, &changed));
	ATF_CHECK(!present && changed);
	ATF_CHECK(!ccid_slot_change(wire, sizeof(wire), 8, &present, &changed));
	ATF_CHECK(!ccid_slot_change(wire, 2, 4, &present, &changed));
	ATF_CHECK(!ccid_slot_change(wire, 1, 0, &present, &changed));
	ATF_CHECK(!ccid_slot_change(wire, 0, 0, &present, &changed));
	ATF_CHECK(!ccid_slot_change(wire, sizeof(wire), 0xFFFFFFFF, &present, &changed));
	ATF_CHECK(!ccid_slot_change((const __u8[]){ CCID_HARDWARE_ERROR, 0xFF }, 2, 0, &present,
				    &changed));
}

/* --- command APDUs ------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(apdu_cases_become_t0_tpdus);
ATF_TC_BODY(apdu_cases_become_t0_tpdus, tc)
{
	static const struct {
		__u8 apdu[16];
		size_t len;
		enum ccid_apdu form;
		int result;
		size_t tpdu;
		bool pad;
	} cases[] = {
		{ { 0x00, 0x44, 0, 0 }, 4, CCID_APDU_CASE1, 0, 4, true },
		{ { 0x00, 0xB0, 0, 0, 0x10 }, 5, CCID_APDU_CASE2, 0, 5, false },
		{ { 0x00, 0xB0, 0, 0, 0x00 }, 5, CCID_APDU_CASE2, 0, 5, false },
		{ { 0x00, 0xD6, 0, 0, 2, 1, 2 }, 7, CCID_APDU_CASE3, 0, 7, false },
		{ { 0x00, 0xA4, 4, 0, 2, 1, 2, 0 }, 8, CCID_APDU_CASE4, 0, 7, false },
		{ { 0x00, 0xB0, 0, 0, 0, 1, 0 }, 7, CCID_APDU_EXTENDED, -EOPNOTSUPP, 0, false },
		{ { 0x00, 0xD6, 0, 0, 0, 0, 2, 1, 2 }, 9, CCID_APDU_EXTENDED, -EOPNOTSUPP, 0, false },
		{ { 0x00, 0xA4, 0, 0, 0, 0, 2, 1, 2, 0, 0 }, 11, CCID_APDU_EXTENDED, -EOPNOTSUPP, 0,
		  false },
		{ { 0x00, 0xA4, 0 }, 3, CCID_APDU_INVALID, -EINVAL, 0, false },
		{ { 0 }, 0, CCID_APDU_INVALID, -EINVAL, 0, false },
		{ { 0x00, 0xD6, 0, 0, 2, 1 }, 6, CCID_APDU_INVALID, -EINVAL, 0, false },
		{ { 0x00, 0xD6, 0, 0, 2, 1, 2, 3, 4 }, 9, CCID_APDU_INVALID, -EINVAL, 0, false },
		{ { 0x00, 0xB0, 0, 0, 0, 1 }, 6, CCID_APDU_INVALID, -EINVAL, 0, false },
		{ { 0x00, 0xD6, 0, 0, 0, 0, 3, 1, 2 }, 9, CCID_APDU_INVALID, -EINVAL, 0, false },
		{ { 0x00, 0xD6, 0, 0, 0, 0, 0, 1 }, 8, CCID_APDU_INVALID, -EINVAL, 0, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = 0;
		bool pad = false;

		ATF_CHECK_EQ_MSG(cases[i].form, ccid_apdu_case(cases[i].apdu, cases[i].len), "%zu", i);
		ATF_CHECK_EQ_MSG(cases[i].result,
				 ccid_t0_tpdu(cases[i].apdu, cases[i].len, &len, &pad), "%zu", i);
		ATF_CHECK_EQ_MSG(cases[i].tpdu, len, "%zu", i);
		ATF_CHECK_EQ_MSG(cases[i].pad, pad, "%zu", i);
	}
}

ATF_TC_WITHOUT_HEAD(commands_are_cut_into_blocks_that_fit);
ATF_TC_BODY(commands_are_cut_into_blocks_that_fit, tc)
{
	size_t len;

	ATF_CHECK_EQ(CCID_CHAIN_WHOLE, ccid_chain_out(100, 0, 100, &len));
	ATF_CHECK_EQ(100, len);
	ATF_CHECK_EQ(CCID_CHAIN_BEGIN, ccid_chain_out(201, 0, 100, &len));
	ATF_CHECK_EQ(100, len);
	ATF_CHECK_EQ(CCID_CHAIN_CONTINUE, ccid_chain_out(201, 100, 100, &len));
	ATF_CHECK_EQ(100, len);
	ATF_CHECK_EQ(CCID_CHAIN_END, ccid_chain_out(201, 200, 100, &len));
	ATF_CHECK_EQ(1, len);
	ATF_CHECK_EQ(CCID_CHAIN_END, ccid_chain_out(200, 100, 100, &len));
	ATF_CHECK_EQ(100, len);
}

ATF_TC_WITHOUT_HEAD(chained_answers_come_in_order_and_end);
ATF_TC_BODY(chained_answers_come_in_order_and_end, tc)
{
	/* while the command is not out yet: nothing but "go on" */
	ATF_CHECK_EQ(CCID_CHAIN_SEND, ccid_chain_in(CCID_CHAIN_NEXT, 0, false, false));
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(CCID_CHAIN_NEXT, 1, false, false));
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(CCID_CHAIN_WHOLE, 2, false, false));
	/* afterwards */
	ATF_CHECK_EQ(CCID_CHAIN_DONE, ccid_chain_in(CCID_CHAIN_WHOLE, 2, true, false));
	ATF_CHECK_EQ(CCID_CHAIN_MORE, ccid_chain_in(CCID_CHAIN_BEGIN, 2, true, false));
	ATF_CHECK_EQ(CCID_CHAIN_MORE, ccid_chain_in(CCID_CHAIN_CONTINUE, 2, true, true));
	ATF_CHECK_EQ(CCID_CHAIN_DONE, ccid_chain_in(CCID_CHAIN_END, 0, true, true));
	/* out of order, or without an end */
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(CCID_CHAIN_NEXT, 0, true, false));
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(CCID_CHAIN_BEGIN, 0, true, false));
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(CCID_CHAIN_BEGIN, 2, true, true));
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(CCID_CHAIN_CONTINUE, 0, true, true));
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(CCID_CHAIN_CONTINUE, 2, true, false));
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(CCID_CHAIN_END, 2, true, false));
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(CCID_CHAIN_WHOLE, 2, true, true));
	ATF_CHECK_EQ(CCID_CHAIN_BAD, ccid_chain_in(0x55, 2, true, false));
}

/* --- ATR and PPS --------------------------------------------------------------------- */

/* A UICC: TA1 96, TD1 80 (T=0), TD2 1F (T=15), TA3 C7: clock stop, class A, B and C. */
static const __u8 uicc_atr[] = {
	0x3B, 0x9F, 0x96, 0x80, 0x1F, 0xC7, 0x80, 0x31, 0xE0, 0x73, 0xFE,
	0x21, 0x1B, 0x63, 0x57, 0x4A, 0x45, 0x53, 0x49, 0x4D, 0x00, 0xDB,
};

ATF_TC_WITHOUT_HEAD(atr_of_a_uicc_is_taken_apart);
ATF_TC_BODY(atr_of_a_uicc_is_taken_apart, tc)
{
	struct atr atr;

	ATF_REQUIRE_EQ(0, atr_parse(uicc_atr, sizeof(uicc_atr), &atr));
	ATF_CHECK(!atr.inverse);
	ATF_CHECK_EQ(0x96, atr.rate);
	ATF_CHECK_EQ(1, atr.protocols);
	ATF_CHECK_EQ(0, atr.first_protocol);
	ATF_CHECK(!atr.specific);
	ATF_CHECK_EQ(10, atr.waiting);
	ATF_CHECK_EQ(7, atr.classes);
	ATF_CHECK_EQ(6, atr.historical);
	ATF_CHECK_EQ(15, atr.historical_len);
}

ATF_TC_WITHOUT_HEAD(atr_of_every_shape_is_understood);
ATF_TC_BODY(atr_of_every_shape_is_understood, tc)
{
	/* no interface bytes, no TCK */
	static const __u8 least[] = { 0x3F, 0x00 };
	/* TA1 TC1; TD1: T=0 with TC2 only */
	static const __u8 t0[] = { 0x3B, 0xD1, 0x11, 0x05, 0x40, 0x14, 0xAA };
	/* TD1 91: T=1 with TA2 (specific, T=1) and TD2; TD2 71: TA3 TB3 TC3 for T=1; TCK */
	static const __u8 t1[] = { 0x3B, 0x80, 0x91, 0x01, 0x71, 0xFE, 0x45, 0x01, 0xDB };
	/* T=0 first, T=1 too */
	static const __u8 both[] = { 0x3B, 0x90, 0x18, 0x80, 0x01, 0x09 };
	struct atr atr;

	ATF_REQUIRE_EQ(0, atr_parse(least, sizeof(least), &atr));
	ATF_CHECK(atr.inverse);
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, atr.rate);
	ATF_CHECK_EQ(1, atr.protocols);
	ATF_CHECK_EQ(0, atr.historical_len);
	ATF_REQUIRE_EQ(0, atr_parse(t0, sizeof(t0), &atr));
	ATF_CHECK_EQ(5, atr.guard);
	ATF_CHECK_EQ(0x14, atr.waiting);
	ATF_CHECK_EQ(0xAA, t0[atr.historical]);
	ATF_REQUIRE_EQ(0, atr_parse(t1, sizeof(t1), &atr));
	ATF_CHECK_EQ(2, atr.protocols);
	ATF_CHECK_EQ(1, atr.first_protocol);
	ATF_CHECK(atr.specific);
	ATF_CHECK_EQ(1, atr.mode & 0x0F);
	ATF_CHECK_EQ(0xFE, atr.ifsc);
	ATF_CHECK_EQ(0x45, atr.bwi_cwi);
	ATF_CHECK(atr.crc);
	ATF_REQUIRE_EQ(0, atr_parse(both, sizeof(both), &atr));
	ATF_CHECK_EQ(3, atr.protocols);
	ATF_CHECK_EQ(0, atr.first_protocol);
}

ATF_TC_WITHOUT_HEAD(atr_that_is_damaged_is_refused);
ATF_TC_BODY(atr_that_is_damaged_is_refused, tc)
{
	__u8 in[ATR_MAX + 8];
	struct atr atr = { .rate = 77 };

	/* In memory of exactly its size, where the sanitizer sees who reads beyond. */
	for (size_t len = 0; len < sizeof(uicc_atr); len++) {
		__u8 *copy = malloc(len + !len);

		ATF_REQUIRE(copy != NULL);
		memcpy(copy, uicc_atr, len);
		ATF_CHECK_EQ_MSG(-EINVAL, atr_parse(copy, len, &atr), "%zu", len);
		free(copy);
	}
	memcpy(in, uicc_atr, sizeof(uicc_atr));
	in[sizeof(uicc_atr)] = 0;
	ATF_CHECK_EQ(-EINVAL, atr_parse(in, sizeof(uicc_atr) + 1, &atr));
	in[sizeof(uicc_atr) - 1] ^= 1;
	ATF_CHECK_EQ(-EBADMSG, atr_parse(in, sizeof(uicc_atr), &atr));
	in[0] = 0x3C;
	ATF_CHECK_EQ(-EINVAL, atr_parse(in, sizeof(uicc_atr), &atr));
	/* interface bytes without end */
	memset(in, 0xF0, sizeof(in));
	in[0] = 0x3B;
	for (size_t len = 1; len <= sizeof(in); len++)
		ATF_CHECK_EQ(-EINVAL, atr_parse(in, len, &atr));
	ATF_CHECK_EQ(77, atr.rate);
}

ATF_TC_WITHOUT_HEAD(pps_is_asked_for_and_its_answer_checked);
ATF_TC_BODY(pps_is_asked_for_and_its_answer_checked, tc)
{
	static const __u8 plain[] = { 0xFF, 0x00, 0xFF }, fast[] = { 0xFF, 0x10, 0x96, 0x79 };
	static const struct {
		__u8 answer[6];
		size_t len;
	} bad[] = {
		{ { 0 }, 0 }, { { 0xFF, 0x10 }, 2 }, { { 0xFF, 0x10, 0x96 }, 3 },
		{ { 0xFF, 0x10, 0x96, 0x78 }, 4 }, { { 0xFE, 0x10, 0x96, 0x78 }, 4 },
		{ { 0xFF, 0x10, 0x95, 0x7A }, 4 }, { { 0xFF, 0x11, 0x96, 0x78 }, 4 },
		{ { 0xFF, 0x01, 0xFE }, 3 }, { { 0xFF, 0x30, 0x96, 0x00, 0x59 }, 5 },
		{ { 0xFF, 0x10, 0x96, 0x79, 0x00 }, 5 }, { { 0x6D, 0x00 }, 2 },
	};
	__u8 out[PPS_MAX], rate = 0;

	ATF_CHECK_EQ(3, pps_request(0, ATR_DEFAULT_RATE, out));
	ATF_CHECK_EQ(0, memcmp(plain, out, sizeof(plain)));
	ATF_CHECK_EQ(0, pps_check(out, plain, sizeof(plain), &rate));
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, rate);
	ATF_CHECK_EQ(-EBADMSG, pps_check(out, fast, sizeof(fast), &rate));

	ATF_CHECK_EQ(4, pps_request(0, 0x96, out));
	ATF_CHECK_EQ(0, memcmp(fast, out, sizeof(fast)));
	ATF_CHECK_EQ(0, pps_check(out, fast, sizeof(fast), &rate));
	ATF_CHECK_EQ(0x96, rate);
	/* A card that leaves PPS1 out stays at the default. */
	ATF_CHECK_EQ(0, pps_check(out, plain, sizeof(plain), &rate));
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, rate);
	for (size_t i = 0; i < COUNT(bad); i++)
		ATF_CHECK_EQ_MSG(-EBADMSG, pps_check(out, bad[i].answer, bad[i].len, &rate), "%zu", i);
}

/* --- what is set --------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(voltages_rise_from_the_lowest);
ATF_TC_BODY(voltages_rise_from_the_lowest, tc)
{
	struct ccid_descriptor desc = { .voltages = 7 };
	__u8 steps[CCID_POWER_STEPS];

	ATF_REQUIRE_EQ(3, ccid_power_ladder(&desc, steps));
	ATF_CHECK_EQ(CCID_POWER_1V8, steps[0]);
	ATF_CHECK_EQ(CCID_POWER_3V, steps[1]);
	ATF_CHECK_EQ(CCID_POWER_5V, steps[2]);
	desc.voltages = CCID_VOLTAGE_5V;
	ATF_REQUIRE_EQ(1, ccid_power_ladder(&desc, steps));
	ATF_CHECK_EQ(CCID_POWER_5V, steps[0]);
	desc.voltages = 0xF8;
	ATF_REQUIRE_EQ(1, ccid_power_ladder(&desc, steps));
	ATF_CHECK_EQ(CCID_POWER_AUTO, steps[0]);
	desc.voltages = 7;
	desc.features = CCID_AUTO_VOLTAGE;
	ATF_REQUIRE_EQ(1, ccid_power_ladder(&desc, steps));
	ATF_CHECK_EQ(CCID_POWER_AUTO, steps[0]);
}

ATF_TC_WITHOUT_HEAD(rate_is_the_fastest_that_both_can_do);
ATF_TC_BODY(rate_is_the_fastest_that_both_can_do, tc)
{
	/* 4 MHz; 512/32 is 250000 bit/s, 512/16 125000, 372/1 10752. */
	struct ccid_descriptor desc = { .default_clock = 4000, .max_data_rate = 344086 };

	ATF_CHECK_EQ(0x96, ccid_rate_choose(&desc, 0x96));
	ATF_CHECK_EQ(0x18, ccid_rate_choose(&desc, 0x18));
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, ccid_rate_choose(&desc, 0x11));
	desc.max_data_rate = 130000;
	ATF_CHECK_EQ(0x95, ccid_rate_choose(&desc, 0x96));
	desc.max_data_rate = 10752;
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, ccid_rate_choose(&desc, 0x96));
	/* slower than the default, reserved values, readers that know nothing of themselves */
	desc.max_data_rate = 344086;
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, ccid_rate_choose(&desc, 0xD1));
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, ccid_rate_choose(&desc, 0x76));
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, ccid_rate_choose(&desc, 0x9F));
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, ccid_rate_choose(&desc, 0x90));
	desc.default_clock = 0;
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, ccid_rate_choose(&desc, 0x96));
	/* products of more than 32 bits: in these, this clock would be a slow one */
	desc.default_clock = 4294968;
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, ccid_rate_choose(&desc, 0x96));
	desc.default_clock = 0xFFFFFFFF;
	desc.max_data_rate = 0xFFFFFFFF;
	for (unsigned card = 0; card < 256; card++)
		ATF_CHECK(ccid_rate_choose(&desc, (__u8)card) != 0);
	desc.max_data_rate = 0;
	ATF_CHECK_EQ(ATR_DEFAULT_RATE, ccid_rate_choose(&desc, 0x96));
}

ATF_TC_WITHOUT_HEAD(t0_parameters_follow_the_atr);
ATF_TC_BODY(t0_parameters_follow_the_atr, tc)
{
	static const __u8 expected[] = { 0x96, 0x02, 0xFF, 0x14, 0x00 };
	struct atr atr = { .inverse = true, .guard = 0xFF, .waiting = 0x14 };
	__u8 out[CCID_PARAMETERS_T0_SIZE];

	ccid_parameters_t0(&atr, 0x96, out);
	ATF_CHECK_EQ(0, memcmp(expected, out, sizeof(out)));
}

ATF_TC_WITHOUT_HEAD(t1_parameters_follow_the_atr);
ATF_TC_BODY(t1_parameters_follow_the_atr, tc)
{
	static const __u8 direct[] = { 0x96, 0x10, 0x05, 0x65, 0x00, 0xFE, 0x00 };
	static const __u8 inverse_crc[] = { 0x11, 0x13, 0xFF, 0x4D, 0x00, 0x20, 0x00 };
	struct atr atr = { .guard = 5, .bwi_cwi = 0x65, .ifsc = 254 };
	__u8 out[CCID_PARAMETERS_T1_SIZE];

	ATF_REQUIRE_EQ(0, ccid_parameters_t1(&atr, 0x96, out));
	ATF_CHECK_EQ(0, memcmp(direct, out, sizeof(out)));
	atr = (struct atr){ .inverse = true, .crc = true, .guard = 0xFF, .bwi_cwi = 0x4D, .ifsc = 32 };
	ATF_REQUIRE_EQ(0, ccid_parameters_t1(&atr, ATR_DEFAULT_RATE, out));
	ATF_CHECK_EQ(0, memcmp(inverse_crc, out, sizeof(out)));
	atr.inverse = false;
	ATF_REQUIRE_EQ(0, ccid_parameters_t1(&atr, ATR_DEFAULT_RATE, out));
	ATF_CHECK_EQ(0x11, out[1]);
}

ATF_TC_WITHOUT_HEAD(t1_parameters_that_are_reserved_are_refused);
ATF_TC_BODY(t1_parameters_that_are_reserved_are_refused, tc)
{
	static const struct {
		__u8 ifsc, bwi_cwi;
		int result;
	} cases[] = {
		{ 1, 0x00, 0 }, { 254, 0x9F, 0 }, { 0, 0x4D, -EINVAL }, { 255, 0x4D, -EINVAL },
		{ 32, 0xA0, -EINVAL }, { 32, 0xFF, -EINVAL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct atr atr = { .ifsc = cases[i].ifsc, .bwi_cwi = cases[i].bwi_cwi };
		__u8 out[CCID_PARAMETERS_T1_SIZE] = { [0] = 77 };

		ATF_CHECK_EQ_MSG(cases[i].result, ccid_parameters_t1(&atr, 0x96, out), "%zu", i);
		ATF_CHECK_EQ_MSG(cases[i].result ? 77 : 0x96, out[0], "%zu", i);
	}
}

/* What T=1 says of itself is in the first group that is of T=1; one of T=0 between does not count. */
ATF_TC_WITHOUT_HEAD(atr_tells_t1_by_its_first_bytes_for_it);
ATF_TC_BODY(atr_tells_t1_by_its_first_bytes_for_it, tc)
{
	/* TD1 81: T=1; TD2 F1: TA3 40, TB3 25, TC3 00; TD3 11: T=1 again, with another TA4 */
	static const __u8 twice[] = { 0x3B, 0x80, 0x81, 0xF1, 0x40, 0x25, 0x00, 0x11, 0x80, 0x04 };
	/* TD1 81: T=1, TD2 01: T=1, and nothing said */
	static const __u8 nothing[] = { 0x3B, 0x80, 0x81, 0x01, 0x00 };
	struct atr atr;

	ATF_REQUIRE_EQ(0, atr_parse(twice, sizeof(twice), &atr));
	ATF_CHECK_EQ(0x40, atr.ifsc);
	ATF_CHECK_EQ(0x25, atr.bwi_cwi);
	ATF_CHECK(!atr.crc);
	ATF_REQUIRE_EQ(0, atr_parse(nothing, sizeof(nothing), &atr));
	ATF_CHECK_EQ(32, atr.ifsc);
	ATF_CHECK_EQ(0x4D, atr.bwi_cwi);
	ATF_CHECK(!atr.crc);
	ATF_CHECK(atr_t1_sound(&atr));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, class_descriptor_is_found_alone_and_behind_others);
	ATF_TP_ADD_TC(tp, class_descriptor_of_a_hostile_device_is_refused);
	ATF_TP_ADD_TC(tp, level_is_one_of_four_or_a_contradiction);
	ATF_TP_ADD_TC(tp, message_length_is_bounded_whatever_the_reader_says);
	ATF_TP_ADD_TC(tp, header_goes_there_and_back);
	ATF_TP_ADD_TC(tp, answer_is_told_from_what_is_not_ours);
	ATF_TP_ADD_TC(tp, every_error_has_a_name);
	ATF_TP_ADD_TC(tp, slot_change_is_read_for_slots_that_it_covers);
	ATF_TP_ADD_TC(tp, apdu_cases_become_t0_tpdus);
	ATF_TP_ADD_TC(tp, commands_are_cut_into_blocks_that_fit);
	ATF_TP_ADD_TC(tp, chained_answers_come_in_order_and_end);
	ATF_TP_ADD_TC(tp, atr_of_a_uicc_is_taken_apart);
	ATF_TP_ADD_TC(tp, atr_of_every_shape_is_understood);
	ATF_TP_ADD_TC(tp, atr_that_is_damaged_is_refused);
	ATF_TP_ADD_TC(tp, pps_is_asked_for_and_its_answer_checked);
	ATF_TP_ADD_TC(tp, voltages_rise_from_the_lowest);
	ATF_TP_ADD_TC(tp, rate_is_the_fastest_that_both_can_do);
	ATF_TP_ADD_TC(tp, t0_parameters_follow_the_atr);
	ATF_TP_ADD_TC(tp, t1_parameters_follow_the_atr);
	ATF_TP_ADD_TC(tp, t1_parameters_that_are_reserved_are_refused);
	ATF_TP_ADD_TC(tp, atr_tells_t1_by_its_first_bytes_for_it);
	return atf_no_error();
}
