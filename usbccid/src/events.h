/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for libusb and for descriptors at the same time, by one poll(2). */
#ifndef USBCCID_EVENTS_H
#define USBCCID_EVENTS_H

#include "wire.h"

#include <libusb-1.0/libusb.h>

enum events_woke {
	EVENTS_HANDLED = 1,		/* libusb's callbacks have run, as far as something came */
	EVENTS_CANCEL,			/* @cancel_fd */
	EVENTS_FD,			/* @fd */
	EVENTS_TIME,			/* the deadline */
	EVENTS_HANGUP,			/* the device's own descriptor says that it is gone; only seen beside
					 * @fd or @cancel_fd: without, a transfer that is under way tells */
};

/* What comes from libusb is handled, whatever else is returned. @fd, @cancel_fd: -1 for none. */
int events_wait(libusb_context *context, int fd, int cancel_fd, uint64_t deadline,
		struct usbccid_error *err);

/* What came until now. */
void events_handle(libusb_context *context);

#endif
