/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One command and all that belongs to it: 6Cxx, 61xx and GET RESPONSE, 91xx (ETSI
 * TS 102 221, 7.3.1.1 and 12.1.1). Nothing else is sent before a chain is at its
 * end, for the card would drop the rest of the answer.
 */
#include "card_internal.h"
#include "deadline.h"

#define INS_GET_RESPONSE 0xC0

#define SW1(sw) ((sw) >> 8)
#define SW1_MORE_DATA 0x61
#define SW1_WRONG_LE 0x6C
#define SW1_PROACTIVE 0x91
#define SW_CLA_NOT_SUPPORTED 0x6E00
#define SW_INS_NOT_SUPPORTED 0x6D00

/* 9000 and 91xx, as one pattern; no card gives the rest of 90xx. */
#define SW_GOOD_WANTED 0x9000
#define SW_GOOD_MASK 0xFE00

/* Where a command goes, and by when its answer must be there. */
struct path {
	struct esim_card *card;
	bool owned;			/* on the transport's channel, not by number */
	unsigned channel;
	uint64_t deadline;
};

static struct path path_of(struct esim_card *card, unsigned channel)
{
	struct path path = { .card = card };

	path.owned = card->owned && channel == CARD_OWN_CHANNEL;
	if (!path.owned)
		path.channel = channel == CARD_OWN_CHANNEL ? card->channel : channel;
	return path;
}

bool card_sw_good(uint16_t sw)
{
	return sw == SW_OK || SW1(sw) == SW1_PROACTIVE;
}

/* SW2 says how much; zero stands for 256. */
static unsigned sw_length(uint16_t sw)
{
	return (sw & 0xFF) ? sw & 0xFF : APDU_SHORT_LE;
}

/* One command that went down, for the statistics and for the tracer. */
static void account(struct esim_card *card, const struct esim_apdu_trace *apdu)
{
	card->stats.apdus++;
	card->stats.bytes_sent += apdu->command.len;
	card->stats.bytes_received += apdu->response.len;
	card->stats.nanoseconds += apdu->nanoseconds;
	if (card->trace)
		card->trace(card->trace_context, apdu);
}

/* Is there a command that failed with @r, which may have reached the card? */
static bool was_sent(int r, const struct esim_error *err)
{
	return r && err->outcome != ESIM_OUTCOME_NEVER_SENT;
}

static int transmit(const struct path *path, struct esim_slice command, struct esim_buf *raw,
		    struct esim_error *err)
{
	struct esim_card *card = path->card;
	unsigned timeout_ms = (unsigned)deadline_left_ms(path->deadline);
	uint64_t start = monotonic_ns();
	struct esim_apdu_trace trace = {
		.channel = path->channel, .command = command, .batch = 1,
	};

	if (path->owned)
		trace.result = esim_transport_channel_transmit(card->transport, card->handle, command,
							       raw, timeout_ms, err);
	else
		trace.result = esim_transport_transmit(card->transport, command, raw, timeout_ms,
						       err);
	trace.nanoseconds = monotonic_ns() - start;
	trace.response = esim_buf_slice(raw);
	card->unreachable = trace.result != 0;
	card->stats.calls++;
	if (!trace.result || was_sent(trace.result, err))
		account(card, &trace);
	return trace.result;
}

/* @apdu's bytes with the channel in the class byte, appended to @bytes. */
static int build(const struct path *path, const struct apdu *command, struct esim_buf *bytes,
		 struct esim_error *err)
{
	struct apdu apdu = *command;
	int cla = apdu_class(apdu.cla, path->channel), r;

	if (cla < 0)
		return esim_error_set(err, ESIM_EINVAL, "class %02X cannot go to channel %u",
				      apdu.cla, path->channel);
	apdu.cla = (uint8_t)cla;
	r = apdu_build(&apdu, bytes);
	return r ? esim_error_set(err, r, "the command APDU cannot be built") : 0;
}

/* Split the answer @raw: its data is appended to @response. */
static int take_answer(struct esim_slice raw, struct esim_buf *response, uint16_t *ret_sw,
		       struct esim_error *err)
{
	struct esim_slice data;
	int r;

	if (apdu_response(raw, &data, ret_sw))
		return esim_error_set(err, ESIM_EPROTO,
				      "the card's answer has %zu bytes, no status word", raw.len);
	esim_buf_append_slice(response, data);
	r = esim_buf_failed(response);
	return r ? esim_error_set(err, r, "the card's answer is longer than %d bytes",
				  ESIM_MAX_RESPONSE) : 0;
}

/* One APDU there and one back; the data is appended to @response. */
static int send_one(const struct path *path, const struct apdu *command,
		    struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err)
{
	struct esim_buf bytes = ESIM_BUF_INIT_MAX(ESIM_MAX_COMMAND);
	struct esim_buf raw = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	int r = build(path, command, &bytes, err);

	if (!r)
		r = transmit(path, esim_buf_slice(&bytes), &raw, err);
	if (!r)
		r = take_answer(esim_buf_slice(&raw), response, ret_sw, err);
	esim_buf_free(&bytes);
	esim_buf_free(&raw);
	return r;
}

/* send_one, and once more where the card knows the Le that it wants. */
static int send_with_le(const struct path *path, struct apdu command, struct esim_buf *response,
			uint16_t *ret_sw, struct esim_error *err)
{
	int r = send_one(path, &command, response, ret_sw, err);

	if (r || SW1(*ret_sw) != SW1_WRONG_LE)
		return r;
	command.le = sw_length(*ret_sw);
	return send_one(path, &command, response, ret_sw, err);
}

/* GET RESPONSE is interindustry; some cards know it only in their own class. */
static int get_response(const struct path *path, unsigned le, struct esim_buf *response,
			uint16_t *ret_sw, struct esim_error *err)
{
	struct esim_card *card = path->card;
	struct apdu command = { card->get_response_class, INS_GET_RESPONSE, .le = le };
	int r = send_with_le(path, command, response, ret_sw, err);

	if (r || command.cla == CLA_PROPRIETARY ||
	    (*ret_sw != SW_CLA_NOT_SUPPORTED && *ret_sw != SW_INS_NOT_SUPPORTED))
		return r;
	command.cla = CLA_PROPRIETARY;
	r = send_with_le(path, command, response, ret_sw, err);
	if (!r && (card_sw_good(*ret_sw) || SW1(*ret_sw) == SW1_MORE_DATA))
		card->get_response_class = CLA_PROPRIETARY;
	return r;
}

/* Le that the transport cannot take with data, and Le that it wants with data. */
static struct apdu adapt(const struct esim_card *card, const struct apdu *command)
{
	struct apdu apdu = *command;

	if (apdu.data.len > 0) {
		if (card->info.features & ESIM_TRANSPORT_NEEDS_LE)
			apdu.le = apdu.le ? apdu.le : APDU_SHORT_LE;
		else if (!(card->info.features & ESIM_TRANSPORT_CASE4))
			apdu.le = 0;
	}
	return apdu;
}

static int follow(struct path *path, const struct apdu *command, struct esim_buf *response,
		  uint16_t *ret_sw, unsigned timeout_ms, struct esim_error *err)
{
	int r;

	path->deadline = deadline_in(timeout_ms);
	r = send_with_le(path, adapt(path->card, command), response, ret_sw, err);
	for (unsigned link = 0; !r && SW1(*ret_sw) == SW1_MORE_DATA; link++) {
		if (link == ESIM_MAX_GET_RESPONSE)
			return esim_error_set(err, ESIM_ETOOBIG,
					      "the card's answer comes in more than %d parts",
					      ESIM_MAX_GET_RESPONSE);
		path->deadline = deadline_in(timeout_ms);
		r = get_response(path, sw_length(*ret_sw), response, ret_sw, err);
	}
	return r;
}

int card_exchange(struct esim_card *card, unsigned channel, const struct apdu *command,
		  struct esim_buf *response, uint16_t *ret_sw, unsigned timeout_ms,
		  struct esim_error *err)
{
	struct esim_buf answer = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	struct path path = path_of(card, channel);
	struct esim_error cause;
	int r;

	/* What became of a command is asked also where the caller has no place for it. */
	esim_error_clear(&cause);
	r = follow(&path, command, &answer, ret_sw, timeout_ms, err ? err : &cause);
	if (!r && SW1(*ret_sw) == SW1_PROACTIVE)
		card->proactive = true;
	if (!r && response) {
		esim_buf_append_slice(response, esim_buf_slice(&answer));
		r = esim_buf_failed(response);
		if (r)
			esim_error_set(err, r, "no room for the card's answer of %zu bytes",
				       answer.len);
	}
	esim_buf_free(&answer);
	return r;
}

/* --- batches ----------------------------------------------------------------------------- */

/* Commands on the card's own channel, as bytes one after the other, and their answers. */
struct exchange_batch {
	struct esim_slice commands[ESIM_MAX_BATCH];
	size_t lengths[ESIM_MAX_BATCH];		/* of the answers */
	size_t count, done;
	struct esim_buf bytes, raw;
};

static int build_batch(const struct path *path, const struct apdu *commands,
		       struct exchange_batch *batch, struct esim_error *err)
{
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; !r && i < batch->count; i++) {
		const struct apdu apdu = adapt(path->card, &commands[i]);

		r = build(path, &apdu, &batch->bytes, err);
		batch->commands[i].len = batch->bytes.len - at;
		at = batch->bytes.len;
	}
	at = 0;
	/* Not before: the bytes move while they grow. */
	for (size_t i = 0; !r && i < batch->count; i++) {
		batch->commands[i].data = batch->bytes.data + at;
		at += batch->commands[i].len;
	}
	return r;
}

/* Each command has its share of the time: how much each took, the transport does not tell. */
static void account_batch(struct esim_card *card, const struct exchange_batch *batch, int r,
			  const struct esim_error *err, uint64_t nanoseconds)
{
	const size_t sent = batch->done + (was_sent(r, err) ? 1 : 0);
	size_t at = 0;

	card->stats.calls++;
	for (size_t i = 0; i < sent; i++) {
		const size_t length = i < batch->done ? batch->lengths[i] : 0;

		account(card, &(struct esim_apdu_trace){
			.command = batch->commands[i],
			.response = esim_slice(batch->raw.data + at, length),
			.result = i < batch->done ? 0 : r,
			.nanoseconds = nanoseconds / sent + (i == 0 ? nanoseconds % sent : 0),
			.batch = (unsigned)sent,
		});
		at += length;
	}
}

static int transmit_batch(struct esim_card *card, struct exchange_batch *batch,
			  struct esim_error *err)
{
	const struct esim_transport_batch down = {
		.commands = batch->commands,
		.count = batch->count,
		.sw_wanted = SW_GOOD_WANTED,
		.sw_mask = SW_GOOD_MASK,
		.stop_on_data = true,
		.timeout_ms = card->apdu_timeout_ms,
	};
	const uint64_t start = monotonic_ns();
	int r = esim_transport_channel_transmit_batch(card->transport, card->handle, &down, &batch->raw,
						      batch->lengths, &batch->done, err);

	card->unreachable = r != 0;
	account_batch(card, batch, r, err, monotonic_ns() - start);
	return r;
}

/* The answers up to the first that ends the row; *@ret_sw is the last one's status word. */
static int take_answers(struct esim_card *card, struct exchange_batch *batch,
			struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err)
{
	const size_t before = response->len;
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; !r && i < batch->done; i++) {
		r = take_answer(esim_slice(batch->raw.data + at, batch->lengths[i]), response, ret_sw,
				err);
		at += batch->lengths[i];
		if (!r && SW1(*ret_sw) == SW1_PROACTIVE)
			card->proactive = true;
		if (!r && (!card_sw_good(*ret_sw) || response->len > before))
			batch->done = i + 1;
	}
	return r;
}

size_t card_batch_limit(const struct esim_card *card)
{
	return card->owned && card->info.max_batch > 1 ? card->info.max_batch : 1;
}

int card_exchange_all(struct esim_card *card, const struct apdu *commands, size_t *count,
		      struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err)
{
	const struct path path = path_of(card, CARD_OWN_CHANNEL);
	struct exchange_batch batch = {
		.count = *count,
		.bytes = ESIM_BUF_INIT_MAX(ESIM_MAX_BATCH_BYTES),
		.raw = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE),
	};
	int r, failed;

	if (*count == 1) {
		r = card_exchange(card, CARD_OWN_CHANNEL, commands, response, ret_sw,
				  card->apdu_timeout_ms, err);
		*count = r ? 0 : 1;
		return r;
	}
	r = build_batch(&path, commands, &batch, err);
	if (!r) {
		r = transmit_batch(card, &batch, err);
		failed = take_answers(card, &batch, response, ret_sw, r ? NULL : err);
		r = r ? r : failed;
	}
	*count = batch.done;
	esim_buf_free(&batch.bytes);
	esim_buf_free(&batch.raw);
	return r;
}
