/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modem's own state; see vmodem.h. Fronts and ways do not look in here. */
#ifndef VMODEM_INSIDE_H
#define VMODEM_INSIDE_H

#include "vmodem/vmodem.h"

#include <stdio.h>

#define VMODEM_MAX_FRONTS	4
#define VMODEM_MAX_RULES	16
#define VMODEM_KIND_SIZE	16

struct vmodem_slot {
	struct veuicc *card;		/* NULL: the slot is empty */
	bool on;			/* its power, as the host wants it */
	bool answers;			/* it came up when it got power */
	char state[256], log[256];	/* with .N from slot 2 on */
};

struct vmodem_rule {
	enum vmodem_fault fault;
	char kind[VMODEM_KIND_SIZE];	/* "": any */
	unsigned number, seen;
	bool onwards;
};

enum vmodem_count { COUNT_REQUESTS, COUNT_APDUS, COUNT_OPENED, COUNT_CLOSED, COUNT_REFRESHES, COUNT_FAULTS,
		    COUNT_RESTARTS, COUNT_REFUSED,
		    COUNT_CLIENTS /* of QMI, now */, COUNTS };

struct vmodem {
	struct vmodem_options options;

	struct vmodem_slot slots[VMODEM_MAX_SLOTS];
	unsigned active;		/* index of the slot in use */

	struct { bool on; unsigned value; } quirks[VMODEM_QUIRKS];
	struct vmodem_rule rules[VMODEM_MAX_RULES];
	size_t rule_count;

	bool open[ESIM_MAX_CHANNEL + 1];	/* as the modem has them; the card may have lost them */

	/* what it takes the card for */
	bool has_iccid, has_imsi;
	struct esim_iccid iccid;
	char imsi[16];
	unsigned not_ready;		/* so many answers yet */

	bool radio;
	enum vmodem_bus bus;
	unsigned news;			/* bits 1 << enum vmodem_news, to be told */
	struct vmodem_front *fronts[VMODEM_MAX_FRONTS];
	size_t front_count;

	uint64_t counts[COUNTS];
};

/* --- front.c --- */
/* Kept until vmodem_deliver(), which tells each front. */
void vmodem_tell(struct vmodem *modem, enum vmodem_news news);
void vmodem_deliver(struct vmodem *modem);

/* --- card.c --- */
struct vmodem_slot *vmodem_active(struct vmodem *modem);
/* The card's power, and all that a modem does when it comes up: TERMINAL PROFILE and the like. */
void vmodem_card_on(struct vmodem *modem, struct vmodem_slot *slot);
void vmodem_card_off(struct vmodem *modem, struct vmodem_slot *slot);
/* EF.ICCID and EF.IMSI, anew. */
void vmodem_identify(struct vmodem *modem);
/* A command to the card as it is; its status word too, which is 0 where the call fails. 61xx, 6Cxx are followed where @follow. */
int vmodem_card_command(struct vmodem *modem, struct esim_slice command, bool follow, struct esim_buf *response,
			uint16_t *ret_sw);
/* @sw is 91xx: FETCH, and what comes of it. */
void vmodem_proactive(struct vmodem *modem, uint16_t sw);

/* --- channels.c --- */
void vmodem_channels_forget(struct vmodem *modem);
/* The card loses them, and the modem does not know. */
void vmodem_channels_lose(struct vmodem *modem);

#endif
