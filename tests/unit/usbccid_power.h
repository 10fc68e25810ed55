/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The power of slot 0 of a scripted reader, and how switching it on has to end. */
#ifndef UNIT_USBCCID_POWER_H
#define UNIT_USBCCID_POWER_H

#include "usbccid_wire.h"

#define TPDU		CCID_LEVEL_BIT_TPDU
#define OFF		"> 63 000000", "< 81 010000"

/* Of the last call. */
extern struct usbccid_error err;

/* A reader that leaves all of @host to its host. */
struct usbccid_reader *reader_of(uint32_t level, uint32_t host, unsigned quirks);

int power(struct usbccid_reader *reader, enum usbccid_reset kind);
void require_power(struct usbccid_reader *reader);
void check_no_power(struct usbccid_reader *reader, int code);

#endif
