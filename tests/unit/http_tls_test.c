/* SPDX-License-Identifier: GPL-2.0-or-later */
/* esim_http and TLS: whom it trusts, whom it refuses, and what it says then. */
#include "http_bench.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void brainpool(bool tls12)
{
	struct bench b;

	bench_init_curve(&b, ESIM_CURVE_BRAINPOOL_P256R1);
	b.server_options.tls12 = tls12;
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(brainpool_chain_works_over_tls12);
ATF_TC_BODY(brainpool_chain_works_over_tls12, tc)
{
	brainpool(true);
}

ATF_TC_WITHOUT_HEAD(brainpool_chain_works_with_the_newest_version);
ATF_TC_BODY(brainpool_chain_works_with_the_newest_version, tc)
{
	brainpool(false);
}

ATF_TC_WITHOUT_HEAD(secrets_are_not_written_where_the_environment_says);
ATF_TC_BODY(secrets_are_not_written_where_the_environment_says, tc)
{
	struct bench b;

	ATF_REQUIRE_EQ(0, setenv("SSLKEYLOGFILE", "secrets", 1));
	bench_init(&b);
	b.server_options.tls12 = true;
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	bench_finish(&b, NULL);
	ATF_REQUIRE_MSG(access("secrets", F_OK) != 0, "libcurl opened the file");
}

/* --- trust -------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(unknown_authority_is_refused_by_name);
ATF_TC_BODY(unknown_authority_is_refused_by_name, tc)
{
	struct fixture other;
	struct bench b;

	bench_init(&b);
	fixture_init(&other, ESIM_CURVE_P256);
	b.options.tls_roots = &other.pool;
	b.pki.recipe[FIXTURE_DPAUTH].issuer.common_name = "Strange CI";
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "Strange CI");
	ATF_REQUIRE(b.err.advice[0]);
	bench_finish(&b, NULL);
	fixture_free(&other);
}

ATF_TC_WITHOUT_HEAD(a_forged_signature_under_a_known_name_is_refused);
ATF_TC_BODY(a_forged_signature_under_a_known_name_is_refused, tc)
{
	struct fixture other;
	struct bench b;

	bench_init(&b);
	fixture_init(&other, ESIM_CURVE_P256);
	b.options.tls_roots = &other.pool;
	b.pki.recipe[FIXTURE_DPAUTH].authority_key_id = fixture_key_id(&other, FIXTURE_CI);
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "TLS");
	bench_finish(&b, NULL);
	fixture_free(&other);
}

ATF_TC_WITHOUT_HEAD(expired_by_the_injected_clock_is_refused);
ATF_TC_BODY(expired_by_the_injected_clock_is_refused, tc)
{
	struct bench b;

	bench_init(&b);
	b.pki.recipe[FIXTURE_DPAUTH].not_after = FIXTURE_NOW + FIXTURE_DAY;
	b.now = FIXTURE_NOW + 2 * FIXTURE_DAY;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "expired");
	b.now = FIXTURE_NOW;
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(not_yet_valid_by_the_injected_clock_is_refused);
ATF_TC_BODY(not_yet_valid_by_the_injected_clock_is_refused, tc)
{
	struct bench b;

	bench_init(&b);
	b.pki.recipe[FIXTURE_DPAUTH].not_before = FIXTURE_NOW - FIXTURE_DAY;
	b.now = FIXTURE_NOW - 2 * FIXTURE_DAY;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "not valid yet");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(an_expired_root_is_refused);
ATF_TC_BODY(an_expired_root_is_refused, tc)
{
	struct bench b;

	bench_init(&b);
	b.now = FIXTURE_NOW + 400 * FIXTURE_DAY;
	b.pki.recipe[FIXTURE_DPAUTH].not_after = FIXTURE_NOW + 500 * FIXTURE_DAY;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "none of the 1 TLS roots");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_certificate_for_another_host_is_refused);
ATF_TC_BODY(a_certificate_for_another_host_is_refused, tc)
{
	struct bench b;

	bench_init(&b);
	b.pki.recipe[FIXTURE_DPAUTH].dns_name = "other.example.com";
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "another host name");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_certificate_for_a_client_is_refused);
ATF_TC_BODY(a_certificate_for_a_client_is_refused, tc)
{
	struct bench b;

	bench_init(&b);
	b.pki.recipe[FIXTURE_DPAUTH].extended_key_usage = RSP_EKU_CLIENT;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "TLS");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(tls11_is_refused);
ATF_TC_BODY(tls11_is_refused, tc)
{
	/* A ServerHello that takes TLS 1.1: record, handshake header, version, random, no session, suite. */
	static const char hello[] =
		"\x16\x03\x02\x00\x2A\x02\x00\x00\x26\x03\x02"
		"RandomRandomRandomRandomRandom32\x00\xC0\x09\x00";
	static const struct tls_reply reply = { .text = hello, .len = sizeof(hello) - 1, .stall = true };
	struct bench b;

	bench_init(&b);
	b.server_options.plain = true;
	b.server_options.replies = &reply;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "version");
	bench_finish(&b, NULL);
}

static void hang_up_in_handshake(const char *text, size_t len)
{
	const struct tls_reply reply = { .text = text, .len = len, .close = true };
	struct bench b;

	bench_init(&b);
	b.server_options.plain = true;
	b.server_options.replies = &reply;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "the handshake failed");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_server_that_hangs_up_in_the_handshake_is_noticed_at_once);
ATF_TC_BODY(a_server_that_hangs_up_in_the_handshake_is_noticed_at_once, tc)
{
	hang_up_in_handshake("", 0);
	hang_up_in_handshake("\x16\x03\x03\x01\x00\x02", 6);
}

ATF_TC_WITHOUT_HEAD(a_server_without_tls_is_refused);
ATF_TC_BODY(a_server_without_tls_is_refused, tc)
{
	static const struct tls_reply reply = { .text = OK_REPLY, .stall = true };
	struct bench b;

	bench_init(&b);
	b.server_options.plain = true;
	b.server_options.replies = &reply;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "TLS");
	bench_finish(&b, NULL);
}

/* --- anchors without a certificate ----------------------------------------------------------- */

/* Trust @facts alone. */
static void trust_facts(struct bench *b, const struct esim_anchor_facts *facts)
{
	esim_pool_free(&b->pki.pool);
	ATF_REQUIRE_EQ_MSG(0, esim_pool_add_anchor(&b->pki.pool, facts, &b->err), "%s",
			   b->err.message);
}

static void bench_init_facts(struct bench *b, enum esim_curve curve)
{
	struct esim_anchor_facts facts;

	bench_init_curve(b, curve);
	facts = ci_facts(&b->pki.cert[FIXTURE_CI]);
	trust_facts(b, &facts);
}

static void served_under_facts(enum esim_curve curve, bool tls12)
{
	struct bench b;

	bench_init_facts(&b, curve);
	b.server_options.tls12 = tls12;
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(an_anchor_without_a_certificate_is_a_root);
ATF_TC_BODY(an_anchor_without_a_certificate_is_a_root, tc)
{
	served_under_facts(ESIM_CURVE_P256, false);
	served_under_facts(ESIM_CURVE_P256, true);
}

ATF_TC_WITHOUT_HEAD(a_brainpool_anchor_without_a_certificate_is_a_root);
ATF_TC_BODY(a_brainpool_anchor_without_a_certificate_is_a_root, tc)
{
	served_under_facts(ESIM_CURVE_BRAINPOOL_P256R1, false);
	served_under_facts(ESIM_CURVE_BRAINPOOL_P256R1, true);
}

ATF_TC_WITHOUT_HEAD(an_anchor_of_unlimited_validity_is_a_root);
ATF_TC_BODY(an_anchor_of_unlimited_validity_is_a_root, tc)
{
	struct esim_anchor_facts facts;
	struct bench b;

	bench_init(&b);
	facts = ci_facts(&b.pki.cert[FIXTURE_CI]);
	facts.not_before = INT64_MIN;
	facts.not_after = INT64_MAX;
	trust_facts(&b, &facts);
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(another_key_under_the_same_name_and_key_id_is_refused);
ATF_TC_BODY(another_key_under_the_same_name_and_key_id_is_refused, tc)
{
	struct esim_anchor_facts facts;
	struct bench b;

	bench_init(&b);
	facts = ci_facts(&b.pki.cert[FIXTURE_CI]);
	facts.key = *rsp_key_public(b.pki.key[FIXTURE_EUM]);
	trust_facts(&b, &facts);
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "TLS");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(the_right_key_under_another_key_id_is_refused);
ATF_TC_BODY(the_right_key_under_another_key_id_is_refused, tc)
{
	struct esim_anchor_facts facts;
	struct bench b;

	bench_init(&b);
	facts = ci_facts(&b.pki.cert[FIXTURE_CI]);
	facts.key_id = fixture_key_id(&b.pki, FIXTURE_EUM);
	trust_facts(&b, &facts);
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "none of the 1 trusted");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(an_anchor_out_of_its_time_is_refused);
ATF_TC_BODY(an_anchor_out_of_its_time_is_refused, tc)
{
	struct esim_anchor_facts facts;
	struct bench b;

	bench_init(&b);
	facts = ci_facts(&b.pki.cert[FIXTURE_CI]);
	facts.not_after = b.now - 1;
	trust_facts(&b, &facts);
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "none of the 1 TLS roots");
	facts.not_before = b.now + 1;
	facts.not_after = b.now + FIXTURE_DAY;
	trust_facts(&b, &facts);
	require_network_failure(&b, ESIM_ETLS, "none of the 1 TLS roots");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_tampered_certificate_under_an_anchor_without_one_is_refused);
ATF_TC_BODY(a_tampered_certificate_under_an_anchor_without_one_is_refused, tc)
{
	struct esim_buf *der;
	struct bench b;

	bench_init_facts(&b, ESIM_CURVE_P256);
	bench_start(&b);
	tls_server_stop(b.server, NULL);
	der = &b.pki.der[FIXTURE_DPAUTH];
	der->data[der->len - 1] ^= 1;
	bench_serve(&b);
	require_network_failure(&b, ESIM_ETLS, "TLS");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(what_else_is_wrong_with_the_server_counts_under_an_anchor_too);
ATF_TC_BODY(what_else_is_wrong_with_the_server_counts_under_an_anchor_too, tc)
{
	struct bench b;

	bench_init_facts(&b, ESIM_CURVE_P256);
	b.pki.recipe[FIXTURE_DPAUTH].not_after = b.now - FIXTURE_DAY;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "expired");
	bench_finish(&b, NULL);

	bench_init_facts(&b, ESIM_CURVE_P256);
	b.pki.recipe[FIXTURE_DPAUTH].dns_name = "other.example.com";
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "another host name");
	bench_finish(&b, NULL);

	bench_init_facts(&b, ESIM_CURVE_P256);
	b.pki.recipe[FIXTURE_DPAUTH].extended_key_usage = RSP_EKU_CLIENT;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "TLS");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_bare_key_without_a_name_is_no_root);
ATF_TC_BODY(a_bare_key_without_a_name_is_no_root, tc)
{
	struct bench b;

	bench_init(&b);
	esim_pool_free(&b.pki.pool);
	ATF_REQUIRE_EQ(0, esim_pool_add_key(&b.pki.pool, fixture_key_id(&b.pki, FIXTURE_CI),
					    "Fixture CI", rsp_key_public(b.pki.key[FIXTURE_CI]),
					    &b.err));
	bench_start(&b);
	require_network_failure(&b, ESIM_ETLS, "none of the 1 TLS roots");
	bench_finish(&b, NULL);
}

/* --- PKI directories, with the critical extensions of real life ----------------------------------------- */

/* The CI of a directory, by its certificate or by what that says. */
static void trust_ci(struct bench *b, struct esim_slice der, bool by_certificate)
{
	struct esim_anchor_facts facts;
	struct esim_cert ci;

	esim_pool_free(&b->pki.pool);
	if (by_certificate) {
		ATF_REQUIRE_EQ_MSG(0, esim_pool_add_cert(&b->pki.pool, der, &b->err), "%s",
				   b->err.message);
		return;
	}
	ATF_REQUIRE_EQ_MSG(0, esim_cert_parse(der, &ci, &b->err), "%s", b->err.message);
	facts = ci_facts(&ci);
	trust_facts(b, &facts);
}

static void served_as(const char *variable, const char *dir, const char *host, int64_t now,
		      bool by_certificate)
{
	struct esim_buf ci = ESIM_BUF_INIT, tls = ESIM_BUF_INIT;
	struct rsp_key *key = NULL;
	char path[512];
	struct bench b;

	snprintf(path, sizeof(path), "%s/CERT_CI.der", dir);
	read_or_skip(variable, path, &ci);
	snprintf(path, sizeof(path), "%s/CERT_DPtls.der", dir);
	read_or_skip(variable, path, &tls);
	bench_init(&b);
	trust_ci(&b, esim_buf_slice(&ci), by_certificate);
	snprintf(path, sizeof(path), "%s/%s/SK_DPtls.pem", getenv(variable), dir);
	ATF_REQUIRE_EQ_MSG(0, rsp_key_load(path, &key, &b.err), "%s", b.err.message);
	esim_buf_reset(&b.key);
	ATF_REQUIRE_EQ(0, rsp_key_der(key, &b.key));
	esim_buf_reset(&b.pki.der[FIXTURE_DPAUTH]);
	esim_buf_append_slice(&b.pki.der[FIXTURE_DPAUTH], esim_buf_slice(&tls));
	b.now = now;
	bench_serve(&b);
	snprintf(path, sizeof(path), "%s:443:127.0.0.1:%u", host, tls_server_port(b.server));
	ATF_REQUIRE_EQ(0, esim_connect_to_parse(path, &b.connect_to, &b.err));
	esim_http_free(&b.http);
	ATF_REQUIRE_EQ(0, esim_http_new(&b.options, &b.http, &b.err));
	ATF_REQUIRE_EQ_MSG(0, bench_post_to(&b, host), "%s", b.err.message);
	bench_finish(&b, NULL);
	rsp_key_free(&key);
	esim_buf_free(&ci);
	esim_buf_free(&tls);
}

static void served_from(const char *variable, const char *dir, const char *host, int64_t now)
{
	served_as(variable, dir, host, now, true);
	served_as(variable, dir, host, now, false);
}

ATF_TC_WITHOUT_HEAD(the_test_pki_of_sgp26_is_accepted);
ATF_TC_BODY(the_test_pki_of_sgp26_is_accepted, tc)
{
	served_from("REFDATA", "sgp26-nist", "testsmdpplus1.example.com", 1796000000);	/* 2026-11-30 */
}

ATF_TC_WITHOUT_HEAD(the_builds_own_pki_is_accepted);
ATF_TC_BODY(the_builds_own_pki_is_accepted, tc)
{
	served_from("COREESIM_PKI", "nist", HOST, time(NULL));
}

ATF_TC_WITHOUT_HEAD(the_builds_own_brainpool_pki_is_accepted);
ATF_TC_BODY(the_builds_own_brainpool_pki_is_accepted, tc)
{
	served_from("COREESIM_PKI", "brainpool", HOST, time(NULL));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, brainpool_chain_works_over_tls12);
	ATF_TP_ADD_TC(tp, brainpool_chain_works_with_the_newest_version);
	ATF_TP_ADD_TC(tp, secrets_are_not_written_where_the_environment_says);
	ATF_TP_ADD_TC(tp, unknown_authority_is_refused_by_name);
	ATF_TP_ADD_TC(tp, a_forged_signature_under_a_known_name_is_refused);
	ATF_TP_ADD_TC(tp, expired_by_the_injected_clock_is_refused);
	ATF_TP_ADD_TC(tp, not_yet_valid_by_the_injected_clock_is_refused);
	ATF_TP_ADD_TC(tp, an_expired_root_is_refused);
	ATF_TP_ADD_TC(tp, a_certificate_for_another_host_is_refused);
	ATF_TP_ADD_TC(tp, a_certificate_for_a_client_is_refused);
	ATF_TP_ADD_TC(tp, tls11_is_refused);
	ATF_TP_ADD_TC(tp, a_server_that_hangs_up_in_the_handshake_is_noticed_at_once);
	ATF_TP_ADD_TC(tp, a_server_without_tls_is_refused);
	ATF_TP_ADD_TC(tp, an_anchor_without_a_certificate_is_a_root);
	ATF_TP_ADD_TC(tp, a_brainpool_anchor_without_a_certificate_is_a_root);
	ATF_TP_ADD_TC(tp, an_anchor_of_unlimited_validity_is_a_root);
	ATF_TP_ADD_TC(tp, another_key_under_the_same_name_and_key_id_is_refused);
	ATF_TP_ADD_TC(tp, the_right_key_under_another_key_id_is_refused);
	ATF_TP_ADD_TC(tp, an_anchor_out_of_its_time_is_refused);
	ATF_TP_ADD_TC(tp, a_tampered_certificate_under_an_anchor_without_one_is_refused);
	ATF_TP_ADD_TC(tp, what_else_is_wrong_with_the_server_counts_under_an_anchor_too);
	ATF_TP_ADD_TC(tp, a_bare_key_without_a_name_is_no_root);
	ATF_TP_ADD_TC(tp, the_test_pki_of_sgp26_is_accepted);
	ATF_TP_ADD_TC(tp, the_builds_own_pki_is_accepted);
	ATF_TP_ADD_TC(tp, the_builds_own_brainpool_pki_is_accepted);
	return atf_no_error();
}
