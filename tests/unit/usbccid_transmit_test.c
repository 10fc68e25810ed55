/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command APDUs at every level of a USB reader. */
#include "usbccid_wire.h"

#include <atf-c.h>
#include <stdio.h>

static struct usbccid_error err;

static struct usbccid_reader *reader_of(uint32_t level, uint32_t max_message, const char *atr)
{
	struct reader_setup setup = setup_of(level);
	struct usbccid_reader *reader;

	setup.descriptor.max_message = max_message;
	setup.descriptor.protocols = strcmp(atr, ATR_T1) == 0 ? CCID_PROTOCOL_T1 : CCID_PROTOCOL_T0;
	reader = scripted_reader(&setup);
	power_up(reader, atr);
	return reader;
}

static void require_response(struct usbccid_reader *reader, const char *command, const char *response)
{
	const char *hex = transmit_hex(reader, command, &err);

	ATF_REQUIRE_MSG(hex, "%s: %s", command, err.message);
	ATF_CHECK_STREQ(response, hex);
	ATF_CHECK_EQ(0, err.code);
	script_done(reader);
}

static void check_failure(struct usbccid_reader *reader, const char *command, int code, bool sent)
{
	const char *hex = transmit_hex(reader, command, &err);

	ATF_REQUIRE_MSG(!hex, "%s: %s instead of %s", command, hex, usbccid_code_name(code));
	ATF_CHECK_MSG(err.code == code, "%s: %s", usbccid_code_name(err.code), err.message);
	ATF_CHECK_EQ_MSG(sent, err.sent, "%s", err.message);
	script_done(reader);
}

/* --- any level --------------------------------------------------------------------------------- */

static const uint32_t levels[] = {
	CCID_LEVEL_BIT_TPDU, CCID_LEVEL_BIT_SHORT, CCID_LEVEL_BIT_EXTENDED,
};

ATF_TC_WITHOUT_HEAD(no_command_goes_to_a_card_without_session);
ATF_TC_BODY(no_command_goes_to_a_card_without_session, tc)
{
	for (size_t i = 0; i < 3; i++) {
		struct reader_setup setup = setup_of(levels[i]);
		struct usbccid_reader *reader = scripted_reader(&setup);
		struct usbccid_card card;

		check_failure(reader, "00 A4 04 00", USBCCID_EINVAL, false);
		script(reader, "> 65 000000", "< 81 020000", NULL);
		ATF_CHECK_EQ(0, usbccid_card(reader, 0, 1000, &card, &err));
		check_failure(reader, "00 A4 04 00", USBCCID_ENOMEDIUM, false);
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(what_is_no_command_does_not_go_out);
ATF_TC_BODY(what_is_no_command_does_not_go_out, tc)
{
	static const char *const commands[] = { "", "00", "00 A4 04", "00 A4 04 00 02 3F",
						"00 A4 04 00 00 00" };

	for (size_t i = 0; i < 3; i++) {
		struct usbccid_reader *reader = reader_of(levels[i], 271, ATR_T0);

		for (size_t k = 0; k < sizeof(commands) / sizeof(commands[0]); k++)
			check_failure(reader, commands[k], USBCCID_EINVAL, false);
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(a_response_without_status_word_is_none);
ATF_TC_BODY(a_response_without_status_word_is_none, tc)
{
	for (size_t i = 0; i < 3; i++) {
		struct usbccid_reader *reader = reader_of(levels[i], 271, ATR_T0);

		script(reader, "> 6F 000000 00A4040000", "< 80 000000", NULL);
		check_failure(reader, "00 A4 04 00 00", USBCCID_EPROTO, true);
		script(reader, "> 6F 000000 00A4040000", "< 80 000000 90", NULL);
		check_failure(reader, "00 A4 04 00 00", USBCCID_EPROTO, true);
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(a_response_longer_than_the_room_is_not_cut);
ATF_TC_BODY(a_response_longer_than_the_room_is_not_cut, tc)
{
	static const uint8_t command[] = { 0x00, 0xB0, 0x00, 0x00, 0x03 };
	uint8_t response[5] = { 0 };
	size_t len = 77;

	for (size_t i = 0; i < 3; i++) {
		struct usbccid_reader *reader = reader_of(levels[i], 271, ATR_T0);

		script(reader, "> 6F 000000 00B0000003", "< 80 000000 010203 9000", NULL);
		ATF_CHECK_EQ(USBCCID_EOVERFLOW, usbccid_transmit(reader, 0, command, 5, response, 4,
								 &len, 1000, &err));
		ATF_CHECK(err.sent);
		ATF_CHECK_EQ(77, len);
		/* The next command has nothing to do with it. */
		script(reader, "> 6F 000000 00B0000003", "< 80 000000 010203 9000", NULL);
		ATF_CHECK_EQ(0, usbccid_transmit(reader, 0, command, 5, response, 5, &len, 1000, NULL));
		ATF_CHECK_EQ(5, len);
		len = 77;
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(a_card_that_was_changed_never_answers_for_the_old_one);
ATF_TC_BODY(a_card_that_was_changed_never_answers_for_the_old_one, tc)
{
	for (size_t i = 0; i < 3; i++) {
		struct usbccid_reader *reader = reader_of(levels[i], 271, ATR_T0);

		script(reader, "> 6F 000000 00A4040000", "< 80 41FE00", NULL);
		check_failure(reader, "00 A4 04 00 00", USBCCID_ESTALE, true);
		check_failure(reader, "00 A4 04 00 00", USBCCID_ESTALE, false);
		power_up(reader, ATR_T0);
		script(reader, "> 6F 000000 00A4040000", "< 80 42FE00", NULL);
		check_failure(reader, "00 A4 04 00 00", USBCCID_ENOMEDIUM, true);
		check_failure(reader, "00 A4 04 00 00", USBCCID_ENOMEDIUM, false);
		/* An answer, and the session is over all the same. */
		power_up(reader, ATR_T0);
		script(reader, "> 6F 000000 00A4040000", "< 80 010000 9000", NULL);
		check_failure(reader, "00 A4 04 00 00", USBCCID_ESTALE, true);
		script_end(reader);
	}
}

/* --- T=0 TPDUs, short APDUs ---------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(at_t0_a_command_is_cut_to_its_tpdu);
ATF_TC_BODY(at_t0_a_command_is_cut_to_its_tpdu, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_TPDU, 271, ATR_T0);

	script(reader, "> 6F 000000 00A40400 00", "< 80 000000 9000", NULL);
	require_response(reader, "00 A4 04 00", "9000");
	script(reader, "> 6F 000000 00B00000 10", "< 80 000000 6C02", NULL);
	require_response(reader, "00 B0 00 00 10", "6C02");
	script(reader, "> 6F 000000 00A40400 02 3F00", "< 80 000000 6110", NULL);
	require_response(reader, "00 A4 04 00 02 3F00", "6110");
	script(reader, "> 6F 000000 00A40400 02 3F00", "< 80 000000 6110", NULL);
	require_response(reader, "00 A4 04 00 02 3F00 00", "6110");
	check_failure(reader, "00 A4 04 00 00 0002 3F00", USBCCID_ENOTSUP, false);
	ATF_CHECK_STREQ("3-1 slot 0: the reader takes no extended-length APDUs for a card of T=0",
			err.message);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(short_apdus_go_as_they_are);
ATF_TC_BODY(short_apdus_go_as_they_are, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, 271, ATR_T0);

	script(reader, "> 6F 000000 00A40400", "< 80 000000 9000", NULL);
	require_response(reader, "00 A4 04 00", "9000");
	script(reader, "> 6F 000000 00A40400 02 3F00 00", "< 80 000000 6F00 9000", NULL);
	require_response(reader, "00 A4 04 00 02 3F00 00", "6F009000");
	check_failure(reader, "00 A4 04 00 00 0002 3F00", USBCCID_ENOTSUP, false);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_command_longer_than_the_readers_messages_is_refused);
ATF_TC_BODY(a_command_longer_than_the_readers_messages_is_refused, tc)
{
	static const char *const command = "00 E2 91 00 1D"
		"00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";

	for (size_t i = 0; i < 2; i++) {
		struct usbccid_reader *reader = reader_of(levels[i], 43, ATR_T0);

		ATF_CHECK_EQ(33, reader->slots[0].card.max_command);
		check_failure(reader, command, USBCCID_ENOTSUP, false);
		script_end(reader);
	}
}

/* --- extended APDUs ------------------------------------------------------------------------------- */

/* 43 bytes, of which a message takes 33. */
#define LONG		"00 E2 91 00 26" FIRST "1D 1E 1F 20 21 22 23 24 25 26"
#define FIRST		"01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10 11 12 13 14 15 16 17 18" \
			"19 1A 1B 1C"
#define OUT_BEGIN	"> 6F 000100 00 E2 91 00 26" FIRST
#define OUT_END		"> 6F 000200 1D 1E 1F 20 21 22 23 24 25 26"
#define GO_ON		"< 80 000010"
#define NEXT		"> 6F 001000"

static struct usbccid_reader *extended_reader(void)
{
	return reader_of(CCID_LEVEL_BIT_EXTENDED, 43, ATR_T0);
}

ATF_TC_WITHOUT_HEAD(extended_apdus_are_chained_both_ways);
ATF_TC_BODY(extended_apdus_are_chained_both_ways, tc)
{
	struct usbccid_reader *reader = extended_reader();

	ATF_CHECK(reader->slots[0].card.extended);
	ATF_CHECK_EQ(65544, reader->slots[0].card.max_command);
	script(reader, OUT_BEGIN, GO_ON, OUT_END, "< 80 000001 AABB", NEXT, "< 80 000003 CC", NEXT,
	       "< 80 000002 9000", NULL);
	require_response(reader, LONG, "AABBCC9000");
	script(reader, "> 6F 000000 00A404000000023F00", "< 80 000000 9000", NULL);
	require_response(reader, "00 A4 04 00 00 0002 3F00", "9000");
	/* The last block may be empty. */
	script(reader, "> 6F 000000 00A4040000", "< 80 000001 9000", NEXT, "< 80 000002", NULL);
	require_response(reader, "00 A4 04 00 00", "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(blocks_in_the_wrong_order_are_an_error_and_are_aborted);
ATF_TC_BODY(blocks_in_the_wrong_order_are_an_error_and_are_aborted, tc)
{
	static const struct {
		const char *lines[6];
	} cases[] = {
		{ { OUT_BEGIN, "< 80 000000 9000" } },		/* an answer before the whole command */
		{ { OUT_BEGIN, "< 80 000010 00" } },
		{ { OUT_BEGIN, GO_ON, OUT_END, GO_ON } },
		{ { OUT_BEGIN, GO_ON, OUT_END, "< 80 000002 9000" } },
		{ { OUT_BEGIN, GO_ON, OUT_END, "< 80 000003 9000" } },
		{ { OUT_BEGIN, GO_ON, OUT_END, "< 80 000001" } },
		{ { OUT_BEGIN, GO_ON, OUT_END, "< 80 000055 9000" } },
		{ { OUT_BEGIN, GO_ON, OUT_END, "< 80 000001 AA", NEXT, "< 80 000003" } },
		{ { OUT_BEGIN, GO_ON, OUT_END, "< 80 000001 AA", NEXT, "< 80 000000 9000" } },
		{ { OUT_BEGIN, GO_ON, OUT_END, "< 80 000001 AA", NEXT, "< 80 000001 9000" } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct usbccid_reader *reader = extended_reader();

		for (size_t k = 0; k < 6 && cases[i].lines[k]; k++)
			script(reader, cases[i].lines[k], NULL);
		check_failure(reader, LONG, USBCCID_EPROTO, true);
		script(reader, "abort ok", "> 72 000000", "< 81 000000", "> 6F 000000 00A4040000",
		       "< 80 000000 9000", NULL);
		require_response(reader, "00 A4 04 00 00", "9000");
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(a_chained_command_counts_as_sent_from_its_first_block_on);
ATF_TC_BODY(a_chained_command_counts_as_sent_from_its_first_block_on, tc)
{
	struct usbccid_reader *reader = extended_reader();

	script(reader, "x io", NULL);
	check_failure(reader, LONG, USBCCID_EIO, false);
	script(reader, "abort ok", "> 72 000000", "< 81 000000", OUT_BEGIN, GO_ON, "x io", NULL);
	check_failure(reader, LONG, USBCCID_EIO, true);
	script(reader, "abort ok", "> 72 000000", "< 81 000000", OUT_BEGIN, GO_ON, OUT_END,
	       "< 80 400000", NULL);
	check_failure(reader, LONG, USBCCID_ENOTSUP, true);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_chained_response_without_end_ends_with_the_room);
ATF_TC_BODY(a_chained_response_without_end_ends_with_the_room, tc)
{
	static const uint8_t command[] = { 0x00, 0xB0, 0x00, 0x00, 0x00 };
	struct usbccid_reader *reader = extended_reader();
	uint8_t response[8];
	size_t len;

	script(reader, "> 6F 000000 00B0000000", "< 80 000001 AABBCC", NEXT, "< 80 000003 AABBCC", NEXT,
	       "< 80 000003 AABBCC", NULL);
	ATF_CHECK_EQ(USBCCID_EOVERFLOW, usbccid_transmit(reader, 0, command, 5, response,
							 sizeof(response), &len, 1000, &err));
	script_done(reader);
	script(reader, "abort ok", "> 72 000000", "< 81 000000", "> 6F 000000 00A4040000",
	       "< 80 000000 9000", NULL);
	require_response(reader, "00 A4 04 00 00", "9000");
	script_end(reader);
}

/* --- T=1 ------------------------------------------------------------------------------------------- */

#define T1_OUT		"> 6F 000000 00 00 05 00A4040000 A5"
#define T1_OUT_1	"> 6F 000000 00 40 05 00A4040000 E5"
#define T1_IN		"< 80 000000 00 00 02 9000 92"
#define T1_IN_1		"< 80 000000 00 40 02 9000 D2"
#define T1_AGAIN	"> 6F 000000 00 82 00 82"
#define SELECT		"00 A4 04 00 00"
#define RESYNCH		"> 6F 000000 00 C0 00 C0", "< 80 000000 00 E0 00 E0"
#define ABORTED		"abort ok", "> 72 000000", "< 81 000000"

static struct usbccid_reader *t1_reader(void)
{
	return reader_of(CCID_LEVEL_BIT_TPDU, 271, ATR_T1);
}

ATF_TC_WITHOUT_HEAD(at_t1_a_block_is_one_message);
ATF_TC_BODY(at_t1_a_block_is_one_message, tc)
{
	struct usbccid_reader *reader = t1_reader();

	script(reader, T1_OUT, T1_IN, NULL);
	require_response(reader, SELECT, "9000");
	script(reader, T1_OUT_1, T1_IN_1, NULL);
	require_response(reader, SELECT, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(at_t1_more_time_for_the_card_is_told_to_the_reader);
ATF_TC_BODY(at_t1_more_time_for_the_card_is_told_to_the_reader, tc)
{
	struct usbccid_reader *reader = t1_reader();

	script(reader, T1_OUT, "< 80 000000 00 C3 01 03 C1", "> 6F 030000 00 E3 01 03 E1", T1_IN, NULL);
	require_response(reader, SELECT, "9000");
	/* It was for one block. */
	script(reader, T1_OUT_1, T1_IN_1, NULL);
	require_response(reader, SELECT, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(at_t1_what_the_reader_calls_garbled_is_asked_for_again);
ATF_TC_BODY(at_t1_what_the_reader_calls_garbled_is_asked_for_again, tc)
{
	static const char *const garbled[] = { "< 80 40FE00", "< 80 40FD00", "< 80 40FC00" };

	for (size_t i = 0; i < sizeof(garbled) / sizeof(garbled[0]); i++) {
		struct usbccid_reader *reader = t1_reader();

		script(reader, T1_OUT, garbled[i], T1_AGAIN, T1_IN, NULL);
		require_response(reader, SELECT, "9000");
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(at_t1_other_refusals_end_the_exchange);
ATF_TC_BODY(at_t1_other_refusals_end_the_exchange, tc)
{
	struct usbccid_reader *reader = t1_reader();

	script(reader, T1_OUT, "< 80 40F600", NULL);
	check_failure(reader, SELECT, USBCCID_EPROTO, true);
	script(reader, RESYNCH, T1_OUT, "< 80 42FE00", NULL);
	check_failure(reader, SELECT, USBCCID_ENOMEDIUM, true);
	power_up(reader, ATR_T1);
	script(reader, T1_OUT, "< 80 41FD00", NULL);
	check_failure(reader, SELECT, USBCCID_ESTALE, true);
	power_up(reader, ATR_T1);
	script(reader, "x io", NULL);
	check_failure(reader, SELECT, USBCCID_EIO, false);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(at_t1_the_protocol_is_put_in_step_after_what_was_broken_off);
ATF_TC_BODY(at_t1_the_protocol_is_put_in_step_after_what_was_broken_off, tc)
{
	struct usbccid_reader *reader = t1_reader();

	script(reader, T1_OUT, "! cancel", NULL);
	check_failure(reader, SELECT, USBCCID_ECANCELED, true);
	script(reader, ABORTED, RESYNCH, T1_OUT, T1_IN, NULL);
	require_response(reader, SELECT, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(at_t1_a_lost_block_does_not_take_all_the_time);
ATF_TC_BODY(at_t1_a_lost_block_does_not_take_all_the_time, tc)
{
	static const uint8_t command[] = { 0x00, 0xA4, 0x04, 0x00, 0x00 };
	struct usbccid_reader *reader = t1_reader();
	const uint64_t begun = wire_now_ms();
	uint8_t response[2];
	size_t len;

	script(reader, T1_OUT, "! timeout", ABORTED, T1_AGAIN, T1_IN, NULL);
	ATF_CHECK_EQ_MSG(0, usbccid_transmit(reader, 0, command, 5, response, 2, &len, 60000, &err),
			 "%s", err.message);
	/* BWI 4 at 4 MHz is 1.43 s: twice, and two seconds. */
	ATF_CHECK(wire_of(reader)->deadline >= begun + 4000);
	ATF_CHECK(wire_of(reader)->deadline <= wire_now_ms() + 5000);
	/* What the reader asks for on top it gets; what the caller has not, nobody gets. */
	script(reader, T1_OUT_1, "< 80 800300", T1_IN_1, NULL);
	ATF_CHECK_EQ(0, usbccid_transmit(reader, 0, command, 5, response, 2, &len, 60000, &err));
	ATF_CHECK(wire_of(reader)->deadline >= begun + 14000);
	script(reader, T1_OUT, "! deadline", NULL);
	ATF_CHECK_EQ(USBCCID_ETIMEDOUT, usbccid_transmit(reader, 0, command, 5, response, 2, &len, 30,
							 &err));
	ATF_CHECK(err.sent);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(at_t1_no_block_goes_to_a_card_that_lost_its_power_by_a_reset);
ATF_TC_BODY(at_t1_no_block_goes_to_a_card_that_lost_its_power_by_a_reset, tc)
{
	static const uint8_t command[] = { 0x00, 0xA4, 0x04, 0x00, 0x00 };
	struct usbccid_reader *reader = t1_reader();
	uint8_t response[2];
	size_t len;

	script(reader, T1_OUT, "! timeout", "abort ok", "x io", "recover", "abort ok", "x io", "reset ok",
	       NULL);
	ATF_CHECK_EQ(USBCCID_ESTALE, usbccid_transmit(reader, 0, command, 5, response, 2, &len, 60000,
						      &err));
	ATF_CHECK(err.sent);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(at_t1_a_card_that_is_lost_has_to_be_reset);
ATF_TC_BODY(at_t1_a_card_that_is_lost_has_to_be_reset, tc)
{
	struct usbccid_reader *reader = t1_reader();

	script(reader, T1_OUT, "< 80 40FE00", T1_AGAIN, "< 80 40FE00", T1_AGAIN, "< 80 40FE00", NULL);
	for (unsigned i = 0; i < 3; i++)
		script(reader, "> 6F 000000 00 C0 00 C0", "< 80 40FE00", NULL);
	check_failure(reader, SELECT, USBCCID_EPROTO, true);
	ATF_CHECK_MSG(strstr(err.message, "does not come back"), "%s", err.message);
	check_failure(reader, SELECT, USBCCID_ESTALE, false);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(at_t1_a_card_may_break_the_exchange_off);
ATF_TC_BODY(at_t1_a_card_may_break_the_exchange_off, tc)
{
	struct usbccid_reader *reader = t1_reader();

	script(reader, T1_OUT, "< 80 000000 00 C2 00 C2", "> 6F 000000 00 E2 00 E2",
	       "< 80 000000 00 80 00 80", NULL);
	check_failure(reader, SELECT, USBCCID_EPROTO, true);
	ATF_CHECK_STREQ("3-1 slot 0: the card aborted the exchange", err.message);
	script(reader, T1_OUT, T1_IN, NULL);
	require_response(reader, SELECT, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(at_t1_a_response_longer_than_the_room_is_told);
ATF_TC_BODY(at_t1_a_response_longer_than_the_room_is_told, tc)
{
	static const uint8_t command[] = { 0x00, 0xA4, 0x04, 0x00, 0x00 };
	struct usbccid_reader *reader = t1_reader();
	uint8_t response[2];
	size_t len;

	script(reader, T1_OUT, "< 80 000000 00 00 03 AA9000 39", NULL);
	ATF_CHECK_EQ(USBCCID_EOVERFLOW, usbccid_transmit(reader, 0, command, 5, response, 2, &len, 1000,
							 &err));
	ATF_CHECK(err.sent);
	script(reader, T1_OUT_1, T1_IN_1, NULL);
	require_response(reader, SELECT, "9000");
	script_end(reader);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, no_command_goes_to_a_card_without_session);
	ATF_TP_ADD_TC(tp, what_is_no_command_does_not_go_out);
	ATF_TP_ADD_TC(tp, a_response_without_status_word_is_none);
	ATF_TP_ADD_TC(tp, a_response_longer_than_the_room_is_not_cut);
	ATF_TP_ADD_TC(tp, a_card_that_was_changed_never_answers_for_the_old_one);
	ATF_TP_ADD_TC(tp, at_t0_a_command_is_cut_to_its_tpdu);
	ATF_TP_ADD_TC(tp, short_apdus_go_as_they_are);
	ATF_TP_ADD_TC(tp, a_command_longer_than_the_readers_messages_is_refused);
	ATF_TP_ADD_TC(tp, extended_apdus_are_chained_both_ways);
	ATF_TP_ADD_TC(tp, blocks_in_the_wrong_order_are_an_error_and_are_aborted);
	ATF_TP_ADD_TC(tp, a_chained_command_counts_as_sent_from_its_first_block_on);
	ATF_TP_ADD_TC(tp, a_chained_response_without_end_ends_with_the_room);
	ATF_TP_ADD_TC(tp, at_t1_a_block_is_one_message);
	ATF_TP_ADD_TC(tp, at_t1_more_time_for_the_card_is_told_to_the_reader);
	ATF_TP_ADD_TC(tp, at_t1_what_the_reader_calls_garbled_is_asked_for_again);
	ATF_TP_ADD_TC(tp, at_t1_other_refusals_end_the_exchange);
	ATF_TP_ADD_TC(tp, at_t1_the_protocol_is_put_in_step_after_what_was_broken_off);
	ATF_TP_ADD_TC(tp, at_t1_a_lost_block_does_not_take_all_the_time);
	ATF_TP_ADD_TC(tp, at_t1_no_block_goes_to_a_card_that_lost_its_power_by_a_reset);
	ATF_TP_ADD_TC(tp, at_t1_a_card_that_is_lost_has_to_be_reset);
	ATF_TP_ADD_TC(tp, at_t1_a_card_may_break_the_exchange_off);
	ATF_TP_ADD_TC(tp, at_t1_a_response_longer_than_the_room_is_told);
	return atf_no_error();
}
