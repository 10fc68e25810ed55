/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STORE DATA (SGP.22, 5.7.2): one ES10 command in as many blocks as its length
 * asks. How long a block may be is for the card's reader or modem to say: it
 * refuses the first block with 6601 or 6700, and shorter ones are tried.
 */
#include "card_internal.h"

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

static int send_block(struct esim_card *card, struct esim_slice data, size_t number,
		      unsigned size, bool wants_answer, struct esim_buf *response, uint16_t *ret_sw,
		      struct esim_error *err)
{
	bool last = number + 1 == block_count(data, size);
	const struct apdu command = {
		.cla = CLA_PROPRIETARY,
		.ins = INS_STORE_DATA,
		.p1 = last ? P1_LAST_BLOCK : P1_MORE_BLOCKS,
		.p2 = (uint8_t)number,
		.data = block_at(data, number * size, size),
		.le = last && wants_answer ? APDU_SHORT_LE : 0,
	};

	card->stats.blocks++;
	return card_exchange(card, card->channel, &command, response, ret_sw,
			     card->apdu_timeout_ms, err);
}

static bool is_refusal(uint16_t sw)
{
	return sw == SW_REFUSED_BY_MODEM || sw == SW_WRONG_LENGTH;
}

/* The first block, shorter and shorter until it is taken. *@size is what was found. */
static int negotiate(struct esim_card *card, struct esim_slice data, unsigned *size,
		     bool wants_answer, struct esim_buf *response, uint16_t *ret_sw,
		     struct esim_error *err)
{
	bool with_le = wants_answer && !card->le_refused;
	bool sent_le = with_le && block_count(data, *size) == 1;
	size_t first = block_at(data, 0, *size).len;
	uint16_t again;
	int r;

	r = send_block(card, data, 0, *size, with_le, response, ret_sw, err);
	/* Some readers take no Le with data: that is cheaper to learn than a size. */
	if (!r && is_refusal(*ret_sw) && sent_le) {
		r = send_block(card, data, 0, *size, false, response, ret_sw, err);
		card->le_refused = !r && card_sw_good(*ret_sw);
	}
	again = r ? 0 : *ret_sw;
	for (size_t i = 0; !r && is_refusal(again) &&
			   i < sizeof(smaller_sizes) / sizeof(smaller_sizes[0]); i++) {
		if (smaller_sizes[i] >= first ||
		    block_count(data, smaller_sizes[i]) > ESIM_MAX_STORE_DATA_BLOCKS)
			continue;
		r = send_block(card, data, 0, smaller_sizes[i], with_le, response, &again, err);
		if (!r && card_sw_good(again)) {
			*size = card->segment_size = smaller_sizes[i];
			*ret_sw = again;
		}
	}
	return r;
}

static int store_data(struct esim_card *card, const char *function, struct esim_slice data,
		      bool wants_answer, struct esim_buf *response, struct esim_error *err)
{
	unsigned size = card->segment_size;
	uint16_t sw = 0;
	int r;

	r = negotiate(card, data, &size, wants_answer, response, &sw, err);
	for (size_t i = 1; !r && i < block_count(data, size); i++) {
		if (!card_sw_good(sw))
			break;
		/* Data before the last block: the eUICC has ended the command by itself. */
		if (response->len > 0)
			return 0;
		r = send_block(card, data, i, size, wants_answer && !card->le_refused, response,
			       &sw, err);
	}
	if (r) {
		esim_error_prefix(err, "%s: ", function);
		if (err)
			snprintf(err->function, sizeof(err->function), "%s", function);
		return r;
	}
	return card_sw_good(sw) ? 0 : refused(function, sw, err);
}

int esim_card_store_data(struct esim_card *card, const char *function, struct esim_slice data,
			 struct esim_buf *response, struct esim_error *err)
{
	struct esim_buf answer = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	int r;

	if (data.len == 0)
		return esim_error_set(err, ESIM_EINVAL, "%s: there is nothing to send", function);
	if (block_count(data, card->segment_size) > ESIM_MAX_STORE_DATA_BLOCKS)
		return esim_error_set(err, ESIM_ETOOBIG,
				      "%s: %zu bytes take more than %d blocks of %u", function,
				      data.len, ESIM_MAX_STORE_DATA_BLOCKS, card->segment_size);
	r = store_data(card, function, data, response != NULL, &answer, err);
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
