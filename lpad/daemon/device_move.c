/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reader that is called otherwise now, such as a modem that left the bus and came back: the same objects. */
#include "job_run.h"

#include "monitor.h"

#include <stdio.h>
#include <string.h>

/* Jobs have their address from when they were made: those that wait get the new one, in their order. */
static void move_jobs(struct euicc *euicc)
{
	struct esim_error err;

	for (struct job *job = euicc->daemon->jobs; job; job = job->next) {
		if (job->euicc != euicc || !job->run || !lane_withdraw(euicc->lane, &job->run->task))
			continue;
		snprintf(job->run->target.uri, sizeof(job->run->target.uri), "%s", euicc->target.uri);
		if (lane_submit(euicc->lane, &job->run->task, &err))
			job_done(&job->run->task, false);
	}
}

void device_moved(struct daemon *daemon, const char *uri, const char *to)
{
	struct device *device = device_find(daemon, uri);

	if (!device || device_find(daemon, to)) {
		device_went(daemon, uri);
		device_appeared(daemon, to);
		return;
	}
	snprintf(device->uri, sizeof(device->uri), "%s", to);
	for (struct euicc *euicc = daemon->euiccs; euicc; euicc = euicc->next) {
		if (euicc->device != device)
			continue;
		snprintf(euicc->target.uri, sizeof(euicc->target.uri), "%s", to);
		device_show(to, euicc->shown_device, sizeof(euicc->shown_device));
		bus_euicc_changed(daemon->bus, euicc);
		move_jobs(euicc);
	}
	device_changed(daemon, to);
}
