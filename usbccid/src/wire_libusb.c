/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wire of a reader on USB: a transfer for each pipe, of which the bulk-in one is submitted before
 * the message goes out, and the interrupt one is always submitted, so that no notice is lost.
 */
#include "wire_usb.h"
#include "events.h"

#include <stdlib.h>

#define ABORT_REQUEST		0x01	/* CCID 1.1, 5.3.1 */
#define ABORT_MS		1000

/* --- messages -------------------------------------------------------------------------------- */

/* A message of whole packets is ended by an empty one, where the system can. */
static int submit_out(struct usb_wire *wire, size_t len)
{
	int r;

	wire->out.usb->flags = len % wire->pipes.out_packet == 0 ? LIBUSB_TRANSFER_ADD_ZERO_PACKET : 0;
	r = transfer_submit(&wire->out, len);
	if (r != LIBUSB_ERROR_NOT_SUPPORTED)
		return r;
	/* Readers go by dwLength too. */
	wire->out.usb->flags = 0;
	return transfer_submit(&wire->out, len);
}

static int submit_in(struct usb_wire *wire)
{
	return wire->in.state == TRANSFER_IDLE ? transfer_submit(&wire->in, wire->in.size) : 0;
}

static int usb_send(struct wire *base, const uint8_t *message, size_t len, struct usbccid_error *err)
{
	struct usb_wire *wire = own(base);
	int r;

	error_clear(err);
	if (wire->gone)
		return usb_gone(wire, err);
	if (wire->lost)
		return usb_lost(wire, err);
	if (len == 0 || len > wire->out.size)
		return error_set(err, USBCCID_EINVAL, "a message of %zu bytes", len);
	transfer_take_back(&wire->out, wire->claimed.context);
	if (wire->out.state == TRANSFER_PENDING)
		return error_set(err, USBCCID_EIO, "the system does not give the last message back");
	r = submit_in(wire);
	if (!r) {
		memcpy(wire->out.buffer, message, len);
		r = submit_out(wire, len);
	}
	return r ? usb_failed(wire, r, "the message cannot be sent", err) : 0;
}

/* The message that went out: 0 where there is nothing to say of it. */
static int look_at_out(struct usb_wire *wire, struct usbccid_error *err)
{
	int r;

	if (wire->out.state != TRANSFER_DONE)
		return 0;
	wire->out.state = TRANSFER_IDLE;
	explicit_bzero(wire->out.buffer, (size_t)wire->out.usb->length);
	r = transfer_outcome(&wire->out, "a message to it", err);
	if (!r && wire->out.usb->actual_length < wire->out.usb->length)
		r = error_set(err, USBCCID_EIO, "the reader took a part of a message");
	if (r == USBCCID_ENODEV)
		r = usb_lost(wire, err);
	if (r && err)
		err->sent = transfer_may_have_left(&wire->out);
	return r;
}

/* True where a message, or the failure to get one, is there. */
static bool look_at_in(struct usb_wire *wire, const uint8_t **ret, size_t *ret_len, int *code,
		       struct usbccid_error *err)
{
	if (wire->in.state != TRANSFER_DONE)
		return false;
	wire->in.state = TRANSFER_IDLE;
	*code = transfer_outcome(&wire->in, "its answer", err);
	if (*code == USBCCID_ENODEV)
		*code = usb_lost(wire, err);
	if (*code && err)
		err->sent = true;
	*ret = wire->in.buffer;
	*ret_len = (size_t)wire->in.usb->actual_length;
	return true;
}

/* Room for the answer stays; a message that nobody fetched is taken back. */
static int broken_off(struct usb_wire *wire, int code, struct usbccid_error *err)
{
	bool sent = true;

	if (wire->out.state == TRANSFER_PENDING) {
		transfer_take_back(&wire->out, wire->claimed.context);
		sent = transfer_may_have_left(&wire->out);
		if (wire->out.state == TRANSFER_DONE)
			wire->out.state = TRANSFER_IDLE;
	}
	error_set(err, code, code == USBCCID_ECANCELED ? "broken off" : "no answer in time");
	if (err)
		err->sent = sent;
	return code;
}

static int lost_at_work(struct usb_wire *wire, struct usbccid_error *err)
{
	int r = usb_lost(wire, err);

	if (err)
		err->sent = true;
	return r;
}

/* One step of waiting; 0 to go on. */
static int wait_answer(struct usb_wire *wire, uint64_t deadline, int cancel_fd, int *woke,
		       struct usbccid_error *err)
{
	int r;

	if (wire->in.state == TRANSFER_IDLE && wire_now_ms() >= deadline) {
		*woke = EVENTS_TIME;
		return 0;
	}
	r = submit_in(wire);
	if (r) {
		r = usb_failed(wire, r, "the answer cannot be read", err);
	} else {
		*woke = events_wait(wire->claimed.context, -1, cancel_fd, deadline, err);
		r = *woke < 0 ? *woke : 0;
	}
	if (r && err)
		err->sent = true;
	if (*woke == EVENTS_HANGUP)
		wire->gone = true;
	return r;
}

static int usb_receive(struct wire *base, const uint8_t **ret, size_t *ret_len, uint64_t deadline,
		       int cancel_fd, struct usbccid_error *err)
{
	struct usb_wire *wire = own(base);
	int r, woke = EVENTS_HANDLED;

	error_clear(err);
	for (;;) {
		r = look_at_out(wire, err);
		if (r || look_at_in(wire, ret, ret_len, &r, err))
			return r;
		if (wire->gone || wire->lost)
			return lost_at_work(wire, err);
		if (woke == EVENTS_CANCEL)
			return broken_off(wire, USBCCID_ECANCELED, err);
		if (woke == EVENTS_TIME)
			return broken_off(wire, USBCCID_ETIMEDOUT, err);
		r = wait_answer(wire, deadline, cancel_fd, &woke, err);
		if (r)
			return r;
	}
}

/* --- when it went wrong ---------------------------------------------------------------------- */

static int usb_abort(struct wire *base, uint8_t slot, uint8_t seq, uint64_t deadline,
		     struct usbccid_error *err)
{
	struct usb_wire *wire = own(base);
	const uint64_t now = wire_now_ms();
	const uint64_t left = deadline > now ? deadline - now : 1;
	int r;

	error_clear(err);
	if (wire->gone)
		return usb_gone(wire, err);
	r = libusb_control_transfer(wire->claimed.handle,
				    LIBUSB_REQUEST_TYPE_CLASS | LIBUSB_RECIPIENT_INTERFACE,
				    ABORT_REQUEST, (uint16_t)(seq << 8 | slot),
				    wire->claimed.interface, NULL, 0,
				    (unsigned)(left < ABORT_MS ? left : ABORT_MS));
	return r < 0 ? usb_failed(wire, r, "the reader does not take the abort request", err) : 0;
}

void usb_take_back(struct usb_wire *wire, struct transfer *transfer)
{
	if (!transfer->usb)
		return;
	transfer_take_back(transfer, wire->claimed.context);
	if (transfer->state == TRANSFER_DONE)
		transfer->state = TRANSFER_IDLE;
}

static int clear_halt(struct usb_wire *wire, struct transfer *transfer, struct usbccid_error *err)
{
	int r = transfer->halted ? transfer_clear_halt(transfer) : 0;

	return r ? usb_failed(wire, r, "a halted endpoint cannot be cleared", err) : 0;
}

static int usb_recover(struct wire *base, struct usbccid_error *err)
{
	struct usb_wire *wire = own(base);
	int r;

	error_clear(err);
	usb_take_back(wire, &wire->out);
	usb_take_back(wire, &wire->in);
	if (wire->gone)
		return usb_gone(wire, err);
	if (wire->out.state != TRANSFER_IDLE || wire->in.state != TRANSFER_IDLE)
		return error_set(err, USBCCID_EIO, "the system does not give messages back");
	r = clear_halt(wire, &wire->out, err);
	return r ? r : clear_halt(wire, &wire->in, err);
}

/* libusb claims the interface anew; where the device came back as another one it says NOT_FOUND. */
static int usb_reset(struct wire *base, struct usbccid_error *err)
{
	struct usb_wire *wire = own(base);
	char holder[96];
	int r;

	error_clear(err);
	/* Who uses another part of the device would lose it. */
	if (holder_of_others(&holder_system, &wire->query, holder, sizeof(holder)))
		return error_set(err, USBCCID_EBUSY, "another part of the device is in use by %s, so that "
				 "the reader is not reset", holder);
	usb_take_back(wire, &wire->out);
	usb_take_back(wire, &wire->in);
	wire->resting = true;
	usb_take_back(wire, &wire->interrupt);
	wire->resting = false;
	if (wire->gone)
		return usb_gone(wire, err);
	r = libusb_reset_device(wire->claimed.handle);
	/* With the claim its alternate setting went. */
	if (!r && wire->claimed.alternate)
		r = libusb_set_interface_alt_setting(wire->claimed.handle, wire->claimed.interface,
						     wire->claimed.alternate);
	if (r == LIBUSB_ERROR_NOT_FOUND || r == LIBUSB_ERROR_NO_DEVICE) {
		wire->gone = true;
		return error_set(err, USBCCID_ENODEV, "the reader did not come back from its reset");
	}
	if (r)
		return usb_error_set(err, r, "the reader cannot be reset");
	wire->out.halted = wire->in.halted = wire->interrupt.halted = wire->lost = false;
	wire->interrupt_failures = 0;
	interrupt_submit(wire);
	return 0;
}

/* --- the beginning and the end --------------------------------------------------------------- */

static int LIBUSB_CALL left(libusb_context *context, libusb_device *device,
			    libusb_hotplug_event event, void *data)
{
	struct usb_wire *wire = data;

	(void)context;
	(void)event;
	if (wire->claimed.handle && device == libusb_get_device(wire->claimed.handle))
		wire->gone = true;
	return 0;
}

/* One more way to hear of it, for readers without any transfer under way. */
static void heed_leaving(struct usb_wire *wire)
{
	wire->heeds_leaving = libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) &&
		libusb_hotplug_register_callback(wire->claimed.context,
						 LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
						 LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
						 LIBUSB_HOTPLUG_MATCH_ANY, left, wire,
						 &wire->leaving) == 0;
}

/* A transfer that the system does not give back is its no more once the device is closed. */
static void usb_close(struct wire *base)
{
	struct usb_wire *wire = own(base);

	if (wire->heeds_leaving)
		libusb_hotplug_deregister_callback(wire->claimed.context, wire->leaving);
	usb_take_back(wire, &wire->out);
	usb_take_back(wire, &wire->in);
	wire->resting = true;
	usb_take_back(wire, &wire->interrupt);
	claimed_release(&wire->claimed);
	transfer_free(&wire->out);
	transfer_free(&wire->in);
	transfer_free(&wire->interrupt);
	libusb_exit(wire->claimed.context);
	explicit_bzero(wire, sizeof(*wire));
	free(wire);
}

static const struct wire_ops usb_ops = {
	.send = usb_send,
	.receive = usb_receive,
	.abort = usb_abort,
	.recover = usb_recover,
	.reset = usb_reset,
	.notice = usb_notice,
	.close = usb_close,
};

static size_t whole_packets(size_t size, size_t packet)
{
	return (size + packet - 1) / packet * packet;
}

static bool init_transfers(struct usb_wire *wire, size_t message_max)
{
	const struct pipes *pipes = &wire->pipes;
	libusb_device_handle *handle = wire->claimed.handle;

	if (!transfer_init(&wire->out, handle, pipes->out, LIBUSB_TRANSFER_TYPE_BULK, message_max) ||
	    !transfer_init(&wire->in, handle, pipes->in, LIBUSB_TRANSFER_TYPE_BULK,
			   whole_packets(message_max, pipes->in_packet)))
		return false;
	if (!pipes->interrupt)
		return true;
	wire->interrupt.done = interrupt_done;
	wire->interrupt.context = wire;
	return transfer_init(&wire->interrupt, handle, pipes->interrupt,
			     LIBUSB_TRANSFER_TYPE_INTERRUPT, pipes->interrupt_packet);
}

int wire_libusb_new(const struct claimed *claimed, const struct found_reader *found,
		    struct wire **ret, struct usbccid_error *err)
{
	struct usb_wire *wire = calloc(1, sizeof(*wire));

	if (!wire)
		return error_set(err, USBCCID_ENOMEM, "out of memory");
	wire->base.ops = &usb_ops;
	wire->claimed = *claimed;
	wire->pipes = found->pipes;
	memcpy(wire->bus_port, found->setup.info.bus_port, sizeof(wire->bus_port));
	wire->query = (struct holder_query){
		.bus_port = wire->bus_port,
		.configuration = found->configuration,
		.interface = claimed->interface,
		.bus = found->bus,
		.address = found->address,
	};
	if (found->setup.quirks & QUIRK_NO_INTERRUPT)
		wire->pipes.interrupt = 0;
	if (!init_transfers(wire, CCID_HEADER_SIZE + ccid_payload_max(&found->setup.descriptor))) {
		transfer_free(&wire->out);
		transfer_free(&wire->in);
		transfer_free(&wire->interrupt);
		free(wire);
		return error_set(err, USBCCID_ENOMEM, "out of memory");
	}
	heed_leaving(wire);
	interrupt_submit(wire);
	*ret = &wire->base;
	return 0;
}
