/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES9+.AuthenticateClient (SGP.22, 5.6.3): who is it, and what may it have? */
#include "smdpp/certificate_fault.h"
#include "smdpp/euicc_check.h"
#include "smdpp/functions.h"
#include "smdpp/metadata.h"

#include <string.h>

/* AuthenticateResponseOk, cut to pieces; all point into the request's bytes. */
struct response_ok {
	struct esim_tlv signed1, signature1, euicc_certificate, eum_certificate;
	struct esim_slice matching_id;		/* data NULL: absent */
	uint64_t free_memory;			/* extCardResource's non-volatile bytes */
};

/* --- reading --------------------------------------------------------------------------- */

static int malformed(struct call *call, const char *what)
{
	return call_failed(call, "1.6", "2.1", "authenticateServerResponse: %s", what);
}

/* extCardResource: 81 applications, 82 free non-volatile memory, 83 free volatile memory. */
static uint64_t free_memory(struct esim_slice info2)
{
	struct esim_tlv resource, bytes;
	uint64_t number = 0;

	if (esim_tlv_find(info2, 0x84, &resource) != 1 || esim_tlv_find(resource.value, 0x82, &bytes) != 1 ||
	    bytes.value.len > 8)
		return UINT64_MAX;
	for (size_t i = 0; i < bytes.value.len; i++)
		number = number << 8 | bytes.value.data[i];
	return number;
}

static int read_context(struct call *call, struct response_ok *ok)
{
	struct esim_tlv context, matching_id, info2;

	if (esim_tlv_find(ok->signed1.value, 0xA0, &context) != 1)
		return malformed(call, "no ctxParams1");
	if (esim_tlv_find(ok->signed1.value, 0xBF22, &info2) != 1)
		return malformed(call, "no euiccInfo2");
	ok->free_memory = free_memory(info2.value);
	ok->matching_id = esim_slice(NULL, 0);
	if (esim_tlv_find(context.value, 0x80, &matching_id) == 1)
		ok->matching_id = matching_id.value;
	return 0;
}

static int read_response(struct call *call, struct esim_slice value, struct response_ok *ok)
{
	struct esim_tlv alternative;
	struct esim_slice rest;

	if (esim_tlv_next(&value, &alternative) != 1)
		return malformed(call, "empty");
	if (alternative.tag == 0xA1)
		return call_failed(call, "8.1", "6.1", "The eUICC refused to authenticate the server");
	rest = alternative.value;
	if (alternative.tag != 0xA0 || esim_tlv_next(&rest, &ok->signed1) != 1 || ok->signed1.tag != 0x30 ||
	    esim_tlv_next(&rest, &ok->signature1) != 1 || ok->signature1.tag != 0x5F37 ||
	    esim_tlv_next(&rest, &ok->euicc_certificate) != 1 || ok->euicc_certificate.tag != 0x30 ||
	    esim_tlv_next(&rest, &ok->eum_certificate) != 1 || ok->eum_certificate.tag != 0x30)
		return malformed(call, "not an AuthenticateResponseOk");
	return read_context(call, ok);
}

/* --- who is it? -------------------------------------------------------------------------- */

static int check_signed1(struct call *call, const struct response_ok *ok)
{
	const struct session *session = call->session;
	struct esim_tlv id, challenge;

	if (esim_tlv_find(ok->signed1.value, 0x80, &id) != 1 ||
	    !esim_slice_is(id.value, session->id, sizeof(session->id)))
		return call_failed(call, "8.10.1", "3.9", "The signed transaction id is another one");
	if (esim_tlv_find(ok->signed1.value, 0x84, &challenge) != 1 ||
	    !esim_slice_is(challenge.value, session->server_challenge, sizeof(session->server_challenge)))
		return call_failed(call, "8.1", "6.1", "The server challenge is another one");
	return 0;
}

static int verify_euicc(struct call *call, const struct response_ok *ok)
{
	struct session *session = call->session;
	struct euicc_verdict verdict;
	struct esim_cert euicc;

	verdict = euicc_check_chain(call->server, ok->euicc_certificate.whole, ok->eum_certificate.whole,
				    esim_slice(session->ci_key_id, session->ci_key_id_len), &euicc);
	if (verdict.subject)
		return call_failed(call, verdict.subject, verdict.reason, "%s", verdict.text);
	if (esim_signature_verify(&euicc.key, ok->signed1.whole, ok->signature1.value))
		return call_failed(call, "8.1", "6.1", "euiccSignature1 is invalid");
	if (session_set_euicc(session, ok->euicc_certificate.whole, NULL))
		return call_failed(call, "8.1.3", "6.1", "The eUICC certificate holds no EID");
	return check_signed1(call, ok);
}

/* --- what may it have? --------------------------------------------------------------------- */

static int choose_order(struct call *call, const struct response_ok *ok, struct order **ret)
{
	const struct smdpp *server = call->server;
	const struct session *session = call->session;
	struct order *order;

	if (ok->matching_id.len == 0) {
		order = orders_default(&server->orders, &session->eid);
		if (!order)
			return call_failed(call, "8.2.5", "4.3", "No eligible profile for this eUICC");
		*ret = order;
		return 0;
	}
	order = orders_find(&server->orders, ok->matching_id);
	if (!order || (order->once && order->installed))
		return call_failed(call, "8.2.6", "3.8", "The matching id is refused");
	if (order->has_eid && memcmp(&order->eid, &session->eid, sizeof(order->eid)) != 0)
		return call_failed(call, "8.1.1", "3.8", "The EID is not the one of the order");
	*ret = order;
	return 0;
}

static int check_order(struct call *call, const struct order *order)
{
	if (order->unreleased)
		return call_failed(call, "8.2", "1.2", "The profile has not been released yet");
	if (order->expires && order->expires < smdpp_now(call->server))
		return call_failed(call, "8.8.5", "4.1", "The download order has expired");
	if (order->wrong_codes > order->retries || (order->attempts && order->begun >= order->attempts))
		return call_failed(call, "8.8.5", "6.4", "The number of attempts has been used up");
	return 0;
}

/* --- the answer -------------------------------------------------------------------------------- */

static void put_signed2(struct call *call, const struct order *order, struct esim_buf *out)
{
	const struct session *session = call->session;
	size_t mark = esim_tlv_begin(out, 0x30);
	bool rebind = order->is_bound && memcmp(&order->bound_eid, &session->eid, sizeof(session->eid)) == 0;

	esim_tlv_put(out, 0x80, session->id, sizeof(session->id));
	if (call_tampers(call, "signedTransactionId") && !esim_buf_failed(out))
		out->data[out->len - 1] ^= 1;
	esim_tlv_put(out, 0x01, order->confirmation_code ? "\xFF" : "\x00", 1);
	if (rebind)
		esim_tlv_put(out, 0x5F49, order->bound_otpk.point, sizeof(order->bound_otpk.point));
	esim_tlv_end(out, mark);
}

static int put_answer(struct call *call, struct esim_slice metadata, struct esim_slice signed2,
		      struct esim_slice signature2, struct esim_slice certificate)
{
	int r = call_put_transaction_id(call);

	if (!r)
		r = call_put(call, "profileMetadata", metadata);
	if (!r)
		r = call_put(call, "smdpSigned2", signed2);
	if (!r)
		r = call_put(call, "smdpSignature2", signature2);
	return r ? r : call_put(call, "smdpCertificate", certificate);
}

static int answer(struct call *call, struct order *order, const struct response_ok *ok,
		  struct esim_slice metadata)
{
	struct esim_buf signed2 = ESIM_BUF_INIT, certificate = ESIM_BUF_INIT;
	struct session *session = call->session;
	uint8_t sig[ESIM_SIGNATURE_SIZE];
	struct esim_slice parts[2];
	int r;

	put_signed2(call, order, &signed2);
	parts[0] = esim_buf_slice(&signed2);
	parts[1] = ok->signature1.whole;
	r = esim_buf_failed(&signed2) ? ESIM_ENOMEM
				      : rsp_key_sign(session->pki->entries[RSP_PKI_DPPB].key, parts, 2, sig);
	esim_buf_reset(&session->smdp_signature2);
	esim_tlv_put(&session->smdp_signature2, 0x5F37, sig, sizeof(sig));
	if (!r)
		r = certificate_for_call(call, session->pki, RSP_PKI_DPPB, &certificate);
	if (!r)
		r = put_answer(call, metadata, parts[0], esim_buf_slice(&session->smdp_signature2),
			       esim_buf_slice(&certificate));
	esim_buf_free(&signed2);
	esim_buf_free(&certificate);
	return r;
}

static int offer(struct call *call, struct order *order, const struct response_ok *ok)
{
	struct esim_buf package = ESIM_BUF_INIT, metadata = ESIM_BUF_INIT;
	struct esim_error err;
	int r;

	r = orders_package(&call->server->orders, order, &package, &err);
	if (!r)
		r = metadata_build(order, esim_buf_slice(&package), call->server->name, &metadata, &err);
	if (r)
		fprintf(stderr, "smdpp: order %s: %s\n", order->name, err.message);
	else if (package.len > ok->free_memory)
		r = call_failed(call, "8.1", "4.8", "The eUICC has not enough space for this profile");
	else
		r = answer(call, order, ok, esim_buf_slice(&metadata));
	if (!r) {
		call->session->order = order;
		call->session->state = SESSION_AUTHENTICATED;
		order->begun++;
	}
	esim_buf_free(&package);
	esim_buf_free(&metadata);
	return r;
}

static int serve_order(struct call *call, const struct response_ok *ok)
{
	struct order *order = NULL;
	int r;

	if (!rsp_pki_entry(call->session->pki, RSP_PKI_DPPB))
		return ESIM_EIO;
	r = choose_order(call, ok, &order);
	if (!r)
		r = check_order(call, order);
	return r ? r : offer(call, order, ok);
}

int es9p_authenticate_client_serve(struct call *call)
{
	struct esim_buf bytes = ESIM_BUF_INIT;
	struct esim_tlv response;
	struct response_ok ok;
	struct esim_error err;
	int r;

	r = call_session(call, SESSION_INITIATED, SESSION_INITIATED);
	if (!r)
		r = call_tlv(call, "authenticateServerResponse", 0xBF38, &bytes, &response);
	if (!r)
		r = read_response(call, response.value, &ok);
	if (!r)
		r = verify_euicc(call, &ok);
	if (!r && orders_scan(&call->server->orders, &err))
		fprintf(stderr, "smdpp: %s\n", err.message);
	if (!r)
		r = call->session->is_smds ? es11_answer_events(call, ok.matching_id) : serve_order(call, &ok);
	esim_buf_free(&bytes);
	return r;
}
