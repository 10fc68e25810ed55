/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to reset, as far as a reader and the card's T=1 need it (ISO/IEC 7816-3, 8). */
#ifndef VREADER_ATR_H
#define VREADER_ATR_H

#include "vreader/vreader.h"

struct vreader_atr {
	uint8_t ta1;			/* Fi and Di that the card can be set to */
	bool specific;			/* TA2: it is at them, and at one protocol, from the start */
	uint8_t protocol;		/* the one that is offered first */
	uint8_t offered;		/* bit per protocol, T=0 and T=1 */
	uint8_t ifsc, waiting;		/* T=1: the longest INF; BWI and CWI as TB3 has them */
	bool crc;			/* T=1: two bytes of CRC in place of one of LRC */
};

/* What is cut short or absent has its default. */
void vreader_atr_parse(struct esim_slice atr, struct vreader_atr *ret);

/* The answer of a card that has T=1 alone, as the options say; its length. */
size_t vreader_atr_make_t1(const struct vreader_options *options, uint8_t ret[ESIM_MAX_ATR]);

#endif
