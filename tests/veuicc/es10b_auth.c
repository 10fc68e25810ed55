/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10b.AuthenticateServer (SGP.22, 5.7.13): who the server is, and who this eUICC is. */
#include "veuicc/card.h"

#include <string.h>

enum authenticate_error {
	AUTH_OK = 0,
	AUTH_INVALID_CERTIFICATE = 1,
	AUTH_INVALID_SIGNATURE = 2,
	AUTH_UNSUPPORTED_CURVE = 3,
	AUTH_NO_SESSION_CONTEXT = 4,
	AUTH_INVALID_OID = 5,
	AUTH_CHALLENGE_MISMATCH = 6,
	AUTH_CI_PK_UNKNOWN = 7,
	AUTH_UNDEFINED = VEUICC_UNDEFINED_ERROR,
};

/* The request taken apart. */
struct request {
	struct esim_tlv signed1, signature, ci_key_id, certificate, context;
	struct esim_tlv transaction_id, challenge, address, server_challenge;
};

static int take(struct esim_slice *in, uint32_t tag, struct esim_tlv *ret)
{
	return esim_tlv_next(in, ret) == 1 && ret->tag == tag ? 0 : ESIM_EPROTO;
}

static int parse_request(struct esim_slice in, struct request *ret)
{
	struct esim_slice inner;

	if (take(&in, 0x30, &ret->signed1) || take(&in, 0x5F37, &ret->signature) ||
	    take(&in, 0x04, &ret->ci_key_id) || take(&in, 0x30, &ret->certificate) ||
	    take(&in, 0xA0, &ret->context))
		return ESIM_EPROTO;
	inner = ret->signed1.value;
	if (esim_tlv_find(inner, 0x80, &ret->transaction_id) != 1 ||
	    esim_tlv_find(inner, 0x81, &ret->challenge) != 1 ||
	    esim_tlv_find(inner, 0x83, &ret->address) != 1 ||
	    esim_tlv_find(inner, 0x84, &ret->server_challenge) != 1)
		return ESIM_EPROTO;
	if (ret->transaction_id.value.len == 0 ||
	    ret->transaction_id.value.len > ESIM_MAX_TRANSACTION_ID ||
	    ret->address.value.len == 0 || ret->address.value.len > ESIM_MAX_FQDN ||
	    ret->server_challenge.value.len != VEUICC_CHALLENGE_SIZE)
		return ESIM_EPROTO;
	return 0;
}

/* Before 2.2.2 the TAC had eight octets; such cards take both. */
static bool device_info_good(const struct veuicc *card, const struct request *request)
{
	struct esim_tlv device, tac;

	if (esim_tlv_find(request->context.value, 0xA1, &device) != 1 ||
	    esim_tlv_find(device.value, 0x80, &tac) != 1 ||
	    esim_tlv_find(device.value, 0xA1, &(struct esim_tlv){ 0 }) != 1)
		return false;
	return tac.value.len == 4 ||
	       (tac.value.len == 8 && card->options.svn < VEUICC_SVN_2_2_2);
}

static enum authenticate_error judge_certificate(struct veuicc *card, const struct request *request,
						 struct esim_cert *cert)
{
	static const enum authenticate_error errors[] = {
		[CERT_GOOD] = AUTH_OK,
		[CERT_INVALID] = AUTH_INVALID_CERTIFICATE,
		[CERT_CURVE] = AUTH_UNSUPPORTED_CURVE,
		[CERT_CI_UNKNOWN] = AUTH_CI_PK_UNKNOWN,
	};
	enum esim_role role = ESIM_ROLE_DP_AUTH;
	enum authenticate_error error;

	if (!esim_cert_parse(request->certificate.whole, cert, NULL) &&
	    cert->role == ESIM_ROLE_DS_AUTH)
		role = ESIM_ROLE_DS_AUTH;
	error = errors[veuicc_judge_cert(card, request->certificate.whole, role, cert)];
	if (error == AUTH_OK && cert->registered_id.len == 0)
		return AUTH_INVALID_OID;
	return error;
}

/* The order of SGP.22: certificate, signature, challenge, then our own side. */
static enum authenticate_error judge(struct veuicc *card, const struct request *request,
				     struct esim_cert *cert)
{
	enum authenticate_error error;

	if (card->session.stage != STAGE_CHALLENGED)
		return AUTH_NO_SESSION_CONTEXT;
	error = judge_certificate(card, request, cert);
	if (error != AUTH_OK)
		return error;
	if (!veuicc_verify(card, &cert->key, &request->signed1.whole, 1, request->signature.value))
		return AUTH_INVALID_SIGNATURE;
	if (!esim_slice_is(request->challenge.value, card->session.challenge, VEUICC_CHALLENGE_SIZE))
		return AUTH_CHALLENGE_MISMATCH;
	card->session.pki = veuicc_pki_for(card, request->ci_key_id.value);
	if (!card->session.pki)
		return AUTH_CI_PK_UNKNOWN;
	return device_info_good(card, request) ? AUTH_OK : AUTH_UNDEFINED;
}

static void put_signed1(struct veuicc *card, const struct request *request, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0x30);

	esim_buf_append_slice(out, request->transaction_id.whole);
	esim_buf_append_slice(out, request->address.whole);
	esim_buf_append_slice(out, request->server_challenge.whole);
	veuicc_put_euicc_info2(card, out);
	esim_buf_append_slice(out, request->context.whole);
	esim_tlv_end(out, mark);
}

static void remember(struct veuicc *card, const struct request *request,
		     const struct esim_cert *cert, struct esim_slice signature1)
{
	struct veuicc_session *session = &card->session;

	esim_buf_append_slice(&session->transaction_id, request->transaction_id.value);
	esim_buf_append_slice(&session->server_address, request->address.value);
	esim_buf_append_slice(&session->server_oid, cert->registered_id);
	esim_buf_append_slice(&session->server_ci, cert->authority_key_id);
	esim_buf_append_slice(&session->signature1, signature1);
	session->server_role = cert->role;
	session->stage = STAGE_AUTHENTICATED;
}

static uint16_t put_ok(struct veuicc *card, const struct request *request,
		       const struct esim_cert *cert, struct esim_buf *out)
{
	struct esim_buf signed1 = ESIM_BUF_INIT, signature1 = ESIM_BUF_INIT;
	const struct rsp_pki *pki = card->session.pki;
	size_t mark, inner;
	uint16_t sw = SW_OK;

	put_signed1(card, request, &signed1);
	if (veuicc_sign(card, card->session.pki, &(struct esim_slice){ signed1.data, signed1.len }, 1,
			&signature1)) {
		sw = SW_MEMORY_FAILURE;
	} else {
		mark = esim_tlv_begin(out, 0xBF38);
		inner = esim_tlv_begin(out, 0xA0);
		esim_buf_append_slice(out, esim_buf_slice(&signed1));
		esim_buf_append_slice(out, esim_buf_slice(&signature1));
		esim_buf_append_slice(out, esim_buf_slice(&rsp_pki_entry(pki, RSP_PKI_EUICC)->der));
		esim_buf_append_slice(out, esim_buf_slice(&rsp_pki_entry(pki, RSP_PKI_EUM)->der));
		esim_tlv_end(out, inner);
		esim_tlv_end(out, mark);
		remember(card, request, cert, esim_buf_slice(&signature1));
	}
	esim_buf_free(&signed1);
	esim_buf_free(&signature1);
	return sw;
}

uint16_t veuicc_authenticate_server(struct veuicc *card, const struct veuicc_request *in,
				    struct esim_buf *out)
{
	enum authenticate_error error;
	struct request request;
	struct esim_cert cert;

	if (parse_request(in->value, &request))
		return SW_WRONG_DATA;
	error = judge(card, &request, &cert);
	if (error == AUTH_OK)
		return put_ok(card, &request, &cert, out);
	veuicc_put_session_error(out, 0xBF38, request.transaction_id.value, error);
	veuicc_session_end(card);
	return SW_OK;
}
