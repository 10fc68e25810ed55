/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reader that is held: its beginning and end, and the public calls that are no exchange. */
#include "reader.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>

#define CLOSE_MS	1000

/* What this library can drive; the rest is told before anything goes out. */
static int check_setup(const struct reader_setup *setup, struct usbccid_error *err)
{
	const char *where = setup->info.bus_port;

	switch (ccid_level(setup->descriptor.features)) {
	case CCID_LEVEL_TPDU:
	case CCID_LEVEL_SHORT_APDU:
	case CCID_LEVEL_EXTENDED_APDU:
		break;
	case CCID_LEVEL_CHARACTER:
		return error_set(err, USBCCID_ENOTSUP,
				 "%s: the reader works at character level, which is not supported", where);
	case CCID_LEVEL_INVALID:
		return error_set(err, USBCCID_EPROTO,
				 "%s: the reader claims more than one level of exchange", where);
	}
	if (!(setup->descriptor.protocols & (CCID_PROTOCOL_T0 | CCID_PROTOCOL_T1)))
		return error_set(err, USBCCID_ENOTSUP, "%s: the reader has neither T=0 nor T=1", where);
	if (ccid_payload_max(&setup->descriptor) == 0)
		return error_set(err, USBCCID_EPROTO,
				 "%s: the reader's messages of %u bytes have no room for an ATR", where,
				 setup->descriptor.max_message);
	return 0;
}

enum usbccid_level public_level(uint32_t features)
{
	switch (ccid_level(features)) {
	case CCID_LEVEL_TPDU:
		return USBCCID_TPDU;
	case CCID_LEVEL_SHORT_APDU:
		return USBCCID_SHORT_APDU;
	case CCID_LEVEL_EXTENDED_APDU:
		return USBCCID_EXTENDED_APDU;
	case CCID_LEVEL_CHARACTER:
	case CCID_LEVEL_INVALID:
		break;
	}
	return USBCCID_CHARACTER;
}

static void reader_free(struct usbccid_reader *reader)
{
	if (reader->message) {
		explicit_bzero(reader->message, CCID_HEADER_SIZE + reader->payload_max);
		free(reader->message);
	}
	if (reader->wire)
		reader->wire->ops->close(reader->wire);
	explicit_bzero(reader, sizeof(*reader));
	free(reader);
}

/*
 * A reader may owe an answer to a program that was killed. From a number that differs from one program
 * to the next it is hardly ever taken for ours.
 */
static void number_messages(struct usbccid_reader *reader)
{
	uint8_t first[USBCCID_MAX_SLOTS];

	if (getrandom(first, sizeof(first), GRND_NONBLOCK) != sizeof(first))
		memset(first, (int)(wire_now_ms() & 0xFF), sizeof(first));
	for (unsigned i = 0; i < USBCCID_MAX_SLOTS; i++)
		reader->slots[i].seq = first[i];
}

int reader_new(struct wire *wire, const struct reader_setup *setup, struct usbccid_reader **ret,
	       struct usbccid_error *err)
{
	struct usbccid_reader *reader;
	int r = check_setup(setup, err);

	reader = r ? NULL : calloc(1, sizeof(*reader));
	if (!reader) {
		wire->ops->close(wire);
		return r ? r : error_set(err, USBCCID_ENOMEM, "out of memory");
	}
	reader->wire = wire;
	reader->setup = *setup;
	reader->setup.info.level = public_level(setup->descriptor.features);
	reader->cancel_fd = -1;
	reader->slot_count = setup->descriptor.max_slot_index + 1u;
	if (reader->slot_count > USBCCID_MAX_SLOTS)
		reader->slot_count = USBCCID_MAX_SLOTS;
	reader->setup.info.slots = reader->slot_count;
	reader->payload_max = ccid_payload_max(&setup->descriptor);
	number_messages(reader);
	reader->message = calloc(1, CCID_HEADER_SIZE + reader->payload_max);
	if (!reader->message) {
		reader_free(reader);
		return error_set(err, USBCCID_ENOMEM, "out of memory");
	}
	error_clear(err);
	*ret = reader;
	return 0;
}

/* What is broken off is aborted first, in half the time, so that the card can be switched off. */
static void close_slot(struct usbccid_reader *reader, uint8_t index, uint64_t deadline)
{
	const struct request request = { .type = CCID_ICC_POWER_OFF, .answer = CCID_SLOT_STATUS };
	struct call call = {
		.reader = reader, .slot = &reader->slots[index], .index = index,
		.cancel_fd = -1, .deadline = deadline,
	};
	const uint64_t now = wire_now_ms();
	struct ccid_answer answer;

	if (!call.slot->powered || reader->gone || now >= deadline)
		return;
	if (call.slot->out_of_step && abort_command(&call, index, now + (deadline - now) / 2))
		reader->wire->ops->recover(reader->wire, &call.err);
	if (!reader->gone)
		exchange_unsettled(&call, &request, call.slot->seq++, &answer);
}

void usbccid_close(struct usbccid_reader **reader)
{
	const uint64_t deadline = wire_now_ms() + CLOSE_MS;

	if (!reader || !*reader)
		return;
	for (unsigned i = 0; i < (*reader)->slot_count; i++)
		close_slot(*reader, (uint8_t)i, deadline);
	reader_free(*reader);
	*reader = NULL;
}

void usbccid_describe(const struct usbccid_reader *reader, struct usbccid_info *ret)
{
	*ret = reader->setup.info;
}

void usbccid_set_cancel_fd(struct usbccid_reader *reader, int fd)
{
	reader->cancel_fd = fd;
}

void usbccid_set_trace(struct usbccid_reader *reader, usbccid_trace *trace, void *context)
{
	reader->trace = trace;
	reader->trace_context = context;
}

/* --- calls on a slot ----------------------------------------------------------------------- */

/* A command that would be broken off at once is better not begun. */
static bool is_cancelled(const struct usbccid_reader *reader)
{
	struct pollfd cancel = { .fd = reader->cancel_fd, .events = POLLIN };

	return cancel.fd >= 0 && poll(&cancel, 1, 0) > 0;
}

int call_begin(struct call *call, struct usbccid_reader *reader, unsigned slot, unsigned timeout_ms)
{
	*call = (struct call){
		.reader = reader,
		.cancel_fd = reader->cancel_fd,
		.deadline = wire_now_ms() + timeout_ms,
	};
	if (slot >= reader->slot_count)
		return error_set(&call->err, USBCCID_EINVAL, "%s: there is no slot %u, but %u slots",
				 reader->setup.info.bus_port, slot, reader->slot_count);
	call->index = (uint8_t)slot;
	call->slot = &reader->slots[slot];
	if (reader->gone)
		return call_fail(call, USBCCID_ENODEV, "the reader is gone");
	if (is_cancelled(reader))
		return call_fail(call, USBCCID_ECANCELED, "broken off before it began");
	return 0;
}

int call_end(const struct call *call, int code, struct usbccid_error *err)
{
	if (!err)
		return code;
	if (code)
		*err = call->err;
	else
		error_clear(err);
	return code;
}

/* slot_seen() hears what it says: with what it refuses the reader tells of the card too. */
static int get_slot_status(struct call *call)
{
	const struct request request = { .type = CCID_GET_SLOT_STATUS, .answer = CCID_SLOT_STATUS };
	struct ccid_answer answer;
	int r = exchange(call, &request, &answer);

	if (r == REFUSED && answer.error == CCID_ERROR_BAD_SLOT)
		return refusal(call, &answer, "GetSlotStatus");
	return r == REFUSED ? 0 : r;
}

int usbccid_card(struct usbccid_reader *reader, unsigned slot, unsigned timeout_ms,
		 struct usbccid_card *ret, struct usbccid_error *err)
{
	struct call call;
	int r = call_begin(&call, reader, slot, timeout_ms);

	if (!r)
		r = get_slot_status(&call);
	notices_take(reader, false);
	if (!r)
		*ret = call.slot->card;
	return call_end(&call, r, err);
}
