/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10b: mutual authentication and the end of a session (SGP.22, 5.7.13, 5.7.14, 5.7.12). */
#include <esim/capabilities.h>
#include <esim/es10b.h>

#include "es10.h"

#include <string.h>

#define TAG_AUTHENTICATE_SERVER 0xBF38
#define TAG_CANCEL_SESSION 0xBF41
#define TAG_LOAD_CRL 0xBF35
#define TAG_SEQUENCE 0x30
#define TAG_OCTET_STRING 0x04
#define TAG_SIGNATURE 0x5F37
#define TAG_CTX_PARAMS1 0xA0
#define TAG_MATCHING_ID 0x80
#define TAG_DEVICE_INFO 0xA1
#define TAG_TAC 0x80
#define TAG_DEVICE_CAPABILITIES 0xA1
#define TAG_IMEI 0x82
#define TAG_GSM_SUPPORTED_RELEASE 0x80		/* the releases go on from here */
#define TAG_NR_EPC_SUPPORTED_RELEASE 0x88	/* and from here those that came with 2.2.2 */
#define TAG_EUICC_FORM_FACTOR_TYPE 0x8D
#define REMOVABLE_EUICC 0
#define NON_REMOVABLE_EUICC 1
#define TAG_TRANSACTION_ID 0x80
#define TAG_REASON 0x81
#define TAG_CRL 0xA0

/* --- AuthenticateServer ---------------------------------------------------------------- */

void es10b_authenticate_server_response_clear(struct es10b_authenticate_server_response *r)
{
	esim_buf_free(&r->whole);
	*r = (struct es10b_authenticate_server_response){ 0 };
}

static void put_releases(struct esim_buf *buf, uint32_t first_tag,
			 const struct esim_version *releases, size_t count)
{
	const struct esim_version none = { 0, 0, 0 };

	for (size_t i = 0; i < count; i++) {
		const uint8_t bytes[] = { releases[i].major, releases[i].minor, releases[i].revision };

		if (esim_version_compare(releases[i], none) != 0)
			esim_tlv_put(buf, first_tag + (uint32_t)i, bytes, sizeof(bytes));
	}
}

/* A card that knows no extension of DeviceCapabilities may refuse all of it for one. */
static void put_device_capabilities(struct esim_buf *buf, const struct es10b_device_capabilities *c,
				    const struct esim_capabilities *card)
{
	const struct esim_version releases[] = {	/* in the order of their tags */
		c->gsm, c->utran, c->cdma2000_1x, c->cdma2000_hrpd, c->cdma2000_ehrpd,
		c->eutran_epc, c->contactless, c->rsp_crl,
	};
	const struct esim_version later_releases[] = { c->nr_epc, c->nr_5gc, c->eutran_5gc };
	bool extensible = card && esim_capable(card, ESIM_FEATURE_DEVICE_INFO_EXTENSIBILITY);
	size_t mark = esim_tlv_begin(buf, TAG_DEVICE_CAPABILITIES);

	put_releases(buf, TAG_GSM_SUPPORTED_RELEASE, releases, sizeof(releases) / sizeof(releases[0]));
	if (extensible)
		put_releases(buf, TAG_NR_EPC_SUPPORTED_RELEASE, later_releases,
			     sizeof(later_releases) / sizeof(later_releases[0]));
	if (extensible && c->form_factor_known)
		esim_tlv_put_uint(buf, TAG_EUICC_FORM_FACTOR_TYPE,
				  c->is_euicc_form_factor_removable ? REMOVABLE_EUICC :
								      NON_REMOVABLE_EUICC);
	esim_tlv_end(buf, mark);
}

static void put_ctx_params1(struct esim_buf *buf, const struct es10b_authenticate_server *in)
{
	size_t params = esim_tlv_begin(buf, TAG_CTX_PARAMS1), device;

	if (in->matching_id)
		esim_tlv_put_text(buf, TAG_MATCHING_ID, in->matching_id);
	device = esim_tlv_begin(buf, TAG_DEVICE_INFO);
	esim_tlv_put(buf, TAG_TAC, in->device->tac, sizeof(in->device->tac));
	put_device_capabilities(buf, &in->device->capabilities, in->capabilities);
	if (in->device->has_imei)
		esim_tlv_put(buf, TAG_IMEI, in->device->imei, sizeof(in->device->imei));
	esim_tlv_end(buf, device);
	esim_tlv_end(buf, params);
}

static int check_authenticate_server(const char *function,
				     const struct es10b_authenticate_server *in,
				     struct esim_error *err)
{
	const struct {
		struct esim_slice tlv;
		uint32_t tag;
		const char *name;
	} parts[] = {
		{ in->server_signed1, TAG_SEQUENCE, "serverSigned1" },
		{ in->server_signature1, TAG_SIGNATURE, "serverSignature1" },
		{ in->ci_key_id, TAG_OCTET_STRING, "euiccCiPKIdToBeUsed" },
		{ in->server_certificate, TAG_SEQUENCE, "serverCertificate" },
	};
	int r;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		r = es10_require_tlv(function, parts[i].tlv, parts[i].tag, parts[i].name, err);
		if (r)
			return r;
	}
	if (!in->device)
		return esim_error_set(err, ESIM_EINVAL, "%s: deviceInfo is missing", function);
	if (in->matching_id && strlen(in->matching_id) > ESIM_MAX_MATCHING_ID)
		return esim_error_set(err, ESIM_EINVAL, "%s: the matching id is longer than %d bytes",
				      function, ESIM_MAX_MATCHING_ID);
	return 0;
}

static int read_authenticate_response(const struct es10_answer *answer,
				      struct es10b_authenticate_server_response *ret,
				      struct esim_error *err)
{
	const struct {
		const char *path;
		struct esim_slice *to;
	} parts[] = {
		{ "authenticateResponseOk.euiccSigned1", &ret->euicc_signed1 },
		{ "authenticateResponseOk.euiccSignature1", &ret->euicc_signature1 },
		{ "authenticateResponseOk.euiccCertificate", &ret->euicc_certificate },
		{ "authenticateResponseOk.eumCertificate", &ret->eum_certificate },
	};

	if (!esim_asn1_has(answer->obj, "authenticateResponseOk"))
		return es10_refusal(answer, "authenticateResponseError.authenticateErrorCode", err);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (esim_asn1_whole(answer->obj, parts[i].path, parts[i].to))
			return es10_bad_field(answer, parts[i].path, 0, err);
	return 0;
}

int es10b_authenticate_server(struct esim_card *card, const struct es10b_authenticate_server *in,
			      struct es10b_authenticate_server_response *ret,
			      struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.AuthenticateServer");
	struct es10b_authenticate_server_response response = { 0 };
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark;
	int r;

	r = check_authenticate_server(answer.function, in, err);
	if (r)
		return r;
	mark = esim_tlv_begin(&request, TAG_AUTHENTICATE_SERVER);
	esim_buf_append_slice(&request, in->server_signed1);
	esim_buf_append_slice(&request, in->server_signature1);
	esim_buf_append_slice(&request, in->ci_key_id);
	esim_buf_append_slice(&request, in->server_certificate);
	put_ctx_params1(&request, in);
	esim_tlv_end(&request, mark);
	r = es10_call(card, &request, "AuthenticateServerResponse", &answer, err);
	if (!r)
		r = read_authenticate_response(&answer, &response, err);
	/* The server wants a refusal too. */
	if (!r || r == ESIM_ERESULT) {
		response.whole = answer.bytes;
		answer.bytes = ESIM_BUF_INIT;
		*ret = response;
	}
	es10_answer_clear(&answer);
	return r;
}

/* --- CancelSession ------------------------------------------------------------------------- */

const char *es10b_cancel_reason_name(enum es10b_cancel_reason reason)
{
	const char *name = es10_value_name("CancelSessionReason", "", (uint64_t)reason);

	return name ? name : "unknown";
}

int es10b_cancel_session(struct esim_card *card, const struct esim_transaction_id *transaction_id,
			 enum es10b_cancel_reason reason, struct esim_buf *whole,
			 struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.CancelSession");
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&request, TAG_CANCEL_SESSION);
	int r;

	esim_tlv_put(&request, TAG_TRANSACTION_ID, transaction_id->bytes, transaction_id->len);
	esim_tlv_put_uint(&request, TAG_REASON, (uint64_t)reason);
	esim_tlv_end(&request, mark);
	r = es10_call(card, &request, "CancelSessionResponse", &answer, err);
	if (!r && !esim_asn1_has(answer.obj, "cancelSessionResponseOk"))
		r = es10_refusal(&answer, "cancelSessionResponseError", err);
	if ((!r || r == ESIM_ERESULT) && whole) {
		esim_buf_append_slice(whole, esim_buf_slice(&answer.bytes));
		if (!r && esim_buf_failed(whole))
			r = esim_error_set(err, esim_buf_failed(whole), "%s: no room for the answer",
					   answer.function);
	}
	es10_answer_clear(&answer);
	return r;
}

/* --- LoadCRL ---------------------------------------------------------------------------------- */

int es10b_load_crl(struct esim_card *card, struct esim_slice crl, struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.LoadCRL");
	struct esim_buf request = ESIM_BUF_INIT;
	struct esim_tlv list;
	size_t mark;
	int r;

	r = es10_require_tlv(answer.function, crl, TAG_SEQUENCE, "the CertificateList", err);
	if (r)
		return r;
	esim_tlv_next(&crl, &list);
	mark = esim_tlv_begin(&request, TAG_LOAD_CRL);
	esim_tlv_put_slice(&request, TAG_CRL, list.value);
	esim_tlv_end(&request, mark);
	r = es10_call(card, &request, "LoadCRLResponse", &answer, err);
	if (!r && !esim_asn1_has(answer.obj, "loadCRLResponseOk"))
		r = es10_refusal(&answer, "loadCRLResponseError", err);
	es10_answer_clear(&answer);
	return r;
}
