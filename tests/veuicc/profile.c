/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles: finding them, what their metadata says of class and policy, memory,
 * and the switch from one enabled profile to the next (SGP.22, 2.9, 3.2).
 */
#include "veuicc/result.h"

#include <string.h>

static const uint8_t no_aid[VEUICC_AID_SIZE];

#define PROFILE_OVERHEAD 1024	/* bytes that a profile takes beside its package */

/* --- finding --------------------------------------------------------------- */

static struct veuicc_profile *by_iccid(struct veuicc *card, const struct esim_iccid *iccid)
{
	for (size_t i = 0; i < card->store.profile_count; i++)
		if (!memcmp(card->store.profiles[i].iccid.bytes, iccid->bytes, ESIM_ICCID_SIZE))
			return &card->store.profiles[i];
	return NULL;
}

static struct veuicc_profile *by_aid(struct veuicc *card, const uint8_t *aid)
{
	for (size_t i = 0; i < card->store.profile_count; i++)
		if (!memcmp(card->store.profiles[i].aid, aid, VEUICC_AID_SIZE))
			return &card->store.profiles[i];
	return NULL;
}

struct veuicc_profile *veuicc_profile_find(struct veuicc *card, const struct esim_tlv *id)
{
	struct esim_iccid iccid;

	if (id->tag == 0x4F && id->value.len == VEUICC_AID_SIZE)
		return by_aid(card, id->value.data);
	if (id->tag == 0x5A && !esim_iccid_from_wire(id->value, &iccid))
		return by_iccid(card, &iccid);
	return NULL;
}

struct veuicc_profile *veuicc_profile_enabled(struct veuicc *card)
{
	for (size_t i = 0; i < card->store.profile_count; i++)
		if (card->store.profiles[i].enabled)
			return &card->store.profiles[i];
	return NULL;
}

void veuicc_profile_free(struct veuicc_profile *profile)
{
	esim_buf_free(&profile->nickname);
	esim_buf_free(&profile->metadata);
	esim_buf_free(&profile->dp_data);
	esim_buf_free(&profile->ci);
	esim_buf_free(&profile->package);
	*profile = (struct veuicc_profile){ 0 };
}

void veuicc_profile_delete(struct veuicc *card, struct veuicc_profile *profile)
{
	struct veuicc_store *store = &card->store;
	size_t index = (size_t)(profile - store->profiles);

	if (!memcmp(store->before_test, profile->aid, VEUICC_AID_SIZE))
		memset(store->before_test, 0, VEUICC_AID_SIZE);
	card->packages_stale = true;
	veuicc_profile_free(profile);
	store->profile_count--;
	memmove(profile, profile + 1, (store->profile_count - index) * sizeof(*profile));
	store->profiles[store->profile_count] = (struct veuicc_profile){ 0 };
}

size_t veuicc_memory_free(const struct veuicc *card)
{
	size_t used = veuicc_crl_size(card);

	for (size_t i = 0; i < card->store.profile_count; i++)
		used += card->store.profiles[i].package.len + PROFILE_OVERHEAD;
	return used < card->options.memory ? card->options.memory - used : 0;
}

/* --- metadata -------------------------------------------------------------- */

static bool bounded(struct esim_slice metadata, uint32_t tag, size_t max, bool mandatory)
{
	struct esim_tlv tlv;

	if (esim_tlv_find(metadata, tag, &tlv) != 1)
		return !mandatory;
	return tlv.value.len <= max;
}

static bool operational_installed(const struct veuicc *card)
{
	for (size_t i = 0; i < card->store.profile_count; i++)
		if (card->store.profiles[i].class == CLASS_OPERATIONAL)
			return true;
	return false;
}

/* The forbidden ones, the RAT, and PPR1 only where no operational profile is yet (2.9.2). */
static enum bpp_reason judge_pprs(struct veuicc *card, struct veuicc_profile *profile)
{
	struct esim_tlv tlv, owner;

	if (esim_tlv_find(esim_buf_slice(&profile->metadata), 0x99, &tlv) != 1)
		return REASON_NONE;
	if (tlv.value.len < 1 || tlv.value.len > 2)
		return REASON_INCORRECT_INPUT_VALUES;
	if (tlv.value.len == 2)
		profile->pprs = (uint8_t)((tlv.value.data[1] & 0x40 ? 1 : 0) |
					  (tlv.value.data[1] & 0x20 ? 2 : 0));
	if (!profile->pprs)
		return REASON_NONE;
	if (esim_tlv_find(esim_buf_slice(&profile->metadata), 0xB7, &owner) != 1)
		return REASON_INCORRECT_INPUT_VALUES;
	for (unsigned ppr = 1; ppr <= 2; ppr++) {
		if (!(profile->pprs & ppr))
			continue;
		if ((card->options.forbidden_pprs & ppr) ||
		    !veuicc_rat_allows(&card->rat, ppr, owner.value))
			return REASON_PPR_NOT_ALLOWED;
	}
	if ((profile->pprs & 1) && operational_installed(card))
		return REASON_PPR_NOT_ALLOWED;
	return REASON_NONE;
}

static enum bpp_reason judge_class(struct veuicc *card, struct veuicc_profile *profile)
{
	struct esim_tlv tlv;
	uint64_t class = CLASS_OPERATIONAL;

	if (esim_tlv_find(esim_buf_slice(&profile->metadata), 0x95, &tlv) == 1 &&
	    esim_tlv_uint(tlv.value, &class))
		return REASON_INCORRECT_INPUT_VALUES;
	if (class > CLASS_OPERATIONAL || (class == CLASS_TEST && card->options.no_test_profiles))
		return REASON_UNSUPPORTED_PROFILE_CLASS;
	profile->class = (uint8_t)class;
	return REASON_NONE;
}

unsigned veuicc_profile_digest(struct veuicc *card, struct veuicc_profile *profile)
{
	struct esim_slice metadata = esim_buf_slice(&profile->metadata);
	enum bpp_reason reason;
	struct esim_tlv tlv;

	if (esim_tlv_find(metadata, 0x5A, &tlv) != 1 ||
	    esim_iccid_from_wire(tlv.value, &profile->iccid) ||
	    !bounded(metadata, 0x91, ESIM_MAX_SERVICE_PROVIDER, true) ||
	    !bounded(metadata, 0x92, ESIM_MAX_PROFILE_NAME, true) ||
	    !bounded(metadata, 0x94, ESIM_MAX_ICON, false))
		return REASON_INCORRECT_INPUT_VALUES;
	reason = judge_class(card, profile);
	if (reason != REASON_NONE)
		return reason;
	if (by_iccid(card, &profile->iccid))
		return REASON_ICCID_ALREADY_EXISTS;
	return judge_pprs(card, profile);
}

/* --- switching ------------------------------------------------------------- */

int veuicc_switch_apply(struct veuicc *card)
{
	struct veuicc_store *store = &card->store;
	struct veuicc_profile *from = veuicc_profile_enabled(card);
	struct veuicc_profile *to = by_aid(card, store->switch_to);
	const struct esim_slice nobody = { 0 };
	int r = 0;

	if (!store->switch_pending)
		return 0;
	if (to && to->class == CLASS_TEST) {
		if (from && from->class != CLASS_TEST)
			memcpy(store->before_test, from->aid, VEUICC_AID_SIZE);
	} else {
		memcpy(store->before_test, no_aid, VEUICC_AID_SIZE);
	}
	if (from && from != to) {
		from->enabled = false;
		r = veuicc_notify(card, from, EVENT_DISABLE, nobody);
	}
	if (to && to != from) {
		to->enabled = true;
		r = r ? r : veuicc_notify(card, to, EVENT_ENABLE, nobody);
	}
	store->switch_pending = false;
	memcpy(store->switch_to, no_aid, VEUICC_AID_SIZE);
	return r ? r : veuicc_store_commit(card);
}
