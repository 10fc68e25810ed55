/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reader that misbehaves: a list of ACTION@WHERE, separated by commas.
 *
 *   extend[=N]    N time extensions before the answer; without N no end of them
 *   slow=MS       the answer comes after MS milliseconds
 *   mute          no answer, and the slot stays busy (Abort frees it)
 *   lost          no answer, and the reader thinks that it gave one
 *   hold          the answer waits for the command `release`
 *   stale=N       N answers to older commands come first
 *   type=HH slot=HH seq=HH status=HH error=HH chain=HH
 *                 that byte of the answer's header; seq is added to the right one
 *   length=N      dwLength of the answer says N
 *   short=N       the answer ends after N bytes
 *   long=N        N bytes follow the answer
 *   stall-in      the answer is a stall; so is every read until the host clears the halt
 *   stall-out     the command is not taken; the same for writes
 *   remove        the card is taken out at this command
 *   detach        the reader is unplugged at this command
 *
 * Of the card's T=1, at TPDU level, where each command @xfr is a block:
 *   t1-edc        the block that answers has a wrong EDC
 *   t1-lost       it is lost on its way; t1-deaf: the host's is, and the card knows nothing of it
 *   t1-seq        its N(S) or N(R) is the other one
 *   t1-nad=HH t1-pcb=HH t1-len=HH
 *                 that byte of it, the EDC being right
 *   t1-r=HH       R-block with that error: the card has not understood the host's
 *   t1-wtx[=N]    the card asks N times for more time first; without N no end of it
 *   t1-ifs=N      it wants INF of N bytes first
 *   t1-abort      it gives up the chain, its own or the host's
 *   t1-resynch    from here on it is out of step until S(RESYNCH request)
 *   t1-mute       no answer any more, until it is reset
 *
 *   @12, @12+     command number 12 (from 1, counted since the faults were set), or from 12 on
 *   @xfr          every command of that kind: on off status xfr get set abort
 *   @xfr:2        the second one; @xfr:2+ from the second on
 */
#ifndef VREADER_FAULT_H
#define VREADER_FAULT_H

#include <esim/bytes.h>
#include <esim/error.h>

#define VREADER_MAX_FAULTS	16
#define VREADER_ENDLESS		UINT32_MAX

enum vreader_fault_action {
	FAULT_EXTEND,
	FAULT_SLOW,
	FAULT_MUTE,
	FAULT_LOST,
	FAULT_HOLD,
	FAULT_STALE,
	FAULT_TYPE,
	FAULT_SLOT,
	FAULT_SEQ,
	FAULT_STATUS,
	FAULT_ERROR,
	FAULT_CHAIN,
	FAULT_LENGTH,
	FAULT_SHORT,
	FAULT_LONG,
	FAULT_STALL_IN,
	FAULT_STALL_OUT,
	FAULT_REMOVE,
	FAULT_DETACH,
	FAULT_T1_EDC,
	FAULT_T1_LOST,
	FAULT_T1_DEAF,
	FAULT_T1_SEQ,
	FAULT_T1_R,
	FAULT_T1_WTX,
	FAULT_T1_IFS,
	FAULT_T1_ABORT,
	FAULT_T1_RESYNCH,
	FAULT_T1_MUTE,
	FAULT_T1_NAD,
	FAULT_T1_PCB,
	FAULT_T1_LEN,
	FAULT_ACTIONS,
};

/* What befalls one command. */
struct vreader_plan {
	bool wanted[FAULT_ACTIONS];
	uint32_t value[FAULT_ACTIONS];
};

struct vreader_rule {
	enum vreader_fault_action action;
	uint32_t value;
	uint8_t kind;			/* bMessageType; 0: any */
	uint64_t number;		/* 0: every one */
	bool onwards;
	uint64_t seen;
};

struct vreader_faults {
	struct vreader_rule rules[VREADER_MAX_FAULTS];
	size_t count;
};

/* NULL, "" and "none" are no faults. ESIM_EINVAL names the part that is wrong. */
int vreader_faults_parse(const char *spec, struct vreader_faults *ret, struct esim_error *err);

/* A command of this kind has come: counts it. True where anything is to go wrong. */
bool vreader_faults_plan(struct vreader_faults *faults, uint8_t kind, struct vreader_plan *ret);

/* Change the bytes of an answer as the plan says. */
void vreader_fault_spoil(const struct vreader_plan *plan, struct esim_buf *answer);

#endif
