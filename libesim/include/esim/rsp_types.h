/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of SGP.22 that several functions share. Text members are UTF-8, checked,
 * zero-terminated and not cleaned for a terminal (see esim/text.h for that).
 * Slices inside an object point into bytes that the object itself owns.
 */
#ifndef ESIM_RSP_TYPES_H
#define ESIM_RSP_TYPES_H

#include <esim/bytes.h>
#include <esim/error.h>
#include <esim/hex.h>
#include <esim/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* VersionType: 2.2.2 is { 2, 2, 2 }. */
struct esim_version {
	uint8_t major, minor, revision;
};
int esim_version_compare(struct esim_version a, struct esim_version b);	/* <0, 0, >0 */
int esim_version_parse(const char *text, struct esim_version *ret);		/* "2.2.2", "2.1" */
void esim_version_format(struct esim_version v, char text[ESIM_AT_LEAST(12)]);

/* SubjectKeyIdentifier of a CI. */
struct esim_key_id {
	uint8_t bytes[ESIM_MAX_KEY_ID];
	size_t len;
};
struct esim_key_id_list {
	struct esim_key_id ids[ESIM_MAX_CI_KEY_IDS];	/* in the card's order of preference */
	size_t count;
};
bool esim_key_id_list_has(const struct esim_key_id_list *list, struct esim_slice key_id);

struct esim_transaction_id {
	uint8_t bytes[ESIM_MAX_TRANSACTION_ID];
	size_t len;					/* 1-16 */
};

enum esim_profile_state {
	ESIM_PROFILE_DISABLED = 0,
	ESIM_PROFILE_ENABLED = 1,
};

enum esim_profile_class {
	ESIM_CLASS_TEST = 0,
	ESIM_CLASS_PROVISIONING = 1,
	ESIM_CLASS_OPERATIONAL = 2,
};
const char *esim_profile_state_name(enum esim_profile_state state);
const char *esim_profile_class_name(enum esim_profile_class profile_class);

/* PprIds as bits: 0 pprUpdateControl, 1 PPR1, 2 PPR2. */
enum esim_ppr {
	ESIM_PPR_UPDATE_CONTROL = 1 << 0,
	ESIM_PPR1 = 1 << 1,	/* disabling is not allowed */
	ESIM_PPR2 = 1 << 2,	/* deletion is not allowed */
};

/* NotificationEvent as bits. */
enum esim_event {
	ESIM_EVENT_INSTALL = 1 << 0,
	ESIM_EVENT_ENABLE = 1 << 1,
	ESIM_EVENT_DISABLE = 1 << 2,
	ESIM_EVENT_DELETE = 1 << 3,
};
const char *esim_event_name(unsigned event);		/* of a single bit: "install" … */

/* OperatorId: mccMnc three bytes as in TS 24.008; GIDs: absent and empty differ. */
struct esim_operator_id {
	uint8_t mcc_mnc[3];
	bool has_gid1, has_gid2;
	uint8_t gid1[ESIM_MAX_PROFILE_OWNER_GID], gid2[ESIM_MAX_PROFILE_OWNER_GID];
	size_t gid1_len, gid2_len;
};

struct esim_notification_config {
	unsigned events;				/* enum esim_event */
	char address[ESIM_MAX_FQDN + 1];
};

enum esim_icon_type {
	ESIM_ICON_NONE = -1,
	ESIM_ICON_JPG = 0,
	ESIM_ICON_PNG = 1,
};

struct esim_aid_value {
	uint8_t bytes[ESIM_MAX_AID];
	size_t len;				/* 0: absent */
};

/* ProfileInfo (ES10c) and StoreMetadataRequest (ES9+, BPP): the same fields. */
struct esim_profile {
	struct esim_iccid iccid;
	struct esim_aid_value isdp_aid;
	bool has_state;
	enum esim_profile_state state;
	/* SGP.22 counts characters, which take up to four bytes. */
	char nickname[4 * ESIM_MAX_NICKNAME + 1];
	char service_provider[4 * ESIM_MAX_SERVICE_PROVIDER + 1];
	char name[4 * ESIM_MAX_PROFILE_NAME + 1];
	enum esim_icon_type icon_type;
	uint8_t icon[ESIM_MAX_ICON];
	size_t icon_len;
	enum esim_profile_class profile_class;		/* absent means operational */
	struct esim_notification_config notifications[ESIM_MAX_NOTIFICATION_CONFIG];
	size_t notification_count;
	bool has_owner;
	struct esim_operator_id owner;
	unsigned policy_rules;				/* enum esim_ppr */
	bool has_port;
	unsigned port;
	struct esim_buf unknown;			/* unknown TLVs, one after the other; owned */
};
void esim_profile_clear(struct esim_profile *profile);

/* Decode E3 (ProfileInfo) or BF25 (StoreMetadata); @what names it in errors. */
int esim_profile_decode(struct esim_slice tlv, const char *what, struct esim_profile *ret,
			struct esim_error *err);

/* NotificationMetadata, BF2F. */
struct esim_notification {
	uint32_t seq_number;				/* 0 is legal */
	unsigned operation;				/* one bit of enum esim_event */
	char address[ESIM_MAX_FQDN + 1];
	bool has_iccid;
	struct esim_iccid iccid;
};

/* PendingNotification: BF37 or 30, kept as received; what is sent is `whole`. */
struct esim_pending_notification {
	struct esim_notification metadata;
	struct esim_buf whole;				/* owned */
};
void esim_pending_notification_clear(struct esim_pending_notification *n);

/* One rule of the Rules Authorisation Table. */
struct esim_rat_rule {
	unsigned ppr_ids;				/* enum esim_ppr */
	struct esim_operator_id operators[ESIM_MAX_OPERATORS];
	size_t operator_count;
	bool consent_required;
};
struct esim_rat {
	struct esim_rat_rule *rules;			/* owned */
	size_t count;
};
void esim_rat_clear(struct esim_rat *rat);

enum esim_ppr_verdict {
	ESIM_PPR_ALLOWED,
	ESIM_PPR_CONSENT,	/* allowed if the user agrees */
	ESIM_PPR_FORBIDDEN,
};

/*
 * What the RAT says of @owner setting all of @ppr_ids: the first rule that fits
 * decides for each, nibble E is a wildcard, an empty GID is any, an absent one
 * absent, no rule is forbidden (SGP.22, 2.9.2.3).
 */
enum esim_ppr_verdict esim_rat_judge(const struct esim_rat *rat, unsigned ppr_ids,
				     const struct esim_operator_id *owner);

#ifdef __cplusplus
}
#endif
#endif
