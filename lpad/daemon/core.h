/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the model share: eUICCs and what is on them, the readers that they are in, the tasks
 * that work on them. All of it is the loop's. What each file does is at its head.
 */
#ifndef LPAD_CORE_H
#define LPAD_CORE_H

#include "daemon.h"

/* --- euicc.c ------------------------------------------------------------------------------------------ */

/* A new object, not shown yet. NULL: no memory, or too many. @number 0: a fresh one. */
struct euicc *euicc_new(struct daemon *daemon, unsigned number);
void euicc_remove(struct euicc *euicc);
struct euicc *euicc_by_eid(struct daemon *daemon, const struct esim_eid *eid);
/* It is in @device now; NULL: gone. What OpenChannel lent of it does not outlive that. */
void euicc_place(struct euicc *euicc, struct device *device);
void euicc_set_state(struct euicc *euicc, enum euicc_state state, const char *cause);
/* A job began or ended: "busy" follows. */
void euicc_job_count(struct euicc *euicc, int change);
/* The lane for a task; of one that is gone, a lane of its own. */
int euicc_lane(struct euicc *euicc, struct lane **ret, struct esim_error *err);
bool euicc_is_there(const struct euicc *euicc);

/* --- contents.c: from what a lane has read to objects --------------------------------------------------- */

/* Each takes what it wants out of its argument, which the caller then clears. */
void contents_take(struct euicc *euicc, struct snapshot *snapshot);
void contents_take_outbox(struct euicc *euicc, struct outbox *outbox);
void contents_take_events(struct euicc *euicc, const struct es9p_event *events, size_t count);
void contents_remove_event(struct euicc *euicc, unsigned number);
/* After a job the card could not be asked: what it may have changed is not known. */
void contents_unknown(struct euicc *euicc);
void contents_remove_all(struct euicc *euicc);

/* --- device.c ----------------------------------------------------------------------------------------------- */

struct device {
	struct device *next;
	struct daemon *daemon;
	struct lane *lane;
	char uri[ESIM_URI_SIZE];
	bool configured;			/* by URI: lpad itself tries again */
	bool leaving;				/* gone; its lane still has to end what it does */
	struct probe *probe;			/* that waits or runs */
	bool probe_wanted;
	unsigned failures;			/* of probes, in a row */
	sd_event_source *retry;
	struct waiter *waiters;			/* of Refresh() */
};

/* One that is not leaving; NULL: none. */
struct device *device_find(struct daemon *daemon, const char *uri);
/* For messages and Euicc1.Device: of a socket the kind alone. */
void device_show(const char *uri, char *text, size_t size);
/* The card did not answer a task as it should: look what is there. */
void device_doubt(struct device *device);
/* @done after the next probe and what is owed then. */
int device_refresh(struct device *device, unsigned euicc, model_done done, void *context, struct esim_error *err);
void device_set_configured(struct daemon *daemon, const char *uri, bool configured);
void devices_shut(struct daemon *daemon);

/* --- probe.c ---------------------------------------------------------------------------------------------------- */

#define PROBE_MAX_EUICCS 4			/* on one card */

struct found {
	struct snapshot snapshot;
	unsigned number;			/* of card.json; 0: the card gave no EID */
	int rc;
	struct esim_error err;
};

struct probe {
	struct task task;
	struct device *device;			/* NULL: it went */
	struct esim_cancel *cancel;
	struct found found[PROBE_MAX_EUICCS];
	size_t count;
	bool there;				/* something is at that address */
	struct esim_error err;			/* why nothing was found */
	/* for the thread */
	char uri[ESIM_URI_SIZE];
	atomic_uint *numbers;
};

int probe_start(struct device *device, struct esim_error *err);
/* device_found.c: eUICCs from what it found, which may be taken. */
void device_take(struct device *device, struct probe *probe);
/* device.c: what came of it. */
void device_probed(struct device *device, struct probe *probe);

/* --- deliver.c ----------------------------------------------------------------------------------------------------- */

/* As euicc_deliver(), and tell when that is over. */
void deliver_then(struct euicc *euicc, model_done done, void *context);
void deliver_stop(struct euicc *euicc);
/* One that is gone is delivered for from disk: stop, since a card that comes may be its. */
void deliver_stop_gone(struct daemon *daemon);

/* --- job.c ------------------------------------------------------------------------------------------------------------ */

/* The device went, or lpad ends: each job that has not ended does now. */
void jobs_end(struct euicc *euicc, int code, const char *why);
/* At the end of lpad: all have ended. */
void jobs_forget(struct daemon *daemon);

/* --- lend.c ------------------------------------------------------------------------------------------------------------- */

/* The program that a descriptor was lent to; NULL: none. */
const char *lent_to(const struct euicc *euicc);
void lend_forget(struct euicc *euicc);

/* --- tasks ------------------------------------------------------------------------------------------------------------------ */

/* A task that worked on an eUICC or a device was done: what waited for that may go on (device.c). */
void core_task_done(struct daemon *daemon);
/* Is anything at work in a lane whose reader is gone? Directories of eUICCs are for one lane at a time. */
bool core_has_strays(const struct daemon *daemon);
bool core_is_busy(const struct daemon *daemon);

#endif
