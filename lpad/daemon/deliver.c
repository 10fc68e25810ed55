/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an eUICC owes to servers, sent by a task of its own: no job's end waits for a slow server. */
#include "core.h"

#include "log.h"

#include <stdlib.h>

struct listener {
	struct listener *next;
	model_done done;
	void *context;
};

struct delivery {
	struct task task;
	struct daemon *daemon;
	unsigned euicc;				/* its number: the object may go meanwhile */
	struct listener *listeners;
	struct esim_cancel *cancel;
	/* for the thread */
	struct card_target target;
	bool network_up;
	struct outbox outbox;
	struct esim_error err;
	int rc;
};

static void run(struct task *task, struct card_session *session)
{
	struct delivery *delivery = (struct delivery *)task;
	const struct session_hooks hooks = { .cancel = delivery->cancel };

	/* What cannot be written now keeps its time. */
	if (delivery->network_up)
		outbox_network_up(card_session_context(session)->store, &delivery->target.eid, NULL);
	delivery->rc = work_deliver(session, &delivery->target, &hooks, NULL, &delivery->outbox, &delivery->err);
}

static void tell(struct delivery *delivery)
{
	struct listener *next;

	/* That a server did not answer is no failure of who asked: it stays owed, and to be seen. */
	for (struct listener *l = delivery->listeners; l; l = next) {
		next = l->next;
		l->done(l->context, NULL);
		free(l);
	}
	delivery->listeners = NULL;
}

static void delivery_free(struct delivery *delivery)
{
	outbox_clear(&delivery->outbox);
	esim_cancel_free(&delivery->cancel);
	free(delivery);
}

static void done(struct task *task, bool ran)
{
	struct delivery *delivery = (struct delivery *)task;
	struct daemon *daemon = delivery->daemon;
	struct euicc *euicc = model_euicc(daemon, delivery->euicc);

	if (euicc && euicc->delivery == delivery) {
		euicc->delivery = NULL;
		/* With an error the outbox may not have been read at all. */
		if (ran && (!delivery->rc || delivery->outbox.count > 0))
			contents_take_outbox(euicc, &delivery->outbox);
	}
	if (ran && delivery->rc && delivery->rc != ESIM_ECANCELED)
		log_about(LOG_NOTICE, delivery->euicc, 0, "a notification could not be sent yet (%s)",
			  esim_code_name(delivery->rc));
	tell(delivery);
	delivery_free(delivery);
	core_task_done(daemon);
}

static struct delivery *submit(struct euicc *euicc, bool network_up)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	struct esim_error err;
	struct lane *lane;

	if (!delivery || esim_cancel_new(&delivery->cancel)) {
		free(delivery);
		return NULL;
	}
	delivery->task.run = run;
	delivery->task.done = done;
	delivery->daemon = euicc->daemon;
	delivery->euicc = euicc->number;
	delivery->target = euicc->target;
	delivery->network_up = network_up;
	if (euicc_lane(euicc, &lane, &err) || lane_submit(lane, &delivery->task, &err)) {
		delivery_free(delivery);
		return NULL;
	}
	euicc->delivery = delivery;
	return delivery;
}

/* From disk alone, unless a card that is being looked at may be this eUICC's. */
static bool may_deliver(const struct euicc *euicc)
{
	if (!euicc->identified || euicc->daemon->stopping)
		return false;
	if (euicc->device)
		return true;
	for (const struct device *d = euicc->daemon->devices; d; d = d->next)
		if (d->probe || d->probe_wanted)
			return false;
	return true;
}

void deliver_then(struct euicc *euicc, model_done then, void *context)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	struct delivery *delivery = may_deliver(euicc) && listener ?
				    (euicc->delivery ? euicc->delivery : submit(euicc, false)) : NULL;

	if (!delivery) {
		free(listener);
		then(context, NULL);
		return;
	}
	*listener = (struct listener){ delivery->listeners, then, context };
	delivery->listeners = listener;
	daemon_activity(euicc->daemon);
}

static void deliver(struct euicc *euicc, bool network_up)
{
	if (euicc->delivery || !euicc->notifications || !may_deliver(euicc) || !submit(euicc, network_up))
		return;
	daemon_activity(euicc->daemon);
}

void euicc_deliver(struct euicc *euicc)
{
	deliver(euicc, false);
}

void euicc_network_up(struct euicc *euicc)
{
	deliver(euicc, true);
}

void deliver_stop(struct euicc *euicc)
{
	if (euicc->delivery)
		esim_cancel_trigger(euicc->delivery->cancel);
}

void deliver_stop_gone(struct daemon *daemon)
{
	for (struct euicc *e = daemon->euiccs; e; e = e->next)
		if (!e->device || daemon->stopping)
			deliver_stop(e);
}
