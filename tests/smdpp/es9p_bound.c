/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES9+.GetBoundProfilePackage (SGP.22, 5.6.2). */
#include "smdpp/bind.h"
#include "smdpp/functions.h"
#include "smdpp/metadata.h"

#include <string.h>

/* PrepareDownloadResponseOk, cut to pieces. */
struct prepared {
	struct esim_tlv signed2, signature2;
	struct esim_public_key otpk;
	struct esim_slice hash_cc;		/* empty: absent */
};

static int malformed(struct call *call, const char *what)
{
	return call_failed(call, "1.6", "2.1", "prepareDownloadResponse: %s", what);
}

static int read_prepared(struct call *call, struct esim_slice value, struct prepared *ret)
{
	struct esim_tlv alternative, id, otpk, hash;
	struct esim_slice rest;

	if (esim_tlv_next(&value, &alternative) != 1)
		return malformed(call, "empty");
	if (alternative.tag == 0xA1)
		return call_failed(call, "8.1", "6.1", "The eUICC refused to prepare the download");
	rest = alternative.value;
	if (alternative.tag != 0xA0 || esim_tlv_next(&rest, &ret->signed2) != 1 || ret->signed2.tag != 0x30 ||
	    esim_tlv_next(&rest, &ret->signature2) != 1 || ret->signature2.tag != 0x5F37)
		return malformed(call, "not a PrepareDownloadResponseOk");
	if (esim_tlv_find(ret->signed2.value, 0x80, &id) != 1 ||
	    !esim_slice_is(id.value, call->session->id, SESSION_ID_SIZE))
		return call_failed(call, "8.10.1", "3.9", "The signed transaction id is another one");
	if (esim_tlv_find(ret->signed2.value, 0x5F49, &otpk) != 1 || otpk.value.len != ESIM_PUBLIC_KEY_SIZE)
		return malformed(call, "no euiccOtpk");
	/* The one-time keys lie on the curve of the certificate that signs for the package. */
	ret->otpk.curve = call->session->pki->entries[RSP_PKI_DPPB].cert.key.curve;
	memcpy(ret->otpk.point, otpk.value.data, ESIM_PUBLIC_KEY_SIZE);
	ret->hash_cc = esim_slice(NULL, 0);
	if (esim_tlv_find(ret->signed2.value, 0x04, &hash) == 1)
		ret->hash_cc = hash.value;
	return 0;
}

static int check_signature(struct call *call, const struct prepared *prepared)
{
	struct esim_slice parts[] = {
		prepared->signed2.whole, esim_buf_slice(&call->session->smdp_signature2),
	};

	if (esim_signature_verify_parts(&call->session->euicc.key, parts, 2, prepared->signature2.value))
		return call_failed(call, "8.1", "6.1", "euiccSignature2 is invalid");
	return 0;
}

/* hashCc = SHA256(SHA256(code) | transactionId). */
static int check_confirmation_code(struct call *call, const struct prepared *prepared)
{
	struct order *order = call->session->order;
	uint8_t inner[ESIM_SHA256_SIZE], outer[ESIM_SHA256_SIZE];
	struct esim_slice code, parts[2];
	bool right;

	if (!order->confirmation_code)
		return 0;
	if (order->wrong_codes > order->retries)
		return call_failed(call, "8.2.7", "6.4", "The retries for the confirmation code are used up");
	if (!prepared->hash_cc.len)
		return call_failed(call, "8.2.7", "2.2", "The confirmation code is missing");
	code = esim_slice(order->confirmation_code, strlen(order->confirmation_code));
	parts[0] = esim_slice(inner, sizeof(inner));
	parts[1] = esim_slice(call->session->id, SESSION_ID_SIZE);
	right = esim_sha256(&code, 1, inner) == 0 && esim_sha256(parts, 2, outer) == 0 &&
		esim_slice_equal_secret(prepared->hash_cc, esim_slice(outer, sizeof(outer)));
	explicit_bzero(inner, sizeof(inner));
	explicit_bzero(outer, sizeof(outer));
	if (right)
		return 0;
	if (++order->wrong_codes > order->retries)
		return call_failed(call, "8.2.7", "6.4", "The retries for the confirmation code are used up");
	return call_failed(call, "8.2.7", "3.8", "The confirmation code is refused");
}

static int bind(struct call *call, const struct prepared *prepared, struct esim_slice package,
		struct esim_slice metadata)
{
	struct session *session = call->session;
	struct order *order = session->order;
	struct bind_request request = {
		.transaction_id = esim_slice(session->id, SESSION_ID_SIZE),
		.eid = esim_slice(session->eid.bytes, sizeof(session->eid.bytes)),
		.euicc_otpk = &prepared->otpk,
		.signer = session->pki->entries[RSP_PKI_DPPB].key,
		.metadata = metadata,
		.package = package,
		.protected_keys = order->protected_keys,
		.split_metadata = order->split_metadata,
		.faults = &call->faults,
	};
	struct esim_buf bound = ESIM_BUF_INIT;
	struct esim_error err;
	int r;

	r = bind_package(&request, &bound, &err);
	if (r)
		r = call_failed(call, "8.1", "6.1", "%.120s", err.message);
	if (!r)
		r = call_put_transaction_id(call);
	if (!r)
		r = call_put(call, "boundProfilePackage", esim_buf_slice(&bound));
	esim_buf_free(&bound);
	return r;
}

static int deliver(struct call *call, const struct prepared *prepared)
{
	struct order *order = call->session->order;
	struct esim_buf package = ESIM_BUF_INIT, metadata = ESIM_BUF_INIT;
	struct esim_error err;
	int r;

	if (order->is_bound && order->no_rebind)
		return call_failed(call, "8.2", "3.7", "The profile package is not available for a new binding");
	r = orders_package(&call->server->orders, order, &package, &err);
	if (!r)
		r = metadata_build(order, esim_buf_slice(&package), call->server->name, &metadata, &err);
	if (r)
		fprintf(stderr, "smdpp: order %s: %s\n", order->name, err.message);
	else
		r = bind(call, prepared, esim_buf_slice(&package), esim_buf_slice(&metadata));
	if (!r) {
		order->is_bound = true;
		order->bound_eid = call->session->eid;
		order->bound_otpk = prepared->otpk;
		call->session->state = SESSION_BOUND;
	}
	esim_buf_free(&package);
	esim_buf_free(&metadata);
	return r;
}

int es9p_get_bound_profile_package_serve(struct call *call)
{
	struct esim_buf bytes = ESIM_BUF_INIT;
	struct prepared prepared;
	struct esim_tlv response;
	int r;

	r = call_session(call, SESSION_AUTHENTICATED, SESSION_AUTHENTICATED);
	if (!r)
		r = call_tlv(call, "prepareDownloadResponse", 0xBF21, &bytes, &response);
	if (!r)
		r = read_prepared(call, response.value, &prepared);
	if (!r)
		r = check_signature(call, &prepared);
	if (!r)
		r = check_confirmation_code(call, &prepared);
	if (!r)
		r = deliver(call, &prepared);
	esim_buf_free(&bytes);
	return r;
}
