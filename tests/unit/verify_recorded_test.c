/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's checks on a recorded download of another implementation, where the reference data is there. */
#include "trust_fixture.h"

#include <esim/base64.h>
#include <esim/tlv.h>

#include <atf-c.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define RECORDED_NOW INT64_C(1796000000)	/* 2026-11-30 */

struct recording {
	json_t *root;
	struct esim_buf bytes;		/* of every value, one behind the other */
};

/* Base64 member @key of call @call's @side. */
static struct esim_slice recorded(struct recording *r, size_t call, const char *side, const char *key)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(json_array_get(r->root, call), side), key));
	size_t before = r->bytes.len;

	ATF_REQUIRE_MSG(text != NULL, "%s", key);
	ATF_REQUIRE_EQ(0, esim_base64_decode(text, strlen(text), &r->bytes));
	return esim_slice(r->bytes.data + before, r->bytes.len - before);
}

static struct esim_slice child(struct esim_slice whole, const uint32_t *tags, size_t count)
{
	struct esim_tlv tlv;

	ATF_REQUIRE_EQ(1, esim_tlv_next(&whole, &tlv));
	for (size_t i = 0; i < count; i++)
		ATF_REQUIRE_EQ(1, esim_tlv_find(tlv.value, tags[i], &tlv));
	return tlv.whole;
}

ATF_TC_WITHOUT_HEAD(recorded_download_verifies);
ATF_TC_BODY(recorded_download_verifies, tc)
{
	static const uint32_t ok_signed[] = { 0xA0, 0x30 }, ok_signature[] = { 0xA0, 0x5F37 };
	struct esim_buf file = ESIM_BUF_INIT, ci = ESIM_BUF_INIT;
	struct recording r = { 0 };
	struct esim_pool pool = { 0 };
	struct esim_error err = { 0 };
	struct esim_verified_server server;
	struct esim_verified_smdp smdp;
	struct esim_verified_euicc euicc;
	struct esim_verified_package counted;
	struct esim_slice ok, signature1, signed1, otpk, certificates;
	struct esim_tlv part, euicc_certificate, eum_certificate;

	read_or_skip("REFDATA", "es9p-sample/exchange.json", &file);
	read_or_skip("REFDATA", "sgp26-nist/CERT_CI.der", &ci);
	/* Slices into one buffer: it must not move. */
	ATF_REQUIRE(esim_buf_extend(&r.bytes, 65536) != NULL);
	esim_buf_reset(&r.bytes);
	r.root = json_loadb((const char *)file.data, file.len, 0, NULL);
	ATF_REQUIRE(r.root != NULL);
	ATF_REQUIRE_EQ(0, esim_pool_add_cert(&pool, esim_buf_slice(&ci), &err));

	ATF_REQUIRE_EQ_MSG(0, esim_verify_server_auth(&(struct esim_verify_server_auth){
		.pool = &pool, .now = RECORDED_NOW, .role = ESIM_ROLE_DP_AUTH,
		.server_signed1 = recorded(&r, 0, "response", "serverSigned1"),
		.server_signature1 = recorded(&r, 0, "response", "serverSignature1"),
		.server_certificate = recorded(&r, 0, "response", "serverCertificate"),
		.euicc_challenge = recorded(&r, 0, "request", "euiccChallenge"),
		.server_address = "testsmdpplus1.example.com",
		.expected_oid = "2.999.10",
	}, &server, &err), "%s", err.message);

	ok = recorded(&r, 1, "request", "authenticateServerResponse");
	signed1 = child(ok, ok_signed, 2);
	signature1 = child(ok, ok_signature, 2);
	certificates.data = signature1.data + signature1.len;
	certificates.len = (size_t)(ok.data + ok.len - certificates.data);
	ATF_REQUIRE_EQ(1, esim_tlv_next(&certificates, &euicc_certificate));
	ATF_REQUIRE_EQ(1, esim_tlv_next(&certificates, &eum_certificate));
	ATF_REQUIRE_EQ_MSG(0, esim_verify_euicc_auth(&(struct esim_verify_euicc_auth){
		.pool = &pool, .now = RECORDED_NOW, .euicc_signed1 = signed1,
		.euicc_signature1 = signature1, .euicc_certificate = euicc_certificate.whole,
		.eum_certificate = eum_certificate.whole, .server = &server,
		.server_address = "testsmdpplus1.example.com",
	}, &euicc, &err), "%s", err.message);

	part.whole = recorded(&r, 1, "response", "smdpSignature2");
	ATF_REQUIRE_EQ_MSG(0, esim_verify_smdp_signed2(&(struct esim_verify_smdp_signed2){
		.pool = &pool, .now = RECORDED_NOW, .server = &server,
		.smdp_signed2 = recorded(&r, 1, "response", "smdpSigned2"),
		.smdp_signature2 = part.whole,
		.smdp_certificate = recorded(&r, 1, "response", "smdpCertificate"),
		.euicc_signature1 = signature1,
	}, &smdp, &err), "%s", err.message);
	ATF_CHECK(!smdp.cc_required);

	ok = recorded(&r, 2, "request", "prepareDownloadResponse");
	ATF_REQUIRE_EQ_MSG(0, esim_verify_euicc_signed2(&(struct esim_verify_euicc_signed2){
		.euicc = &euicc, .euicc_signed2 = child(ok, ok_signed, 2),
		.euicc_signature2 = child(ok, ok_signature, 2), .smdp_signature2 = part.whole,
		.transaction_id = { server.transaction_id.bytes, server.transaction_id.len },
	}, &otpk, &err), "%s", err.message);

	ATF_REQUIRE_EQ_MSG(0, esim_verify_bound_profile_package(&(struct esim_verify_package){
		.bound_profile_package = recorded(&r, 2, "response", "boundProfilePackage"),
		.smdp = &smdp, .euicc_otpk = otpk,
		.transaction_id = { server.transaction_id.bytes, server.transaction_id.len },
	}, &counted, &err), "%s", err.message);
	ATF_CHECK(counted.segments_86 == 12 && counted.replaces_session_keys);

	json_decref(r.root);
	esim_buf_free(&r.bytes);
	esim_buf_free(&file);
	esim_buf_free(&ci);
	esim_pool_free(&pool);
}

/* The card's last word in that recording. */
ATF_TC_WITHOUT_HEAD(recorded_installation_result_verifies);
ATF_TC_BODY(recorded_installation_result_verifies, tc)
{
	struct esim_buf text = ESIM_BUF_INIT, der = ESIM_BUF_INIT;
	struct esim_verify_installation_result in = { 0 };
	struct esim_verified_euicc euicc = { 0 };
	struct esim_error err = { 0 };
	struct esim_cert cert;
	uint8_t result[512];
	char hex[1024] = "";
	const char *start;
	size_t len;

	read_or_skip("REFDATA", "es9p-sample/apdu.txt", &text);
	read_or_skip("REFDATA", "sgp26-nist/CERT_EUICC.der", &der);
	esim_buf_append_byte(&text, 0);
	start = strstr((const char *)text.data, "< bf37");
	ATF_REQUIRE(start != NULL);
	/* Hex up to the status word 9000. */
	ATF_REQUIRE_EQ(1, sscanf(start + 2, "%1000[0-9a-f]", hex));
	hex[strlen(hex) - 4] = '\0';
	ATF_REQUIRE_EQ(0, esim_hex_decode(hex, result, sizeof(result), &len));
	ATF_REQUIRE_EQ(0, esim_cert_parse(esim_buf_slice(&der), &cert, &err));
	euicc.key = cert.key;
	in.euicc = &euicc;
	in.result = esim_slice(result, len);
	in.transaction_id = esim_slice(result + 9, 16);
	in.registered_id = esim_slice("\x88\x37\x0A", 3);
	ATF_CHECK_EQ_MSG(0, esim_verify_installation_result(&in, &err), "%s", err.message);
	result[len - 1] ^= 1;
	ATF_CHECK_EQ(ESIM_EVERIFY, esim_verify_installation_result(&in, &err));
	esim_buf_free(&text);
	esim_buf_free(&der);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, recorded_download_verifies);
	ATF_TP_ADD_TC(tp, recorded_installation_result_verifies);
	return atf_no_error();
}
