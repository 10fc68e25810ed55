/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is on an eUICC, as objects: what a lane has read is compared with what there is, so that an
 * object keeps its number as long as its ICCID, its notification or its event is there.
 */
#include "core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- profiles ------------------------------------------------------------------------------------------- */

static bool same_iccid(const struct profile *profile, const struct profile_snapshot *info)
{
	return memcmp(&profile->info.iccid, &info->iccid, sizeof(info->iccid)) == 0;
}

static const struct profile_snapshot *find_read(const struct snapshot *snapshot, const struct profile *profile)
{
	for (size_t i = 0; i < snapshot->profile_count; i++)
		if (same_iccid(profile, &snapshot->profiles[i]))
			return &snapshot->profiles[i];
	return NULL;
}

static void remove_profile(struct profile **at)
{
	struct profile *profile = *at;

	bus_profile_removed(profile->euicc->daemon->bus, profile);
	*at = profile->next;
	profile->euicc->profile_count--;
	json_decref(profile->info.details);
	free(profile);
}

static void update_profile(struct profile *profile, struct profile_snapshot *info)
{
	json_decref(profile->info.details);
	profile->info = *info;
	profile->unknown_state = !info->has_state;
	info->details = NULL;
}

static void take_profile(struct euicc *euicc, struct profile_snapshot *info)
{
	struct profile *profile, **at = &euicc->profiles;

	while (*at && !same_iccid(*at, info))
		at = &(*at)->next;
	profile = *at;
	if (profile) {
		update_profile(profile, info);
		bus_profile_changed(euicc->daemon->bus, profile);
		return;
	}
	profile = calloc(1, sizeof(*profile));
	if (!profile)
		return;
	*at = profile;
	profile->euicc = euicc;
	profile->number = euicc->next_profile++;
	euicc->profile_count++;
	update_profile(profile, info);
	bus_profile_added(euicc->daemon->bus, profile);
}

static void take_profiles(struct euicc *euicc, struct snapshot *snapshot)
{
	for (struct profile **at = &euicc->profiles; *at;) {
		if (find_read(snapshot, *at))
			at = &(*at)->next;
		else
			remove_profile(at);
	}
	for (size_t i = 0; i < snapshot->profile_count; i++)
		take_profile(euicc, &snapshot->profiles[i]);
}

/* --- notifications ------------------------------------------------------------------------------------------ */

static struct outbox_entry *find_owed(struct outbox *outbox, const char *name)
{
	for (size_t i = 0; i < outbox->count; i++)
		if (!outbox->entries[i].delivered && strcmp(outbox->entries[i].name, name) == 0)
			return &outbox->entries[i];
	return NULL;
}

static void remove_notification(struct notification **at)
{
	struct notification *notification = *at;

	bus_notification_removed(notification->euicc->daemon->bus, notification);
	*at = notification->next;
	json_decref(notification->info.error_details);
	free(notification);
}

static void update_notification(struct notification *notification, struct outbox_entry *entry)
{
	json_decref(notification->info.error_details);
	notification->info = *entry;
	entry->error_details = NULL;
}

static bool goes_before(const struct notification *there, const struct outbox_entry *entry)
{
	return there->info.metadata.seq_number <= entry->metadata.seq_number;
}

static void take_notification(struct euicc *euicc, struct outbox_entry *entry)
{
	struct notification *notification, **at = &euicc->notifications;

	while (*at && strcmp((*at)->info.name, entry->name) != 0)
		at = &(*at)->next;
	if (*at) {
		update_notification(*at, entry);
		bus_notification_changed(euicc->daemon->bus, *at);
		return;
	}
	notification = calloc(1, sizeof(*notification));
	if (!notification)
		return;
	for (at = &euicc->notifications; *at && goes_before(*at, entry);)
		at = &(*at)->next;
	notification->next = *at;
	*at = notification;
	notification->euicc = euicc;
	notification->number = euicc->next_notification++;
	update_notification(notification, entry);
	bus_notification_added(euicc->daemon->bus, notification);
}

void contents_take_outbox(struct euicc *euicc, struct outbox *outbox)
{
	for (struct notification **at = &euicc->notifications; *at;) {
		if (find_owed(outbox, (*at)->info.name))
			at = &(*at)->next;
		else
			remove_notification(at);
	}
	for (size_t i = 0; i < outbox->count; i++)
		if (!outbox->entries[i].delivered)
			take_notification(euicc, &outbox->entries[i]);
}

/* --- events ------------------------------------------------------------------------------------------------------ */

static bool same_event(const struct es9p_event *a, const struct es9p_event *b)
{
	return strcmp(a->event_id, b->event_id) == 0 && strcmp(a->server_address, b->server_address) == 0;
}

static void remove_event(struct event **at)
{
	struct event *event = *at;

	bus_event_removed(event->euicc->daemon->bus, event);
	*at = event->next;
	free(event);
}

static void add_event(struct euicc *euicc, struct event **at, const struct es9p_event *info)
{
	struct event *event = calloc(1, sizeof(*event));

	if (!event)
		return;
	event->euicc = euicc;
	event->number = euicc->next_event++;
	event->info = *info;
	*at = event;
	bus_event_added(euicc->daemon->bus, event);
}

void contents_take_events(struct euicc *euicc, const struct es9p_event *events, size_t count)
{
	struct event **at = &euicc->events;
	size_t i;

	while (*at) {
		for (i = 0; i < count && !same_event(&(*at)->info, &events[i]); i++)
			;
		if (i < count)
			at = &(*at)->next;
		else
			remove_event(at);
	}
	for (i = 0; i < count; i++) {
		for (at = &euicc->events; *at && !same_event(&(*at)->info, &events[i]);)
			at = &(*at)->next;
		if (!*at)
			add_event(euicc, at, &events[i]);
	}
}

void contents_remove_event(struct euicc *euicc, unsigned number)
{
	for (struct event **at = &euicc->events; *at; at = &(*at)->next)
		if ((*at)->number == number) {
			remove_event(at);
			return;
		}
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

static void take_facts(struct euicc *euicc, struct snapshot *snapshot)
{
	euicc->target.isdr_aid = snapshot->isdr_aid;
	euicc->target.segment_size = snapshot->segment_size;
	memcpy(euicc->transport, snapshot->transport, sizeof(euicc->transport));
	if (snapshot->spec_version[0])
		memcpy(euicc->spec_version, snapshot->spec_version, sizeof(euicc->spec_version));
	if (!snapshot->details)
		return;
	json_decref(euicc->details);
	euicc->details = snapshot->details;
	snapshot->details = NULL;
}

void contents_take(struct euicc *euicc, struct snapshot *snapshot)
{
	if (snapshot->isdr_aid.len > 0)
		take_facts(euicc, snapshot);
	if (snapshot->profiles_known)
		take_profiles(euicc, snapshot);
	else
		contents_unknown(euicc);
	/* What the card could not be asked is known from disk, unless that failed too. */
	if (snapshot->notifications_known || snapshot->outbox.count > 0)
		contents_take_outbox(euicc, &snapshot->outbox);
	bus_euicc_changed(euicc->daemon->bus, euicc);
}

void contents_unknown(struct euicc *euicc)
{
	euicc->complete = false;
	for (struct profile *profile = euicc->profiles; profile; profile = profile->next) {
		profile->unknown_state = true;
		bus_profile_changed(euicc->daemon->bus, profile);
	}
}

void contents_remove_all(struct euicc *euicc)
{
	while (euicc->profiles)
		remove_profile(&euicc->profiles);
	while (euicc->notifications)
		remove_notification(&euicc->notifications);
	while (euicc->events)
		remove_event(&euicc->events);
}
