/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks that a caller of the bus waits for: a channel that is lent, a notification forgotten, a look at
 * everything. A lent descriptor counts from the moment that it is asked for, as long as its borrower is
 * on the bus: nobody can see when a copy of it is closed.
 */
#include "core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lent {
	struct lent *next;
	char borrower[];
};

static struct lent *lend(struct euicc *euicc, const char *borrower)
{
	struct lent *lent = malloc(sizeof(*lent) + strlen(borrower) + 1);

	if (!lent)
		return NULL;
	strcpy(lent->borrower, borrower);
	lent->next = euicc->lent;
	euicc->lent = lent;
	return lent;
}

/* One of that borrower's, or all of them. */
static void give_back(struct euicc *euicc, const char *borrower, bool all)
{
	for (struct lent **at = &euicc->lent; *at;) {
		struct lent *lent = *at;

		if (strcmp(lent->borrower, borrower) != 0) {
			at = &lent->next;
			continue;
		}
		*at = lent->next;
		free(lent);
		if (!all)
			return;
	}
}

const char *lent_to(const struct euicc *euicc)
{
	return euicc->lent ? euicc->lent->borrower : NULL;
}

void lend_forget(struct euicc *euicc)
{
	while (euicc->lent)
		give_back(euicc, euicc->lent->borrower, true);
}

void model_borrower_gone(struct daemon *daemon, const char *borrower)
{
	for (struct euicc *euicc = daemon->euiccs; euicc; euicc = euicc->next)
		give_back(euicc, borrower, true);
}

/* --- tasks ---------------------------------------------------------------------------------------------------- */

struct errand {
	struct task task;
	struct daemon *daemon;
	unsigned euicc;
	struct card_target target;
	int rc;
	struct esim_error err;
	void *context;
	/* OpenChannel */
	void (*opened)(void *context, int fd, const struct esim_error *err);
	char borrower[256];			/* a unique name of D-Bus is not longer */
	struct esim_aid aid;
	int fd;
	/* Drop */
	model_done dropped;
	char notification[OUTBOX_NAME_SIZE];
	struct snapshot snapshot;
};

static void errand_free(struct errand *errand)
{
	snapshot_clear(&errand->snapshot);
	free(errand);
}

static int submit(struct euicc *euicc, struct errand *errand, struct esim_error *err)
{
	struct lane *lane;
	int rc = euicc_lane(euicc, &lane, err);

	errand->daemon = euicc->daemon;
	errand->euicc = euicc->number;
	errand->target = euicc->target;
	errand->fd = -1;
	if (!rc)
		rc = lane_submit(lane, &errand->task, err);
	if (rc)
		errand_free(errand);
	else
		daemon_activity(euicc->daemon);
	return rc;
}

static int not_there(const struct euicc *euicc, struct esim_error *err)
{
	return esim_error_set(err, ESIM_ENODEV, "the eUICC is %s%s%s", euicc_state_name(euicc->state),
			      euicc->state_cause[0] ? ": " : "", euicc->state_cause);
}

/* --- OpenChannel -------------------------------------------------------------------------------------------------- */

static void run_open(struct task *task, struct card_session *session)
{
	struct errand *errand = (struct errand *)task;

	errand->rc = work_open_channel(session, &errand->target,
				       esim_slice(errand->aid.bytes, errand->aid.len), &errand->fd, &errand->err);
}

static void open_done(struct task *task, bool ran)
{
	struct errand *errand = (struct errand *)task;
	struct daemon *daemon = errand->daemon;
	struct euicc *euicc = model_euicc(daemon, errand->euicc);

	if (!ran)
		errand->rc = esim_error_set(&errand->err, ESIM_ENODEV, "the eUICC is not there any more");
	if (errand->rc && euicc)
		give_back(euicc, errand->borrower, false);
	errand->opened(errand->context, errand->rc ? -1 : errand->fd, errand->rc ? &errand->err : NULL);
	errand_free(errand);
	core_task_done(daemon);
}

int euicc_open_channel(struct euicc *euicc, struct esim_slice aid, const char *borrower,
		       void (*done)(void *context, int fd, const struct esim_error *err), void *context,
		       struct esim_error *err)
{
	struct errand *errand;
	int rc;

	if (!euicc_is_there(euicc))
		return not_there(euicc, err);
	if (aid.len > sizeof(errand->aid.bytes) || strlen(borrower) >= sizeof(errand->borrower))
		return esim_error_set(err, ESIM_EINVAL, "an AID has at most %d bytes", ESIM_MAX_AID);
	errand = calloc(1, sizeof(*errand));
	if (!errand || !lend(euicc, borrower)) {
		free(errand);
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	}
	errand->task.run = run_open;
	errand->task.done = open_done;
	errand->opened = done;
	errand->context = context;
	snprintf(errand->borrower, sizeof(errand->borrower), "%s", borrower);
	memcpy(errand->aid.bytes, aid.data, aid.len);
	errand->aid.len = aid.len;
	rc = submit(euicc, errand, err);
	if (rc)
		give_back(euicc, borrower, false);
	return rc;
}

/* --- Drop ---------------------------------------------------------------------------------------------------------------- */

static void run_drop(struct task *task, struct card_session *session)
{
	struct errand *errand = (struct errand *)task;
	struct esim_error ignored;

	errand->rc = work_drop(session, &errand->target, NULL, errand->notification, &errand->err);
	work_truth(session, &errand->target, NULL, true, &errand->snapshot, &ignored);
}

static void drop_done(struct task *task, bool ran)
{
	struct errand *errand = (struct errand *)task;
	struct daemon *daemon = errand->daemon;
	struct euicc *euicc = model_euicc(daemon, errand->euicc);

	if (!ran)
		errand->rc = esim_error_set(&errand->err, ESIM_ENODEV, "the eUICC is not there any more");
	if (ran && euicc) {
		if (errand->target.uri[0])
			contents_take(euicc, &errand->snapshot);
		else
			contents_take_outbox(euicc, &errand->snapshot.outbox);
	}
	errand->dropped(errand->context, errand->rc ? &errand->err : NULL);
	errand_free(errand);
	core_task_done(daemon);
}

int notification_drop(struct notification *notification, model_done done, void *context, struct esim_error *err)
{
	struct euicc *euicc = notification->euicc;
	struct errand *errand;

	if (!euicc->identified)
		return not_there(euicc, err);
	errand = calloc(1, sizeof(*errand));
	if (!errand)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	errand->task.run = run_drop;
	errand->task.done = drop_done;
	errand->dropped = done;
	errand->context = context;
	if (euicc->jobs == 0)
		errand->snapshot.details = json_incref(euicc->details);
	snprintf(errand->notification, sizeof(errand->notification), "%s", notification->info.name);
	return submit(euicc, errand, err);
}

/* --- Refresh --------------------------------------------------------------------------------------------------------------- */

int euicc_refresh(struct euicc *euicc, model_done done, void *context, struct esim_error *err)
{
	if (!euicc->device)
		return not_there(euicc, err);
	return device_refresh(euicc->device, euicc->number, done, context, err);
}
