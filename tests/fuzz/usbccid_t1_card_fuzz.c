/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * T=1 over a channel that loses, garbles, repeats and delays blocks, before a card that keeps to the
 * rules: the response is the right one or there is none, the card gets the command that was sent or
 * none, and executes none twice. Where the channel is good again the protocol is in step.
 *
 * Input: how card and channel behave, a byte for each time that it matters.
 */
#include "t1.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXCHANGES	6
#define COMMAND_MAX	90
#define RESPONSE_MAX	200
#define STEPS_MAX	6000

static void demand(bool condition)
{
	if (!condition)
		abort();
}

struct input {
	const uint8_t *data;
	size_t size;
};

/* 0, the good behaviour, after the end of the input. */
static uint8_t next_byte(struct input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

struct block {
	uint8_t data[T1_BLOCK_MAX];
	size_t len;
};

/* --- a card, by the rules ------------------------------------------------------------------------ */

struct card {
	struct input *in;
	uint8_t ns, nr;			/* of its next I-block; of ours that it expects */
	uint8_t ifsd;
	uint8_t command[COMMAND_MAX + T1_INF_MAX];
	size_t command_len;
	uint8_t response[RESPONSE_MAX];
	size_t response_len, sent, part;
	bool executing;			/* has a command, and has yet to execute it */
	bool answering;			/* has a part of the response to say next */
	bool speaking;			/* one is out */
	struct block request;		/* S-block that waits for its response */
	uint8_t expected[COMMAND_MAX];	/* what the other end is to send */
	size_t expected_len;
	unsigned executions;		/* of this command */
	unsigned requests;		/* S-blocks for this command */
};

static void put(struct block *out, uint8_t pcb, const uint8_t *inf, size_t len)
{
	out->data[0] = 0;
	out->data[1] = pcb;
	out->data[2] = (uint8_t)len;
	if (len > 0)
		memcpy(out->data + 3, inf, len);
	out->len = 3 + len;
	out->data[out->len] = 0;
	for (size_t i = 0; i < out->len; i++)
		out->data[3 + len] ^= out->data[i];
	out->len++;
}

static bool sound(const struct block *in)
{
	uint8_t sum = 0;

	if (in->len < 4 || in->len != 4u + in->data[2] || in->data[0] != 0)
		return false;
	for (size_t i = 0; i < in->len; i++)
		sum ^= in->data[i];
	return sum == 0;
}

static void say_receipt(const struct card *card, struct block *out, uint8_t error)
{
	put(out, (uint8_t)(T1_PCB_R | card->nr << 4 | error), NULL, 0);
}

static void say_part_again(const struct card *card, struct block *out)
{
	bool more = card->sent + card->part < card->response_len;

	put(out, (uint8_t)(card->ns << 6 | (more ? T1_PCB_MORE : 0)), card->response + card->sent,
	    card->part);
}

static void say_part(struct card *card, struct block *out)
{
	size_t left = card->response_len - card->sent;

	card->part = left < card->ifsd ? left : card->ifsd;
	card->answering = false;
	card->speaking = true;
	say_part_again(card, out);
}

/* The answer is made of the command: nobody else's fits. */
static void execute(struct card *card)
{
	demand(card->command_len == card->expected_len);
	demand(memcmp(card->command, card->expected, card->expected_len) == 0);
	demand(++card->executions == 1);
	card->response_len = card->command[1] % RESPONSE_MAX;
	for (size_t i = 0; i < card->response_len; i++)
		card->response[i] = (uint8_t)(card->command[0] * 7 + i);
	card->sent = 0;
	card->executing = false;
	card->answering = true;
}

static void say_request(struct card *card, struct block *out, uint8_t type, uint8_t value)
{
	put(&card->request, T1_PCB_S | type, &value, type == T1_S_ABORT ? 0 : 1);
	*out = card->request;
	card->requests++;
}

/* Before the card goes on with what it was about to do: now and then a request. */
static bool digress(struct card *card, struct block *out)
{
	uint8_t wish = next_byte(card->in);

	if (card->requests >= 6)
		return false;
	switch (wish & 0x07) {
	case 1:
		say_request(card, out, T1_S_WTX, (uint8_t)(wish >> 3) | 1);
		return true;
	case 2:
		say_request(card, out, T1_S_IFS, (uint8_t)((wish >> 3) + 1));
		return true;
	case 3:
		say_request(card, out, T1_S_ABORT, 0);
		return true;
	default:
		return false;
	}
}

static void go_on(struct card *card, struct block *out)
{
	if (digress(card, out))
		return;
	if (card->executing)
		execute(card);
	if (card->answering)
		say_part(card, out);
	else
		say_receipt(card, out, 0);
}

static void hear_information(struct card *card, const struct block *in, struct block *out)
{
	uint8_t pcb = in->data[1];

	if (pcb >> 6 != card->nr || (card->speaking && card->sent + card->part < card->response_len)) {
		say_receipt(card, out, 2);
		return;
	}
	if (card->speaking) {
		/* The next command says that the response arrived. */
		card->ns ^= 1;
		card->speaking = false;
	}
	card->nr ^= 1;
	demand(card->command_len + in->data[2] <= sizeof(card->command));
	memcpy(card->command + card->command_len, in->data + 3, in->data[2]);
	card->command_len += in->data[2];
	card->executing = !(pcb & T1_PCB_MORE);
	go_on(card, out);
}

static void hear_receipt(struct card *card, const struct block *in, struct block *out)
{
	const uint8_t wanted = in->data[1] >> 4 & 1;

	if (!card->speaking) {
		say_receipt(card, out, 0);
	} else if (wanted == card->ns) {
		say_part_again(card, out);
	} else if (card->sent + card->part < card->response_len) {
		card->sent += card->part;
		card->ns ^= 1;
		card->speaking = false;
		card->answering = true;
		go_on(card, out);
	} else {
		say_receipt(card, out, 2);
	}
}

static void forget(struct card *card)
{
	card->executing = card->answering = card->speaking = false;
	card->command_len = 0;
}

static void hear_supervision(struct card *card, const struct block *in, struct block *out)
{
	uint8_t pcb = in->data[1], asked = card->request.data[1];

	if (pcb == (T1_PCB_S | T1_S_RESYNCH)) {
		forget(card);
		card->ns = card->nr = 0;
		card->request.len = 0;
		put(out, T1_PCB_S | T1_PCB_ANSWER | T1_S_RESYNCH, NULL, 0);
	} else if (pcb == (T1_PCB_S | T1_S_IFS) && card->request.len == 0) {
		card->ifsd = in->data[3];
		put(out, T1_PCB_S | T1_PCB_ANSWER | T1_S_IFS, in->data + 3, 1);
	} else if (card->request.len > 0 && pcb == (asked | T1_PCB_ANSWER)) {
		card->request.len = 0;
		if (asked == (T1_PCB_S | T1_S_ABORT)) {
			forget(card);
			say_receipt(card, out, 0);
		} else {
			go_on(card, out);
		}
	} else {
		say_receipt(card, out, 2);
	}
}

static void hear(struct card *card, const struct block *in, struct block *out)
{
	bool supervision = sound(in) && (in->data[1] & 0xC0) == T1_PCB_S;

	if (card->request.len > 0 && !supervision) {
		*out = card->request;
		return;
	}
	if (!sound(in))
		say_receipt(card, out, 1);
	else if (supervision)
		hear_supervision(card, in, out);
	else if (in->data[1] & 0x80)
		hear_receipt(card, in, out);
	else
		hear_information(card, in, out);
	/* The whole command is at work or answered: what comes next is another. */
	if (!card->executing && card->speaking)
		card->command_len = 0;
}

/* --- the channel --------------------------------------------------------------------------------- */

struct channel {
	struct input *in;
	struct block before;		/* what the card said a step ago */
};

/* One wrong byte: check bytes of one byte see no more than that for sure. */
static void garble(struct channel *channel, struct block *block)
{
	uint8_t where = next_byte(channel->in), what = next_byte(channel->in);

	if (block->len > 0)
		block->data[where % block->len] ^= what ? what : 1;
}

static struct block carry(struct channel *channel, struct card *card, const struct t1 *t1)
{
	uint8_t how = next_byte(channel->in);
	struct block there = { .len = t1->block_len }, back = { .len = 0 }, said, second;

	memcpy(there.data, t1->block, t1->block_len);
	switch (how & 0x03) {
	case 0:
		hear(card, &there, &back);
		break;
	case 1:
		break;
	case 2:
		garble(channel, &there);
		hear(card, &there, &back);
		break;
	case 3:
		hear(card, &there, &back);
		hear(card, &there, &second);
		if (how & 0x80)
			back = second;
		break;
	}
	said = back;
	switch (how >> 2 & 0x03) {
	case 0:
		break;
	case 1:
		back.len = 0;
		break;
	case 2:
		garble(channel, &back);
		break;
	case 3:
		back = channel->before;
		break;
	}
	channel->before = said;
	return back;
}

/* --- exchanges ----------------------------------------------------------------------------------- */

/* 0: to the end. Else the owner gives up after so many blocks. */
static enum t1_next run(struct t1 *t1, struct card *card, struct channel *channel,
			enum t1_next next, unsigned patience)
{
	unsigned steps;

	for (steps = 1; next == T1_SEND; steps++) {
		struct block back;

		demand(steps < STEPS_MAX);
		if (steps == patience)
			break;
		back = carry(channel, card, t1);
		next = t1_take(t1, back.data, back.len);
	}
	return next;
}

/*
 * The last two over a channel that is good by then. An abort that the card still waits to see
 * answered it may say in the first of them.
 */
static bool exchange(struct t1 *t1, struct card *card, struct channel *channel, uint8_t number)
{
	bool good = channel->in->size == 0, owed = card->request.len > 0;
	uint8_t shape = next_byte(channel->in), response[RESPONSE_MAX];
	enum t1_next end;

	if (shape == 0xFF)
		return run(t1, card, channel, t1_announce_ifsd(t1, next_byte(channel->in) % 254 + 1),
			   0) != T1_LOST;
	card->executions = card->requests = 0;
	card->expected_len = 2 + (size_t)shape % (COMMAND_MAX - 2);
	for (size_t i = 0; i < card->expected_len; i++)
		card->expected[i] = (uint8_t)(number + i * 31);
	card->expected[1] = good ? 150 : next_byte(channel->in);
	end = run(t1, card, channel,
		  t1_begin(t1, card->expected, card->expected_len, response, sizeof(response)),
		  shape > 0xF0 ? shape - 0xEFu : 0);
	if (end == T1_DONE) {
		demand(card->executions == 1 && t1->response_len == card->response_len);
		demand(memcmp(response, card->response, card->response_len) == 0);
	}
	demand(end != T1_OVERFLOW);
	demand(end == T1_DONE || !good || (owed && end == T1_ABORTED));
	return end != T1_LOST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct channel channel = { .in = &in };
	struct card card = { .in = &in, .ifsd = T1_INF_DEFAULT };
	struct t1 t1;
	uint8_t number;

	t1_init(&t1, next_byte(&in) % 40 + 1, false);
	for (number = 1; number < EXCHANGES; number++)
		if (!exchange(&t1, &card, &channel, number))
			return 0;
	in.size = 0;
	exchange(&t1, &card, &channel, number);
	demand(card.request.len == 0);
	exchange(&t1, &card, &channel, (uint8_t)(number + 1));
	return 0;
}
