/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of the wire on USB:
 *
 *   wire_libusb.c  messages, and what is done when they go wrong
 *   notices.c      the interrupt endpoint
 *   lost.c         a device that went, or that another program reset
 */
#ifndef USBCCID_WIRE_USB_H
#define USBCCID_WIRE_USB_H

#include "holder.h"
#include "transfer.h"
#include "wire_libusb.h"

#define NOTICE_MAX		64	/* bytes of a notice */
#define NOTICES_MAX		64	/* kept; more of them wait in the reader */
#define INTERRUPT_FAILURES_MAX	3	/* in a row, then it is left alone */

struct notice {
	uint8_t bytes[NOTICE_MAX];
	size_t len;
};

struct usb_wire {
	struct wire base;
	struct claimed claimed;
	struct pipes pipes;
	char bus_port[USBCCID_BUS_PORT_SIZE];
	struct holder_query query;
	struct transfer in, out, interrupt;
	struct notice notices[NOTICES_MAX];	/* a ring */
	unsigned first, count;
	struct notice told;		/* the one that the caller has */
	unsigned interrupt_failures;
	bool resting;			/* the interrupt endpoint is not to go on */
	bool gone;
	bool lost;			/* a transfer ended as if it had gone: usb_lost() knows more */
	bool heeds_leaving;
	libusb_hotplug_callback_handle leaving;
};

static inline struct usb_wire *own(struct wire *wire)
{
	return (struct usb_wire *)wire;
}

/* --- wire_libusb.c --- */
/* Ends @transfer and forgets what became of it; still pending where the system keeps it. */
void usb_take_back(struct usb_wire *wire, struct transfer *transfer);

/* --- notices.c --- */
void interrupt_submit(struct usb_wire *wire);
/* Among libusb's events. */
void interrupt_done(void *context);
int usb_notice(struct wire *base, const uint8_t **ret, size_t *ret_len, int fd, uint64_t deadline,
	       int cancel_fd, struct usbccid_error *err);

/* --- lost.c --- */
/* It is gone. USBCCID_ENODEV. */
int usb_gone(struct usb_wire *wire, struct usbccid_error *err);
/* @r: LIBUSB_ERROR_*. */
int usb_failed(struct usb_wire *wire, int r, const char *what, struct usbccid_error *err);
/* USBCCID_ENODEV; USBCCID_ESTALE: another program reset the device, and it is claimed anew. */
int usb_lost(struct usb_wire *wire, struct usbccid_error *err);

#endif
