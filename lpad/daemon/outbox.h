/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The notification outbox of one eUICC: each notification that the eUICC holds is
 * mirrored to disk before it is sent, goes to its server in ascending order of
 * sequence numbers (per server; 0 is one), is forgotten by the eUICC after the
 * server's 204 alone, and by the disk after the eUICC has forgotten it.
 *
 *   owed        on disk, and to be sent
 *   delivered   the server's 204 was there; the eUICC may hold it still
 *
 * A new notification of an old number (the eUICC was reset, and counts anew) is
 * told by its bytes and takes the old one's place only when that was delivered;
 * else both are kept, the older first.
 *
 * All of this runs on the eUICC's lane (lane.h), save what needs no store, which is pure.
 */
#ifndef LPAD_OUTBOX_H
#define LPAD_OUTBOX_H

#include "store.h"

#include <esim/es10b.h>
#include <esim/trust.h>

#define OUTBOX_MAX_WAIT (7 * 24 * 3600)		/* seconds; nothing waits longer for its next attempt */
#define OUTBOX_NAME_SIZE 32			/* with the final zero */

struct outbox_entry {
	char name[OUTBOX_NAME_SIZE];		/* of its files: SEQ, or SEQ-K for a second of that number */
	struct esim_notification metadata;	/* read from the TLV */
	uint8_t digest[ESIM_SHA256_SIZE];	/* of the TLV */
	bool delivered;
	unsigned attempts;
	int64_t next_attempt;			/* seconds since the epoch; 0: at once */
	char error[320];			/* of the last try, "" */
	json_t *error_details;			/* owned; NULL: none */
};

struct outbox {
	struct outbox_entry *entries;		/* ascending by number; owned */
	size_t count;				/* <= ESIM_MAX_NOTIFICATIONS */
};
void outbox_clear(struct outbox *outbox);

/*
 * What the disk holds. A TLV that is damaged is set aside; where only what became of one is lost, it is
 * owed anew. A time that no clock of today can have given (it was set back) is none.
 */
int outbox_load(struct store *store, const struct esim_eid *eid, struct outbox *ret, struct esim_error *err);

/* Write one to disk, TLV first, unless these bytes are there already; adds it to @outbox. */
int outbox_mirror(struct store *store, const struct esim_eid *eid, struct outbox *outbox,
		  const struct esim_notification *metadata, struct esim_slice tlv, struct esim_error *err);
int outbox_read(struct store *store, const struct esim_eid *eid, const struct outbox_entry *entry,
		struct esim_buf *ret_tlv, struct esim_error *err);
/* Write @entry's fields anew. */
int outbox_update(struct store *store, const struct esim_eid *eid, const struct outbox_entry *entry,
		  struct esim_error *err);
/* Forget it on disk, and in @outbox. */
int outbox_purge(struct store *store, const struct esim_eid *eid, struct outbox *outbox, size_t index,
		 struct esim_error *err);

struct outbox_retry {
	uint64_t min_usec, max_usec;
};
/*
 * When to try again after @attempts failures: min * 2^(attempts-1), at most max, of
 * that a random part between a half and the whole (@random: 64 random bits); never
 * before the server's Retry-After (@retry_after seconds, 0: none; bounded by a week).
 */
int64_t outbox_next(const struct outbox_retry *retry, unsigned attempts, unsigned retry_after,
		    uint64_t random, int64_t now);

/* Did the last try not come as far as a server? A network that comes up is worth another then. */
bool outbox_waits_for_network(const struct outbox_entry *entry);
/* The network came up: on disk, those are due at once. */
int outbox_network_up(struct store *store, const struct esim_eid *eid, struct esim_error *err);

/* To the same server, where what came first is sent first? */
bool outbox_same_server(const struct outbox_entry *a, const struct outbox_entry *b);
/* May entries[i] be sent at @now: it is owed, its time has come, nothing owed to its server comes before it? */
bool outbox_due(const struct outbox *outbox, size_t i, int64_t now);
/* The earliest time at which something may be sent; INT64_MAX: nothing is owed. */
int64_t outbox_wake(const struct outbox *outbox);

#endif
