/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES9+.CancelSession (SGP.22, 5.6.5). */
#include "smdpp/functions.h"

static int malformed(struct call *call, const char *what)
{
	return call_failed(call, "1.6", "2.1", "cancelSessionResponse: %s", what);
}

/* Before authenticateClient the eUICC is unknown: then there is nothing to verify against. */
static int check_signature(const struct call *call, const struct esim_tlv *signed_part,
			   const struct esim_tlv *signature)
{
	if (!call->session->euicc_certificate.len)
		return 0;
	return esim_signature_verify(&call->session->euicc.key, signed_part->whole, signature->value);
}

static int check_cancel(struct call *call, struct esim_slice value)
{
	const struct rsp_pki_entry *auth = &call->session->pki->entries[
		call->session->is_smds ? RSP_PKI_DSAUTH : RSP_PKI_DPAUTH];
	struct esim_tlv alternative, signed_part, signature, id, oid, reason;

	if (esim_tlv_next(&value, &alternative) != 1)
		return malformed(call, "empty");
	if (alternative.tag != 0xA0)
		return 0;	/* the eUICC has no such session either: over is over */
	if (esim_tlv_find(alternative.value, 0x30, &signed_part) != 1 ||
	    esim_tlv_find(alternative.value, 0x5F37, &signature) != 1 ||
	    esim_tlv_find(signed_part.value, 0x80, &id) != 1 ||
	    esim_tlv_find(signed_part.value, 0x81, &oid) != 1 ||
	    esim_tlv_find(signed_part.value, 0x82, &reason) != 1)
		return malformed(call, "not a CancelSessionResponseOk");
	if (check_signature(call, &signed_part, &signature))
		return call_failed(call, "8.1", "6.1", "euiccCancelSessionSignature is invalid");
	if (!esim_slice_is(id.value, call->session->id, SESSION_ID_SIZE))
		return call_failed(call, "8.10.1", "3.9", "The signed transaction id is another one");
	if (!esim_slice_equal(oid.value, auth->cert.registered_id))
		return call_failed(call, "8.8", "3.10", "smdpOid is not the one of this server");
	return 0;
}

int es9p_cancel_session_serve(struct call *call)
{
	struct esim_buf bytes = ESIM_BUF_INIT;
	struct esim_tlv response;
	int r;

	r = call_session(call, SESSION_INITIATED, SESSION_BOUND);
	if (!r)
		r = call_tlv(call, "cancelSessionResponse", 0xBF41, &bytes, &response);
	if (!r)
		r = check_cancel(call, response.value);
	if (!r)
		call->session->state = SESSION_OVER;
	esim_buf_free(&bytes);
	return r;
}
