/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers: each has a lane. One that appears or has news is probed; what came of it places eUICCs
 * there or takes them away. One that goes leaves its lane to end by itself; until that is over nobody
 * probes, since the directory of an eUICC is for one lane at a time.
 */
#include "core.h"

#include "courier.h"
#include "log.h"
#include "monitor.h"

#include "lpad/common/modem_manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MIN_USEC UINT64_C(1000000)
#define RETRY_MAX_USEC (60 * UINT64_C(1000000))
#define RETRY_ACCURACY_USEC UINT64_C(250000)
#define MAX_TRANSIENT 3			/* probes that a reset came between */

struct waiter {
	struct waiter *next;
	unsigned euicc;
	model_done done;
	void *context;
};

void device_show(const char *uri, char *text, size_t size)
{
	const bool socket = strncmp(uri, "unix:", 5) == 0 || strncmp(uri, "tcp:", 4) == 0;

	snprintf(text, size, "%.*s", socket ? (int)strcspn(uri, ":") : (int)strcspn(uri, "?"), uri);
}

struct device *device_find(struct daemon *daemon, const char *uri)
{
	struct device *device = daemon->devices;

	while (device && (device->leaving || strcmp(device->uri, uri) != 0))
		device = device->next;
	return device;
}

static struct device *find_staying(struct daemon *daemon)
{
	struct device *device = daemon->devices;

	while (device && device->leaving)
		device = device->next;
	return device;
}

/* --- probes ------------------------------------------------------------------------------------------------ */

static void tell_waiters(struct device *device, const struct esim_error *err)
{
	struct waiter *next, *first = device->waiters;

	device->waiters = NULL;
	for (struct waiter *w = first; w; w = next) {
		struct euicc *euicc = model_euicc(device->daemon, w->euicc);

		next = w->next;
		if (!err && euicc && euicc->device == device)
			deliver_then(euicc, w->done, w->context);
		else
			w->done(w->context, err);
		free(w);
	}
}

static void start_probe(struct device *device)
{
	struct esim_error err;

	/* One that is under way may have seen the reader before the news. */
	device->probe_wanted = true;
	device->retry = sd_event_source_disable_unref(device->retry);
	if (device->probe || device->leaving || device->daemon->stopping)
		return;
	if (core_has_strays(device->daemon)) {
		deliver_stop_gone(device->daemon);
		return;
	}
	device->probe_wanted = false;
	if (probe_start(device, &err)) {
		log_say(LOG_ERR, "a reader could not be looked at: %s", err.message);
		tell_waiters(device, &err);
	}
	daemon_activity(device->daemon);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	start_probe(userdata);
	return 0;
}

static void retry_later(struct device *device)
{
	uint64_t usec = RETRY_MIN_USEC;

	for (unsigned i = 1; i < device->failures && usec < RETRY_MAX_USEC; i++)
		usec *= 2;
	if (usec > RETRY_MAX_USEC)
		usec = RETRY_MAX_USEC;
	device->retry = sd_event_source_disable_unref(device->retry);
	if (sd_event_add_time_relative(device->daemon->event, &device->retry, CLOCK_MONOTONIC, usec,
				       RETRY_ACCURACY_USEC, on_retry, device) < 0)
		log_say(LOG_ERR, "a reader that is not ready cannot be tried again: no timer");
}

/* --- what came of it ------------------------------------------------------------------------------------------ */

/* A reader of the system's says itself when it has news; one that is configured is asked. */
static bool may_get_better(const struct device *device, const struct probe *probe)
{
	if (probe->count > 0 || probe->err.code == ESIM_ENOENT)
		return false;
	/* A modem that another program has lets nobody know when it is free. */
	if (mm_is_modem_uri(device->uri) && (probe->err.code == ESIM_EBUSY || device->failures <= MAX_TRANSIENT))
		return true;
	return device->configured || (probe->err.code == ESIM_ESTALE && device->failures <= MAX_TRANSIENT);
}

void device_probed(struct device *device, struct probe *probe)
{
	device->failures = probe->count > 0 ? 0 : device->failures + 1;
	device_take(device, probe);
	if (may_get_better(device, probe))
		retry_later(device);
	if (!device->probe_wanted)
		tell_waiters(device, probe->count > 0 ? NULL : &probe->err);
}

/* --- readers that come, have news, go ------------------------------------------------------------------------------ */

void device_appeared(struct daemon *daemon, const char *uri)
{
	struct device *device = device_find(daemon, uri);
	struct esim_error err;

	if (!device) {
		device = calloc(1, sizeof(*device));
		if (!device || lane_new(daemon->poster, daemon->context, &device->lane, &err)) {
			free(device);
			log_say(LOG_ERR, "no memory for a reader");
			return;
		}
		device->daemon = daemon;
		snprintf(device->uri, sizeof(device->uri), "%s", uri);
		device->next = daemon->devices;
		daemon->devices = device;
	}
	start_probe(device);
}

void device_changed(struct daemon *daemon, const char *uri)
{
	struct device *device = device_find(daemon, uri);

	if (device)
		start_probe(device);
}

void device_doubt(struct device *device)
{
	start_probe(device);
}

/* What is leaving and has nothing left to do. A lane frees itself behind its last task. */
static void free_left(struct daemon *daemon)
{
	for (struct device **at = &daemon->devices; *at;) {
		struct device *device = *at;

		if (!device->leaving || lane_depth(device->lane) > 0) {
			at = &device->next;
			continue;
		}
		*at = device->next;
		free(device);
	}
}

static void leave(struct device *device, int code, const char *why)
{
	struct esim_error err;
	struct euicc *next;
	struct lane *lane;

	esim_error_set(&err, code, "%s", why);
	device->leaving = true;
	device->retry = sd_event_source_disable_unref(device->retry);
	if (device->probe)
		esim_cancel_trigger(device->probe->cancel);
	for (struct euicc *euicc = device->daemon->euiccs; euicc; euicc = next) {
		next = euicc->next;
		if (euicc->device != device)
			continue;
		jobs_end(euicc, code, why);
		deliver_stop(euicc);
		if (euicc->identified)
			euicc_place(euicc, NULL);
		else
			euicc_remove(euicc);
	}
	tell_waiters(device, &err);
	lane = device->lane;
	free_left(device->daemon);
	lane_shut(lane);
}

void device_went(struct daemon *daemon, const char *uri)
{
	struct device *device = device_find(daemon, uri);

	if (device)
		leave(device, ESIM_ENODEV, "the reader was taken away");
	courier_update(daemon->courier);
	daemon_activity(daemon);
}

void device_set_configured(struct daemon *daemon, const char *uri, bool configured)
{
	struct device *device = device_find(daemon, uri);

	if (device)
		device->configured = configured;
}

void devices_shut(struct daemon *daemon)
{
	struct device *device;

	/* Each goes at once or is leaving then; others may go with it. */
	while ((device = find_staying(daemon)))
		leave(device, ESIM_ECANCELED, "lpad ends");
}

int device_refresh(struct device *device, unsigned euicc, model_done done, void *context, struct esim_error *err)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	*waiter = (struct waiter){ device->waiters, euicc, done, context };
	device->waiters = waiter;
	device->failures = 0;
	start_probe(device);
	return 0;
}

/* --- tasks ------------------------------------------------------------------------------------------------------------- */

bool core_has_strays(const struct daemon *daemon)
{
	for (const struct device *d = daemon->devices; d; d = d->next)
		if (d->leaving)
			return true;
	for (const struct euicc *e = daemon->euiccs; e; e = e->next)
		if (!e->device && e->lane && lane_depth(e->lane) > 0)
			return true;
	return false;
}

bool core_is_busy(const struct daemon *daemon)
{
	for (const struct device *d = daemon->devices; d; d = d->next)
		if (d->probe_wanted || lane_depth(d->lane) > 0)
			return true;
	return core_has_strays(daemon);
}

void core_task_done(struct daemon *daemon)
{
	free_left(daemon);
	for (struct device *device = daemon->devices; device; device = device->next)
		if (device->probe_wanted && !device->probe)
			start_probe(device);
	if (!daemon->stopping)
		courier_update(daemon->courier);
	daemon_activity(daemon);
}
