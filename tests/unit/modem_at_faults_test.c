/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that can go wrong at every message of a session over an AT port, with a modem that has one channel: the
 * call ends and says why, the modem's answers are taken for nothing but what they are, and a second try succeeds,
 * which it could not if the channel were lost.
 */
#include "modem_at_rig.h"

#define LAST_MESSAGE 11		/* of a session: AT, ATE0, CMEE, four facts, open, APDU, close; by CSIM one more */

static void retry(const char *fault, unsigned n)
{
	char path[128], state[VMODEM_LINE_SIZE];

	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "fault none"), 0);
	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "plug"), 0);
	/* The loop has seen it when the next command is answered. */
	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, state, "state"), 0);
	rig_wait_until_there(path);
	ATF_CHECK_EQ_MSG(rig_session(RIG_TIMEOUT_MS), 0, "after %s at %u: %s", fault, n, err.message);
	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "release"), 0);
	ATF_CHECK_EQ_MSG(rig_channels(), 0, "after %s at %u a channel is left", fault, n);
}

/* Messages @from to @to; a fault that costs a deadline is not tried at each of those before the card. */
static void try_at_each(const char *quirks, const char *fault, unsigned from, unsigned to)
{
	rig_start(quirks, "");
	for (unsigned n = from; n <= to; n++) {
		ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "fault %s@%u", fault, n), 0);
		if (rig_session(RIG_SHORT_MS))
			ATF_CHECK_MSG(err.message[0], "%s at %u says nothing", fault, n);
		retry(fault, n);
	}
	rig_stop();
}

#define FAULT(name, word, from)								\
	ATF_TC(name);									\
	ATF_TC_HEAD(name, tc)								\
	{										\
		atf_tc_set_md_var(tc, "timeout", "900");				\
	}										\
	ATF_TC_BODY(name, tc)								\
	{										\
		try_at_each("channels=1", word, from, LAST_MESSAGE);			\
		try_at_each("channels=1 at-csim-only at-no-cme", word, from < 8 ? 8 : from, LAST_MESSAGE);	\
	}

FAULT(a_mute_modem_loses_nothing, "mute", 7)
FAULT(an_answer_that_comes_late_is_not_the_next_ones, "late", 7)
FAULT(garbage_is_no_answer, "garbage", 1)
FAULT(noise_is_no_answer, "noise", 1)
FAULT(an_answer_that_is_cut_is_none, "truncated", 1)
FAULT(an_answer_that_comes_twice_counts_once, "twice", 1)
FAULT(a_busy_modem_is_asked_again_later, "busy", 1)
FAULT(an_error_is_an_error, "error", 1)
FAULT(a_modem_that_starts_anew_is_found_again, "reset", 1)
FAULT(a_modem_that_vanishes_may_come_back, "vanish", 1)
FAULT(a_channel_that_the_card_loses_is_opened_anew, "closes", 1)

/* --- the first messages, where nothing of the card is at stake -------------------------------------------- */

ATF_TC(a_modem_that_is_mute_from_the_start_is_given_up);
ATF_TC_HEAD(a_modem_that_is_mute_from_the_start_is_given_up, tc)
{
	atf_tc_set_md_var(tc, "timeout", "900");
}
ATF_TC_BODY(a_modem_that_is_mute_from_the_start_is_given_up, tc)
{
	struct esim_transport *transport = NULL;

	rig_start("", "");
	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "fault mute@1+"), 0);
	ATF_CHECK_EQ(rig_open(&transport), ESIM_ETIMEDOUT);
	ATF_CHECK_MSG(strstr(err.message, "does not answer AT"), "%s", err.message);
	retry("mute", 1);
	/* Once is no reason to give up. */
	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "fault mute@1"), 0);
	ATF_CHECK_EQ_MSG(rig_session(RIG_TIMEOUT_MS), 0, "%s", err.message);
	rig_stop();
}

/* --- in one session, on and on ------------------------------------------------------------------------------ */

/* The transport stays open: what one command left behind must not reach the next. */
static void one_after_the_other(const char *quirks, const char *fault, int code)
{
	struct esim_transport *transport;
	uint32_t handle;

	rig_start(quirks, "");
	transport = rig_require_open();
	ATF_REQUIRE_EQ_MSG(rig_open_isdr(transport, &handle, RIG_TIMEOUT_MS), 0, "%s", err.message);
	for (int i = 0; i < 3; i++) {
		ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "fault %s@1:apdu", fault), 0);
		ATF_CHECK_EQ_MSG(rig_eid(transport, handle, code == ESIM_ETIMEDOUT ? RIG_SHORT_MS : RIG_TIMEOUT_MS), code,
				 "%s: %s", fault, err.message);
		if (code)
			ATF_CHECK_EQ_MSG(err.outcome, ESIM_OUTCOME_UNKNOWN, "%s", fault);
		ATF_CHECK_EQ_MSG(rig_eid(transport, handle, RIG_TIMEOUT_MS), 0, "after %s: %s", fault, err.message);
	}
	esim_transport_free(&transport);
	ATF_CHECK_EQ(rig_channels(), 0);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(the_same_session_goes_on_after_a_fault);
ATF_TC_BODY(the_same_session_goes_on_after_a_fault, tc)
{
	static const char *const quirks[] = { "", "at-csim-only", "at-echo at-chatter at-bare" };

	for (size_t i = 0; i < 3; i++) {
		one_after_the_other(quirks[i], "mute", ESIM_ETIMEDOUT);
		one_after_the_other(quirks[i], "late", ESIM_ETIMEDOUT);
		one_after_the_other(quirks[i], "garbage", ESIM_EPROTO);
		one_after_the_other(quirks[i], "truncated", ESIM_EPROTO);
		one_after_the_other(quirks[i], "noise", 0);
		one_after_the_other(quirks[i], "twice", 0);
	}
}

ATF_TC_WITHOUT_HEAD(a_channel_whose_number_comes_late_or_never_is_closed_in_the_same_session);
ATF_TC_BODY(a_channel_whose_number_comes_late_or_never_is_closed_in_the_same_session, tc)
{
	static const char *const quirks[] = { "channels=1", "channels=1 at-csim-only", "channels=1 at-no-cchc" };
	static const char *const faults[] = { "mute", "late", "garbage", "truncated" };

	for (size_t i = 0; i < 12; i++) {
		struct esim_transport *transport;
		uint32_t handle;

		rig_start(quirks[i / 4], "");
		transport = rig_require_open();
		/* Which way it has it knows by now. */
		ATF_REQUIRE_EQ_MSG(rig_open_isdr(transport, &handle, RIG_TIMEOUT_MS), 0, "%s", err.message);
		esim_transport_channel_close(transport, handle);
		ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "fault %s@1:open", faults[i % 4]), 0);
		ATF_CHECK(rig_open_isdr(transport, &handle, RIG_SHORT_MS) != 0);
		ATF_CHECK_EQ_MSG(rig_open_isdr(transport, &handle, RIG_TIMEOUT_MS), 0, "%s, %s: %s", quirks[i / 4],
				 faults[i % 4], err.message);
		esim_transport_free(&transport);
		ATF_CHECK_EQ_MSG(rig_channels(), 0, "%s, %s", quirks[i / 4], faults[i % 4]);
		rig_stop();
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_mute_modem_loses_nothing);
	ATF_TP_ADD_TC(tp, an_answer_that_comes_late_is_not_the_next_ones);
	ATF_TP_ADD_TC(tp, garbage_is_no_answer);
	ATF_TP_ADD_TC(tp, noise_is_no_answer);
	ATF_TP_ADD_TC(tp, an_answer_that_is_cut_is_none);
	ATF_TP_ADD_TC(tp, an_answer_that_comes_twice_counts_once);
	ATF_TP_ADD_TC(tp, a_busy_modem_is_asked_again_later);
	ATF_TP_ADD_TC(tp, an_error_is_an_error);
	ATF_TP_ADD_TC(tp, a_modem_that_starts_anew_is_found_again);
	ATF_TP_ADD_TC(tp, a_modem_that_vanishes_may_come_back);
	ATF_TP_ADD_TC(tp, a_channel_that_the_card_loses_is_opened_anew);
	ATF_TP_ADD_TC(tp, a_modem_that_is_mute_from_the_start_is_given_up);
	ATF_TP_ADD_TC(tp, the_same_session_goes_on_after_a_fault);
	ATF_TP_ADD_TC(tp, a_channel_whose_number_comes_late_or_never_is_closed_in_the_same_session);
	return atf_no_error();
}
