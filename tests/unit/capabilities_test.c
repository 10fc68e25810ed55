/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a card and a server of some version can do. */
#include <esim/capabilities.h>

#include <atf-c.h>

static struct esim_capabilities of(struct esim_version svn, uint32_t rsp)
{
	struct es10b_euicc_info2 info = { .svn = svn, .rsp_capability = rsp };
	struct esim_capabilities caps;

	esim_capabilities_from_info2(&info, &caps);
	return caps;
}

ATF_TC_WITHOUT_HEAD(bits_of_rsp_capability_decide);
ATF_TC_BODY(bits_of_rsp_capability_decide, tc)
{
	static const struct {
		enum esim_feature feature;
		unsigned bit;
	} bits[] = {
		{ ESIM_FEATURE_LOAD_CRL, 1 }, { ESIM_FEATURE_TEST_PROFILES, 3 },
		{ ESIM_FEATURE_DEVICE_INFO_EXTENSIBILITY, 4 },
	};
	const struct esim_version svn = { 2, 5, 0 };

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		struct esim_capabilities only = of(svn, 1u << bits[i].bit);
		struct esim_capabilities without = of(svn, ~(1u << bits[i].bit)), unknown = only;

		unknown.has_rsp_capability = false;
		ATF_CHECK(esim_capable(&only, bits[i].feature));
		ATF_CHECK(!esim_capable(&without, bits[i].feature));
		ATF_CHECK(!esim_capable(&unknown, bits[i].feature));
	}
}

ATF_TC_WITHOUT_HEAD(versions_of_both_sides_decide);
ATF_TC_BODY(versions_of_both_sides_decide, tc)
{
	struct esim_capabilities old = of((struct esim_version){ 2, 1, 0 }, 0);
	struct esim_capabilities new = of((struct esim_version){ 2, 2, 2 }, 0);
	struct esim_capabilities v3 = of((struct esim_version){ 3, 0, 0 }, 0);

	ATF_CHECK(esim_capable(&v3, ESIM_FEATURE_CANCEL_METADATA_MISMATCH));
	/* A server of which nothing is known does not forbid. */
	ATF_CHECK(esim_capable(&new, ESIM_FEATURE_CANCEL_METADATA_MISMATCH));
	new.server_svn = (struct esim_version){ 2, 1, 0 };
	ATF_CHECK(!esim_capable(&new, ESIM_FEATURE_CANCEL_METADATA_MISMATCH));
	new.server_svn = (struct esim_version){ 2, 2, 2 };
	ATF_CHECK(esim_capable(&new, ESIM_FEATURE_CANCEL_METADATA_MISMATCH));
	ATF_CHECK(!esim_capable(&old, ESIM_FEATURE_CANCEL_METADATA_MISMATCH));
	ATF_CHECK(!esim_capable(&v3, (enum esim_feature)99));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, bits_of_rsp_capability_decide);
	ATF_TP_ADD_TC(tp, versions_of_both_sides_decide);
	return atf_no_error();
}
