/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card: from a transport to the selected ISD-R, and back after a reset or a
 * REFRESH; see esim/card.h.
 */
#include "card_internal.h"

#include <esim/tlv.h>

#include <stdlib.h>
#include <string.h>

#define DEFAULT_SEGMENT_SIZE 255
#define CLOSE_TIMEOUT_MS 5000
#define DEFAULT_LPA_SUPPORT 0x07	/* LUId, LPDd, LDSd */

#define INS_SELECT 0xA4
#define INS_MANAGE_CHANNEL 0x70
#define INS_TERMINAL_CAPABILITY 0xAA
#define SELECT_BY_ID 0x00
#define SELECT_BY_AID 0x04
#define SELECT_RETURN_FCI 0x00
#define SELECT_RETURN_FCP 0x04
#define CHANNEL_OPEN 0x00
#define CHANNEL_CLOSE 0x80

#define TAG_FCP 0x62
#define TAG_FCP_PROPRIETARY 0xA5
#define TAG_SUPPORTED_COMMANDS 0x87
#define TERMINAL_CAPABILITY_SUPPORTED 0x01
#define TAG_TERMINAL_CAPABILITY 0xA9
#define TAG_EXTENDED_CHANNELS 0x81
#define TAG_EUICC_CAPABILITIES 0x83

static const struct esim_aid isdr_aids[] = {
	{ { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
	    0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 }, 16 },	/* SGP.02, 2.2.3 */
	{ { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
	    0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x05, 0x05, 0x00 }, 16 },	/* 5ber */
};

const struct esim_aid *esim_isdr_aids(size_t *ret_count)
{
	*ret_count = sizeof(isdr_aids) / sizeof(isdr_aids[0]);
	return isdr_aids;
}

static bool is_raw(const struct esim_card *card)
{
	return card->info.features & ESIM_TRANSPORT_RAW;
}

/* --- the activation: TERMINAL CAPABILITY ------------------------------------------- */

/* Does the MF's FCP say that the card knows TERMINAL CAPABILITY (TS 102 221, 11.1.1.4.6.8)? */
static bool wants_terminal_capability(struct esim_slice fcp)
{
	struct esim_tlv tlv;

	return esim_tlv_find(fcp, TAG_FCP, &tlv) == 1 &&
	       esim_tlv_find(tlv.value, TAG_FCP_PROPRIETARY, &tlv) == 1 &&
	       esim_tlv_find(tlv.value, TAG_SUPPORTED_COMMANDS, &tlv) == 1 &&
	       tlv.value.len > 0 && (tlv.value.data[0] & TERMINAL_CAPABILITY_SUPPORTED);
}

/* What this terminal is, once per activation; the card's answer does not matter. */
static int send_terminal_capability(struct esim_card *card, struct esim_error *err)
{
	struct esim_buf data = ESIM_BUF_INIT;
	struct apdu command = { CLA_PROPRIETARY, INS_TERMINAL_CAPABILITY, 0, 0, .le = 0 };
	size_t mark;
	uint16_t sw;
	int r;

	mark = esim_tlv_begin(&data, TAG_TERMINAL_CAPABILITY);
	esim_tlv_put(&data, TAG_EXTENDED_CHANNELS, NULL, 0);
	esim_tlv_put(&data, TAG_EUICC_CAPABILITIES, &card->lpa_support, 1);
	esim_tlv_end(&data, mark);
	r = esim_buf_failed(&data);
	command.data = esim_buf_slice(&data);
	if (r)
		esim_error_set(err, r, "out of memory");
	else
		r = card_exchange(card, 0, &command, NULL, &sw, card->apdu_timeout_ms, err);
	esim_buf_free(&data);
	return r;
}

static int activate(struct esim_card *card, struct esim_error *err)
{
	static const uint8_t mf[] = { 0x3F, 0x00 };
	const struct apdu select = {
		CLA_INTERINDUSTRY, INS_SELECT, SELECT_BY_ID, SELECT_RETURN_FCP,
		{ mf, sizeof(mf) }, APDU_SHORT_LE,
	};
	struct esim_buf fcp = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	uint16_t sw;
	int r;

	r = card_exchange(card, 0, &select, &fcp, &sw, card->apdu_timeout_ms, err);
	if (!r && card_sw_good(sw) && wants_terminal_capability(esim_buf_slice(&fcp)))
		r = send_terminal_capability(card, err);
	esim_buf_free(&fcp);
	return r;
}

/* --- channels -------------------------------------------------------------------------- */

static int open_channel(struct esim_card *card, struct esim_error *err)
{
	const struct apdu command = {
		CLA_INTERINDUSTRY, INS_MANAGE_CHANNEL, CHANNEL_OPEN, 0, .le = 1,
	};
	struct esim_buf answer = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	unsigned channel = 0;
	uint16_t sw;
	int r;

	r = card_exchange(card, 0, &command, &answer, &sw, card->apdu_timeout_ms, err);
	if (!r && !card_sw_good(sw)) {
		r = esim_error_sw(err, "MANAGE CHANNEL", sw);
		esim_error_advise(err, "No logical channel is free: reset the card, or use its basic "
				       "channel (?channel=basic).");
	} else if (!r) {
		channel = answer.len == 1 ? answer.data[0] : 0;
		if (channel == 0 || channel > ESIM_MAX_CHANNEL)
			r = esim_error_set(err, ESIM_EPROTO,
					   "MANAGE CHANNEL: the card answered no channel number");
	}
	esim_buf_free(&answer);
	if (r)
		return r;
	card->channel = channel;
	card->channel_open = true;
	return 0;
}

/* Leaked channels exhaust a modem: closed on every way out where the card still answers. */
static void close_channel(struct esim_card *card)
{
	const struct apdu command = {
		CLA_INTERINDUSTRY, INS_MANAGE_CHANNEL, CHANNEL_CLOSE, (uint8_t)card->channel, .le = 0,
	};
	uint16_t sw;

	if (!card->channel_open)
		return;
	card->channel_open = false;
	if (card->owned)
		esim_transport_channel_close(card->transport, card->handle);
	else if (!card->unreachable)
		card_exchange(card, 0, &command, NULL, &sw, CLOSE_TIMEOUT_MS, NULL);
	card->channel = 0;
}

/* --- selection ---------------------------------------------------------------------------- */

static bool same_aid(const struct esim_aid *a, const struct esim_aid *b)
{
	return esim_slice_equal(esim_slice(a->bytes, a->len), esim_slice(b->bytes, b->len));
}

/* SELECT on the card's channel. ESIM_ESW: the card does not have it. */
static int select_raw(struct esim_card *card, const struct esim_aid *aid, struct esim_error *err)
{
	const struct apdu command = {
		CLA_INTERINDUSTRY, INS_SELECT, SELECT_BY_AID, SELECT_RETURN_FCI,
		{ aid->bytes, aid->len }, APDU_SHORT_LE,
	};
	uint16_t sw;
	int r;

	r = card_exchange(card, CARD_OWN_CHANNEL, &command, NULL, &sw, card->apdu_timeout_ms, err);
	if (r)
		return r;
	return card_sw_good(sw) ? 0 : esim_error_sw(err, "SELECT ISD-R", sw);
}

static int select_owned(struct esim_card *card, const struct esim_aid *aid, struct esim_error *err)
{
	struct esim_buf fci = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	int r;

	close_channel(card);
	r = esim_transport_channel_open(card->transport, card->port,
					esim_slice(aid->bytes, aid->len), SELECT_RETURN_FCI,
					&card->handle, &fci, card->apdu_timeout_ms, err);
	card->channel_open = r == 0;
	esim_buf_free(&fci);
	return r;
}

static int select_one(struct esim_card *card, const struct esim_aid *aid, struct esim_error *err)
{
	int r = card->owned ? select_owned(card, aid, err) : select_raw(card, aid, err);

	if (r)
		return r;
	card->aid = *aid;
	return 0;
}

static int no_isdr(uint16_t sw, struct esim_error *err)
{
	esim_error_set(err, ESIM_ENOENT, "the card has no ISD-R: it is no eUICC");
	if (err)
		err->sw = sw;
	esim_error_advise(err, "Some eUICCs use an AID of their own.");
	return ESIM_ENOENT;
}

/* The AID that answered before goes first; then the list. */
static int select_isdr(struct esim_card *card, struct esim_error *err)
{
	struct esim_error cause;
	int r = ESIM_ESW;

	esim_error_clear(&cause);
	if (card->aid.len > 0)
		r = select_one(card, &card->aid, &cause);
	for (size_t i = 0; i < card->aid_count && (r == ESIM_ESW || r == ESIM_ENOENT); i++)
		if (!same_aid(&card->aids[i], &card->aid))
			r = select_one(card, &card->aids[i], &cause);
	if (r == ESIM_ESW || r == ESIM_ENOENT)
		return no_isdr(cause.sw, err);
	if (r && err)
		*err = cause;
	return r;
}

/* A channel of our own and the ISD-R on it, on a card that was just activated. */
static int attach(struct esim_card *card, struct esim_error *err)
{
	int r = 0;

	if (!card->owned)
		r = activate(card, err);
	if (!r && !card->owned && !card->basic_channel)
		r = open_channel(card, err);
	return r ? r : select_isdr(card, err);
}

/* --- life ------------------------------------------------------------------------------------ */

static int take_options(struct esim_card *card, const struct esim_card_options *options,
			struct esim_error *err)
{
	const struct esim_aid *aids = options->aids;
	size_t count = options->aid_count;

	if (!aids)
		aids = esim_isdr_aids(&count);
	if (count == 0 || count > ESIM_MAX_ISDR_AIDS)
		return esim_error_set(err, ESIM_EINVAL, "the list of ISD-R AIDs takes 1 to %d",
				      ESIM_MAX_ISDR_AIDS);
	for (size_t i = 0; i < count; i++)
		if (aids[i].len < 5 || aids[i].len > ESIM_MAX_AID)
			return esim_error_set(err, ESIM_EINVAL, "an AID has 5 to %d bytes",
					      ESIM_MAX_AID);
	if (options->segment_size > APDU_SHORT_DATA)
		return esim_error_set(err, ESIM_EINVAL, "a STORE DATA block takes at most %d bytes",
				      APDU_SHORT_DATA);
	memcpy(card->aids, aids, count * sizeof(*aids));
	card->aid_count = count;
	card->basic_channel = options->basic_channel;
	card->port = options->port;
	card->segment_size = options->segment_size ? options->segment_size : DEFAULT_SEGMENT_SIZE;
	card->usual_timeout_ms = options->apdu_timeout_ms ? options->apdu_timeout_ms :
							    ESIM_DEFAULT_APDU_TIMEOUT_MS;
	card->apdu_timeout_ms = card->usual_timeout_ms;
	card->lpa_support = options->lpa_support ? options->lpa_support : DEFAULT_LPA_SUPPORT;
	card->trace = options->trace;
	card->trace_context = options->trace_context;
	return 0;
}

static int take_transport(struct esim_card *card, struct esim_error *err)
{
	esim_transport_describe(card->transport, &card->info);
	card->owned = (card->info.features & ESIM_TRANSPORT_OWNED) &&
		      !(card->basic_channel && is_raw(card));
	if (!card->owned && !is_raw(card))
		return esim_error_set(err, ESIM_ENOTSUP, "the transport gives no access to the card");
	if (card->owned && card->basic_channel)
		return esim_error_set(err, ESIM_ENOTSUP,
				      "%s: this transport does not give the basic channel",
				      card->info.scheme);
	if (card->info.max_data && card->info.max_data < card->segment_size)
		card->segment_size = card->info.max_data;
	return 0;
}

int esim_card_open(struct esim_transport *transport, const struct esim_card_options *options,
		   struct esim_card **ret, struct esim_error *err)
{
	static const struct esim_card_options defaults;
	struct esim_card *card = calloc(1, sizeof(*card));
	int r;

	if (!card) {
		esim_transport_free(&transport);
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	}
	if (!options)
		options = &defaults;
	card->transport = transport;
	card->get_response_class = CLA_INTERINDUSTRY;
	esim_transport_set_cancel(transport, options->cancel);
	r = take_options(card, options, err);
	if (!r)
		r = take_transport(card, err);
	if (!r)
		r = attach(card, err);
	if (r) {
		esim_card_free(&card);
		return r;
	}
	*ret = card;
	return 0;
}

void esim_card_free(struct esim_card **card)
{
	if (!card || !*card)
		return;
	/* A cancelled caller still leaves the card in order. */
	esim_transport_set_cancel((*card)->transport, NULL);
	close_channel(*card);
	esim_transport_free(&(*card)->transport);
	free(*card);
	*card = NULL;
}

int esim_card_reset(struct esim_card *card, struct esim_error *err)
{
	int r = esim_transport_reset(card->transport, ESIM_RESET_ANY, err);

	if (r)
		return r;
	/* The reset closed all channels; an owned handle is the transport's to forget. */
	card->channel_open = false;
	card->channel = 0;
	card->proactive = false;
	card->unreachable = false;
	esim_transport_describe(card->transport, &card->info);
	return attach(card, err);
}

int esim_card_reselect(struct esim_card *card, struct esim_error *err)
{
	struct esim_error cause;
	int r;

	if (!card->owned) {
		r = select_one(card, &card->aid, &cause);
		if (r && r != ESIM_ESW && err)
			*err = cause;
		if (r != ESIM_ESW)
			return r;
	}
	close_channel(card);
	return attach(card, err);
}

/* --- what it tells ------------------------------------------------------------------------------ */

const struct esim_aid *esim_card_aid(const struct esim_card *card)
{
	return &card->aid;
}

unsigned esim_card_channel(const struct esim_card *card)
{
	return card->channel;
}

unsigned esim_card_segment_size(const struct esim_card *card)
{
	return card->segment_size;
}

struct esim_transport *esim_card_transport(struct esim_card *card)
{
	return card->transport;
}

void esim_card_stats(const struct esim_card *card, struct esim_card_stats *ret)
{
	*ret = card->stats;
}

bool esim_card_proactive(struct esim_card *card)
{
	bool pending = card->proactive;

	card->proactive = false;
	return pending;
}

void esim_card_set_timeout(struct esim_card *card, unsigned milliseconds)
{
	card->apdu_timeout_ms = milliseconds ? milliseconds : card->usual_timeout_ms;
}

void esim_card_set_cancel(struct esim_card *card, const struct esim_cancel *cancel)
{
	esim_transport_set_cancel(card->transport, cancel);
}

/* --- for tools ------------------------------------------------------------------------------------- */

static int transmit_on(struct esim_card *card, unsigned channel, struct esim_slice command,
		       struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err)
{
	struct apdu apdu;

	if (apdu_parse(command, &apdu))
		return esim_error_set(err, ESIM_EINVAL,
				      "the %zu bytes are no command APDU: their lengths do not add up",
				      command.len);
	return card_exchange(card, channel, &apdu, response, ret_sw, card->apdu_timeout_ms, err);
}

int esim_card_transmit(struct esim_card *card, struct esim_slice command,
		       struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err)
{
	return transmit_on(card, CARD_OWN_CHANNEL, command, response, ret_sw, err);
}

int esim_card_transmit_basic(struct esim_card *card, struct esim_slice command,
			     struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err)
{
	if (!is_raw(card))
		return esim_error_set(err, ESIM_ENOTSUP,
				      "%s: this transport does not give the basic channel",
				      card->info.scheme);
	return transmit_on(card, 0, command, response, ret_sw, err);
}
