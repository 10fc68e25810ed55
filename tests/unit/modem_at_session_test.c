/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In step with a modem: what comes late, twice or unasked is never the next command's. With a scripted port. */
#include "modem_at_script.h"

#include <atf-c.h>
#include <stdlib.h>

#define OK "\r\nOK\r\n"
#define CGLA(hex) "\r\n+CGLA: 4,\"" hex "\"\r\n\r\nOK\r\n"
#define PLAY(steps) script_play(steps, sizeof(steps) / sizeof((steps)[0]))

static struct at at;
static struct esim_error err;
static struct esim_buf response;

static void begin(void)
{
	struct journal_channel left[JOURNAL_MAX_CHANNELS];
	size_t count;

	at = (struct at){ .identity = { .port = "/dev/modem", .key = "dev-modem" } };
	at_parser_init(&at.parser);
	setenv("COREESIM_MODEMS_STATE", ".", 1);
	ATF_REQUIRE_EQ_MSG(journal_open(&at.identity, &at.journal, left, &count, &err), 0, "%s", err.message);
	ATF_REQUIRE_EQ(count, 0);
}

static void end(void)
{
	ATF_CHECK_MSG(!script.wrong, "it was sent \"%s\"", script.wrong_line);
	ATF_CHECK_EQ_MSG(script.at, script.count, "it was sent %zu of %zu lines", script.at, script.count);
	journal_close(&at.journal);
	at_parser_clear(&at.parser);
	esim_buf_free(&response);
}

static int ask(uint8_t ins)
{
	const uint8_t command[] = { 0x00, ins, 0x00, 0x00 };

	esim_buf_reset(&response);
	return at_cgla(&at, 1, esim_slice(command, sizeof(command)), &response, 1000, &err);
}

#define A "AT+CGLA=1,8,\"000A0000\""
#define B "AT+CGLA=1,8,\"000B0000\""

static void check_sw(uint8_t sw1, uint8_t sw2)
{
	ATF_CHECK(esim_slice_is(esim_buf_slice(&response), (uint8_t[]){ sw1, sw2 }, 2));
}

/* --- late ------------------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(an_answer_that_comes_while_in_search_of_the_step_is_dropped);
ATF_TC_BODY(an_answer_that_comes_while_in_search_of_the_step_is_dropped, tc)
{
	/* The late one's OK looks like AT's own, which then comes as well. */
	static const struct script_step steps[] = {
		{ A, "|" }, { "AT", CGLA("6A82") OK }, { "AT", OK }, { B, CGLA("9000") },
	};

	begin();
	PLAY(steps);
	ATF_CHECK_EQ(ask(0x0A), ESIM_ETIMEDOUT);
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_UNKNOWN);
	ATF_CHECK_EQ_MSG(ask(0x0B), 0, "%s", err.message);
	check_sw(0x90, 0x00);
	end();
}

ATF_TC_WITHOUT_HEAD(an_ok_that_is_behind_another_is_waited_for);
ATF_TC_BODY(an_ok_that_is_behind_another_is_waited_for, tc)
{
	/* Of a modem that was busy with the card, and then answers each AT that it got meanwhile. */
	static const struct script_step steps[] = {
		{ A, "|" }, { "AT", "|" }, { "AT", "|" }, { "AT", CGLA("6A82") OK OK OK }, { "AT", OK }, { B, CGLA("9000") },
	};

	begin();
	PLAY(steps);
	ATF_CHECK_EQ(ask(0x0A), ESIM_ETIMEDOUT);
	ATF_CHECK_EQ_MSG(ask(0x0B), 0, "%s", err.message);
	check_sw(0x90, 0x00);
	end();
}

ATF_TC_WITHOUT_HEAD(after_an_ok_there_is_silence_before_the_next_command);
ATF_TC_BODY(after_an_ok_there_is_silence_before_the_next_command, tc)
{
	/* The end of something older; AT's own is on its way. */
	static const struct script_step steps[] = {
		{ A, "|" }, { "AT", OK "~" OK }, { "AT", OK }, { B, CGLA("9000") },
	};

	begin();
	PLAY(steps);
	ATF_CHECK_EQ(ask(0x0A), ESIM_ETIMEDOUT);
	ATF_CHECK_EQ_MSG(ask(0x0B), 0, "%s", err.message);
	check_sw(0x90, 0x00);
	end();
}

ATF_TC_WITHOUT_HEAD(what_came_since_the_last_command_means_out_of_step);
ATF_TC_BODY(what_came_since_the_last_command_means_out_of_step, tc)
{
	static const struct script_step steps[] = {
		{ A, CGLA("9000") CGLA("9000") }, { "AT", OK }, { B, CGLA("6A82") },
	};

	begin();
	PLAY(steps);
	ATF_CHECK_EQ(ask(0x0A), 0);
	ATF_CHECK_EQ_MSG(ask(0x0B), 0, "%s", err.message);
	check_sw(0x6A, 0x82);
	end();
}

ATF_TC_WITHOUT_HEAD(what_comes_unasked_costs_no_step);
ATF_TC_BODY(what_comes_unasked_costs_no_step, tc)
{
	static const struct script_step steps[] = {
		{ A, "\r\n+CREG: 1\r\n" CGLA("9000") "\r\nRING\r\n\r\n^RSSI:3\r\n" }, { B, "\r\nRING\r\n" CGLA("6A82") },
	};

	begin();
	PLAY(steps);
	ATF_CHECK_EQ(ask(0x0A), 0);
	ATF_CHECK_EQ(ask(0x0B), 0);
	check_sw(0x6A, 0x82);
	end();
}

ATF_TC_WITHOUT_HEAD(two_answers_or_none_are_none);
ATF_TC_BODY(two_answers_or_none_are_none, tc)
{
	static const struct script_step steps[] = {
		{ A, OK }, { "AT", OK }, { B, "+CGLA: 4,\"9000\"\r\n" CGLA("6A82") }, { "AT", OK }, { A, CGLA("9000") },
	};

	begin();
	PLAY(steps);
	ATF_CHECK_EQ(ask(0x0A), ESIM_EPROTO);
	ATF_CHECK_EQ(ask(0x0B), ESIM_EPROTO);
	ATF_CHECK_EQ(ask(0x0A), 0);
	check_sw(0x90, 0x00);
	end();
}

ATF_TC_WITHOUT_HEAD(a_modem_that_answers_at_with_errors_is_given_up);
ATF_TC_BODY(a_modem_that_answers_at_with_errors_is_given_up, tc)
{
	static const struct script_step error = { "AT", "\r\nERROR\r\n" };
	struct script_step steps[200];

	for (size_t i = 0; i < 200; i++)
		steps[i] = error;
	begin();
	PLAY(steps);
	at.out_of_step = true;
	ATF_CHECK_EQ(ask(0x0A), ESIM_ETIMEDOUT);
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_NEVER_SENT);
	ATF_CHECK(script.at < 100);
	script.count = script.at;
	end();
}

/* --- a channel's number that comes late --------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_session_that_is_told_late_is_closed);
ATF_TC_BODY(a_session_that_is_told_late_is_closed, tc)
{
	static const struct script_step steps[] = {
		{ "AT+CCHO=\"A000\"", "|" }, { "AT", "\r\n+CCHO: 2\r\n" OK OK }, { "AT", OK }, { "AT+CCHC=2", OK },
		{ "AT+CCHO=\"A000\"", "\r\n+CCHO: 1\r\n" OK },
	};
	uint32_t handle;

	begin();
	PLAY(steps);
	ATF_CHECK_EQ(at_channel_open(&at, 0, esim_slice("\xA0\x00", 2), 0, &handle, NULL, 1000, &err), ESIM_ETIMEDOUT);
	ATF_CHECK_EQ_MSG(at_channel_open(&at, 0, esim_slice("\xA0\x00", 2), 0, &handle, NULL, 1000, &err), 0, "%s",
			 err.message);
	ATF_CHECK_EQ(at.channels.list[0].number, 1);
	end();
}

ATF_TC_WITHOUT_HEAD(what_was_closed_is_in_no_journal);
ATF_TC_BODY(what_was_closed_is_in_no_journal, tc)
{
	static const struct script_step steps[] = {
		{ "AT+CCHO=\"A000\"", "\r\n+CCHO: 2\r\n" OK }, { "AT+CCHC=2", OK },
	};
	uint32_t handle;

	begin();
	PLAY(steps);
	ATF_REQUIRE_EQ(at_channel_open(&at, 0, esim_slice("\xA0\x00", 2), 0, &handle, NULL, 1000, &err), 0);
	at_channel_close(&at, handle);
	end();
	/* Which this sees to. */
	begin();
	PLAY(steps);
	ATF_REQUIRE_EQ(at_channel_open(&at, 0, esim_slice("\xA0\x00", 2), 0, &handle, NULL, 1000, &err), 0);
	at_channel_close(&at, handle);
	end();
}

/* --- the ICCID ------------------------------------------------------------------------------------------- */

static void check_iccid(const char *digits)
{
	char text[ESIM_ICCID_DIGITS + 1] = "";
	struct esim_iccid iccid;

	ATF_REQUIRE_EQ_MSG(at_iccid(&at, &iccid, 1000, &err), 0, "%s", err.message);
	ATF_REQUIRE_EQ(esim_iccid_format(&iccid, text), 0);
	ATF_CHECK_STREQ(text, digits);
}

ATF_TC_WITHOUT_HEAD(the_command_that_tells_the_iccid_is_found_and_kept);
ATF_TC_BODY(the_command_that_tells_the_iccid_is_found_and_kept, tc)
{
	static const struct script_step steps[] = {
		{ "AT+CCID", "\r\nERROR\r\n" }, { "AT+ICCID", "\r\n+CME ERROR: 100\r\n" },
		{ "AT^ICCID?", "\r\n^ICCID: 8944000000000000012F\r\n" OK }, { "AT^ICCID?", "\r\n^ICCID: 98440000000000000010\r\n" OK },
	};

	begin();
	PLAY(steps);
	check_iccid("8944000000000000012");
	/* The same command; another card, by a firmware that does not swap. */
	check_iccid("89440000000000000001");
	end();
}

ATF_TC_WITHOUT_HEAD(ef_iccid_is_read_in_both_orders);
ATF_TC_BODY(ef_iccid_is_read_in_both_orders, tc)
{
	static const struct script_step steps[] = {
		{ "AT+CRSM=176,12258,0,0,10", "\r\n+CRSM: 144,0,\"98440000000000000010\"\r\n" OK },
		{ "AT+CRSM=176,12258,0,0,10", "\r\n+CRSM: 144,0,\"8944000000000000012F\"\r\n" OK },
		{ "AT+CRSM=176,12258,0,0,10", "\r\n+CRSM: 106,130\r\n" OK },
		{ "AT+CRSM=176,12258,0,0,10", "\r\n+CRSM: 144,0,\"FFFFFFFFFFFFFFFFFFFF\"\r\n" OK },
		{ "AT+CRSM=176,12258,0,0,10", "\r\n+CME ERROR: 14\r\n" },
		{ "AT+CRSM=176,12258,0,0,10", "\r\n+CME ERROR: 10\r\n" },
	};
	struct esim_iccid iccid;

	begin();
	PLAY(steps);
	at.iccid_command = "AT+CRSM=176,12258,0,0,10";
	check_iccid("89440000000000000001");
	check_iccid("8944000000000000012");
	ATF_CHECK_EQ(at_iccid(&at, &iccid, 1000, &err), ESIM_ENOENT);
	ATF_CHECK_EQ(at_iccid(&at, &iccid, 1000, &err), ESIM_ENOENT);
	ATF_CHECK_EQ(at_iccid(&at, &iccid, 1000, &err), ESIM_EBUSY);
	ATF_CHECK_EQ(at_iccid(&at, &iccid, 1000, &err), ESIM_ENOENT);
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_answer_that_comes_while_in_search_of_the_step_is_dropped);
	ATF_TP_ADD_TC(tp, an_ok_that_is_behind_another_is_waited_for);
	ATF_TP_ADD_TC(tp, after_an_ok_there_is_silence_before_the_next_command);
	ATF_TP_ADD_TC(tp, what_came_since_the_last_command_means_out_of_step);
	ATF_TP_ADD_TC(tp, what_comes_unasked_costs_no_step);
	ATF_TP_ADD_TC(tp, two_answers_or_none_are_none);
	ATF_TP_ADD_TC(tp, a_modem_that_answers_at_with_errors_is_given_up);
	ATF_TP_ADD_TC(tp, a_session_that_is_told_late_is_closed);
	ATF_TP_ADD_TC(tp, what_was_closed_is_in_no_journal);
	ATF_TP_ADD_TC(tp, the_command_that_tells_the_iccid_is_found_and_kept);
	ATF_TP_ADD_TC(tp, ef_iccid_is_read_in_both_orders);
	return atf_no_error();
}
