/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One command to a scripted reader of short APDUs, whose card has power, and how it has to end. */
#ifndef UNIT_USBCCID_TRANSMIT_H
#define UNIT_USBCCID_TRANSMIT_H

#include "usbccid_wire.h"

#define SHORT_LEVEL CCID_LEVEL_BIT_SHORT

#define SELECT	"00 A4 04 00 00"
#define SELECT_OUT "> 6F 000000" SELECT
#define OK	"< 80 000000 9000"
#define ABORTED "abort ok", "> 72 000000", "< 81 000000"

struct usbccid_reader *powered(void);

/* SELECT is sent. */
void require_response(struct usbccid_reader *reader, const char *response);
void check_failure(struct usbccid_reader *reader, int code, bool sent);

#endif
