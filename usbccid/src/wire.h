/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pipes of a reader: what carries messages, and knows nothing of what they mean. libusb in
 * wire_libusb.c; tests and fuzzers have wires of their own.
 *
 * USBCCID_ESTALE from send(), receive() and notice(): another program reset the device. It is held
 * as before, what was under way is over, and the cards have lost their power.
 *
 * A send starts two transfers, the message and room for the answer, and waits for neither: a
 * receive waits for both. Room that no answer came for stays, so that a late one is met by the next
 * receive.
 */
#ifndef USBCCID_WIRE_H
#define USBCCID_WIRE_H

#include <usbccid.h>

struct wire;

struct wire_ops {
	/*
	 * @message is copied. With err->sent false nothing went out. What becomes of the transfer
	 * is told by receive().
	 */
	int (*send)(struct wire *wire, const uint8_t *message, size_t len, struct usbccid_error *err);

	/*
	 * The next message from the reader, in memory of the wire's, valid until the next call; it
	 * may be empty or cut. USBCCID_ETIMEDOUT at @deadline (wire_now_ms()), USBCCID_ECANCELED
	 * while @cancel_fd is readable, USBCCID_ENODEV, USBCCID_EPROTO for a stalled endpoint,
	 * USBCCID_EIO. err->sent is false only where the message did not leave.
	 */
	int (*receive)(struct wire *wire, const uint8_t **ret, size_t *ret_len, uint64_t deadline,
		       int cancel_fd, struct usbccid_error *err);

	/* The control request of Abort (CCID 1.1, 5.3.1). */
	int (*abort)(struct wire *wire, uint8_t slot, uint8_t seq, uint64_t deadline,
		     struct usbccid_error *err);

	/* Takes back what is under way and clears halted endpoints: the next send() begins afresh. */
	int (*recover)(struct wire *wire, struct usbccid_error *err);

	/* Resets the USB device; the interface is claimed as before. USBCCID_ENODEV: it is another now. */
	int (*reset)(struct wire *wire, struct usbccid_error *err);

	/*
	 * The next message of the interrupt endpoint, in memory of the wire's: 1. 0: @fd can be read.
	 * USBCCID_ETIMEDOUT; USBCCID_ENOTSUP where there is no such endpoint and no @fd; as above.
	 * With a @deadline of 0 only what has come already. @deadline WIRE_FOREVER: no limit.
	 */
	int (*notice)(struct wire *wire, const uint8_t **ret, size_t *ret_len, int fd,
		      uint64_t deadline, int cancel_fd, struct usbccid_error *err);

	/* Gives the interface back and frees @wire. */
	void (*close)(struct wire *wire);
};

#define WIRE_FOREVER UINT64_MAX

/* The first member of what an implementation has. */
struct wire {
	const struct wire_ops *ops;
};

/* Milliseconds of the monotonic clock. */
uint64_t wire_now_ms(void);

#endif
