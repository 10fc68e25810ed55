/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults on purpose: a list of ACTION@WHERE, separated by commas.
 *
 *   sw=HHHH       this status word; the command is not carried out
 *   mute          carried out, but no answer until the next reset
 *   corrupt[=N]   byte N of the answer is inverted; without N the middle one
 *   truncate[=N]  N bytes of the answer are left; without N half of them
 *   oversize[=N]  N bytes (300) too many at the end of the answer
 *   empty         a status word without data
 *   power-loss    the power goes before the command; the card is off
 *   result=N      the ES10 function's error answer with code N
 *
 *   @12, @12+     APDU number 12 (from 1, as in the log), or from 12 on
 *   @BF38         every call of that ES10 function
 *   @BF38:2       its second call
 *   @write:3      the third step of writing the state to disk (power-loss only)
 */
#ifndef VEUICC_FAULT_H
#define VEUICC_FAULT_H

#include <esim/bytes.h>
#include <esim/error.h>

#define VEUICC_MAX_FAULTS 16

enum veuicc_fault_action {
	FAULT_SW,
	FAULT_MUTE,
	FAULT_CORRUPT,
	FAULT_TRUNCATE,
	FAULT_OVERSIZE,
	FAULT_EMPTY,
	FAULT_POWER_LOSS,
	FAULT_RESULT,
};

struct veuicc_fault_rule {
	enum veuicc_fault_action action;
	bool has_value;
	uint32_t value;
	enum { AT_APDU, AT_APDU_AND_ON, AT_FUNCTION, AT_WRITE } where;
	uint32_t tag;			/* AT_FUNCTION */
	uint64_t number;		/* of APDU, call or write; 0: every one */
	uint64_t seen;			/* calls so far */
};

struct veuicc_fault {
	struct veuicc_fault_rule rules[VEUICC_MAX_FAULTS];
	size_t count;
	uint64_t writes;
};

/* NULL and "" are no faults. ESIM_EINVAL names the part that is wrong. */
int veuicc_fault_parse(const char *spec, struct veuicc_fault *ret, struct esim_error *err);

/* The rule for APDU number @number, NULL: none. */
const struct veuicc_fault_rule *veuicc_fault_at_apdu(const struct veuicc_fault *fault,
						     uint64_t number);

/* The rule for this call of an ES10 function; counts the call. */
const struct veuicc_fault_rule *veuicc_fault_at_function(struct veuicc_fault *fault, uint32_t tag);

/* Does the power go at this step of writing? Counts the step. */
bool veuicc_fault_at_write(struct veuicc_fault *fault);

/* corrupt, truncate, oversize, empty: change the answer's data, which begins at @from. */
void veuicc_fault_spoil(const struct veuicc_fault_rule *rule, struct esim_buf *data, size_t from);

#endif
