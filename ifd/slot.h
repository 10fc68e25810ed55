/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A slot of the reader: a device that may be there, its card's power, and the client's channels. */
#ifndef IFD_SLOT_H
#define IFD_SLOT_H

#include "channels.h"
#include "config.h"
#include "presence.h"

#include <linux/euicc.h>

struct slot {
	pthread_mutex_t lock;		/* of all but presence, which has its own */
	bool open;			/* from slot_init() to slot_free() */
	const struct config_slot *config;
	struct channels channels;
	struct presence presence;
	bool powered;
	uint8_t atr[EUICC_ATR_MAX];
	size_t atr_len;
};

enum slot_power { SLOT_UP, SLOT_DOWN, SLOT_RESET };

/* 0 or a negative errno. @config must outlive it. */
int slot_init(struct slot *slot, const struct config_slot *config);
/* Waits for the call under way. Whoever comes after it finds that there is no device. */
void slot_free(struct slot *slot);

/*
 * Whatever it is, the client's channels are closed. SLOT_UP and SLOT_RESET leave the answer to
 * reset in slot->atr. Returns 0 or a negative errno.
 */
int slot_power(struct slot *slot, enum slot_power what);

/* Copy the answer to reset, of EUICC_ATR_MAX bytes at most; gives its length, 0 without power. */
size_t slot_atr(struct slot *slot, uint8_t *out);

/* As presence_check(); what is left of a session that was lost is given back. */
bool slot_present(struct slot *slot);

/* As channels_transmit(); -ENOMEDIUM too where the session is over until the next power-up. */
int slot_transmit(struct slot *slot, const uint8_t *command, size_t len, struct answer *answer);

#endif
