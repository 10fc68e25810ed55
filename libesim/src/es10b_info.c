/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10b: what the eUICC tells of itself (SGP.22, 5.7.7, 5.7.8, 5.7.22). */
#include <esim/es10b.h>

#include "es10.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_EUICC_INFO1 0xBF20
#define TAG_EUICC_INFO2 0xBF22
#define TAG_GET_EUICC_CHALLENGE 0xBF2E
#define TAG_GET_RAT 0xBF43

/* extCardResource, ETSI TS 102 226, 8.2.1.7.2 */
#define TAG_INSTALLED_APPLICATIONS 0x81
#define TAG_FREE_NON_VOLATILE_MEMORY 0x82
#define TAG_FREE_VOLATILE_MEMORY 0x83

static bool read_version(const struct esim_asn1 *obj, const char *path, struct esim_version *ret)
{
	struct esim_slice s;

	if (esim_asn1_slice(obj, path, &s) || s.len != 3)
		return false;
	*ret = (struct esim_version){ s.data[0], s.data[1], s.data[2] };
	return true;
}

static int read_key_ids(const struct es10_answer *answer, const char *path,
			struct esim_key_id_list *ret, struct esim_error *err)
{
	size_t count = esim_asn1_count(answer->obj, path);
	char element[ESIM_ASN1_PATH_SIZE];
	struct esim_slice id;

	if (count > ESIM_MAX_CI_KEY_IDS)
		return es10_bad_field(answer, path, ESIM_ETOOBIG, err);
	for (size_t i = 0; i < count; i++) {
		snprintf(element, sizeof(element), "%s.?%zu", path, i + 1);
		if (esim_asn1_slice(answer->obj, element, &id) || id.len > ESIM_MAX_KEY_ID)
			return es10_bad_field(answer, element, 0, err);
		memcpy(ret->ids[i].bytes, id.data, id.len);
		ret->ids[i].len = id.len;
	}
	ret->count = count;
	return 0;
}

static int read_key_id_lists(const struct es10_answer *answer,
			     struct esim_key_id_list *ret_verification,
			     struct esim_key_id_list *ret_signing, struct esim_error *err)
{
	int r = read_key_ids(answer, "euiccCiPKIdListForVerification", ret_verification, err);

	return r ? r : read_key_ids(answer, "euiccCiPKIdListForSigning", ret_signing, err);
}

/* --- EUICCInfo1 ---------------------------------------------------------------------- */

void es10b_euicc_info1_clear(struct es10b_euicc_info1 *info)
{
	esim_buf_free(&info->whole);
	*info = (struct es10b_euicc_info1){ 0 };
}

int es10b_get_euicc_info1(struct esim_card *card, struct es10b_euicc_info1 *ret,
			  struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.GetEUICCInfo1");
	struct es10b_euicc_info1 info = { 0 };
	int r;

	r = es10_call_empty(card, TAG_EUICC_INFO1, "EUICCInfo1", &answer, err);
	if (!r && !read_version(answer.obj, "svn", &info.svn))
		r = es10_bad_field(&answer, "svn", 0, err);
	if (!r)
		r = read_key_id_lists(&answer, &info.ci_for_verification, &info.ci_for_signing, err);
	if (!r) {
		info.whole = answer.bytes;
		answer.bytes = ESIM_BUF_INIT;
		*ret = info;
	}
	es10_answer_clear(&answer);
	return r;
}

/* --- EUICCInfo2 ------------------------------------------------------------------------- */

void es10b_euicc_info2_clear(struct es10b_euicc_info2 *info)
{
	esim_buf_free(&info->whole);
	*info = (struct es10b_euicc_info2){ 0 };
}

static bool read_resource(struct esim_slice in, uint32_t tag, uint32_t *ret)
{
	struct esim_tlv tlv;
	uint64_t number = 0;

	if (esim_tlv_find(in, tag, &tlv) != 1 || tlv.value.len == 0 || tlv.value.len > 8)
		return false;
	/* Plain big-endian bytes, not an INTEGER: the first bit is no sign. */
	for (size_t i = 0; i < tlv.value.len; i++)
		number = number << 8 | tlv.value.data[i];
	*ret = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
	return true;
}

static void read_resources(const struct esim_asn1 *obj, struct es10b_euicc_info2 *info)
{
	struct esim_slice in;

	info->has_memory =
		esim_asn1_slice(obj, "extCardResource", &in) == 0 &&
		read_resource(in, TAG_INSTALLED_APPLICATIONS, &info->installed_applications) &&
		read_resource(in, TAG_FREE_NON_VOLATILE_MEMORY, &info->free_non_volatile_memory) &&
		read_resource(in, TAG_FREE_VOLATILE_MEMORY, &info->free_volatile_memory);
}

/* Texts for people alone: one that does not fit is no reason to refuse the card. */
static void read_informative(const struct esim_asn1 *obj, const char *path, char *out, size_t size)
{
	if (esim_asn1_text(obj, path, out, size))
		out[0] = '\0';
}

static void read_info2_details(const struct esim_asn1 *obj, struct es10b_euicc_info2 *info)
{
	uint64_t category;

	info->has_ts102241_version = read_version(obj, "ts102241Version", &info->ts102241_version);
	info->has_global_platform_version =
		read_version(obj, "globalplatformVersion", &info->global_platform_version);
	info->uicc_capability = es10_bits(obj, "uiccCapability");
	info->rsp_capability = es10_bits(obj, "rspCapability");
	info->forbidden_policy_rules = es10_bits(obj, "forbiddenProfilePolicyRules");
	info->category = esim_asn1_uint(obj, "euiccCategory", &category) || category > INT32_MAX ?
				 -1 : (int)category;
	read_resources(obj, info);
	read_informative(obj, "sasAcreditationNumber", info->sas_accreditation_number,
			 sizeof(info->sas_accreditation_number));
	read_informative(obj, "certificationDataObject.platformLabel", info->platform_label,
			 sizeof(info->platform_label));
	read_informative(obj, "certificationDataObject.discoveryBaseURL", info->discovery_base_url,
			 sizeof(info->discovery_base_url));
}

static int read_info2_versions(const struct es10_answer *answer, struct es10b_euicc_info2 *info,
			       struct esim_error *err)
{
	const struct {
		const char *path;
		struct esim_version *to;
	} versions[] = {
		{ "profileVersion", &info->profile_version },
		{ "svn", &info->svn },
		{ "euiccFirmwareVer", &info->firmware_version },
		{ "ppVersion", &info->pp_version },
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (!read_version(answer->obj, versions[i].path, versions[i].to))
			return es10_bad_field(answer, versions[i].path, 0, err);
	return 0;
}

int es10b_get_euicc_info2(struct esim_card *card, struct es10b_euicc_info2 *ret,
			  struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.GetEUICCInfo2");
	struct es10b_euicc_info2 info = { 0 };
	int r;

	r = es10_call_empty(card, TAG_EUICC_INFO2, "EUICCInfo2", &answer, err);
	if (!r)
		r = read_info2_versions(&answer, &info, err);
	if (!r)
		r = read_key_id_lists(&answer, &info.ci_for_verification, &info.ci_for_signing, err);
	if (!r) {
		read_info2_details(answer.obj, &info);
		info.whole = answer.bytes;
		answer.bytes = ESIM_BUF_INIT;
		*ret = info;
	}
	es10_answer_clear(&answer);
	return r;
}

/* --- challenge -------------------------------------------------------------------------------- */

int es10b_get_euicc_challenge(struct esim_card *card, uint8_t challenge[static ESIM_CHALLENGE_SIZE],
			      struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.GetEUICCChallenge");
	struct esim_slice value;
	int r;

	r = es10_call_empty(card, TAG_GET_EUICC_CHALLENGE, "GetEuiccChallengeResponse", &answer, err);
	if (!r && (esim_asn1_slice(answer.obj, "euiccChallenge", &value) ||
		   value.len != ESIM_CHALLENGE_SIZE))
		r = es10_bad_field(&answer, "euiccChallenge", 0, err);
	if (!r)
		memcpy(challenge, value.data, ESIM_CHALLENGE_SIZE);
	es10_answer_clear(&answer);
	return r;
}

/* --- Rules Authorisation Table ------------------------------------------------------------------ */

static int read_rule(const struct es10_answer *answer, size_t number, struct esim_rat_rule *ret,
		     struct esim_error *err)
{
	char path[ESIM_ASN1_PATH_SIZE];
	size_t count;
	int r;

	snprintf(path, sizeof(path), "rat.?%zu.allowedOperators", number);
	count = esim_asn1_count(answer->obj, path);
	if (count > ESIM_MAX_OPERATORS)
		return es10_bad_field(answer, path, ESIM_ETOOBIG, err);
	ret->operator_count = count;
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "rat.?%zu.allowedOperators.?%zu", number, i + 1);
		r = es10_operator_id(answer->obj, path, &ret->operators[i], err);
		if (r)
			return r;
	}
	snprintf(path, sizeof(path), "rat.?%zu.pprIds", number);
	ret->ppr_ids = es10_bits(answer->obj, path);
	snprintf(path, sizeof(path), "rat.?%zu.pprFlags", number);
	ret->consent_required = esim_asn1_bit(answer->obj, path, 0);
	return 0;
}

static int read_rat(const struct es10_answer *answer, struct esim_rat *ret, struct esim_error *err)
{
	size_t count = esim_asn1_count(answer->obj, "rat");
	struct esim_rat rat = { 0 };
	int r = 0;

	if (count > ESIM_MAX_RAT_RULES)
		return es10_bad_field(answer, "rat", ESIM_ETOOBIG, err);
	if (count > 0) {
		rat.rules = calloc(count, sizeof(*rat.rules));
		if (!rat.rules)
			return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	}
	for (rat.count = 0; !r && rat.count < count; rat.count++)
		r = read_rule(answer, rat.count + 1, &rat.rules[rat.count], err);
	if (r)
		esim_rat_clear(&rat);
	else
		*ret = rat;
	return r;
}

int es10b_get_rat(struct esim_card *card, struct esim_rat *ret, struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.GetRAT");
	int r = es10_call_empty(card, TAG_GET_RAT, "GetRatResponse", &answer, err);

	if (!r)
		r = read_rat(&answer, ret, err);
	es10_answer_clear(&answer);
	return r;
}
