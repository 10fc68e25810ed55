/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message and its answer: sequence numbers, time extensions, what an answer says of the card. */
#include "reader.h"

#include <stdarg.h>
#include <stdio.h>

#define EXTENSIONS_MAX	8192		/* of the time, for one message */
#define FOREIGN_MAX	16		/* messages in a row that answer something else */

int call_fail(struct call *call, int code, const char *fmt, ...)
{
	char text[sizeof(call->err.message)];
	const uint8_t reason = call->err.reader;
	const bool sent = call->err.sent;
	const int usb = call->err.usb;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	error_set(&call->err, code, "%s slot %u: %s", call->reader->setup.info.bus_port, call->index,
		  text);
	call->err.sent = sent;
	call->err.reader = reason;
	call->err.usb = usb;
	return code;
}

/* --- the card, as answers tell of it ------------------------------------------------------- */

void slot_lost(struct slot *slot)
{
	if (slot->card.state != USBCCID_CARD_ON)
		return;
	slot->card.state = USBCCID_CARD_OFF;
	slot->stale = true;
}

void slot_seen(struct slot *slot, uint8_t icc)
{
	switch (icc) {
	case CCID_ICC_ABSENT:
		slot_lost(slot);
		slot->card.state = USBCCID_CARD_ABSENT;
		slot->powered = false;
		break;
	case CCID_ICC_INACTIVE:
		slot_lost(slot);
		slot->card.state = USBCCID_CARD_OFF;
		slot->powered = false;
		break;
	case CCID_ICC_ACTIVE:
		if (slot->card.state == USBCCID_CARD_ABSENT)
			slot->card.state = USBCCID_CARD_OFF;
		break;
	default:
		return;
	}
	/* The caller learns of it from this call: it is no event any more. */
	if (slot->told == PRESENCE_UNKNOWN)
		slot->told = icc == CCID_ICC_ABSENT ? PRESENCE_ABSENT : PRESENCE_PRESENT;
}

/* --- messages ------------------------------------------------------------------------------ */

static void trace(const struct usbccid_reader *reader, bool out, const uint8_t *message, size_t len)
{
	if (reader->trace)
		reader->trace(reader->trace_context, out, message, len);
}

static size_t put_message(const struct call *call, const struct request *request, uint8_t seq)
{
	const struct ccid_header header = {
		.type = request->type,
		.length = (uint32_t)(request->len + request->pad),
		.slot = call->index,
		.seq = seq,
		.specific = { request->specific[0], request->specific[1], request->specific[2] },
	};
	uint8_t *out = call->reader->message;

	ccid_header_put(out, &header);
	if (request->len > 0)
		memcpy(out + CCID_HEADER_SIZE, request->data, request->len);
	if (request->pad)
		out[CCID_HEADER_SIZE + request->len] = 0;
	return CCID_HEADER_SIZE + header.length;
}

static int wire_failed(struct call *call, int r)
{
	const struct usbccid_error why = call->err;

	if (r == USBCCID_ENODEV)
		call->reader->gone = true;
	if (r == USBCCID_ESTALE)
		reader_was_reset(call->reader);
	if (r == USBCCID_ETIMEDOUT)
		return call_fail(call, r, "no answer in time");
	if (r == USBCCID_ECANCELED)
		return call_fail(call, r, "broken off while the reader was at work");
	return call_fail(call, r, "%s", why.message);
}

static int send_message(struct call *call, const struct request *request, uint8_t seq)
{
	struct usbccid_reader *reader = call->reader;
	size_t len;
	int r;

	if (request->len + request->pad > reader->payload_max)
		return call_fail(call, USBCCID_EINVAL, "%zu bytes are more than the reader takes (%zu)",
				 request->len + request->pad, reader->payload_max);
	len = put_message(call, request, seq);
	trace(reader, true, reader->message, len);
	r = reader->wire->ops->send(reader->wire, reader->message, len, &call->err);
	/* Commands may hold what is secret. */
	explicit_bzero(reader->message, len);
	return r ? wire_failed(call, r) : 0;
}

/* Until when an answer may take that is due from now on; @times: as the reader asks for. */
static uint64_t answer_limit(const struct call *call, unsigned times)
{
	const uint64_t limit = wire_now_ms() + call->patience * (times > 1 ? times : 1);

	return call->patience > 0 && limit < call->deadline ? limit : call->deadline;
}

/* Read until the answer is there: what is foreign is dropped, requests for time are granted. */
static int await_answer(struct call *call, uint8_t type, uint8_t seq, struct ccid_answer *answer)
{
	const struct wire_ops *ops = call->reader->wire->ops;
	uint64_t limit = answer_limit(call, 1);
	unsigned extensions = 0, foreign = 0;
	const uint8_t *in;
	size_t len;
	int r;

	for (;;) {
		call->err.sent = true;
		r = ops->receive(call->reader->wire, &in, &len, limit, call->cancel_fd, &call->err);
		if (r)
			return wire_failed(call, r);
		call->err.sent = true;
		trace(call->reader, false, in, len);
		switch (ccid_answer_get(in, len, type, call->index, seq, answer)) {
		case CCID_VERDICT_OK:
			return 0;
		case CCID_VERDICT_FAILED:
			return REFUSED;
		case CCID_VERDICT_EXTENSION:
			foreign = 0;
			/* Whatever it says later, it is at work on the block. */
			call->reached |= type == CCID_DATA_BLOCK;
			if (++extensions > EXTENSIONS_MAX)
				return call_fail(call, USBCCID_EPROTO,
						 "the reader asks for time without end");
			limit = answer_limit(call, answer->error);
			break;
		case CCID_VERDICT_MALFORMED:
			/* An empty packet is the end of an earlier message. */
			if (len > 0)
				return call_fail(call, USBCCID_EPROTO,
						 "a malformed message of %zu bytes", len);
			/* fall through */
		case CCID_VERDICT_FOREIGN:
			if (++foreign > FOREIGN_MAX)
				return call_fail(call, USBCCID_EPROTO,
						 "the reader answers what nobody asked");
			break;
		}
	}
}

int exchange_unsettled(struct call *call, const struct request *request, uint8_t seq,
		       struct ccid_answer *answer)
{
	int r;

	error_clear(&call->err);
	if (call->reader->gone)
		return call_fail(call, USBCCID_ENODEV, "the reader is gone");
	r = send_message(call, request, seq);
	if (!r)
		r = await_answer(call, request->answer, seq, answer);
	if (r == USBCCID_EINVAL)
		return r;
	if (r < 0) {
		call->slot->out_of_step = r != USBCCID_ESTALE;
		return r;
	}
	slot_seen(call->slot, answer->icc);
	if (r == REFUSED && answer->error == CCID_ERROR_SLOT_BUSY)
		call->slot->out_of_step = true;
	return r;
}

int exchange(struct call *call, const struct request *request, struct ccid_answer *answer)
{
	int r = settle(call);

	if (r)
		return r;
	return exchange_unsettled(call, request, call->slot->seq++, answer);
}

/* --- what the reader refuses --------------------------------------------------------------- */

/*
 * It did not get as far as the card: a field of the header is wrong, or the slot is at work. Where the
 * reader gives no reason ("not supported", of a command that all have), nobody knows.
 */
static bool refused_unread(uint8_t error)
{
	return (error > 0 && error < CCID_HEADER_SIZE) || error == CCID_ERROR_SLOT_BUSY;
}

static int refusal_code(const struct ccid_answer *answer)
{
	if (answer->icc == CCID_ICC_ABSENT)
		return USBCCID_ENOMEDIUM;
	switch (answer->error) {
	case CCID_ERROR_NOT_SUPPORTED:
		return USBCCID_ENOTSUP;
	case CCID_ERROR_MUTE:
		return USBCCID_ETIMEDOUT;
	case CCID_ERROR_PROCEDURE_BYTE:
	case CCID_ERROR_CLASS:
	case CCID_ERROR_PROTOCOL:
	case CCID_ERROR_ATR_TCK:
	case CCID_ERROR_ATR_TS:
		return USBCCID_EPROTO;
	default:
		return USBCCID_EIO;
	}
}

int refusal(struct call *call, const struct ccid_answer *answer, const char *what)
{
	const int code = refusal_code(answer);

	call->err.sent = !refused_unread(answer->error);
	call->err.reader = answer->error;
	if (code == USBCCID_ENOMEDIUM)
		return call_fail(call, code, "the card was taken out");
	return call_fail(call, code, "%s: %s (%02X)", what, ccid_error_name(answer->error),
			 answer->error);
}

static bool is_garbled(const struct ccid_answer *answer)
{
	return answer->icc == CCID_ICC_ACTIVE &&
	       (answer->error == CCID_ERROR_MUTE || answer->error == CCID_ERROR_PARITY ||
		answer->error == CCID_ERROR_OVERRUN);
}

int exchange_block(struct call *call, const struct request *request, bool *garbled,
		   struct ccid_answer *answer)
{
	int r = settle(call);

	if (!r && !call->slot->powered)
		r = call_fail(call, USBCCID_ESTALE, "the reader had to be reset");
	if (!r)
		r = exchange_unsettled(call, request, call->slot->seq++, answer);
	if (r < 0) {
		call->reached |= call->err.sent;
		return r;
	}
	if (r == REFUSED && garbled && is_garbled(answer)) {
		*garbled = true;
		r = 0;
	}
	if (r == REFUSED)
		r = refusal(call, answer, "the reader failed");
	call->reached |= !r || call->err.sent;
	/* Its session is over: that is what a program has to know of it. */
	if (r && answer->icc == CCID_ICC_INACTIVE)
		return call_fail(call, USBCCID_ESTALE, "the card lost its power or was changed");
	return r;
}
