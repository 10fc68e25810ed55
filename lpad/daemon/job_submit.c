/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job is made and queued, if its eUICC is there, there is room, and nothing lent is in its way. */
#include "job_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int too_many(struct esim_error *err, const char *what)
{
	esim_error_set(err, ESIM_EBUSY, "%s", what);
	snprintf(err->check, sizeof(err->check), "tooMany");
	esim_error_advise(err, "try again when one of them has ended");
	return ESIM_EBUSY;
}

static int check_room(const struct euicc *euicc, uid_t uid, struct esim_error *err)
{
	size_t of_uid = 0;

	if (euicc->jobs >= MODEL_MAX_QUEUED)
		return too_many(err, "this eUICC has as many jobs as it may have");
	if (uid == 0)
		return 0;
	for (const struct job *job = euicc->daemon->jobs; job; job = job->next)
		of_uid += !job_has_ended(job) && job->request.uid == uid;
	return of_uid < MODEL_MAX_QUEUED_UID ? 0 : too_many(err, "this user has as many jobs as one may have");
}

/* What is owed is sent from disk too. */
static int check_there(const struct euicc *euicc, const struct job_request *request, struct esim_error *err)
{
	if (euicc->daemon->stopping)
		return esim_error_set(err, ESIM_ENODEV, "lpad is ending");
	if (euicc_is_there(euicc) || (request->kind == JOB_NOTIFICATION && euicc->identified))
		return 0;
	return esim_error_set(err, ESIM_ENODEV, "the eUICC is %s%s%s", euicc_state_name(euicc->state),
			      euicc->state_cause[0] ? ": " : "", euicc->state_cause);
}

static bool needs_reset(const struct job_request *request)
{
	switch (request->kind) {
	case JOB_ENABLE:
	case JOB_DISABLE:
		return !request->how.refresh;
	case JOB_DOWNLOAD:
		return request->download.enable_after && !request->how.refresh;
	case JOB_RESET:
		return true;
	case JOB_DISCOVER:
	case JOB_DELETE:
	case JOB_NICKNAME:
	case JOB_ADDRESS:
	case JOB_NOTIFICATION:
	case JOB_ATTEST:
		return false;
	}
	return false;
}

static int check_lent(const struct euicc *euicc, const struct job_request *request, struct esim_error *err)
{
	const char *borrower = needs_reset(request) ? lent_to(euicc) : NULL;

	if (!borrower)
		return 0;
	esim_error_set(err, ESIM_EBUSY, "the card has to be reset, which would close a channel that %s on the bus "
		       "has borrowed", borrower);
	snprintf(err->check, sizeof(err->check), "lent");
	esim_error_advise(err, "end that program, or ask for refresh");
	return ESIM_EBUSY;
}

static struct job_run *run_new(struct job *job)
{
	struct euicc *euicc = job->euicc;
	struct job_run *run = calloc(1, sizeof(*run));
	pthread_condattr_t attr;

	if (!run)
		return NULL;
	run->task.run = job_run_work;
	run->task.done = job_done;
	run->news.run = job_news;
	run->job = job;
	run->poster = job->daemon->poster;
	run->target = euicc->target;
	run->patience_usec = job->daemon->context->config.consent_timeout_usec;
	pthread_mutex_init(&run->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&run->answered, &attr);
	pthread_condattr_destroy(&attr);
	/* Facts that a job before this one is about to change are read anew. */
	if (euicc->jobs == 0)
		run->snapshot.details = json_incref(euicc->details);
	return run;
}

static struct job *job_new(struct euicc *euicc, const struct job_request *request)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->daemon = euicc->daemon;
	job->number = ++euicc->daemon->next_job;
	job->euicc = euicc;
	job->euicc_number = euicc->number;
	job->request = *request;
	job->state = JOB_QUEUED;
	job->details = json_object();
	job->run = run_new(job);
	if (job->run && job->details)
		return job;
	job_run_free(job->run);
	json_decref(job->details);
	explicit_bzero(job, sizeof(*job));
	free(job);
	return NULL;
}

static int submit(struct euicc *euicc, struct job *job, struct esim_error *err)
{
	struct job **at = &euicc->daemon->jobs;
	struct lane *lane;
	int rc = euicc_lane(euicc, &lane, err);

	if (!rc)
		rc = lane_submit(lane, &job->run->task, err);
	if (rc)
		return rc;
	while (*at)
		at = &(*at)->next;
	*at = job;
	return 0;
}

int job_submit(struct euicc *euicc, const struct job_request *request, struct job **ret, struct esim_error *err)
{
	struct job *job;
	int rc = check_there(euicc, request, err);

	if (!rc)
		rc = check_room(euicc, request->uid, err);
	if (!rc)
		rc = check_lent(euicc, request, err);
	if (rc)
		return rc;
	job = job_new(euicc, request);
	if (!job)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a job");
	rc = submit(euicc, job, err);
	if (rc) {
		job_run_free(job->run);
		json_decref(job->details);
		explicit_bzero(job, sizeof(*job));
		free(job);
		return rc;
	}
	bus_job_added(euicc->daemon->bus, job);
	euicc_job_count(euicc, 1);
	daemon_activity(euicc->daemon);
	*ret = job;
	return 0;
}
