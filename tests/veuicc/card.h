/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the virtual eUICC: its state, and what its files offer each other. What
 * survives a power loss is struct veuicc_store; all else is gone with the power.
 */
#ifndef VEUICC_CARD_H
#define VEUICC_CARD_H

#include "veuicc/veuicc.h"

#include "veuicc/fault.h"
#include "veuicc/link.h"
#include "veuicc/rat.h"
#include "veuicc/upp.h"

#include "rsp/bsp.h"
#include "rsp/key.h"
#include "rsp/pki.h"

#include <esim/tlv.h>
#include <esim/trust.h>

#include <stdio.h>

enum veuicc_sw {
	SW_OK = 0x9000,
	SW_MEMORY_FAILURE = 0x6581,
	SW_REFUSED_LENGTH = 0x6601,
	SW_WRONG_LENGTH = 0x6700,
	SW_NO_CHANNEL = 0x6881,
	SW_NO_SECURE_MESSAGING = 0x6882,
	SW_NO_CHAINING = 0x6884,
	SW_NOT_EF = 0x6981,
	SW_CONDITIONS = 0x6985,
	SW_NO_EF = 0x6986,
	SW_WRONG_DATA = 0x6A80,
	SW_NO_FUNCTION = 0x6A81,
	SW_NOT_FOUND = 0x6A82,
	SW_NO_RECORD = 0x6A83,
	SW_NO_SPACE = 0x6A84,
	SW_WRONG_P1P2 = 0x6A86,
	SW_NO_DATA = 0x6A88,
	SW_WRONG_OFFSET = 0x6B00,
	SW_WRONG_LE = 0x6C00,
	SW_NO_INS = 0x6D00,
	SW_NO_CLA = 0x6E00,
};

#define VEUICC_CHANNELS		(ESIM_MAX_CHANNEL + 1)
#define VEUICC_MAX_INPUT	(64 * 1024)	/* one STORE DATA sequence */
#define VEUICC_AID_SIZE		16
#define VEUICC_CHALLENGE_SIZE	16
#define VEUICC_UNDEFINED_ERROR	127

/* Bits of NotificationEvent, most significant first, as SGP.22 numbers them. */
enum veuicc_event {
	EVENT_INSTALL = 0x80,
	EVENT_ENABLE = 0x40,
	EVENT_DISABLE = 0x20,
	EVENT_DELETE = 0x10,
};

enum veuicc_class {
	CLASS_TEST = 0,
	CLASS_PROVISIONING = 1,
	CLASS_OPERATIONAL = 2,
};

/* --- what survives --------------------------------------------------------- */

struct veuicc_profile {
	struct esim_iccid iccid;
	uint8_t aid[VEUICC_AID_SIZE];
	bool enabled;
	uint8_t class;			/* enum veuicc_class */
	uint8_t pprs;			/* 1: PPR1, 2: PPR2 */
	struct esim_buf nickname;	/* empty: none */
	struct esim_buf metadata;	/* value of StoreMetadata as received */
	struct esim_buf dp_data;	/* value of dpProprietaryData; empty: none */
	struct esim_buf ci;		/* key id of the CI that its notifications are signed under */
	struct esim_buf package;	/* decrypted, byte for byte */
};

struct veuicc_notification {
	uint32_t seq;
	uint8_t event;			/* enum veuicc_event */
	struct esim_iccid iccid;
	struct esim_buf metadata;	/* BF2F, whole */
	struct esim_buf pending;	/* BF37 or 30, whole: what RetrieveNotificationsList gives */
};

struct veuicc_crl {
	struct esim_buf ci;		/* authority key id */
	uint64_t number;
	struct esim_buf serials;	/* revoked: INTEGERs, one TLV after the other */
	struct esim_buf parts;		/* one byte per part held; empty: not partial */
	uint8_t total_parts;
	size_t size;
};

#define VEUICC_MAX_CRLS 8

struct veuicc_store {
	uint32_t next_seq;
	uint32_t next_aid;
	struct esim_buf default_smdp;
	struct veuicc_profile profiles[ESIM_MAX_PROFILES];
	size_t profile_count;
	struct veuicc_notification notifications[ESIM_MAX_NOTIFICATIONS];
	size_t notification_count;
	struct veuicc_crl crls[VEUICC_MAX_CRLS];
	size_t crl_count;

	/* A profile switch that waits for REFRESH or reset; an all-zero AID stands for "none". */
	bool switch_pending;
	uint8_t switch_to[VEUICC_AID_SIZE];
	/* The operational profile that was enabled before a test profile; all zero: none. */
	uint8_t before_test[VEUICC_AID_SIZE];

	/* A one-time key pair whose package has not come yet; empty: none. */
	uint8_t ot_scalar[RSP_SECRET_SIZE];
	bool ot_kept;
	uint8_t ot_curve;

	/* An installation under way: what its result will have to say after a power loss. */
	struct esim_buf loading;	/* see bpp.c; empty: none */
};

/* --- what is gone with the power ------------------------------------------- */

enum veuicc_app {
	APP_UICC,			/* the file system: MF, or the ADF of the USIM */
	APP_ISDR,
	APP_ECASD,
};

struct veuicc_channel {
	bool open;
	enum veuicc_app app;
	bool in_adf;			/* APP_UICC: the current directory is the USIM's ADF */
	uint16_t ef;			/* current EF, 0: none */
	struct esim_buf input;		/* STORE DATA so far */
	unsigned next_block;		/* expected P2; 0: no sequence under way */
};

/* A response that waits for GET RESPONSE. */
struct veuicc_waiting {
	bool any;
	unsigned channel;
	struct esim_buf data;
	size_t sent;
	uint16_t sw;
};

enum veuicc_stage {
	STAGE_NONE,
	STAGE_CHALLENGED,		/* GetEUICCChallenge was answered */
	STAGE_AUTHENTICATED,		/* AuthenticateServer was */
	STAGE_PREPARED,			/* PrepareDownload was */
	STAGE_LOADING,			/* the package is coming in */
};

/* The common mutual authentication and the download that may follow. */
struct veuicc_session {
	enum veuicc_stage stage;
	uint8_t challenge[VEUICC_CHALLENGE_SIZE];
	struct esim_buf transaction_id;
	struct esim_buf server_address;
	enum esim_role server_role;		/* DPauth or DSauth */
	struct esim_buf server_oid;		/* registered ID, contents octets */
	struct esim_buf server_ci;		/* authority key id of the server's certificate */
	struct rsp_pki *pki;			/* the eUICC's own chain in use; borrowed */
	struct esim_buf signature1;		/* euiccSignature1, whole TLV */
	struct esim_public_key dppb;		/* key of CERT.DPpb */
	struct rsp_key *ot;			/* one-time key pair */
};

/* A bound profile package on its way in. */
struct veuicc_bpp {
	unsigned channel;
	unsigned phase;			/* see bpp.c */
	size_t left;			/* bytes of BF36 still to come */
	size_t container_left;		/* bytes of A0, A1, A2, A3 still to come */
	struct rsp_bsp keys;
	struct esim_buf plain;		/* of the part being read */
	struct veuicc_profile profile;	/* being built */
	struct veuicc_upp upp;
	enum veuicc_pe_status pe_status;
	struct veuicc_fault_rule fault;	/* of this load */
};

struct veuicc_proactive {
	bool refresh;			/* a REFRESH waits or is under way */
	bool fetched;
};

struct veuicc {
	/* shape */
	struct veuicc_options options;	/* numbers alone; strings are taken out below */
	char *state_dir;		/* NULL: in memory alone */
	int state_fd;
	char *root_smds;
	char *first_smdp;
	struct veuicc_rat rat;
	uint8_t atr[ESIM_MAX_ATR];
	size_t atr_len;
	struct rsp_pki *pkis[VEUICC_MAX_PKI];
	size_t pki_count;
	struct esim_pool pool;		/* CI keys that servers are verified with */
	struct esim_eid eid;

	struct veuicc_store store;

	int watched_fd;			/* see veuicc_watch() */

	/* power */
	bool on, mute;
	bool power_lost;		/* the power goes as soon as the command ends; then: state to be read again */
	bool packages_stale;		/* packages of deleted profiles are still on disk */
	struct veuicc_channel channels[VEUICC_CHANNELS];
	bool extended_channels;		/* TERMINAL CAPABILITY said so */
	struct veuicc_waiting waiting;
	struct veuicc_session session;
	struct veuicc_bpp bpp;
	struct veuicc_proactive proactive;
	struct veuicc_files files;	/* of the profile that was enabled at power-on */
	unsigned busy;

	/* observation */
	struct veuicc_fault fault;
	struct veuicc_link link;
	FILE *log;
	uint64_t apdus;
};

/* --- apdu.c ---------------------------------------------------------------- */

struct veuicc_apdu {
	uint8_t cla, ins, p1, p2;
	bool proprietary;		/* class of ETSI and GlobalPlatform, not of ISO */
	unsigned channel;
	struct esim_slice data;
	bool has_le;
	size_t ne;			/* with has_le: most bytes wanted */
	bool extended;
};

/* Carry out one command; appends response and status word. */
void veuicc_apdu_execute(struct veuicc *card, struct esim_slice command, struct esim_buf *response);

typedef uint16_t veuicc_handler(struct veuicc *card, const struct veuicc_apdu *apdu,
				struct esim_buf *out);

/* --- channel.c ------------------------------------------------------------- */

veuicc_handler veuicc_manage_channel, veuicc_select, veuicc_terminal_capability;
void veuicc_channels_reset(struct veuicc *card);

/* Drop what the application on the channel was in the middle of. */
void veuicc_channel_abandon(struct veuicc *card, unsigned channel);

/* --- fs.c ------------------------------------------------------------------ */

veuicc_handler veuicc_fs_select_file, veuicc_read_binary, veuicc_read_record, veuicc_status;

/* The USIM whose AID begins with @aid (right-truncated selection): its FCP. */
uint16_t veuicc_fs_select_adf(struct veuicc *card, unsigned channel, struct esim_slice aid,
			      struct esim_buf *out);

/* Take the files of the enabled profile, as a card does when it starts. */
void veuicc_fs_load(struct veuicc *card);

/* --- proactive.c ----------------------------------------------------------- */

veuicc_handler veuicc_terminal_profile, veuicc_fetch, veuicc_terminal_response;

/* Length of the proactive command that waits; 0: none. */
size_t veuicc_proactive_waiting(const struct veuicc *card);

/* --- isdr.c ---------------------------------------------------------------- */

extern const uint8_t veuicc_isdr_aid[VEUICC_AID_SIZE], veuicc_ecasd_aid[VEUICC_AID_SIZE];

veuicc_handler veuicc_store_data;
void veuicc_isdr_fci(struct veuicc *card, struct esim_buf *out);

/* An ES10 function: @request is its whole TLV, checked; @value what is in it. */
struct veuicc_request {
	struct esim_slice whole, value;
	unsigned channel;
};
typedef uint16_t veuicc_es10(struct veuicc *card, const struct veuicc_request *request,
			     struct esim_buf *out);

veuicc_es10 veuicc_get_euicc_configured_addresses, veuicc_set_default_dp_address;
veuicc_es10 veuicc_get_euicc_info1, veuicc_get_euicc_info2, veuicc_get_euicc_challenge,
	veuicc_get_rat;
veuicc_es10 veuicc_authenticate_server, veuicc_prepare_download, veuicc_cancel_session,
	veuicc_load_crl;
veuicc_es10 veuicc_list_notification, veuicc_retrieve_notifications_list,
	veuicc_remove_notification;
veuicc_es10 veuicc_get_profiles_info, veuicc_enable_profile, veuicc_disable_profile,
	veuicc_delete_profile, veuicc_memory_reset, veuicc_get_eid, veuicc_set_nickname;

/* "tag{80 code}": the answer of most functions. */
void veuicc_put_result(struct esim_buf *out, uint32_t tag, unsigned result);

/* "tag{81 code}": the error answer of functions that give lists, and of a few more. */
void veuicc_put_list_error(struct esim_buf *out, uint32_t tag, unsigned code);

/* "tag{A1{80 transaction id, 02 code}}": that of AuthenticateServer and PrepareDownload. */
void veuicc_put_session_error(struct esim_buf *out, uint32_t tag, struct esim_slice transaction_id,
			      unsigned code);

/* --- es10b_info.c ---------------------------------------------------------- */

void veuicc_put_euicc_info2(struct veuicc *card, struct esim_buf *out);

/* --- session.c ------------------------------------------------------------- */

void veuicc_session_end(struct veuicc *card);

/* The card's own chain under the CI with that key id; NULL: none. */
struct rsp_pki *veuicc_pki_for(struct veuicc *card, struct esim_slice ci_key_id);

/* Sign with the eUICC's key: appends 5F37. 0 or ESIM_EIO. */
int veuicc_sign(struct veuicc *card, struct rsp_pki *pki, const struct esim_slice *parts,
		size_t count, struct esim_buf *out);

/* ECDSA under the cost of the link. */
bool veuicc_verify(struct veuicc *card, const struct esim_public_key *key,
		   const struct esim_slice *parts, size_t count, struct esim_slice signature);

/* A server's certificate: the curve, the CI and the chain, and that it is not revoked. */
enum veuicc_cert_verdict { CERT_GOOD, CERT_INVALID, CERT_CURVE, CERT_CI_UNKNOWN };
enum veuicc_cert_verdict veuicc_judge_cert(struct veuicc *card, struct esim_slice der,
					   enum esim_role role, struct esim_cert *ret);

/* --- crl.c ----------------------------------------------------------------- */

bool veuicc_crl_revoked(const struct veuicc *card, const struct esim_cert *cert);
size_t veuicc_crl_size(const struct veuicc *card);

/* --- bpp.c ----------------------------------------------------------------- */

/* One STORE DATA sequence that begins with BF36, or any while a package is coming in. */
uint16_t veuicc_load_bpp(struct veuicc *card, unsigned channel, struct esim_slice segment,
			 struct esim_buf *out);
bool veuicc_bpp_under_way(const struct veuicc *card, unsigned channel);
void veuicc_bpp_abandon(struct veuicc *card);

/* After a power loss: the result of the installation that was under way. */
int veuicc_bpp_recover(struct veuicc *card);

/* --- profile.c ------------------------------------------------------------- */

/* 4F or 5A; NULL: not there. */
struct veuicc_profile *veuicc_profile_find(struct veuicc *card, const struct esim_tlv *id);
struct veuicc_profile *veuicc_profile_enabled(struct veuicc *card);
void veuicc_profile_free(struct veuicc_profile *profile);
void veuicc_profile_delete(struct veuicc *card, struct veuicc_profile *profile);

/* Class, PPRs and ICCID out of profile->metadata; an ErrorReason, 0: fine. */
unsigned veuicc_profile_digest(struct veuicc *card, struct veuicc_profile *profile);
size_t veuicc_memory_free(const struct veuicc *card);

/* Carry out a switch that waits. */
int veuicc_switch_apply(struct veuicc *card);

/* --- notifications.c ------------------------------------------------------- */

/* "BF2F{...}" with the next sequence number, which it takes. */
uint32_t veuicc_put_notification_metadata(struct veuicc *card, enum veuicc_event event,
					  struct esim_slice address, const struct esim_iccid *iccid,
					  struct esim_buf *out);

/* Keep a pending notification; takes the contents of @pending. */
int veuicc_notification_keep(struct veuicc *card, uint32_t seq, enum veuicc_event event,
			     const struct esim_iccid *iccid, struct esim_slice metadata,
			     struct esim_buf *pending);

/* OtherSignedNotifications for an event, as the profile is configured; skips address @except. */
int veuicc_notify(struct veuicc *card, const struct veuicc_profile *profile,
		  enum veuicc_event event, struct esim_slice except);

/* --- store.c --------------------------------------------------------------- */

/* Read the state; a directory without one is a fresh card. */
int veuicc_store_load(struct veuicc *card, struct esim_error *err);

/*
 * Make the state durable. Where that fails, what was on disk is read again and
 * an error comes back: the change has not happened.
 */
int veuicc_store_commit(struct veuicc *card);

/* Go back to what is on disk; returns ESIM_EIO. */
int veuicc_store_rollback(struct veuicc *card);

/* Write a new profile's package to disk; part of no state until the next commit. */
int veuicc_store_package(struct veuicc *card, const struct veuicc_profile *profile);
void veuicc_store_free(struct veuicc_store *store);

/* --- store_codec.c --------------------------------------------------------- */

int veuicc_store_encode(const struct veuicc_store *store, struct esim_buf *out);
int veuicc_store_decode(struct esim_slice in, struct veuicc_store *store, struct esim_error *err);

#endif
