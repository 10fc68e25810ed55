/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a command ends: OK, and the ways in which a modem says no (V.250, 5.7; TS 27.007, 9.2). */
#ifndef AT_RESULTS_H
#define AT_RESULTS_H

#include "parser.h"

#include <esim/error.h>

struct at_result {
	enum at_final final;
	int cme;
	char text[48];			/* the modem's own, of AT_CME without a number */
};

/* False: @line ends nothing. */
bool at_result_parse(const char *line, struct at_result *ret);

/* "SIM busy"; NULL: TS 27.007 has no such number. */
const char *at_cme_name(int cme);

/*
 * The modem's no to @what ("AT+CCHO", or a sentence's beginning) as an error that names it. Returns its code:
 * ESIM_ENOTSUP there is no such command, ESIM_EREFUSED it is not allowed, ESIM_ENODEV no card, ESIM_EBUSY, ESIM_ESTALE
 * no such channel, ESIM_ENOENT, ESIM_EIO any other.
 */
int at_refused(struct esim_error *err, const char *what, const struct at_parser *parser);

/* It says no, and nothing of why. */
bool at_says_nothing(const struct at_parser *parser);

#endif
