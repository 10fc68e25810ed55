/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * T=1 before a hostile card: whatever comes, every exchange ends within a bound, what goes out is
 * well-formed, and nothing is written beyond the room.
 *
 * Input: three bytes that shape the session, then what the card sends, each a byte that says how
 * and the bytes that it takes. What the card sent last it says for ever after the input's end.
 */
#include "t1.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXCHANGES	4
#define COMMAND_MAX	600
#define RESPONSE_ROOM	700
/*
 * A card may make progress as often as there are bytes, and as the engine's limits let it; each step
 * of it may need all tries.
 */
#define STEPS_MAX	(T1_TRIES * (2 * COMMAND_MAX + T1_RESPONSE_MAX + T1_WTX_MAX + 1000))

struct card {
	const uint8_t *data;
	size_t size;
	uint8_t block[T1_BLOCK_MAX + 40];
	size_t len;
};

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static uint8_t next_byte(struct card *card)
{
	if (card->size == 0)
		return 0;
	card->size--;
	return *card->data++;
}

/* The check bytes, worked out by dividing bit by bit: not as the engine does it. */
static size_t edc(const uint8_t *block, size_t len, bool crc, uint8_t *out)
{
	unsigned remainder = 0xFFFF;

	out[0] = 0;
	for (size_t i = 0; !crc && i < len; i++)
		out[0] ^= block[i];
	if (!crc)
		return 1;
	for (size_t i = 0; i < len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			unsigned out_bit = (remainder ^ (unsigned)block[i] >> bit) & 1;

			remainder = remainder >> 1 ^ (out_bit ? 0x8408 : 0);
		}
	out[0] = (uint8_t)(remainder >> 8);
	out[1] = (uint8_t)remainder;
	return 2;
}

/*
 * 0: nothing in time. Else up to 40 bytes, as they are or with right check bytes behind them; or PCB
 * and information with all else right.
 */
static void make_block(struct card *card, bool crc)
{
	uint8_t how;

	if (card->size == 0)
		return;
	how = next_byte(card);
	card->len = 0;
	if (how == 0)
		return;
	if (how & 0x80) {
		card->len = (how & 0x3F) % 40;
		for (size_t i = 0; i < card->len; i++)
			card->block[i] = next_byte(card);
		if (how & 0x40)
			card->len += edc(card->block, card->len, crc, card->block + card->len);
		return;
	}
	card->block[0] = 0;
	card->block[1] = next_byte(card);
	/* Few bytes of input for long blocks: those of a response may all be the same. */
	card->block[2] = how & 0x40 ? next_byte(card) : (how - 1) & 0x0F;
	for (size_t i = 0; i < card->block[2]; i++)
		card->block[3 + i] = how & 0x40 ? 0x5A : next_byte(card);
	card->len = 3u + card->block[2];
	card->len += edc(card->block, card->len, crc, card->block + card->len);
}

static void check_block(const struct t1 *t1)
{
	uint8_t expected[2];
	size_t edc_len = t1->crc ? 2 : 1;

	demand(t1->block_len >= 3 + edc_len && t1->block_len <= T1_BLOCK_MAX);
	demand(t1->block_len == 3 + t1->block[2] + edc_len);
	edc(t1->block, t1->block_len - edc_len, t1->crc, expected);
	demand(memcmp(expected, t1->block + t1->block_len - edc_len, edc_len) == 0);
	demand(t1->wait >= 1 && t1->wait <= 255);
	demand(t1->ifsc >= 1 && t1->ifsc <= T1_INF_MAX && t1->why);
}

static enum t1_next run(struct t1 *t1, struct card *card, enum t1_next next, uint8_t patience)
{
	/* Exactly as long as it is, where the sanitizer sees who reads beyond. */
	uint8_t *copy;
	size_t steps;

	for (steps = 0; next == T1_SEND; steps++) {
		demand(steps < STEPS_MAX);
		check_block(t1);
		if (patience && steps == patience)
			return T1_SEND;
		make_block(card, t1->crc);
		copy = malloc(card->len + !card->len);
		demand(copy != NULL);
		memcpy(copy, card->block, card->len);
		next = t1_take(t1, copy, card->len);
		free(copy);
	}
	return next;
}

static void exchange(struct t1 *t1, struct card *card)
{
	static const uint8_t command[COMMAND_MAX] = { 0x00, 0xA4 };
	const uint8_t shape = next_byte(card), patience = shape & 0x80 ? next_byte(card) : 0;
	const size_t len = (size_t)next_byte(card) * 2, room = (size_t)(shape & 0x3F) * 11;
	uint8_t *response = malloc(room + !room);
	bool dead = t1->state == T1_DEAD;
	enum t1_next end;

	demand(response != NULL);
	if (shape & 0x40)
		end = run(t1, card, t1_announce_ifsd(t1, (uint8_t)(len % T1_INF_MAX + 1)), patience);
	else
		end = run(t1, card, t1_begin(t1, command, len, response, room), patience);
	demand(!dead || end == T1_LOST);
	demand((end == T1_LOST) == (t1->state == T1_DEAD));
	demand((end == T1_SEND) == (t1->state != T1_AT_REST && t1->state != T1_DEAD));
	if (!(shape & 0x40)) {
		demand(end != T1_DONE || t1->response_len <= room);
		demand(end != T1_OVERFLOW || t1->response_len > room);
		demand(t1->response_len <= T1_RESPONSE_MAX + T1_INF_MAX);
	} else {
		demand(end != T1_OVERFLOW);
	}
	free(response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct card card = { .data = data, .size = size };
	struct t1 t1;

	t1_init(&t1, (uint8_t)(next_byte(&card) % T1_INF_MAX + 1), next_byte(&card) & 1);
	for (unsigned i = 0; i < EXCHANGES; i++)
		exchange(&t1, &card);
	return 0;
}
