/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole of usbccid's slot engine over a wire whose every answer is the input's: each call comes
 * to an end within a bound, sends only messages that keep to the reader's limits, and gives a
 * response only where the reader answered that very message; and what it says of a command that
 * failed is true.
 *
 * Input: eight bytes that shape the reader, then calls and, in between, what the wire does. After
 * its end the wire goes on with what it did last.
 */
#include "reader.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CALLS_MAX	24
#define DATA_MAX	300
/* In one call; a card may make progress by a byte at a time, and ask for time again and again. */
#define MESSAGES_MAX	300000
#define LONG_MS		600000

static void demand(bool condition)
{
	if (!condition)
		abort();
}

struct fuzz_wire {
	struct wire wire;
	const uint8_t *data;
	size_t size;
	uint8_t last_how;		/* what the wire does for ever after the end of the input */
	uint8_t in[CCID_HEADER_SIZE + DATA_MAX];
	uint8_t sent[CCID_HEADER_SIZE + 16];	/* the head of the message that went out last */
	size_t sent_len, max_message;
	unsigned slots;
	uint8_t seq[USBCCID_MAX_SLOTS];
	bool seq_known[USBCCID_MAX_SLOTS];
	bool leaving;			/* a message went out, and nothing is known of it yet */
	size_t messages;		/* in this call, both ways */
	bool answered;			/* the last receive() was the answer to the last message */
	bool block_sent, block_reached;	/* an XfrBlock in this call */
	bool *closed;
};

static struct fuzz_wire *own(struct wire *wire)
{
	return (struct fuzz_wire *)wire;
}

static uint8_t next_byte(struct fuzz_wire *wire)
{
	if (wire->size == 0)
		return 0;
	wire->size--;
	return *wire->data++;
}

static int fail(struct usbccid_error *err, int code, bool sent)
{
	error_set(err, code, "the wire says %s", usbccid_code_name(code));
	err->sent = sent;
	return code;
}

static void count(struct fuzz_wire *wire)
{
	demand(++wire->messages < MESSAGES_MAX);
}

/* --- messages to the reader ---------------------------------------------------------------------- */

static void check_message(struct fuzz_wire *wire, const uint8_t *message, size_t len)
{
	struct ccid_header header;

	demand(!ccid_header_get(message, len, &header));
	demand(len <= wire->max_message && header.length == len - CCID_HEADER_SIZE);
	demand(header.slot < wire->slots);
	/* No number twice in a row, or a late answer would be taken for this one's. */
	demand(!wire->seq_known[header.slot] || header.seq == (uint8_t)(wire->seq[header.slot] + 1));
	wire->seq[header.slot] = header.seq;
	wire->seq_known[header.slot] = true;
}

static int fuzz_send(struct wire *base, const uint8_t *message, size_t len, struct usbccid_error *err)
{
	struct fuzz_wire *wire = own(base);
	const uint8_t how = next_byte(wire);

	count(wire);
	check_message(wire, message, len);
	wire->answered = false;
	wire->leaving = true;
	wire->sent_len = len < sizeof(wire->sent) ? len : sizeof(wire->sent);
	memcpy(wire->sent, message, wire->sent_len);
	if (how == 0xFF)
		return fail(err, USBCCID_ENODEV, false);
	if (how == 0xFE)
		return fail(err, USBCCID_EIO, false);
	if (message[0] == CCID_XFR_BLOCK)
		wire->block_sent = true;
	if (how == 0xFD) {
		wire->block_reached |= message[0] == CCID_XFR_BLOCK;
		return fail(err, USBCCID_EIO, true);
	}
	error_clear(err);
	return 0;
}

/* --- and from it --------------------------------------------------------------------------------- */

static size_t put_bytes(struct fuzz_wire *wire, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = next_byte(wire);
	return len;
}

static size_t put_atr(struct fuzz_wire *wire, uint8_t *out)
{
	static const uint8_t atrs[][9] = {
		{ 2, 0x3B, 0x00 },
		{ 7, 0x3B, 0x80, 0x81, 0x31, 0xFE, 0x45, 0x8B },
		{ 6, 0x3B, 0x90, 0x18, 0x80, 0x01, 0x09 },
		{ 8, 0x3B, 0x80, 0x81, 0x71, 0x20, 0x45, 0x01, 0x14 },
		{ 7, 0x3B, 0x80, 0x81, 0x31, 0x00, 0x45, 0x75 },
		{ 6, 0x3B, 0x90, 0x96, 0x01, 0x00, 0x07 },
	};
	const uint8_t *atr = atrs[next_byte(wire) % (sizeof(atrs) / sizeof(atrs[0]))];

	memcpy(out, atr + 1, atr[0]);
	return atr[0];
}

/* A block of T=1 with check bytes of one kind; the other kind is for the mutator. */
static size_t put_block(struct fuzz_wire *wire, uint8_t *out)
{
	size_t len = 3;

	out[0] = 0;
	out[1] = next_byte(wire);
	out[2] = next_byte(wire) % 40;
	len += put_bytes(wire, out + 3, out[2]);
	out[len] = 0;
	for (size_t i = 0; i < len; i++)
		out[len] ^= out[i];
	return len + 1;
}

static size_t put_data(struct fuzz_wire *wire, uint8_t *out)
{
	uint8_t what = next_byte(wire);

	switch (what & 7) {
	case 0:
		return 0;
	case 1:
		out[0] = 0x90;
		out[1] = 0x00;
		return 2;
	case 2:
		return put_atr(wire, out);
	case 3:
		/* What came back from the card is what went out: PPS, parameters. */
		memcpy(out, wire->sent + CCID_HEADER_SIZE, wire->sent_len - CCID_HEADER_SIZE);
		return wire->sent_len - CCID_HEADER_SIZE;
	case 4:
		return put_block(wire, out);
	case 5:
		memset(out, what, DATA_MAX);
		return (size_t)what + 40;
	default:
		return put_bytes(wire, out, what >> 3);
	}
}

static uint8_t answer_type(uint8_t type)
{
	switch (type) {
	case CCID_ICC_POWER_ON:
	case CCID_XFR_BLOCK:
		return CCID_DATA_BLOCK;
	case CCID_SET_PARAMETERS:
	case CCID_GET_PARAMETERS:
		return CCID_PARAMETERS;
	default:
		return CCID_SLOT_STATUS;
	}
}

/* The answer to the message, of any status. */
static size_t put_answer(struct fuzz_wire *wire, uint8_t how)
{
	struct ccid_header header = {
		.type = answer_type(wire->sent[0]), .slot = wire->sent[5], .seq = wire->sent[6],
	};

	if (how & 0x20) {
		header.specific[0] = next_byte(wire);
		header.specific[1] = next_byte(wire);
	}
	if (how & 0x40)
		header.specific[2] = next_byte(wire);
	header.length = (uint32_t)put_data(wire, wire->in + CCID_HEADER_SIZE);
	ccid_header_put(wire->in, &header);
	if (header.specific[0] >> 6 == 0)
		wire->answered = true;
	return CCID_HEADER_SIZE + header.length;
}

/* Does the answer leave open that the card had the block? A refusal does, of some kinds. */
static bool tells_of_block(const struct fuzz_wire *wire)
{
	const uint8_t status = wire->in[7] >> 6, error = wire->in[8];

	return wire->sent[0] == CCID_XFR_BLOCK &&
	       (status != 1 || (error >= 0x80 && error != CCID_ERROR_SLOT_BUSY));
}

static int fail_receive(struct fuzz_wire *wire, uint8_t how, struct usbccid_error *err)
{
	static const int codes[] = {
		USBCCID_ETIMEDOUT, USBCCID_ECANCELED, USBCCID_ENODEV, USBCCID_EPROTO, USBCCID_EIO,
		USBCCID_ETIMEDOUT, USBCCID_EIO, USBCCID_ETIMEDOUT,
	};
	const bool sent = !(how & 0x80) || !wire->leaving;

	wire->leaving = false;
	wire->block_reached |= sent && wire->sent[0] == CCID_XFR_BLOCK;
	return fail(err, codes[how >> 3 & 7], sent);
}

static int fuzz_receive(struct wire *base, const uint8_t **ret, size_t *ret_len, uint64_t deadline,
			int cancel_fd, struct usbccid_error *err)
{
	struct fuzz_wire *wire = own(base);
	bool over = wire->size == 0;
	uint8_t how = over ? wire->last_how : next_byte(wire);

	(void)cancel_fd;
	count(wire);
	wire->last_how = how;
	wire->answered = false;
	*ret = wire->in;
	switch (how & 7) {
	case 0:
		return fail_receive(wire, how, err);
	case 1:
	case 2:
	case 3:
		*ret_len = put_answer(wire, how);
		wire->block_reached |= tells_of_block(wire);
		break;
	case 4:
		/* More time. */
		*ret_len = put_answer(wire, 0);
		wire->in[7] = 0x80;
		wire->in[8] = how >> 3;
		wire->answered = false;
		wire->block_reached |= tells_of_block(wire);
		break;
	case 5:
		/* To what nobody asked. */
		*ret_len = put_answer(wire, how);
		wire->in[5 + (how >> 7)] ^= 1;
		wire->answered = false;
		break;
	default:
		*ret_len = put_bytes(wire, wire->in, how >> 3);
		/* Malformed for sure: with a whole header it may be foreign, or a refusal. */
		wire->block_reached |= wire->sent[0] == CCID_XFR_BLOCK && *ret_len > 0 &&
				       *ret_len < CCID_HEADER_SIZE;
		break;
	}
	wire->leaving = false;
	/* Extensions and what is foreign only go on as long as there is time. */
	if (over && wire_now_ms() >= deadline)
		return fail(err, USBCCID_ETIMEDOUT, true);
	error_clear(err);
	return 0;
}

static int fuzz_abort(struct wire *base, uint8_t slot, uint8_t seq, uint64_t deadline,
		      struct usbccid_error *err)
{
	struct fuzz_wire *wire = own(base);
	const uint8_t how = next_byte(wire);

	count(wire);
	(void)deadline;
	demand(slot < wire->slots);
	demand(!wire->seq_known[slot] || seq == (uint8_t)(wire->seq[slot] + 1));
	return how == 0xFF ? fail(err, USBCCID_ENODEV, false) :
	       how & 1 ? fail(err, USBCCID_EIO, false) : 0;
}

static int fuzz_recover(struct wire *base, struct usbccid_error *err)
{
	count(own(base));
	error_clear(err);
	return 0;
}

static int fuzz_reset(struct wire *base, struct usbccid_error *err)
{
	const uint8_t how = next_byte(own(base));

	count(own(base));
	return how == 0xFF ? fail(err, USBCCID_ENODEV, false) :
	       how & 1 ? fail(err, USBCCID_EIO, false) : 0;
}

static int fuzz_notice(struct wire *base, const uint8_t **ret, size_t *ret_len, int fd,
		       uint64_t deadline, int cancel_fd, struct usbccid_error *err)
{
	struct fuzz_wire *wire = own(base);
	bool over = wire->size == 0;
	const uint8_t how = over ? (wire->last_how >> 1 & 0x0F) : next_byte(wire);

	(void)cancel_fd;
	count(wire);
	switch (how & 7) {
	case 1:
	case 3:
		*ret = wire->in;
		*ret_len = 1 + (how >> 3 & 3);
		wire->in[0] = how & 0x80 ? CCID_HARDWARE_ERROR : CCID_NOTIFY_SLOT_CHANGE;
		put_bytes(wire, wire->in + 1, *ret_len - 1);
		/* None comes for ever where its receiver would wait for ever. */
		if (over && deadline == WIRE_FOREVER)
			return fail(err, USBCCID_ENODEV, false);
		error_clear(err);
		return 1;
	case 5:
		return fail(err, how & 8 ? USBCCID_ENODEV : USBCCID_EIO, false);
	case 7:
		return fail(err, how & 8 ? USBCCID_ECANCELED : USBCCID_ENOTSUP, false);
	default:
		error_clear(err);
		return fd >= 0 && how & 8 ? 0 : fail(err, USBCCID_ETIMEDOUT, false);
	}
}

static void fuzz_close(struct wire *base)
{
	demand(!*own(base)->closed);
	*own(base)->closed = true;
	free(base);
}

static const struct wire_ops fuzz_ops = {
	.send = fuzz_send,
	.receive = fuzz_receive,
	.abort = fuzz_abort,
	.recover = fuzz_recover,
	.reset = fuzz_reset,
	.notice = fuzz_notice,
	.close = fuzz_close,
};

/* --- a reader ------------------------------------------------------------------------------------ */

static struct reader_setup setup_from(struct fuzz_wire *wire)
{
	static const uint32_t levels[] = {
		CCID_LEVEL_BIT_TPDU, CCID_LEVEL_BIT_SHORT, CCID_LEVEL_BIT_EXTENDED, CCID_LEVEL_BIT_TPDU,
	};
	static const uint32_t sizes[] = { 43, 64, 271, 271, 1034, 65554, 0xFFFFFFFF, 42 };
	struct reader_setup setup = { .info = { .bus_port = "3-1", .name = "Fuzzed Reader" } };
	struct ccid_descriptor *desc = &setup.descriptor;
	const uint8_t level = next_byte(wire);

	desc->features = levels[level & 3] | next_byte(wire) | (level & 4 ? CCID_AUTO_IFSD : 0);
	desc->protocols = (level >> 3 & 3) ? level >> 3 & 3 : 3;
	desc->max_slot_index = level >> 6;
	desc->max_message = sizes[next_byte(wire) & 7];
	desc->voltages = next_byte(wire) & 7;
	desc->default_clock = 4000;
	desc->max_data_rate = 344086;
	desc->max_ifsd = next_byte(wire);
	setup.quirks = next_byte(wire) & 0x0F;
	return setup;
}

static void check_error(int r, const struct usbccid_error *err)
{
	demand(r <= 0 && r >= USBCCID_EOVERFLOW && err->code == r);
	demand(!r == !err->message[0]);
	demand(memchr(err->message, 0, sizeof(err->message)) != NULL);
}

/* --- calls --------------------------------------------------------------------------------------- */

static void call_transmit(struct usbccid_reader *reader, struct fuzz_wire *wire, unsigned slot,
			  unsigned timeout_ms)
{
	const uint8_t shape = next_byte(wire);
	const size_t size = (size_t)next_byte(wire) * 2, nc = shape & 0x3F ? (shape & 0x3Fu) * 5 : 0;
	uint8_t command[9 + 0x3F * 5] = { 0x00, 0xA4, 0x04, 0x00 }, *response = malloc(size + !size);
	struct usbccid_error err;
	size_t len = 4, ret_len = 7777;
	int r;

	demand(response != NULL);
	if (shape & 0x80 || nc > 255) {
		command[len++] = 0;
		command[len++] = (uint8_t)(nc >> 8);
	}
	if (nc > 0 || shape & 0x80)
		command[len++] = (uint8_t)nc;
	len += nc;
	if (shape & 0x40)
		command[len++] = 0;
	wire->block_sent = wire->block_reached = false;
	r = usbccid_transmit(reader, slot, command, len, response, size, &ret_len, timeout_ms, &err);
	check_error(r, &err);
	if (r) {
		demand(ret_len == 7777);
		demand(err.sent || !wire->block_reached);
		demand(!err.sent || wire->block_sent);
	} else {
		demand(ret_len >= 2 && ret_len <= size && wire->answered);
	}
	free(response);
}

static void call_power_on(struct usbccid_reader *reader, unsigned slot, enum usbccid_reset kind,
			  unsigned timeout_ms)
{
	struct usbccid_error err;
	int r = usbccid_power_on(reader, slot, kind, timeout_ms, &err);

	check_error(r, &err);
	if (!r) {
		const struct usbccid_card *card = &reader->slots[slot].card;

		demand(card->state == USBCCID_CARD_ON && card->protocol <= 1);
		demand(card->atr_len >= 2 && card->atr_len <= USBCCID_ATR_MAX && card->max_command >= 5);
	}
}

static void call_wait(struct usbccid_reader *reader, uint8_t how)
{
	struct usbccid_event event = { .type = USBCCID_EVENT_NONE };
	struct usbccid_error err;
	int r = usbccid_wait(reader, how & 0x40 ? 0 : -1, how & 0x80 ? -1 : 0, &event, &err);

	check_error(r, &err);
	if (!r && (event.type == USBCCID_EVENT_INSERTED || event.type == USBCCID_EVENT_REMOVED))
		demand(event.slot < reader->slot_count);
}

static void call_any(struct usbccid_reader *reader, struct fuzz_wire *wire)
{
	const uint8_t how = next_byte(wire);
	const unsigned slot = how >> 3 & 7, timeout_ms = how & 0x40 ? 0 : LONG_MS;
	struct usbccid_card card;
	struct usbccid_error err;

	wire->messages = 0;
	switch (how & 7) {
	case 0:
		call_power_on(reader, slot, USBCCID_COLD, timeout_ms);
		break;
	case 1:
		call_power_on(reader, slot, USBCCID_WARM, timeout_ms);
		break;
	case 2:
		check_error(usbccid_power_off(reader, slot, timeout_ms, &err), &err);
		break;
	case 3:
		check_error(usbccid_card(reader, slot, timeout_ms, &card, &err), &err);
		break;
	case 4:
		call_wait(reader, how);
		break;
	default:
		call_transmit(reader, wire, slot, timeout_ms);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_wire *wire = calloc(1, sizeof(*wire));
	struct usbccid_reader *reader;
	struct reader_setup setup;
	struct usbccid_error err;
	bool closed = false;

	demand(wire != NULL);
	wire->wire.ops = &fuzz_ops;
	wire->data = data;
	wire->size = size;
	wire->closed = &closed;
	setup = setup_from(wire);
	wire->slots = setup.descriptor.max_slot_index + 1u;
	wire->max_message = CCID_HEADER_SIZE + ccid_payload_max(&setup.descriptor);
	if (reader_new(&wire->wire, &setup, &reader, &err)) {
		demand(closed);
		return 0;
	}
	/* One call more than the input has is made on a wire that does what it did. */
	for (unsigned i = 0; i < CALLS_MAX; i++) {
		bool over = wire->size == 0;

		call_any(reader, wire);
		if (over)
			break;
	}
	wire->messages = 0;
	usbccid_close(&reader);
	demand(closed && !reader);
	return 0;
}
