/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What systemd is told, and when lpad ends by itself. The watchdog stands only while something is at
 * work: systemd takes another time for it at any moment, and 0 stops it (WATCHDOG_USEC= of sd_notify(3)),
 * so that an idle lpad is never woken to say that it is alive. Without systemd all of this is silent.
 */
#include "systemd.h"

#include "core.h"
#include "courier.h"
#include "log.h"

#include <systemd/sd-daemon.h>

#include <stdlib.h>
#include <time.h>

struct activity {
	uint64_t watchdog_usec;			/* of the unit; 0: it wants none */
	bool busy;
	sd_event_source *alive;			/* while busy */
	sd_event_source *idle;			/* until the idle exit */
};

int activity_new(struct daemon *daemon, struct esim_error *err)
{
	struct activity *activity = calloc(1, sizeof(*activity));

	if (!activity)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	if (sd_watchdog_enabled(0, &activity->watchdog_usec) <= 0)
		activity->watchdog_usec = 0;
	daemon->activity = activity;
	return 0;
}

void activity_free(struct activity **activity)
{
	if (!*activity)
		return;
	sd_event_source_disable_unref((*activity)->alive);
	sd_event_source_disable_unref((*activity)->idle);
	free(*activity);
	*activity = NULL;
}

/* --- the watchdog -------------------------------------------------------------------------------------------- */

static int on_alive(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct activity *activity = userdata;

	(void)usec;
	sd_notify(0, "WATCHDOG=1");
	sd_event_source_set_time_relative(source, activity->watchdog_usec / 2);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void arm_watchdog(struct daemon *daemon, bool armed)
{
	struct activity *activity = daemon->activity;

	activity->alive = sd_event_source_disable_unref(activity->alive);
	if (!activity->watchdog_usec)
		return;
	/* It stands only where its timer does: else systemd would end a healthy lpad. */
	if (armed && sd_event_add_time_relative(daemon->event, &activity->alive, CLOCK_MONOTONIC,
						activity->watchdog_usec / 2, activity->watchdog_usec / 8,
						on_alive, activity) < 0)
		armed = false;
	sd_notifyf(0, "WATCHDOG_USEC=%llu\nWATCHDOG=1", armed ? (unsigned long long)activity->watchdog_usec : 0);
}

/* --- the idle exit ----------------------------------------------------------------------------------------------- */

static bool may_exit(const struct daemon *daemon)
{
	return !daemon->stopping && !daemon->devices && !core_is_busy(daemon) && bus_calls(daemon->bus) == 0 &&
	       !courier_owes(daemon->courier);
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source, (void)usec;
	if (!may_exit(daemon)) {
		daemon_activity(daemon);
		return 0;
	}
	log_say(LOG_INFO, "nothing to do: ends until it is asked for again");
	daemon_stop(daemon);
	return 0;
}

static void arm_idle_exit(struct daemon *daemon)
{
	const uint64_t usec = daemon->context->config.idle_exit_usec;
	struct activity *activity = daemon->activity;

	activity->idle = sd_event_source_disable_unref(activity->idle);
	/* A call that is under way ends without a word to this: its time is looked at again then. */
	if (usec && !daemon->stopping && !daemon->devices && !activity->busy && !courier_owes(daemon->courier))
		sd_event_add_time_relative(daemon->event, &activity->idle, CLOCK_MONOTONIC, usec, usec / 8,
					   on_idle, daemon);
}

/* --- the state ------------------------------------------------------------------------------------------------------- */

static void tell_status(const struct daemon *daemon)
{
	unsigned there = 0, gone = 0, jobs = 0;

	for (const struct euicc *e = daemon->euiccs; e; e = e->next) {
		there += e->device != NULL;
		gone += e->device == NULL;
		jobs += e->jobs;
	}
	sd_notifyf(0, "STATUS=%u eUICCs there, %u gone, %u jobs under way", there, gone, jobs);
}

void daemon_activity(struct daemon *daemon)
{
	struct activity *activity = daemon->activity;
	const bool busy = core_is_busy(daemon);

	if (busy != activity->busy) {
		activity->busy = busy;
		arm_watchdog(daemon, busy);
		tell_status(daemon);
	}
	arm_idle_exit(daemon);
	if (daemon->stopping && !busy)
		sd_event_exit(daemon->event, 0);
}

void activity_ready(struct daemon *daemon)
{
	sd_notify(0, "READY=1");
	arm_watchdog(daemon, daemon->activity->busy);
	tell_status(daemon);
	arm_idle_exit(daemon);
}

void activity_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
}

void activity_reloaded(void)
{
	sd_notify(0, "READY=1");
}

void activity_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}
