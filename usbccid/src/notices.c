/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices of a reader on USB: the interrupt transfer is always submitted, so that none is lost. */
#include "wire_usb.h"
#include "events.h"

/* Where the ring is full the endpoint rests: the reader keeps what it has to say. */
void interrupt_submit(struct usb_wire *wire)
{
	if (!wire->pipes.interrupt || wire->gone || wire->lost || wire->resting || wire->count == NOTICES_MAX ||
	    wire->interrupt.state == TRANSFER_PENDING)
		return;
	if (transfer_submit(&wire->interrupt, wire->interrupt.size) == LIBUSB_ERROR_NO_DEVICE)
		wire->gone = true;
}

/* Among libusb's events: nothing here may wait. */
void interrupt_done(void *context)
{
	struct usb_wire *wire = context;
	const struct libusb_transfer *usb = wire->interrupt.usb;
	struct notice *notice = &wire->notices[(wire->first + wire->count) % NOTICES_MAX];

	if (usb->status == LIBUSB_TRANSFER_NO_DEVICE)
		wire->lost = true;
	if (usb->status != LIBUSB_TRANSFER_COMPLETED)
		return;
	wire->interrupt_failures = 0;
	wire->interrupt.state = TRANSFER_IDLE;
	if (usb->actual_length > 0 && usb->actual_length <= NOTICE_MAX) {
		notice->len = (size_t)usb->actual_length;
		memcpy(notice->bytes, wire->interrupt.buffer, notice->len);
		wire->count++;
	}
	interrupt_submit(wire);
}

/* An endpoint that failed, or that rested, goes on. */
static int interrupt_revive(struct usb_wire *wire, struct usbccid_error *err)
{
	int r;

	if (!wire->pipes.interrupt || wire->gone || wire->interrupt.state == TRANSFER_PENDING)
		return 0;
	if (wire->interrupt.state == TRANSFER_DONE) {
		if (++wire->interrupt_failures > INTERRUPT_FAILURES_MAX)
			return transfer_outcome(&wire->interrupt, "its interrupt endpoint", err);
		r = wire->interrupt.halted ? transfer_clear_halt(&wire->interrupt) : 0;
		if (r)
			return usb_failed(wire, r, "the interrupt endpoint cannot be cleared", err);
	}
	interrupt_submit(wire);
	return 0;
}

static bool pop_notice(struct usb_wire *wire, const uint8_t **ret, size_t *ret_len)
{
	if (wire->count == 0)
		return false;
	wire->told = wire->notices[wire->first];
	wire->first = (wire->first + 1) % NOTICES_MAX;
	wire->count--;
	*ret = wire->told.bytes;
	*ret_len = wire->told.len;
	return true;
}

static int wait_notice(struct usb_wire *wire, int fd, uint64_t deadline, int cancel_fd,
		       struct usbccid_error *err)
{
	int r = interrupt_revive(wire, err);

	if (r)
		return r;
	if (wire->gone)
		return usb_gone(wire, err);
	r = events_wait(wire->claimed.context, fd, cancel_fd, deadline, err);
	if (r == EVENTS_HANGUP)
		wire->gone = true;
	return r;
}

int usb_notice(struct wire *base, const uint8_t **ret, size_t *ret_len, int fd, uint64_t deadline,
	       int cancel_fd, struct usbccid_error *err)
{
	struct usb_wire *wire = own(base);
	int woke = EVENTS_HANDLED;

	error_clear(err);
	for (;;) {
		if (pop_notice(wire, ret, ret_len))
			return 1;
		if (wire->gone || wire->lost)
			return usb_lost(wire, err);
		if (deadline == 0 || woke == EVENTS_TIME)
			return error_set(err, USBCCID_ETIMEDOUT, "no card came or went");
		if (woke == EVENTS_FD)
			return 0;
		if (woke == EVENTS_CANCEL)
			return error_set(err, USBCCID_ECANCELED, "waiting for a card was broken off");
		if (!wire->pipes.interrupt && fd < 0)
			return error_set(err, USBCCID_ENOTSUP,
					 "the reader does not tell of cards that come and go");
		woke = wait_notice(wire, fd, deadline, cancel_fd, err);
		if (woke < 0)
			return woke;
	}
}
