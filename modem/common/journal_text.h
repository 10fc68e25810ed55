/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a journal's file says: its text, read and written. No I/O. */
#ifndef MODEM_JOURNAL_TEXT_H
#define MODEM_JOURNAL_TEXT_H

#include "journal.h"

#define JOURNAL_MAX_BYTES 4096

struct journal_state {
	char boot[40];			/* of the kernel that ran */
	unsigned devnum;
	unsigned owner;			/* process; 0: none */
	char program[32];		/* printable */
	struct journal_channel channels[JOURNAL_MAX_CHANNELS];
	size_t count;
	struct journal_slots slots;	/* 0 and 0: nothing was switched */
};

/* Whatever @text is: what it does not say is 0, what it says too much of is left out. */
void journal_text_parse(const char *text, size_t len, struct journal_state *ret);

/* Returns the length; always below JOURNAL_MAX_BYTES. */
size_t journal_text_format(const struct journal_state *state, char ret[static JOURNAL_MAX_BYTES]);

/* Adds it unless it is there or there is no room. */
void journal_state_add(struct journal_state *state, const struct journal_channel *channel);

#endif
