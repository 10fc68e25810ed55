/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Channels of ours in the modem, each noted in the journal before the modem hears of it. */
#include "answers.h"

#include "libesim/src/deadline.h"

#define BUSY_MS 250u

void qmi_channel_lost(struct qmi *qmi, struct modem_channel *channel)
{
	channel->open = false;
	journal_closed(qmi->journal, channel->number);
}

/* --- closing ---------------------------------------------------------------------------------------------- */

/* What is open no more counts as closed. */
static int close_in_modem(struct qmi *qmi, unsigned number, unsigned timeout_ms, struct esim_error *err)
{
	QmiMessage *request = qmi_uim_request(qmi, QMI_UIM_LOGICAL_CHANNEL), *answer = NULL;
	int r;

	qmi_close_channel_request(request, qmi->logical, number);
	r = qmi_exchange(qmi, "close channel", request, timeout_ms, &answer, err);
	if (r)
		return r;
	r = qmi_answer_close_channel(answer, err);
	qmi_message_unref(answer);
	return r == ESIM_ESTALE ? 0 : r;
}

int qmi_close_quietly(struct qmi *qmi, unsigned number, unsigned timeout_ms)
{
	const struct esim_cancel *cancel = qmi->call.cancel;
	int r;

	qmi->call.cancel = NULL;
	r = close_in_modem(qmi, number, timeout_ms, NULL);
	qmi->call.cancel = cancel;
	return r;
}

static void close_one(struct qmi *qmi, struct modem_channel *channel, unsigned timeout_ms)
{
	channel->open = false;
	if (qmi_close_quietly(qmi, channel->number, timeout_ms) == 0)
		journal_closed(qmi->journal, channel->number);
}

void qmi_channel_close(void *priv, uint32_t handle)
{
	struct qmi *qmi = priv;
	struct modem_channel *channel = channels_find(&qmi->channels, handle, NULL);

	if (channel)
		close_one(qmi, channel, QMI_CLOSE_TIMEOUT_MS);
}

void qmi_channels_end(struct qmi *qmi, unsigned timeout_ms)
{
	const uint64_t deadline = deadline_in(timeout_ms);

	for (unsigned i = 0; i < CHANNELS_MAX; i++) {
		unsigned left = (unsigned)deadline_left_ms(deadline);

		if (qmi->channels.list[i].open)
			close_one(qmi, &qmi->channels.list[i], left < QMI_CLOSE_TIMEOUT_MS ? left : QMI_CLOSE_TIMEOUT_MS);
	}
	qmi_opening_resolve(qmi, (unsigned)deadline_left_ms(deadline));
	channels_stale(&qmi->channels);
}

void qmi_channels_gone(struct qmi *qmi)
{
	channels_stale(&qmi->channels);
	journal_all_closed(qmi->journal, &qmi->identity);
}

size_t qmi_channels_known(const struct qmi *qmi, struct journal_channel ret[static CHANNELS_MAX + 1])
{
	size_t count = 0;

	for (unsigned i = 0; i < CHANNELS_MAX; i++)
		if (qmi->channels.list[i].open)
			ret[count++] = (struct journal_channel){ .channel = qmi->channels.list[i].number,
								 .slot = qmi->facts.slot };
	return count;
}

/*
 * In a slot that is not in use the card is without power, and has none. One whose number never came to be known is looked
 * for.
 */
int qmi_channels_clean(struct qmi *qmi, const struct journal_channel *left, size_t count, struct esim_error *err)
{
	for (size_t i = 0; i < count; i++) {
		bool elsewhere = left[i].slot && qmi->facts.slot && left[i].slot != qmi->facts.slot;
		int r = 0;

		if (!elsewhere && left[i].channel == JOURNAL_PENDING) {
			qmi_lost_resolve(qmi, QMI_TIMEOUT_MS);
			continue;
		}
		if (!elsewhere && left[i].channel >= 1 && left[i].channel <= ESIM_MAX_CHANNEL)
			r = close_in_modem(qmi, left[i].channel, QMI_TIMEOUT_MS, err);
		if (r && !glib_call_can_do_without(r))
			return r;
		journal_closed(qmi->journal, left[i].channel);
	}
	return 0;
}

/* --- opening ------------------------------------------------------------------------------------------------- */

static int ask(struct qmi *qmi, struct esim_slice aid, uint8_t p2, unsigned timeout_ms, QmiMessage **ret,
	       struct esim_error *err)
{
	const uint64_t deadline = deadline_in(timeout_ms);
	int r;

	for (;;) {
		QmiMessage *request = qmi_uim_request(qmi, QMI_UIM_OPEN_LOGICAL_CHANNEL);

		qmi_open_channel_request(request, qmi->logical, aid, p2);
		r = qmi_opening_exchange(qmi, request, (unsigned)deadline_left_ms(deadline), ret, err);
		if (r || !qmi_asks_to_wait(*ret) || deadline_left_ms(deadline) <= (int)BUSY_MS)
			return r;
		g_clear_pointer(ret, qmi_message_unref);
		r = glib_call_wait(&qmi->call, &qmi->call.removed, BUSY_MS, err);
		if (r)
			return r;
	}
}

static int open_in_modem(struct qmi *qmi, struct esim_slice aid, uint8_t p2, struct modem_channel *channel,
			 struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err)
{
	struct journal_channel entry = { .channel = JOURNAL_PENDING, .slot = qmi->facts.slot };
	QmiMessage *answer = NULL;
	bool answered;
	int r = journal_opening(qmi->journal, &entry, err);

	if (r)
		return r;
	channel->number = 0;
	r = ask(qmi, aid, p2, timeout_ms, &answer, err);
	answered = answer || err->outcome == ESIM_OUTCOME_NEVER_SENT;
	if (answer) {
		r = qmi_answer_open_channel(answer, &channel->number, fci, err);
		answered = r != ESIM_EPROTO;
		qmi_message_unref(answer);
	}
	entry.channel = channel->number;
	if (!r)
		r = journal_opened(qmi->journal, &entry, err);
	if (!r)
		return 0;
	if (channel->number ? qmi_close_quietly(qmi, channel->number, QMI_CLOSE_TIMEOUT_MS) == 0 : answered)
		journal_closed(qmi->journal, JOURNAL_PENDING);
	return r;
}

int qmi_channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
		     struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err)
{
	struct qmi *qmi = priv;
	struct modem_channel *channel;
	struct esim_error cause;
	int r = channels_check_open("QMI", port, aid, err);

	esim_error_clear(&cause);
	if (r)
		return r;
	channel = channels_free_place(&qmi->channels, err);
	if (!channel)
		return ESIM_EBUSY;
	qmi_opening_resolve(qmi, QMI_CLOSE_TIMEOUT_MS);
	if (qmi->opening)
		return esim_error_set(err, ESIM_EBUSY, "the modem has not yet answered what was to open a channel before");
	r = open_in_modem(qmi, aid, p2, channel, fci, channels_timeout(&qmi->quirks, timeout_ms), &cause);
	if (r) {
		if (err)
			*err = cause;
		return channels_refused(&qmi->quirks, r, err);
	}
	channel->open = true;
	*ret_handle = channels_handle(&qmi->channels, channel);
	return 0;
}
