/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What usbccid says, as errors that say what to do; see transport_usb.c. */
#ifndef USB_ERROR_H
#define USB_ERROR_H

#include <esim/error.h>

#include <usbccid.h>

/* Record why something other than a command failed; returns the code. */
int usb_error(struct esim_error *err, const struct usbccid_error *cause);

/* The same for a command, with what became of it. */
int usb_error_command(struct esim_error *err, const struct usbccid_error *cause);

#endif
