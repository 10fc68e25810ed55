/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card's state as one TLV: what is written to disk, without the packages. */
#include "veuicc/card.h"

#include <string.h>

#define FORMAT_VERSION 1

static const uint8_t none[VEUICC_AID_SIZE];

/* --- encoding -------------------------------------------------------------- */

static void put_optional(struct esim_buf *out, uint32_t tag, const struct esim_buf *value)
{
	if (value->len)
		esim_tlv_put_slice(out, tag, esim_buf_slice(value));
}

static void put_profile(const struct veuicc_profile *profile, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xE2);

	esim_tlv_put(out, 0x4F, profile->aid, VEUICC_AID_SIZE);
	esim_tlv_put(out, 0x5A, profile->iccid.bytes, ESIM_ICCID_SIZE);
	esim_tlv_put_uint(out, 0x80, profile->enabled);
	esim_tlv_put_uint(out, 0x81, profile->class);
	esim_tlv_put_uint(out, 0x82, profile->pprs);
	put_optional(out, 0x83, &profile->nickname);
	put_optional(out, 0xA4, &profile->metadata);
	put_optional(out, 0xA5, &profile->dp_data);
	put_optional(out, 0x86, &profile->ci);
	esim_tlv_end(out, mark);
}

static void put_notification(const struct veuicc_notification *notification, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xE3);

	esim_tlv_put_uint(out, 0x80, notification->seq);
	esim_tlv_put_uint(out, 0x81, notification->event);
	esim_tlv_put(out, 0x5A, notification->iccid.bytes, ESIM_ICCID_SIZE);
	put_optional(out, 0xA2, &notification->metadata);
	put_optional(out, 0xA3, &notification->pending);
	esim_tlv_end(out, mark);
}

static void put_crl(const struct veuicc_crl *crl, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xE4);

	put_optional(out, 0x80, &crl->ci);
	esim_tlv_put_uint(out, 0x81, crl->number);
	put_optional(out, 0xA2, &crl->serials);
	put_optional(out, 0x83, &crl->parts);
	esim_tlv_put_uint(out, 0x84, crl->total_parts);
	esim_tlv_put_uint(out, 0x85, crl->size);
	esim_tlv_end(out, mark);
}

int veuicc_store_encode(const struct veuicc_store *store, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xE0);

	esim_tlv_put_uint(out, 0x80, FORMAT_VERSION);
	esim_tlv_put_uint(out, 0x81, store->next_seq);
	esim_tlv_put_uint(out, 0x82, store->next_aid);
	put_optional(out, 0x83, &store->default_smdp);
	if (store->switch_pending)
		esim_tlv_put(out, 0x84, store->switch_to, VEUICC_AID_SIZE);
	if (memcmp(store->before_test, none, VEUICC_AID_SIZE))
		esim_tlv_put(out, 0x85, store->before_test, VEUICC_AID_SIZE);
	if (store->ot_kept) {
		esim_tlv_put_uint(out, 0x86, store->ot_curve);
		esim_tlv_put(out, 0x87, store->ot_scalar, RSP_SECRET_SIZE);
	}
	put_optional(out, 0xA8, &store->loading);
	for (size_t i = 0; i < store->profile_count; i++)
		put_profile(&store->profiles[i], out);
	for (size_t i = 0; i < store->notification_count; i++)
		put_notification(&store->notifications[i], out);
	for (size_t i = 0; i < store->crl_count; i++)
		put_crl(&store->crls[i], out);
	esim_tlv_end(out, mark);
	return esim_buf_failed(out);
}

/* --- decoding -------------------------------------------------------------- */

/* Zero where the tag is absent. */
static int take_number(struct esim_slice in, uint32_t tag, uint64_t max, uint64_t *ret)
{
	struct esim_tlv tlv;

	*ret = 0;
	if (esim_tlv_find(in, tag, &tlv) != 1)
		return 0;
	return esim_tlv_uint(tlv.value, ret) || *ret > max ? ESIM_EPROTO : 0;
}

static int take_fixed(struct esim_slice in, uint32_t tag, uint8_t *out, size_t len)
{
	struct esim_tlv tlv;

	if (esim_tlv_find(in, tag, &tlv) != 1 || tlv.value.len != len)
		return ESIM_EPROTO;
	memcpy(out, tlv.value.data, len);
	return 0;
}

static void take_bytes(struct esim_slice in, uint32_t tag, struct esim_buf *out)
{
	struct esim_tlv tlv;

	if (esim_tlv_find(in, tag, &tlv) == 1)
		esim_buf_append_slice(out, tlv.value);
}

static int take_profile(struct esim_slice in, struct veuicc_store *store)
{
	struct veuicc_profile *profile;
	uint64_t enabled, class, pprs;

	if (store->profile_count == ESIM_MAX_PROFILES)
		return ESIM_ETOOBIG;
	profile = &store->profiles[store->profile_count++];
	if (take_fixed(in, 0x4F, profile->aid, VEUICC_AID_SIZE) ||
	    take_fixed(in, 0x5A, profile->iccid.bytes, ESIM_ICCID_SIZE) ||
	    take_number(in, 0x80, 1, &enabled) || take_number(in, 0x81, 2, &class) ||
	    take_number(in, 0x82, 3, &pprs))
		return ESIM_EPROTO;
	profile->enabled = enabled;
	profile->class = (uint8_t)class;
	profile->pprs = (uint8_t)pprs;
	take_bytes(in, 0x83, &profile->nickname);
	take_bytes(in, 0xA4, &profile->metadata);
	take_bytes(in, 0xA5, &profile->dp_data);
	take_bytes(in, 0x86, &profile->ci);
	return 0;
}

static int take_notification(struct esim_slice in, struct veuicc_store *store)
{
	struct veuicc_notification *notification;
	uint64_t seq, event;

	if (store->notification_count == ESIM_MAX_NOTIFICATIONS)
		return ESIM_ETOOBIG;
	notification = &store->notifications[store->notification_count++];
	if (take_number(in, 0x80, UINT32_MAX, &seq) || take_number(in, 0x81, 0xFF, &event) ||
	    take_fixed(in, 0x5A, notification->iccid.bytes, ESIM_ICCID_SIZE))
		return ESIM_EPROTO;
	notification->seq = (uint32_t)seq;
	notification->event = (uint8_t)event;
	take_bytes(in, 0xA2, &notification->metadata);
	take_bytes(in, 0xA3, &notification->pending);
	return 0;
}

static int take_crl(struct esim_slice in, struct veuicc_store *store)
{
	struct veuicc_crl *crl;
	uint64_t total, size;

	if (store->crl_count == VEUICC_MAX_CRLS)
		return ESIM_ETOOBIG;
	crl = &store->crls[store->crl_count++];
	if (take_number(in, 0x81, UINT64_MAX, &crl->number) || take_number(in, 0x84, 255, &total) ||
	    take_number(in, 0x85, SIZE_MAX, &size))
		return ESIM_EPROTO;
	crl->total_parts = (uint8_t)total;
	crl->size = (size_t)size;
	take_bytes(in, 0x80, &crl->ci);
	take_bytes(in, 0xA2, &crl->serials);
	take_bytes(in, 0x83, &crl->parts);
	return 0;
}

static int take_lists(struct esim_slice in, struct veuicc_store *store)
{
	struct esim_tlv tlv;
	int r = 0;

	while (!r && esim_tlv_next(&in, &tlv) == 1) {
		if (tlv.tag == 0xE2)
			r = take_profile(tlv.value, store);
		else if (tlv.tag == 0xE3)
			r = take_notification(tlv.value, store);
		else if (tlv.tag == 0xE4)
			r = take_crl(tlv.value, store);
	}
	return r;
}

static int take_scalars(struct esim_slice in, struct veuicc_store *store)
{
	uint64_t seq, aid, curve;

	if (take_number(in, 0x81, UINT32_MAX, &seq) || take_number(in, 0x82, UINT32_MAX, &aid) ||
	    take_number(in, 0x86, ESIM_CURVE_BRAINPOOL_P256R1, &curve))
		return ESIM_EPROTO;
	store->next_seq = (uint32_t)seq;
	store->next_aid = (uint32_t)aid;
	store->ot_curve = (uint8_t)curve;
	take_bytes(in, 0x83, &store->default_smdp);
	take_bytes(in, 0xA8, &store->loading);
	store->switch_pending = !take_fixed(in, 0x84, store->switch_to, VEUICC_AID_SIZE);
	take_fixed(in, 0x85, store->before_test, VEUICC_AID_SIZE);
	store->ot_kept = !take_fixed(in, 0x87, store->ot_scalar, RSP_SECRET_SIZE);
	return 0;
}

int veuicc_store_decode(struct esim_slice in, struct veuicc_store *store, struct esim_error *err)
{
	struct esim_tlv state;
	uint64_t version;
	int r;

	r = esim_tlv_check(in, "the card's state", &state, err);
	if (r)
		return r;
	if (state.tag != 0xE0 || take_number(state.value, 0x80, UINT32_MAX, &version) ||
	    version != FORMAT_VERSION)
		return esim_error_set(err, ESIM_EPROTO, "the card's state has another format");
	if (take_scalars(state.value, store) || take_lists(state.value, store))
		return esim_error_set(err, ESIM_EPROTO, "the card's state is damaged");
	return 0;
}
