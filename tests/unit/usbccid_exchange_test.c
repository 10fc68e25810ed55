/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages and answers of a USB reader: in step, out of step, and brought back. */
#include "usbccid_transmit.h"

#include <atf-c.h>
#include <unistd.h>

/* --- what needs no more than it takes --------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_command_is_one_message_and_nothing_else);
ATF_TC_BODY(a_command_is_one_message_and_nothing_else, tc)
{
	struct usbccid_reader *reader = powered();

	for (unsigned i = 0; i < 280; i++) {
		wire_of(reader)->at = wire_of(reader)->count = 0;
		script(reader, SELECT_OUT, OK, NULL);
		require_response(reader, "9000");
		script_done(reader);
	}
	/* The system is not asked for notices where a changed card has no power. */
	ATF_CHECK_EQ(1, wire_of(reader)->looks);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(foreign_answers_are_dropped);
ATF_TC_BODY(foreign_answers_are_dropped, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "<f 80 000000 6A82", "<s 80 000000 6A82", "< 82 000000 6A82",
	       "= ", "<f 81 400000", OK, NULL);
	require_response(reader, "9000");
	/* The reader works on it: what is foreign is counted from there. */
	script(reader, SELECT_OUT, NULL);
	for (unsigned i = 0; i < 40; i++)
		script(reader, i % 10 ? "<f 80 000000 6A82" : "< 80 800100", NULL);
	script(reader, OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(foreign_answers_without_end_are_not_listened_to);
ATF_TC_BODY(foreign_answers_without_end_are_not_listened_to, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, NULL);
	for (unsigned i = 0; i < 17; i++)
		script(reader, i % 2 ? "= " : "<f 80 000000 9000", NULL);
	check_failure(reader, USBCCID_EPROTO, true);
	script(reader, ABORTED, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(garbage_is_an_error_and_the_session_goes_on);
ATF_TC_BODY(garbage_is_an_error_and_the_session_goes_on, tc)
{
	static const char *const garbage[] = {
		"= 80 00 00",			/* no header */
		"= 80 03000000 00 01 00 00 00 9000",	/* the length lies */
		"< 80 C00000 9000",		/* a status that does not exist */
	};

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		struct usbccid_reader *reader = powered();

		/* The garbage bears the number of our message. */
		reader->slots[0].seq = 1;
		wire_of(reader)->seq_used[0] = false;
		script(reader, SELECT_OUT, garbage[i], NULL);
		check_failure(reader, USBCCID_EPROTO, true);
		script(reader, ABORTED, SELECT_OUT, OK, NULL);
		require_response(reader, "9000");
		script_end(reader);
	}
}

/* --- time ------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(time_extensions_do_not_move_the_deadline);
ATF_TC_BODY(time_extensions_do_not_move_the_deadline, tc)
{
	struct usbccid_reader *reader = powered();
	const uint64_t begun = wire_now_ms();

	script(reader, SELECT_OUT, "< 80 800100", "< 80 80FF00", "< 80 800000", "! deadline", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	ATF_CHECK(wire_of(reader)->deadline >= begun + 1000);
	ATF_CHECK(wire_of(reader)->deadline <= wire_now_ms());
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(time_extensions_without_end_come_to_one);
ATF_TC_BODY(time_extensions_without_end_come_to_one, tc)
{
	struct usbccid_reader *reader = powered();
	struct scripted_wire *wire = wire_of(reader);

	/* Ten rounds of 500 are less than the reader may ask for, 17 are more. */
	wire->at = wire->count = 0;
	script(reader, SELECT_OUT, NULL);
	for (unsigned i = 0; i < 500; i++)
		script(reader, "< 80 800100", NULL);
	wire->rounds = 17;
	check_failure(reader, USBCCID_EPROTO, true);
	wire->at = wire->count = wire->rounds = 0;
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(an_answer_that_comes_late_is_nobody_elses);
ATF_TC_BODY(an_answer_that_comes_late_is_nobody_elses, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	script(reader, "abort ok", "> 72 000000", "<f 80 000000 6A82", "< 81 000000", SELECT_OUT,
	       "<f 80 000000 6A82", OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

/* --- recovery --------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(cancel_before_the_command_sends_nothing);
ATF_TC_BODY(cancel_before_the_command_sends_nothing, tc)
{
	struct usbccid_reader *reader = powered();
	struct usbccid_card card;
	int fds[2];

	ATF_REQUIRE_EQ(0, pipe(fds));
	usbccid_set_cancel_fd(reader, fds[0]);
	script(reader, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	ATF_CHECK_EQ(fds[0], wire_of(reader)->cancel_fd);
	ATF_REQUIRE_EQ(1, write(fds[1], "", 1));
	check_failure(reader, USBCCID_ECANCELED, false);
	ATF_CHECK_EQ(USBCCID_ECANCELED, usbccid_card(reader, 0, 1000, &card, NULL));
	ATF_CHECK_EQ(USBCCID_ECANCELED, usbccid_power_on(reader, 0, USBCCID_COLD, 1000, NULL));
	ATF_CHECK_EQ(USBCCID_ECANCELED, usbccid_power_off(reader, 0, 1000, NULL));
	usbccid_set_cancel_fd(reader, -1);
	script(reader, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	close(fds[0]);
	close(fds[1]);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(cancel_in_the_midst_is_aborted_before_the_next_command);
ATF_TC_BODY(cancel_in_the_midst_is_aborted_before_the_next_command, tc)
{
	struct usbccid_reader *reader = powered();
	int fds[2];

	ATF_REQUIRE_EQ(0, pipe(fds));
	usbccid_set_cancel_fd(reader, fds[0]);
	script(reader, SELECT_OUT, "! cancel", NULL);
	check_failure(reader, USBCCID_ECANCELED, true);
	script_done(reader);
	script(reader, ABORTED, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	close(fds[0]);
	close(fds[1]);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reader_that_does_not_know_abort_is_in_step_by_its_answer);
ATF_TC_BODY(a_reader_that_does_not_know_abort_is_in_step_by_its_answer, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	script(reader, "abort io", "> 72 000000", "< 81 400000", SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_stalled_endpoint_is_cleared_and_the_session_goes_on);
ATF_TC_BODY(a_stalled_endpoint_is_cleared_and_the_session_goes_on, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "! stall", NULL);
	check_failure(reader, USBCCID_EPROTO, true);
	script(reader, "abort ok", "> 72 000000", "! stall", "recover", ABORTED, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reader_that_does_not_come_back_is_reset_and_its_sessions_are_over);
ATF_TC_BODY(a_reader_that_does_not_come_back_is_reset_and_its_sessions_are_over, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	script(reader, "abort ok", "> 72 000000", "! io", "recover", "abort ok", "> 72 000000",
	       "< 81 40E000", "reset ok", NULL);
	check_failure(reader, USBCCID_ESTALE, false);
	check_failure(reader, USBCCID_ESTALE, false);
	script_done(reader);
	power_up(reader, ATR_T0);
	script(reader, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reader_that_cannot_be_reset_says_so_each_time);
ATF_TC_BODY(a_reader_that_cannot_be_reset_says_so_each_time, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	for (unsigned i = 0; i < 2; i++) {
		script(reader, "abort ok", "x io", "recover", "abort ok", "x io", "reset io", NULL);
		check_failure(reader, USBCCID_EIO, false);
	}
	script(reader, "abort ok", "x io", "recover", "abort ok", "x io", "reset gone", NULL);
	check_failure(reader, USBCCID_ENODEV, false);
	check_failure(reader, USBCCID_ENODEV, false);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_caller_in_a_hurry_costs_no_card_its_session);
ATF_TC_BODY(a_caller_in_a_hurry_costs_no_card_its_session, tc)
{
	struct usbccid_reader *reader = powered();
	struct usbccid_card card;
	struct usbccid_error err;

	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	ATF_CHECK_EQ(USBCCID_ETIMEDOUT, usbccid_card(reader, 0, 0, &card, &err));
	ATF_CHECK(!err.sent);
	script(reader, "abort ok", "> 72 000000", "! deadline", NULL);
	ATF_CHECK_EQ(USBCCID_ETIMEDOUT, usbccid_card(reader, 0, 30, &card, &err));
	script_done(reader);
	script(reader, "abort ok", "> 72 000000", "! io", "recover", "abort ok", "> 72 000000",
	       "! deadline", NULL);
	ATF_CHECK_EQ(USBCCID_ETIMEDOUT, usbccid_card(reader, 0, 100, &card, &err));
	script_done(reader);
	script(reader, ABORTED, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reader_that_hangs_costs_a_second_before_it_is_reset);
ATF_TC_BODY(a_reader_that_hangs_costs_a_second_before_it_is_reset, tc)
{
	struct usbccid_reader *reader = powered();
	const uint64_t begun = wire_now_ms();
	struct usbccid_card card;

	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	script(reader, "abort ok", "> 72 000000", "! deadline", "recover", "reset ok",
	       "> 65 000000", "< 81 000000", NULL);
	ATF_CHECK_EQ(0, usbccid_card(reader, 0, 60000, &card, NULL));
	/* Whatever has power now, it is not the session of before. */
	ATF_CHECK_EQ(USBCCID_CARD_OFF, card.state);
	ATF_CHECK(wire_now_ms() - begun >= 1000);
	script_end(reader);
}

/* --- sent, or not ------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(sent_is_honest_at_each_position);
ATF_TC_BODY(sent_is_honest_at_each_position, tc)
{
	static const struct {
		const char *line;	/* in place of the message, or of its answer */
		int code;
		bool sent;
	} cases[] = {
		{ "x io", USBCCID_EIO, false },
		{ "x sent", USBCCID_EIO, true },
		{ "x gone", USBCCID_ENODEV, false },
		{ "! unsent", USBCCID_EIO, false },
		{ "! io", USBCCID_EIO, true },
		{ "! gone", USBCCID_ENODEV, true },
		{ "< 80 40FE00", USBCCID_ETIMEDOUT, true },	/* mute */
		{ "< 80 40FD00", USBCCID_EIO, true },		/* parity */
		{ "< 80 40F600", USBCCID_EPROTO, true },	/* protocol */
		{ "< 80 400000", USBCCID_ENOTSUP, true },	/* no reason given */
		{ "< 81 400000", USBCCID_ENOTSUP, true },
		{ "< 80 400A00", USBCCID_EIO, true },		/* the command's first byte: of the card? */
		{ "< 80 400800", USBCCID_EIO, false },		/* bad wLevelParameter */
		{ "< 80 40E000", USBCCID_EIO, false },		/* slot busy */
		{ "< 80 41FE00", USBCCID_ESTALE, true },	/* without power */
		{ "< 80 42FE00", USBCCID_ENOMEDIUM, true },	/* without card */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct usbccid_reader *reader = powered();

		if (cases[i].line[0] != 'x')
			script(reader, SELECT_OUT, NULL);
		script(reader, cases[i].line, NULL);
		check_failure(reader, cases[i].code, cases[i].sent);
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(the_reason_of_the_reader_is_told);
ATF_TC_BODY(the_reason_of_the_reader_is_told, tc)
{
	struct usbccid_reader *reader = powered();
	struct usbccid_error err;

	script(reader, SELECT_OUT, "< 80 40FD00", NULL);
	ATF_CHECK(!transmit_hex(reader, SELECT, &err));
	ATF_CHECK_EQ(0xFD, err.reader);
	ATF_CHECK_STREQ("3-1 slot 0: the reader failed: parity error (FD)", err.message);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_busy_slot_is_aborted_before_the_next_command);
ATF_TC_BODY(a_busy_slot_is_aborted_before_the_next_command, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "< 80 40E000", NULL);
	check_failure(reader, USBCCID_EIO, false);
	script(reader, ABORTED, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reader_that_is_gone_is_not_talked_to);
ATF_TC_BODY(a_reader_that_is_gone_is_not_talked_to, tc)
{
	struct usbccid_reader *reader = powered();
	struct usbccid_card card;

	script(reader, SELECT_OUT, "! gone", NULL);
	check_failure(reader, USBCCID_ENODEV, true);
	check_failure(reader, USBCCID_ENODEV, false);
	ATF_CHECK_EQ(USBCCID_ENODEV, usbccid_card(reader, 0, 1000, &card, NULL));
	ATF_CHECK_EQ(USBCCID_ENODEV, usbccid_power_off(reader, 0, 1000, NULL));
	usbccid_close(&reader);
}

/* --- several slots ------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(slots_have_numbers_of_their_own_and_wait_for_each_other);
ATF_TC_BODY(slots_have_numbers_of_their_own_and_wait_for_each_other, tc)
{
	struct reader_setup setup = setup_of(SHORT_LEVEL);
	struct usbccid_reader *reader;
	struct usbccid_card card;
	struct usbccid_error err;

	setup.descriptor.max_slot_index = 1;
	reader = scripted_reader(&setup);
	power_up(reader, ATR_T0);
	script(reader, ">1 65 000000", "< 81 020000", NULL);
	ATF_REQUIRE_EQ(0, usbccid_card(reader, 1, 1000, &card, &err));
	ATF_CHECK_EQ(USBCCID_CARD_ABSENT, card.state);
	ATF_CHECK_EQ(USBCCID_EINVAL, usbccid_card(reader, 2, 1000, &card, &err));
	ATF_CHECK_STREQ("3-1: there is no slot 2, but 2 slots", err.message);
	/* What slot 0 is owed is settled before slot 1 is served. */
	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	script(reader, ABORTED, ">1 65 000000", "< 81 020000", SELECT_OUT, OK, NULL);
	ATF_REQUIRE_EQ(0, usbccid_card(reader, 1, 1000, &card, &err));
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_command_is_one_message_and_nothing_else);
	ATF_TP_ADD_TC(tp, foreign_answers_are_dropped);
	ATF_TP_ADD_TC(tp, foreign_answers_without_end_are_not_listened_to);
	ATF_TP_ADD_TC(tp, garbage_is_an_error_and_the_session_goes_on);
	ATF_TP_ADD_TC(tp, time_extensions_do_not_move_the_deadline);
	ATF_TP_ADD_TC(tp, time_extensions_without_end_come_to_one);
	ATF_TP_ADD_TC(tp, an_answer_that_comes_late_is_nobody_elses);
	ATF_TP_ADD_TC(tp, cancel_before_the_command_sends_nothing);
	ATF_TP_ADD_TC(tp, cancel_in_the_midst_is_aborted_before_the_next_command);
	ATF_TP_ADD_TC(tp, a_reader_that_does_not_know_abort_is_in_step_by_its_answer);
	ATF_TP_ADD_TC(tp, a_stalled_endpoint_is_cleared_and_the_session_goes_on);
	ATF_TP_ADD_TC(tp, a_reader_that_does_not_come_back_is_reset_and_its_sessions_are_over);
	ATF_TP_ADD_TC(tp, a_reader_that_cannot_be_reset_says_so_each_time);
	ATF_TP_ADD_TC(tp, a_caller_in_a_hurry_costs_no_card_its_session);
	ATF_TP_ADD_TC(tp, a_reader_that_hangs_costs_a_second_before_it_is_reset);
	ATF_TP_ADD_TC(tp, sent_is_honest_at_each_position);
	ATF_TP_ADD_TC(tp, the_reason_of_the_reader_is_told);
	ATF_TP_ADD_TC(tp, a_busy_slot_is_aborted_before_the_next_command);
	ATF_TP_ADD_TC(tp, a_reader_that_is_gone_is_not_talked_to);
	ATF_TP_ADD_TC(tp, slots_have_numbers_of_their_own_and_wait_for_each_other);
	return atf_no_error();
}
