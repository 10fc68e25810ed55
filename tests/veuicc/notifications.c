/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications (SGP.22, 2.5.7, 5.7.9 to 5.7.11): made and signed at the event,
 * kept until they are removed, numbered from 0.
 */
#include "veuicc/card.h"

#include <string.h>

static void put_event(struct esim_buf *out, uint32_t tag, enum veuicc_event event)
{
	uint8_t value[] = { 0, (uint8_t)event };

	while (value[0] < 7 && !((unsigned)event >> value[0] & 1))
		value[0]++;
	esim_tlv_put(out, tag, value, sizeof(value));
}

/* The bits of a NotificationEvent; 0 where it is malformed. */
static uint8_t event_bits(struct esim_slice value)
{
	return value.len == 2 ? value.data[1] : 0;
}

uint32_t veuicc_put_notification_metadata(struct veuicc *card, enum veuicc_event event,
					  struct esim_slice address, const struct esim_iccid *iccid,
					  struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xBF2F);
	uint32_t seq = card->store.next_seq++;

	esim_tlv_put_uint(out, 0x80, seq);
	put_event(out, 0x81, event);
	esim_tlv_put_slice(out, 0x0C, address);
	if (iccid)
		esim_tlv_put(out, 0x5A, iccid->bytes, ESIM_ICCID_SIZE);
	esim_tlv_end(out, mark);
	return seq;
}

static void drop(struct veuicc_store *store, size_t index)
{
	struct veuicc_notification *at = &store->notifications[index];

	esim_buf_free(&at->metadata);
	esim_buf_free(&at->pending);
	store->notification_count--;
	memmove(at, at + 1, (store->notification_count - index) * sizeof(*at));
	store->notifications[store->notification_count] = (struct veuicc_notification){ 0 };
}

/* A full list loses its oldest entry. */
int veuicc_notification_keep(struct veuicc *card, uint32_t seq, enum veuicc_event event,
			     const struct esim_iccid *iccid, struct esim_slice metadata,
			     struct esim_buf *pending)
{
	struct veuicc_store *store = &card->store;
	struct veuicc_notification *new;

	if (store->notification_count == ESIM_MAX_NOTIFICATIONS)
		drop(store, 0);
	new = &store->notifications[store->notification_count++];
	new->seq = seq;
	new->event = (uint8_t)event;
	if (iccid)
		new->iccid = *iccid;
	esim_buf_append_slice(&new->metadata, metadata);
	new->pending = *pending;
	*pending = ESIM_BUF_INIT;
	return esim_buf_failed(&new->metadata) || esim_buf_failed(&new->pending) ? ESIM_ENOMEM : 0;
}

/* OtherSignedNotification ::= 30 { BF2F, 5F37, eUICC certificate, EUM certificate } */
static int make_other(struct veuicc *card, const struct veuicc_profile *profile,
		      enum veuicc_event event, struct esim_slice address)
{
	struct rsp_pki *pki = veuicc_pki_for(card, esim_buf_slice(&profile->ci));
	struct esim_buf metadata = ESIM_BUF_INIT, pending = ESIM_BUF_INIT;
	struct esim_slice covered;
	size_t mark;
	uint32_t seq;
	int r;

	pki = pki ? pki : card->pkis[0];
	seq = veuicc_put_notification_metadata(card, event, address, &profile->iccid, &metadata);
	covered = esim_buf_slice(&metadata);
	mark = esim_tlv_begin(&pending, 0x30);
	esim_buf_append_slice(&pending, covered);
	r = veuicc_sign(card, pki, &covered, 1, &pending);
	esim_buf_append_slice(&pending, esim_buf_slice(&rsp_pki_entry(pki, RSP_PKI_EUICC)->der));
	esim_buf_append_slice(&pending, esim_buf_slice(&rsp_pki_entry(pki, RSP_PKI_EUM)->der));
	esim_tlv_end(&pending, mark);
	if (!r)
		r = veuicc_notification_keep(card, seq, event, &profile->iccid, covered, &pending);
	esim_buf_free(&metadata);
	esim_buf_free(&pending);
	return r;
}

int veuicc_notify(struct veuicc *card, const struct veuicc_profile *profile,
		  enum veuicc_event event, struct esim_slice except)
{
	struct esim_tlv list, entry, operation, address;
	int r = 0;

	if (esim_tlv_find(esim_buf_slice(&profile->metadata), 0xB6, &list) != 1)
		return 0;
	while (!r && esim_tlv_next(&list.value, &entry) == 1) {
		if (esim_tlv_find(entry.value, 0x80, &operation) != 1 ||
		    esim_tlv_find(entry.value, 0x81, &address) != 1 ||
		    !(event_bits(operation.value) & event) ||
		    esim_slice_equal(address.value, except))
			continue;
		r = make_other(card, profile, event, address.value);
	}
	return r;
}

/* --- the functions --------------------------------------------------------- */

uint16_t veuicc_list_notification(struct veuicc *card, const struct veuicc_request *request,
				  struct esim_buf *out)
{
	struct esim_tlv filter;
	uint8_t wanted = 0xFF;
	size_t mark, list;

	if (esim_tlv_find(request->value, 0x81, &filter) == 1)
		wanted = event_bits(filter.value);
	mark = esim_tlv_begin(out, 0xBF28);
	list = esim_tlv_begin(out, 0xA0);
	for (size_t i = 0; i < card->store.notification_count; i++)
		if (card->store.notifications[i].event & wanted)
			esim_buf_append_slice(out,
					      esim_buf_slice(&card->store.notifications[i].metadata));
	esim_tlv_end(out, list);
	esim_tlv_end(out, mark);
	return SW_OK;
}

struct criteria {
	bool by_seq;
	uint64_t seq;
	uint8_t events;
};

static int parse_criteria(struct esim_slice in, struct criteria *ret)
{
	struct esim_tlv search, tlv;

	*ret = (struct criteria){ .events = 0xFF };
	if (esim_tlv_find(in, 0xA0, &search) != 1)
		return 0;
	if (esim_tlv_next(&search.value, &tlv) != 1)
		return ESIM_EPROTO;
	if (tlv.tag == 0x81) {
		ret->events = event_bits(tlv.value);
		return 0;
	}
	ret->by_seq = true;
	return tlv.tag == 0x80 ? esim_tlv_uint(tlv.value, &ret->seq) : ESIM_EPROTO;
}

uint16_t veuicc_retrieve_notifications_list(struct veuicc *card,
					    const struct veuicc_request *request,
					    struct esim_buf *out)
{
	struct criteria criteria;
	size_t mark, list;

	if (parse_criteria(request->value, &criteria)) {
		veuicc_put_list_error(out, 0xBF2B, VEUICC_UNDEFINED_ERROR);
		return SW_OK;
	}
	mark = esim_tlv_begin(out, 0xBF2B);
	list = esim_tlv_begin(out, 0xA0);
	for (size_t i = 0; i < card->store.notification_count; i++) {
		const struct veuicc_notification *at = &card->store.notifications[i];

		if (criteria.by_seq ? at->seq == criteria.seq : at->event & criteria.events)
			esim_buf_append_slice(out, esim_buf_slice(&at->pending));
	}
	esim_tlv_end(out, list);
	esim_tlv_end(out, mark);
	return SW_OK;
}

uint16_t veuicc_remove_notification(struct veuicc *card, const struct veuicc_request *request,
				    struct esim_buf *out)
{
	struct esim_tlv tlv;
	unsigned result = 1;
	uint64_t seq;

	if (esim_tlv_find(request->value, 0x80, &tlv) != 1 || esim_tlv_uint(tlv.value, &seq))
		return SW_WRONG_DATA;
	for (size_t i = 0; i < card->store.notification_count; i++) {
		if (card->store.notifications[i].seq != seq)
			continue;
		drop(&card->store, i);
		result = veuicc_store_commit(card) ? VEUICC_UNDEFINED_ERROR : 0;
		break;
	}
	veuicc_put_result(out, 0xBF30, result);
	return SW_OK;
}
