/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of steps: in order, each with its name, bounded. */
#include <esim/lpa.h>

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

static struct lpa *new_lpa(void)
{
	const struct lpa_options options = { 0 };
	struct lpa *lpa = NULL;
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(0, lpa_new(&options, &lpa, &err), "%s", err.message);
	return lpa;
}

ATF_TC_WITHOUT_HEAD(steps_keep_their_order_and_the_last_one_collects_what_is_too_much);
ATF_TC_BODY(steps_keep_their_order_and_the_last_one_collects_what_is_too_much, tc)
{
	struct lpa *lpa = new_lpa();
	const struct lpa_step *steps;
	size_t count = 99;
	char name[16];

	lpa_steps(lpa, &count);
	ATF_CHECK_EQ(0, count);
	for (unsigned i = 0; i < 2 * LPA_MAX_STEPS; i++) {
		snprintf(name, sizeof(name), "step %u", i);
		lpa_step(lpa, name);
		lpa_step(lpa, NULL);
	}
	steps = lpa_steps(lpa, &count);
	ATF_REQUIRE_EQ(LPA_MAX_STEPS, count);
	for (unsigned i = 0; i < LPA_MAX_STEPS - 1; i++) {
		snprintf(name, sizeof(name), "step %u", i);
		ATF_CHECK_STREQ(name, steps[i].name);
	}
	snprintf(name, sizeof(name), "step %u", 2 * LPA_MAX_STEPS - 1);
	ATF_CHECK_STREQ(name, steps[LPA_MAX_STEPS - 1].name);
	for (unsigned i = 0; i < LPA_MAX_STEPS; i++)
		ATF_CHECK_EQ(0, steps[i].apdus);
	lpa_free(&lpa);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, steps_keep_their_order_and_the_last_one_collects_what_is_too_much);
	return atf_no_error();
}
