/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which profile a person means. */
#include <esim/lpa.h>

#include <atf-c.h>
#include <string.h>

static struct esim_profile profiles[4];

static void set(size_t i, const char *iccid, const char *nickname, uint8_t aid)
{
	ATF_REQUIRE_EQ(0, esim_iccid_parse(iccid, &profiles[i].iccid));
	strcpy(profiles[i].nickname, nickname);
	profiles[i].isdp_aid = (struct esim_aid_value){ .bytes = { 0xA0, aid }, .len = 2 };
}

static void fill(void)
{
	set(0, "8944000000000000017", "home", 1);
	set(1, "8944000000000000025", "", 2);
	set(2, "89410000000000000032", "home", 3);
	set(3, "894400000000000001", "8941", 4);
}

/* The index found, or the code. */
static int select_by(const char *text)
{
	const struct esim_profile *found = NULL;
	struct esim_error err;
	int rc = lpa_select_profile(profiles, 4, text, &found, &err);

	if (rc) {
		ATF_CHECK_EQ(NULL, found);
		ATF_CHECK(err.message[0]);
		ATF_CHECK(err.advice[0]);
		return rc;
	}
	return (int)(found - profiles);
}

ATF_TC_WITHOUT_HEAD(a_whole_iccid_wins_over_a_longer_one_that_begins_so);
ATF_TC_BODY(a_whole_iccid_wins_over_a_longer_one_that_begins_so, tc)
{
	fill();
	ATF_CHECK_EQ(3, select_by("894400000000000001"));
	ATF_CHECK_EQ(0, select_by("8944000000000000017"));
}

ATF_TC_WITHOUT_HEAD(a_nickname_wins_over_a_prefix);
ATF_TC_BODY(a_nickname_wins_over_a_prefix, tc)
{
	fill();
	ATF_CHECK_EQ(3, select_by("8941"));
	ATF_CHECK_EQ(2, select_by("89410"));
}

ATF_TC_WITHOUT_HEAD(an_aid_is_found);
ATF_TC_BODY(an_aid_is_found, tc)
{
	fill();
	ATF_CHECK_EQ(1, select_by("A002"));
	ATF_CHECK_EQ(1, select_by("a002"));
	ATF_CHECK_EQ(ESIM_ENOENT, select_by("A00201"));
}

ATF_TC_WITHOUT_HEAD(what_fits_several_or_none_is_refused);
ATF_TC_BODY(what_fits_several_or_none_is_refused, tc)
{
	fill();
	ATF_CHECK_EQ(ESIM_EINVAL, select_by("8944"));
	ATF_CHECK_EQ(ESIM_EINVAL, select_by("home"));
	ATF_CHECK_EQ(ESIM_EINVAL, select_by("8"));
	ATF_CHECK_EQ(ESIM_ENOENT, select_by(""));
	ATF_CHECK_EQ(ESIM_ENOENT, select_by("nobody"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_whole_iccid_wins_over_a_longer_one_that_begins_so);
	ATF_TP_ADD_TC(tp, a_nickname_wins_over_a_prefix);
	ATF_TP_ADD_TC(tp, an_aid_is_found);
	ATF_TP_ADD_TC(tp, what_fits_several_or_none_is_refused);
	return atf_no_error();
}
