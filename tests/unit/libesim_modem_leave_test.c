/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libesim: the ladder with a modem that leaves the bus, at every call, and with a user who has had enough. */
#include "libesim_modem_model.h"

/* --- a modem that leaves ------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(it_is_followed_over_the_bus_wherever_it_leaves);
ATF_TC_BODY(it_is_followed_over_the_bus_wherever_it_leaves, tc)
{
	unsigned calls;

	reset_model(ESIM_MODEM_RESET);
	modem.restarts[ESIM_MODEM_RESET] = true;
	ATF_REQUIRE_EQ(0, settle(true));
	calls = modem.calls;
	for (unsigned at = 1; at <= calls; at++) {
		reset_model(ESIM_MODEM_RESET);
		modem.restarts[ESIM_MODEM_RESET] = true;
		modem.vanish_at = at;
		modem.half_there_for = 300;
		ATF_CHECK_EQ_MSG(0, settle(true), "at call %u: %s", at, err.message);
		ATF_CHECK(settled.reported);
		ATF_CHECK(settled.re_enumerated);
		ATF_CHECK(!modem.away);
	}
}

ATF_TC_WITHOUT_HEAD(a_refresh_that_makes_it_re_enumerate_is_survived);
ATF_TC_BODY(a_refresh_that_makes_it_re_enumerate_is_survived, tc)
{
	/* It is away for longer than the rung's time, which begins anew when it is back. */
	reset_model(ESIM_MODEM_REFRESH);
	modem.restarts[ESIM_MODEM_REFRESH] = true;
	modem.away_for = 40000;
	modem.reads_for = 50000;
	ATF_CHECK_EQ_MSG(0, settle(true), "%s", err.message);
	check_reported(ESIM_MODEM_REFRESH, "0");
	ATF_CHECK(settled.re_enumerated);
	/* It left already when the ladder begins, without a rung. */
	reset_model(NEVER);
	modem.sees = NEW;
	modem.away = true;
	modem.back_at = 5000;
	ATF_CHECK_EQ_MSG(0, settle(false), "%s", err.message);
	ATF_CHECK(settled.reported);
	ATF_CHECK(!settled.step_needed);
	ATF_CHECK(settled.re_enumerated);
}

ATF_TC_WITHOUT_HEAD(one_that_does_not_come_back_ends_the_climb);
ATF_TC_BODY(one_that_does_not_come_back_ends_the_climb, tc)
{
	struct esim_modem_ops homeless = whole;

	reset_model(ESIM_MODEM_REFRESH);
	modem.restarts[ESIM_MODEM_REFRESH] = true;
	modem.away_for = FOR_EVER;
	ATF_CHECK_EQ(ESIM_ENODEV, settle(true));
	ATF_CHECK_STREQ("the modem left the bus and did not come back (after: REFRESH)", err.message);
	ATF_CHECK(strstr(err.advice, "has switched"));
	ATF_CHECK_STREQ("0", modem.rungs);
	ATF_CHECK(modem.now >= 90000 && modem.now < 95000);
	ATF_CHECK(!settled.reported);
	/* One that cannot be opened again at all is not waited for. */
	homeless.reopen = NULL;
	reset_model(ESIM_MODEM_REFRESH);
	modem.restarts[ESIM_MODEM_REFRESH] = true;
	ATF_CHECK_EQ(ESIM_ENODEV, settle_with(&homeless, true, NULL));
	ATF_CHECK(modem.now < 1000);
}

static int leaves_again(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *error)
{
	(void)priv;
	(void)ret;
	(void)timeout_ms;
	modem.away = true;
	modem.back_at = modem.now;
	return begin_call(error);
}

ATF_TC_WITHOUT_HEAD(one_that_comes_and_goes_is_not_followed_for_ever);
ATF_TC_BODY(one_that_comes_and_goes_is_not_followed_for_ever, tc)
{
	struct esim_modem_ops restless = whole;

	restless.iccid = leaves_again;
	reset_model(NEVER);
	ATF_CHECK_EQ(ESIM_ENODEV, settle_with(&restless, true, NULL));
	ATF_CHECK_MSG(modem.now < 60000, "%u ms", (unsigned)modem.now);
	ATF_CHECK_MSG(modem.calls < 500, "%u calls", modem.calls);
}

/* --- cancel ----------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_cancel_ends_it_at_once_and_the_truth_is_told);
ATF_TC_BODY(a_cancel_ends_it_at_once_and_the_truth_is_told, tc)
{
	unsigned calls;

	reset_model(ESIM_MODEM_RESET);
	modem.restarts[ESIM_MODEM_RESET] = true;
	ATF_REQUIRE_EQ(0, settle(true));
	calls = modem.calls;
	for (unsigned at = 1; at <= calls; at++) {
		reset_model(ESIM_MODEM_RESET);
		modem.restarts[ESIM_MODEM_RESET] = true;
		modem.cancel_at = at;
		ATF_CHECK_EQ_MSG(ESIM_ECANCELED, settle(true), "at call %u: %s", at, err.message);
		ATF_CHECK_EQ_MSG(0, modem.after_cancel, "at call %u it went on", at);
		ATF_CHECK(!settled.reported);
		ATF_CHECK_EQ(at > 1, settled.has_iccid);
		ATF_CHECK(strstr(err.message, "cancelled before the modem reported"));
		ATF_CHECK(strstr(err.advice, "has switched"));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, it_is_followed_over_the_bus_wherever_it_leaves);
	ATF_TP_ADD_TC(tp, a_refresh_that_makes_it_re_enumerate_is_survived);
	ATF_TP_ADD_TC(tp, one_that_does_not_come_back_ends_the_climb);
	ATF_TP_ADD_TC(tp, one_that_comes_and_goes_is_not_followed_for_ever);
	ATF_TP_ADD_TC(tp, a_cancel_ends_it_at_once_and_the_truth_is_told);
	return atf_no_error();
}
