/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job between its eUICC's lane and the loop: what both share while it has not ended. */
#ifndef LPAD_JOB_RUN_H
#define LPAD_JOB_RUN_H

#include "core.h"

#include <pthread.h>

/* What the loop shows of it. */
struct job_view {
	bool waiting;
	char stage[JOB_STAGE_SIZE];
	unsigned progress, needs;
	json_t *details;			/* what is new of them, to be taken over; NULL: nothing */
};

struct job_run {
	struct task task;
	struct job *job;			/* the loop's, save its request, which does not change */
	struct poster *poster;
	struct card_target target;
	uint64_t patience_usec;			/* ConsentTimeout */

	pthread_mutex_t lock;			/* for what follows */
	pthread_cond_t answered;
	struct post news;
	bool has_news;				/* the post is on its way */
	struct job_view view;
	bool refused;				/* a person said no */
	char code[ESIM_MAX_CONFIRMATION_CODE + 1];
	bool cancelled;
	enum lpa_answer reason;			/* of that */
	int forced;				/* enum esim_code: no more work on this card, not even the truth */
	char forced_why[80];
	struct esim_cancel *cancel, *stop;	/* of the work, of the truth; NULL: it has not begun */

	/* The lane's until done(), then the loop's. */
	json_t *notes;
	bool began;				/* else nothing was done, and nothing read */
	bool lacks_code;			/* nobody could be asked for one */
	int rc, truth_rc;
	struct esim_error error, truth_error;
	struct work_download download;
	struct es9p_event *events;
	size_t event_count;
	struct outbox outbox;			/* of a gone eUICC: no truth brings it */
	struct snapshot snapshot;
};

/* job.c */
bool job_has_ended(const struct job *job);
void job_done(struct task *task, bool ran);
void job_news(struct post *news);
void job_run_free(struct job_run *run);		/* NULL is accepted */

/* job_work.c: task.run */
void job_run_work(struct task *task, struct card_session *session);

/* job_user.c: the hooks of @run, and what a user's call means to the thread that waits in one. */
struct session_hooks job_hooks(struct job_run *run);
/* Locked by the caller. */
void job_tell(struct job_run *run);
/* @details is owned by the call. Not locked. */
void job_tell_detail(struct job_run *run, const char *name, json_t *details);
/* The same with each member of @details, an object, which it takes. */
void job_tell_details(struct job_run *run, json_t *details);

#endif
