/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES10b.PrepareDownload (SGP.22, 5.7.5): the one-time key pair for a package that
 * the server has bound or will bind; ES10b.CancelSession (5.7.14).
 */
#include "veuicc/card.h"

#include <string.h>

enum download_error {
	DOWNLOAD_OK = 0,
	DOWNLOAD_INVALID_CERTIFICATE = 1,
	DOWNLOAD_INVALID_SIGNATURE = 2,
	DOWNLOAD_UNSUPPORTED_CURVE = 3,
	DOWNLOAD_NO_SESSION_CONTEXT = 4,
	DOWNLOAD_INVALID_TRANSACTION_ID = 5,
	DOWNLOAD_UNDEFINED = VEUICC_UNDEFINED_ERROR,
};

struct request {
	struct esim_tlv signed2, signature, hash_cc, certificate;
	struct esim_tlv transaction_id, cc_required, bound_otpk;
	bool has_hash_cc, has_bound_otpk;
};

static int parse_request(struct esim_slice in, struct request *ret)
{
	struct esim_tlv tlv;
	struct esim_slice inner;

	*ret = (struct request){ 0 };
	if (esim_tlv_next(&in, &ret->signed2) != 1 || ret->signed2.tag != 0x30 ||
	    esim_tlv_next(&in, &ret->signature) != 1 || ret->signature.tag != 0x5F37 ||
	    esim_tlv_next(&in, &tlv) != 1)
		return ESIM_EPROTO;
	if (tlv.tag == 0x04) {
		ret->hash_cc = tlv;
		ret->has_hash_cc = true;
		if (tlv.value.len != ESIM_SHA256_SIZE || esim_tlv_next(&in, &tlv) != 1)
			return ESIM_EPROTO;
	}
	if (tlv.tag != 0x30)
		return ESIM_EPROTO;
	ret->certificate = tlv;
	inner = ret->signed2.value;
	if (esim_tlv_find(inner, 0x80, &ret->transaction_id) != 1 ||
	    esim_tlv_find(inner, 0x01, &ret->cc_required) != 1 || ret->cc_required.value.len != 1)
		return ESIM_EPROTO;
	ret->has_bound_otpk = esim_tlv_find(inner, 0x5F49, &ret->bound_otpk) == 1;
	return 0;
}

/* CERT.DPpb comes from the server that was authenticated: same CI, same registered ID. */
static enum download_error judge_certificate(struct veuicc *card, const struct request *request,
					     struct esim_cert *cert)
{
	static const enum download_error errors[] = {
		[CERT_GOOD] = DOWNLOAD_OK,
		[CERT_INVALID] = DOWNLOAD_INVALID_CERTIFICATE,
		[CERT_CURVE] = DOWNLOAD_UNSUPPORTED_CURVE,
		[CERT_CI_UNKNOWN] = DOWNLOAD_INVALID_CERTIFICATE,
	};
	enum download_error error = errors[veuicc_judge_cert(card, request->certificate.whole,
							     ESIM_ROLE_DP_PB, cert)];

	if (error != DOWNLOAD_OK)
		return error;
	if (!esim_slice_equal(cert->registered_id, esim_buf_slice(&card->session.server_oid)) ||
	    !esim_slice_equal(cert->authority_key_id, esim_buf_slice(&card->session.server_ci)))
		return DOWNLOAD_INVALID_CERTIFICATE;
	return DOWNLOAD_OK;
}

static enum download_error judge(struct veuicc *card, const struct request *request,
				 struct esim_cert *cert)
{
	struct veuicc_session *session = &card->session;
	struct esim_slice covered[] = { request->signed2.whole, esim_buf_slice(&session->signature1) };
	enum download_error error;

	if (session->stage < STAGE_AUTHENTICATED || session->stage > STAGE_PREPARED ||
	    session->server_role != ESIM_ROLE_DP_AUTH)
		return DOWNLOAD_NO_SESSION_CONTEXT;
	error = judge_certificate(card, request, cert);
	if (error != DOWNLOAD_OK)
		return error;
	if (!veuicc_verify(card, &cert->key, covered, 2, request->signature.value))
		return DOWNLOAD_INVALID_SIGNATURE;
	if (!esim_slice_equal(request->transaction_id.value, esim_buf_slice(&session->transaction_id)))
		return DOWNLOAD_INVALID_TRANSACTION_ID;
	if (request->cc_required.value.data[0] && !request->has_hash_cc)
		return DOWNLOAD_UNDEFINED;
	return DOWNLOAD_OK;
}

/* The key pair kept from an earlier attempt, where the server's package is bound to it. */
static struct rsp_key *kept_key(struct veuicc *card, const struct request *request)
{
	const struct veuicc_store *store = &card->store;
	struct rsp_key *key = NULL;

	if (!request->has_bound_otpk || !store->ot_kept ||
	    rsp_key_from_scalar((enum esim_curve)store->ot_curve, store->ot_scalar, &key))
		return NULL;
	if (!esim_slice_is(request->bound_otpk.value, rsp_key_public(key)->point,
			   ESIM_PUBLIC_KEY_SIZE))
		rsp_key_free(&key);
	return key;
}

/* A key pair for the package, durable so that a broken session can go on later. */
static int make_key(struct veuicc *card, const struct request *request, enum esim_curve curve)
{
	struct veuicc_session *session = &card->session;

	rsp_key_free(&session->ot);
	session->ot = kept_key(card, request);
	if (session->ot && rsp_key_public(session->ot)->curve == curve)
		return 0;
	rsp_key_free(&session->ot);
	veuicc_link_crypto(&card->link);
	if (rsp_key_generate(curve, &session->ot) ||
	    rsp_key_scalar(session->ot, card->store.ot_scalar))
		return ESIM_EIO;
	card->store.ot_curve = (uint8_t)curve;
	card->store.ot_kept = true;
	return veuicc_store_commit(card);
}

static uint16_t put_ok(struct veuicc *card, const struct request *request, struct esim_buf *out)
{
	struct veuicc_session *session = &card->session;
	struct esim_buf signed2 = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&signed2, 0x30), inner;
	struct esim_slice covered[2];
	uint16_t sw = SW_OK;

	esim_buf_append_slice(&signed2, request->transaction_id.whole);
	esim_tlv_put(&signed2, 0x5F49, rsp_key_public(session->ot)->point, ESIM_PUBLIC_KEY_SIZE);
	if (request->cc_required.value.data[0])
		esim_buf_append_slice(&signed2, request->hash_cc.whole);
	esim_tlv_end(&signed2, mark);

	covered[0] = esim_buf_slice(&signed2);
	covered[1] = request->signature.whole;
	mark = esim_tlv_begin(out, 0xBF21);
	inner = esim_tlv_begin(out, 0xA0);
	esim_buf_append_slice(out, covered[0]);
	if (veuicc_sign(card, session->pki, covered, 2, out))
		sw = SW_MEMORY_FAILURE;
	esim_tlv_end(out, inner);
	esim_tlv_end(out, mark);
	if (sw != SW_OK)
		esim_buf_reset(out);
	esim_buf_free(&signed2);
	return sw;
}

uint16_t veuicc_prepare_download(struct veuicc *card, const struct veuicc_request *in,
				 struct esim_buf *out)
{
	enum download_error error;
	struct request request;
	struct esim_cert cert;

	if (parse_request(in->value, &request))
		return SW_WRONG_DATA;
	error = judge(card, &request, &cert);
	if (error == DOWNLOAD_OK) {
		if (make_key(card, &request, cert.key.curve))
			return SW_MEMORY_FAILURE;
		card->session.dppb = cert.key;
		card->session.stage = STAGE_PREPARED;
		return put_ok(card, &request, out);
	}
	veuicc_put_session_error(out, 0xBF21, request.transaction_id.value, error);
	return SW_OK;
}

/* --- CancelSession --------------------------------------------------------- */

/* Reasons 4, 5 and 127 came with 2.2.2. */
static bool reason_known(const struct veuicc *card, uint64_t reason)
{
	if (reason <= 3)
		return true;
	return card->options.svn >= VEUICC_SVN_2_2_2 &&
	       (reason == 4 || reason == 5 || reason == VEUICC_UNDEFINED_ERROR);
}

static uint16_t put_cancelled(struct veuicc *card, uint64_t reason, struct esim_buf *out)
{
	struct veuicc_session *session = &card->session;
	struct esim_buf signed_part = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&signed_part, 0x30), inner;
	struct esim_slice covered;
	uint16_t sw = SW_OK;

	esim_tlv_put_slice(&signed_part, 0x80, esim_buf_slice(&session->transaction_id));
	esim_tlv_put_slice(&signed_part, 0x81, esim_buf_slice(&session->server_oid));
	esim_tlv_put_uint(&signed_part, 0x82, reason);
	esim_tlv_end(&signed_part, mark);

	covered = esim_buf_slice(&signed_part);
	mark = esim_tlv_begin(out, 0xBF41);
	inner = esim_tlv_begin(out, 0xA0);
	esim_buf_append_slice(out, covered);
	if (veuicc_sign(card, session->pki, &covered, 1, out))
		sw = SW_MEMORY_FAILURE;
	esim_tlv_end(out, inner);
	esim_tlv_end(out, mark);
	if (sw != SW_OK)
		esim_buf_reset(out);
	esim_buf_free(&signed_part);
	return sw;
}

uint16_t veuicc_cancel_session(struct veuicc *card, const struct veuicc_request *request,
			       struct esim_buf *out)
{
	struct veuicc_session *session = &card->session;
	struct esim_tlv id, reason_tlv;
	uint64_t reason;
	uint16_t sw;

	if (esim_tlv_find(request->value, 0x80, &id) != 1 ||
	    esim_tlv_find(request->value, 0x81, &reason_tlv) != 1 ||
	    esim_tlv_uint(reason_tlv.value, &reason))
		return SW_WRONG_DATA;
	if (session->stage < STAGE_AUTHENTICATED ||
	    !esim_slice_equal(id.value, esim_buf_slice(&session->transaction_id))) {
		veuicc_put_list_error(out, 0xBF41, 5);
		return SW_OK;
	}
	if (!reason_known(card, reason)) {
		veuicc_put_list_error(out, 0xBF41, VEUICC_UNDEFINED_ERROR);
		return SW_OK;
	}
	sw = put_cancelled(card, reason, out);
	veuicc_session_end(card);
	return sw;
}
