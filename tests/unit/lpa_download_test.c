/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a download does when user, server or card do not do as they should, seen
 * from inside: which reason the card hears, what is left, what is reported.
 */
#include "lpa_download.h"
#include "lpa_fixture.h"

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

ATF_TC_WITHOUT_HEAD(each_refusal_has_its_reason);
ATF_TC_BODY(each_refusal_has_its_reason, tc)
{
	static const struct {
		enum lpa_answer answer;
		int reason;
	} cases[] = {
		{ LPA_NO, ES10B_CANCEL_END_USER_REJECTION },
		{ LPA_LATER, ES10B_CANCEL_POSTPONED },
		{ LPA_NO_ANSWER, ES10B_CANCEL_TIMEOUT },
	};
	struct lpa_fixture f = { 0 };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	for (size_t i = 0; i < 3; i++) {
		f.consent = cases[i].answer;
		ATF_CHECK_EQ(ESIM_EREFUSED, lpa_fixture_download(&f, "demo", &err));
		ATF_CHECK_EQ(ESIM_DOMAIN_POLICY, err.domain);
		ATF_CHECK_EQ(cases[i].reason, lpa_fixture_cancel_reason());
	}
	ATF_CHECK(!lpa_fixture_card_saw("BF21"));
	ATF_CHECK_EQ(0, f.notes);
	ATF_CHECK_EQ(0, lpa_fixture_profiles(&f));
	lpa_fixture_stop(&f);
}

static unsigned asked, asked_of_rules;

static enum lpa_answer say_yes(void *context, const struct lpa_offer *offer)
{
	(void)context, (void)offer;
	asked++;
	return LPA_YES;
}

static enum lpa_answer say_yes_to_rules(void *context, const struct lpa_offer *offer)
{
	(void)context, (void)offer;
	asked_of_rules++;
	return LPA_YES;
}

ATF_TC_WITHOUT_HEAD(consent_counts_for_the_same_profile_server_and_rules_alone);
ATF_TC_BODY(consent_counts_for_the_same_profile_server_and_rules_alone, tc)
{
	static const uint8_t one[] = { 0xBF, 0x25, 1, 1 }, two[] = { 0xBF, 0x25, 1, 2 };
	struct lpa lpa = { .options.callbacks = { .consent = say_yes, .ppr_consent = say_yes_to_rules } };
	struct lpa_download_result result = { 0 };
	struct lpa_download d = { .lpa = &lpa, .result = &result, .address = "smdp.example.com" };
	struct esim_error err;

	d.session.answer.profile_metadata = esim_slice(one, sizeof(one));
	for (int session = 0; session < 2; session++) {
		ATF_CHECK_EQ(0, lpa_ask_consent(&d, &err));
		ATF_CHECK_EQ(1, asked);
	}
	strcpy(d.address, "other.example.com");
	ATF_CHECK_EQ(0, lpa_ask_consent(&d, &err));
	ATF_CHECK_EQ(2, asked);
	ATF_CHECK_EQ(0, asked_of_rules);
	d.consent_rules = ESIM_PPR2;
	for (int session = 0; session < 2; session++) {
		ATF_CHECK_EQ(0, lpa_ask_consent(&d, &err));
		ATF_CHECK_EQ(3, asked);
		ATF_CHECK_EQ(1, asked_of_rules);
	}
	d.session.answer.profile_metadata = esim_slice(two, sizeof(two));
	ATF_CHECK_EQ(0, lpa_ask_consent(&d, &err));
	ATF_CHECK_EQ(4, asked);
	esim_buf_free(&d.consented);
}

ATF_TC_WITHOUT_HEAD(policy_rules_are_asked_apart_and_after_consent);
ATF_TC_BODY(policy_rules_are_asked_apart_and_after_consent, tc)
{
	struct lpa_fixture f = { .card_options.rat = "ppr1+ppr2:*:consent", .ppr_consent = LPA_NO };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, "{\"policyRules\": [\"ppr2\"], \"owner\": \"00101\"}");
	lpa_fixture_order("plain", "8944000000000000025", NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EREFUSED, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK_EQ(1, f.consents);
	ATF_CHECK_EQ(1, f.ppr_consents);
	ATF_CHECK_EQ(ES10B_CANCEL_END_USER_REJECTION, lpa_fixture_cancel_reason());

	ATF_CHECK_EQ(0, lpa_fixture_download(&f, "plain", &err));
	ATF_CHECK_EQ(1, f.ppr_consents);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(ppr1_has_no_place_beside_an_operational_profile);
ATF_TC_BODY(ppr1_has_no_place_beside_an_operational_profile, tc)
{
	struct lpa_fixture f = { .card_options.rat = "ppr1+ppr2:*:consent" };
	struct esim_error err;

	lpa_fixture_order("plain", NULL, NULL);
	lpa_fixture_order("ppr1", "8944000000000000025",
			  "{\"policyRules\": [\"ppr1\"], \"owner\": \"00101\"}");
	lpa_fixture_start(&f);
	ATF_REQUIRE_EQ(0, lpa_fixture_download(&f, "plain", &err));
	ATF_CHECK_EQ(ESIM_EREFUSED, lpa_fixture_download(&f, "ppr1", &err));
	ATF_CHECK_EQ(ES10B_CANCEL_PPR_NOT_ALLOWED, lpa_fixture_cancel_reason());
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(metadata_that_changed_in_the_package_stops_the_load);
ATF_TC_BODY(metadata_that_changed_in_the_package_stops_the_load, tc)
{
	struct lpa_fixture f = { .server_options.fault = "getBoundProfilePackage:tamper=metadata" };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EVERIFY, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK_STREQ("profileMetadata", err.check);
	ATF_CHECK_EQ(ES10B_CANCEL_METADATA_MISMATCH, lpa_fixture_cancel_reason());
	ATF_CHECK(!lpa_fixture_card_saw("BF36"));
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(an_old_card_hears_no_reason_that_it_does_not_know);
ATF_TC_BODY(an_old_card_hears_no_reason_that_it_does_not_know, tc)
{
	struct lpa_fixture f = {
		.card_options.svn = VEUICC_SVN_2_0,
		.server_options.fault = "getBoundProfilePackage:tamper=metadata",
	};
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EVERIFY, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK_EQ(ES10B_CANCEL_POSTPONED, lpa_fixture_cancel_reason());
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(for_an_old_server_no_newer_reason_is_signed);
ATF_TC_BODY(for_an_old_server_no_newer_reason_is_signed, tc)
{
	struct lpa_fixture f = {
		.server_options.svn = "2.1",
		.server_options.fault = "getBoundProfilePackage:tamper=metadata",
	};
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EVERIFY, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK_STREQ("profileMetadata", err.check);
	ATF_CHECK_EQ(ES10B_CANCEL_POSTPONED, lpa_fixture_cancel_reason());
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_certificate_of_another_eid_is_refused_where_the_eid_is_known);
ATF_TC_BODY(a_certificate_of_another_eid_is_refused_where_the_eid_is_known, tc)
{
	struct esim_eid eid = { { 0 } };
	struct lpa_fixture f = { .eid = &eid };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EVERIFY, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK_MSG(strstr(err.message, "EID"), "%s", err.message);
	ATF_CHECK(!lpa_fixture_card_saw("BF21"));
	/* It is compared, not read. */
	ATF_CHECK(!lpa_fixture_card_saw("BF3E"));
	eid = *veuicc_eid(f.veuicc);
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	lpa_fixture_stop(&f);
}

/* 5G to EPC, release 15: a field that came with deviceInfoExtensibilitySupport. */
static void download_with_later_field(unsigned svn, bool field_expected)
{
	struct lpa_fixture f = {
		.card_options.svn = svn,
		.device.capabilities = { .gsm = { 15, 0, 0 }, .nr_epc = { 15, 1, 2 } },
	};
	struct esim_error err;

	lpa_fixture_start(&f);
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	ATF_CHECK(lpa_fixture_card_saw("BF22"));
	ATF_CHECK_EQ(field_expected, lpa_fixture_card_has("88030F0102"));
	ATF_CHECK(lpa_fixture_card_has("80030F0000"));
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(later_fields_of_the_device_go_to_cards_that_know_them);
ATF_TC_BODY(later_fields_of_the_device_go_to_cards_that_know_them, tc)
{
	lpa_fixture_order("demo", NULL, NULL);
	download_with_later_field(VEUICC_SVN_2_1, false);
	unlink("card.log");
	download_with_later_field(VEUICC_SVN_2_5, true);
}

ATF_TC_WITHOUT_HEAD(capabilities_are_not_asked_for_without_need);
ATF_TC_BODY(capabilities_are_not_asked_for_without_need, tc)
{
	struct lpa_fixture f = { .device.capabilities = { .gsm = { 15, 0, 0 } } };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	ATF_CHECK(!lpa_fixture_card_saw("BF22"));
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_port_is_refused_before_anything_is_downloaded);
ATF_TC_BODY(a_port_is_refused_before_anything_is_downloaded, tc)
{
	const struct lpa_order order = {
		.source = LPA_ORDER_ADDRESS,
		.smdp_address = FIXTURE_NAME,
		.matching_id = "demo",
		.enable_after = true,
		.enable_how = { .port = 1 },
	};
	struct lpa_download_result result;
	struct lpa_fixture f = { 0 };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_ENOTSUP, lpa_download(f.lpa, &order, &result, &err));
	ATF_CHECK_EQ(0, result.attempts);
	ATF_CHECK_EQ(0, lpa_fixture_profiles(&f));
	lpa_download_result_clear(&result);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(another_iccid_than_expected_is_refused);
ATF_TC_BODY(another_iccid_than_expected_is_refused, tc)
{
	struct lpa_download_result result;
	struct lpa_fixture f = { 0 };
	struct esim_iccid expected;
	const struct lpa_order order = {
		.source = LPA_ORDER_ADDRESS,
		.smdp_address = FIXTURE_NAME,
		.matching_id = "demo",
		.expected_iccid = &expected,
	};
	struct esim_error err;

	ATF_REQUIRE_EQ(0, esim_iccid_parse("8944000000000000025", &expected));
	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EVERIFY, lpa_download(f.lpa, &order, &result, &err));
	ATF_CHECK_STREQ("iccid", err.check);
	ATF_CHECK(!result.installed);
	ATF_CHECK_EQ(0, f.consents);
	lpa_download_result_clear(&result);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_wrong_code_is_asked_again_but_consent_is_not);
ATF_TC_BODY(a_wrong_code_is_asked_again_but_consent_is_not, tc)
{
	struct lpa_fixture f = { .codes = { "0000", "1111", "1234" } };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, "{\"confirmationCode\": \"1234\", \"retries\": 5}");
	lpa_fixture_start(&f);
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	ATF_CHECK_EQ(1, f.consents);
	ATF_CHECK_EQ(3, f.codes_asked);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(no_more_codes_leaves_the_servers_words);
ATF_TC_BODY(no_more_codes_leaves_the_servers_words, tc)
{
	struct lpa_fixture f = { .codes = { "0000" } };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, "{\"confirmationCode\": \"1234\", \"retries\": 5}");
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_ESERVER, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK_STREQ("8.2.7", err.subject_code);
	ATF_CHECK_STREQ("3.8", err.reason_code);
	ATF_CHECK_EQ(ES10B_CANCEL_POSTPONED, lpa_fixture_cancel_reason());
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_code_that_cannot_be_hashed_is_never_sent);
ATF_TC_BODY(a_code_that_cannot_be_hashed_is_never_sent, tc)
{
	struct lpa_download d = { .confirmation_code = "1234" };
	struct esim_error err;

	ATF_CHECK_EQ(0, lpa_hash_confirmation_code(&d, &err));
	/* No transaction id has it: more than the crypto library hashes at once. */
	d.session.initiated.transaction_id.len = (size_t)UINT32_MAX + 1;
	ATF_CHECK_EQ(ESIM_EIO, lpa_hash_confirmation_code(&d, &err));
	ATF_CHECK_EQ(ESIM_DOMAIN_SYSTEM, err.domain);
	ATF_CHECK_MSG(strstr(err.message, "cannot be hashed"), "%s", err.message);
}

/* --- while the package is loaded ------------------------------------------------------------ */

static void cancel_half_way(struct lpa_fixture *f, const struct es10b_load_progress *load)
{
	if (load->segments_done == load->segments / 2)
		esim_cancel_trigger(f->cancel);
}

ATF_TC_WITHOUT_HEAD(an_interrupted_load_is_called_off_and_can_be_repeated);
ATF_TC_BODY(an_interrupted_load_is_called_off_and_can_be_repeated, tc)
{
	struct lpa_download_result result;
	const struct lpa_order order = {
		.source = LPA_ORDER_ADDRESS,
		.smdp_address = FIXTURE_NAME,
		.matching_id = "demo",
	};
	struct lpa_fixture f = { .while_loading = cancel_half_way };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_ECANCELED, lpa_download(f.lpa, &order, &result, &err));
	ATF_CHECK_EQ_MSG(1, f.notes, "%s", f.last_note);
	ATF_CHECK(strstr(f.last_note, "cleaning up"));
	ATF_CHECK_MSG(strstr(err.advice, "another try can work"), "%s", err.advice);
	ATF_CHECK(!result.installed);
	/* Both sides know: by the card's own result, or by CancelSession. */
	ATF_CHECK(result.notification_sent || lpa_fixture_cancel_reason() >= 0);
	lpa_download_result_clear(&result);
	ATF_CHECK(esim_cancel_triggered(f.cancel));

	esim_cancel_clear(f.cancel);
	f.while_loading = NULL;
	ATF_CHECK_EQ(0, lpa_fixture_profiles(&f));
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	ATF_CHECK_EQ(1, lpa_fixture_profiles(&f));
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(an_interrupted_clean_up_is_not_held_again);
ATF_TC_BODY(an_interrupted_clean_up_is_not_held_again, tc)
{
	struct lpa_fixture f = { 0 };
	bool interrupted;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK(!lpa_hold_cancel(f.lpa));
	ATF_CHECK_EQ(0, f.notes);

	/* One interruption: each part of the clean-up works, and the user is told once. */
	esim_cancel_trigger(f.cancel);
	for (int part = 0; part < 2; part++) {
		interrupted = lpa_hold_cancel(f.lpa);
		ATF_CHECK(interrupted);
		ATF_CHECK(!esim_cancel_triggered(f.cancel));
		lpa_restore_cancel(f.lpa, interrupted);
		ATF_CHECK(esim_cancel_triggered(f.cancel));
	}
	ATF_CHECK_EQ(1, f.notes);
	ATF_CHECK(strstr(f.last_note, "interrupt again"));

	/* Another during the next part: what follows does not wait for anything. */
	interrupted = lpa_hold_cancel(f.lpa);
	esim_cancel_trigger(f.cancel);
	lpa_restore_cancel(f.lpa, interrupted);
	ATF_CHECK(!lpa_hold_cancel(f.lpa));
	ATF_CHECK(esim_cancel_triggered(f.cancel));

	/* The handle put back by the caller, all begins anew. */
	esim_cancel_clear(f.cancel);
	ATF_CHECK(!lpa_hold_cancel(f.lpa));
	esim_cancel_trigger(f.cancel);
	ATF_CHECK(lpa_hold_cancel(f.lpa));
	lpa_restore_cancel(f.lpa, true);
	ATF_CHECK_EQ(2, f.notes);
	esim_cancel_clear(f.cancel);
	lpa_fixture_stop(&f);
}

static uint64_t loading_ends_at;

static void note_last_block(struct lpa_fixture *f, const struct es10b_load_progress *load)
{
	(void)load;
	loading_ends_at = veuicc_apdu_count(f->veuicc);
}

/* The number of the APDU that finishes the load on a fresh card, GET RESPONSE excepted. */
static uint64_t number_of_last_block(void)
{
	struct lpa_fixture f = { .while_loading = note_last_block };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_REQUIRE_EQ(0, lpa_fixture_download(&f, "demo", &err));
	lpa_fixture_stop(&f);
	return loading_ends_at;
}

ATF_TC_WITHOUT_HEAD(a_lost_last_answer_is_found_on_the_card);
ATF_TC_BODY(a_lost_last_answer_is_found_on_the_card, tc)
{
	struct lpa_download_result result;
	const struct lpa_order order = {
		.source = LPA_ORDER_ADDRESS,
		.smdp_address = FIXTURE_NAME,
		.matching_id = "demo",
	};
	struct lpa_fixture f = { 0 };
	struct esim_error err;
	char fault[40];

	/* The last block or the GET RESPONSE after it: the card is done in either case. */
	snprintf(fault, sizeof(fault), "mute@%" PRIu64, number_of_last_block());
	f.card_options.fault = fault;
	lpa_fixture_start(&f);
	ATF_CHECK_EQ_MSG(0, lpa_download(f.lpa, &order, &result, &err), "%s", err.message);
	ATF_CHECK(result.installed);
	ATF_CHECK(result.notification_sent);
	ATF_CHECK_EQ(1, f.notes);
	ATF_CHECK_EQ(-1, lpa_fixture_cancel_reason());
	ATF_CHECK_EQ(1, lpa_fixture_profiles(&f));
	lpa_download_result_clear(&result);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_damaged_result_is_read_again_from_the_card);
ATF_TC_BODY(a_damaged_result_is_read_again_from_the_card, tc)
{
	const struct lpa_order order = {
		.source = LPA_ORDER_ADDRESS,
		.smdp_address = FIXTURE_NAME,
		.matching_id = "demo",
	};
	const uint64_t last = number_of_last_block();

	/* Header, fields, signature: whatever byte it is. */
	for (unsigned byte = 0; byte < 160; byte += 9) {
		struct lpa_download_result result;
		struct lpa_fixture f = { 0 };
		struct esim_error err;
		char fault[40];

		snprintf(fault, sizeof(fault), "corrupt=%u@%" PRIu64, byte, last);
		f.card_options.fault = fault;
		lpa_fixture_start(&f);
		ATF_CHECK_EQ_MSG(0, lpa_download(f.lpa, &order, &result, &err), "byte %u: %s", byte,
				 err.message);
		ATF_CHECK(result.installed);
		ATF_CHECK(result.notification_sent);
		lpa_download_result_clear(&result);
		lpa_fixture_stop(&f);
	}
}

ATF_TC_WITHOUT_HEAD(power_lost_while_loading_leaves_no_profile_and_advice);
ATF_TC_BODY(power_lost_while_loading_leaves_no_profile_and_advice, tc)
{
	struct lpa_fixture f = { 0 };
	struct esim_error err;
	char fault[40];

	snprintf(fault, sizeof(fault), "power-loss@%" PRIu64, number_of_last_block() - 5);
	f.card_options.fault = fault;
	lpa_fixture_start(&f);
	ATF_CHECK(lpa_fixture_download(&f, "demo", &err) != 0);
	ATF_CHECK_EQ(ESIM_DOMAIN_TRANSPORT, err.domain);
	ATF_CHECK_MSG(strstr(err.advice, "try again"), "%s", err.advice);
	ATF_CHECK_EQ(0, lpa_fixture_profiles(&f));
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	lpa_fixture_stop(&f);
}

/* --- errors of the card go to the server ------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(the_cards_refusals_keep_their_names);
ATF_TC_BODY(the_cards_refusals_keep_their_names, tc)
{
	static const struct {
		const char *fault, *name;
	} cases[] = {
		{ "result=7@BF38:1", "ciPKUnknown" },
		{ "result=5@BF21:1", "invalidTransactionId" },
	};

	lpa_fixture_order("demo", NULL, NULL);
	for (size_t i = 0; i < 2; i++) {
		struct lpa_fixture f = { .card_options.fault = cases[i].fault };
		struct esim_error err;

		lpa_fixture_start(&f);
		ATF_CHECK_EQ(ESIM_ERESULT, lpa_fixture_download(&f, "demo", &err));
		ATF_CHECK_STREQ(cases[i].name, err.result_name);
		ATF_CHECK_EQ(0, lpa_fixture_profiles(&f));
		ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
		lpa_fixture_stop(&f);
	}
}

ATF_TC_WITHOUT_HEAD(an_smdp_is_no_smds);
ATF_TC_BODY(an_smdp_is_no_smds, tc)
{
	struct es9p_event *events = NULL;
	struct lpa_fixture f = { 0 };
	struct esim_error err;
	size_t count = 0;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EVERIFY, lpa_discover(f.lpa, FIXTURE_NAME, &events, &count, &err));
	ATF_CHECK_STREQ("CERT.DSauth.ECDSA", err.check);
	ATF_CHECK_EQ(NULL, events);
	/* The eUICC signed nothing for it. */
	ATF_CHECK(!lpa_fixture_card_saw("BF38"));
	lpa_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_refusal_has_its_reason);
	ATF_TP_ADD_TC(tp, consent_counts_for_the_same_profile_server_and_rules_alone);
	ATF_TP_ADD_TC(tp, policy_rules_are_asked_apart_and_after_consent);
	ATF_TP_ADD_TC(tp, ppr1_has_no_place_beside_an_operational_profile);
	ATF_TP_ADD_TC(tp, metadata_that_changed_in_the_package_stops_the_load);
	ATF_TP_ADD_TC(tp, an_old_card_hears_no_reason_that_it_does_not_know);
	ATF_TP_ADD_TC(tp, for_an_old_server_no_newer_reason_is_signed);
	ATF_TP_ADD_TC(tp, a_certificate_of_another_eid_is_refused_where_the_eid_is_known);
	ATF_TP_ADD_TC(tp, later_fields_of_the_device_go_to_cards_that_know_them);
	ATF_TP_ADD_TC(tp, capabilities_are_not_asked_for_without_need);
	ATF_TP_ADD_TC(tp, a_port_is_refused_before_anything_is_downloaded);
	ATF_TP_ADD_TC(tp, another_iccid_than_expected_is_refused);
	ATF_TP_ADD_TC(tp, a_wrong_code_is_asked_again_but_consent_is_not);
	ATF_TP_ADD_TC(tp, no_more_codes_leaves_the_servers_words);
	ATF_TP_ADD_TC(tp, a_code_that_cannot_be_hashed_is_never_sent);
	ATF_TP_ADD_TC(tp, an_interrupted_load_is_called_off_and_can_be_repeated);
	ATF_TP_ADD_TC(tp, an_interrupted_clean_up_is_not_held_again);
	ATF_TP_ADD_TC(tp, a_lost_last_answer_is_found_on_the_card);
	ATF_TP_ADD_TC(tp, a_damaged_result_is_read_again_from_the_card);
	ATF_TP_ADD_TC(tp, power_lost_while_loading_leaves_no_profile_and_advice);
	ATF_TP_ADD_TC(tp, the_cards_refusals_keep_their_names);
	ATF_TP_ADD_TC(tp, an_smdp_is_no_smds);
	return atf_no_error();
}
