/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10c: local profile management; see esim/es10c.h. */
#include <esim/es10c.h>

#include "es10.h"
#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_GET_PROFILES_INFO 0xBF2D
#define TAG_ENABLE_PROFILE 0xBF31
#define TAG_DISABLE_PROFILE 0xBF32
#define TAG_DELETE_PROFILE 0xBF33
#define TAG_EUICC_MEMORY_RESET 0xBF34
#define TAG_GET_EUICC_DATA 0xBF3E
#define TAG_SET_NICKNAME 0xBF29

#define TAG_SEARCH_CRITERIA 0xA0
#define TAG_PROFILE_IDENTIFIER 0xA0
#define TAG_REFRESH_FLAG 0x81
#define TAG_RESET_OPTIONS 0x82
#define TAG_TAG_LIST 0x5C
#define TAG_ICCID 0x5A
#define TAG_AID 0x4F
#define TAG_EID 0x5A
#define TAG_PROFILE_STATE 0x9F70
#define TAG_NICKNAME 0x90
#define TAG_SERVICE_PROVIDER_NAME 0x91
#define TAG_PROFILE_NAME 0x92
#define TAG_ICON_TYPE 0x93
#define TAG_ICON 0x94
#define TAG_PROFILE_CLASS 0x95
#define TAG_NOTIFICATION_CONFIGURATION 0xB6
#define TAG_PROFILE_OWNER 0xB7
#define TAG_PROFILE_POLICY_RULES 0x99

#define MAX_TAG 0xFFFFFF	/* three bytes, the most that a tag takes */
#define MAX_TAGS 64

/* --- GetProfilesInfo ------------------------------------------------------------------------ */

const uint32_t *es10c_default_tags(size_t *ret_count)
{
	static const uint32_t tags[] = {
		TAG_ICCID, TAG_AID, TAG_PROFILE_STATE, TAG_NICKNAME, TAG_SERVICE_PROVIDER_NAME,
		TAG_PROFILE_NAME, TAG_PROFILE_CLASS, TAG_NOTIFICATION_CONFIGURATION,
		TAG_PROFILE_OWNER, TAG_PROFILE_POLICY_RULES, TAG_ICON_TYPE, TAG_ICON,
	};

	*ret_count = sizeof(tags) / sizeof(tags[0]);
	return tags;
}

void es10c_profiles_free(struct esim_profile **profiles, size_t count)
{
	if (!profiles || !*profiles)
		return;
	for (size_t i = 0; i < count; i++)
		esim_profile_clear(&(*profiles)[i]);
	free(*profiles);
	*profiles = NULL;
}

static void put_criteria(struct esim_buf *request, const struct es10c_search *search)
{
	static const struct esim_aid_value no_aid;
	size_t mark;

	if (!search->by_iccid && !search->by_aid && !search->by_class)
		return;
	mark = esim_tlv_begin(request, TAG_SEARCH_CRITERIA);
	if (search->by_class)
		esim_tlv_put_uint(request, TAG_PROFILE_CLASS, (uint64_t)search->profile_class);
	else
		es10_put_profile_id(request, &search->iccid,
				    search->by_aid ? &search->aid : &no_aid);
	esim_tlv_end(request, mark);
}

/* The tags as their bytes, one after the other. */
static void put_tag_list(struct esim_buf *request, const struct es10c_search *search)
{
	size_t mark;

	if (!search->tags)
		return;
	mark = esim_tlv_begin(request, TAG_TAG_LIST);
	for (size_t i = 0; i < search->tag_count; i++)
		for (int shift = 16; shift >= 0; shift -= 8)
			if (search->tags[i] >> shift)
				esim_buf_append_byte(request, (uint8_t)(search->tags[i] >> shift));
	esim_tlv_end(request, mark);
}

static int check_search(const char *function, const struct es10c_search *search,
			struct esim_error *err)
{
	if (search->by_iccid + search->by_aid + search->by_class > 1)
		return esim_error_set(err, ESIM_EINVAL, "%s: more than one search criterion", function);
	if (search->by_aid && search->aid.len == 0)
		return esim_error_set(err, ESIM_EINVAL, "%s: the AID is empty", function);
	if (search->tags && (search->tag_count == 0 || search->tag_count > MAX_TAGS))
		return esim_error_set(err, ESIM_EINVAL, "%s: a tag list takes 1 to %d tags", function,
				      MAX_TAGS);
	for (size_t i = 0; search->tags && i < search->tag_count; i++)
		if (search->tags[i] == 0 || search->tags[i] > MAX_TAG)
			return esim_error_set(err, ESIM_EINVAL, "%s: %X is no tag", function,
					      search->tags[i]);
	return 0;
}

static int read_profiles(const struct es10_answer *answer, struct esim_profile **ret,
			 size_t *ret_count, struct esim_error *err)
{
	static const char list_path[] = "profileInfoListOk";
	size_t count = esim_asn1_count(answer->obj, list_path);
	char path[ESIM_ASN1_PATH_SIZE];
	struct esim_profile *list;
	struct esim_slice whole;
	int r = 0;

	if (!esim_asn1_has(answer->obj, list_path))
		return es10_refusal(answer, "profileInfoListError", err);
	if (count > ESIM_MAX_PROFILES)
		return es10_bad_field(answer, list_path, ESIM_ETOOBIG, err);
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	for (size_t i = 0; !r && i < count; i++) {
		snprintf(path, sizeof(path), "%s.?%zu", list_path, i + 1);
		if (esim_asn1_whole(answer->obj, path, &whole))
			r = es10_bad_field(answer, path, 0, err);
		else
			r = esim_profile_decode(whole, answer->function, &list[i], err);
	}
	if (r) {
		es10c_profiles_free(&list, count);
		return r;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

int es10c_get_profiles_info(struct esim_card *card, const struct es10c_search *search,
			    struct esim_profile **ret, size_t *ret_count, struct esim_error *err)
{
	static const struct es10c_search everything;
	struct es10_answer answer = ES10_ANSWER_INIT("ES10c.GetProfilesInfo");
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark;
	int r;

	if (!search)
		search = &everything;
	r = check_search(answer.function, search, err);
	if (r)
		return r;
	mark = esim_tlv_begin(&request, TAG_GET_PROFILES_INFO);
	put_criteria(&request, search);
	put_tag_list(&request, search);
	esim_tlv_end(&request, mark);
	r = es10_call(card, &request, "ProfileInfoListResponse", &answer, err);
	if (!r)
		r = read_profiles(&answer, ret, ret_count, err);
	es10_answer_clear(&answer);
	return r;
}

/* --- functions that answer with a result alone ------------------------------------------------- */

/* What tells one such function from another. */
struct function {
	const char *name, *response_type, *result_path;
};

static int call_for_result(struct esim_card *card, const struct function *function,
			   struct esim_buf *request, struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT(function->name);
	int r = es10_call(card, request, function->response_type, &answer, err);

	if (!r)
		r = es10_result(&answer, function->result_path, err);
	es10_answer_clear(&answer);
	return r;
}

int es10c_check_switch(const struct es10c_switch *how, struct esim_error *err)
{
	if (how->port == 0)
		return 0;
	esim_error_set(err, ESIM_ENOTSUP, "port %u: ports of an eUICC cannot be chosen yet",
		       how->port);
	esim_error_advise(err, "name no port");
	return ESIM_ENOTSUP;
}

static int change_state(struct esim_card *card, const struct function *function, uint32_t tag,
			const struct es10c_profile_id *id, const struct es10c_switch *how,
			struct esim_error *err)
{
	const uint8_t flag = how->refresh ? 0xFF : 0x00;
	struct esim_buf request = ESIM_BUF_INIT;
	size_t outer, identifier;
	int r = es10c_check_switch(how, err);

	if (r)
		return r;
	outer = esim_tlv_begin(&request, tag);
	identifier = esim_tlv_begin(&request, TAG_PROFILE_IDENTIFIER);
	es10_put_profile_id(&request, &id->iccid, &id->aid);
	esim_tlv_end(&request, identifier);
	esim_tlv_put(&request, TAG_REFRESH_FLAG, &flag, sizeof(flag));
	esim_tlv_end(&request, outer);
	return call_for_result(card, function, &request, err);
}

int es10c_enable_profile(struct esim_card *card, const struct es10c_profile_id *id,
			 const struct es10c_switch *how, struct esim_error *err)
{
	static const struct function function = {
		"ES10c.EnableProfile", "EnableProfileResponse", "enableResult",
	};

	return change_state(card, &function, TAG_ENABLE_PROFILE, id, how, err);
}

int es10c_disable_profile(struct esim_card *card, const struct es10c_profile_id *id,
			  const struct es10c_switch *how, struct esim_error *err)
{
	static const struct function function = {
		"ES10c.DisableProfile", "DisableProfileResponse", "disableResult",
	};

	return change_state(card, &function, TAG_DISABLE_PROFILE, id, how, err);
}

int es10c_delete_profile(struct esim_card *card, const struct es10c_profile_id *id,
			 struct esim_error *err)
{
	static const struct function function = {
		"ES10c.DeleteProfile", "DeleteProfileResponse", "deleteResult",
	};
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&request, TAG_DELETE_PROFILE);

	es10_put_profile_id(&request, &id->iccid, &id->aid);
	esim_tlv_end(&request, mark);
	return call_for_result(card, &function, &request, err);
}

int es10c_euicc_memory_reset(struct esim_card *card, unsigned options, struct esim_error *err)
{
	static const struct function function = {
		"ES10c.eUICCMemoryReset", "EuiccMemoryResetResponse", "resetResult",
	};
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&request, TAG_EUICC_MEMORY_RESET);

	es10_put_bits(&request, TAG_RESET_OPTIONS, options);
	esim_tlv_end(&request, mark);
	return call_for_result(card, &function, &request, err);
}

int es10c_set_nickname(struct esim_card *card, const struct esim_iccid *iccid, const char *nickname,
		       struct esim_error *err)
{
	static const struct function function = {
		"ES10c.SetNickname", "SetNicknameResponse", "setNicknameResult",
	};
	struct esim_buf request = ESIM_BUF_INIT;
	size_t characters, mark;

	if (!utf8_count(esim_slice(nickname, strlen(nickname)), &characters))
		return esim_error_set(err, ESIM_EINVAL, "the nickname is not UTF-8");
	if (characters > ESIM_MAX_NICKNAME)
		return esim_error_set(err, ESIM_EINVAL, "a nickname has at most %d characters",
				      ESIM_MAX_NICKNAME);
	mark = esim_tlv_begin(&request, TAG_SET_NICKNAME);
	esim_tlv_put(&request, TAG_ICCID, iccid->bytes, sizeof(iccid->bytes));
	esim_tlv_put_text(&request, TAG_NICKNAME, nickname);
	esim_tlv_end(&request, mark);
	return call_for_result(card, &function, &request, err);
}

/* --- GetEID ------------------------------------------------------------------------------------- */

int es10c_get_eid(struct esim_card *card, struct esim_eid *ret, struct esim_error *err)
{
	static const uint8_t eid_tag[] = { TAG_EID };
	struct es10_answer answer = ES10_ANSWER_INIT("ES10c.GetEID");
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&request, TAG_GET_EUICC_DATA);
	struct esim_slice value;
	int r;

	esim_tlv_put(&request, TAG_TAG_LIST, eid_tag, sizeof(eid_tag));
	esim_tlv_end(&request, mark);
	r = es10_call(card, &request, "GetEuiccDataResponse", &answer, err);
	if (!r && (esim_asn1_slice(answer.obj, "eidValue", &value) || value.len != ESIM_EID_SIZE))
		r = es10_bad_field(&answer, "eidValue", 0, err);
	if (!r)
		memcpy(ret->bytes, value.data, ESIM_EID_SIZE);
	es10_answer_clear(&answer);
	return r;
}
