/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10b: PrepareDownload and LoadBoundProfilePackage (SGP.22, 5.7.5, 5.7.6). */
#include <esim/es10b.h>

#include "bpp_segments.h"
#include "es10.h"

#include <string.h>

#define TAG_PREPARE_DOWNLOAD 0xBF21
#define TAG_SEQUENCE 0x30
#define TAG_SIGNATURE 0x5F37
#define TAG_HASH_CC 0x04

static const char load_function[] = "ES10b.LoadBoundProfilePackage";

/* --- PrepareDownload --------------------------------------------------------------------- */

void es10b_prepare_download_response_clear(struct es10b_prepare_download_response *r)
{
	esim_buf_free(&r->whole);
	*r = (struct es10b_prepare_download_response){ 0 };
}

static int check_prepare_download(const char *function, const struct es10b_prepare_download *in,
				  struct esim_error *err)
{
	int r = es10_require_tlv(function, in->smdp_signed2, TAG_SEQUENCE, "smdpSigned2", err);

	if (!r)
		r = es10_require_tlv(function, in->smdp_signature2, TAG_SIGNATURE, "smdpSignature2",
				     err);
	if (!r)
		r = es10_require_tlv(function, in->smdp_certificate, TAG_SEQUENCE,
				     "smdpCertificate", err);
	return r;
}

static int read_prepare_download_response(const struct es10_answer *answer,
					  struct es10b_prepare_download_response *ret,
					  struct esim_error *err)
{
	if (!esim_asn1_has(answer->obj, "downloadResponseOk"))
		return es10_refusal(answer, "downloadResponseError.downloadErrorCode", err);
	if (esim_asn1_whole(answer->obj, "downloadResponseOk.euiccSigned2", &ret->euicc_signed2))
		return es10_bad_field(answer, "euiccSigned2", 0, err);
	if (esim_asn1_whole(answer->obj, "downloadResponseOk.euiccSignature2",
			    &ret->euicc_signature2))
		return es10_bad_field(answer, "euiccSignature2", 0, err);
	return 0;
}

int es10b_prepare_download(struct esim_card *card, const struct es10b_prepare_download *in,
			   struct es10b_prepare_download_response *ret, struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.PrepareDownload");
	struct es10b_prepare_download_response response = { 0 };
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark;
	int r;

	r = check_prepare_download(answer.function, in, err);
	if (r)
		return r;
	mark = esim_tlv_begin(&request, TAG_PREPARE_DOWNLOAD);
	esim_buf_append_slice(&request, in->smdp_signed2);
	esim_buf_append_slice(&request, in->smdp_signature2);
	if (in->has_hash_cc)
		esim_tlv_put(&request, TAG_HASH_CC, in->hash_cc, sizeof(in->hash_cc));
	esim_buf_append_slice(&request, in->smdp_certificate);
	esim_tlv_end(&request, mark);
	r = es10_call(card, &request, "PrepareDownloadResponse", &answer, err);
	if (!r)
		r = read_prepare_download_response(&answer, &response, err);
	/* The server wants a refusal too. */
	if (!r || r == ESIM_ERESULT) {
		response.whole = answer.bytes;
		answer.bytes = ESIM_BUF_INIT;
		*ret = response;
	}
	es10_answer_clear(&answer);
	return r;
}

/* --- ProfileInstallationResult --------------------------------------------------------------- */

void es10b_installation_result_clear(struct es10b_installation_result *r)
{
	esim_buf_free(&r->whole);
	*r = (struct es10b_installation_result){ 0 };
}

const char *es10b_bpp_command_name(int bpp_command_id)
{
	const char *name = bpp_command_id < 0 ? NULL :
			   es10_value_name("ErrorResult", "bppCommandId", (uint64_t)bpp_command_id);

	return name ? name : "unknown";
}

const char *es10b_error_reason_name(int error_reason)
{
	const char *name = error_reason < 0 ? NULL :
			   es10_value_name("ErrorResult", "errorReason", (uint64_t)error_reason);

	return name ? name : "unknown";
}

#define DATA "profileInstallationResultData."
#define SUCCESS DATA "finalResult.successResult"
#define FAILURE DATA "finalResult.errorResult"

static int bad_result(const char *path, struct esim_error *err)
{
	return esim_error_set(err, ESIM_EPROTO,
			      "field %s of the profile installation result cannot be used", path);
}

static int read_outcome(const struct esim_asn1 *obj, struct es10b_installation_result *ret,
			struct esim_error *err)
{
	struct esim_slice aid;
	uint64_t command, reason;

	ret->success = esim_asn1_has(obj, SUCCESS);
	if (ret->success) {
		if (esim_asn1_slice(obj, SUCCESS ".aid", &aid) || aid.len > ESIM_MAX_AID)
			return bad_result(SUCCESS ".aid", err);
		memcpy(ret->isdp_aid.bytes, aid.data, aid.len);
		ret->isdp_aid.len = aid.len;
		return 0;
	}
	if (esim_asn1_uint(obj, FAILURE ".bppCommandId", &command) || command > INT32_MAX)
		return bad_result(FAILURE ".bppCommandId", err);
	if (esim_asn1_uint(obj, FAILURE ".errorReason", &reason) || reason > INT32_MAX)
		return bad_result(FAILURE ".errorReason", err);
	ret->bpp_command_id = (int)command;
	ret->error_reason = (int)reason;
	return 0;
}

static int read_installation_result(const struct esim_asn1 *obj,
				    struct es10b_installation_result *ret, struct esim_error *err)
{
	struct esim_slice id;
	int r;

	if (esim_asn1_slice(obj, DATA "transactionId", &id) || id.len > ESIM_MAX_TRANSACTION_ID)
		return bad_result(DATA "transactionId", err);
	memcpy(ret->transaction_id.bytes, id.data, id.len);
	ret->transaction_id.len = id.len;
	if (esim_asn1_whole(obj, "profileInstallationResultData", &ret->signed_data))
		return bad_result("profileInstallationResultData", err);
	if (esim_asn1_whole(obj, "euiccSignPIR", &ret->signature))
		return bad_result("euiccSignPIR", err);
	r = es10_notification_metadata(obj, DATA "notificationMetadata", &ret->notification, err);
	return r ? r : read_outcome(obj, ret, err);
}

/* Decode @bytes, which go over to *@ret; they stay the caller's on failure. */
static int decode_owned(struct esim_buf *bytes, struct es10b_installation_result *ret,
			struct esim_error *err)
{
	struct es10b_installation_result result = { 0 };
	struct esim_asn1 *obj = NULL;
	int r;

	r = esim_asn1_decode("ProfileInstallationResult", esim_buf_slice(bytes), &obj, err);
	if (!r)
		r = read_installation_result(obj, &result, err);
	esim_asn1_free(&obj);
	if (r)
		return r;
	result.whole = *bytes;
	*bytes = ESIM_BUF_INIT;
	*ret = result;
	return 0;
}

int es10b_installation_result_decode(struct esim_slice bf37, struct es10b_installation_result *ret,
				     struct esim_error *err)
{
	struct esim_buf bytes = ESIM_BUF_INIT;
	int r;

	esim_buf_append_slice(&bytes, bf37);
	r = esim_buf_failed(&bytes);
	if (r)
		esim_error_set(err, r, "the profile installation result cannot be kept");
	else
		r = decode_owned(&bytes, ret, err);
	esim_buf_free(&bytes);
	return r;
}

/* --- LoadBoundProfilePackage ---------------------------------------------------------------------- */

struct load {
	const struct bpp_segments *segments;
	void (*progress)(void *context, const struct es10b_load_progress *p);
	void *context;
	struct es10b_load_progress done;
};

static void tell(void *context, size_t segments_done)
{
	struct load *load = context;

	for (; load->done.segments_done < segments_done; load->done.segments_done++)
		load->done.bytes_done += load->segments->items[load->done.segments_done].len;
	if (load->progress)
		load->progress(load->context, &load->done);
}

/* In order until the eUICC gives its result, which may be before the last segment. */
static int load_segments(struct esim_card *card, struct load *load, struct esim_buf *answer,
			 struct esim_error *err)
{
	size_t done;
	int r;

	tell(load, 0);
	r = esim_card_store_data_all(card, load_function, load->segments->items,
				     load->segments->count, answer, &done, tell, load, err);
	if (r) {
		esim_error_prefix(err, "segment %zu of %zu: ", done + 1, load->segments->count);
		return r;
	}
	if (answer->len > 0)
		return 0;
	esim_error_set(err, ESIM_EPROTO, "%s: the eUICC took the whole package and gave no result",
		       load_function);
	esim_error_advise(err, "List the profiles to see whether it was installed.");
	return ESIM_EPROTO;
}

int es10b_load_bound_profile_package(struct esim_card *card, struct esim_slice bpp,
				     void (*progress)(void *context,
						      const struct es10b_load_progress *p),
				     void *context, struct es10b_installation_result *ret,
				     bool *ret_begun, struct esim_error *err)
{
	struct esim_buf answer = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	struct bpp_segments segments;
	struct load load = { .segments = &segments, .progress = progress, .context = context };
	struct esim_card_stats before, after;
	int r;

	if (ret_begun)
		*ret_begun = false;
	r = bpp_segments_cut(bpp, &segments, err);
	if (r) {
		esim_error_prefix(err, "%s: ", load_function);
		return r;
	}
	load.done.segments = segments.count;
	load.done.bytes = bpp.len;
	esim_card_stats(card, &before);
	r = load_segments(card, &load, &answer, err);
	esim_card_stats(card, &after);
	if (ret_begun)
		*ret_begun = after.apdus > before.apdus;
	if (!r) {
		r = decode_owned(&answer, ret, err);
		if (r)
			esim_error_prefix(err, "%s: ", load_function);
	}
	bpp_segments_free(&segments);
	esim_buf_free(&answer);
	return r;
}
