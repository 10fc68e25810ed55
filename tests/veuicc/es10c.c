/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES10c: EnableProfile, DisableProfile, DeleteProfile, eUICCMemoryReset (SGP.22,
 * 5.7.16 to 5.7.19). With refreshFlag the switch waits for REFRESH or a reset;
 * without, the profile's state changes at once. Either way the file system that a
 * modem sees changes with the reset.
 */
#include "veuicc/card.h"

#include <string.h>

enum switch_result {
	SWITCH_OK = 0,
	SWITCH_NOT_FOUND = 1,
	SWITCH_WRONG_STATE = 2,
	SWITCH_DISALLOWED_BY_POLICY = 3,
	SWITCH_WRONG_REENABLING = 4,
	SWITCH_CAT_BUSY = 5,
	SWITCH_UNDEFINED = VEUICC_UNDEFINED_ERROR,
};

enum reset_option {
	RESET_OPERATIONAL = 0x80,
	RESET_TEST = 0x40,
	RESET_ADDRESS = 0x20,
};

#define PPR1 1
#define PPR2 2

static const uint8_t none[VEUICC_AID_SIZE];

/* A proactive session under way, or made to look like one. The result came with 2.2.2. */
static enum switch_result busy(struct veuicc *card)
{
	if (card->busy > 0)
		card->busy--;
	else if (!card->store.switch_pending && !card->proactive.refresh)
		return SWITCH_OK;
	return card->options.svn >= VEUICC_SVN_2_2_2 ? SWITCH_CAT_BUSY : SWITCH_UNDEFINED;
}

/* --- EnableProfile, DisableProfile ----------------------------------------- */

struct switch_request {
	struct veuicc_profile *profile;		/* NULL: not there */
	bool refresh;
};

static int parse_switch(struct veuicc *card, struct esim_slice in, struct switch_request *ret)
{
	struct esim_tlv wrapper, id, flag;

	if (esim_tlv_find(in, 0xA0, &wrapper) != 1 || esim_tlv_find(in, 0x81, &flag) != 1 ||
	    flag.value.len != 1 || esim_tlv_next(&wrapper.value, &id) != 1 ||
	    (id.tag != 0x4F && id.tag != 0x5A))
		return ESIM_EPROTO;
	ret->profile = veuicc_profile_find(card, &id);
	ret->refresh = flag.value.data[0];
	return 0;
}

static enum switch_result switch_to(struct veuicc *card, const uint8_t *aid, bool refresh)
{
	memcpy(card->store.switch_to, aid, VEUICC_AID_SIZE);
	card->store.switch_pending = true;
	if (!refresh)
		return veuicc_switch_apply(card) ? SWITCH_UNDEFINED : SWITCH_OK;
	if (veuicc_store_commit(card))
		return SWITCH_UNDEFINED;
	card->proactive = (struct veuicc_proactive){ .refresh = true };
	return SWITCH_OK;
}

static enum switch_result may_enable(struct veuicc *card, const struct veuicc_profile *target)
{
	const struct veuicc_profile *current = veuicc_profile_enabled(card);

	if (!target)
		return SWITCH_NOT_FOUND;
	if (target->enabled)
		return SWITCH_WRONG_STATE;
	/* A test profile may push aside a profile that may not be disabled; it comes back later. */
	if (current && (current->pprs & PPR1) && target->class != CLASS_TEST)
		return SWITCH_DISALLOWED_BY_POLICY;
	if (current && current->class == CLASS_TEST && target->class != CLASS_TEST &&
	    memcmp(card->store.before_test, none, VEUICC_AID_SIZE) &&
	    memcmp(card->store.before_test, target->aid, VEUICC_AID_SIZE))
		return SWITCH_WRONG_REENABLING;
	return busy(card);
}

uint16_t veuicc_enable_profile(struct veuicc *card, const struct veuicc_request *in,
			       struct esim_buf *out)
{
	struct switch_request request;
	enum switch_result result;

	if (parse_switch(card, in->value, &request))
		return SW_WRONG_DATA;
	result = may_enable(card, request.profile);
	if (result == SWITCH_OK)
		result = switch_to(card, request.profile->aid, request.refresh);
	veuicc_put_result(out, 0xBF31, result);
	return SW_OK;
}

static enum switch_result may_disable(struct veuicc *card, const struct veuicc_profile *target)
{
	if (!target)
		return SWITCH_NOT_FOUND;
	if (!target->enabled)
		return SWITCH_WRONG_STATE;
	if (target->pprs & PPR1)
		return SWITCH_DISALLOWED_BY_POLICY;
	return busy(card);
}

uint16_t veuicc_disable_profile(struct veuicc *card, const struct veuicc_request *in,
				struct esim_buf *out)
{
	uint8_t next[VEUICC_AID_SIZE] = { 0 };
	struct switch_request request;
	enum switch_result result;

	if (parse_switch(card, in->value, &request))
		return SW_WRONG_DATA;
	result = may_disable(card, request.profile);
	if (result == SWITCH_OK) {
		if (request.profile->class == CLASS_TEST)
			memcpy(next, card->store.before_test, VEUICC_AID_SIZE);
		result = switch_to(card, next, request.refresh);
	}
	veuicc_put_result(out, 0xBF32, result);
	return SW_OK;
}

/* --- DeleteProfile, eUICCMemoryReset --------------------------------------- */

static int delete_one(struct veuicc *card, struct veuicc_profile *profile)
{
	int r = veuicc_notify(card, profile, EVENT_DELETE, (struct esim_slice){ 0 });

	if (!r)
		veuicc_profile_delete(card, profile);
	return r;
}

static bool about_to_be_enabled(const struct veuicc *card, const struct veuicc_profile *profile)
{
	return card->store.switch_pending &&
	       !memcmp(card->store.switch_to, profile->aid, VEUICC_AID_SIZE);
}

uint16_t veuicc_delete_profile(struct veuicc *card, const struct veuicc_request *request,
			       struct esim_buf *out)
{
	enum switch_result result = SWITCH_OK;
	struct veuicc_profile *profile;
	struct esim_slice in = request->value;
	struct esim_tlv id;

	if (esim_tlv_next(&in, &id) != 1 || (id.tag != 0x4F && id.tag != 0x5A))
		return SW_WRONG_DATA;
	profile = veuicc_profile_find(card, &id);
	if (!profile)
		result = SWITCH_NOT_FOUND;
	else if (profile->enabled || about_to_be_enabled(card, profile))
		result = SWITCH_WRONG_STATE;
	else if (profile->pprs & PPR2)
		result = SWITCH_DISALLOWED_BY_POLICY;
	else if (delete_one(card, profile) || veuicc_store_commit(card))
		result = SWITCH_UNDEFINED;
	veuicc_put_result(out, 0xBF33, result);
	return SW_OK;
}

static bool to_be_reset(const struct veuicc_profile *profile, unsigned options)
{
	return (profile->class == CLASS_OPERATIONAL && (options & RESET_OPERATIONAL)) ||
	       (profile->class == CLASS_TEST && (options & RESET_TEST));
}

/* The address of a fresh card; false where it is that already. */
static bool reset_address(struct veuicc *card)
{
	struct esim_buf *address = &card->store.default_smdp;
	const char *first = card->first_smdp;

	if (esim_slice_is(esim_buf_slice(address), first, strlen(first)))
		return false;
	esim_buf_reset(address);
	esim_buf_append(address, first, strlen(first));
	return true;
}

/* Policy rules do not stand against a memory reset (5.7.19). */
static enum switch_result memory_reset(struct veuicc *card, unsigned options)
{
	bool changed = (options & RESET_ADDRESS) && reset_address(card), refresh = false;

	for (size_t i = card->store.profile_count; i-- > 0;) {
		struct veuicc_profile *profile = &card->store.profiles[i];

		if (!to_be_reset(profile, options))
			continue;
		changed = true;
		refresh = refresh || profile->enabled;
		if (delete_one(card, profile))
			return SWITCH_UNDEFINED;
	}
	if (!changed)
		return SWITCH_NOT_FOUND;	/* here: nothingToDelete */
	if (veuicc_store_commit(card))
		return SWITCH_UNDEFINED;
	if (refresh)
		card->proactive = (struct veuicc_proactive){ .refresh = true };
	return SWITCH_OK;
}

uint16_t veuicc_memory_reset(struct veuicc *card, const struct veuicc_request *request,
			     struct esim_buf *out)
{
	enum switch_result result;
	struct esim_tlv options;

	if (esim_tlv_find(request->value, 0x82, &options) != 1 || options.value.len < 1 ||
	    options.value.len > 2)
		return SW_WRONG_DATA;
	result = busy(card);
	if (result == SWITCH_OK)
		result = memory_reset(card, options.value.len == 2 ? options.value.data[1] : 0);
	veuicc_put_result(out, 0xBF34, result);
	return SW_OK;
}
