/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * org.coreesim.Lpa1 on the bus: what the model calls, and nothing else of sd-bus.
 * Signals are sent once a turn of the loop: an object that changes twice in one says so once.
 */
#ifndef LPAD_BUS_H
#define LPAD_BUS_H

#include "model.h"

/*
 * @address NULL: the system bus. Connects and makes the objects; the name is asked for by
 * bus_take_name(), when everything stands.
 */
int bus_new(struct daemon *daemon, sd_event *event, const char *address, struct bus **ret,
	    struct esim_error *err);
int bus_take_name(struct bus *bus, struct esim_error *err);
void bus_free(struct bus **bus);
/* Calls whose answer is outstanding: no idle exit before. */
unsigned bus_calls(const struct bus *bus);

/* DeviceTestMode of the configuration is another than before. */
void bus_manager_changed(struct bus *bus);
/* The model tells what came, changed (which properties is for the bus to find) or goes. */
void bus_euicc_added(struct bus *bus, struct euicc *euicc);
void bus_euicc_changed(struct bus *bus, struct euicc *euicc);
void bus_euicc_removed(struct bus *bus, struct euicc *euicc);
void bus_profile_added(struct bus *bus, struct profile *profile);
void bus_profile_changed(struct bus *bus, struct profile *profile);
void bus_profile_removed(struct bus *bus, struct profile *profile);
void bus_notification_added(struct bus *bus, struct notification *notification);
void bus_notification_changed(struct bus *bus, struct notification *notification);
void bus_notification_removed(struct bus *bus, struct notification *notification);
void bus_event_added(struct bus *bus, struct event *event);
void bus_event_removed(struct bus *bus, struct event *event);
void bus_job_added(struct bus *bus, struct job *job);
void bus_job_changed(struct bus *bus, struct job *job);
void bus_job_finished(struct bus *bus, struct job *job);	/* after the last change */
void bus_job_removed(struct bus *bus, struct job *job);

#endif
