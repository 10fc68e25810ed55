/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire of a reader on USB; see wire.h. */
#ifndef USBCCID_WIRE_LIBUSB_H
#define USBCCID_WIRE_LIBUSB_H

#include "finder.h"

/* A device that is open, with its interface claimed. */
struct claimed {
	libusb_context *context;
	libusb_device_handle *handle;
	uint8_t interface;
	bool detached;			/* from a kernel driver, which gets it back at the end */
};

/* Gives the interface back and closes the device. */
void claimed_release(struct claimed *claimed);

/* Takes over what @claimed has, context included; not where it fails. */
int wire_libusb_new(const struct claimed *claimed, const struct found_reader *found,
		    struct wire **ret, struct usbccid_error *err);

#endif
