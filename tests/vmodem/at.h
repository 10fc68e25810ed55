/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The AT front: what its files share. at.c takes lines and sends answers, at_basic.c has the commands of V.250 and of
 * TS 27.007 that tell of the modem, at_card.c those that reach the card.
 */
#ifndef VMODEM_AT_H
#define VMODEM_AT_H

#include "vmodem/vmodem.h"

#define VAT_MAX_LINE	4096

struct vat {
	struct vmodem *modem;
	struct esim_buf line;
	bool too_long;
	bool echo;
	unsigned cmee;			/* AT+CMEE: 0 "ERROR" alone, 1 numbers, 2 texts */
	unsigned cfun;
	struct esim_buf info;		/* of the answer: lines, each between CR LF */
};

/* How a command ends: VAT_OK, VAT_ERROR, or a number of +CME ERROR. */
#define VAT_OK		(-1)
#define VAT_ERROR	(-2)

struct vat_command {
	const char *name;		/* "+CGMI", "^ICCID" */
	const char *kind;		/* for vmodem_next_fault() */
	const char *(*kind_of)(const char *argument);	/* in its place, where it is of several */
	/* @argument: what follows the name: "", "?", "=?", "=1,2". */
	int (*run)(struct vat *vat, const char *argument);
};

extern const struct vat_command vat_basic_commands[], vat_card_commands[];	/* a NULL name ends each */

/* A line of the answer; "" as @name: the text alone. */
void vat_say(struct vat *vat, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
