/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A USB reader driven from a program, by usbfs: the way of PC/SC, and a second opinion on readers. */
#ifndef COREESIM_TESTS_VM_USBFS_H
#define COREESIM_TESTS_VM_USBFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USBFS_MAX_MESSAGE 65566

struct usbfs {
	int fd;
	uint8_t seq;			/* of the last command */
	uint8_t answer[USBFS_MAX_MESSAGE];
	size_t answer_len;
};

/* The USB device BUS_PORT ("2-1"). 0 or a negative errno, as everywhere here. */
int usbfs_open(struct usbfs *usb, const char *bus_port);
void usbfs_close(struct usbfs *usb);

int usbfs_claim(struct usbfs *usb);
int usbfs_release(struct usbfs *usb);
/* A port reset. */
int usbfs_reset(struct usbfs *usb);
int usbfs_clear_halt(struct usbfs *usb, uint8_t endpoint);
/* CCID's ABORT request. */
int usbfs_abort(struct usbfs *usb, uint8_t slot, uint8_t seq);

int usbfs_write(struct usbfs *usb, const void *data, size_t len);
/* One read of the bulk pipe into the answer. -ETIMEDOUT after MS. */
int usbfs_read(struct usbfs *usb, unsigned int ms);
/* One read of the interrupt pipe. The length, or a negative errno. */
int usbfs_interrupt(struct usbfs *usb, void *data, size_t size, unsigned int ms);

/* Send a CCID command; bSeq counts by itself. LEVEL is wLevelParameter or bPowerSelect. */
int usbfs_send(struct usbfs *usb, uint8_t type, uint8_t slot, uint16_t level, const void *data,
	       size_t len);
/* Send, and read one answer. */
int usbfs_command(struct usbfs *usb, uint8_t type, uint8_t slot, uint16_t level, const void *data,
		  size_t len);
/* XfrBlock: true where the answer is these bytes and no error. */
bool usbfs_block_is(struct usbfs *usb, const void *data, size_t len, const void *want,
		    size_t want_len);

#endif
