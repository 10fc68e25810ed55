/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire of a reader on USB; see wire.h. */
#ifndef USBCCID_WIRE_LIBUSB_H
#define USBCCID_WIRE_LIBUSB_H

#include "finder.h"

/* A device that is open, with its interface claimed. */
struct claimed {
	libusb_context *context;
	libusb_device_handle *handle;
	uint8_t interface, alternate;	/* bInterfaceNumber, bAlternateSetting */
	bool detached;			/* from a kernel driver, which gets it back at the end */
};

/*
 * A new handle and a new claim, where another program's reset of the device has ended them. 0, or
 * LIBUSB_ERROR_*: then there is none, or one without a claim.
 */
int claimed_renew(struct claimed *claimed);
/* Gives the interface back and closes the device. */
void claimed_release(struct claimed *claimed);

/* Takes over what @claimed has, context included; not where it fails. */
int wire_libusb_new(const struct claimed *claimed, const struct found_reader *found,
		    struct wire **ret, struct usbccid_error *err);

#endif
