/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A notification that was kept aside reaches its server without its card, and only if it is whole. */
#include "lpa_fixture.h"

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

/* What a download and a deletion leave on the card: an installation result, and one with certificates. */
static size_t make_notifications(struct lpa_fixture *f, struct esim_pending_notification **ret)
{
	const struct lpa_order order = {
		.source = LPA_ORDER_ADDRESS,
		.smdp_address = FIXTURE_NAME,
		.matching_id = "demo",
		.keep_notification = true,
	};
	struct lpa_download_result result;
	struct esim_profile *profiles = NULL;
	struct esim_error err;
	size_t count = 0;

	ATF_REQUIRE_EQ_MSG(0, lpa_download(f->lpa, &order, &result, &err), "%s", err.message);
	lpa_download_result_clear(&result);
	ATF_REQUIRE_EQ(0, lpa_profiles(f->lpa, &profiles, &count, &err));
	ATF_REQUIRE_EQ(1, count);
	ATF_REQUIRE_EQ_MSG(0, lpa_delete_profile(f->lpa, &profiles[0], &err), "%s", err.message);
	es10c_profiles_free(&profiles, count);
	ATF_REQUIRE_EQ(0, es10b_retrieve_notifications_list(f->card, 0, ret, &count, &err));
	ATF_REQUIRE_EQ(2, count);
	return count;
}

/* As lpad has it for an eUICC that is gone. */
static struct lpa *without_card(struct lpa_fixture *f)
{
	const struct lpa_options options = {
		.http = f->http, .rsp_roots = &f->roots, .device = &f->device, .cancel = f->cancel,
	};
	struct lpa *lpa = NULL;
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(0, lpa_new(&options, &lpa, &err), "%s", err.message);
	return lpa;
}

ATF_TC_WITHOUT_HEAD(each_kind_is_sent_without_its_card);
ATF_TC_BODY(each_kind_is_sent_without_its_card, tc)
{
	struct lpa_fixture f = { 0 };
	struct esim_pending_notification *list = NULL;
	struct esim_notification *left = NULL;
	const struct lpa_step *steps;
	struct esim_error err;
	struct lpa *lpa;
	uint64_t apdus;
	size_t count, left_count, step_count;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	count = make_notifications(&f, &list);
	lpa = without_card(&f);
	apdus = veuicc_apdu_count(f.veuicc);
	for (size_t i = 0; i < count; i++)
		ATF_CHECK_EQ_MSG(0, lpa_post_notification(lpa, &list[i].metadata,
							  esim_buf_slice(&list[i].whole), &err),
				 "%s", err.message);
	ATF_CHECK_EQ(apdus, veuicc_apdu_count(f.veuicc));
	steps = lpa_steps(lpa, &step_count);
	ATF_CHECK_EQ(2, step_count);
	ATF_CHECK_EQ(1, steps[0].requests);
	/* The card's own list is for whoever has the card. */
	ATF_REQUIRE_EQ(0, lpa_list_notifications(f.lpa, &left, &left_count, &err));
	ATF_CHECK_EQ(2, left_count);
	free(left);
	lpa_free(&lpa);
	es10b_pending_notifications_free(&list, count);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(what_was_damaged_on_disk_is_never_sent);
ATF_TC_BODY(what_was_damaged_on_disk_is_never_sent, tc)
{
	struct lpa_fixture f = { 0 };
	struct esim_pending_notification *list = NULL;
	struct esim_http_stats before, after;
	struct esim_error err;
	struct lpa *lpa;
	size_t count;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	count = make_notifications(&f, &list);
	lpa = without_card(&f);
	esim_http_stats(f.http, &before);
	for (size_t i = 0; i < count; i++) {
		struct esim_slice whole = esim_buf_slice(&list[i].whole);
		struct esim_notification other = list[i].metadata;

		for (size_t len = 0; len < whole.len; len += 1 + len / 8)
			ATF_CHECK_EQ_MSG(ESIM_EPROTO,
					 lpa_post_notification(lpa, &other, esim_slice(whole.data, len), &err),
					 "cut to %zu of %zu: %s", len, whole.len, err.message);
		other.seq_number++;
		ATF_CHECK_EQ(ESIM_EPROTO, lpa_post_notification(lpa, &other, whole, &err));
		other = list[i].metadata;
		strcpy(other.address, "elsewhere.example.com");
		ATF_CHECK_EQ(ESIM_EPROTO, lpa_post_notification(lpa, &other, whole, &err));
	}
	/* One that brings its certificates: no bit of what they sign may differ. */
	for (size_t i = 0; i < count; i++) {
		if (list[i].whole.data[0] != 0x30)
			continue;
		list[i].whole.data[list[i].whole.len - 1] ^= 1;
		ATF_CHECK(lpa_post_notification(lpa, &list[i].metadata, esim_buf_slice(&list[i].whole),
						&err) != 0);
	}
	esim_http_stats(f.http, &after);
	ATF_CHECK_EQ(before.requests, after.requests);
	lpa_free(&lpa);
	es10b_pending_notifications_free(&list, count);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_server_that_says_no_has_not_taken_it);
ATF_TC_BODY(a_server_that_says_no_has_not_taken_it, tc)
{
	struct lpa_fixture f = { .server_options.fault = "handleNotification:http=503" };
	struct esim_pending_notification *list = NULL;
	struct esim_error err;
	struct lpa *lpa;
	size_t count;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	count = make_notifications(&f, &list);
	lpa = without_card(&f);
	ATF_CHECK_EQ(ESIM_EHTTP, lpa_post_notification(lpa, &list[0].metadata,
						       esim_buf_slice(&list[0].whole), &err));
	ATF_CHECK_EQ(503, err.http_status);
	ATF_CHECK_MSG(strstr(err.message, "notification "), "%s", err.message);
	lpa_free(&lpa);
	es10b_pending_notifications_free(&list, count);
	lpa_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_kind_is_sent_without_its_card);
	ATF_TP_ADD_TC(tp, what_was_damaged_on_disk_is_never_sent);
	ATF_TP_ADD_TC(tp, a_server_that_says_no_has_not_taken_it);
	return atf_no_error();
}
