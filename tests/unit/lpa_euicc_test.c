/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an LPA asks of a card only where the card can do it: revocation lists, test profiles. */
#include "veuicc_card.h"
#include "es10_card.h"	/* its one error would shadow those of other headers */

#include <esim/lpa.h>

static struct lpa *lpa_of(struct esim_card *card)
{
	const struct lpa_options options = { .card = card };
	struct lpa *lpa = NULL;

	ATF_REQUIRE_EQ_MSG(0, lpa_new(&options, &lpa, &err), "%s", err.message);
	return lpa;
}

/* EUICCInfo2 of a card without any rspCapability. */
static struct esim_card *plain_card(void)
{
	char info2[] = ANSWER_INFO2;
	char *capability = strstr(info2, "880202BC");

	ATF_REQUIRE(capability != NULL);
	memcpy(capability, "88020200", 8);
	return answering(info2);
}

ATF_TC_WITHOUT_HEAD(a_card_without_revocation_lists_is_sent_none);
ATF_TC_BODY(a_card_without_revocation_lists_is_sent_none, tc)
{
	struct esim_card *card = plain_card();
	struct lpa *lpa = lpa_of(card);

	ATF_CHECK_EQ(ESIM_ENOTSUP, lpa_load_crl(lpa, esim_slice("\x30\x00", 2), &err));
	ATF_CHECK_MSG(strstr(err.message, "revocation"), "%s", err.message);
	ATF_CHECK_EQ(ESIM_ENOTSUP, lpa_load_crl(lpa, esim_slice("\x30\x00", 2), &err));
	/* Asked once. */
	CHECK_SENT("BF2200");
	lpa_free(&lpa);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(a_card_with_revocation_lists_judges_them_itself);
ATF_TC_BODY(a_card_with_revocation_lists_judges_them_itself, tc)
{
	struct veuicc_options options = { 0 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct lpa *lpa = lpa_of(card);

	ATF_CHECK_EQ(ESIM_ERESULT, lpa_load_crl(lpa, esim_slice("\x30\x00", 2), &err));
	ATF_CHECK_STREQ("ES10b.LoadCRL", err.function);
	lpa_free(&lpa);
	close_veuicc(&card, &veuicc);
}

ATF_TC_WITHOUT_HEAD(test_profiles_are_reset_where_a_card_has_them);
ATF_TC_BODY(test_profiles_are_reset_where_a_card_has_them, tc)
{
	struct esim_card *card = plain_card();
	struct lpa *lpa = lpa_of(card);
	unsigned all = 0;

	ATF_CHECK_EQ(0, lpa_reset_options(lpa, &all, &err));
	ATF_CHECK_EQ(ES10C_RESET_OPERATIONAL_PROFILES | ES10C_RESET_DEFAULT_SMDP_ADDRESS, all);
	ATF_CHECK_EQ(ESIM_ENOTSUP,
		     lpa_memory_reset(lpa, ES10C_RESET_FIELD_LOADED_TEST_PROFILES, &err));
	ATF_CHECK_MSG(strstr(err.message, "test profiles"), "%s", err.message);
	CHECK_SENT("BF2200");
	lpa_free(&lpa);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(a_card_with_test_profiles_resets_them_with_all_else);
ATF_TC_BODY(a_card_with_test_profiles_resets_them_with_all_else, tc)
{
	struct veuicc_options options = { 0 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct lpa *lpa = lpa_of(card);
	unsigned all = 0;

	ATF_CHECK_EQ(0, lpa_reset_options(lpa, &all, &err));
	ATF_CHECK_EQ(7, all);
	ATF_CHECK_EQ(ESIM_ERESULT, lpa_memory_reset(lpa, all, &err));
	ATF_CHECK_STREQ("nothingToDelete", err.result_name);
	lpa_free(&lpa);
	close_veuicc(&card, &veuicc);
}

ATF_TC_WITHOUT_HEAD(versions_of_card_and_server_are_told_together);
ATF_TC_BODY(versions_of_card_and_server_are_told_together, tc)
{
	const struct es9p_server server = { .server_svn = { 2, 1, 0 } };
	struct veuicc_options options = { 0 };
	struct esim_capabilities caps;
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct lpa *lpa = lpa_of(card);

	ATF_CHECK_EQ(0, lpa_capabilities(lpa, NULL, &caps, &err));
	ATF_CHECK(esim_capable(&caps, ESIM_FEATURE_CANCEL_METADATA_MISMATCH));
	ATF_CHECK_EQ(0, lpa_capabilities(lpa, &server, &caps, &err));
	ATF_CHECK(!esim_capable(&caps, ESIM_FEATURE_CANCEL_METADATA_MISMATCH));
	lpa_free(&lpa);
	close_veuicc(&card, &veuicc);
}

ATF_TC_WITHOUT_HEAD(a_reset_waits_for_a_busy_card);
ATF_TC_BODY(a_reset_waits_for_a_busy_card, tc)
{
	struct veuicc_options options = { .busy = 1 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct lpa *lpa = lpa_of(card);

	/* The second answer is the card's true one. */
	ATF_CHECK_EQ(ESIM_ERESULT, lpa_memory_reset(lpa, ES10C_RESET_OPERATIONAL_PROFILES, &err));
	ATF_CHECK_STREQ("nothingToDelete", err.result_name);
	lpa_free(&lpa);
	close_veuicc(&card, &veuicc);
}

ATF_TC_WITHOUT_HEAD(a_card_that_stays_busy_is_given_up_with_advice);
ATF_TC_BODY(a_card_that_stays_busy_is_given_up_with_advice, tc)
{
	struct veuicc_options options = { .busy = 99 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct lpa *lpa = lpa_of(card);

	ATF_CHECK_EQ(ESIM_EBUSY, lpa_memory_reset(lpa, ES10C_RESET_OPERATIONAL_PROFILES, &err));
	ATF_CHECK_EQ(ESIM_EBUSY, err.code);
	ATF_CHECK_EQ(5, err.es10_result);
	ATF_CHECK_MSG(strstr(err.advice, "reset the modem"), "%s", err.advice);
	lpa_free(&lpa);
	close_veuicc(&card, &veuicc);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_card_without_revocation_lists_is_sent_none);
	ATF_TP_ADD_TC(tp, a_card_with_revocation_lists_judges_them_itself);
	ATF_TP_ADD_TC(tp, test_profiles_are_reset_where_a_card_has_them);
	ATF_TP_ADD_TC(tp, a_card_with_test_profiles_resets_them_with_all_else);
	ATF_TP_ADD_TC(tp, versions_of_card_and_server_are_told_together);
	ATF_TP_ADD_TC(tp, a_reset_waits_for_a_busy_card);
	ATF_TP_ADD_TC(tp, a_card_that_stays_busy_is_given_up_with_advice);
	return atf_no_error();
}
