/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a probe found in a reader, as objects: eUICCs come, go and come back; what cannot be asked has a stand-in. */
#include "core.h"

#include "log.h"

#include <stdio.h>
#include <string.h>

static struct euicc *placeholder(const struct device *device)
{
	struct euicc *euicc = device->daemon->euiccs;

	while (euicc && (euicc->identified || euicc->device != device))
		euicc = euicc->next;
	return euicc;
}

static void remove_placeholder(struct device *device)
{
	struct euicc *euicc = placeholder(device);

	if (euicc)
		euicc_remove(euicc);
}

/* Mute, blocked, or without an EID: the state is that of what is known to be in the reader, or of a stand-in. */
static void set_states(struct device *device, enum euicc_state state, const char *cause)
{
	struct euicc *euicc;
	bool any = false;

	for (euicc = device->daemon->euiccs; euicc; euicc = euicc->next) {
		if (euicc->device != device)
			continue;
		euicc_set_state(euicc, state, cause);
		any = true;
	}
	if (any)
		return;
	euicc = euicc_new(device->daemon, 0);
	if (!euicc)
		return;
	euicc_place(euicc, device);
	snprintf(euicc->transport, sizeof(euicc->transport), "%.*s", device->uri[0] == '/' ? 4 :
		 (int)strcspn(device->uri, ":"), device->uri[0] == '/' ? "kdev" : device->uri);
	euicc->state = state;
	snprintf(euicc->state_cause, sizeof(euicc->state_cause), "%s", cause);
	log_about(LOG_INFO, euicc->number, 0, "%s: %s", euicc_state_name(state), cause);
	bus_euicc_added(device->daemon->bus, euicc);
}

static bool was_found(const struct probe *probe, const struct euicc *euicc)
{
	for (size_t i = 0; i < probe->count; i++)
		if (memcmp(&probe->found[i].snapshot.eid, &euicc->target.eid, sizeof(euicc->target.eid)) == 0)
			return true;
	return false;
}

static void take_away_others(struct device *device, const struct probe *probe)
{
	for (struct euicc *euicc = device->daemon->euiccs; euicc; euicc = euicc->next)
		if (euicc->device == device && euicc->identified && !was_found(probe, euicc))
			euicc_place(euicc, NULL);
}

static void place_found(struct device *device, struct found *found)
{
	struct euicc *euicc = euicc_by_eid(device->daemon, &found->snapshot.eid);
	const bool is_new = !euicc;

	if (euicc && euicc->device && euicc->device != device && lane_depth(euicc->lane) > 0) {
		log_about(LOG_ERR, euicc->number, 0, "another reader shows the same EID: that one is left alone");
		return;
	}
	if (!euicc)
		euicc = euicc_new(device->daemon, found->number);
	if (!euicc)
		return;
	euicc->identified = true;
	euicc->target.eid = found->snapshot.eid;
	euicc->target.has_eid = true;
	euicc_place(euicc, device);
	euicc->complete = !found->rc;
	if (is_new) {
		euicc->state = EUICC_READY;
		log_about(LOG_INFO, euicc->number, 0, "ready");
		bus_euicc_added(device->daemon->bus, euicc);
	} else {
		euicc_set_state(euicc, EUICC_READY, NULL);
	}
	contents_take(euicc, &found->snapshot);
	if (found->rc)
		log_about(LOG_WARNING, euicc->number, 0, "not all of it could be read (%s)",
			  esim_code_name(found->rc));
}

static enum euicc_state state_of(const struct esim_error *err)
{
	switch (err->code) {
	case ESIM_EBUSY:
	case ESIM_ENOTSUP:
	case ESIM_ESW:
	case ESIM_EIO:
		return EUICC_BLOCKED;
	default:
		return EUICC_MUTE;
	}
}

static void none_found(struct device *device, const struct probe *probe)
{
	if (!probe->there || probe->err.code == ESIM_ENOENT) {
		if (device->failures == 1)
			log_say(LOG_NOTICE, "%s", probe->there ? "a card has no ISD-R: it is no eUICC" :
				"a reader is not there");
		take_away_others(device, probe);
		remove_placeholder(device);
		return;
	}
	set_states(device, state_of(&probe->err), probe->err.message);
}

static void some_found(struct device *device, struct probe *probe)
{
	bool zero = false;

	take_away_others(device, probe);
	for (size_t i = 0; i < probe->count; i++)
		zero |= probe->found[i].snapshot.eid_is_zero;
	if (!zero)
		remove_placeholder(device);
	for (size_t i = 0; i < probe->count; i++)
		if (!probe->found[i].snapshot.eid_is_zero)
			place_found(device, &probe->found[i]);
	if (zero && probe->count == 1)
		set_states(device, EUICC_MUTE, "its EID is all zeros");
}

void device_take(struct device *device, struct probe *probe)
{
	if (probe->count > 0)
		some_found(device, probe);
	else
		none_found(device, probe);
}
