/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State on disk, below StateDirectory (/var/lib/coreesim), directories 0700, files
 * 0600. A file is written whole beside its name, fsynced, renamed, and its
 * directory fsynced: a crash leaves the old one or the new one. Each JSON file is
 * an object with "version"; one that is truncated, of another version or not what
 * its reader wants is set aside as NAME.bad-K with a message that says why: it is
 * never dropped, and never stops the daemon. At most STORE_MAX_BAD are kept of a name.
 *
 *   euicc/EID/card.json            the object's number, quirks of card and reader
 *   euicc/EID/session.json         the RSP session under way: see below
 *   euicc/EID/outbox/SEQ.tlv       a notification as the eUICC gave it
 *   euicc/EID/outbox/SEQ.json      what became of it: see outbox.h
 *
 * One eUICC's directory is used by one thread at a time: its lane's (lane.h).
 */
#ifndef LPAD_STORE_H
#define LPAD_STORE_H

#include <esim/bytes.h>
#include <esim/error.h>
#include <esim/rsp_types.h>

#include <jansson.h>

#define STORE_VERSION	1
#define STORE_MAX_FILE	(1024 * 1024)
#define STORE_MAX_BAD	8
#define STORE_MAX_EUICCS 256

struct store;

/* Opens (and makes) the directory, and takes a lock on it: ESIM_EBUSY where another lpad has it. */
int store_open(const char *directory, struct store **ret, struct esim_error *err);
void store_close(struct store **store);

/* EIDs that have a directory; foreign names are passed over. *@ret is owned: free(). */
int store_euiccs(struct store *store, struct esim_eid **ret, size_t *ret_count, struct esim_error *err);

/* @name is a path below the directory of @eid, "card.json". Any thread. */
int store_write(struct store *store, const struct esim_eid *eid, const char *name,
		struct esim_slice contents, struct esim_error *err);
/* ESIM_ENOENT: there is none. ESIM_ETOOBIG past STORE_MAX_FILE. */
int store_read(struct store *store, const struct esim_eid *eid, const char *name,
	       struct esim_buf *ret, struct esim_error *err);
int store_remove(struct store *store, const struct esim_eid *eid, const char *name, struct esim_error *err);
/* Names in a directory ("outbox"), sorted; *@ret is owned, each name too: store_names_free(). */
int store_list(struct store *store, const struct esim_eid *eid, const char *directory,
	       char ***ret, size_t *ret_count, struct esim_error *err);
void store_names_free(char ***names, size_t count);
/* Keep what is there under NAME.bad-K, and log @why with the path. */
void store_set_aside(struct store *store, const struct esim_eid *eid, const char *name, const char *why);

/* JSON: "version" is added and checked. What does not parse is set aside, then ESIM_ENOENT. */
int store_write_json(struct store *store, const struct esim_eid *eid, const char *name,
		     json_t *object, struct esim_error *err);
int store_read_json(struct store *store, const struct esim_eid *eid, const char *name,
		    json_t **ret, struct esim_error *err);

/* --- card.json ------------------------------------------------------------------------------ */

struct card_record {
	unsigned number;			/* of the object; 0: none given yet */
	struct esim_aid_value isdr_aid;		/* the one that answered; len 0: unknown */
	unsigned segment_size;			/* of STORE DATA, found on the reader named; 0: not known */
	char reader[128];			/* transport and reader name */
};
int card_record_read(struct store *store, const struct esim_eid *eid, struct card_record *ret);
int card_record_write(struct store *store, const struct esim_eid *eid, const struct card_record *record,
		      struct esim_error *err);

/* --- journal: session.json ---------------------------------------------------------------------- */

/* An RSP session that began and of which no end was written yet. */
struct session_record {
	char server_address[ESIM_MAX_FQDN + 1];
	char transaction_id[2 * ESIM_MAX_TRANSACTION_ID + 1];	/* as the server wrote it */
	bool is_smds;
	bool loading;				/* the package may have reached the card */
	bool has_iccid;
	struct esim_iccid iccid;		/* of the offered profile */
};
int session_record_read(struct store *store, const struct esim_eid *eid, struct session_record *ret,
			struct esim_error *err);	/* ESIM_ENOENT: none is open */
int session_record_write(struct store *store, const struct esim_eid *eid,
			 const struct session_record *record, struct esim_error *err);
int session_record_end(struct store *store, const struct esim_eid *eid, struct esim_error *err);

#endif
