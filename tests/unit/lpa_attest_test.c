/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attestation: what the eUICC signed verifies by itself, what was touched does not, no session stays. */
#include "lpa_fixture.h"

#include <esim/tlv.h>
#include <esim/trust.h>

#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const uint8_t nonce[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 };

static int attest(struct lpa_fixture *f, const char *server, struct lpa_attestation *ret,
		  struct esim_error *err)
{
	return lpa_attest(f->lpa, server, esim_slice(nonce, sizeof(nonce)), ret, err);
}

/* What whoever asked for it does: chain under the roots, EID, signature, and the nonce in what is signed. */
static int verify(const struct lpa_fixture *f, const struct lpa_attestation *a)
{
	const struct esim_slice signed1 = esim_buf_slice(&a->euicc_signed1);
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_EUICC, .now = (int64_t)time(NULL) };
	struct esim_slice signature = esim_buf_slice(&a->euicc_signature1);
	struct esim_cert chain[2];
	struct esim_error err;
	struct esim_tlv tlv;
	int rc;

	rc = esim_cert_parse(esim_buf_slice(&a->euicc_certificate), &chain[0], &err);
	if (!rc)
		rc = esim_cert_parse(esim_buf_slice(&a->eum_certificate), &chain[1], &err);
	if (!rc)
		rc = esim_chain_verify(chain, 2, &f->roots, &rules, NULL, &err);
	if (rc)
		return rc;
	ATF_REQUIRE_EQ(1, esim_tlv_next(&signature, &tlv));
	ATF_REQUIRE_EQ(0, signature.len);
	if (!memmem(signed1.data, signed1.len, a->matching_id, strlen(a->matching_id)))
		return ESIM_EVERIFY;
	return esim_signature_verify(&chain[0].key, signed1, tlv.value);
}

ATF_TC_WITHOUT_HEAD(an_attestation_verifies_and_nothing_of_it_can_be_changed);
ATF_TC_BODY(an_attestation_verifies_and_nothing_of_it_can_be_changed, tc)
{
	struct lpa_attestation a;
	struct lpa_fixture f = { 0 };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, attest(&f, FIXTURE_NAME, &a, &err), "%s", err.message);
	ATF_CHECK_STREQ("0011223344556677", a.matching_id);
	ATF_CHECK_STREQ(FIXTURE_NAME, a.server_address);
	ATF_CHECK_EQ(0, verify(&f, &a));
	a.euicc_signed1.data[a.euicc_signed1.len / 2] ^= 1;
	ATF_CHECK(verify(&f, &a) != 0);
	a.euicc_signed1.data[a.euicc_signed1.len / 2] ^= 1;
	a.euicc_signature1.data[a.euicc_signature1.len - 1] ^= 1;
	ATF_CHECK(verify(&f, &a) != 0);
	lpa_attestation_clear(&a);
	ATF_CHECK_EQ(0, a.euicc_signed1.len);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(the_session_is_postponed_on_both_sides_and_no_order_is_touched);
ATF_TC_BODY(the_session_is_postponed_on_both_sides_and_no_order_is_touched, tc)
{
	struct lpa_attestation a;
	struct lpa_fixture f = { 0 };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, attest(&f, FIXTURE_NAME, &a, &err), "%s", err.message);
	lpa_attestation_clear(&a);
	ATF_CHECK_EQ(ES10B_CANCEL_POSTPONED, lpa_fixture_cancel_reason());
	ATF_CHECK_EQ(1, f.cancels_sent);
	ATF_CHECK_EQ(1, f.cancels_done);
	ATF_CHECK_EQ(2, f.event_count);
	ATF_CHECK_EQ(LPA_SESSION_BEGUN, f.events[0].stage);
	ATF_CHECK_EQ(LPA_SESSION_ENDED, f.events[1].stage);
	ATF_CHECK_EQ(0, f.notes);
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	lpa_fixture_stop(&f);
}

/* The signature spoilt on its way from the card, by single bits of every part. */
ATF_TC_WITHOUT_HEAD(what_was_tampered_with_is_no_attestation);
ATF_TC_BODY(what_was_tampered_with_is_no_attestation, tc)
{
	static const unsigned bytes[] = { 20, 60, 200, 400, 700 };

	lpa_fixture_order("demo", NULL, NULL);
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		struct lpa_attestation a;
		struct lpa_fixture f = { 0 };
		struct esim_error err;
		char fault[40];

		snprintf(fault, sizeof(fault), "corrupt=%u@BF38:1", bytes[i]);
		f.card_options.fault = fault;
		lpa_fixture_start(&f);
		ATF_CHECK_MSG(attest(&f, FIXTURE_NAME, &a, &err) != 0, "byte %u", bytes[i]);
		ATF_CHECK_EQ(0, a.euicc_signed1.len);
		lpa_fixture_stop(&f);
	}
}

ATF_TC_WITHOUT_HEAD(without_a_server_the_eUICCs_own_is_taken);
ATF_TC_BODY(without_a_server_the_eUICCs_own_is_taken, tc)
{
	struct lpa_attestation a;
	struct lpa_fixture f = { 0 };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, attest(&f, NULL, &a, &err), "%s", err.message);
	ATF_CHECK_STREQ(FIXTURE_SMDS, a.server_address);
	ATF_CHECK_EQ(0, verify(&f, &a));
	lpa_attestation_clear(&a);
	ATF_REQUIRE_EQ(0, lpa_set_default_smdp(f.lpa, FIXTURE_NAME, &err));
	ATF_REQUIRE_EQ_MSG(0, attest(&f, NULL, &a, &err), "%s", err.message);
	ATF_CHECK_STREQ(FIXTURE_NAME, a.server_address);
	ATF_CHECK_EQ(0, verify(&f, &a));
	lpa_attestation_clear(&a);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_nonce_has_its_bounds);
ATF_TC_BODY(a_nonce_has_its_bounds, tc)
{
	const uint8_t bytes[LPA_MAX_NONCE + 1] = { 0 };
	static const struct {
		size_t len;
		int result;
	} cases[] = {
		{ 0, ESIM_EINVAL }, { LPA_MIN_NONCE - 1, ESIM_EINVAL }, { LPA_MIN_NONCE, 0 },
		{ LPA_MAX_NONCE, 0 }, { LPA_MAX_NONCE + 1, ESIM_EINVAL },
	};
	struct lpa_fixture f = { 0 };

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lpa_attestation a;
		struct esim_error err;

		ATF_CHECK_EQ_MSG(cases[i].result,
				 lpa_attest(f.lpa, FIXTURE_NAME, esim_slice(bytes, cases[i].len), &a, &err),
				 "%zu octets: %s", cases[i].len, err.message);
		lpa_attestation_clear(&a);
	}
	lpa_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_attestation_verifies_and_nothing_of_it_can_be_changed);
	ATF_TP_ADD_TC(tp, the_session_is_postponed_on_both_sides_and_no_order_is_touched);
	ATF_TP_ADD_TC(tp, what_was_tampered_with_is_no_attestation);
	ATF_TP_ADD_TC(tp, without_a_server_the_eUICCs_own_is_taken);
	ATF_TP_ADD_TC(tp, a_nonce_has_its_bounds);
	return atf_no_error();
}
