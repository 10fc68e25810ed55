/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One owner for each modem, and what that owner has open in it: a modem has few logical channels
 * (some three), keeps those of a program that died, and gives them to nobody else. A file for each
 * modem in /var/lib/coreesim-modems, locked (flock) as long as the transport is open, holds a line for each
 * channel of ours. It is written before a channel is opened and after it was closed, so that who comes
 * next can close what is left, and only that. The slot that a modem is to go back to stays there
 * until it has: modems keep it through a reset.
 *
 * The directory is root's, who opens modems by modem-broker(8) or by lpactl; it is made where it is missing.
 * Who can write to neither it nor $XDG_RUNTIME_DIR/coreesim/modems works without a journal and with the lock of the
 * port alone.
 */
#ifndef MODEM_JOURNAL_H
#define MODEM_JOURNAL_H

#include "identity.h"

#include <esim/bytes.h>

#include <stdbool.h>
#include <stddef.h>

#define JOURNAL_MAX_CHANNELS 19

struct journal;

struct journal_channel {
	uint32_t channel;		/* the modem's number; JOURNAL_PENDING: it was being opened */
	uint32_t group;			/* MBIM's channel group; 0 elsewhere */
	unsigned slot;			/* 0: not known */
};
#define JOURNAL_PENDING UINT32_MAX

struct journal_slots {			/* from 1 */
	unsigned before, now;		/* as the modem was found, and what it was switched to */
};

/*
 * ESIM_EBUSY: another process of ours has the modem; the message names it (pid and program). What an owner before
 * left open is in *@ret_left (JOURNAL_MAX_CHANNELS), unless the modem was re-enumerated or this host booted since,
 * which closed them: close each, then journal_closed().
 */
int journal_open(const struct modem_identity *identity, struct journal **ret,
		 struct journal_channel ret_left[static JOURNAL_MAX_CHANNELS], size_t *ret_left_count,
		 struct esim_error *err);
/* Gives the modem up. What is still in it stays for the next owner. */
void journal_close(struct journal **journal);

/* Before the request to open goes out, and when its answer is there. */
int journal_opening(struct journal *journal, const struct journal_channel *channel, struct esim_error *err);
int journal_opened(struct journal *journal, const struct journal_channel *channel, struct esim_error *err);
/* It was closed, or was never opened (JOURNAL_PENDING). */
void journal_closed(struct journal *journal, uint32_t channel);
/* Before the modem is switched to another slot, and when it has gone back. */
int journal_slot_switching(struct journal *journal, const struct journal_slots *slots, struct esim_error *err);
void journal_slot_restored(struct journal *journal);
/* False: the modem is not to go back to any. */
bool journal_slot_left(const struct journal *journal, struct journal_slots *ret);

/* A step or a re-enumeration closed them all. @identity is the modem's now. */
void journal_all_closed(struct journal *journal, const struct modem_identity *identity);

#endif
