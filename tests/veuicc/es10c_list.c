/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10c.GetProfilesInfo, GetEID, SetNickname (SGP.22, 5.7.15, 5.7.20, 5.7.21). */
#include "veuicc/card.h"

#include <string.h>

#define LIST_INCORRECT_INPUT_VALUES 1
#define MAX_TAGS 32

/* --- GetProfilesInfo ------------------------------------------------------- */

static void put_aid(const struct veuicc_profile *profile, struct esim_buf *out)
{
	esim_tlv_put(out, 0x4F, profile->aid, VEUICC_AID_SIZE);
}

static void put_state(const struct veuicc_profile *profile, struct esim_buf *out)
{
	esim_tlv_put_uint(out, 0x9F70, profile->enabled);
}

static void put_nickname(const struct veuicc_profile *profile, struct esim_buf *out)
{
	if (profile->nickname.len)
		esim_tlv_put_slice(out, 0x90, esim_buf_slice(&profile->nickname));
}

static void put_class(const struct veuicc_profile *profile, struct esim_buf *out)
{
	esim_tlv_put_uint(out, 0x95, profile->class);
}

static void put_dp_data(const struct veuicc_profile *profile, struct esim_buf *out)
{
	if (profile->dp_data.len)
		esim_tlv_put_slice(out, 0xB8, esim_buf_slice(&profile->dp_data));
}

/* ProfileInfo in the schema's order; what has no `put` stands in the metadata. */
static const struct {
	uint32_t tag;
	bool by_default;
	unsigned since;
	void (*put)(const struct veuicc_profile *profile, struct esim_buf *out);
} members[] = {
	{ 0x5A, true, 0, NULL },
	{ 0x4F, true, 0, put_aid },
	{ 0x9F70, true, 0, put_state },
	{ 0x90, true, 0, put_nickname },
	{ 0x91, true, 0, NULL },
	{ 0x92, true, 0, NULL },
	{ 0x93, true, 0, NULL },
	{ 0x94, true, 0, NULL },
	{ 0x95, true, 0, put_class },
	{ 0xB6, false, 0, NULL },
	{ 0xB7, false, 0, NULL },
	{ 0xB8, false, 0, put_dp_data },
	{ 0x99, false, 0, NULL },
	{ 0xBF22, false, VEUICC_SVN_2_5, NULL },
};

struct tag_list {
	bool given;
	uint32_t tags[MAX_TAGS];
	size_t count;
};

static int parse_tag_list(struct esim_slice in, struct tag_list *ret)
{
	ret->given = true;
	for (size_t i = 0; i < in.len;) {
		uint32_t tag = in.data[i++];

		if ((tag & 0x1F) == 0x1F) {
			do {
				if (i == in.len || tag > 0xFFFF)
					return ESIM_EPROTO;
				tag = tag << 8 | in.data[i];
			} while (in.data[i++] & 0x80);
		}
		if (ret->count == MAX_TAGS)
			return ESIM_EPROTO;
		ret->tags[ret->count++] = tag;
	}
	return 0;
}

static bool asked_for(const struct tag_list *list, uint32_t tag, bool by_default)
{
	if (!list->given)
		return by_default;
	for (size_t i = 0; i < list->count; i++)
		if (list->tags[i] == tag)
			return true;
	return false;
}

static void put_profile(const struct veuicc *card, const struct veuicc_profile *profile,
			const struct tag_list *list, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xE3);
	struct esim_tlv tlv;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!asked_for(list, members[i].tag, members[i].by_default) ||
		    card->options.svn < members[i].since)
			continue;
		if (members[i].put)
			members[i].put(profile, out);
		else if (esim_tlv_find(esim_buf_slice(&profile->metadata), members[i].tag, &tlv) == 1)
			esim_buf_append_slice(out, tlv.whole);
	}
	esim_tlv_end(out, mark);
}

static bool criteria_known(const struct esim_tlv *criteria)
{
	return (criteria->tag == 0x4F && criteria->value.len == VEUICC_AID_SIZE) ||
	       (criteria->tag == 0x5A && criteria->value.len == ESIM_ICCID_SIZE) ||
	       (criteria->tag == 0x95 && criteria->value.len == 1);
}

static bool matches(struct veuicc *card, const struct veuicc_profile *profile,
		    const struct esim_tlv *criteria)
{
	if (!criteria)
		return true;
	if (criteria->tag == 0x95)
		return profile->class == criteria->value.data[0];
	return profile == veuicc_profile_find(card, criteria);
}

uint16_t veuicc_get_profiles_info(struct veuicc *card, const struct veuicc_request *request,
				  struct esim_buf *out)
{
	struct esim_tlv search, tags, criteria;
	struct tag_list list = { 0 };
	struct esim_slice in;
	bool searching = esim_tlv_find(request->value, 0xA0, &search) == 1;
	bool good = true;
	size_t mark, inner;

	if (searching) {
		in = search.value;
		good = esim_tlv_next(&in, &criteria) == 1 && in.len == 0 && criteria_known(&criteria);
	}
	if (esim_tlv_find(request->value, 0x5C, &tags) == 1 && parse_tag_list(tags.value, &list))
		good = false;
	if (!good) {
		veuicc_put_list_error(out, 0xBF2D, LIST_INCORRECT_INPUT_VALUES);
		return SW_OK;
	}
	mark = esim_tlv_begin(out, 0xBF2D);
	inner = esim_tlv_begin(out, 0xA0);
	for (size_t i = 0; i < card->store.profile_count; i++)
		if (matches(card, &card->store.profiles[i], searching ? &criteria : NULL))
			put_profile(card, &card->store.profiles[i], &list, out);
	esim_tlv_end(out, inner);
	esim_tlv_end(out, mark);
	return SW_OK;
}

/* --- GetEID, SetNickname --------------------------------------------------- */

uint16_t veuicc_get_eid(struct veuicc *card, const struct veuicc_request *request,
			struct esim_buf *out)
{
	struct esim_tlv tags;
	size_t mark;

	if (esim_tlv_find(request->value, 0x5C, &tags) != 1 ||
	    !esim_slice_is(tags.value, "\x5A", 1))
		return SW_WRONG_DATA;
	mark = esim_tlv_begin(out, 0xBF3E);
	esim_tlv_put(out, 0x5A, card->eid.bytes, ESIM_EID_SIZE);
	esim_tlv_end(out, mark);
	return SW_OK;
}

/* In UTF-8: each byte but those that go on with one. */
static size_t characters(struct esim_slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += (text.data[i] & 0xC0) != 0x80;
	return count;
}

uint16_t veuicc_set_nickname(struct veuicc *card, const struct veuicc_request *request,
			     struct esim_buf *out)
{
	struct veuicc_profile *profile;
	struct esim_tlv id, nickname;
	unsigned result = 0;

	if (esim_tlv_find(request->value, 0x5A, &id) != 1 ||
	    esim_tlv_find(request->value, 0x90, &nickname) != 1)
		return SW_WRONG_DATA;
	profile = veuicc_profile_find(card, &id);
	if (!profile) {
		result = 1;
	} else if (characters(nickname.value) > ESIM_MAX_NICKNAME) {
		result = VEUICC_UNDEFINED_ERROR;
	} else {
		esim_buf_reset(&profile->nickname);
		esim_buf_append_slice(&profile->nickname, nickname.value);
		if (veuicc_store_commit(card))
			result = VEUICC_UNDEFINED_ERROR;
	}
	veuicc_put_result(out, 0xBF29, result);
	return SW_OK;
}
