/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows the scheme in a URI of a modem: "/dev/cdc-wdm0?slot=1", "qrtr://0?slot=2", "/dev/ttyUSB2". */
#ifndef MODEM_ADDRESS_H
#define MODEM_ADDRESS_H

#include <esim/error.h>

#include <stdbool.h>

struct modem_address {
	char path[128];			/* absolute; "" with qrtr */
	bool is_qrtr;
	unsigned node;			/* of QRTR */
	unsigned slot;			/* from 1 as the modem counts them; 0: the one in use */
};

/* @scheme is for messages; qrtr:// where @takes_qrtr; ?slot= where @takes_slot. */
int modem_address_parse(const char *scheme, const char *rest, bool takes_qrtr, bool takes_slot,
			struct modem_address *ret, struct esim_error *err);

#endif
