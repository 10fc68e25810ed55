/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs as the loop has them: queued with bounds, confirmed, cancelled, and ended on every path. */
#include "job_run.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool job_has_ended(const struct job *job)
{
	return job->state == JOB_DONE || job->state == JOB_FAILED || job->state == JOB_CANCELLED;
}

/* --- the end --------------------------------------------------------------------------------------------- */

static void job_free(struct job **at)
{
	struct job *job = *at;

	*at = job->next;
	json_decref(job->details);
	explicit_bzero(job, sizeof(*job));
	free(job);
}

void job_run_free(struct job_run *run)
{
	if (!run)
		return;
	pthread_mutex_destroy(&run->lock);
	pthread_cond_destroy(&run->answered);
	json_decref(run->view.details);
	json_decref(run->notes);
	esim_cancel_free(&run->cancel);
	esim_cancel_free(&run->stop);
	lpa_download_result_clear(&run->download.result);
	free(run->events);
	outbox_clear(&run->outbox);
	snapshot_clear(&run->snapshot);
	explicit_bzero(run, sizeof(*run));
	free(run);
}

/* Those that ended longest ago make room; what has not ended stays whatever its age. */
static void forget_oldest(struct daemon *daemon)
{
	struct job **oldest = NULL;
	size_t ended = 0;

	for (struct job **at = &daemon->jobs; *at; at = &(*at)->next) {
		if (!job_has_ended(*at))
			continue;
		ended++;
		if (!oldest || (*at)->ended < (*oldest)->ended)
			oldest = at;
	}
	if (ended <= MODEL_MAX_ENDED)
		return;
	bus_job_removed(daemon->bus, *oldest);
	job_free(oldest);
}

static void wipe_request(struct job_request *request)
{
	explicit_bzero(&request->download, sizeof(request->download));
	explicit_bzero(request->nonce, sizeof(request->nonce));
}

static void finish(struct job *job, enum job_state state)
{
	struct daemon *daemon = job->daemon;
	struct euicc *euicc = job->euicc;

	job_run_free(job->run);
	job->run = NULL;
	wipe_request(&job->request);
	job->state = state;
	job->ended = ++daemon->jobs_ended;
	job->stage[0] = '\0';
	job->needs = 0;
	if (state == JOB_DONE) {
		job->progress = 100;
		esim_error_clear(&job->error);
	}
	log_about(LOG_INFO, job->euicc_number, job->number, "%s: %s%s%s", job_kind_name(job->request.kind),
		  job_state_name(state), job->error.code ? ": " : "",
		  job->error.code ? esim_code_name(job->error.code) : "");
	if (euicc)
		euicc_job_count(euicc, -1);
	bus_job_changed(daemon->bus, job);
	bus_job_finished(daemon->bus, job);
	forget_oldest(daemon);
}

/* --- what the lane says --------------------------------------------------------------------------------------- */

static void take_view(struct job_run *run)
{
	struct job *job = run->job;
	json_t *details;

	pthread_mutex_lock(&run->lock);
	job->state = run->view.waiting ? JOB_WAITING : JOB_RUNNING;
	memcpy(job->stage, run->view.stage, sizeof(job->stage));
	job->progress = run->view.progress;
	job->needs = run->view.waiting ? run->view.needs : 0;
	details = run->view.details;
	run->view.details = NULL;
	pthread_mutex_unlock(&run->lock);
	if (details)
		json_object_update(job->details, details);
	json_decref(details);
}

void job_news(struct post *news)
{
	struct job_run *run = (struct job_run *)((char *)news - offsetof(struct job_run, news));

	pthread_mutex_lock(&run->lock);
	run->has_news = false;
	pthread_mutex_unlock(&run->lock);
	take_view(run);
	bus_job_changed(run->job->daemon->bus, run->job);
}

static bool is_doubtful(const struct esim_error *err)
{
	return err->domain == ESIM_DOMAIN_TRANSPORT || err->code == ESIM_ENODEV || err->code == ESIM_ESTALE ||
	       err->code == ESIM_EBUSY || err->code == ESIM_ETIMEDOUT || err->code == ESIM_EIO;
}

static void take_truth(struct job_run *run, struct euicc *euicc)
{
	if (run->target.uri[0]) {
		contents_take(euicc, &run->snapshot);
		euicc->complete = !run->truth_rc;
		if (run->truth_rc && euicc->device && is_doubtful(&run->truth_error))
			device_doubt(euicc->device);
	} else if (!run->rc || run->outbox.count > 0) {
		contents_take_outbox(euicc, &run->outbox);
	}
	if (run->rc)
		return;
	if (run->job->request.kind == JOB_DISCOVER)
		contents_take_events(euicc, run->events, run->event_count);
	if (run->job->request.kind == JOB_DOWNLOAD && run->job->request.download.event_number)
		contents_remove_event(euicc, run->job->request.download.event_number);
}

static enum job_state outcome(const struct job_run *run)
{
	if (run->rc == 0)
		return JOB_DONE;
	if (run->forced)
		return run->forced == ESIM_ECANCELED ? JOB_CANCELLED : JOB_FAILED;
	if (run->refused || (run->cancelled && (run->rc == ESIM_ECANCELED || run->rc == ESIM_EREFUSED)))
		return JOB_CANCELLED;
	return JOB_FAILED;
}

void job_done(struct task *task, bool ran)
{
	struct job_run *run = (struct job_run *)task;
	struct job *job = run->job;
	struct daemon *daemon = job->daemon;
	struct euicc *euicc = job->euicc;

	if (!ran)
		run->rc = esim_error_set(&run->error, ESIM_ENODEV, "the eUICC was gone before the job's turn came");
	take_view(run);
	job->error = run->error;
	if (run->rc && run->forced)
		esim_error_set(&job->error, run->forced, "%s", run->forced_why);
	if (run->began && euicc)
		take_truth(run, euicc);
	finish(job, outcome(run));
	if (euicc)
		euicc_deliver(euicc);
	core_task_done(daemon);
}

/* --- what a user says ----------------------------------------------------------------------------------------------- */

static unsigned answers(const struct job_answer *answer)
{
	return (answer->has_consent ? JOB_NEEDS_CONSENT : 0u) |
	       (answer->has_policy_consent ? JOB_NEEDS_POLICY_CONSENT : 0u) |
	       (answer->confirmation_code ? JOB_NEEDS_CONFIRMATION_CODE : 0u);
}

int job_confirm(struct job *job, const struct job_answer *answer, struct esim_error *err)
{
	const unsigned given = answers(answer);
	struct job_run *run = job->run;
	bool fits;

	if (!run)
		return esim_error_set(err, ESIM_EINVAL, "the job has ended");
	pthread_mutex_lock(&run->lock);
	fits = run->view.waiting && !(given & ~run->view.needs);
	if (fits) {
		run->refused |= (answer->has_consent && !answer->consent) ||
				(answer->has_policy_consent && !answer->policy_consent);
		if (answer->confirmation_code)
			snprintf(run->code, sizeof(run->code), "%s", answer->confirmation_code);
		run->view.needs &= ~given;
		pthread_cond_signal(&run->answered);
	}
	pthread_mutex_unlock(&run->lock);
	if (!fits)
		return esim_error_set(err, ESIM_EINVAL, "the job does not wait for that");
	take_view(run);
	bus_job_changed(job->daemon->bus, job);
	return 0;
}

static void end_queued(struct job *job, int code, const char *why)
{
	esim_error_set(&job->error, code, "%s", why);
	finish(job, code == ESIM_ECANCELED ? JOB_CANCELLED : JOB_FAILED);
	daemon_activity(job->daemon);
}

int job_cancel(struct job *job, enum lpa_answer reason, struct esim_error *err)
{
	struct job_run *run = job->run;

	if (!run)
		return esim_error_set(err, ESIM_EINVAL, "the job has ended");
	if (job->state == JOB_QUEUED && lane_withdraw(run->task.lane, &run->task)) {
		end_queued(job, ESIM_ECANCELED, "cancelled before its turn came");
		return 0;
	}
	pthread_mutex_lock(&run->lock);
	if (!run->cancelled) {
		run->cancelled = true;
		run->reason = reason;
		if (run->cancel)
			esim_cancel_trigger(run->cancel);
		pthread_cond_signal(&run->answered);
	}
	pthread_mutex_unlock(&run->lock);
	return 0;
}

static void force(struct job_run *run, int code, const char *why)
{
	pthread_mutex_lock(&run->lock);
	run->forced = code;
	snprintf(run->forced_why, sizeof(run->forced_why), "%s", why);
	run->cancelled = true;
	run->reason = LPA_LATER;
	if (run->cancel)
		esim_cancel_trigger(run->cancel);
	if (run->stop)
		esim_cancel_trigger(run->stop);
	pthread_cond_signal(&run->answered);
	pthread_mutex_unlock(&run->lock);
}

static struct job *find_unended(struct euicc *euicc)
{
	struct job *job = euicc->daemon->jobs;

	while (job && !(job->euicc == euicc && job->run && !job->run->forced))
		job = job->next;
	return job;
}

void jobs_end(struct euicc *euicc, int code, const char *why)
{
	struct job *job;

	while ((job = find_unended(euicc))) {
		if (job->state == JOB_QUEUED && lane_withdraw(job->run->task.lane, &job->run->task))
			end_queued(job, code, why);
		else
			force(job->run, code, why);
	}
}

void jobs_forget(struct daemon *daemon)
{
	while (daemon->jobs)
		job_free(&daemon->jobs);
}
