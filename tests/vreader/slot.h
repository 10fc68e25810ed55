/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slot and the card in it: power and voltage, the rate that card and reader are at,
 * and one exchange at the level of the reader.
 */
#ifndef VREADER_SLOT_H
#define VREADER_SLOT_H

#include "vreader/message.h"
#include "vreader/stats.h"
#include "vreader/t1.h"
#include "vreader/vreader.h"

#define VREADER_T0_PARAMETERS 5
#define VREADER_T1_PARAMETERS 7

struct vreader_slot {
	const struct vreader_options *options;
	struct vreader_stats *stats;
	struct veuicc *card;
	bool present, changed;		/* changed: the host has not been notified */
	bool powered, mute;
	bool spoken;			/* something came after the ATR: too late for PPS */
	uint8_t voltage;		/* bPowerSelect that the contacts have; 0: none */
	uint8_t card_rate;		/* Fi and Di that the card is at, coded as TA1 */
	struct vreader_atr atr;		/* what the card has said at its last reset */
	uint8_t card_protocol;		/* that the card is at */
	uint8_t protocol;		/* that the reader is at, with these parameters */
	uint8_t parameters[VREADER_T1_PARAMETERS];
	const struct vreader_plan *plan;	/* what befalls the command that is carried out */

	struct vreader_t1 t1;
	struct esim_buf again;		/* T=0: data that waits for the same command with the right P3 */
	uint8_t again_header[4];
	struct esim_buf chained;	/* extended level: the parts of a command so far */
	bool chaining;
	struct esim_buf rest;		/* extended level: what is left of a response */
};

/* bStatus' lower bits */
uint8_t vreader_slot_state(const struct vreader_slot *slot);

/* @error: bError where the function fails. */
bool vreader_slot_on(struct vreader_slot *slot, uint8_t select, struct esim_slice *ret_atr,
		     uint8_t *error);
void vreader_slot_off(struct vreader_slot *slot);
void vreader_slot_insert(struct vreader_slot *slot);
void vreader_slot_remove(struct vreader_slot *slot);
bool vreader_slot_set(struct vreader_slot *slot, const struct ccid_command *command,
		      uint8_t *error);
void vreader_slot_reset_parameters(struct vreader_slot *slot);

/* XfrBlock, by the reader's level: data of the answer and its bChainParameter. */
bool vreader_exchange(struct vreader_slot *slot, const struct ccid_command *command,
		      struct esim_buf *ret_data, uint8_t *ret_chain, uint8_t *error);

/* Bytes of the reader's parameters. */
size_t vreader_slot_parameters(const struct vreader_slot *slot);

/* One command TPDU of T=0 (ISO/IEC 7816-3, 12.2). */
bool vreader_tpdu(struct vreader_slot *slot, struct esim_slice block, struct esim_buf *ret_data,
		  uint8_t *error);
/* One APDU to the card itself. */
bool vreader_card(struct vreader_slot *slot, struct esim_slice apdu, struct esim_buf *ret_data,
		  uint8_t *error);
bool vreader_pps(struct vreader_slot *slot, struct esim_slice request, struct esim_buf *ret_data,
		 uint8_t *error);

#endif
