/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libesim: the ladder after a switch of profiles: where it stops, how long it waits, what it says. */
#include "libesim_modem_model.h"

/* --- the rungs --------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(it_stops_at_the_first_rung_that_works_and_says_which);
ATF_TC_BODY(it_stops_at_the_first_rung_that_works_and_says_which, tc)
{
	static const char *const rungs[] = { "0", "01", "012", "0123" };
	static const char *const steps[] = { "", "1", "12", "123" };

	for (unsigned step = 0; step < ESIM_MODEM_STEPS; step++) {
		reset_model((enum esim_modem_step)step);
		modem.restarts[ESIM_MODEM_RESET] = true;
		ATF_CHECK_EQ_MSG(0, settle(true), "%s", err.message);
		check_reported((enum esim_modem_step)step, rungs[step]);
		ATF_CHECK_STREQ(steps[step], modem.steps);
		ATF_CHECK_EQ(step == ESIM_MODEM_RESET, settled.re_enumerated);
	}
}

ATF_TC_WITHOUT_HEAD(a_modem_that_has_followed_is_left_alone);
ATF_TC_BODY(a_modem_that_has_followed_is_left_alone, tc)
{
	reset_model(NEVER);
	modem.sees = NEW;
	ATF_CHECK_EQ(0, settle(false));
	ATF_CHECK(settled.reported);
	ATF_CHECK(!settled.step_needed);
	ATF_CHECK_STREQ("", modem.rungs);
	ATF_CHECK_EQ(1, modem.calls);
}

ATF_TC_WITHOUT_HEAD(a_word_that_is_the_same_as_before_is_no_sign);
ATF_TC_BODY(a_word_that_is_the_same_as_before_is_no_sign, tc)
{
	reset_model(ESIM_MODEM_UIM_POWER);
	modem.sees = NEW;
	ATF_CHECK_EQ(0, settle_with(&whole, false, NEW));
	check_reported(ESIM_MODEM_UIM_POWER, "1");
}

ATF_TC_WITHOUT_HEAD(no_profile_is_a_state_like_another);
ATF_TC_BODY(no_profile_is_a_state_like_another, tc)
{
	reset_model(ESIM_MODEM_AIRPLANE);
	modem.will_see = NULL;
	ATF_CHECK_EQ_MSG(0, settle(true), "%s", err.message);
	ATF_CHECK(settled.reported);
	ATF_CHECK(!settled.has_iccid);
	ATF_CHECK_EQ(ESIM_MODEM_AIRPLANE, settled.step);
	reset_model(NEVER);
	modem.will_see = NULL;
	ATF_CHECK_EQ(ESIM_EIO, settle(true));
	ATF_CHECK(!settled.reported);
	ATF_CHECK(settled.has_iccid);
}

ATF_TC_WITHOUT_HEAD(a_modem_that_tells_news_is_not_asked_all_the_time);
ATF_TC_BODY(a_modem_that_tells_news_is_not_asked_all_the_time, tc)
{
	reset_model(ESIM_MODEM_REFRESH);
	modem.reads_for = 700;
	modem.tells_news = true;
	ATF_CHECK_EQ(0, settle(true));
	ATF_CHECK_EQ(2, modem.asked);
	ATF_CHECK_EQ(1, modem.waits);
	ATF_CHECK_MSG(modem.now < 750, "%u ms", (unsigned)modem.now);
}

ATF_TC_WITHOUT_HEAD(a_modem_that_tells_no_news_is_asked_each_second);
ATF_TC_BODY(a_modem_that_tells_no_news_is_asked_each_second, tc)
{
	struct esim_modem_ops silent = whole;

	silent.wait = NULL;
	reset_model(ESIM_MODEM_REFRESH);
	ATF_CHECK_EQ(0, settle_with(&silent, true, OLD));
	ATF_CHECK_MSG(modem.asked >= 3 && modem.asked <= 5, "%u", modem.asked);
	/* One whose waiting fails at once is no reason for haste. */
	reset_model(ESIM_MODEM_REFRESH);
	modem.wait_result = ESIM_EIO;
	ATF_CHECK_EQ(0, settle(true));
	ATF_CHECK_MSG(modem.asked >= 3 && modem.asked <= 5, "%u", modem.asked);
}

/* --- what a modem has not, or must not be given --------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(its_policy_says_which_rungs_there_are_and_for_how_long);
ATF_TC_BODY(its_policy_says_which_rungs_there_are_and_for_how_long, tc)
{
	reset_model(ESIM_MODEM_RESET);
	modem.policy.steps = 1u << ESIM_MODEM_UIM_POWER | 1u << ESIM_MODEM_AIRPLANE;
	modem.policy.step_timeout_ms[ESIM_MODEM_UIM_POWER] = 5000;
	modem.policy.step_timeout_ms[ESIM_MODEM_AIRPLANE] = 60000;
	ATF_CHECK_EQ(ESIM_EIO, settle(true));
	ATF_CHECK_STREQ("12", modem.rungs);
	ATF_CHECK_MSG(modem.now >= 65000 && modem.now < 67000, "%u ms", (unsigned)modem.now);
	ATF_CHECK_STREQ("the modem still reports ICCID " OLD " (after: UIM power cycle, airplane mode)", err.message);
	ATF_CHECK_EQ(ESIM_DOMAIN_TRANSPORT, err.domain);
	ATF_CHECK(strstr(err.advice, "has switched"));
	ATF_CHECK_EQ(ESIM_MODEM_AIRPLANE, settled.step);
	ATF_CHECK(settled.has_iccid);
}

ATF_TC_WITHOUT_HEAD(the_usual_times_end_too);
ATF_TC_BODY(the_usual_times_end_too, tc)
{
	reset_model(NEVER);
	ATF_CHECK_EQ(ESIM_EIO, settle(true));
	ATF_CHECK_STREQ("0123", modem.rungs);
	ATF_CHECK_MSG(modem.now >= 150000 && modem.now < 156000, "%u ms", (unsigned)modem.now);
}

ATF_TC_WITHOUT_HEAD(without_refresh_nobody_waits_for_one);
ATF_TC_BODY(without_refresh_nobody_waits_for_one, tc)
{
	reset_model(ESIM_MODEM_UIM_POWER);
	ATF_CHECK_EQ(0, settle(false));
	check_reported(ESIM_MODEM_UIM_POWER, "1");
	ATF_CHECK(modem.now < 5000);
}

ATF_TC_WITHOUT_HEAD(a_means_that_it_has_not_is_left_out);
ATF_TC_BODY(a_means_that_it_has_not_is_left_out, tc)
{
	struct esim_modem_ops stepless = whole;

	reset_model(ESIM_MODEM_RESET);
	modem.step_result[ESIM_MODEM_UIM_POWER] = modem.step_result[ESIM_MODEM_AIRPLANE] = ESIM_ENOTSUP;
	ATF_CHECK_EQ(0, settle(false));
	ATF_CHECK_STREQ("3", modem.steps);
	ATF_CHECK_MSG(modem.now < 5000, "waited for what was not done");
	stepless.step = NULL;
	reset_model(ESIM_MODEM_RESET);
	ATF_CHECK_EQ(ESIM_EIO, settle_with(&stepless, false, NULL));
	ATF_CHECK_STREQ("the modem still reports ICCID " OLD " (after: nothing could be tried)", err.message);
	ATF_CHECK(!settled.step_needed);
}

ATF_TC_WITHOUT_HEAD(a_rung_that_is_refused_is_not_waited_for_and_told);
ATF_TC_BODY(a_rung_that_is_refused_is_not_waited_for_and_told, tc)
{
	reset_model(NEVER);
	modem.policy.steps = 1u << ESIM_MODEM_UIM_POWER | 1u << ESIM_MODEM_AIRPLANE;
	modem.step_result[ESIM_MODEM_UIM_POWER] = ESIM_EBUSY;
	ATF_CHECK_EQ(ESIM_EIO, settle(true));
	ATF_CHECK_STREQ("the modem still reports ICCID " OLD
			" (after: UIM power cycle, which failed: not allowed now, airplane mode)", err.message);
	ATF_CHECK_MSG(modem.now < 22000, "%u ms", (unsigned)modem.now);
	ATF_CHECK_EQ(ESIM_MODEM_AIRPLANE, settled.step);
}

ATF_TC_WITHOUT_HEAD(a_rung_whose_answer_was_lost_may_have_worked);
ATF_TC_BODY(a_rung_whose_answer_was_lost_may_have_worked, tc)
{
	static const int losses[] = { ESIM_ETIMEDOUT, ESIM_EPROTO };

	for (size_t i = 0; i < 2; i++) {
		reset_model(ESIM_MODEM_UIM_POWER);
		modem.step_result[ESIM_MODEM_UIM_POWER] = losses[i];
		modem.lost_answer = true;
		ATF_CHECK_EQ(0, settle(false));
		check_reported(ESIM_MODEM_UIM_POWER, "1");
	}
}

/* --- a modem that does not tell ---------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_modem_that_does_not_tell_is_made_to_look_once);
ATF_TC_BODY(a_modem_that_does_not_tell_is_made_to_look_once, tc)
{
	struct esim_modem_ops wordless = whole;

	wordless.iccid = NULL;
	for (int i = 0; i < 4; i++) {
		const bool refresh = i % 2;

		reset_model(NEVER);
		modem.iccid_result = ESIM_ENOTSUP;
		ATF_CHECK_EQ(0, settle_with(i < 2 ? &whole : &wordless, refresh, NULL));
		ATF_CHECK(!settled.reported);
		ATF_CHECK(!settled.has_iccid);
		ATF_CHECK(settled.step_needed);
		ATF_CHECK_STREQ(refresh ? "0" : "1", modem.rungs);
		ATF_CHECK_MSG(modem.now < 5000, "%u ms", (unsigned)modem.now);
	}
	/* And is followed when that makes it leave the bus. */
	reset_model(NEVER);
	modem.restarts[ESIM_MODEM_REFRESH] = true;
	modem.iccid_result = ESIM_ENOTSUP;
	ATF_CHECK_EQ(0, settle(true));
	ATF_CHECK(settled.re_enumerated);
	ATF_CHECK(!modem.away);
}

ATF_TC_WITHOUT_HEAD(one_that_cannot_say_says_why);
ATF_TC_BODY(one_that_cannot_say_says_why, tc)
{
	reset_model(NEVER);
	modem.policy.steps = 1u << ESIM_MODEM_UIM_POWER;
	modem.iccid_result = ESIM_EPROTO;
	ATF_CHECK_EQ(ESIM_EIO, settle(true));
	ATF_CHECK_STREQ("the modem cannot say which profile it sees: the model says so (after: UIM power cycle)",
			err.message);
	ATF_CHECK(!settled.has_iccid);
}

/* --- around it ---------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(what_is_no_modem_has_no_ladder);
ATF_TC_BODY(what_is_no_modem_has_no_ladder, tc)
{
	reset_model(NEVER);
	ATF_CHECK_EQ(ESIM_ENOTSUP, settle_with(NULL, true, NULL));
	ATF_CHECK_EQ(0, modem.calls);
}

ATF_TC_WITHOUT_HEAD(rungs_have_names_for_people_and_for_machines);
ATF_TC_BODY(rungs_have_names_for_people_and_for_machines, tc)
{
	static const char *const names[] = { "REFRESH", "UIM power cycle", "airplane mode", "modem reset" };
	static const char *const ids[] = { "refresh", "uimPowerCycle", "airplaneMode", "modemReset" };

	for (unsigned i = 0; i < ESIM_MODEM_STEPS; i++) {
		ATF_CHECK_STREQ(names[i], esim_modem_step_name((enum esim_modem_step)i));
		ATF_CHECK_STREQ(ids[i], esim_modem_step_id((enum esim_modem_step)i));
	}
	ATF_CHECK_STREQ("", esim_modem_step_name(ESIM_MODEM_STEPS));
	ATF_CHECK_STREQ("", esim_modem_step_id(ESIM_MODEM_STEPS));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, it_stops_at_the_first_rung_that_works_and_says_which);
	ATF_TP_ADD_TC(tp, a_modem_that_has_followed_is_left_alone);
	ATF_TP_ADD_TC(tp, a_word_that_is_the_same_as_before_is_no_sign);
	ATF_TP_ADD_TC(tp, no_profile_is_a_state_like_another);
	ATF_TP_ADD_TC(tp, a_modem_that_tells_news_is_not_asked_all_the_time);
	ATF_TP_ADD_TC(tp, a_modem_that_tells_no_news_is_asked_each_second);
	ATF_TP_ADD_TC(tp, its_policy_says_which_rungs_there_are_and_for_how_long);
	ATF_TP_ADD_TC(tp, the_usual_times_end_too);
	ATF_TP_ADD_TC(tp, without_refresh_nobody_waits_for_one);
	ATF_TP_ADD_TC(tp, a_means_that_it_has_not_is_left_out);
	ATF_TP_ADD_TC(tp, a_rung_that_is_refused_is_not_waited_for_and_told);
	ATF_TP_ADD_TC(tp, a_rung_whose_answer_was_lost_may_have_worked);
	ATF_TP_ADD_TC(tp, a_modem_that_does_not_tell_is_made_to_look_once);
	ATF_TP_ADD_TC(tp, one_that_cannot_say_says_why);
	ATF_TP_ADD_TC(tp, what_is_no_modem_has_no_ladder);
	ATF_TP_ADD_TC(tp, rungs_have_names_for_people_and_for_machines);
	return atf_no_error();
}
