/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs of lpad on a lane: what each leaves on the card, on disk and at the server. */
#include "lpad_fixture.h"

#include <esim/tlv.h>
#include <esim/trust.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t profiles(struct lpad_fixture *f)
{
	struct snapshot s;
	size_t count;

	lpad_truth(f, &s);
	count = s.profile_count;
	snapshot_clear(&s);
	return count;
}

static enum esim_profile_state state(struct lpad_fixture *f)
{
	enum esim_profile_state now;
	struct snapshot s;

	lpad_truth(f, &s);
	ATF_REQUIRE_EQ(1, s.profile_count);
	now = s.profiles[0].state;
	snapshot_clear(&s);
	return now;
}

/* --- download ---------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_download_leaves_its_result_to_the_outbox);
ATF_TC_BODY(a_download_leaves_its_result_to_the_outbox, tc)
{
	struct lpad_fixture f = { 0 };

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	ATF_CHECK_EQ(1, f.consents);
	ATF_CHECK_STREQ("", lpad_server_numbers());
	ATF_CHECK(!lpad_session_is_open(&f));
	ATF_CHECK_EQ(1, profiles(&f));
	ATF_CHECK_EQ(1, lpad_outbox_files(&f, ".tlv"));
	ATF_CHECK_EQ(0, lpad_card_saw("BF30"));
	ATF_CHECK_EQ_MSG(0, lpad_deliver(&f, NULL), "%s", f.err.message);
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	ATF_CHECK_EQ(1, lpad_card_saw("BF30"));
	ATF_CHECK_EQ(0, lpad_outbox_files(&f, ""));
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_server_that_dies_at_any_step_leaves_nothing_open);
ATF_TC_BODY(a_server_that_dies_at_any_step_leaves_nothing_open, tc)
{
	static const char *const faults[] = {
		"initiateAuthentication:close", "authenticateClient:close", "getBoundProfilePackage:close",
		"getBoundProfilePackage:truncate=500", "authenticateClient:close,cancelSession:close",
	};
	struct lpad_fixture f = { 0 };

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		lpad_server_stop(&f);
		lpad_server_start(&f, faults[i]);
		card_session_free(&f.session);
		f.session = card_session_new(f.context);
		ATF_CHECK_MSG(lpad_download(&f, "demo") < 0, "%s", faults[i]);
		ATF_CHECK_EQ_MSG(0, profiles(&f), "%s", faults[i]);
		ATF_CHECK_MSG(!lpad_session_is_open(&f), "%s", faults[i]);
	}
	lpad_server_stop(&f);
	lpad_server_start(&f, NULL);
	card_session_free(&f.session);
	f.session = card_session_new(f.context);
	ATF_CHECK_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_fixture_stop(&f);
}

static int download_by_call(struct lpad_fixture *f)
{
	struct work_download work = {
		.order = { .source = LPA_ORDER_ADDRESS, .smdp_address = FIXTURE_NAME, .matching_id = "demo" },
		.consented = true,
	};
	int rc = work_download(f->session, &f->target, &f->hooks, &work, &f->err);

	lpa_download_result_clear(&work.result);
	return rc;
}

ATF_TC_WITHOUT_HEAD(a_call_is_consent_to_the_profile_and_never_to_its_policy_rules);
ATF_TC_BODY(a_call_is_consent_to_the_profile_and_never_to_its_policy_rules, tc)
{
	struct lpad_fixture f = { .consent = LPA_NO };

	lpa_fixture_order("demo", NULL, "{\"policyRules\": [\"ppr2\"], \"owner\": \"00101\"}");
	lpad_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EREFUSED, download_by_call(&f));
	ATF_CHECK_MSG(strstr(f.err.message, "policy rules") && strstr(f.err.advice, "interactively"),
		      "%s; %s", f.err.message, f.err.advice);
	ATF_CHECK_EQ(2, lpa_fixture_cancel_reason());
	ATF_CHECK_EQ(0, profiles(&f));

	lpa_fixture_order("demo", NULL, NULL);
	ATF_REQUIRE_EQ(0, remove("profiles/demo.json"));
	lpad_server_stop(&f);
	lpad_server_start(&f, NULL);
	card_session_free(&f.session);
	f.session = card_session_new(f.context);
	ATF_CHECK_EQ_MSG(0, download_by_call(&f), "%s", f.err.message);
	ATF_CHECK_EQ(0, f.consents + f.ppr_consents);
	lpad_fixture_stop(&f);
}

static void cancel_at_prepare(struct lpad_fixture *f, const char *step)
{
	if (strcmp(step, "ES10b.PrepareDownload") == 0)
		esim_cancel_trigger(f->cancel);
}

ATF_TC_WITHOUT_HEAD(a_cancelled_download_says_why);
ATF_TC_BODY(a_cancelled_download_says_why, tc)
{
	struct lpad_fixture f = { .at_step = cancel_at_prepare, .why_cancelled = LPA_NO };

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_ECANCELED, lpad_download(&f, "demo"));
	ATF_CHECK_EQ(0, lpa_fixture_cancel_reason());
	ATF_CHECK(!lpad_session_is_open(&f));
	/* The truth after it is none of the job's, and a handle that fired stops the next one at once. */
	ATF_CHECK_EQ(0, profiles(&f));
	ATF_CHECK_EQ(ESIM_ECANCELED, lpad_download(&f, "demo"));
	esim_cancel_clear(f.cancel);
	f.why_cancelled = LPA_LATER;
	ATF_CHECK_EQ(ESIM_ECANCELED, lpad_download(&f, "demo"));
	ATF_CHECK_EQ(1, lpa_fixture_cancel_reason());
	esim_cancel_clear(f.cancel);
	f.at_step = NULL;
	ATF_CHECK_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_fixture_stop(&f);
}

/* A directory of its name: the file cannot take its place. */
static void bar_journal(struct lpad_fixture *f)
{
	char eid[ESIM_EID_DIGITS + 1], command[256];

	ATF_REQUIRE_EQ(0, esim_eid_format(&f->target.eid, eid));
	snprintf(command, sizeof(command), "mkdir -p state/euicc/%s/session.json/x", eid);
	ATF_REQUIRE_EQ(0, system(command));
}

ATF_TC_WITHOUT_HEAD(a_step_that_cannot_be_written_down_is_not_taken);
ATF_TC_BODY(a_step_that_cannot_be_written_down_is_not_taken, tc)
{
	struct lpad_fixture f = { 0 };

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	bar_journal(&f);
	ATF_CHECK(lpad_download(&f, "demo") < 0);
	ATF_CHECK_MSG(strstr(f.err.message, "session.json"), "%s", f.err.message);
	ATF_CHECK_EQ(0, lpad_card_saw("BF38"));
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(roots_that_the_euicc_does_not_list_are_not_trusted);
ATF_TC_BODY(roots_that_the_euicc_does_not_list_are_not_trusted, tc)
{
	struct lpad_fixture f = { .no_roots = true };

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EVERIFY, lpad_download(&f, "demo"));
	ATF_CHECK_STREQ("CERT.CI.ECDSA", f.err.check);
	ATF_CHECK_MSG(strstr(f.err.advice, "CiRoots"), "%s", f.err.advice);
	lpad_fixture_stop(&f);
}

/* --- profiles --------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_profile_is_enabled_disabled_named_and_deleted);
ATF_TC_BODY(a_profile_is_enabled_disabled_named_and_deleted, tc)
{
	const struct es10c_switch refresh = { .refresh = true };
	struct lpad_fixture f = { 0 };
	struct esim_iccid iccid;
	struct snapshot s;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ(0, esim_iccid_parse(LPAD_ICCID, &iccid));
	ATF_CHECK_EQ(ESIM_ENOENT, lpad_switch(&f, WORK_ENABLE));
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	ATF_CHECK_EQ_MSG(0, lpad_switch(&f, WORK_ENABLE), "%s", f.err.message);
	ATF_CHECK_EQ(ESIM_PROFILE_ENABLED, state(&f));
	ATF_CHECK_EQ(ESIM_ERESULT, lpad_switch(&f, WORK_ENABLE));
	ATF_CHECK_EQ(0, work_switch(f.session, &f.target, &f.hooks, WORK_DISABLE, &iccid, &refresh, &f.err));
	ATF_CHECK_EQ(ESIM_PROFILE_DISABLED, state(&f));
	ATF_CHECK_EQ(0, work_nickname(f.session, &f.target, &f.hooks, &iccid, "holiday", &f.err));
	lpad_truth(&f, &s);
	ATF_CHECK_STREQ("holiday", json_string_value(json_object_get(s.profiles[0].details, "profileNickname")));
	snapshot_clear(&s);
	ATF_CHECK_EQ_MSG(0, lpad_switch(&f, WORK_DELETE), "%s", f.err.message);
	ATF_CHECK_EQ(0, profiles(&f));
	ATF_CHECK_EQ_MSG(0, lpad_deliver(&f, NULL), "%s", f.err.message);
	ATF_CHECK_STREQ("0 1 2 3", lpad_server_numbers());
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_memory_reset_takes_profiles_and_what_is_owed_stays);
ATF_TC_BODY(a_memory_reset_takes_profiles_and_what_is_owed_stays, tc)
{
	struct lpad_fixture f = { 0 };
	unsigned options = 0;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	ATF_CHECK_EQ(1, profiles(&f));
	ATF_CHECK_EQ_MSG(0, work_reset(f.session, &f.target, &f.hooks, &options, &f.err), "%s", f.err.message);
	ATF_CHECK_MSG(options & ES10C_RESET_OPERATIONAL_PROFILES, "it does not say what it took: %x", options);
	ATF_CHECK_EQ(0, profiles(&f));
	ATF_CHECK_EQ_MSG(0, lpad_deliver(&f, NULL), "%s", f.err.message);
	ATF_CHECK_STREQ("0 1", lpad_server_numbers());
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(tasks_after_each_other_share_the_card_and_its_connection);
ATF_TC_BODY(tasks_after_each_other_share_the_card_and_its_connection, tc)
{
	struct esim_http_stats stats;
	struct lpad_fixture f = { 0 };
	struct esim_card *card;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	card = card_session_card(f.session);
	ATF_CHECK_EQ(1, profiles(&f));
	ATF_CHECK_EQ(0, lpad_deliver(&f, NULL));
	ATF_CHECK_EQ(card, card_session_card(f.session));
	ATF_CHECK_EQ(1, lpad_card_saw("BF3E"));
	esim_http_stats(card_session_http(f.session), &stats);
	ATF_CHECK_EQ(1, stats.connections);
	/* One that failed on its way is not used again. */
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card.veuicc, "power-loss@BF31:1", &f.err));
	ATF_CHECK(lpad_switch(&f, WORK_ENABLE) < 0);
	ATF_CHECK(!card_session_card(f.session));
	ATF_CHECK_EQ_MSG(0, lpad_switch(&f, WORK_ENABLE), "%s", f.err.message);
	lpad_fixture_stop(&f);
}

/* A process that died left the card's channels open: APDU 3 asks for one. */
ATF_TC_WITHOUT_HEAD(a_card_without_a_free_channel_is_reset);
ATF_TC_BODY(a_card_without_a_free_channel_is_reset, tc)
{
	struct lpad_fixture f = { .card_options.fault = "sw=6A81@3" };

	lpad_fixture_start(&f);
	ATF_CHECK_EQ(0, profiles(&f));
	card_session_close_card(f.session);
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card.veuicc, "sw=6A81@1+", &f.err));
	ATF_CHECK_EQ(ESIM_ESW, lpad_switch(&f, WORK_ENABLE));
	lpad_fixture_stop(&f);
}

/* --- discovery and attestation ---------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(the_root_smds_is_asked_where_none_is_named);
ATF_TC_BODY(the_root_smds_is_asked_where_none_is_named, tc)
{
	struct lpad_fixture f = { 0 };
	struct es9p_event *events = NULL;
	size_t count = 0;

	lpa_fixture_order("demo", NULL, "{\"event\": \"EVENT1\"}");
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, work_discover(f.session, &f.target, &f.hooks, "", &events, &count, &f.err),
			   "%s", f.err.message);
	ATF_REQUIRE_EQ(1, count);
	ATF_CHECK_STREQ(FIXTURE_NAME, events[0].server_address);
	ATF_CHECK(!lpad_session_is_open(&f));
	free(events);
	lpad_fixture_stop(&f);
}

static struct esim_slice octets(const json_t *object, const char *name, uint8_t *to, size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));
	size_t len = 0;

	ATF_REQUIRE(text != NULL);
	ATF_REQUIRE_EQ(0, esim_hex_decode(text, to, size, &len));
	return esim_slice(to, len);
}

/* With nothing but what was given, and the CI. */
static void verify_attestation(struct lpad_fixture *f, const json_t *object)
{
	uint8_t signed1[4096], signature1[128], euicc[4096], eum[4096];
	struct esim_slice covered = octets(object, "euiccSigned1", signed1, sizeof(signed1));
	struct esim_slice signature = octets(object, "euiccSignature1", signature1, sizeof(signature1));
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_EUICC, .now = time(NULL) };
	const char *matching_id = json_string_value(json_object_get(object, "matchingId"));
	struct esim_cert chain[2];
	struct esim_tlv tlv;

	ATF_REQUIRE_EQ(0, esim_cert_parse(octets(object, "euiccCertificate", euicc, sizeof(euicc)),
					  &chain[0], &f->err));
	ATF_REQUIRE_EQ(0, esim_cert_parse(octets(object, "eumCertificate", eum, sizeof(eum)),
					  &chain[1], &f->err));
	ATF_CHECK_EQ_MSG(0, esim_chain_verify(chain, 2, &f->context->rsp_roots, &rules, NULL, &f->err),
			 "%s", f->err.message);
	ATF_REQUIRE_EQ(1, esim_tlv_next(&signature, &tlv));
	ATF_CHECK_EQ(0, esim_signature_verify(&chain[0].key, covered, tlv.value));
	ATF_CHECK_STREQ("0102030405060708", matching_id);
	ATF_CHECK(memmem(covered.data, covered.len, matching_id, strlen(matching_id)) != NULL);
}

ATF_TC_WITHOUT_HEAD(an_attestation_can_be_verified_by_whom_it_is_given_to);
ATF_TC_BODY(an_attestation_can_be_verified_by_whom_it_is_given_to, tc)
{
	static const uint8_t nonce[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct lpad_fixture f = { .card_options.default_smdp = FIXTURE_NAME };
	json_t *object = NULL;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, work_attest(f.session, &f.target, &f.hooks, esim_slice(nonce, sizeof(nonce)),
					  &object, &f.err), "%s", f.err.message);
	verify_attestation(&f, object);
	ATF_CHECK(!lpad_session_is_open(&f));
	ATF_CHECK_EQ(ESIM_EINVAL, work_attest(f.session, &f.target, &f.hooks, esim_slice(nonce, 3), &object,
					      &f.err));
	json_decref(object);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_channel_is_lent_by_the_kernels_device_alone);
ATF_TC_BODY(a_channel_is_lent_by_the_kernels_device_alone, tc)
{
	static const uint8_t aid[] = { 0xA0, 0, 0, 0, 0x87 };
	struct lpad_fixture f = { 0 };
	int fd = -1;

	lpad_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_ENOTSUP, work_open_channel(f.session, &f.target, esim_slice(aid, sizeof(aid)), &fd,
						     &f.err));
	f.target.uri[0] = '\0';
	ATF_CHECK_EQ(ESIM_ENODEV, work_open_channel(f.session, &f.target, esim_slice(aid, sizeof(aid)), &fd,
						    &f.err));
	ATF_CHECK_EQ(-1, fd);
	lpad_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_download_leaves_its_result_to_the_outbox);
	ATF_TP_ADD_TC(tp, a_server_that_dies_at_any_step_leaves_nothing_open);
	ATF_TP_ADD_TC(tp, a_call_is_consent_to_the_profile_and_never_to_its_policy_rules);
	ATF_TP_ADD_TC(tp, a_cancelled_download_says_why);
	ATF_TP_ADD_TC(tp, a_step_that_cannot_be_written_down_is_not_taken);
	ATF_TP_ADD_TC(tp, roots_that_the_euicc_does_not_list_are_not_trusted);
	ATF_TP_ADD_TC(tp, a_profile_is_enabled_disabled_named_and_deleted);
	ATF_TP_ADD_TC(tp, a_memory_reset_takes_profiles_and_what_is_owed_stays);
	ATF_TP_ADD_TC(tp, tasks_after_each_other_share_the_card_and_its_connection);
	ATF_TP_ADD_TC(tp, a_card_without_a_free_channel_is_reset);
	ATF_TP_ADD_TC(tp, the_root_smds_is_asked_where_none_is_named);
	ATF_TP_ADD_TC(tp, an_attestation_can_be_verified_by_whom_it_is_given_to);
	ATF_TP_ADD_TC(tp, a_channel_is_lent_by_the_kernels_device_alone);
	return atf_no_error();
}
