/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exchange that opens a channel. QMI has no name for a channel but its number, and only the answer tells that:
 * where the caller's deadline or cancel handle ends his waiting, the exchange goes on, and what it opened is closed when
 * its answer is there at last.
 */
#include "answers.h"

#include "libesim/src/deadline.h"

#define LATE_S 120u			/* that libqmi waits for the answer in all */

struct qmi_opening {
	struct qmi_operation operation;
	gulong cancelled_handler;
	GCancellable *cancellable;		/* of the caller's waiting */
	GCancellable *stop;			/* of the exchange itself */
	bool ended;
};

static void opening_free(struct qmi_opening *opening)
{
	g_clear_pointer(&opening->operation.request, qmi_message_unref);
	g_clear_pointer(&opening->operation.answer, qmi_message_unref);
	g_clear_error(&opening->operation.base.error);
	g_clear_object(&opening->cancellable);
	g_clear_object(&opening->stop);
	g_free(opening);
}

static void answered(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_opening *opening = data;

	opening->operation.answer = qmi_device_command_full_finish(QMI_DEVICE(source), result, &opening->operation.base.error);
	opening->ended = true;
	opening->operation.base.done = TRUE;
}

static void on_cancelled(GCancellable *cancellable, gpointer data)
{
	struct qmi_opening *opening = data;

	(void)cancellable;
	opening->operation.base.done = TRUE;
}

static void begin(void *data, GCancellable *cancellable)
{
	struct qmi_opening *opening = data;
	struct qmi *qmi = opening->operation.qmi;

	opening->cancellable = g_object_ref(cancellable);
	opening->cancelled_handler = g_signal_connect(cancellable, "cancelled", G_CALLBACK(on_cancelled), opening);
	qmi_device_command_full(qmi->device, opening->operation.request, NULL, LATE_S, opening->stop, answered, opening);
}

static int run(struct qmi *qmi, struct qmi_opening *opening, unsigned timeout_ms, struct esim_error *err)
{
	const char *what = "open channel";
	int r = glib_call_run(&qmi->call, begin, opening, &opening->operation.base.done, timeout_ms, err);

	if (opening->cancellable)
		g_signal_handler_disconnect(opening->cancellable, opening->cancelled_handler);
	if (opening->operation.answer) {
		esim_error_clear(err);
		return qmi_answer_fits(opening->operation.answer, what, QMI_SERVICE_UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, err);
	}
	if (qmi->call.removed)
		return glib_call_gone(&qmi->call, what, ESIM_OUTCOME_UNKNOWN, err);
	if (r) {
		esim_error_prefix(err, "%s: ", what);
		return r;
	}
	return glib_call_failed(err, &opening->operation.base.error, what, ESIM_OUTCOME_UNKNOWN);
}

int qmi_opening_exchange(struct qmi *qmi, QmiMessage *request, unsigned timeout_ms, QmiMessage **ret,
			 struct esim_error *err)
{
	struct qmi_opening *opening;
	int r;

	if (!qmi->device || !qmi->uim || qmi->call.removed || esim_cancel_triggered(qmi->call.cancel)) {
		qmi_message_unref(request);
		if (!qmi->device || !qmi->uim || qmi->call.removed)
			return glib_call_gone(&qmi->call, "open channel", ESIM_OUTCOME_NEVER_SENT, err);
		esim_error_set(err, ESIM_ECANCELED, "open channel: cancelled");
		return esim_error_outcome(err, ESIM_ECANCELED, ESIM_OUTCOME_NEVER_SENT);
	}
	opening = g_new0(struct qmi_opening, 1);
	opening->operation.qmi = qmi;
	opening->operation.request = request;
	opening->stop = g_cancellable_new();
	qmi_message_set_transaction_id(request, qmi_client_get_next_transaction_id(qmi->uim));
	r = run(qmi, opening, timeout_ms, err);
	if (!r)
		*ret = qmi_message_ref(opening->operation.answer);
	/* One that was cancelled before it began has no end to wait for. */
	if (opening->ended || !opening->cancellable)
		opening_free(opening);
	else
		qmi->opening = opening;
	return r;
}

/* What a modem has answered before it answers this, it has sent by then: a question brings a late answer in. */
static void nudge(struct qmi *qmi, unsigned timeout_ms)
{
	qmi_command(qmi, "card status", qmi_uim_request(qmi, QMI_UIM_GET_CARD_STATUS), timeout_ms, NULL);
}

static bool closed_behind(struct qmi *qmi, struct qmi_opening *opening, unsigned timeout_ms)
{
	unsigned number = 0;

	if (!opening->operation.answer ||
	    qmi_answer_fits(opening->operation.answer, "open channel", QMI_SERVICE_UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL,
			    NULL))
		return false;
	if (qmi_answer_open_channel(opening->operation.answer, &number, NULL, NULL) && number == 0)
		return true;
	return qmi_close_quietly(qmi, number, timeout_ms) == 0;
}

void qmi_opening_resolve(struct qmi *qmi, unsigned timeout_ms)
{
	const struct esim_cancel *cancel = qmi->call.cancel;
	const uint64_t deadline = deadline_in(timeout_ms);
	struct qmi_opening *opening = qmi->opening;

	if (!opening || qmi->call.removed)
		return;
	qmi->call.cancel = NULL;
	if (!opening->ended)
		nudge(qmi, timeout_ms < QMI_CLOSE_TIMEOUT_MS / 2 ? timeout_ms : QMI_CLOSE_TIMEOUT_MS / 2);
	opening->operation.base.done = opening->ended;
	if (!opening->ended && !qmi->call.removed)
		glib_call_wait(&qmi->call, &opening->operation.base.done, (unsigned)deadline_left_ms(deadline) / 2, NULL);
	qmi->call.cancel = cancel;
	if (!opening->ended)
		return;
	qmi->opening = NULL;
	if (closed_behind(qmi, opening, (unsigned)deadline_left_ms(deadline)))
		journal_closed(qmi->journal, JOURNAL_PENDING);
	else
		qmi_lost_resolve(qmi, (unsigned)deadline_left_ms(deadline));
	opening_free(opening);
}

void qmi_opening_forget(struct qmi *qmi)
{
	struct qmi_opening *opening = qmi->opening;

	if (!opening)
		return;
	g_cancellable_cancel(opening->stop);
	opening->operation.base.done = opening->ended;
	while (!opening->ended)
		glib_call_wait(&qmi->call, &opening->operation.base.done, QMI_CLOSE_TIMEOUT_MS, NULL);
	qmi->opening = NULL;
	opening_free(opening);
}
