/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a job asks its user and shows of itself, on the lane's thread: the thread waits on a condition,
 * so that this eUICC's later jobs wait and nobody else's; the loop hears of it by one post at a time.
 */
#include "job_run.h"

#include "lpad/common/details.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- what the loop hears ------------------------------------------------------------------------------- */

void job_tell(struct job_run *run)
{
	if (run->has_news)
		return;
	run->has_news = true;
	post(run->poster, &run->news);
}

void job_tell_detail(struct job_run *run, const char *name, json_t *details)
{
	pthread_mutex_lock(&run->lock);
	if (!run->view.details)
		run->view.details = json_object();
	json_object_set_new(run->view.details, name, details);
	job_tell(run);
	pthread_mutex_unlock(&run->lock);
}

void job_tell_details(struct job_run *run, json_t *details)
{
	pthread_mutex_lock(&run->lock);
	if (!run->view.details)
		run->view.details = json_object();
	json_object_update_new(run->view.details, details);
	job_tell(run);
	pthread_mutex_unlock(&run->lock);
}

/* --- waiting for a person ----------------------------------------------------------------------------------- */

static struct timespec deadline(uint64_t usec)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(usec / 1000000);
	at.tv_nsec += (long)(usec % 1000000) * 1000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

static void set_waiting(struct job_run *run, bool waiting)
{
	run->view.waiting = waiting;
	job_tell(run);
}

/* Until @need is off the list. Locked. */
static enum lpa_answer wait_for(struct job_run *run, unsigned need)
{
	const struct timespec until = deadline(run->patience_usec);
	int r = 0;

	if ((run->view.needs & need) && !run->refused && !run->cancelled)
		set_waiting(run, true);
	while ((run->view.needs & need) && !run->refused && !run->cancelled && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&run->answered, &run->lock, &until);
	if (run->view.waiting)
		set_waiting(run, false);
	if (run->refused)
		return LPA_NO;
	if (run->cancelled)
		return run->reason;
	if (!(run->view.needs & need))
		return LPA_YES;
	run->view.needs = 0;
	return LPA_NO_ANSWER;
}

static enum lpa_answer consent(void *context, const struct lpa_offer *offer)
{
	struct job_run *run = context;
	enum lpa_answer answer;

	job_tell_details(run, json_offer(offer));
	pthread_mutex_lock(&run->lock);
	/* All at once, so that one Confirm() can answer all. */
	run->view.needs = JOB_NEEDS_CONSENT;
	if (offer->policy_rules)
		run->view.needs |= JOB_NEEDS_POLICY_CONSENT;
	if (offer->confirmation_code_required && !run->job->request.download.confirmation_code[0])
		run->view.needs |= JOB_NEEDS_CONFIRMATION_CODE;
	answer = wait_for(run, JOB_NEEDS_CONSENT);
	pthread_mutex_unlock(&run->lock);
	return answer;
}

static enum lpa_answer ppr_consent(void *context, const struct lpa_offer *offer)
{
	struct job_run *run = context;
	enum lpa_answer answer;

	(void)offer;
	pthread_mutex_lock(&run->lock);
	answer = wait_for(run, JOB_NEEDS_POLICY_CONSENT);
	pthread_mutex_unlock(&run->lock);
	return answer;
}

/* One that was refused is asked for anew; one that came with the order is tried once. */
static enum lpa_answer ask_for_code(struct job_run *run, unsigned refused)
{
	if (!run->job->request.download.interactive) {
		run->lacks_code = refused == 0;
		return LPA_NO_ANSWER;
	}
	if (!run->code[0])
		run->view.needs |= JOB_NEEDS_CONFIRMATION_CODE;
	return wait_for(run, JOB_NEEDS_CONFIRMATION_CODE);
}

static enum lpa_answer confirmation_code(void *context, unsigned refused,
					 char code[static ESIM_MAX_CONFIRMATION_CODE + 1])
{
	struct job_run *run = context;
	enum lpa_answer answer = LPA_YES;

	if (refused > 0)
		job_tell_detail(run, "confirmationCodesRefused", json_integer(refused));
	pthread_mutex_lock(&run->lock);
	if (refused == 0 && run->job->request.download.confirmation_code[0])
		memcpy(run->code, run->job->request.download.confirmation_code, sizeof(run->code));
	else
		answer = ask_for_code(run, refused);
	if (answer == LPA_YES)
		memcpy(code, run->code, sizeof(run->code));
	explicit_bzero(run->code, sizeof(run->code));
	pthread_mutex_unlock(&run->lock);
	return answer;
}

static enum lpa_answer why_cancelled(void *context)
{
	struct job_run *run = context;
	enum lpa_answer reason;

	pthread_mutex_lock(&run->lock);
	reason = run->cancelled ? run->reason : LPA_LATER;
	pthread_mutex_unlock(&run->lock);
	return reason;
}

/* --- how far it is --------------------------------------------------------------------------------------------- */

static const struct {
	const char *step;
	unsigned percent;			/* as it begins */
} download_steps[] = {
	{ "ES9+.InitiateAuthentication", 5 },
	{ "ES10b.AuthenticateServer", 10 },
	{ "ES9+.AuthenticateClient", 15 },
	{ "ES10b.PrepareDownload", 20 },
	{ "ES9+.GetBoundProfilePackage", 25 },
	{ "ES10b.LoadBoundProfilePackage", 30 },
	{ "ES10c.EnableProfile", 95 },
};
#define LOAD_BEGINS 30
#define LOAD_ENDS 95

static unsigned percent_of(const struct lpa_progress *progress)
{
	if (progress->load && progress->load->segments > 0)
		return (unsigned)(LOAD_BEGINS + (LOAD_ENDS - LOAD_BEGINS) * progress->load->segments_done /
				  progress->load->segments);
	for (size_t i = 0; i < sizeof(download_steps) / sizeof(download_steps[0]); i++)
		if (strcmp(progress->step, download_steps[i].step) == 0)
			return download_steps[i].percent;
	return 0;
}

static void progress(void *context, const struct lpa_progress *what)
{
	struct job_run *run = context;
	const unsigned percent = run->job->request.kind == JOB_DOWNLOAD ? percent_of(what) : 0;
	struct job_view *view = &run->view;

	pthread_mutex_lock(&run->lock);
	if (percent > view->progress || strcmp(view->stage, what->step) != 0) {
		snprintf(view->stage, sizeof(view->stage), "%s", what->step);
		if (percent > view->progress)
			view->progress = percent;
		job_tell(run);
	}
	pthread_mutex_unlock(&run->lock);
}

static void note(void *context, const char *sentence)
{
	struct job_run *run = context;

	if (!run->notes)
		run->notes = json_array();
	json_array_append_new(run->notes, json_text(sentence));
}

static void modem(void *context, json_t *told)
{
	job_tell_detail(context, "modem", told);
}

struct session_hooks job_hooks(struct job_run *run)
{
	return (struct session_hooks){
		.context = run,
		.user = {
			.context = run,
			.consent = consent,
			.ppr_consent = ppr_consent,
			.confirmation_code = confirmation_code,
			.progress = progress,
			.note = note,
		},
		.cancel = run->cancel,
		.why_cancelled = why_cancelled,
		.modem = modem,
	};
}
