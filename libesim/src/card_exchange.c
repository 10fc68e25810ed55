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

/* Where a command goes, and by when its answer must be there. */
struct path {
	struct esim_card *card;
	unsigned channel;
	uint64_t deadline;
};

bool card_sw_good(uint16_t sw)
{
	return sw == SW_OK || SW1(sw) == SW1_PROACTIVE;
}

/* SW2 says how much; zero stands for 256. */
static unsigned sw_length(uint16_t sw)
{
	return (sw & 0xFF) ? sw & 0xFF : APDU_SHORT_LE;
}

static int transmit(const struct path *path, struct esim_slice command, struct esim_buf *raw,
		    struct esim_error *err)
{
	struct esim_card *card = path->card;
	unsigned timeout_ms = (unsigned)deadline_left_ms(path->deadline);
	uint64_t start = monotonic_ns();
	struct esim_apdu_trace trace = { .channel = path->channel, .command = command };

	if (card->owned)
		trace.result = esim_transport_channel_transmit(card->transport, card->handle, command,
							       raw, timeout_ms, err);
	else
		trace.result = esim_transport_transmit(card->transport, command, raw, timeout_ms,
						       err);
	trace.nanoseconds = monotonic_ns() - start;
	card->unreachable = trace.result != 0;
	card->stats.apdus++;
	card->stats.bytes_sent += command.len;
	card->stats.bytes_received += raw->len;
	card->stats.nanoseconds += trace.nanoseconds;
	if (card->trace) {
		trace.response = esim_buf_slice(raw);
		card->trace(card->trace_context, &trace);
	}
	return trace.result;
}

/* One APDU there and one back; the data is appended to @response. */
static int send_one(const struct path *path, const struct apdu *command,
		    struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err)
{
	struct esim_buf bytes = ESIM_BUF_INIT_MAX(ESIM_MAX_COMMAND);
	struct esim_buf raw = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	struct apdu apdu = *command;
	struct esim_slice data;
	int cla, r;

	cla = apdu_class(apdu.cla, path->channel);
	if (cla < 0)
		return esim_error_set(err, ESIM_EINVAL, "class %02X cannot go to channel %u",
				      apdu.cla, path->channel);
	apdu.cla = (uint8_t)cla;
	r = apdu_build(&apdu, &bytes);
	if (r)
		esim_error_set(err, r, "the command APDU cannot be built");
	else
		r = transmit(path, esim_buf_slice(&bytes), &raw, err);
	if (!r && apdu_response(esim_buf_slice(&raw), &data, ret_sw))
		r = esim_error_set(err, ESIM_EPROTO,
				   "the card's answer has %zu bytes, no status word", raw.len);
	if (!r) {
		esim_buf_append_slice(response, data);
		r = esim_buf_failed(response);
		if (r)
			esim_error_set(err, r, "the card's answer is longer than %d bytes",
				       ESIM_MAX_RESPONSE);
	}
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
	struct path path = { .card = card, .channel = channel };
	int r;

	r = follow(&path, command, &answer, ret_sw, timeout_ms, err);
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
