/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that is not there any more, and one that only seems so: where another program resets it
 * (USBDEVFS_RESET) the system ends all transfers as if it had gone, and takes the interface away.
 */
#include "wire_usb.h"

int usb_gone(struct usb_wire *wire, struct usbccid_error *err)
{
	wire->gone = true;
	return error_set(err, USBCCID_ENODEV, "the reader was unplugged");
}

int usb_failed(struct usb_wire *wire, int r, const char *what, struct usbccid_error *err)
{
	if (r == LIBUSB_ERROR_NO_DEVICE)
		return usb_gone(wire, err);
	return usb_error_set(err, r, what);
}

/* The system knows, and asks no device for it; it answers when a reset under way is over. */
static bool is_there(const struct usb_wire *wire)
{
	return !wire->gone && libusb_kernel_driver_active(wire->claimed.handle,
							  wire->claimed.interface) !=
			      LIBUSB_ERROR_NO_DEVICE;
}

static bool rest(struct usb_wire *wire)
{
	wire->resting = true;
	usb_take_back(wire, &wire->out);
	usb_take_back(wire, &wire->in);
	usb_take_back(wire, &wire->interrupt);
	wire->resting = false;
	wire->lost = false;
	return wire->out.state == TRANSFER_IDLE && wire->in.state == TRANSFER_IDLE &&
	       wire->interrupt.state == TRANSFER_IDLE;
}

static void use(struct transfer *transfer, libusb_device_handle *handle)
{
	if (transfer->usb)
		transfer->usb->dev_handle = handle;
	transfer->halted = false;
}

int usb_lost(struct usb_wire *wire, struct usbccid_error *err)
{
	int r;

	if (!is_there(wire) || !rest(wire))
		return usb_gone(wire, err);
	r = claimed_renew(&wire->claimed);
	if (r) {
		usb_gone(wire, err);
		error_set(err, USBCCID_ENODEV,
			  "another program reset the reader, which cannot be had again (%s)",
			  libusb_error_name(r));
		return USBCCID_ENODEV;
	}
	use(&wire->out, wire->claimed.handle);
	use(&wire->in, wire->claimed.handle);
	use(&wire->interrupt, wire->claimed.handle);
	wire->interrupt_failures = 0;
	interrupt_submit(wire);
	return error_set(err, USBCCID_ESTALE, "another program reset the reader");
}
