/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every status code that the test SM-DP+ and SM-DS give of their own accord. */
#include "smdpp_rig.h"

#include "rsp/x509.h"
#include "smdpp/server.h"

#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define YEAR ((int64_t)365 * 24 * 3600)

/* --- what every function answers -------------------------------------------------------------- */

static void expect_raw(struct rig *rig, const char *function, const char *type, const char *protocol,
		       const char *body, const char *codes)
{
	struct esim_http_response response = { 0 };

	ATF_REQUIRE_EQ_MSG(0, rig_post(rig, function, type, protocol, body, &response), "%s", rig->err.message);
	ATF_CHECK_EQ(200, response.status);
	esim_buf_append_byte(&response.body, 0);
	ATF_CHECK_MSG(strstr((char *)response.body.data, codes), "%s: %s", codes, (char *)response.body.data);
	esim_http_response_clear(&response);
}

#define CODES(subject, reason) "\"subjectCode\":\"" subject "\",\"reasonCode\":\"" reason "\""

ATF_TC_WITHOUT_HEAD(malformed_requests_get_their_status);
ATF_TC_BODY(malformed_requests_get_their_status, tc)
{
	static const char json[] = "application/json", v25[] = "gsma/rsp/v2.5.0";
	static const char *const functions[] = {
		"initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "cancelSession",
		"handleNotification",
	};
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	for (size_t i = 0; i < 5; i++) {
		expect_raw(&rig, functions[i], "text/plain", v25, "{}", CODES("1.2.1", "2.1"));
		expect_raw(&rig, functions[i], json, "gsma/rsp/v1.0.0", "{}", CODES("1.2.2", "2.1"));
		expect_raw(&rig, functions[i], json, v25, "{}", CODES("1.6", "2.1"));
		expect_raw(&rig, functions[i], json, v25, "[]", CODES("1.6", "2.1"));
		expect_raw(&rig, functions[i], json, v25, "{\"transactionId\":", CODES("1.6", "2.1"));
	}
	expect_raw(&rig, "noSuchFunction", json, v25, "{}", CODES("1.6", "2.1"));
	expect_raw(&rig, "authenticateClient", json, "gsma/rsp/v3.1.0",
		   "{\"transactionId\":\"00112233445566778899AABBCCDDEEFF\"}", CODES("8.10.1", "3.9"));
	rig_close(&rig);
}

/* --- initiateAuthentication --------------------------------------------------------------------- */

/* Spoil the first key id of list @tag in euiccInfo1. */
static void spoil_list(struct rig *rig, uint8_t tag)
{
	struct esim_buf *whole = &rig->info1.whole;

	for (size_t i = 3; i + 4 < whole->len; i++) {
		if (whole->data[i] == tag && whole->data[i + 2] == 0x04) {
			whole->data[i + 4] ^= 0xFF;
			return;
		}
	}
	atf_tc_fail("no list %02X", tag);
}

static void initiate_codes(struct rig *rig, const char *prefix)
{
	char subject[16];

	rig_read_card(rig);
	spoil_list(rig, 0xAA);
	snprintf(subject, sizeof(subject), "%s.2", prefix);
	rig_expect(rig, rig_initiate(rig), subject, "3.1");
	rig_read_card(rig);
	spoil_list(rig, 0xA9);
	snprintf(subject, sizeof(subject), "%s.4", prefix);
	rig_expect(rig, rig_initiate(rig), subject, "3.7");
	rig_read_card(rig);
	ATF_CHECK_EQ_MSG(0, rig_initiate(rig), "%s", rig->err.message);
}

ATF_TC_WITHOUT_HEAD(initiate_names_what_it_cannot_serve);
ATF_TC_BODY(initiate_names_what_it_cannot_serve, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	initiate_codes(&rig, "8.8");
	rig_face_smds(&rig);
	initiate_codes(&rig, "8.9");
	expect_raw(&rig, "initiateAuthentication", "application/json", "gsma/rsp/v2.5.0",
		   "{\"smdpAddress\":\"elsewhere.example.com\"}", CODES("8.8.1", "3.8"));
	expect_raw(&rig, "initiateAuthentication", "application/json", "gsma/rsp/v2.5.0",
		   "{\"smdsAddress\":\"elsewhere.example.com\"}", CODES("8.9.1", "3.8"));
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(euiccs_below_the_lowest_version_are_refused);
ATF_TC_BODY(euiccs_below_the_lowest_version_are_refused, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig.options.min_svn = "2.2.2";
	rig.card_options.svn = VEUICC_SVN_2_1;
	rig_start(&rig);
	rig_expect(&rig, rig_initiate(&rig), "8.8.3", "3.1");
	rig_face_smds(&rig);
	rig_expect(&rig, rig_initiate(&rig), "8.9.3", "3.1");
	rig_close(&rig);
}

/* --- authenticateClient: who is it? ---------------------------------------------------------------- */

/* A run up to the eUICC's answer, which the test then spoils. */
static void stand_before_server(struct rig *rig)
{
	ATF_REQUIRE_EQ_MSG(0, rig_initiate(rig), "%s", rig->err.message);
	rig_card_authenticate(rig, "plain");
}

static void spoil(struct esim_slice place)
{
	((uint8_t *)(uintptr_t)place.data)[place.len - 1] ^= 1;
}

ATF_TC_WITHOUT_HEAD(spoilt_answers_of_the_euicc_are_refused);
ATF_TC_BODY(spoilt_answers_of_the_euicc_are_refused, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	stand_before_server(&rig);
	spoil(rig.authenticated.eum_certificate);
	rig_expect(&rig, rig_authenticate(&rig), "8.1.2", "6.1");
	stand_before_server(&rig);
	spoil(rig.authenticated.euicc_certificate);
	rig_expect(&rig, rig_authenticate(&rig), "8.1.3", "6.1");
	stand_before_server(&rig);
	spoil(rig.authenticated.euicc_signature1);
	rig_expect(&rig, rig_authenticate(&rig), "8.1", "6.1");
	stand_before_server(&rig);
	rig.initiated.transaction_id_text[0] = rig.initiated.transaction_id_text[0] == '0' ? '1' : '0';
	rig_expect(&rig, rig_authenticate(&rig), "8.10.1", "3.9");
	rig_close(&rig);
}

/* The eUICC's answer of one session is no answer in another. */
ATF_TC_WITHOUT_HEAD(answers_of_another_session_are_refused);
ATF_TC_BODY(answers_of_another_session_are_refused, tc)
{
	struct es10b_authenticate_server_response old;
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	stand_before_server(&rig);
	old = rig.authenticated;
	rig.authenticated = (struct es10b_authenticate_server_response){ 0 };
	stand_before_server(&rig);
	es10b_authenticate_server_response_clear(&rig.authenticated);
	rig.authenticated = old;
	rig_expect(&rig, rig_authenticate(&rig), "8.10.1", "3.9");
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(foreign_chains_are_refused);
ATF_TC_BODY(foreign_chains_are_refused, tc)
{
	const struct rsp_pki_options options = { .required = RSP_PKI_ALL, .fresh = true };
	struct rsp_pki *other;
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rsp_pki_load("other", &options, &other, &rig.err));
	stand_before_server(&rig);
	rig_swap_chain(&rig, esim_buf_slice(&other->entries[RSP_PKI_EUICC].der),
		       esim_buf_slice(&other->entries[RSP_PKI_EUM].der));
	rig_expect(&rig, rig_authenticate(&rig), "8.11.1", "3.9");
	rsp_pki_free(&other);
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(an_eid_outside_the_eums_range_is_refused);
ATF_TC_BODY(an_eid_outside_the_eums_range_is_refused, tc)
{
	const struct rsp_pki_entry *eum, *euicc;
	struct esim_buf der = ESIM_BUF_INIT;
	struct rsp_x509 cert;
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	eum = &rig.pki->entries[RSP_PKI_EUM];
	euicc = &rig.pki->entries[RSP_PKI_EUICC];
	cert = (struct rsp_x509){
		.serial = 1, .issuer_der = eum->cert.subject,
		.subject = { .organization = "CoreESIM Test EUM", .serial_number = "89033023000000000000000000000060" },
		.not_before = time(NULL) - 60, .not_after = time(NULL) + 3600, .key = &euicc->cert.key,
		.policy = "2.23.146.1.2.1.1", .key_usage = RSP_KEY_USAGE_DIGITAL_SIGNATURE,
		.subject_key_id = euicc->cert.subject_key_id, .authority_key_id = eum->cert.subject_key_id,
	};
	ATF_REQUIRE_EQ(0, rsp_x509_make(&cert, eum->key, &der, &rig.err));
	stand_before_server(&rig);
	rig_swap_chain(&rig, esim_buf_slice(&der), esim_buf_slice(&eum->der));
	rig_expect(&rig, rig_authenticate(&rig), "8.1.4", "6.1");
	esim_buf_free(&der);
	rig_close(&rig);
}

static void expired_at(int64_t years, const char *subject)
{
	struct rig rig;

	rig_open(&rig);
	rig.options.clock = time(NULL) + years * YEAR;
	rig_start(&rig);
	stand_before_server(&rig);
	rig_expect(&rig, rig_authenticate(&rig), subject, "6.3");
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(an_expired_euicc_certificate_is_refused);
ATF_TC_BODY(an_expired_euicc_certificate_is_refused, tc)
{
	(void)tc;
	expired_at(26, "8.1.3");
}

ATF_TC_WITHOUT_HEAD(an_expired_eum_certificate_is_refused);
ATF_TC_BODY(an_expired_eum_certificate_is_refused, tc)
{
	(void)tc;
	expired_at(31, "8.1.2");
}

/* --- authenticateClient: what may it have? ----------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(orders_say_who_gets_what);
ATF_TC_BODY(orders_say_who_gets_what, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_order("other", "{\"eid\": \"89049032123451234512345678901235\"}");
	rig_order("mine", "{\"eid\": \"" RSP_PKI_EID "\"}");
	rig_order("early", "{\"released\": false}");
	rig_order("late", "{\"expires\": \"2020-01-01T00:00:00Z\"}");
	rig_order("twice", "{\"attempts\": 2}");
	rig_start(&rig);
	rig_expect(&rig, rig_offer(&rig, "nosuch"), "8.2.6", "3.8");
	rig_expect(&rig, rig_offer(&rig, "PLAIN"), "8.2.6", "3.8");
	rig_expect(&rig, rig_offer(&rig, "plain.der"), "8.2.6", "3.8");
	rig_expect(&rig, rig_offer(&rig, "other"), "8.1.1", "3.8");
	ATF_CHECK_EQ_MSG(0, rig_offer(&rig, "mine"), "%s", rig.err.message);
	rig_expect(&rig, rig_offer(&rig, "early"), "8.2", "1.2");
	rig_expect(&rig, rig_offer(&rig, "late"), "8.8.5", "4.1");
	ATF_CHECK_EQ(0, rig_offer(&rig, "twice"));
	ATF_CHECK_EQ(0, rig_offer(&rig, "twice"));
	rig_expect(&rig, rig_offer(&rig, "twice"), "8.8.5", "6.4");
	rig_expect(&rig, rig_offer(&rig, ""), "8.2.5", "4.3");
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(the_default_order_goes_to_the_euicc_it_is_for);
ATF_TC_BODY(the_default_order_goes_to_the_euicc_it_is_for, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_order("d1", "{\"default\": true, \"eid\": \"89049032123451234512345678901235\"}");
	rig_start(&rig);
	rig_expect(&rig, rig_offer(&rig, ""), "8.2.5", "4.3");
	rig_order("d2", "{\"default\": true, \"eid\": \"" RSP_PKI_EID "\", \"profileName\": \"mine\"}");
	ATF_REQUIRE_EQ_MSG(0, rig_offer(&rig, ""), "%s", rig.err.message);
	ATF_CHECK(memmem(rig.offered.profile_metadata.data, rig.offered.profile_metadata.len, "mine", 4));
	ATF_CHECK_EQ_MSG(0, rig_offer(&rig, NULL), "%s", rig.err.message);
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(a_profile_larger_than_the_free_memory_is_refused);
ATF_TC_BODY(a_profile_larger_than_the_free_memory_is_refused, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig.card_options.memory = 1000;
	rig_start(&rig);
	rig_expect(&rig, rig_offer(&rig, "plain"), "8.1", "4.8");
	rig_close(&rig);
}

/* --- getBoundProfilePackage --------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(the_confirmation_code_is_asked_counted_and_locked);
ATF_TC_BODY(the_confirmation_code_is_asked_counted_and_locked, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_order("code", "{\"confirmationCode\": \"1234\", \"retries\": 1}");
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rig_offer(&rig, "code"));
	rig_card_prepare(&rig, "1111");
	rig_expect(&rig, rig_fetch(&rig), "8.2.7", "3.8");
	ATF_CHECK_EQ_MSG(0, rig_download(&rig, "code", "1234"), "%s", rig.err.message);
	rig_expect(&rig, rig_download(&rig, "code", "1111"), "8.2.7", "6.4");
	rig_expect(&rig, rig_offer(&rig, "code"), "8.8.5", "6.4");
	rig_close(&rig);
}

/* The order asks for a code only after the eUICC was told that none is needed. */
ATF_TC_WITHOUT_HEAD(a_missing_confirmation_code_is_not_counted);
ATF_TC_BODY(a_missing_confirmation_code_is_not_counted, tc)
{
	struct es10b_prepare_download_response prepared;
	char transaction_id[sizeof(((struct rig *)NULL)->initiated.transaction_id_text)];
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rig_offer(&rig, "plain"));
	rig_card_prepare(&rig, NULL);
	strcpy(transaction_id, rig.initiated.transaction_id_text);
	prepared = rig.prepared;
	rig.prepared = (struct es10b_prepare_download_response){ 0 };
	rig_order("plain", "{\"confirmationCode\": \"1234\", \"retries\": 0}");
	rig_expect(&rig, rig_offer(&rig, "nosuch"), "8.2.6", "3.8");
	for (int i = 0; i < 3; i++)
		rig_expect(&rig, es9p_get_bound_profile_package(&rig.peer, transaction_id,
								esim_buf_slice(&prepared.whole),
								&rig.package, &rig.err), "8.2.7", "2.2");
	es10b_prepare_download_response_clear(&prepared);
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(spoilt_prepare_answers_are_refused);
ATF_TC_BODY(spoilt_prepare_answers_are_refused, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rig_offer(&rig, "plain"));
	rig_card_prepare(&rig, NULL);
	rig.prepared.whole.data[rig.prepared.whole.len - 1] ^= 1;
	rig_expect(&rig, rig_fetch(&rig), "8.1", "6.1");
	rig.prepared.whole.data[rig.prepared.whole.len - 1] ^= 1;
	ATF_CHECK_EQ_MSG(0, rig_fetch(&rig), "%s", rig.err.message);
	rig_expect(&rig, rig_fetch(&rig), "8.10.1", "3.9");
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(a_package_that_is_bound_once_is_not_bound_again);
ATF_TC_BODY(a_package_that_is_bound_once_is_not_bound_again, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_order("single", "{\"rebind\": false}");
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rig_download(&rig, "single", NULL));
	rig_expect(&rig, rig_download(&rig, "single", NULL), "8.2", "3.7");
	rig_close(&rig);
}

/* --- cancelSession -------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_cancelled_session_is_over);
ATF_TC_BODY(a_cancelled_session_is_over, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rig_offer(&rig, "plain"));
	ATF_REQUIRE_EQ_MSG(0, rig_cancel(&rig), "%s", rig.err.message);
	rig_expect(&rig, rig_authenticate(&rig), "8.10.1", "3.9");
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(a_cancel_signed_for_another_server_is_refused);
ATF_TC_BODY(a_cancel_signed_for_another_server_is_refused, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig.options.fault = "initiateAuthentication:tamper=oid";
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rig_offer(&rig, "plain"));
	rig_expect(&rig, rig_cancel(&rig), "8.8", "3.10");
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(a_cancel_with_a_spoilt_signature_is_refused);
ATF_TC_BODY(a_cancel_with_a_spoilt_signature_is_refused, tc)
{
	struct esim_buf response = ESIM_BUF_INIT;
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rig_offer(&rig, "plain"));
	ATF_REQUIRE_EQ(0, es10b_cancel_session(rig.card, &rig.initiated.transaction_id, ES10B_CANCEL_TIMEOUT,
					       &response, &rig.err));
	response.data[response.len - 1] ^= 1;
	rig_expect(&rig, es9p_cancel_session(&rig.peer, rig.initiated.transaction_id_text,
					     esim_buf_slice(&response), &rig.err), "8.1", "6.1");
	esim_buf_free(&response);
	rig_close(&rig);
}

/* --- ES11 --------------------------------------------------------------------------------------------------- */

static int ask_events(struct rig *rig, const char *event)
{
	ATF_REQUIRE_EQ_MSG(0, rig_initiate(rig), "%s", rig->err.message);
	rig_card_authenticate(rig, event);
	return es11_authenticate_client(&rig->peer, rig->initiated.transaction_id_text,
					esim_buf_slice(&rig->authenticated.whole), &rig->offered, &rig->err);
}

ATF_TC_WITHOUT_HEAD(events_are_listed_for_their_euicc);
ATF_TC_BODY(events_are_listed_for_their_euicc, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_order("e1", "{\"event\": \"EV-1\"}");
	rig_order("e2", "{\"event\": {\"id\": \"EV-2\", \"server\": \"deeper.example.com\"}}");
	rig_order("e3", "{\"event\": \"EV-3\", \"eid\": \"89049032123451234512345678901235\"}");
	rig_start(&rig);
	rig_face_smds(&rig);
	ATF_REQUIRE_EQ_MSG(0, ask_events(&rig, ""), "%s", rig.err.message);
	ATF_CHECK_EQ(2, rig.offered.event_count);
	ATF_REQUIRE_EQ_MSG(0, ask_events(&rig, "EV-2"), "%s", rig.err.message);
	ATF_REQUIRE_EQ(1, rig.offered.event_count);
	ATF_CHECK_STREQ("deeper.example.com", rig.offered.events[0].server_address);
	rig_expect(&rig, ask_events(&rig, "EV-3"), "8.9.5", "3.9");
	strcpy(rig.peer.address, RSP_PKI_NAME);
	ATF_CHECK_EQ_MSG(0, rig_offer(&rig, "EV-1"), "%s", rig.err.message);
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(one_name_for_both_makes_an_smds);
ATF_TC_BODY(one_name_for_both_makes_an_smds, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig.options.name = RSP_PKI_SMDS;
	rig_order("e1", "{\"event\": {\"id\": \"EV-1\", \"server\": \"deeper.example.com\"}}");
	rig_start(&rig);
	rig_face_smds(&rig);
	ATF_REQUIRE_EQ_MSG(0, ask_events(&rig, ""), "%s", rig.err.message);
	ATF_CHECK_EQ(1, rig.offered.event_count);
	rig_close(&rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, malformed_requests_get_their_status);
	ATF_TP_ADD_TC(tp, initiate_names_what_it_cannot_serve);
	ATF_TP_ADD_TC(tp, euiccs_below_the_lowest_version_are_refused);
	ATF_TP_ADD_TC(tp, spoilt_answers_of_the_euicc_are_refused);
	ATF_TP_ADD_TC(tp, answers_of_another_session_are_refused);
	ATF_TP_ADD_TC(tp, foreign_chains_are_refused);
	ATF_TP_ADD_TC(tp, an_eid_outside_the_eums_range_is_refused);
	ATF_TP_ADD_TC(tp, an_expired_euicc_certificate_is_refused);
	ATF_TP_ADD_TC(tp, an_expired_eum_certificate_is_refused);
	ATF_TP_ADD_TC(tp, orders_say_who_gets_what);
	ATF_TP_ADD_TC(tp, the_default_order_goes_to_the_euicc_it_is_for);
	ATF_TP_ADD_TC(tp, a_profile_larger_than_the_free_memory_is_refused);
	ATF_TP_ADD_TC(tp, the_confirmation_code_is_asked_counted_and_locked);
	ATF_TP_ADD_TC(tp, a_missing_confirmation_code_is_not_counted);
	ATF_TP_ADD_TC(tp, spoilt_prepare_answers_are_refused);
	ATF_TP_ADD_TC(tp, a_package_that_is_bound_once_is_not_bound_again);
	ATF_TP_ADD_TC(tp, a_cancelled_session_is_over);
	ATF_TP_ADD_TC(tp, a_cancel_signed_for_another_server_is_refused);
	ATF_TP_ADD_TC(tp, a_cancel_with_a_spoilt_signature_is_refused);
	ATF_TP_ADD_TC(tp, events_are_listed_for_their_euicc);
	ATF_TP_ADD_TC(tp, one_name_for_both_makes_an_smds);
	return atf_no_error();
}
