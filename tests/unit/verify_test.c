/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's checks of a download, message by message: a good flow on both
 * curves, then each message with one thing wrong and all signatures right, then
 * with a wrong signature.
 */
#include "verify_flow.h"

#include <esim/tlv.h>

#include <atf-c.h>
#include <string.h>

static void require_server_fails(const struct esim_verify_server_auth *in, const char *check,
				 const char *words)
{
	struct esim_verified_server server = { .role = ESIM_ROLE_CI };
	struct esim_error err = { 0 };

	require_failed_check(esim_verify_server_auth(in, &server, &err), &err, check, words);
	ATF_CHECK_EQ(ESIM_ROLE_CI, server.role);
}

static void require_smdp_fails(const struct esim_verify_smdp_signed2 *in, const char *check,
			       const char *words)
{
	struct esim_verified_smdp smdp;
	struct esim_error err = { 0 };

	require_failed_check(esim_verify_smdp_signed2(in, &smdp, &err), &err, check, words);
}

static void require_euicc_fails(const struct esim_verify_euicc_auth *in, const char *check,
				const char *words)
{
	struct esim_verified_euicc euicc;
	struct esim_error err = { 0 };

	require_failed_check(esim_verify_euicc_auth(in, &euicc, &err), &err, check, words);
}

static void require_signed2_fails(const struct esim_verify_euicc_signed2 *in, const char *check,
				  const char *words)
{
	struct esim_slice otpk;
	struct esim_error err = { 0 };

	require_failed_check(esim_verify_euicc_signed2(in, &otpk, &err), &err, check, words);
}

static void require_package_fails(const struct esim_verify_package *in, const char *check,
				  const char *words)
{
	struct esim_verified_package counted;
	struct esim_error err = { 0 };

	require_failed_check(esim_verify_bound_profile_package(in, &counted, &err), &err, check, words);
}

/* --- tests ----------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(good_flow_verifies_on_both_curves);
ATF_TC_BODY(good_flow_verifies_on_both_curves, tc)
{
	static const enum esim_curve curves[] = { ESIM_CURVE_P256, ESIM_CURVE_BRAINPOOL_P256R1 };

	for (int i = 0; i < 2; i++) {
		struct esim_verified_package counted;
		struct esim_verify_package bpp;
		struct esim_verify_installation_result result;
		struct esim_verify_cancel_session cancel;
		struct esim_verify_notification other;
		struct esim_error err = { 0 };
		struct flow f;

		flow_start(&f, curves[i]);
		ATF_CHECK_EQ(ESIM_ROLE_DP_AUTH, f.server.role);
		ATF_CHECK(memcmp(f.server.server_challenge, f.server_challenge, 16) == 0);
		ATF_CHECK(f.smdp.cc_required);
		ATF_CHECK_EQ(0, f.smdp.bpp_euicc_otpk.len);
		ATF_CHECK_EQ(3, f.smdp.registered_id.len);
		bpp = flow_package(&f);
		ATF_CHECK_EQ_MSG(0, esim_verify_bound_profile_package(&bpp, &counted, &err), "%s",
				 err.message);
		ATF_CHECK(counted.segments_87 == 1 && counted.segments_88 == 2 &&
			  counted.segments_86 == 3 && !counted.replaces_session_keys);
		result = flow_installation_result(&f);
		ATF_CHECK_EQ_MSG(0, esim_verify_installation_result(&result, &err), "%s", err.message);
		cancel = flow_cancel_session(&f);
		ATF_CHECK_EQ_MSG(0, esim_verify_cancel_session(&cancel, &err), "%s", err.message);
		other = flow_notification(&f);
		other.eid = &f.euicc.eid;
		ATF_CHECK_EQ_MSG(0, esim_verify_notification(&other, &err), "%s", err.message);
		flow_end(&f);
	}
}

ATF_TC_WITHOUT_HEAD(server_that_answers_another_question_is_refused);
ATF_TC_BODY(server_that_answers_another_question_is_refused, tc)
{
	static const uint8_t other[16] = { 0x99 };
	struct esim_verify_server_auth in;
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_server_auth(&f);
	in.euicc_challenge = esim_slice(other, 16);
	require_server_fails(&in, "euiccChallenge", "not the one of this session");
	in = flow_server_auth(&f);
	in.transaction_id = esim_slice(other, 16);
	require_server_fails(&in, "transactionId", "not the one of this session");
	in = flow_server_auth(&f);
	in.transaction_id = esim_slice(f.transaction, 15);
	require_server_fails(&in, "transactionId", "not the one of this session");
	in = flow_server_auth(&f);
	in.server_address = "smdpp.example.co";
	require_server_fails(&in, "serverAddress", "SMDPP.example.com, but the host contacted is "
			     "smdpp.example.co");
	in.server_address = "smdpp.example.com.evil";
	require_server_fails(&in, "serverAddress", "host contacted");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(server_of_another_oid_role_or_ci_is_refused);
ATF_TC_BODY(server_of_another_oid_role_or_ci_is_refused, tc)
{
	struct esim_verify_server_auth in;
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_server_auth(&f);
	in.expected_oid = "2.999.11";
	require_server_fails(&in, "OID", "activation code");
	in = flow_server_auth(&f);
	in.role = ESIM_ROLE_DS_AUTH;
	require_server_fails(&in, "CERT.DSauth.ECDSA", "wrong role");
	in = flow_server_auth(&f);
	in.server_certificate = fixture_der(&f.pki, FIXTURE_DPPB);
	require_server_fails(&in, "CERT.DPauth.ECDSA", "wrong role");
	in = flow_server_auth(&f);
	in.ci_key_id = fixture_key_id(&f.pki, FIXTURE_EUM);
	require_server_fails(&in, "CERT.DPauth.ECDSA", "not the CI asked for");
	in = flow_server_auth(&f);
	f.trusted.ids[0].bytes[0] ^= 1;
	require_server_fails(&in, "euiccCiPKIdListForVerification", "does not trust");
	in.ci_for_verification = NULL;
	ATF_CHECK_EQ(0, esim_verify_server_auth(&in, &f.server, NULL));
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(smds_is_told_from_smdp);
ATF_TC_BODY(smds_is_told_from_smdp, tc)
{
	struct esim_verify_server_auth in;
	struct esim_error err = { 0 };
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	flow_sign(&f, FIXTURE_DSAUTH, &f.signed1, NULL, &f.signature1);
	in = flow_server_auth(&f);
	in.server_certificate = fixture_der(&f.pki, FIXTURE_DSAUTH);
	in.expected_oid = "";
	ATF_CHECK_EQ_MSG(0, esim_verify_server_auth(&in, &f.server, &err), "%s", err.message);
	ATF_CHECK_EQ(ESIM_ROLE_DS_AUTH, f.server.role);
	in.role = ESIM_ROLE_DP_AUTH;
	require_server_fails(&in, "CERT.DPauth.ECDSA", "wrong role");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(server_signature_is_checked);
ATF_TC_BODY(server_signature_is_checked, tc)
{
	struct esim_verify_server_auth in;
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_server_auth(&f);
	f.signature1.data[10] ^= 1;
	require_server_fails(&in, "serverSignature1", "does not verify with the key of CERT.DPauth");
	f.signature1.data[10] ^= 1;
	f.signed1.data[10] ^= 1;
	require_server_fails(&in, "serverSignature1", "does not verify");
	f.signed1.data[10] ^= 1;
	in.server_signature1.len--;
	require_server_fails(&in, "serverSignature1", "malformed");
	in.server_signature1 = esim_slice(NULL, 0);
	require_server_fails(&in, "serverSignature1", "malformed");
	in = flow_server_auth(&f);
	in.server_certificate.len--;
	require_server_fails(&in, "CERT.DPauth.ECDSA", "cut short");
	flow_end(&f);
}

/* Rightly signed, yet not what SGP.22 says a serverSigned1 is. */
ATF_TC_WITHOUT_HEAD(malformed_server_signed1_is_refused);
ATF_TC_BODY(malformed_server_signed1_is_refused, tc)
{
	static const struct {
		const char *der;
		size_t len;
		const char *words;
	} bad[] = {
		{ "\x30\x00", 2, "transactionId is missing" },
		{ "\x30\x03\x80\x01\x11", 5, "euiccChallenge is missing" },
		{ "\x30\x02\x80\x00", 4, "transactionId has 0 bytes" },
		{ "\x30\x13\x80\x11" "12345678901234567", 21, "transactionId has 17 bytes" },
		{ "\x30\x06\x80\x01\x11\x80\x01\x11", 8, "transactionId is there twice" },
		{ "\x31\x00", 2, "tag 31" },
		{ "\x30\x02\x80\x05", 4, "malformed" },
		{ "\x30\x00\x00", 3, "too many" },
		{ "", 0, "empty" },
	};
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct esim_verify_server_auth in;

		esim_buf_reset(&f.signed1);
		esim_buf_append(&f.signed1, bad[i].der, bad[i].len);
		flow_sign(&f, FIXTURE_DPAUTH, &f.signed1, NULL, &f.signature1);
		in = flow_server_auth(&f);
		require_server_fails(&in, "serverSigned1", bad[i].words);
	}
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(smdp_signed2_must_belong_to_the_session);
ATF_TC_BODY(smdp_signed2_must_belong_to_the_session, tc)
{
	struct esim_verify_smdp_signed2 in;
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_smdp_signed2(&f);
	in.euicc_signature1 = esim_buf_slice(&f.signature1);
	require_smdp_fails(&in, "smdpSignature2", "does not verify with the key of CERT.DPpb");
	f.transaction[0] ^= 1;
	flow_make_smdp_signed2(&f);
	in = flow_smdp_signed2(&f);
	require_smdp_fails(&in, "transactionId", "not the one of this session");
	f.transaction[0] ^= 1;
	flow_make_smdp_signed2(&f);
	in = flow_smdp_signed2(&f);
	in.smdp_certificate = fixture_der(&f.pki, FIXTURE_DPAUTH);
	require_smdp_fails(&in, "CERT.DPpb.ECDSA", "wrong role");
	in = flow_smdp_signed2(&f);
	f.server.root.bytes[0] ^= 1;
	require_smdp_fails(&in, "CERT.DPpb.ECDSA", "not the CI asked for");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(profile_binder_must_be_the_server_that_authenticated);
ATF_TC_BODY(profile_binder_must_be_the_server_that_authenticated, tc)
{
	struct esim_verify_smdp_signed2 in;
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	f.pki.recipe[FIXTURE_DPPB].registered_id = "2.999.11";
	fixture_issue(&f.pki, FIXTURE_DPPB);
	in = flow_smdp_signed2(&f);
	require_smdp_fails(&in, "CERT.DPpb.ECDSA", "registered ID is not the one expected");
	f.pki.recipe[FIXTURE_DPPB].registered_id = NULL;
	fixture_issue(&f.pki, FIXTURE_DPPB);
	in = flow_smdp_signed2(&f);
	require_smdp_fails(&in, "CERT.DPpb.ECDSA", "registered ID is missing");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(server_without_a_registered_id_is_refused);
ATF_TC_BODY(server_without_a_registered_id_is_refused, tc)
{
	struct esim_verify_server_auth in;
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	f.pki.recipe[FIXTURE_DPAUTH].registered_id = NULL;
	fixture_issue(&f.pki, FIXTURE_DPAUTH);
	in = flow_server_auth(&f);
	require_server_fails(&in, "CERT.DPauth.ECDSA", "registered ID is missing");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(euicc_must_be_this_card_in_this_session);
ATF_TC_BODY(euicc_must_be_this_card_in_this_session, tc)
{
	struct esim_verify_euicc_auth in;
	struct esim_eid eid;
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_euicc_auth(&f);
	ATF_REQUIRE_EQ(0, esim_eid_parse("89049032000001000000012345678955", &eid));
	in.eid = &eid;
	require_euicc_fails(&in, "EID", "for the EID " FIXTURE_EID ", which is not this card's");
	in = flow_euicc_auth(&f);
	in.ci_key_id = fixture_key_id(&f.pki, FIXTURE_EUM);
	require_euicc_fails(&in, "CERT.EUM.ECDSA", "not the CI asked for");
	in = flow_euicc_auth(&f);
	in.server_address = "other.example.com";
	require_euicc_fails(&in, "serverAddress", "host contacted");
	f.server.transaction_id.bytes[0] ^= 1;
	in = flow_euicc_auth(&f);
	require_euicc_fails(&in, "transactionId", "euiccSigned1");
	f.server.transaction_id.bytes[0] ^= 1;
	f.server.server_challenge[0] ^= 1;
	require_euicc_fails(&in, "serverChallenge", "euiccSigned1");
	f.server.server_challenge[0] ^= 1;
	f.euicc_signature1.data[20] ^= 1;
	require_euicc_fails(&in, "euiccSignature1", "does not verify with the key of CERT.EUICC");
	f.euicc_signature1.data[20] ^= 1;
	in.eum_certificate = fixture_der(&f.pki, FIXTURE_DPAUTH);
	require_euicc_fails(&in, "CERT.EUICC.ECDSA", "issuer's name");
	in.eum_certificate = esim_slice("\x30\x00", 2);
	require_euicc_fails(&in, "CERT.EUM.ECDSA", "outer structure");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(euicc_signed2_must_belong_to_the_session);
ATF_TC_BODY(euicc_signed2_must_belong_to_the_session, tc)
{
	static const uint8_t hash[ESIM_SHA256_SIZE] = { 1 }, other[ESIM_SHA256_SIZE] = { 2 };
	struct esim_verify_euicc_signed2 in;
	struct esim_error err = { 0 };
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_euicc_signed2(&f);
	ATF_CHECK_EQ(3 + ESIM_PUBLIC_KEY_SIZE, f.otpk.len);
	in.hash_cc = esim_slice(hash, sizeof(hash));
	require_signed2_fails(&in, "hashCc", "not the one of this session");
	in = flow_euicc_signed2(&f);
	in.smdp_signature2 = esim_buf_slice(&f.signature1);
	require_signed2_fails(&in, "euiccSignature2", "does not verify");
	in = flow_euicc_signed2(&f);
	in.transaction_id.len--;
	require_signed2_fails(&in, "transactionId", "not the one of this session");
	flow_make_euicc_signed2(&f, esim_slice(hash, sizeof(hash)));
	in = flow_euicc_signed2(&f);
	require_signed2_fails(&in, "hashCc", "not the one of this session");
	in.hash_cc = esim_slice(other, sizeof(other));
	require_signed2_fails(&in, "hashCc", "not the one of this session");
	in.hash_cc = esim_slice(hash, sizeof(hash));
	ATF_CHECK_EQ_MSG(0, esim_verify_euicc_signed2(&in, &f.otpk, &err), "%s", err.message);
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(package_must_be_for_these_keys_and_this_session);
ATF_TC_BODY(package_must_be_for_these_keys_and_this_session, tc)
{
	static const struct package_shape other_operation = { 2, 0x88, "013" };
	static const struct package_shape other_cipher = { 1, 0x89, "013" };
	struct esim_verify_package in;
	uint8_t otpk[3 + ESIM_PUBLIC_KEY_SIZE];
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_package(&f);
	memcpy(otpk, f.otpk.data, sizeof(otpk));
	otpk[40] ^= 1;
	in.euicc_otpk = esim_slice(otpk, sizeof(otpk));
	require_package_fails(&in, "smdpSign", "does not verify with the key of CERT.DPpb");
	in = flow_package(&f);
	in.transaction_id.len--;
	require_package_fails(&in, "transactionId", "not the one of this session");
	f.smdp.key = *rsp_key_public(f.pki.key[FIXTURE_DPAUTH]);
	in = flow_package(&f);
	require_package_fails(&in, "smdpSign", "does not verify");
	f.smdp.key = *rsp_key_public(f.pki.key[FIXTURE_DPPB]);
	flow_make_package(&f, &other_operation);
	in = flow_package(&f);
	require_package_fails(&in, "remoteOpId", "not for installing");
	flow_make_package(&f, &other_cipher);
	in = flow_package(&f);
	require_package_fails(&in, "controlRefTemplate", "AES-128");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(package_out_of_order_is_refused);
ATF_TC_BODY(package_out_of_order_is_refused, tc)
{
	static const struct {
		const char *order, *words;
	} bad[] = {
		{ "", "tag A0 is missing" }, { "0", "tag A1 is missing" }, { "01", "tag A3 is missing" },
		{ "103", "tag A0 is missing" }, { "031", "tag A1 is missing" },
		{ "0113", "tag A3 is missing" }, { "01223", "tag A3 is missing" },
		{ "0132", "bytes follow" }, { "0133", "bytes follow" },
		{ "01e", "empty" }, { "01w", "tag 86 is missing" },
	};
	struct esim_verified_package counted;
	struct esim_error err = { 0 };
	struct esim_verify_package in;
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct package_shape shape = { 1, 0x88, bad[i].order };

		flow_make_package(&f, &shape);
		in = flow_package(&f);
		require_package_fails(&in, "BoundProfilePackage", bad[i].words);
	}
	flow_make_package(&f, &(const struct package_shape){ 1, 0x88, "0123" });
	in = flow_package(&f);
	ATF_CHECK_EQ_MSG(0, esim_verify_bound_profile_package(&in, &counted, &err), "%s", err.message);
	ATF_CHECK(counted.replaces_session_keys);
	for (size_t len = 0; len < f.package.len; len += 7) {
		in.bound_profile_package.len = len;
		require_package_fails(&in, "BoundProfilePackage", "BoundProfilePackage");
	}
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(installation_result_is_checked);
ATF_TC_BODY(installation_result_is_checked, tc)
{
	struct esim_verify_installation_result in;
	struct esim_error err = { 0 };
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_installation_result(&f);
	in.transaction_id.len--;
	require_failed_check(esim_verify_installation_result(&in, &err), &err, "transactionId", "");
	in = flow_installation_result(&f);
	in.registered_id.len--;
	require_failed_check(esim_verify_installation_result(&in, &err), &err, "smdpOid", "");
	in = flow_installation_result(&f);
	f.result.data[f.result.len - 1] ^= 1;
	require_failed_check(esim_verify_installation_result(&in, &err), &err, "euiccSignPIR", "");
	f.result.data[f.result.len - 1] ^= 1;
	in.result.len--;
	require_failed_check(esim_verify_installation_result(&in, &err), &err,
			     "ProfileInstallationResult", "cut short");
	in = flow_installation_result(&f);
	in.result = esim_slice("\xBF\x37\x00", 3);
	require_failed_check(esim_verify_installation_result(&in, &err), &err,
			     "ProfileInstallationResult", "profileInstallationResultData is missing");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(cancel_session_is_checked);
ATF_TC_BODY(cancel_session_is_checked, tc)
{
	struct esim_verify_cancel_session in;
	struct esim_error err = { 0 };
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_cancel_session(&f);
	in.reason = 0;
	require_failed_check(esim_verify_cancel_session(&in, &err), &err, "reason", "not the one given (0)");
	in = flow_cancel_session(&f);
	in.transaction_id.len--;
	require_failed_check(esim_verify_cancel_session(&in, &err), &err, "transactionId", "");
	in = flow_cancel_session(&f);
	in.registered_id.len--;
	require_failed_check(esim_verify_cancel_session(&in, &err), &err, "smdpOid", "");
	in = flow_cancel_session(&f);
	f.cancel.data[f.cancel.len - 1] ^= 1;
	require_failed_check(esim_verify_cancel_session(&in, &err), &err, "euiccCancelSessionSignature",
			     "does not verify");
	/* cancelSessionResponseError */
	in.response = esim_slice("\xBF\x41\x03\x81\x01\x05", 6);
	require_failed_check(esim_verify_cancel_session(&in, &err), &err, "CancelSessionResponse",
			     "cancelSessionResponseOk is missing");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(notification_is_checked);
ATF_TC_BODY(notification_is_checked, tc)
{
	struct esim_verify_notification in;
	struct esim_error err = { 0 };
	struct esim_eid eid;
	struct flow f;

	flow_start(&f, ESIM_CURVE_P256);
	in = flow_notification(&f);
	/* The metadata stands behind the outer header of four bytes. */
	f.notification.data[10] ^= 1;
	require_failed_check(esim_verify_notification(&in, &err), &err, "euiccNotificationSignature",
			     "does not verify");
	f.notification.data[10] ^= 1;
	/* Its tag is BF2F; BF2E is another object. */
	f.notification.data[5] ^= 1;
	require_failed_check(esim_verify_notification(&in, &err), &err, "OtherSignedNotification",
			     "not made of");
	f.notification.data[5] ^= 1;
	ATF_REQUIRE_EQ(0, esim_eid_parse("89049032000001000000012345678955", &eid));
	in.eid = &eid;
	require_failed_check(esim_verify_notification(&in, &err), &err, "EID", "not this card's");
	in = flow_notification(&f);
	in.notification = esim_buf_slice(&f.result);
	require_failed_check(esim_verify_notification(&in, &err), &err, "OtherSignedNotification",
			     "not made of");
	in.notification.len--;
	require_failed_check(esim_verify_notification(&in, &err), &err, "OtherSignedNotification",
			     "cut short");
	flow_end(&f);
}

ATF_TC_WITHOUT_HEAD(oids_are_formatted);
ATF_TC_BODY(oids_are_formatted, tc)
{
	static const struct {
		const char *der;
		size_t len;
		const char *text;
	} good[] = {
		{ "\x88\x37\x0A", 3, "2.999.10" },
		{ "\x2A\x86\x48\xCE\x3D\x04\x03\x02", 8, "1.2.840.10045.4.3.2" },
		{ "\x67\x81\x12\x01", 4, "2.23.146.1" },
		{ "\x00", 1, "0.0" },
		{ "\x2A\x8F\xFF\xFF\xFF\x7F", 6, "1.2.4294967295" },
	}, bad[] = {
		{ "", 0, "empty" }, { "\x2A\x80\x01", 3, "leading zero" }, { "\x2A\x81", 2, "cut short" },
		{ "\x2A\x90\x80\x80\x80\x00", 6, "more than 32 bits" },
	};
	uint8_t most[ESIM_MAX_REGISTERED_ID + 1];
	char text[ESIM_OID_TEXT_SIZE] = "untouched";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EPROTO, esim_oid_format(esim_slice(bad[i].der, bad[i].len), text),
				 "%s", bad[i].text);
	ATF_CHECK_STREQ("untouched", text);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ATF_CHECK_EQ(0, esim_oid_format(esim_slice(good[i].der, good[i].len), text));
		ATF_CHECK_STREQ(good[i].text, text);
	}
	/* The longest text that the bytes can make fits. */
	for (size_t i = 0; i < sizeof(most); i++)
		most[i] = i % 2 ? 0x7F : 0xFF;
	ATF_CHECK_EQ(0, esim_oid_format(esim_slice(most, ESIM_MAX_REGISTERED_ID), text));
	memset(most, 0x7F, sizeof(most));
	ATF_CHECK_EQ(0, esim_oid_format(esim_slice(most, ESIM_MAX_REGISTERED_ID), text));
	ATF_CHECK_EQ(ESIM_EPROTO, esim_oid_format(esim_slice(most, sizeof(most)), text));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good_flow_verifies_on_both_curves);
	ATF_TP_ADD_TC(tp, server_that_answers_another_question_is_refused);
	ATF_TP_ADD_TC(tp, server_of_another_oid_role_or_ci_is_refused);
	ATF_TP_ADD_TC(tp, smds_is_told_from_smdp);
	ATF_TP_ADD_TC(tp, server_signature_is_checked);
	ATF_TP_ADD_TC(tp, malformed_server_signed1_is_refused);
	ATF_TP_ADD_TC(tp, smdp_signed2_must_belong_to_the_session);
	ATF_TP_ADD_TC(tp, profile_binder_must_be_the_server_that_authenticated);
	ATF_TP_ADD_TC(tp, server_without_a_registered_id_is_refused);
	ATF_TP_ADD_TC(tp, euicc_must_be_this_card_in_this_session);
	ATF_TP_ADD_TC(tp, euicc_signed2_must_belong_to_the_session);
	ATF_TP_ADD_TC(tp, package_must_be_for_these_keys_and_this_session);
	ATF_TP_ADD_TC(tp, package_out_of_order_is_refused);
	ATF_TP_ADD_TC(tp, installation_result_is_checked);
	ATF_TP_ADD_TC(tp, cancel_session_is_checked);
	ATF_TP_ADD_TC(tp, notification_is_checked);
	ATF_TP_ADD_TC(tp, oids_are_formatted);
	return atf_no_error();
}
