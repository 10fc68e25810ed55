/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the URI to a modem that is ours, and back; and after it left the bus. */
#include "answers.h"

#include "libesim/src/deadline.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 250u
#define FIRST_LOGICAL 1u

/* --- the card --------------------------------------------------------------------------------------------------- */

/* A modem that tells no ATR may be used all the same. */
static int read_atr(struct qmi *qmi, struct esim_error *err)
{
	QmiMessage *request = qmi_uim_request(qmi, QMI_UIM_GET_ATR), *answer = NULL;
	int r;

	qmi->atr_len = 0;
	qmi_atr_request(request, qmi->logical);
	r = qmi_exchange(qmi, "ATR", request, QMI_TIMEOUT_MS, &answer, err);
	if (!r) {
		r = qmi_answer_atr(answer, qmi->atr, &qmi->atr_len, err);
		qmi_message_unref(answer);
	}
	return r && glib_call_can_do_without(r) ? 0 : r;
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int own(struct qmi *qmi, struct journal_channel left[static JOURNAL_MAX_CHANNELS], size_t *count,
	       struct esim_error *err)
{
	char node[sizeof(qmi->address.path)];
	int r;

	g_snprintf(node, sizeof(node), "qrtr://%u", qmi->address.node);
	r = modem_identity_of(qmi->address.is_qrtr ? node : qmi->address.path, &qmi->identity, err);
	if (r)
		return r;
	r = quirks_load_of(&qmi->identity, QUIRK_QMI, "", &qmi->quirks, err);
	return r ? r : journal_open(&qmi->identity, &qmi->journal, left, count, err);
}

/* The modem as it is to be, once its port is open: what a former owner left is closed in the slot that he used. */
static int arrange(struct qmi *qmi, const struct journal_channel *left, size_t count, struct esim_error *err)
{
	int r = qmi_facts_read(qmi, err);

	if (!r)
		r = qmi_slot_find(qmi, err);
	if (!r)
		r = qmi_channels_clean(qmi, left, count, err);
	if (!r)
		r = qmi_news_subscribe(qmi, err);
	if (!r)
		r = qmi_slot_take(qmi, err);
	return r ? r : read_atr(qmi, err);
}

static int begin(struct qmi *qmi, const struct journal_channel *left, size_t count, struct esim_error *err)
{
	int r = qmi_port_open(qmi, err);

	return r ? r : arrange(qmi, left, count, err);
}

int qmi_open(const char *rest, const struct esim_cancel *cancel, const struct esim_transport_ops **ret_ops, void **ret_priv,
	     struct esim_error *err)
{
	struct journal_channel left[JOURNAL_MAX_CHANNELS];
	struct qmi *qmi = calloc(1, sizeof(*qmi));
	size_t count = 0;
	int r;

	if (!qmi)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	qmi->logical = FIRST_LOGICAL;
	qmi->pieces.bytes = (struct esim_buf)ESIM_BUF_INIT;
	glib_call_init(&qmi->call, "qmi-proxy", cancel);
	r = modem_address_parse("qmi", rest, true, true, &qmi->address, err);
	if (!r)
		r = own(qmi, left, &count, err);
	if (!r)
		r = begin(qmi, left, count, err);
	qmi->call.cancel = NULL;
	if (r) {
		qmi_close(qmi);
		return r;
	}
	*ret_ops = &qmi_transport_ops;
	*ret_priv = qmi;
	return 0;
}

void qmi_close(void *priv)
{
	struct qmi *qmi = priv;

	if (qmi->device) {
		qmi_channels_end(qmi, QMI_END_TIMEOUT_MS);
		qmi_slot_restore(qmi);
		qmi_port_close(qmi);
	}
	if (qmi->journal)
		journal_close(&qmi->journal);
	esim_buf_free(&qmi->pieces.bytes);
	glib_call_clear(&qmi->call);
	free(qmi);
}

/* --- opening again -------------------------------------------------------------------------------------------------- */

/* It is at its place again, but it or the proxy may still be at their beginnings. */
static int open_port_again(struct qmi *qmi, uint64_t deadline, struct esim_error *err)
{
	int r, waited;

	for (;;) {
		r = modem_identity_wait(&qmi->identity, qmi->call.cancel, (unsigned)deadline_left_ms(deadline), err);
		if (!r)
			r = qmi_port_open(qmi, err);
		if (!r || r == ESIM_ECANCELED || deadline_left_ms(deadline) == 0)
			return r;
		waited = glib_call_wait(&qmi->call, NULL, AGAIN_MS, err);
		if (waited)
			return waited;
	}
}

/* Where the proxy left and not the modem, its channels are still open. */
int qmi_reopen(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	struct qmi *qmi = priv;
	const struct modem_identity before = qmi->identity;
	struct journal_channel left[CHANNELS_MAX + 1];
	size_t count = qmi_channels_known(qmi, left);
	int r;

	channels_stale(&qmi->channels);
	qmi_port_close(qmi);
	r = open_port_again(qmi, deadline_in(timeout_ms), err);
	if (!r && !modem_identity_same(&before, &qmi->identity)) {
		qmi_channels_gone(qmi);
		count = 0;
	}
	return r ? r : arrange(qmi, left, count, err);
}
