/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attestation: an eUICC's signature over a nonce. SGP.22 lets an eUICC sign nothing but the
 * messages of a session, so one is begun for it and called off.
 */
#include "lpa_session.h"
#include "verify.h"

#include <string.h>

#define TAG_CTX_PARAMS1 0xA0
#define TAG_MATCHING_ID 0x80

_Static_assert(2 * LPA_MAX_NONCE <= ESIM_MAX_MATCHING_ID, "a nonce fits a matching id");

void lpa_attestation_clear(struct lpa_attestation *attestation)
{
	esim_buf_free(&attestation->euicc_signed1);
	esim_buf_free(&attestation->euicc_signature1);
	esim_buf_free(&attestation->euicc_certificate);
	esim_buf_free(&attestation->eum_certificate);
	memset(attestation, 0, sizeof(*attestation));
}

/* Whom to begin a session with: @server, or whom the eUICC itself would turn to. */
static int find_server(struct lpa *lpa, const char *server, struct lpa_session *session,
		       struct esim_error *err)
{
	struct es10a_addresses addresses;
	int rc;

	session->kind = LPA_SERVER_EITHER;
	if (server)
		return lpa_server_init(lpa, server, &session->server, err);
	rc = lpa_addresses(lpa, &addresses, err);
	if (rc)
		return rc;
	if (addresses.default_smdp[0]) {
		session->kind = LPA_SERVER_SMDP;
		return lpa_server_init(lpa, addresses.default_smdp, &session->server, err);
	}
	if (addresses.root_smds[0]) {
		session->kind = LPA_SERVER_SMDS;
		return lpa_server_init(lpa, addresses.root_smds, &session->server, err);
	}
	esim_error_set(err, ESIM_ENOENT, "this eUICC has neither a default SM-DP+ nor a root SM-DS");
	esim_error_advise(err, "name a server");
	return ESIM_ENOENT;
}

/* euiccSigned1 has ctxParams1, and that what the eUICC was given. */
static int check_nonce(const struct lpa_session *s, struct esim_error *err)
{
	const struct esim_slice expected = esim_slice(s->matching_id, strlen(s->matching_id));
	struct esim_tlv params, matching_id;
	const struct verify_field outer[] = {
		{ TAG_CTX_PARAMS1, "ctxParams1", 1, 0, false, &params },
	};
	const struct verify_field inner[] = {
		{ TAG_MATCHING_ID, "matchingId", 1, ESIM_MAX_MATCHING_ID, false, &matching_id },
	};
	int rc = verify_fields(s->authenticated.euicc_signed1, TAG_SEQUENCE, "euiccSigned1", outer, 1,
			       err);

	if (!rc)
		rc = verify_fields(params.whole, TAG_CTX_PARAMS1, "ctxParams1", inner, 1, err);
	if (!rc)
		rc = verify_equal(matching_id.value, expected, "matchingId", "ctxParams1", err);
	return rc;
}

static int copy(const struct lpa_session *s, struct lpa_attestation *ret, struct esim_error *err)
{
	const struct es10b_authenticate_server_response *from = &s->authenticated;
	const struct {
		struct esim_buf *to;
		struct esim_slice from;
	} parts[] = {
		{ &ret->euicc_signed1, from->euicc_signed1 },
		{ &ret->euicc_signature1, from->euicc_signature1 },
		{ &ret->euicc_certificate, from->euicc_certificate },
		{ &ret->eum_certificate, from->eum_certificate },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		esim_buf_append_slice(parts[i].to, parts[i].from);
		if (!esim_buf_failed(parts[i].to))
			continue;
		lpa_attestation_clear(ret);
		return esim_error_set(err, ESIM_ENOMEM, "no memory for the attestation");
	}
	strcpy(ret->matching_id, s->matching_id);
	strcpy(ret->server_address, s->server.address);
	return 0;
}

static int attest(struct lpa_session *session, struct lpa_attestation *ret, struct esim_error *err)
{
	int rc = lpa_session_begin(session, err);

	if (!rc)
		rc = check_nonce(session, err);
	if (!rc)
		rc = copy(session, ret, err);
	/* The order, if there is one of this name, is as it was. */
	session->reason = ES10B_CANCEL_POSTPONED;
	lpa_session_call_off(session, err);
	return rc;
}

int lpa_attest(struct lpa *lpa, const char *server, struct esim_slice nonce,
	       struct lpa_attestation *ret, struct esim_error *err)
{
	char matching_id[2 * LPA_MAX_NONCE + 1];
	struct lpa_session session = {
		.lpa = lpa,
		.reason = LPA_NO_REASON,
		.matching_id = matching_id,
		.server_oid = "",
	};
	struct esim_error local;
	int rc;

	if (!err)
		err = &local;
	esim_error_clear(err);
	memset(ret, 0, sizeof(*ret));
	if (nonce.len < LPA_MIN_NONCE || nonce.len > LPA_MAX_NONCE)
		return esim_error_set(err, ESIM_EINVAL, "a nonce has %d to %d octets", LPA_MIN_NONCE,
				      LPA_MAX_NONCE);
	esim_hex_encode(nonce, matching_id);
	rc = lpa_need_servers(lpa, err);
	if (!rc)
		rc = find_server(lpa, server, &session, err);
	if (!rc)
		rc = attest(&session, ret, err);
	lpa_session_clear(&session);
	return rc;
}
