/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job on its lane's thread: the work, what came of it, and the truth after it, good or bad. */
#include "job_run.h"

#include "lpad/common/details.h"

#include <stdlib.h>
#include <string.h>

/* --- the work ------------------------------------------------------------------------------------------------ */

static int download(struct job_run *run, struct card_session *session, const struct session_hooks *hooks)
{
	const struct job_request *request = &run->job->request;
	const typeof(request->download) *order = &request->download;

	run->download.order = (struct lpa_order){
		.source = order->source,
		.activation_code = order->activation_code,
		.smdp_address = order->address,
		.matching_id = order->has_matching_id ? order->matching_id : NULL,
		.expected_iccid = order->has_expected_iccid ? &order->expected_iccid : NULL,
		.enable_after = order->enable_after,
		.enable_how = request->how,
	};
	run->download.consented = !order->interactive;
	return work_download(session, &run->target, hooks, &run->download, &run->error);
}

static int attest(struct job_run *run, struct card_session *session, const struct session_hooks *hooks)
{
	const struct job_request *request = &run->job->request;
	json_t *attestation = NULL;
	int rc = work_attest(session, &run->target, hooks, esim_slice(request->nonce, request->nonce_len),
			     &attestation, &run->error);

	if (!rc)
		job_tell_detail(run, "attestation", attestation);
	return rc;
}

static int deliver(struct job_run *run, struct card_session *session, const struct session_hooks *hooks)
{
	const char *name = run->job->request.notification;

	return work_deliver(session, &run->target, hooks, name[0] ? name : NULL, &run->outbox, &run->error);
}

static int reset(struct job_run *run, struct card_session *session, const struct session_hooks *hooks)
{
	unsigned options = run->job->request.reset_options;
	int rc = work_reset(session, &run->target, hooks, &options, &run->error);

	if (!rc)
		job_tell_detail(run, "resetOptions", json_reset_options(options));
	return rc;
}

static int do_work(struct job_run *run, struct card_session *session, const struct session_hooks *hooks)
{
	const struct job_request *request = &run->job->request;
	const struct card_target *target = &run->target;
	struct esim_error *err = &run->error;

	switch (request->kind) {
	case JOB_DOWNLOAD:
		return download(run, session, hooks);
	case JOB_DISCOVER:
		return work_discover(session, target, hooks, request->address, &run->events,
				     &run->event_count, err);
	case JOB_ENABLE:
		return work_switch(session, target, hooks, WORK_ENABLE, &request->iccid, &request->how, err);
	case JOB_DISABLE:
		return work_switch(session, target, hooks, WORK_DISABLE, &request->iccid, &request->how, err);
	case JOB_DELETE:
		return work_switch(session, target, hooks, WORK_DELETE, &request->iccid, &request->how, err);
	case JOB_NICKNAME:
		return work_nickname(session, target, hooks, &request->iccid, request->nickname, err);
	case JOB_RESET:
		return reset(run, session, hooks);
	case JOB_ADDRESS:
		return work_address(session, target, hooks, request->address, err);
	case JOB_NOTIFICATION:
		return deliver(run, session, hooks);
	case JOB_ATTEST:
		return attest(run, session, hooks);
	}
	return esim_error_set(err, ESIM_EINVAL, "there is no such job");
}

/* --- what came of it -------------------------------------------------------------------------------------------- */

static void explain_code(struct job_run *run)
{
	if (run->rc != ESIM_EREFUSED || !run->lacks_code)
		return;
	esim_error_set(&run->error, ESIM_EREFUSED, "the profile comes with a confirmation code, and none was given");
	esim_error_advise(&run->error, "give the code that came with the order, or download interactively");
}

static void tell_download(struct job_run *run)
{
	job_tell_details(run, json_download_result(&run->download.result));
	explain_code(run);
}

static void tell_events(struct job_run *run)
{
	json_t *array = json_array();

	for (size_t i = 0; i < run->event_count; i++) {
		json_t *event = json_object();

		json_object_set_new(event, "eventId", json_text(run->events[i].event_id));
		json_object_set_new(event, "rspServerAddress", json_text(run->events[i].server_address));
		json_array_append_new(array, event);
	}
	job_tell_detail(run, "events", array);
}

static void tell_result(struct job_run *run, struct card_session *session)
{
	if (card_session_lpa(session))
		job_tell_detail(run, "steps", json_steps(card_session_lpa(session)));
	if (run->job->request.kind == JOB_DOWNLOAD)
		tell_download(run);
	if (run->job->request.kind == JOB_DISCOVER && !run->rc)
		tell_events(run);
	if (run->notes)
		job_tell_detail(run, "notes", run->notes);
	run->notes = NULL;
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

/* false: it is to end before it began. */
static bool begin(struct job_run *run)
{
	int rc;

	pthread_mutex_lock(&run->lock);
	rc = run->forced ? run->forced : run->cancelled ? ESIM_ECANCELED : 0;
	if (!rc)
		rc = esim_cancel_new(&run->cancel);
	if (!rc)
		rc = esim_cancel_new(&run->stop);
	if (!rc)
		job_tell(run);
	else
		esim_error_set(&run->error, rc, "the job could not begin");
	run->rc = rc;
	pthread_mutex_unlock(&run->lock);
	return !rc;
}

/* Of one that is gone nothing can be asked; nor where its reader went, or lpad ends. */
static void ask_for_truth(struct job_run *run, struct card_session *session)
{
	const struct session_hooks hooks = { .cancel = run->stop };

	run->truth_rc = work_truth(session, &run->target, &hooks, true, &run->snapshot, &run->truth_error);
}

void job_run_work(struct task *task, struct card_session *session)
{
	struct job_run *run = (struct job_run *)task;
	struct session_hooks hooks;

	if (!begin(run))
		return;
	run->began = true;
	hooks = job_hooks(run);
	run->rc = do_work(run, session, &hooks);
	tell_result(run, session);
	if (run->target.uri[0])
		ask_for_truth(run, session);
}
