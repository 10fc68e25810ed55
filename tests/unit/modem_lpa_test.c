/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LPA behind a modem: a switch ends when the modem has followed, or says that it did not; the card's truth is read. */
#include "modem_lpa_rig.h"

static struct esim_error err;

static int enable_second(bool refresh)
{
	const struct es10c_switch how = { .refresh = refresh };

	way.calls = 0;
	esim_error_clear(&err);
	return lpa_enable_profile(way.lpa, &way.second, &how, &err);
}

static bool had_step(const char *name)
{
	size_t count;
	const struct lpa_step *steps = lpa_steps(way.lpa, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(steps[i].name, name) == 0)
			return true;
	return false;
}

/* --- enable ------------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(enabling_ends_at_the_rung_that_the_modem_follows);
ATF_TC_BODY(enabling_ends_at_the_rung_that_the_modem_follows, tc)
{
	static const char *const quirks[] = { "follows=0", "follows=1", "follows=2", "follows=3" };
	const struct esim_modem_settled *settled;

	make_card();
	for (unsigned step = 0; step < ESIM_MODEM_STEPS; step++) {
		start(quirks[step]);
		ATF_CHECK(lpa_settled(way.lpa) == NULL);
		ATF_CHECK_EQ_MSG(0, enable_second(true), "%s: %s", quirks[step], err.message);
		settled = lpa_settled(way.lpa);
		ATF_REQUIRE(settled);
		ATF_CHECK(settled->reported);
		ATF_CHECK_EQ(step, (unsigned)settled->step);
		ATF_CHECK_EQ(step == ESIM_MODEM_RESET, settled->re_enumerated);
		ATF_CHECK(had_step(esim_modem_step_name((enum esim_modem_step)step)));
		ATF_CHECK_STREQ(VRIG_SECOND, vrig_iccid(&way.rig));
		ATF_CHECK(is_enabled(VRIG_SECOND));
		ATF_CHECK(!is_enabled(VRIG_FIRST));
		stop();
	}
}

ATF_TC_WITHOUT_HEAD(a_modem_that_does_not_follow_is_a_failure_that_says_so);
ATF_TC_BODY(a_modem_that_does_not_follow_is_a_failure_that_says_so, tc)
{
	make_card();
	start("follows=4");
	ATF_CHECK_EQ(ESIM_EIO, enable_second(true));
	ATF_CHECK_STREQ("the modem still reports ICCID " VRIG_FIRST
			" (after: REFRESH, UIM power cycle, airplane mode, modem reset)", err.message);
	ATF_REQUIRE(lpa_settled(way.lpa));
	ATF_CHECK(!lpa_settled(way.lpa)->reported);
	/* The card has switched, and answers on. */
	ATF_CHECK(is_enabled(VRIG_SECOND));
	stop();
}

ATF_TC_WITHOUT_HEAD(habits_of_modems_are_survived);
ATF_TC_BODY(habits_of_modems_are_survived, tc)
{
	static const char *const quirks[] = { "reenumerates", "loses-channels", "ready-after=7", "channels=1" };

	make_card();
	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++) {
		start(quirks[i]);
		/* One that reads its card at leisure gets the time. */
		way.policy.step_timeout_ms[ESIM_MODEM_REFRESH] = 20000;
		ATF_CHECK_EQ_MSG(0, enable_second(true), "%s: %s", quirks[i], err.message);
		ATF_CHECK_EQ(ESIM_MODEM_REFRESH, lpa_settled(way.lpa)->step);
		ATF_CHECK_EQ(i == 0, lpa_settled(way.lpa)->re_enumerated);
		ATF_CHECK(is_enabled(VRIG_SECOND));
		stop();
	}
}

ATF_TC_WITHOUT_HEAD(the_refresh_flag_is_the_modems_choice);
ATF_TC_BODY(the_refresh_flag_is_the_modems_choice, tc)
{
	make_card();
	start(NULL);
	way.policy.refresh = ESIM_MODEM_REFRESH_NEVER;
	ATF_CHECK_EQ_MSG(0, enable_second(true), "%s", err.message);
	ATF_CHECK_EQ(ESIM_MODEM_UIM_POWER, lpa_settled(way.lpa)->step);
	ATF_CHECK(!had_step("REFRESH"));
	stop();
	/* By itself, unless it is as asked or the ladder begins with another rung. */
	start(NULL);
	ATF_CHECK_EQ_MSG(0, enable_second(false), "%s", err.message);
	ATF_CHECK_EQ(ESIM_MODEM_REFRESH, lpa_settled(way.lpa)->step);
	stop();
	start(NULL);
	way.policy.refresh = ESIM_MODEM_REFRESH_AS_ASKED;
	ATF_CHECK_EQ_MSG(0, enable_second(false), "%s", err.message);
	ATF_CHECK_EQ(ESIM_MODEM_UIM_POWER, lpa_settled(way.lpa)->step);
	stop();
	start(NULL);
	way.policy.steps = 1u << ESIM_MODEM_AIRPLANE;
	ATF_CHECK_EQ_MSG(0, enable_second(true), "%s", err.message);
	ATF_CHECK_EQ(ESIM_MODEM_AIRPLANE, lpa_settled(way.lpa)->step);
	ATF_CHECK(!had_step("REFRESH"));
	stop();
}

ATF_TC_WITHOUT_HEAD(a_card_that_is_not_ready_after_a_step_is_waited_for);
ATF_TC_BODY(a_card_that_is_not_ready_after_a_step_is_waited_for, tc)
{
	make_card();
	start("follows=1");
	way.busy_opens = 2;
	ATF_CHECK_EQ_MSG(0, enable_second(true), "%s", err.message);
	ATF_CHECK(is_enabled(VRIG_SECOND));
	stop();
}

/* --- disable, and memory reset ------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(after_disabling_the_modem_is_to_report_no_profile);
ATF_TC_BODY(after_disabling_the_modem_is_to_report_no_profile, tc)
{
	const struct es10c_switch how = { .refresh = true };
	struct esim_profile first;

	make_card();
	start("follows=2");
	first = profile_of(VRIG_FIRST);
	ATF_CHECK_EQ_MSG(0, lpa_disable_profile(way.lpa, &first, &how, &err), "%s", err.message);
	ATF_CHECK(lpa_settled(way.lpa)->reported);
	ATF_CHECK(!lpa_settled(way.lpa)->has_iccid);
	ATF_CHECK_EQ(ESIM_MODEM_AIRPLANE, lpa_settled(way.lpa)->step);
	ATF_CHECK(!is_enabled(VRIG_FIRST));
	/* What does not come to the ladder leaves no word of the last climb. */
	ATF_CHECK_EQ(ESIM_ERESULT, lpa_disable_profile(way.lpa, &first, &how, &err));
	ATF_CHECK(lpa_settled(way.lpa) == NULL);
	stop();
}

ATF_TC_WITHOUT_HEAD(after_a_memory_reset_the_modem_is_to_report_what_is_left);
ATF_TC_BODY(after_a_memory_reset_the_modem_is_to_report_what_is_left, tc)
{
	struct esim_profile *profiles = NULL;
	size_t count = 99;

	make_card();
	start("follows=3");
	ATF_CHECK_EQ_MSG(0, lpa_memory_reset(way.lpa, ES10C_RESET_OPERATIONAL_PROFILES, &err), "%s", err.message);
	ATF_REQUIRE(lpa_settled(way.lpa));
	ATF_CHECK(lpa_settled(way.lpa)->reported);
	ATF_CHECK_EQ(ESIM_MODEM_RESET, lpa_settled(way.lpa)->step);
	ATF_CHECK_STREQ("", vrig_iccid(&way.rig));
	ATF_CHECK_EQ_MSG(0, lpa_profiles(way.lpa, &profiles, &count, &err), "%s", err.message);
	ATF_CHECK_EQ(0, count);
	es10c_profiles_free(&profiles, count);
	stop();
}

/* --- what goes wrong on the way ----------------------------------------------------------------- */

/* Which means a modem follows, and the rungs that it has: the first of them, so that nothing waits. */
static const struct variant {
	const char *quirk;
	unsigned steps;
} variants[] = {
	{ NULL, 1u << ESIM_MODEM_REFRESH },
	{ "follows=1", 1u << ESIM_MODEM_UIM_POWER },
	{ "follows=3", 1u << ESIM_MODEM_RESET },
	{ "reenumerates", 1u << ESIM_MODEM_REFRESH },
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static void start_variant(const struct variant *variant)
{
	start(variant->quirk);
	way.policy.steps = variant->steps;
}

/* How many calls of the modem an enable takes that goes well. */
static unsigned calls_of_enable(const struct variant *variant)
{
	unsigned calls;

	start_variant(variant);
	ATF_REQUIRE_EQ_MSG(0, enable_second(true), "%s", err.message);
	calls = way.calls;
	stop();
	return calls;
}

/* The report is the truth, and a second try of what was not done succeeds. */
static void check_truth(int rc, unsigned at)
{
	const bool enabled = is_enabled(VRIG_SECOND);

	if (!rc) {
		ATF_CHECK_MSG(enabled, "call %u: said to be enabled", at);
		ATF_CHECK_STREQ(VRIG_SECOND, vrig_iccid(&way.rig));
	} else {
		ATF_CHECK_MSG(err.message[0], "call %u", at);
		if (!enabled)
			ATF_CHECK_EQ_MSG(0, enable_second(true), "call %u, again: %s", at, err.message);
		ATF_CHECK(is_enabled(VRIG_SECOND));
	}
}

/* A user would open the device again. */
static void open_again(void)
{
	struct esim_error ignored;

	if (vmodem_bus(way.rig.modem) != VMODEM_BUS_THERE)
		way_reopen(NULL, 0, NULL);
	ATF_REQUIRE_EQ_MSG(0, esim_card_reselect(way.card, &ignored), "%s", ignored.message);
}

/* An enable in which something goes wrong at call @at, by @set; how it ended. */
static int go_wrong(const struct variant *variant, unsigned *set, unsigned at)
{
	int rc;

	start_variant(variant);
	*set = at;
	rc = enable_second(true);
	*set = 0;
	if (rc)
		open_again();
	check_truth(rc, at);
	stop();
	return rc;
}

ATF_TC_WITHOUT_HEAD(a_modem_that_leaves_at_any_call_of_an_enable_leaves_the_truth);
ATF_TC_BODY(a_modem_that_leaves_at_any_call_of_an_enable_leaves_the_truth, tc)
{
	make_card();
	for (size_t i = 0; i < VARIANTS; i++) {
		const unsigned calls = calls_of_enable(&variants[i]);
		unsigned failed = 0;

		for (unsigned at = 1; at <= calls; at++)
			failed += go_wrong(&variants[i], &way.vanish_at, at) != 0;
		ATF_CHECK_EQ_MSG(0, failed, "%s: %u of %u", variants[i].quirk, failed, calls);
	}
}

ATF_TC_WITHOUT_HEAD(an_answer_that_is_lost_at_any_call_of_an_enable_leaves_the_truth);
ATF_TC_BODY(an_answer_that_is_lost_at_any_call_of_an_enable_leaves_the_truth, tc)
{
	make_card();
	for (size_t i = 0; i < VARIANTS; i++) {
		const unsigned calls = calls_of_enable(&variants[i]);
		unsigned failed = 0;

		for (unsigned at = 1; at <= calls; at++)
			failed += go_wrong(&variants[i], &way.lose_at, at) != 0;
		ATF_CHECK_EQ_MSG(0, failed, "%s: %u of %u", variants[i].quirk, failed, calls);
	}
}

ATF_TC_WITHOUT_HEAD(the_answer_to_the_switch_itself_is_not_needed);
ATF_TC_BODY(the_answer_to_the_switch_itself_is_not_needed, tc)
{
	make_card();
	start(NULL);
	/* What it reports is asked first; then comes ES10c.EnableProfile. */
	way.lose_at = 2;
	ATF_CHECK_EQ_MSG(0, enable_second(true), "%s", err.message);
	ATF_CHECK(lpa_settled(way.lpa)->reported);
	ATF_CHECK(is_enabled(VRIG_SECOND));
	stop();
}

/* With what goes wrong at call @at, by @set; returns how many calls it took. */
static unsigned memory_reset(unsigned *set, unsigned at)
{
	struct esim_profile *profiles = NULL;
	size_t count = 99;
	unsigned calls;

	start(NULL);
	*set = at;
	ATF_CHECK_EQ_MSG(0, lpa_memory_reset(way.lpa, ES10C_RESET_OPERATIONAL_PROFILES, &err), "call %u: %s", at,
			 err.message);
	*set = 0;
	calls = way.calls;
	ATF_CHECK_EQ_MSG(0, lpa_profiles(way.lpa, &profiles, &count, &err), "call %u: %s", at, err.message);
	ATF_CHECK_EQ_MSG(0, count, "call %u", at);
	es10c_profiles_free(&profiles, count);
	stop();
	return calls;
}

ATF_TC_WITHOUT_HEAD(a_memory_reset_whose_answer_is_lost_is_told_as_what_it_was);
ATF_TC_BODY(a_memory_reset_whose_answer_is_lost_is_told_as_what_it_was, tc)
{
	unsigned calls;

	make_card();
	calls = memory_reset(&way.lose_at, 0);
	for (unsigned at = 1; at <= calls; at++) {
		memory_reset(&way.lose_at, at);
		memory_reset(&way.vanish_at, at);
	}
}

ATF_TC_WITHOUT_HEAD(a_user_who_has_had_enough_is_told_that_the_card_has_switched);
ATF_TC_BODY(a_user_who_has_had_enough_is_told_that_the_card_has_switched, tc)
{
	make_card();
	start("follows=3");
	way.cancel_in = "airplane mode";
	ATF_CHECK_EQ(ESIM_ECANCELED, enable_second(true));
	ATF_CHECK_STREQ("cancelled before the modem reported the new profile (after: REFRESH, UIM power cycle)",
			err.message);
	ATF_CHECK(strstr(err.advice, "has switched"));
	ATF_REQUIRE(lpa_settled(way.lpa));
	ATF_CHECK(!lpa_settled(way.lpa)->reported);
	esim_cancel_clear(way.cancel);
	open_again();
	ATF_CHECK(is_enabled(VRIG_SECOND));
	stop();
}

/* --- what servers are told ---------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(device_information_is_the_modems_and_nothing_is_made_up);
ATF_TC_BODY(device_information_is_the_modems_and_nothing_is_made_up, tc)
{
	static const uint8_t tac[] = { 0x94, 0x10, 0x45, 0x02 };
	static const uint8_t nothing[4] = { 0 };
	const struct es10b_device_info *device;

	make_card();
	start(NULL);
	way.imei = "490154203237518";
	device = lpa_device(way.lpa);
	ATF_CHECK(device->has_imei);
	ATF_CHECK_EQ(0, memcmp(device->tac, tac, sizeof(tac)));
	ATF_CHECK_EQ(15, device->capabilities.eutran_epc.major);
	ATF_CHECK_EQ(0, device->capabilities.utran.major);
	ATF_CHECK(device->capabilities.form_factor_known && device->capabilities.is_euicc_form_factor_removable);
	ATF_CHECK_EQ(0, way.notes);
	lpa_device(way.lpa);
	ATF_CHECK_EQ_MSG(1, way.facts_asked, "it is asked once");
	stop();
	for (int i = 0; i < 2; i++) {
		start(NULL);
		/* None, and one whose check digit is wrong. */
		way.imei = i ? "490154203237510" : NULL;
		device = lpa_device(way.lpa);
		ATF_CHECK(!device->has_imei);
		ATF_CHECK_EQ(0, memcmp(device->tac, nothing, sizeof(nothing)));
		ATF_CHECK_EQ(15, device->capabilities.eutran_epc.major);
		ATF_CHECK_EQ(1, way.notes);
		ATF_CHECK_MSG(strstr(way.last_note, "the server is told no IMEI: "), "%s", way.last_note);
		stop();
	}
}

ATF_TC_WITHOUT_HEAD(the_users_imei_counts);
ATF_TC_BODY(the_users_imei_counts, tc)
{
	struct lpa_options options = { .callbacks = { .note = take_note } };
	struct es10b_device_info device;
	const struct es10b_device_info *told;
	struct lpa *lpa;

	make_card();
	start(NULL);
	way.imei = "490154203237518";
	ATF_REQUIRE_EQ(0, lpa_device_info_from_imei("352099001761481", &device, &err));
	options.card = way.card;
	options.device = &device;
	ATF_REQUIRE_EQ(0, lpa_new(&options, &lpa, &err));
	told = lpa_device(lpa);
	ATF_CHECK(told->has_imei);
	ATF_CHECK_EQ(0, memcmp(told->imei, device.imei, sizeof(device.imei)));
	ATF_CHECK_EQ(0, memcmp(told->tac, device.tac, sizeof(device.tac)));
	ATF_CHECK_EQ(15, told->capabilities.eutran_epc.major);
	lpa_free(&lpa);
	stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, enabling_ends_at_the_rung_that_the_modem_follows);
	ATF_TP_ADD_TC(tp, a_modem_that_does_not_follow_is_a_failure_that_says_so);
	ATF_TP_ADD_TC(tp, habits_of_modems_are_survived);
	ATF_TP_ADD_TC(tp, the_refresh_flag_is_the_modems_choice);
	ATF_TP_ADD_TC(tp, a_card_that_is_not_ready_after_a_step_is_waited_for);
	ATF_TP_ADD_TC(tp, after_disabling_the_modem_is_to_report_no_profile);
	ATF_TP_ADD_TC(tp, after_a_memory_reset_the_modem_is_to_report_what_is_left);
	ATF_TP_ADD_TC(tp, a_modem_that_leaves_at_any_call_of_an_enable_leaves_the_truth);
	ATF_TP_ADD_TC(tp, an_answer_that_is_lost_at_any_call_of_an_enable_leaves_the_truth);
	ATF_TP_ADD_TC(tp, the_answer_to_the_switch_itself_is_not_needed);
	ATF_TP_ADD_TC(tp, a_memory_reset_whose_answer_is_lost_is_told_as_what_it_was);
	ATF_TP_ADD_TC(tp, a_user_who_has_had_enough_is_told_that_the_card_has_switched);
	ATF_TP_ADD_TC(tp, device_information_is_the_modems_and_nothing_is_made_up);
	ATF_TP_ADD_TC(tp, the_users_imei_counts);
	return atf_no_error();
}
