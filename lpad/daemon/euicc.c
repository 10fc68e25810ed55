/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eUICCs as objects: they come with a card, stay when it goes, and come back on their number. One
 * without an EID (mute, blocked) stands for its reader and goes with it.
 */
#include "core.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One that is gone and owes nothing makes room. */
static bool make_room(struct daemon *daemon)
{
	struct euicc *spare = NULL;
	size_t count = 0;

	for (struct euicc *e = daemon->euiccs; e; e = e->next) {
		count++;
		if (!e->device && !e->notifications && !e->jobs && !e->delivery)
			spare = e;
	}
	if (count < MODEL_MAX_EUICCS)
		return true;
	if (spare)
		euicc_remove(spare);
	else
		log_say(LOG_ERR, "there are %d eUICCs already: another one is left alone", MODEL_MAX_EUICCS);
	return spare;
}

struct euicc *euicc_new(struct daemon *daemon, unsigned number)
{
	struct euicc *euicc, **at = &daemon->euiccs;

	/* Two directories may have one number, where somebody copied them. */
	if (number && model_euicc(daemon, number))
		number = 0;
	euicc = make_room(daemon) ? calloc(1, sizeof(*euicc)) : NULL;
	if (!euicc)
		return NULL;
	euicc->daemon = daemon;
	euicc->number = number ? number : atomic_fetch_add(&daemon->next_euicc, 1);
	euicc->state = EUICC_GONE;
	euicc->next_profile = euicc->next_notification = euicc->next_event = 1;
	while (*at && (*at)->number < euicc->number)
		at = &(*at)->next;
	euicc->next = *at;
	*at = euicc;
	return euicc;
}

static void drop_own_lane(struct euicc *euicc)
{
	if (euicc->lane && !euicc->device)
		lane_shut(euicc->lane);
	euicc->lane = NULL;
}

void euicc_remove(struct euicc *euicc)
{
	struct euicc **at = &euicc->daemon->euiccs;

	jobs_end(euicc, ESIM_ENODEV, "the eUICC is not there any more");
	contents_remove_all(euicc);
	bus_euicc_removed(euicc->daemon->bus, euicc);
	while (*at != euicc)
		at = &(*at)->next;
	*at = euicc->next;
	for (struct job *job = euicc->daemon->jobs; job; job = job->next)
		if (job->euicc == euicc)
			job->euicc = NULL;
	drop_own_lane(euicc);
	lend_forget(euicc);
	json_decref(euicc->details);
	free(euicc);
}

struct euicc *euicc_by_eid(struct daemon *daemon, const struct esim_eid *eid)
{
	struct euicc *euicc = daemon->euiccs;

	while (euicc && !(euicc->identified && memcmp(&euicc->target.eid, eid, sizeof(*eid)) == 0))
		euicc = euicc->next;
	return euicc;
}

bool euicc_is_there(const struct euicc *euicc)
{
	return euicc->state == EUICC_READY || euicc->state == EUICC_BUSY;
}

void euicc_set_state(struct euicc *euicc, enum euicc_state state, const char *cause)
{
	if (state == EUICC_READY && euicc->jobs > 0)
		state = EUICC_BUSY;
	snprintf(euicc->state_cause, sizeof(euicc->state_cause), "%s", cause ? cause : "");
	if (state == euicc->state)
		return;
	if (!(euicc_is_there(euicc) && (state == EUICC_READY || state == EUICC_BUSY)))
		log_about(LOG_INFO, euicc->number, 0, "%s%s%s", euicc_state_name(state), cause ? ": " : "",
			  cause ? cause : "");
	euicc->state = state;
	bus_euicc_changed(euicc->daemon->bus, euicc);
}

void euicc_job_count(struct euicc *euicc, int change)
{
	euicc->jobs += (unsigned)change;
	if (euicc_is_there(euicc))
		euicc_set_state(euicc, EUICC_READY, NULL);
}

void euicc_place(struct euicc *euicc, struct device *device)
{
	if (euicc->device == device)
		return;
	if (device)
		drop_own_lane(euicc);
	lend_forget(euicc);
	euicc->device = device;
	euicc->lane = device ? device->lane : NULL;
	euicc->target.uri[0] = '\0';
	if (device) {
		snprintf(euicc->target.uri, sizeof(euicc->target.uri), "%s", device->uri);
		device_show(device->uri, euicc->shown_device, sizeof(euicc->shown_device));
	} else {
		euicc_set_state(euicc, EUICC_GONE, NULL);
	}
}

int euicc_lane(struct euicc *euicc, struct lane **ret, struct esim_error *err)
{
	int rc = 0;

	if (!euicc->lane)
		rc = lane_new(euicc->daemon->poster, euicc->daemon->context, &euicc->lane, err);
	*ret = euicc->lane;
	return rc;
}
