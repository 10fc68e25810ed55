/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channels of ours in the modem: noted in the journal before the modem hears of them, and closed on every way out. One
 * whose opening had no end that we saw is looked for before the next is opened.
 */
#include "at.h"

#include "results.h"

#include "libesim/src/deadline.h"

#define BY_CSIM	1		/* in a journal's group: the card's channel, not a session */

/* --- closing ---------------------------------------------------------------------------------------------- */

static int close_session(struct at *at, unsigned number, unsigned timeout_ms)
{
	int r = at_cchc(at, number, timeout_ms, NULL);

	if (!r)
		at->cchc = AT_CAN;
	else if (r == ESIM_ENOTSUP || (at_says_nothing(&at->parser) && at->cchc == AT_NOT_TRIED))
		at->cchc = AT_CANNOT;
	return (r == ESIM_ESTALE || r == ESIM_ENOENT) && at_has_refused(at) ? 0 : r;
}

/* A cancelled caller still leaves the modem in order. */
int at_channel_close_number(struct at *at, unsigned number, bool by_csim, unsigned timeout_ms)
{
	const struct esim_cancel *cancel = at->cancel;
	int r = ESIM_ENOTSUP;

	at->cancel = NULL;
	if (!by_csim && at->cchc != AT_CANNOT)
		r = close_session(at, number, timeout_ms);
	if (r && (r == ESIM_ENOTSUP || at_has_refused(at)) && at->csim != AT_CANNOT && number <= ESIM_MAX_CHANNEL) {
		r = at_csim_close(at, number, timeout_ms, NULL);
		at->csim = r && at_has_refused(at) ? AT_CANNOT : r ? at->csim : AT_CAN;
	}
	if (r && at->cchc == AT_CANNOT && at->csim == AT_CANNOT)
		at->keeps_channels = true;
	at->cancel = cancel;
	return r;
}

static void close_one(struct at *at, struct modem_channel *channel, unsigned timeout_ms)
{
	channel->open = false;
	if (at_channel_close_number(at, channel->number, channel->by_csim, timeout_ms) == 0)
		journal_closed(at->journal, channel->number);
}

void at_channel_close(void *priv, uint32_t handle)
{
	struct at *at = priv;
	struct modem_channel *channel = channels_find(&at->channels, handle, NULL);

	if (channel)
		close_one(at, channel, AT_CLOSE_TIMEOUT_MS);
}

/* The number that came late, or what is found of it. */
static void resolve(struct at *at, unsigned timeout_ms)
{
	const struct esim_cancel *cancel = at->cancel;
	struct esim_buf response = ESIM_BUF_INIT;
	const bool by_csim = at->parser.late_shape == AT_SHAPE_APDU;
	unsigned number = 0;

	at->cancel = NULL;
	if (!at->out_of_step || !at_sync(at, timeout_ms, NULL)) {
		if (by_csim && !at_value_apdu(at->parser.late, &response) && response.len == 3)
			number = response.data[0];
		else if (!by_csim && at_value_number(at->parser.late, UINT16_MAX, &number))
			number = 0;
		if (number && at_channel_close_number(at, number, by_csim, AT_CLOSE_TIMEOUT_MS) == 0) {
			at->unresolved = false;
			journal_closed(at->journal, JOURNAL_PENDING);
		} else {
			at_lost_resolve(at, timeout_ms);
		}
	}
	at->parser.late[0] = '\0';
	esim_buf_free(&response);
	at->cancel = cancel;
}

void at_channels_end(struct at *at, unsigned timeout_ms)
{
	const uint64_t deadline = deadline_in(timeout_ms);

	for (unsigned i = 0; i < CHANNELS_MAX; i++) {
		const unsigned left = (unsigned)deadline_left_ms(deadline);

		if (at->channels.list[i].open)
			close_one(at, &at->channels.list[i], left < AT_CLOSE_TIMEOUT_MS ? left : AT_CLOSE_TIMEOUT_MS);
	}
	if (at->unresolved)
		resolve(at, (unsigned)deadline_left_ms(deadline));
	channels_stale(&at->channels);
}

void at_channels_gone(struct at *at)
{
	channels_stale(&at->channels);
	at->unresolved = false;
	at->keeps_channels = false;
	journal_all_closed(at->journal, &at->identity);
}

void at_channels_clean(struct at *at, const struct journal_channel *left, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (left[i].channel == JOURNAL_PENDING)
			at->unresolved = true;
		else if (at_channel_close_number(at, left[i].channel, left[i].group == BY_CSIM, AT_CLOSE_TIMEOUT_MS) == 0)
			journal_closed(at->journal, left[i].channel);
	}
	if (at->unresolved)
		resolve(at, AT_TIMEOUT_MS);
}

/* --- opening ----------------------------------------------------------------------------------------------- */

/* Known to be open nowhere, or closed now; else the journal keeps it. */
static void take_back(struct at *at, const struct modem_channel *channel, const struct esim_error *cause)
{
	if (channel->number
	    ? at_channel_close_number(at, channel->number, channel->by_csim, AT_CLOSE_TIMEOUT_MS) == 0
	    : cause->outcome != ESIM_OUTCOME_UNKNOWN)
		journal_closed(at->journal, JOURNAL_PENDING);
	else
		at->unresolved = true;
}

static int open_at(struct at *at, struct modem_channel *place, struct esim_slice aid, uint8_t p2, struct esim_buf *fci,
		   unsigned timeout_ms, struct esim_error *err)
{
	const struct journal_channel pending = { .channel = JOURNAL_PENDING };
	struct esim_error cause;
	struct modem_channel channel;
	int r = journal_opening(at->journal, &pending, err);

	if (r)
		return r;
	esim_error_clear(&cause);
	r = at_opening(at, aid, p2, &channel, fci, timeout_ms, &cause);
	if (!r) {
		const struct journal_channel opened = { channel.number, channel.by_csim ? BY_CSIM : 0, 0 };

		r = journal_opened(at->journal, &opened, &cause);
	}
	if (r) {
		take_back(at, &channel, &cause);
		if (err)
			*err = cause;
		return r;
	}
	channel.open = true;
	*place = channel;
	return 0;
}

int at_channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
		    struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err)
{
	struct at *at = priv;
	struct modem_channel *place;
	int r = channels_check_open("AT", port, aid, err);

	if (r)
		return r;
	place = channels_free_place(&at->channels, err);
	if (!place)
		return ESIM_EBUSY;
	timeout_ms = channels_timeout(&at->quirks, timeout_ms);
	if (at->unresolved)
		resolve(at, timeout_ms);
	r = open_at(at, place, aid, p2, fci, timeout_ms, err);
	if (!r)
		*ret_handle = channels_handle(&at->channels, place);
	return r;
}

/* --- commands ------------------------------------------------------------------------------------------------ */

/* "Instruction", "class not supported" (ISO/IEC 7816-4, 5.6). */
static bool is_unknown(const struct esim_buf *response, size_t from)
{
	return response->len == from + 2 && (response->data[from] == 0x6D || response->data[from] == 0x6E);
}

/*
 * The first command on a session is not known to the application that was selected there: then it went to the
 * basic channel, since this modem leaves the class byte alone.
 */
static int try_class_bits(struct at *at, unsigned session, struct esim_slice command, struct esim_buf *response,
			  size_t from, unsigned timeout_ms, struct esim_error *err)
{
	int r;

	response->len = from;
	at->quirks.cla = QUIRK_CLASS_CHANNEL;
	r = at_cgla(at, session, command, response, timeout_ms, err);
	if (r || is_unknown(response, from))
		at->quirks.cla = QUIRK_CLASS_PLAIN;
	return r;
}

static int by_session(struct at *at, struct modem_channel *channel, struct esim_slice command, struct esim_buf *response,
		      unsigned timeout_ms, struct esim_error *err)
{
	const size_t from = response->len;
	int r = at_cgla(at, channel->number, command, response, timeout_ms, err);

	if (!r && at->cgla != AT_CAN && at->quirks.cla == QUIRK_CLASS_PLAIN && is_unknown(response, from))
		r = try_class_bits(at, channel->number, command, response, from, timeout_ms, err);
	if (!r)
		at->cgla = AT_CAN;
	if (!r || !at_has_refused(at))
		return r;
	if (r == ESIM_ESTALE || r == ESIM_ENOENT)
		return channels_say_stale(err);
	/* A modem that opens channels and takes nothing on them: the card itself may. */
	if (at->cgla == AT_CAN || at->csim == AT_CANNOT || channel->number > ESIM_MAX_CHANNEL ||
	    !(r == ESIM_ENOTSUP || at_says_nothing(&at->parser)))
		return r;
	r = at_csim_transmit(at, channel->number, command, response, timeout_ms, err);
	if (!r) {
		at->cgla = AT_CANNOT;
		at->csim = AT_CAN;
		channel->by_csim = true;
	}
	return r;
}

int at_channel_transmit(void *priv, uint32_t handle, struct esim_slice command, struct esim_buf *response,
			unsigned timeout_ms, struct esim_error *err)
{
	struct at *at = priv;
	struct modem_channel *channel = channels_find(&at->channels, handle, err);

	if (!channel)
		return ESIM_ESTALE;
	timeout_ms = channels_timeout(&at->quirks, timeout_ms);
	if (channel->by_csim)
		return at_csim_transmit(at, channel->number, command, response, timeout_ms, err);
	return by_session(at, channel, command, response, timeout_ms, err);
}
