/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card's end of T=1 (ISO/IEC 7816-3, 11). Written from the standard, apart from the engines of
 * the drivers that it tests, and as a card is: it answers every block, and asks for nothing but what
 * the standard lets it.
 */
#ifndef VREADER_T1_H
#define VREADER_T1_H

#include "vreader/atr.h"
#include "vreader/fault.h"
#include "vreader/message.h"

struct vreader_t1 {
	bool crc;
	uint8_t first_ifsc, ifsc;	/* longest INF of the host, at reset and now */
	uint8_t first_ifsd, ifsd;	/* and of the card */
	uint8_t nr, ns;			/* N(S) that is expected, and the card's next */
	uint8_t last_ns;		/* of its last I-block */
	bool out_of_step;		/* a fault: nothing but RESYNCH helps */

	struct esim_buf command;	/* the parts so far */
	struct esim_buf response;	/* what is left of it */
	struct esim_buf last;		/* the last block, should it be asked for again */

	uint8_t asked, asked_value;	/* PCB of an S-block that the host has to answer, and its INF */
	uint32_t times;			/* how often it is still asked; VREADER_ENDLESS: for ever */
	struct esim_buf held;		/* the block that comes after it */
};

void vreader_t1_start(struct vreader_t1 *t1, const struct vreader_atr *atr, uint8_t ifsd);
void vreader_t1_free(struct vreader_t1 *t1);

struct vreader_slot;

/* A block of the host, and the card's. False: none, and bError is in @error. */
bool vreader_t1_block(struct vreader_slot *slot, const struct ccid_command *command,
		      struct esim_buf *ret_data, uint8_t *error);

#endif
