/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks on what an eUICC says: euiccSigned1 and 2, results, notifications, cancel. */
#include "verify.h"

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *signer(void)
{
	return esim_role_certificate(ESIM_ROLE_EUICC);
}

/* --- ES10b.AuthenticateServer ---------------------------------------------------------- */

static int check_euicc_signed1(const struct esim_verify_euicc_auth *in, struct esim_error *err)
{
	static const char name[] = "euiccSigned1";
	const struct esim_verified_server *server = in->server;
	struct esim_tlv id, address, challenge, info2;
	const struct verify_field fields[] = {
		{ TAG_TRANSACTION_ID, "transactionId", 1, ESIM_MAX_TRANSACTION_ID, false, &id },
		{ TAG_SERVER_ADDRESS, "serverAddress", 1, ESIM_MAX_FQDN, false, &address },
		{ TAG_SERVER_CHALLENGE, "serverChallenge", CHALLENGE_SIZE, CHALLENGE_SIZE, false,
		  &challenge },
		{ 0xBF22, "euiccInfo2", 0, 0, false, &info2 },
	};
	int r = verify_fields(in->euicc_signed1, TAG_SEQUENCE, name, fields, COUNT(fields), err);

	if (r == 0)
		r = verify_equal(id.value, esim_slice(server->transaction_id.bytes,
						      server->transaction_id.len),
				 "transactionId", name, err);
	if (r == 0)
		r = verify_equal(challenge.value, esim_slice(server->server_challenge, CHALLENGE_SIZE),
				 "serverChallenge", name, err);
	if (r == 0)
		r = verify_address(address.value, in->server_address, name, err);
	return r;
}

int esim_verify_euicc_auth(const struct esim_verify_euicc_auth *in,
			   struct esim_verified_euicc *ret, struct esim_error *err)
{
	struct esim_verified_euicc verified;
	int r = verify_euicc_chain(in->euicc_certificate, in->eum_certificate, in->pool, in->now,
				   in->ci_key_id, in->eid, &verified, err);

	if (r == 0)
		r = verify_signature(&verified.key, &in->euicc_signed1, 1, in->euicc_signature1,
				     "euiccSignature1", signer(), err);
	if (r == 0)
		r = check_euicc_signed1(in, err);
	if (r == 0)
		*ret = verified;
	return r;
}

/* --- ES10b.PrepareDownload --------------------------------------------------------------- */

int esim_verify_euicc_signed2(const struct esim_verify_euicc_signed2 *in,
			      struct esim_slice *ret_euicc_otpk, struct esim_error *err)
{
	static const char name[] = "euiccSigned2";
	const struct esim_slice covered[] = { in->euicc_signed2, in->smdp_signature2 };
	struct esim_tlv id, otpk, hash_cc;
	const struct verify_field fields[] = {
		{ TAG_TRANSACTION_ID, "transactionId", 1, ESIM_MAX_TRANSACTION_ID, false, &id },
		{ TAG_OTPK, "euiccOtpk", ESIM_PUBLIC_KEY_SIZE, ESIM_PUBLIC_KEY_SIZE, false, &otpk },
		{ 0x04, "hashCc", ESIM_SHA256_SIZE, ESIM_SHA256_SIZE, true, &hash_cc },
	};
	int r = verify_signature(&in->euicc->key, covered, 2, in->euicc_signature2,
				 "euiccSignature2", signer(), err);

	if (r == 0)
		r = verify_fields(in->euicc_signed2, TAG_SEQUENCE, name, fields, COUNT(fields), err);
	if (r == 0)
		r = verify_equal(id.value, in->transaction_id, "transactionId", name, err);
	if (r == 0)
		r = verify_equal(hash_cc.value, in->hash_cc, "hashCc", name, err);
	if (r == 0)
		*ret_euicc_otpk = otpk.whole;
	return r;
}

/* --- ProfileInstallationResult -------------------------------------------------------------- */

int esim_verify_installation_result(const struct esim_verify_installation_result *in,
				    struct esim_error *err)
{
	struct esim_tlv data, signature, id, metadata, oid, result;
	const struct verify_field outer[] = {
		{ 0xBF27, "profileInstallationResultData", 1, 0, false, &data },
		{ TAG_SIGNATURE, "euiccSignPIR", ESIM_SIGNATURE_SIZE, ESIM_SIGNATURE_SIZE, false,
		  &signature },
	};
	const struct verify_field inner[] = {
		{ TAG_TRANSACTION_ID, "transactionId", 1, ESIM_MAX_TRANSACTION_ID, false, &id },
		{ TAG_NOTIFICATION_METADATA, "notificationMetadata", 1, 0, false, &metadata },
		{ 0x06, "smdpOid", 1, ESIM_MAX_REGISTERED_ID, true, &oid },
		{ 0xA2, "finalResult", 1, 0, false, &result },
	};
	int r = verify_fields(in->result, 0xBF37, "ProfileInstallationResult", outer, COUNT(outer), err);

	if (r == 0)
		r = verify_signature(&in->euicc->key, &data.whole, 1, signature.whole, "euiccSignPIR",
				     signer(), err);
	if (r == 0)
		r = verify_fields(data.whole, 0xBF27, "profileInstallationResultData", inner,
				  COUNT(inner), err);
	if (r == 0)
		r = verify_equal(id.value, in->transaction_id, "transactionId",
				 "profileInstallationResultData", err);
	if (r == 0 && oid.value.len > 0)
		r = verify_equal(oid.value, in->registered_id, "smdpOid",
				 "profileInstallationResultData", err);
	return r;
}

/* --- ES10b.CancelSession ------------------------------------------------------------------------ */

static int check_cancel_signed(const struct esim_verify_cancel_session *in,
			       struct esim_slice cancel_signed, struct esim_error *err)
{
	static const char name[] = "euiccCancelSessionSigned";
	struct esim_tlv id, oid, reason;
	const struct verify_field fields[] = {
		{ TAG_TRANSACTION_ID, "transactionId", 1, ESIM_MAX_TRANSACTION_ID, false, &id },
		{ 0x81, "smdpOid", 1, ESIM_MAX_REGISTERED_ID, false, &oid },
		{ 0x82, "reason", 1, 4, false, &reason },
	};
	uint64_t number;
	int r = verify_fields(cancel_signed, TAG_SEQUENCE, name, fields, COUNT(fields), err);

	if (r == 0)
		r = verify_equal(id.value, in->transaction_id, "transactionId", name, err);
	if (r == 0)
		r = verify_equal(oid.value, in->registered_id, "smdpOid", name, err);
	if (r == 0 && (esim_tlv_uint(reason.value, &number) || number != in->reason))
		r = esim_error_verify(err, "reason", "the reason in %s is not the one given (%u)", name,
				      in->reason);
	return r;
}

int esim_verify_cancel_session(const struct esim_verify_cancel_session *in, struct esim_error *err)
{
	struct esim_tlv ok, cancel_signed, signature;
	const struct verify_field outer[] = {
		{ 0xA0, "cancelSessionResponseOk", 1, 0, false, &ok },
	};
	const struct verify_field inner[] = {
		{ TAG_SEQUENCE, "euiccCancelSessionSigned", 1, 0, false, &cancel_signed },
		{ TAG_SIGNATURE, "euiccCancelSessionSignature", ESIM_SIGNATURE_SIZE,
		  ESIM_SIGNATURE_SIZE, false, &signature },
	};
	int r = verify_fields(in->response, 0xBF41, "CancelSessionResponse", outer, COUNT(outer), err);

	if (r == 0)
		r = verify_fields(ok.whole, 0xA0, "cancelSessionResponseOk", inner, COUNT(inner), err);
	if (r == 0)
		r = verify_signature(&in->euicc->key, &cancel_signed.whole, 1, signature.whole,
				     "euiccCancelSessionSignature", signer(), err);
	return r ? r : check_cancel_signed(in, cancel_signed.whole, err);
}

/* --- OtherSignedNotification ------------------------------------------------------------------------ */

/* Two certificates with one tag: the order tells them apart, so no table of fields. */
static int read_notification(struct esim_slice whole, struct esim_tlv part[4], struct esim_error *err)
{
	static const char name[] = "OtherSignedNotification";
	static const uint32_t tags[4] = { TAG_NOTIFICATION_METADATA, TAG_SIGNATURE, TAG_SEQUENCE,
					  TAG_SEQUENCE };
	struct esim_tlv outer;
	struct esim_error why;
	size_t count = 0;

	if (esim_tlv_check(whole, name, &outer, &why))
		return esim_error_verify(err, name, "%s", why.message);
	while (count < 4 && esim_tlv_next(&outer.value, &part[count]) == 1 &&
	       part[count].tag == tags[count])
		count++;
	if (outer.tag != TAG_SEQUENCE || count < 4)
		return esim_error_verify(err, name, "%s is not made of metadata, signature and two "
					 "certificates", name);
	return 0;
}

int esim_verify_notification(const struct esim_verify_notification *in, struct esim_error *err)
{
	struct esim_verified_euicc euicc;
	struct esim_tlv part[4];
	int r = read_notification(in->notification, part, err);

	if (r == 0)
		r = verify_euicc_chain(part[2].whole, part[3].whole, in->pool, in->now,
				       esim_slice(NULL, 0), in->eid, &euicc, err);
	if (r == 0)
		r = verify_signature(&euicc.key, &part[0].whole, 1, part[1].whole,
				     "euiccNotificationSignature", signer(), err);
	return r;
}
