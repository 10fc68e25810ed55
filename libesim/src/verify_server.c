/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks on what an SM-DP+ or SM-DS says: serverSigned1, smdpSigned2 and their chains. */
#include "verify.h"

#include <string.h>

/* --- the chain ---------------------------------------------------------------------- */

struct server_chain {
	struct esim_cert certs[ESIM_MAX_CHAIN];
	size_t count;
};

static int parse_chain(struct esim_slice leaf, const struct esim_slice *others, size_t count,
		       enum esim_role role, struct server_chain *ret, struct esim_error *err)
{
	int r;

	if (count > ESIM_MAX_CHAIN - 1)
		return esim_error_verify(err, esim_role_certificate(role),
					 "a chain of more than %d certificates", ESIM_MAX_CHAIN);
	r = verify_certificate(leaf, role, &ret->certs[0], err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = verify_certificate(others[i], ESIM_ROLE_CI, &ret->certs[i + 1], err);
	ret->count = count + 1;
	return r;
}

static int keep_registered_id(const struct esim_cert *cert, struct esim_registered_id *ret,
			      struct esim_error *err)
{
	const char *name = esim_role_certificate(cert->role);
	struct esim_slice id = cert->registered_id;

	if (id.len == 0 || id.len > sizeof(ret->bytes))
		return esim_error_verify(err, name, "%s: the registered ID is missing or too long "
					 "(subjectAltName)", name);
	memcpy(ret->bytes, id.data, id.len);
	ret->len = id.len;
	return 0;
}

/* --- serverSigned1 -------------------------------------------------------------------- */

/* The role that the certificate must have: what was asked, or the server's own choice of two. */
static enum esim_role server_role(enum esim_role asked, const struct esim_cert *cert)
{
	if (asked != ESIM_ROLE_NONE)
		return asked;
	return cert->role == ESIM_ROLE_DS_AUTH ? ESIM_ROLE_DS_AUTH : ESIM_ROLE_DP_AUTH;
}

/* SGP.22, 5.6.1: the eUICC must be able to verify what the host verifies. */
static int check_root(const struct esim_verify_server_auth *in, const struct esim_anchor *anchor,
		      struct esim_error *err)
{
	struct esim_slice id = esim_slice(anchor->key_id, anchor->key_id_len);

	if (in->ci_for_verification && !esim_key_id_list_has(in->ci_for_verification, id))
		return esim_error_verify(err, "euiccCiPKIdListForVerification",
					 "the server's certificate is issued under %s, a CI that this "
					 "eUICC does not trust", anchor->name);
	return 0;
}

static int check_expected_oid(const struct esim_verify_server_auth *in,
			      const struct esim_registered_id *id, struct esim_error *err)
{
	char oid[ESIM_OID_TEXT_SIZE];

	if (!in->expected_oid || in->expected_oid[0] == '\0')
		return 0;
	if (esim_oid_format(esim_slice(id->bytes, id->len), oid) == 0 &&
	    strcmp(oid, in->expected_oid) == 0)
		return 0;
	return esim_error_verify(err, "OID", "the server's registered ID is not the OID of the "
				 "activation code");
}

static int check_server_signed1(const struct esim_verify_server_auth *in,
				struct esim_verified_server *verified, struct esim_error *err)
{
	static const char name[] = "serverSigned1";
	struct esim_tlv id, challenge, address, server_challenge;
	const struct verify_field fields[] = {
		{ TAG_TRANSACTION_ID, "transactionId", 1, ESIM_MAX_TRANSACTION_ID, false, &id },
		{ 0x81, "euiccChallenge", CHALLENGE_SIZE, CHALLENGE_SIZE, false, &challenge },
		{ TAG_SERVER_ADDRESS, "serverAddress", 1, ESIM_MAX_FQDN, false, &address },
		{ TAG_SERVER_CHALLENGE, "serverChallenge", CHALLENGE_SIZE, CHALLENGE_SIZE, false,
		  &server_challenge },
	};
	int r = verify_fields(in->server_signed1, TAG_SEQUENCE, name, fields,
			      sizeof(fields) / sizeof(fields[0]), err);

	if (r == 0 && in->transaction_id.len > 0)
		r = verify_equal(id.value, in->transaction_id, "transactionId", name, err);
	if (r == 0)
		r = verify_equal(challenge.value, in->euicc_challenge, "euiccChallenge", name, err);
	if (r == 0)
		r = verify_address(address.value, in->server_address, name, err);
	if (r)
		return r;
	memcpy(verified->transaction_id.bytes, id.value.data, id.value.len);
	verified->transaction_id.len = id.value.len;
	memcpy(verified->server_challenge, server_challenge.value.data, CHALLENGE_SIZE);
	return 0;
}

int esim_verify_server_auth(const struct esim_verify_server_auth *in,
			    struct esim_verified_server *ret, struct esim_error *err)
{
	struct esim_chain_rules rules = { .now = in->now, .root_key_id = in->ci_key_id };
	struct esim_verified_server verified = { 0 };
	const struct esim_anchor *anchor = NULL;
	struct server_chain chain;
	int r;

	r = parse_chain(in->server_certificate, in->other_certificates, in->other_count,
			in->role == ESIM_ROLE_NONE ? ESIM_ROLE_DP_AUTH : in->role, &chain, err);
	if (r)
		return r;
	rules.role = server_role(in->role, &chain.certs[0]);
	r = esim_chain_verify(chain.certs, chain.count, in->pool, &rules, &anchor, err);
	if (r == 0)
		r = check_root(in, anchor, err);
	if (r == 0)
		r = verify_signature(&chain.certs[0].key, &in->server_signed1, 1,
				     in->server_signature1, "serverSignature1",
				     esim_role_certificate(rules.role), err);
	if (r == 0)
		r = check_server_signed1(in, &verified, err);
	if (r == 0)
		r = keep_registered_id(&chain.certs[0], &verified.registered_id, err);
	if (r == 0)
		r = check_expected_oid(in, &verified.registered_id, err);
	if (r)
		return r;
	verified.role = rules.role;
	memcpy(verified.root.bytes, anchor->key_id, anchor->key_id_len);
	verified.root.len = anchor->key_id_len;
	*ret = verified;
	return 0;
}

int esim_verify_server_tls(const struct esim_verified_server *server,
			   struct esim_slice tls_registered_id, struct esim_error *err)
{
	const char *tls = esim_role_certificate(server->role == ESIM_ROLE_DS_AUTH ? ESIM_ROLE_DS_TLS
										  : ESIM_ROLE_DP_TLS);
	struct esim_slice id = esim_slice(server->registered_id.bytes, server->registered_id.len);
	char shown[ESIM_OID_TEXT_SIZE], wanted[ESIM_OID_TEXT_SIZE];

	if (tls_registered_id.len == 0)
		return esim_error_verify(err, tls, "%s: the TLS certificate's registered ID is missing "
					 "(subjectAltName)", tls);
	if (esim_slice_equal(tls_registered_id, id))
		return 0;
	if (esim_oid_format(tls_registered_id, shown) || esim_oid_format(id, wanted))
		return esim_error_verify(err, tls, "%s: the TLS certificate's registered ID is not that "
					 "of %s", tls, esim_role_certificate(server->role));
	return esim_error_verify(err, tls, "%s: the TLS certificate's registered ID is %.64s, that of %s "
				 "is %.64s", tls, shown, esim_role_certificate(server->role), wanted);
}

/* --- smdpSigned2 ----------------------------------------------------------------------- */

static int check_smdp_signed2(const struct esim_verify_smdp_signed2 *in,
			      struct esim_verified_smdp *verified, struct esim_error *err)
{
	static const char name[] = "smdpSigned2";
	const struct esim_transaction_id *expected = &in->server->transaction_id;
	struct esim_tlv id, cc_required, otpk;
	const struct verify_field fields[] = {
		{ TAG_TRANSACTION_ID, "transactionId", 1, ESIM_MAX_TRANSACTION_ID, false, &id },
		{ 0x01, "ccRequiredFlag", 1, 1, false, &cc_required },
		{ TAG_OTPK, "bppEuiccOtpk", ESIM_PUBLIC_KEY_SIZE, ESIM_PUBLIC_KEY_SIZE, true, &otpk },
	};
	int r = verify_fields(in->smdp_signed2, TAG_SEQUENCE, name, fields,
			      sizeof(fields) / sizeof(fields[0]), err);

	if (r == 0)
		r = verify_equal(id.value, esim_slice(expected->bytes, expected->len),
				 "transactionId", name, err);
	if (r)
		return r;
	verified->cc_required = cc_required.value.data[0] != 0;
	verified->bpp_euicc_otpk = otpk.whole;
	return 0;
}

int esim_verify_smdp_signed2(const struct esim_verify_smdp_signed2 *in,
			     struct esim_verified_smdp *ret, struct esim_error *err)
{
	const struct esim_slice covered[] = { in->smdp_signed2, in->euicc_signature1 };
	const struct esim_verified_server *server = in->server;
	const struct esim_chain_rules rules = {
		.role = ESIM_ROLE_DP_PB,
		.now = in->now,
		.root_key_id = esim_slice(server->root.bytes, server->root.len),
		.registered_id = esim_slice(server->registered_id.bytes, server->registered_id.len),
	};
	struct esim_verified_smdp verified = { 0 };
	struct server_chain chain;
	int r;

	r = parse_chain(in->smdp_certificate, in->other_certificates, in->other_count,
			ESIM_ROLE_DP_PB, &chain, err);
	if (r == 0)
		r = esim_chain_verify(chain.certs, chain.count, in->pool, &rules, NULL, err);
	if (r == 0)
		r = verify_signature(&chain.certs[0].key, covered, 2, in->smdp_signature2,
				     "smdpSignature2", esim_role_certificate(ESIM_ROLE_DP_PB), err);
	if (r == 0)
		r = check_smdp_signed2(in, &verified, err);
	if (r)
		return r;
	verified.key = chain.certs[0].key;
	verified.registered_id = server->registered_id;
	*ret = verified;
	return 0;
}
