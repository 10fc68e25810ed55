/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual modem in this process whose card holds two profiles, the first enabled; and what a host does with it. */
#ifndef UNIT_VMODEM_RIG_H
#define UNIT_VMODEM_RIG_H

#include "vmodem/vmodem.h"

#include <atf-c.h>

#define VRIG_FIRST	"8944476500001224158"
#define VRIG_SECOND	"8944476500001224166"
#define VRIG_ISDR	"A0000005591010FFFFFFFF8900000100"
#define VRIG_GET_EID	"80E2910006BF3E035C015A"
#define VRIG_MAX_SENT	64

struct vrig {
	struct vmodem *modem;
	struct vmodem_front front;
	struct esim_buf sent[VRIG_MAX_SENT];	/* by the front, a message each */
	size_t sent_count;
};

/* The card's PKI and state, in the current directory; once, before modems are made. */
void vrig_card(void);
/* A modem with that card in slot 1, and another, empty of profiles, in each further slot. @quirk: NULL, or one. */
void vrig_open(struct vrig *rig, unsigned slots, const char *quirk);
void vrig_close(struct vrig *rig);

void vrig_quirk(struct vrig *rig, const char *text);
void vrig_fault(struct vrig *rig, const char *spec);

/* A channel to the ISD-R; fails the test where it cannot be had. */
unsigned vrig_channel(struct vrig *rig);
/* The status word of a command in hex; its data in @ret (may be NULL). */
uint16_t vrig_apdu(struct vrig *rig, unsigned channel, const char *hex, struct esim_buf *ret);
/* EnableProfile of VRIG_SECOND on a channel of its own, left open. */
unsigned vrig_enable_second(struct vrig *rig, bool refresh);
/* What the modem takes the card for: VRIG_FIRST, VRIG_SECOND, or "". */
const char *vrig_iccid(struct vrig *rig);

/* A front over this rig: what it sends is in rig->sent. */
void vrig_front(struct vrig *rig, const struct vmodem_front_ops *ops);
void vrig_forget_sent(struct vrig *rig);

#endif
