/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channels of ours in a modem, and the handles by which callers know them. The numbers are the modem's, and come again;
 * a handle does not: those of before a reset are stale for ever.
 */
#ifndef MODEM_CHANNELS_H
#define MODEM_CHANNELS_H

#include "quirks.h"

#include <esim/bytes.h>

#include <stdbool.h>
#include <stdint.h>

#define CHANNELS_MAX 8			/* of ours at a time */

struct modem_channel {
	bool open;
	bool by_csim;			/* AT: commands go by AT+CSIM, the class byte is ours */
	uint32_t number;		/* the card's; AT: the modem's session, or the card's */
};

struct channels {			/* begins as zeroes */
	unsigned generation;
	struct modem_channel list[CHANNELS_MAX];
};

/* Where the next one goes; NULL: so many are open, ESIM_EBUSY in @err. */
struct modem_channel *channels_free_place(struct channels *channels, struct esim_error *err);
/* Its place in the list, from 0. */
unsigned channels_index(const struct channels *channels, const struct modem_channel *channel);
uint32_t channels_handle(const struct channels *channels, const struct modem_channel *channel);
/* NULL: the handle is stale, or was never given; ESIM_ESTALE in @err, which may be NULL. */
struct modem_channel *channels_find(struct channels *channels, uint32_t handle, struct esim_error *err);
/* So says the modem itself: the card heard nothing of the command. ESIM_ESTALE. */
int channels_say_stale(struct esim_error *err);
/* No handle is good any more. What is open in a modem out of reach the journal keeps. */
void channels_stale(struct channels *channels);

/* What can be said of a request to open one before the modem is asked; @protocol is for messages. */
int channels_check_open(const char *protocol, unsigned port, struct esim_slice aid, struct esim_error *err);
/* The modem opened none, as @err says: what else there is to know of that goes there too. Returns @code. */
int channels_refused(const struct quirks *quirks, int code, struct esim_error *err);
/* A slow card may need more time than the caller gives. */
unsigned channels_timeout(const struct quirks *quirks, unsigned timeout_ms);

#endif
