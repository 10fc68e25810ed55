/* SPDX-License-Identifier: GPL-2.0-or-later */
/* StoreMetadata; see metadata.h. */
#include "smdpp/metadata.h"

#include "rsp/profile.h"

#include <esim/tlv.h>

#define DEFAULT_SERVICE_PROVIDER "CoreESIM"

/* A BIT STRING of one octet without its trailing zero bits. */
static void put_bits(struct esim_buf *out, uint32_t tag, uint8_t bits)
{
	uint8_t unused = 0;

	while (unused < 8 && !(bits >> unused & 1))
		unused++;
	esim_tlv_put(out, tag, (uint8_t[]){ unused, bits }, 2);
}

static void put_notifications(struct esim_buf *out, const struct order *order, const char *own_address)
{
	size_t list, entry;

	if (order->notification_count == 0)
		return;
	list = esim_tlv_begin(out, 0xB6);
	for (size_t i = 0; i < order->notification_count; i++) {
		const struct order_notification *n = &order->notifications[i];

		entry = esim_tlv_begin(out, 0x30);
		put_bits(out, 0x80, n->event);
		esim_tlv_put_text(out, 0x81, n->address ? n->address : own_address);
		esim_tlv_end(out, entry);
	}
	esim_tlv_end(out, list);
}

static void put_owner(struct esim_buf *out, const struct order *order)
{
	size_t owner;

	if (!order->has_owner)
		return;
	owner = esim_tlv_begin(out, 0xB7);
	esim_tlv_put(out, 0x80, order->owner, sizeof(order->owner));
	if (order->owner_gid1.len)
		esim_tlv_put_slice(out, 0x81, esim_buf_slice(&order->owner_gid1));
	if (order->owner_gid2.len)
		esim_tlv_put_slice(out, 0x82, esim_buf_slice(&order->owner_gid2));
	esim_tlv_end(out, owner);
}

int metadata_build(const struct order *order, struct esim_slice package, const char *own_address,
		   struct esim_buf *out, struct esim_error *err)
{
	struct rsp_profile_header header;
	const char *name;
	size_t whole;
	int r;

	r = rsp_profile_header(package, &header, err);
	if (r)
		return r;
	name = order->profile_name ? order->profile_name : header.type[0] ? header.type : order->name;
	whole = esim_tlv_begin(out, 0xBF25);
	esim_tlv_put(out, 0x5A, header.iccid.bytes, sizeof(header.iccid.bytes));
	esim_tlv_put_text(out, 0x91, order->service_provider_name ? order->service_provider_name
								   : DEFAULT_SERVICE_PROVIDER);
	esim_tlv_put_text(out, 0x92, name);
	if (order->icon.len) {
		esim_tlv_put_uint(out, 0x93, order->icon_type);
		esim_tlv_put_slice(out, 0x94, esim_buf_slice(&order->icon));
	}
	esim_tlv_put_uint(out, 0x95, order->profile_class);
	put_notifications(out, order, own_address);
	put_owner(out, order);
	if (order->policy_rules)
		put_bits(out, 0x99, order->policy_rules);
	esim_tlv_end(out, whole);
	return esim_buf_failed(out) ? esim_error_set(err, ESIM_ENOMEM, "no memory for metadata") : 0;
}
