/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a lane's thread works with: the card opened once for the tasks that follow
 * each other, the trust anchors, the connection to servers; and the procedures of
 * lpad on top of libesim's (work_*.c). Nothing here touches the loop, D-Bus or the
 * model; nothing is global.
 */
#ifndef LPAD_SESSION_H
#define LPAD_SESSION_H

#include "config.h"
#include "outbox.h"
#include "store.h"

#include <esim/lpa.h>

#include <jansson.h>

struct modem_board;				/* modem_board.h */

/* Read-only for lanes, and alive as long as any of them: counted. A reload makes a new one. */
struct session_context {
	int references;
	struct config config;
	struct store *store;			/* borrowed */
	struct esim_pool tls_roots, rsp_roots;	/* trust.h; without the known ones, which the card chooses */
	bool has_clock;				/* --clock */
	int64_t clock;
	struct modem_board *modems;		/* borrowed; NULL: there are none to take care of */
	const char *bus;			/* where ModemManager is; NULL: the system bus */
};
struct session_context *session_context_ref(struct session_context *context);
void session_context_unref(struct session_context *context);

/* Made by the lane's thread at its first task, ended at its last. */
struct card_session;
struct card_session *card_session_new(struct session_context *context);	/* NULL: no memory */
void card_session_free(struct card_session **session);		/* closes card and connections */
struct session_context *card_session_context(struct card_session *session);

/* One card application: an eUICC is reader + slot + ISD-R AID. */
struct card_target {
	char uri[ESIM_URI_SIZE];		/* "": the eUICC is gone, there is only its disk */
	struct esim_aid isdr_aid;		/* len 0: the list of the configuration */
	struct esim_eid eid;			/* has_eid: the card must be this one: else ESIM_ESTALE */
	bool has_eid;
	unsigned segment_size;			/* of card.json; 0: negotiate */
};

/* How a task meets the user: called on the lane's thread, may block there. */
struct session_hooks {
	void *context;
	struct lpa_callbacks user;		/* consent … note; context is used for them too */
	struct esim_cancel *cancel;		/* may be NULL */
	enum lpa_answer (*why_cancelled)(void *context);	/* NULL: LPA_LATER */
	/* What a switch did to the modem before the card, json_modem(), which is the callee's. May be NULL. */
	void (*modem)(void *context, json_t *modem);
};

/*
 * The LPA on @target's card: that of the task before, if it is the same and still good, else
 * opened now. @hooks (may be NULL) stand until the work_*() that opened it returns. A card that was
 * opened and is another eUICC's is ESIM_ESTALE. @servers: with trust anchors and a connection. The LPA of
 * a gone target (uri "") has no card: it can post notifications. @err is not NULL, here and below.
 */
int card_session_open(struct card_session *session, const struct card_target *target,
		      const struct session_hooks *hooks, bool servers, struct lpa **ret,
		      struct esim_error *err);
struct esim_card *card_session_card(struct card_session *session);
struct esim_http *card_session_http(struct card_session *session);
/* That of the last task, for its steps: lpa_steps(). NULL: none; lent until the next task. */
const struct lpa *card_session_lpa(const struct card_session *session);
/* Let the card go now: another program is to have it. */
void card_session_close_card(struct card_session *session);

/* --- what is known of an eUICC after it was asked --------------------------------------------------- */

struct profile_snapshot {
	struct esim_iccid iccid;
	struct esim_aid_value isdp_aid;
	bool has_state;
	enum esim_profile_state state;
	enum esim_profile_class profile_class;
	unsigned port, policy_rules;
	json_t *details;			/* owned; json_profile() of common/details.h */
};

struct snapshot {
	struct esim_eid eid;
	bool eid_is_zero;
	struct esim_aid isdr_aid;
	unsigned segment_size;			/* in force at the end */
	char transport[16], reader[128];
	char spec_version[12];
	json_t *details;			/* owned; Euicc1.GetDetails() */
	bool profiles_known;
	struct profile_snapshot *profiles;	/* owned */
	size_t profile_count;
	struct outbox outbox;			/* owned; as on disk */
	bool notifications_known;		/* the card's list was read, not the disk's alone */
};
void snapshot_clear(struct snapshot *snapshot);

/*
 * The truth (work_truth.c): ask the card for everything, close what session.json says is open (card,
 * then server), mirror every notification of the card to disk, forget on the card what was delivered.
 * What cannot be read is left unknown, and *@err says the first cause; the rest is filled in all the same.
 * @brief: only what a job may have changed (profiles, notifications), the rest from @ret as it was.
 */
int work_truth(struct card_session *session, const struct card_target *target,
	       const struct session_hooks *hooks, bool brief, struct snapshot *ret, struct esim_error *err);

/* --- jobs (work_*.c), each with the truth after it left to the caller ----------------------------------- */

struct work_download {
	/* in */
	struct lpa_order order;			/* keep_notification is set by it: the outbox sends */
	bool consented;				/* not interactive: the call was the consent */
	/* out */
	struct lpa_download_result result;	/* caller clears */
};
/* Writes session.json as the session goes, and its end. */
int work_download(struct card_session *session, const struct card_target *target,
		  const struct session_hooks *hooks, struct work_download *work, struct esim_error *err);

enum work_switch { WORK_ENABLE, WORK_DISABLE, WORK_DELETE };
int work_switch(struct card_session *session, const struct card_target *target,
		const struct session_hooks *hooks, enum work_switch what, const struct esim_iccid *iccid,
		const struct es10c_switch *how, struct esim_error *err);
int work_nickname(struct card_session *session, const struct card_target *target,
		  const struct session_hooks *hooks, const struct esim_iccid *iccid, const char *nickname,
		  struct esim_error *err);
/* *@options: enum es10c_reset_options; 0: all that this eUICC can be told, and then it says what that was. */
int work_reset(struct card_session *session, const struct card_target *target,
	       const struct session_hooks *hooks, unsigned *options, struct esim_error *err);
int work_address(struct card_session *session, const struct card_target *target,
		 const struct session_hooks *hooks, const char *address, struct esim_error *err);
/* @smds "": that of the configuration, else the default and then the root SM-DS. *@ret: free(). */
int work_discover(struct card_session *session, const struct card_target *target,
		  const struct session_hooks *hooks, const char *smds, struct es9p_event **ret,
		  size_t *ret_count, struct esim_error *err);
int work_attest(struct card_session *session, const struct card_target *target,
		const struct session_hooks *hooks, struct esim_slice nonce, json_t **ret, struct esim_error *err);

/*
 * Send what is due of the outbox (@only not NULL: that entry, and what comes before it at its server, due
 * or not), forget on the card and on disk. *@ret is filled with what is left. The return value is the
 * first failure's; each entry has its own.
 */
int work_deliver(struct card_session *session, const struct card_target *target,
		 const struct session_hooks *hooks, const char *only, struct outbox *ret, struct esim_error *err);
/* Forget entry @name unsent: on the card, then on disk. */
int work_drop(struct card_session *session, const struct card_target *target,
	      const struct session_hooks *hooks, const char *name, struct esim_error *err);
/* A descriptor of /dev/euiccN locked to @aid; ESIM_ENOTSUP elsewhere. */
int work_open_channel(struct card_session *session, const struct card_target *target,
		      struct esim_slice aid, int *ret_fd, struct esim_error *err);

#endif
