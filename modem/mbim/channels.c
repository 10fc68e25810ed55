/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channels of ours in the modem. Each is opened under a channel group of its own, so that one whose opening had no end
 * that we saw can be closed all the same; and noted in the journal before the modem hears of it.
 */
#include "adapt.h"
#include "answers.h"

#include "libesim/src/deadline.h"
#include "modem/common/apdu_policy.h"

#define GROUP_BASE 0x45530000u		/* "ES": ModemManager and others use small numbers */

static uint32_t group_of(unsigned index)
{
	return GROUP_BASE + index + 1;
}

/* --- closing -------------------------------------------------------------------------------------------- */

/* @channel 0: what is open under @group. What is open no more counts as closed. */
static int close_in_modem(struct mbim *mbim, uint32_t channel, uint32_t group, unsigned timeout_ms,
			  struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r = mbim_exchange(mbim, "close channel", mbim_close_channel_request(channel, group), timeout_ms, &answer, err);

	if (r)
		return r;
	r = mbim_answer_close_channel(answer, err);
	mbim_message_unref(answer);
	return r == ESIM_ESTALE ? 0 : r;
}

/* A cancelled caller still leaves the modem in order. */
static int close_quietly(struct mbim *mbim, uint32_t channel, uint32_t group, unsigned timeout_ms)
{
	const struct esim_cancel *cancel = mbim->call.cancel;
	int r;

	mbim->call.cancel = NULL;
	r = close_in_modem(mbim, channel, group, timeout_ms, NULL);
	mbim->call.cancel = cancel;
	return r;
}

static void resolve(struct mbim *mbim, unsigned timeout_ms)
{
	if (!mbim->unresolved || mbim->quirks.no_group_close)
		return;
	if (close_quietly(mbim, 0, mbim->unresolved, timeout_ms))
		return;
	mbim->unresolved = 0;
	journal_closed(mbim->journal, JOURNAL_PENDING);
}

static void close_one(struct mbim *mbim, struct modem_channel *channel, unsigned timeout_ms)
{
	channel->open = false;
	if (close_quietly(mbim, channel->number, 0, timeout_ms) == 0)
		journal_closed(mbim->journal, channel->number);
}

void mbim_channel_close(void *priv, uint32_t handle)
{
	struct mbim *mbim = priv;
	struct modem_channel *channel = channels_find(&mbim->channels, handle, NULL);

	if (channel)
		close_one(mbim, channel, MBIM_CLOSE_TIMEOUT_MS);
}

void mbim_channels_end(struct mbim *mbim, unsigned timeout_ms)
{
	uint64_t deadline = deadline_in(timeout_ms);

	for (unsigned i = 0; i < CHANNELS_MAX; i++) {
		unsigned left = (unsigned)deadline_left_ms(deadline);

		if (mbim->channels.list[i].open)
			close_one(mbim, &mbim->channels.list[i], left < MBIM_CLOSE_TIMEOUT_MS ? left : MBIM_CLOSE_TIMEOUT_MS);
	}
	resolve(mbim, (unsigned)deadline_left_ms(deadline));
	channels_stale(&mbim->channels);
}

void mbim_channels_gone(struct mbim *mbim)
{
	channels_stale(&mbim->channels);
	mbim->unresolved = 0;
	journal_all_closed(mbim->journal, &mbim->identity);
}

size_t mbim_channels_known(const struct mbim *mbim, struct journal_channel ret[static CHANNELS_MAX + 1])
{
	size_t count = 0;

	for (unsigned i = 0; i < CHANNELS_MAX; i++)
		if (mbim->channels.list[i].open)
			ret[count++] = (struct journal_channel){ .channel = mbim->channels.list[i].number,
								 .group = group_of(i) };
	if (mbim->unresolved)
		ret[count++] = (struct journal_channel){ .channel = JOURNAL_PENDING, .group = mbim->unresolved };
	return count;
}

int mbim_channels_clean(struct mbim *mbim, const struct journal_channel *left, size_t count, struct esim_error *err)
{
	for (size_t i = 0; i < count; i++) {
		bool by_group = left[i].group && !mbim->quirks.no_group_close;
		int r = 0;

		if (by_group)
			r = close_in_modem(mbim, 0, left[i].group, MBIM_TIMEOUT_MS, err);
		if ((r && glib_call_can_do_without(r)) || !by_group)
			r = left[i].channel == JOURNAL_PENDING ? 0 :
				close_in_modem(mbim, left[i].channel, 0, MBIM_TIMEOUT_MS, err);
		if (r && !glib_call_can_do_without(r))
			return r;
		journal_closed(mbim->journal, left[i].channel);
	}
	return 0;
}

/* --- opening ----------------------------------------------------------------------------------------------- */

/* Known to be open nowhere, or closed now; else the journal keeps it. */
static void take_back(struct mbim *mbim, uint32_t number, uint32_t group, bool answered)
{
	if (answered && !number) {
		journal_closed(mbim->journal, JOURNAL_PENDING);
		return;
	}
	if (number && close_quietly(mbim, number, 0, MBIM_CLOSE_TIMEOUT_MS) == 0) {
		journal_closed(mbim->journal, JOURNAL_PENDING);
		return;
	}
	mbim->unresolved = group;
	resolve(mbim, MBIM_CLOSE_TIMEOUT_MS);
}

static int open_in_modem(struct mbim *mbim, const struct journal_channel *entry, MbimMessage *request,
			 struct modem_channel *channel, struct esim_buf *fci, unsigned timeout_ms,
			 struct esim_error *err)
{
	struct journal_channel known = *entry;
	MbimMessage *answer = NULL;
	int r = journal_opening(mbim->journal, entry, err);
	bool answered;

	if (r) {
		mbim_message_unref(request);
		return r;
	}
	channel->number = 0;
	r = mbim_exchange(mbim, "open channel", request, timeout_ms, &answer, err);
	answered = answer != NULL;
	if (answer) {
		r = mbim_answer_open_channel(answer, &channel->number, fci, err);
		answered = r != ESIM_EPROTO;
		mbim_message_unref(answer);
	}
	known.channel = channel->number;
	if (!r)
		r = journal_opened(mbim->journal, &known, err);
	if (r)
		take_back(mbim, channel->number, entry->group, answered || (err && err->outcome == ESIM_OUTCOME_NEVER_SENT));
	return r;
}

int mbim_channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
		      struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err)
{
	struct mbim *mbim = priv;
	struct journal_channel entry = { .channel = JOURNAL_PENDING, .slot = mbim->facts.slot };
	struct modem_channel *channel;
	struct esim_error cause;
	int r = channels_check_open("MBIM", port, aid, err);

	esim_error_clear(&cause);
	if (r)
		return r;
	channel = channels_free_place(&mbim->channels, err);
	if (!channel)
		return ESIM_EBUSY;
	resolve(mbim, MBIM_CLOSE_TIMEOUT_MS);
	entry.group = group_of(channels_index(&mbim->channels, channel));
	r = open_in_modem(mbim, &entry, mbim_open_channel_request(aid, p2, entry.group), channel, fci,
			  channels_timeout(&mbim->quirks, timeout_ms), &cause);
	if (r) {
		if (err)
			*err = cause;
		return channels_refused(&mbim->quirks, r, err);
	}
	channel->open = true;
	*ret_handle = channels_handle(&mbim->channels, channel);
	return 0;
}

/* --- APDUs --------------------------------------------------------------------------------------------------- */

/* Of a command that the modem answered by an error: it refused, or something happened on the way to the card. */
static enum esim_outcome outcome_of(int code)
{
	return code == ESIM_EBUSY || code == ESIM_ENOTSUP || code == ESIM_ENODEV || code == ESIM_ESTALE ?
		ESIM_OUTCOME_NEVER_SENT : ESIM_OUTCOME_UNKNOWN;
}

static int exchange(struct mbim *mbim, struct modem_channel *channel, struct esim_slice command,
		    struct esim_buf *response, unsigned timeout_ms, struct esim_error *err)
{
	struct esim_buf apdu = ESIM_BUF_INIT_MAX(ESIM_MAX_COMMAND);
	MbimMessage *answer = NULL;
	int r = apdu_policy_apply(&mbim->quirks, channel->number, command, &apdu, err);

	if (!r)
		r = mbim_exchange(mbim, "APDU", mbim_apdu_request(channel->number, esim_buf_slice(&apdu)), timeout_ms,
				  &answer, err);
	esim_buf_free(&apdu);
	if (r)
		return r;
	r = mbim_answer_apdu(answer, response, err);
	mbim_message_unref(answer);
	if (r == ESIM_ESTALE) {
		channel->open = false;
		journal_closed(mbim->journal, channel->number);
	}
	return r ? esim_error_outcome(err, r, outcome_of(r)) : 0;
}

static uint16_t sw_at_end(const struct esim_buf *response)
{
	const uint8_t *sw = response->data + response->len - 2;

	return (uint16_t)(sw[0] << 8 | sw[1]);
}

int mbim_channel_transmit(void *priv, uint32_t handle, struct esim_slice command, struct esim_buf *response,
			  unsigned timeout_ms, struct esim_error *err)
{
	struct mbim *mbim = priv;
	struct modem_channel *channel = channels_find(&mbim->channels, handle, err);
	const struct quirks known = mbim->quirks;
	const size_t begin = response->len;
	uint16_t sw;
	int r;

	if (!channel)
		return ESIM_ESTALE;
	r = exchange(mbim, channel, command, response, channels_timeout(&mbim->quirks, timeout_ms), err);
	if (r)
		return r;
	sw = sw_at_end(response);
	if (!mbim_adapt(&mbim->quirks, command, sw))
		return 0;
	response->len = begin;
	r = exchange(mbim, channel, command, response, channels_timeout(&mbim->quirks, timeout_ms), err);
	if (r || sw_at_end(response) == sw)
		mbim->quirks = known;
	return r;
}
