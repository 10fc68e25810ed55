/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One transfer of libusb's; see transfer.h. */
#include "transfer.h"
#include "events.h"
#include "reader.h"

#include <stdlib.h>

#define TAKE_BACK_MS	1000

static void LIBUSB_CALL ended(struct libusb_transfer *usb)
{
	struct transfer *transfer = usb->user_data;

	transfer->state = TRANSFER_DONE;
	if (usb->status == LIBUSB_TRANSFER_STALL)
		transfer->halted = true;
	if (transfer->done)
		transfer->done(transfer->context);
}

bool transfer_init(struct transfer *transfer, libusb_device_handle *handle, uint8_t endpoint,
		   uint8_t type, size_t size)
{
	transfer->usb = libusb_alloc_transfer(0);
	transfer->buffer = calloc(1, size);
	transfer->size = size;
	if (!transfer->usb || !transfer->buffer)
		return false;
	/* Without a time of its own: whoever waits knows how long. */
	libusb_fill_bulk_transfer(transfer->usb, handle, endpoint, transfer->buffer, 0, ended,
				  transfer, 0);
	transfer->usb->type = type;
	return true;
}

void transfer_free(struct transfer *transfer)
{
	if (transfer->buffer)
		explicit_bzero(transfer->buffer, transfer->size);
	free(transfer->buffer);
	libusb_free_transfer(transfer->usb);
	*transfer = (struct transfer){ 0 };
}

int transfer_submit(struct transfer *transfer, size_t len)
{
	int r;

	transfer->usb->length = (int)len;
	transfer->state = TRANSFER_PENDING;
	r = libusb_submit_transfer(transfer->usb);
	if (r)
		transfer->state = TRANSFER_IDLE;
	return r;
}

void transfer_take_back(struct transfer *transfer, libusb_context *context)
{
	const uint64_t deadline = wire_now_ms() + TAKE_BACK_MS;

	if (transfer->state == TRANSFER_PENDING)
		libusb_cancel_transfer(transfer->usb);
	while (transfer->state == TRANSFER_PENDING && wire_now_ms() < deadline)
		if (events_wait(context, -1, -1, deadline, NULL) < 0)
			break;
}

int transfer_clear_halt(struct transfer *transfer)
{
	int r = libusb_clear_halt(transfer->usb->dev_handle, transfer->usb->endpoint);

	if (!r)
		transfer->halted = false;
	return r;
}

bool transfer_may_have_left(const struct transfer *transfer)
{
	const enum libusb_transfer_status status = transfer->usb->status;

	return transfer->state == TRANSFER_PENDING || transfer->usb->actual_length > 0 ||
	       (status != LIBUSB_TRANSFER_STALL && status != LIBUSB_TRANSFER_CANCELLED);
}

int transfer_outcome(const struct transfer *transfer, const char *what, struct usbccid_error *err)
{
	switch (transfer->usb->status) {
	case LIBUSB_TRANSFER_COMPLETED:
		return 0;
	case LIBUSB_TRANSFER_STALL:
		return error_set(err, USBCCID_EPROTO, "the reader stalled %s", what);
	case LIBUSB_TRANSFER_OVERFLOW:
		return error_set(err, USBCCID_EPROTO, "the reader sent more than there was room for at %s",
				 what);
	case LIBUSB_TRANSFER_NO_DEVICE:
		return error_set(err, USBCCID_ENODEV, "the reader was unplugged");
	case LIBUSB_TRANSFER_ERROR:
	case LIBUSB_TRANSFER_TIMED_OUT:
	case LIBUSB_TRANSFER_CANCELLED:
		break;
	}
	return error_set(err, USBCCID_EIO, "the bus failed at %s", what);
}
