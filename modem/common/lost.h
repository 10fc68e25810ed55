/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel whose number was never heard: the request to open it was given up, and no answer came late either. Where a
 * protocol has no list of channels and no names for them, it is looked for: one that is not known to be ours and has the
 * ISD-R selected is, since a modem has one owner (journal.h); and so is one with no application at all, which nobody else
 * has a use for.
 */
#ifndef MODEM_LOST_H
#define MODEM_LOST_H

#include "channels.h"

struct lost_way {
	void *context;
	/* @command, without channel bits, on channel @number; its answer replaces what is in @response. */
	int (*transmit)(void *context, unsigned number, struct esim_slice command, struct esim_buf *response,
			unsigned timeout_ms);
	/* transmit() gave @code: the modem's no to that channel, and not the end of the way to it. */
	bool (*refuses)(void *context, int code);
};

/* 0: each up to @last was looked at; *@ret is the one, or 0. Else ESIM_ETIMEDOUT, or what transmit() gave. */
int lost_find(const struct lost_way *way, const struct channels *ours, unsigned last, unsigned timeout_ms, unsigned *ret);

#endif
