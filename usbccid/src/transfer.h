/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One transfer of libusb's that is used again and again, with its buffer. */
#ifndef USBCCID_TRANSFER_H
#define USBCCID_TRANSFER_H

#include "wire.h"

#include <libusb-1.0/libusb.h>

enum transfer_state {
	TRANSFER_IDLE,
	TRANSFER_PENDING,		/* the system has it */
	TRANSFER_DONE,			/* its outcome was not looked at */
};

struct transfer {
	struct libusb_transfer *usb;
	uint8_t *buffer;
	size_t size;
	enum transfer_state state;
	bool halted;			/* the endpoint stalled since it was last cleared */
	void (*done)(void *context);	/* NULL: nobody asks */
	void *context;
};

/* @type: LIBUSB_TRANSFER_TYPE_BULK or _INTERRUPT. False: out of memory. */
bool transfer_init(struct transfer *transfer, libusb_device_handle *handle, uint8_t endpoint,
		   uint8_t type, size_t size);
/* Not while it is pending, unless the device is closed. */
void transfer_free(struct transfer *transfer);

/* @len bytes of the buffer. 0 or LIBUSB_ERROR_*. */
int transfer_submit(struct transfer *transfer, size_t len);
/* Ends it, whatever became of it, within a second: else it is still pending. */
void transfer_take_back(struct transfer *transfer, libusb_context *context);
/* 0 or LIBUSB_ERROR_*. */
int transfer_clear_halt(struct transfer *transfer);

/*
 * Of a message that failed or was taken back: may the device have got it? It has not where the system
 * knows that no packet was taken: after an error of the bus the receipt alone may have been lost.
 */
bool transfer_may_have_left(const struct transfer *transfer);

/* What became of it, and the sentence that says so. 0 where it went well. */
int transfer_outcome(const struct transfer *transfer, const char *what, struct usbccid_error *err);

#endif
