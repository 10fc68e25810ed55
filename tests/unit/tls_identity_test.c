/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who a server is by its TLS certificate: the role, the issuer, and one registered ID in all its certificates. */
#include "http_bench.h"
#include "lpa_fixture.h"

#include "tls_identity.h"

#include "rsp/file.h"
#include "rsp/pki.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Contents octets of 2.999.10. */
#define ID_10 "\x88\x37\x0A", 3

static void require_no_rsp_server(struct bench *b, const char *words)
{
	require_failure(b, ESIM_EVERIFY, words);
	ATF_REQUIRE_EQ(ESIM_DOMAIN_VERIFY, b->err.domain);
	ATF_REQUIRE_STREQ("CERT.DP.TLS", b->err.check);
	ATF_REQUIRE(b->err.advice[0]);
}

static void refused_policy(const char *policy, const char *words)
{
	struct tls_server_log log;
	struct bench b;

	bench_init(&b);
	b.pki.recipe[FIXTURE_DPAUTH].policy = policy;
	bench_start(&b);
	require_no_rsp_server(&b, words);
	bench_finish(&b, &log);
	ATF_REQUIRE_EQ_MSG(0, log.requests, "the server got a request");
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(a_certificate_of_another_role_is_no_tls_server);
ATF_TC_BODY(a_certificate_of_another_role_is_no_tls_server, tc)
{
	refused_policy("2.23.146.1.2.1.5", "CERT.DPpb.ECDSA");
	refused_policy("2.23.146.1.2.1.4", "CERT.DPauth.ECDSA");
	refused_policy("2.23.146.1.2.1.1", "CERT.EUICC.ECDSA");
}

ATF_TC_WITHOUT_HEAD(a_certificate_without_a_role_is_no_tls_server_under_a_ci);
ATF_TC_BODY(a_certificate_without_a_role_is_no_tls_server_under_a_ci, tc)
{
	refused_policy(NULL, "without an RSP role");
}

ATF_TC_WITHOUT_HEAD(an_sm_ds_is_a_tls_server);
ATF_TC_BODY(an_sm_ds_is_a_tls_server, tc)
{
	struct bench b;

	bench_init(&b);
	b.pki.recipe[FIXTURE_DPAUTH].policy = "2.23.146.1.2.1.6";
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	bench_finish(&b, NULL);
}

/* The server's certificate by the EUM's key, and the EUM's own behind it. */
static void refused_under_eum(const char *policy, const char *words)
{
	struct esim_buf chain = ESIM_BUF_INIT;
	struct rsp_x509 *recipe;
	struct bench b;

	bench_init(&b);
	recipe = &b.pki.recipe[FIXTURE_DPAUTH];
	recipe->policy = policy;
	recipe->issuer = b.pki.recipe[FIXTURE_EUM].subject;
	recipe->authority_key_id = fixture_key_id(&b.pki, FIXTURE_EUM);
	b.pki.recipe[FIXTURE_EUM].permitted_organization = NULL;
	b.pki.recipe[FIXTURE_EUM].permitted_serial = NULL;
	fixture_make(&b.pki, FIXTURE_EUM, b.pki.key[FIXTURE_CI]);
	fixture_make(&b.pki, FIXTURE_DPAUTH, b.pki.key[FIXTURE_EUM]);
	esim_buf_append_slice(&chain, fixture_der(&b.pki, FIXTURE_DPAUTH));
	esim_buf_append_slice(&chain, fixture_der(&b.pki, FIXTURE_EUM));
	esim_buf_reset(&b.pki.der[FIXTURE_DPAUTH]);
	esim_buf_append_slice(&b.pki.der[FIXTURE_DPAUTH], esim_buf_slice(&chain));
	bench_serve(&b);
	require_failure(&b, ESIM_EVERIFY, words);
	ATF_REQUIRE_EQ(ESIM_DOMAIN_VERIFY, b.err.domain);
	bench_finish(&b, NULL);
	esim_buf_free(&chain);
}

ATF_TC_WITHOUT_HEAD(an_eum_issues_no_tls_certificates);
ATF_TC_BODY(an_eum_issues_no_tls_certificates, tc)
{
	refused_under_eum(NULL, "without an RSP role");
	refused_under_eum("2.23.146.1.2.1.3", "the certificate is CERT.EUM.ECDSA");
}

/* --- the registered ID of the connection ------------------------------------------------------- */

static void require_id(const struct bench *b, const char *text, size_t len)
{
	struct esim_slice id = esim_http_server_registered_id(b->http, HOST);

	ATF_REQUIRE_EQ_MSG(len, id.len, "%zu bytes", id.len);
	ATF_REQUIRE(len == 0 || memcmp(id.data, text, len) == 0);
}

static void id_stays_known(bool tls12)
{
	static const struct tls_reply replies[] = {
		{ .text = OK_REPLY }, { .text = OK_REPLY, .close = true }, { .text = OK_REPLY },
	};
	struct esim_http_stats stats;
	struct bench b;

	bench_init(&b);
	b.pki.recipe[FIXTURE_DPAUTH].registered_id = "2.999.10";
	b.server_options.tls12 = tls12;
	b.server_options.replies = replies;
	b.server_options.count = 3;
	bench_start(&b);
	require_id(&b, NULL, 0);
	for (unsigned i = 0; i < 3; i++) {
		ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
		require_id(&b, ID_10);
	}
	esim_http_stats(b.http, &stats);
	ATF_REQUIRE_EQ(2, stats.connections);
	ATF_REQUIRE_EQ_MSG(1, stats.tls_resumed, "the second connection did not resume the session");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(the_id_stays_known_on_used_connections_and_resumed_sessions);
ATF_TC_BODY(the_id_stays_known_on_used_connections_and_resumed_sessions, tc)
{
	id_stays_known(false);
	id_stays_known(true);
}

ATF_TC_WITHOUT_HEAD(a_certificate_without_an_id_leaves_none);
ATF_TC_BODY(a_certificate_without_an_id_leaves_none, tc)
{
	struct bench b;

	bench_init(&b);
	b.pki.recipe[FIXTURE_DPAUTH].registered_id = NULL;
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	require_id(&b, NULL, 0);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(of_too_many_hosts_the_one_not_used_for_longest_is_forgotten);
ATF_TC_BODY(of_too_many_hosts_the_one_not_used_for_longest_is_forgotten, tc)
{
	static struct tls_identities known;
	struct address host = { .port = 443 };

	for (unsigned i = 0; i <= TLS_IDENTITY_HOSTS; i++) {
		if (i == TLS_IDENTITY_HOSTS) {
			strcpy(host.host, "0.example.com");
			tls_identity_touch(&known, &host);
		}
		snprintf(host.host, sizeof(host.host), "%u.example.com", i);
		tls_identity_remember(&known, &host, esim_slice(ID_10));
	}
	strcpy(host.host, "0.example.com");
	ATF_REQUIRE_EQ(3, tls_identity_find(&known, &host).len);
	host.port = 8443;
	ATF_REQUIRE_EQ(0, tls_identity_find(&known, &host).len);
	host.port = 443;
	strcpy(host.host, "1.example.com");
	ATF_REQUIRE_EQ(0, tls_identity_find(&known, &host).len);
}

/* --- what the LPA makes of it ---------------------------------------------------------------------- */

/* The card's PKI with another TLS certificate of @slot, of registered ID @id. */
static const char *pki_with_tls_id(enum rsp_pki_slot slot, const char *file, const char *host,
				   const char *id)
{
	char command[512], path[64];
	struct esim_buf der = ESIM_BUF_INIT, old = ESIM_BUF_INIT;
	struct rsp_key *key = NULL, *ci = NULL;
	struct esim_error err;
	struct esim_cert parsed;
	struct rsp_x509 cert;
	FILE *out;

	if (!getenv("COREESIM_PKI"))
		atf_tc_skip("COREESIM_PKI names no PKI");
	snprintf(command, sizeof(command), "cp -r '%s/nist' pki", getenv("COREESIM_PKI"));
	ATF_REQUIRE_EQ(0, system(command));
	snprintf(path, sizeof(path), "pki/CERT_%s.der", file);
	ATF_REQUIRE_EQ(0, rsp_file_read("pki/CERT_CI.der", 4096, &old, &err));
	ATF_REQUIRE_EQ(0, esim_cert_parse(esim_buf_slice(&old), &parsed, &err));
	ATF_REQUIRE_EQ(0, rsp_key_load("pki/SK_CI.pem", &ci, &err));
	ATF_REQUIRE_EQ(0, rsp_key_generate(ESIM_CURVE_P256, &key));
	cert = (struct rsp_x509){
		.serial = 4711,
		.subject = { .organization = "Another operator", .common_name = host },
		.issuer_der = parsed.subject,
		.not_before = parsed.not_before,
		.not_after = parsed.not_after,
		.key = rsp_key_public(key),
		.policy = slot == RSP_PKI_DSTLS ? "2.23.146.1.2.1.6" : "2.23.146.1.2.1.3",
		.key_usage = RSP_KEY_USAGE_DIGITAL_SIGNATURE,
		.extended_key_usage = RSP_EKU_SERVER,
		.dns_name = host,
		.registered_id = id,
		.subject_key_id = esim_slice("12345678901234567890", 20),
		.authority_key_id = parsed.subject_key_id,
	};
	ATF_REQUIRE_EQ(0, rsp_x509_make(&cert, ci, &der, &err));
	out = fopen(path, "wb");
	ATF_REQUIRE(out && fwrite(der.data, 1, der.len, out) == der.len && fclose(out) == 0);
	snprintf(path, sizeof(path), "pki/SK_%s.pem", file);
	unlink(path);
	ATF_REQUIRE_EQ(0, rsp_key_save(key, path, &err));
	rsp_key_free(&key);
	rsp_key_free(&ci);
	esim_buf_free(&der);
	esim_buf_free(&old);
	return "pki";
}

static void refused_download(const char *id, const char *words)
{
	struct lpa_fixture f = { .server_pki = pki_with_tls_id(RSP_PKI_DPTLS, "DPtls", FIXTURE_NAME, id),
				 .consent = LPA_YES };
	struct esim_error err;

	lpa_fixture_order("plain", NULL, NULL);
	lpa_fixture_start(&f);
	require_failed_check(lpa_fixture_download(&f, "plain", &err), &err, "CERT.DP.TLS", words);
	ATF_REQUIRE_EQ(ESIM_DOMAIN_VERIFY, err.domain);
	ATF_REQUIRE_MSG(!lpa_fixture_card_saw("BF38"), "AuthenticateServer reached the card");
	ATF_REQUIRE_EQ(0, lpa_fixture_profiles(&f));
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(another_operators_tls_certificate_stops_a_download_before_the_card);
ATF_TC_BODY(another_operators_tls_certificate_stops_a_download_before_the_card, tc)
{
	refused_download("2.999.66", "2.999.66, that of CERT.DPauth.ECDSA is 2.999.10");
}

ATF_TC_WITHOUT_HEAD(a_tls_certificate_without_an_id_stops_a_download_before_the_card);
ATF_TC_BODY(a_tls_certificate_without_an_id_stops_a_download_before_the_card, tc)
{
	refused_download(NULL, "registered ID is missing");
}

ATF_TC_WITHOUT_HEAD(another_operators_tls_certificate_stops_an_sm_ds_before_the_card);
ATF_TC_BODY(another_operators_tls_certificate_stops_an_sm_ds_before_the_card, tc)
{
	struct lpa_fixture f = { .server_pki = pki_with_tls_id(RSP_PKI_DSTLS, "DStls", FIXTURE_SMDS,
							       "2.999.66") };
	struct es9p_event *events = NULL;
	struct esim_error err;
	size_t count = 0;

	lpa_fixture_order("plain", NULL, "{\"event\": \"EVENT-1\"}");
	lpa_fixture_start(&f);
	require_failed_check(lpa_discover(f.lpa, FIXTURE_SMDS, &events, &count, &err), &err,
			     "CERT.DS.TLS", "CERT.DSauth.ECDSA");
	ATF_REQUIRE_MSG(!lpa_fixture_card_saw("BF38"), "AuthenticateServer reached the card");
	lpa_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_certificate_of_another_role_is_no_tls_server);
	ATF_TP_ADD_TC(tp, a_certificate_without_a_role_is_no_tls_server_under_a_ci);
	ATF_TP_ADD_TC(tp, an_sm_ds_is_a_tls_server);
	ATF_TP_ADD_TC(tp, an_eum_issues_no_tls_certificates);
	ATF_TP_ADD_TC(tp, the_id_stays_known_on_used_connections_and_resumed_sessions);
	ATF_TP_ADD_TC(tp, a_certificate_without_an_id_leaves_none);
	ATF_TP_ADD_TC(tp, of_too_many_hosts_the_one_not_used_for_longest_is_forgotten);
	ATF_TP_ADD_TC(tp, another_operators_tls_certificate_stops_a_download_before_the_card);
	ATF_TP_ADD_TC(tp, a_tls_certificate_without_an_id_stops_a_download_before_the_card);
	ATF_TP_ADD_TC(tp, another_operators_tls_certificate_stops_an_sm_ds_before_the_card);
	return atf_no_error();
}
