/* SPDX-License-Identifier: GPL-2.0-or-later */
/* USB/IP as it is on the wire, once a device is attached; for the plug and for a bus. */
#ifndef USBIP_WIRE_H
#define USBIP_WIRE_H

#include <stdint.h>

#define USBIP_HEADER		48
#define USBIP_MAX_TRANSFER	(128 * 1024)

enum usbip_command {
	USBIP_CMD_SUBMIT = 1,
	USBIP_CMD_UNLINK = 2,
	USBIP_RET_SUBMIT = 3,
	USBIP_RET_UNLINK = 4,
};

/* All fields big-endian; what follows the first five differs by command. */
struct usbip_header {
	uint32_t command, seq, devid, direction, endpoint;
	uint32_t word[5];
	uint8_t setup[8];
};

_Static_assert(sizeof(struct usbip_header) == USBIP_HEADER, "USB/IP's header has no padding");

#endif
