/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of session.h share: session*.c, work_*.c. */
#ifndef LPAD_SESSION_INTERNAL_H
#define LPAD_SESSION_INTERNAL_H

#include "modem_board.h"
#include "session.h"

/* A notification that the card lists. */
struct held {
	uint32_t seq_number;
	bool mirrored;			/* its very bytes are on disk: those of the last entry of that number */
};

/* What a job may have changed of what work_truth() reads rarely. */
enum stale_facts {
	STALE_INFO2 = 1 << 0,
	STALE_ADDRESSES = 1 << 1,
};

struct card_session {
	struct session_context *context;

	/* The task. */
	struct session_hooks hooks;
	struct esim_cancel *cancel;		/* what card, connection and LPA watch; fired by hooks.cancel */
	struct relay {
		struct esim_cancel_watch watch;
		struct esim_cancel *to;
	} relay;
	bool relayed;				/* hooks.cancel is watched */
	struct lpa *lpa;
	const struct work_download *download;	/* the one under way; NULL: none */
	struct board_download carried;		/* and over which address it goes */
	struct esim_error journal_error;	/* session.json could not be written; code 0: it could */

	/* The card; all of it is void without. */
	struct esim_card *card;
	char uri[ESIM_URI_SIZE];
	struct esim_transport_info info;
	struct esim_eid eid;			/* also of a gone target */
	bool has_eid;				/* false: the card's is all zero, so nothing can be kept of it */
	bool listed;				/* held[] is the card's list, as of the last look */
	struct held held[ESIM_MAX_NOTIFICATIONS];
	size_t held_count;
	unsigned stale;				/* enum stale_facts */

	/* Servers: with the roots of one eUICC, or of a gone one. */
	struct esim_pool tls_roots, rsp_roots;
	struct es10b_device_info device;
	struct esim_http *http;
	struct esim_eid http_eid;
	bool http_gone;
	unsigned http_timeout_ms;		/* of the next connection's requests; 0: the usual one */
};

/* session_hooks.c: the user's callbacks and cancel handle, and session.json. */
int session_take_hooks(struct card_session *session, const struct session_hooks *hooks,
		       struct esim_error *err);
void session_drop_hooks(struct card_session *session);
struct lpa_callbacks session_callbacks(struct card_session *session);

/* session_servers.c: trust anchors, device information and the connection, for session->lpa. */
int session_open_servers(struct card_session *session, bool gone, struct esim_error *err);
void session_close_servers(struct card_session *session);
int64_t session_clock(void *context);

/* card_session_open() for what needs a card: ESIM_ENODEV where the eUICC is gone. */
int session_begin(struct card_session *session, const struct card_target *target,
		  const struct session_hooks *hooks, bool servers, struct lpa **ret, struct esim_error *err);

/* card.json's name of the reader. */
#define SESSION_READER_LABEL sizeof(((struct card_record *)NULL)->reader)
void session_reader_label(const struct card_session *session, char label[static SESSION_READER_LABEL]);

/*
 * The end of every work_*(): the hooks are the caller's again. A card of which a failure made
 * unsure what it would take next is closed. Returns @rc, or the cause that made the session
 * cancel itself.
 */
int session_leave(struct card_session *session, int rc, struct esim_error *err);

/*
 * work_mirror.c. Load @ret from disk and read the card's list; what of it is not on disk is
 * written there; what was delivered is forgotten by card and disk. All is tried; the first
 * failure is returned.
 */
int session_mirror(struct card_session *session, struct outbox *ret, struct esim_error *err);
/* Entry @index was delivered, or is dropped: forget it on the card, if it holds it, then on disk. */
int session_forget(struct card_session *session, struct outbox *outbox, size_t index,
		   struct esim_error *err);

/*
 * session_modem.c: around what changes the enabled profile of a card behind a modem; nothing for any other.
 * ModemManager sets the modem aside, when no download goes over it; afterwards, with the outcome @rc, it has
 * the modem back and tells what became of it, and the hooks hear of that. @expected: the profile that is
 * enabled now; NULL: none, or not known. session_modem_end() is for every path, returns @rc, and comes before
 * session_leave().
 */
struct modem_switch {
	char uri[ESIM_URI_SIZE];		/* "": no modem */
	struct mm_inhibition *inhibition;
};
int session_modem_begin(struct card_session *session, const char *uri, const struct session_hooks *hooks,
			struct modem_switch *ret, struct esim_error *err);
int session_modem_end(struct card_session *session, struct modem_switch *change, const struct session_hooks *hooks,
		      int rc, const struct esim_iccid *expected);

/* snapshot.c */
json_t *snapshot_details(const struct esim_eid *eid, const struct esim_aid *isdr_aid);
int snapshot_take_profiles(struct snapshot *snapshot, const struct esim_profile *profiles, size_t count,
			   struct esim_error *err);
void snapshot_clear_profiles(struct snapshot *snapshot);

#endif
