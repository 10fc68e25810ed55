/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program is told about the profile that is offered, beyond its metadata. */
#include "lpa_fixture.h"

#include <atf-c.h>

#define TS48_ICCID "89000123456789012341"

ATF_TC_WITHOUT_HEAD(a_public_test_profile_is_told_from_others);
ATF_TC_BODY(a_public_test_profile_is_told_from_others, tc)
{
	struct lpa_fixture f = { .consent = LPA_NO };
	struct esim_error err;

	(void)tc;
	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_order("public", TS48_ICCID, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EREFUSED, lpa_fixture_download(&f, "public", &err));
	ATF_CHECK(f.offered_test_profile);
	ATF_CHECK_EQ(ESIM_EREFUSED, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK(!f.offered_test_profile);
	ATF_CHECK_EQ(2, f.consents);
	lpa_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_public_test_profile_is_told_from_others);
	return atf_no_error();
}
