/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a task meets its user, and the journal of RSP sessions: each stage is on disk before the step
 * that it names is taken, so that the truth after a crash knows what to end.
 */
#include "session_internal.h"

#include <stdio.h>
#include <string.h>

/* --- the cancel handle ------------------------------------------------------------------------ */

/* Connections outlive a task and watch one handle; the task's own fires it. */
static void relay(struct esim_cancel_watch *watch)
{
	esim_cancel_trigger(((struct relay *)watch)->to);
}

int session_take_hooks(struct card_session *session, const struct session_hooks *hooks,
		       struct esim_error *err)
{
	static const struct session_hooks none;
	int rc = 0;

	session_drop_hooks(session);
	session->hooks = hooks ? *hooks : none;
	if (session->hooks.cancel)
		rc = esim_cancel_watch(session->hooks.cancel, &session->relay.watch);
	session->relayed = session->hooks.cancel && !rc;
	if (rc == ESIM_ECANCELED) {
		esim_cancel_trigger(session->cancel);
		return esim_error_set(err, rc, "cancelled");
	}
	return rc ? esim_error_set(err, rc, "too many calls watch one cancel handle") : 0;
}

void session_drop_hooks(struct card_session *session)
{
	if (session->relayed)
		esim_cancel_unwatch(session->hooks.cancel, &session->relay.watch);
	session->relayed = false;
	session->relay = (struct relay){ { relay }, session->cancel };
	session->hooks = (struct session_hooks){ 0 };
	esim_cancel_clear(session->cancel);
	esim_error_clear(&session->journal_error);
}

/* --- session.json -------------------------------------------------------------------------------- */

static int write_record(struct card_session *session, const struct lpa_session_event *event,
			struct esim_error *err)
{
	struct session_record record = {
		.is_smds = event->is_smds,
		.loading = event->stage == LPA_SESSION_LOADING,
		.has_iccid = event->iccid != NULL,
	};

	snprintf(record.server_address, sizeof(record.server_address), "%s", event->server_address);
	snprintf(record.transaction_id, sizeof(record.transaction_id), "%s", event->transaction_id);
	if (event->iccid)
		record.iccid = *event->iccid;
	return session_record_write(session->context->store, &session->eid, &record, err);
}

/* A step that could not be written down is not taken: the session is called off. */
static void on_session(void *context, const struct lpa_session_event *event)
{
	struct card_session *session = context;
	struct esim_error err;

	if (!session->has_eid)
		return;
	if (event->stage == LPA_SESSION_ENDED) {
		session_record_end(session->context->store, &session->eid, &err);
		return;
	}
	if (!write_record(session, event, &err))
		return;
	if (!session->journal_error.code)
		session->journal_error = err;
	esim_cancel_trigger(session->cancel);
}

static enum lpa_answer why_cancelled(void *context)
{
	const struct card_session *session = context;
	const struct session_hooks *hooks = &session->hooks;

	if (session->journal_error.code || !hooks->why_cancelled)
		return LPA_LATER;
	return hooks->why_cancelled(hooks->context);
}

/* --- the user ---------------------------------------------------------------------------------------- */

static bool is_consented(const struct card_session *session)
{
	return session->download && session->download->consented;
}

static enum lpa_answer consent(void *context, const struct lpa_offer *offer)
{
	const struct card_session *session = context;
	const struct session_hooks *hooks = &session->hooks;

	if (is_consented(session))
		return LPA_YES;
	return hooks->user.consent ? hooks->user.consent(hooks->context, offer) : LPA_NO_ANSWER;
}

/* A call is consent to the profile, never to its policy rules. */
static enum lpa_answer ppr_consent(void *context, const struct lpa_offer *offer)
{
	const struct card_session *session = context;
	const struct session_hooks *hooks = &session->hooks;

	if (is_consented(session) || !hooks->user.ppr_consent)
		return LPA_NO_ANSWER;
	return hooks->user.ppr_consent(hooks->context, offer);
}

static enum lpa_answer confirmation_code(void *context, unsigned refused,
					 char code[static ESIM_MAX_CONFIRMATION_CODE + 1])
{
	const struct session_hooks *hooks = &((const struct card_session *)context)->hooks;

	return hooks->user.confirmation_code ?
	       hooks->user.confirmation_code(hooks->context, refused, code) : LPA_NO_ANSWER;
}

static void progress(void *context, const struct lpa_progress *what)
{
	struct card_session *session = context;
	const struct session_hooks *hooks = &session->hooks;
	struct esim_http_stats stats;

	if (session->download && session->context->modems && session->http) {
		esim_http_stats(session->http, &stats);
		board_download_at(session->context->modems, &session->carried, stats.local_address);
	}
	if (hooks->user.progress)
		hooks->user.progress(hooks->context, what);
}

static void note(void *context, const char *sentence)
{
	const struct session_hooks *hooks = &((const struct card_session *)context)->hooks;

	if (hooks->user.note)
		hooks->user.note(hooks->context, sentence);
}

struct lpa_callbacks session_callbacks(struct card_session *session)
{
	return (struct lpa_callbacks){
		.context = session,
		.session = on_session,
		.why_cancelled = why_cancelled,
		.consent = consent,
		.ppr_consent = ppr_consent,
		.confirmation_code = confirmation_code,
		.progress = progress,
		.note = note,
	};
}
