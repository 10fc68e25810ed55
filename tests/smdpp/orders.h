/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders: what may be downloaded, by whom, and how far each has come. An order is
 * a package NAME.der in the profiles directory, with NAME.json beside it if it
 * wants anything but the defaults. The directory is read again for every request,
 * so files can be added while the server runs.
 */
#ifndef SMDPP_ORDERS_H
#define SMDPP_ORDERS_H

#include <esim/error.h>
#include <esim/hex.h>
#include <esim/trust.h>

#define ORDER_MAX_NOTIFICATIONS	8
#define ORDER_MAX_PACKAGE	(512 * 1024)

/* NotificationEvent, as bits of its first octet. */
#define ORDER_EVENT_INSTALL	0x80
#define ORDER_EVENT_ENABLE	0x40
#define ORDER_EVENT_DISABLE	0x20
#define ORDER_EVENT_DELETE	0x10

#define ORDER_PPR1		0x40	/* PprIds, as bits of its first octet */
#define ORDER_PPR2		0x20

struct order_notification {
	uint8_t event;			/* one ORDER_EVENT_… */
	char *address;			/* NULL: this server */
};

struct order {
	struct order *next;
	char *name;			/* the matching id */

	/* The side file. */
	char *confirmation_code;
	unsigned retries;		/* wrong confirmation codes before the order is locked */
	unsigned attempts;		/* downloads begun before the order is used up; 0: any number */
	bool has_eid;
	struct esim_eid eid;
	bool is_default, once, protected_keys, split_metadata, no_rebind, unreleased;
	int64_t expires;		/* 0: never */
	uint8_t profile_class;		/* 0 test, 1 provisioning, 2 operational */
	uint8_t policy_rules;		/* ORDER_PPR… */
	char *service_provider_name, *profile_name;
	bool has_owner;
	uint8_t owner[3];		/* mccMnc as on the wire */
	struct esim_buf owner_gid1, owner_gid2;
	uint8_t icon_type;		/* 0 JPEG, 1 PNG */
	struct esim_buf icon;		/* empty: none */
	struct order_notification notifications[ORDER_MAX_NOTIFICATIONS];
	size_t notification_count;
	char *event, *event_server;	/* an SM-DS event; NULL: none; server NULL: this one */

	/* How far it has come; in memory only. */
	unsigned wrong_codes, begun;
	bool installed;
	bool is_bound;			/* a package went out that nobody reported as installed */
	struct esim_eid bound_eid;
	struct esim_public_key bound_otpk;	/* the eUICC's one-time key of that package */

	bool present;			/* seen by the last scan */
};

struct orders {
	char *dir;
	struct order *first;
};

/* Read every order; the message names the file that cannot be used. */
int orders_scan(struct orders *orders, struct esim_error *err);

/* By matching id or event id; NULL: there is none. Case-sensitive. */
struct order *orders_find(const struct orders *orders, struct esim_slice matching_id);

/* The default-server order for this eUICC: one bound to its EID goes first. */
struct order *orders_default(const struct orders *orders, const struct esim_eid *eid);

/* The next event for this eUICC after @previous (NULL: the first). */
struct order *orders_next_event(const struct orders *orders, const struct order *previous,
				const struct esim_eid *eid);

/* Append the order's package as it lies on disk. */
int orders_package(const struct orders *orders, const struct order *order, struct esim_buf *out,
		   struct esim_error *err);

void orders_free(struct orders *orders);

#endif
