/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STORE DATA (SGP.22, 5.7.2): one ES10 command in as many blocks as its length
 * asks. How long a block may be is for the card's reader or modem to say: it
 * refuses the first block with 6601 or 6700, and shorter ones are tried.
 */
#include "card_internal.h"

#include <esim/modem.h>

#include <stdio.h>

#define P1_MORE_BLOCKS 0x11
#define P1_LAST_BLOCK 0x91

#define SW_REFUSED_BY_MODEM 0x6601
#define SW_WRONG_LENGTH 0x6700

/* Sizes that are tried after a refusal, each in use by some modem's limit. */
static const unsigned smaller_sizes[] = { 240, 128, 120, 64 };

static const struct {
	uint16_t sw;
	const char *advice;
} advices[] = {
	{ 0x6881, "The channel is gone: reset the card or connect anew." },
	{ 0x6985, "The card refuses this in its present state: reset it and try again." },
	{ 0x6A80, "The card refuses the contents: a trace shows the exchange." },
	{ 0x6A84, "Delete a profile to make room." },
	{ 0x6A88, "The card does not have what was asked for." },
	{ 0x6D00, "The selected application knows no STORE DATA: is this an eUICC?" },
	{ 0x6E00, "The selected application knows no STORE DATA: is this an eUICC?" },
	{ 0x9300, "Wait until the card's toolkit is idle, or reset the card." },
};

static int refused(const char *function, uint16_t sw, struct esim_error *err)
{
	int r = esim_error_sw(err, function, sw);

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].sw == sw)
			esim_error_advise(err, "%s", advices[i].advice);
	return r;
}

/* The block of @data that starts at @at. */
static struct esim_slice block_at(struct esim_slice data, size_t at, unsigned size)
{
	size_t left = data.len - at;

	return esim_slice(data.data + at, left < size ? left : size);
}

static size_t block_count(struct esim_slice data, unsigned size)
{
	return (data.len + size - 1) / size;
}

/* A row of commands, and the block that goes next. */
struct row {
	struct esim_card *card;
	const char *function;
	const struct esim_slice *commands;
	size_t count;
	bool wants_answer;
	size_t command, block;
	void (*progress)(void *context, size_t done);
	void *context;
};

static bool is_last_block(struct esim_slice data, size_t number, unsigned size)
{
	return number + 1 == block_count(data, size);
}

static struct apdu make_block(const struct row *row, size_t command, size_t number, unsigned size,
			      bool with_le)
{
	const struct esim_slice data = row->commands[command];
	const bool last = is_last_block(data, number, size);

	return (struct apdu){
		.cla = CLA_PROPRIETARY,
		.ins = INS_STORE_DATA,
		.p1 = last ? P1_LAST_BLOCK : P1_MORE_BLOCKS,
		.p2 = (uint8_t)number,
		.data = block_at(data, number * size, size),
		.le = last && with_le ? APDU_SHORT_LE : 0,
	};
}

static bool wants_le(const struct row *row)
{
	return row->wants_answer && !row->card->le_refused;
}

static bool is_refusal(uint16_t sw)
{
	return sw == SW_REFUSED_BY_MODEM || sw == SW_WRONG_LENGTH;
}

/* --- the size of a block --------------------------------------------------------------------- */

/* The first block of the command again, in another form. */
static int try_first_block(const struct row *row, unsigned size, bool with_le,
			   struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err)
{
	struct esim_card *card = row->card;
	const struct apdu command = make_block(row, row->command, 0, size, with_le);

	card->stats.blocks++;
	return card_exchange(card, CARD_OWN_CHANNEL, &command, response, ret_sw,
			     card->apdu_timeout_ms, err);
}

/* Some modems take no command without Le, whether or not there is an answer; the size is not what they refuse. */
static int try_with_le_always(const struct row *row, struct esim_buf *response, uint16_t *sw, struct esim_error *err)
{
	struct esim_card *card = row->card;
	int r;

	card->info.features |= ESIM_TRANSPORT_NEEDS_LE;
	r = try_first_block(row, card->segment_size, wants_le(row), response, sw, err);
	if (r || !card_sw_good(*sw))
		card->info.features &= ~(unsigned)ESIM_TRANSPORT_NEEDS_LE;
	return r;
}

/*
 * The first block was refused with *@sw: shorter and shorter until it is taken. The size found
 * stays in force; where there is none, *@sw stays the refusal.
 */
static int negotiate(const struct row *row, struct esim_buf *response, uint16_t *sw,
		     struct esim_error *err)
{
	const struct esim_slice data = row->commands[row->command];
	struct esim_card *card = row->card;
	const size_t first = block_at(data, 0, card->segment_size).len;
	const bool with_le = wants_le(row);
	uint16_t again;
	int r = 0;

	/* Some readers take no Le with data: that is cheaper to learn than a size. */
	if (with_le && is_last_block(data, 0, card->segment_size)) {
		r = try_first_block(row, card->segment_size, false, response, sw, err);
		card->le_refused = !r && card_sw_good(*sw);
	} else if (*sw == SW_WRONG_LENGTH && !(card->info.features & ESIM_TRANSPORT_NEEDS_LE) &&
		   esim_transport_is_modem(card->transport)) {
		r = try_with_le_always(row, response, sw, err);
	}
	again = r ? 0 : *sw;
	for (size_t i = 0; !r && is_refusal(again) &&
			   i < sizeof(smaller_sizes) / sizeof(smaller_sizes[0]); i++) {
		if (smaller_sizes[i] >= first ||
		    block_count(data, smaller_sizes[i]) > ESIM_MAX_STORE_DATA_BLOCKS)
			continue;
		r = try_first_block(row, smaller_sizes[i], with_le, response, &again, err);
		if (!r && card_sw_good(again)) {
			card->segment_size = smaller_sizes[i];
			*sw = again;
		}
	}
	return r;
}

/* --- the row ------------------------------------------------------------------------------------ */

static bool too_many_blocks(const struct row *row, size_t command)
{
	return block_count(row->commands[command], row->card->segment_size) >
	       ESIM_MAX_STORE_DATA_BLOCKS;
}

/* The blocks that go next, as many as fit into a batch. */
static size_t gather(const struct row *row, struct apdu blocks[static ESIM_MAX_BATCH])
{
	const unsigned size = row->card->segment_size;
	size_t limit = card_batch_limit(row->card), count = 0, number = row->block;

	if (limit > ESIM_MAX_BATCH)
		limit = ESIM_MAX_BATCH;
	for (size_t i = row->command; i < row->count && !too_many_blocks(row, i); i++, number = 0)
		for (; number < block_count(row->commands[i], size); number++) {
			if (count == limit)
				return count;
			blocks[count++] = make_block(row, i, number, size, wants_le(row));
		}
	return count;
}

static void end_command(struct row *row)
{
	row->command++;
	row->block = 0;
	if (row->progress)
		row->progress(row->context, row->command);
}

/* @taken blocks further. */
static void advance(struct row *row, size_t taken)
{
	const unsigned size = row->card->segment_size;

	for (; taken > 0; taken--) {
		if (is_last_block(row->commands[row->command], row->block, size))
			end_command(row);
		else
			row->block++;
	}
}

/* One batch, or one block, and what follows from its end. */
static int send_next(struct row *row, struct esim_buf *response, struct esim_error *err)
{
	struct apdu blocks[ESIM_MAX_BATCH];
	size_t count = gather(row, blocks);
	uint16_t sw = SW_OK;
	int r;

	if (count == 0)
		return esim_error_set(err, ESIM_ETOOBIG, "%zu bytes take more than %d blocks of %u",
				      row->commands[row->command].len, ESIM_MAX_STORE_DATA_BLOCKS,
				      row->card->segment_size);
	r = card_exchange_all(row->card, blocks, &count, response, &sw, err);
	row->card->stats.blocks += count + (r && err->outcome != ESIM_OUTCOME_NEVER_SENT ? 1 : 0);
	advance(row, count > 0 && !card_sw_good(sw) ? count - 1 : count);
	if (!r && is_refusal(sw) && row->block == 0) {
		r = negotiate(row, response, &sw, err);
		if (!r && card_sw_good(sw))
			advance(row, 1);
	}
	if (r || !card_sw_good(sw))
		return r ? r : refused(row->function, sw, err);
	/* Data before the last block: the eUICC has ended the command by itself. */
	if (response->len > 0 && row->block > 0)
		end_command(row);
	return 0;
}

static int send_row(struct row *row, struct esim_buf *response, struct esim_error *err)
{
	int r = 0;

	while (!r && row->command < row->count && response->len == 0)
		r = send_next(row, response, err);
	if (r && r != ESIM_ESW) {
		esim_error_prefix(err, "%s: ", row->function);
		snprintf(err->function, sizeof(err->function), "%s", row->function);
	}
	return r;
}

static int check_row(const struct row *row, struct esim_error *err)
{
	for (size_t i = 0; i < row->count; i++) {
		if (row->commands[i].len == 0)
			return esim_error_set(err, ESIM_EINVAL, "%s: there is nothing to send",
					      row->function);
		if (too_many_blocks(row, i))
			return esim_error_set(err, ESIM_ETOOBIG,
					      "%s: %zu bytes take more than %d blocks of %u",
					      row->function, row->commands[i].len,
					      ESIM_MAX_STORE_DATA_BLOCKS, row->card->segment_size);
	}
	return 0;
}

int esim_card_store_data_all(struct esim_card *card, const char *function,
			     const struct esim_slice *commands, size_t count,
			     struct esim_buf *response, size_t *ret_done,
			     void (*progress)(void *context, size_t done), void *context,
			     struct esim_error *err)
{
	struct esim_buf answer = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	struct row row = {
		.card = card, .function = function, .commands = commands, .count = count,
		.wants_answer = response != NULL, .progress = progress, .context = context,
	};
	struct esim_error cause;
	int r;

	if (!err)
		err = &cause;
	*ret_done = 0;
	r = check_row(&row, err);
	if (r)
		return r;
	r = send_row(&row, &answer, err);
	*ret_done = row.command;
	if (!r && !response && answer.len > 0)
		r = esim_error_set(err, ESIM_EPROTO,
				   "%s: the card answered with %zu bytes where none belong", function,
				   answer.len);
	if (!r && response) {
		esim_buf_append_slice(response, esim_buf_slice(&answer));
		r = esim_buf_failed(response);
		if (r)
			esim_error_set(err, r, "%s: no room for the answer", function);
	}
	esim_buf_free(&answer);
	return r;
}

int esim_card_store_data(struct esim_card *card, const char *function, struct esim_slice data,
			 struct esim_buf *response, struct esim_error *err)
{
	size_t done;

	return esim_card_store_data_all(card, function, &data, 1, response, &done, NULL, NULL, err);
}
