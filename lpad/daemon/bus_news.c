/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals: InterfacesAdded and -Removed, PropertiesChanged, Finished. What the model tells is noted,
 * and said at the turn's end: an object once, and of its properties those whose value is another than
 * was said last.
 */
#include "bus_private.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* An object as the bus knows it. */
struct shown {
	struct bus_id id;
	bool announced;				/* InterfacesAdded was sent */
	bool queued;				/* has something to say */
	bool finished;				/* a job: Finished is to be sent */
	uint64_t prints[BUS_MAX_PROPERTIES];	/* of what was said last */
	struct shown *next;			/* of the queue */
};

struct bus_news {
	struct bus *bus;
	void *tree;				/* tsearch(3) of struct shown */
	struct shown *first, **last;
	sd_event_source *turn;
};

/* FNV-1a. */
uint64_t bus_print(const char *text)
{
	uint64_t print = 0xcbf29ce484222325u;

	for (; *text; text++)
		print = (print ^ (uint8_t)*text) * 0x100000001b3u;
	return print;
}

static int compare(const void *a, const void *b)
{
	const struct bus_id *x = &((const struct shown *)a)->id, *y = &((const struct shown *)b)->id;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->euicc != y->euicc)
		return x->euicc < y->euicc ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static struct shown *find_shown(struct bus_news *news, const struct bus_id *id)
{
	const struct shown key = { .id = *id };
	struct shown *const *node = tfind(&key, &news->tree, compare);

	return node ? *node : NULL;
}

static void queue(struct bus_news *news, struct shown *shown)
{
	if (shown->queued)
		return;
	shown->queued = true;
	shown->next = NULL;
	*news->last = shown;
	news->last = &shown->next;
	sd_event_source_set_enabled(news->turn, SD_EVENT_ONESHOT);
}

static void unqueue(struct bus_news *news, struct shown *shown)
{
	struct shown **at = &news->first;

	if (!shown->queued)
		return;
	while (*at != shown)
		at = &(*at)->next;
	*at = shown->next;
	if (news->last == &shown->next)
		news->last = at;
	shown->queued = false;
}

/* --- saying ----------------------------------------------------------------------------------- */

static void say_changes(struct bus_news *news, struct shown *shown, const void *object, const char *path)
{
	const struct bus_interface *interface = bus_interface_of(shown->id.kind);
	uint64_t prints[BUS_MAX_PROPERTIES] = { 0 };
	char *names[BUS_MAX_PROPERTIES + 1];
	size_t count = 0;

	interface->print(object, prints);
	for (size_t i = 0; interface->properties[i]; i++)
		if (prints[i] != shown->prints[i])
			names[count++] = (char *)(uintptr_t)interface->properties[i];
	names[count] = NULL;
	if (count)
		sd_bus_emit_properties_changed_strv(news->bus->sd, path, interface->name, names);
	memcpy(shown->prints, prints, sizeof(prints));
}

static void say_finished(struct bus_news *news, struct shown *shown, struct job *job, const char *path)
{
	shown->finished = false;
	sd_bus_emit_signal(news->bus->sd, path, bus_job_interface.name, "Finished", "b",
			   job->state == JOB_DONE);
	bus_calls_job_ended(news->bus, job);
}

/* A signal that cannot be sent is lost with the connection, and that ends the daemon. */
static void say(struct bus_news *news, struct shown *shown)
{
	const struct bus_interface *interface = bus_interface_of(shown->id.kind);
	void *object = interface->find(news->bus->daemon, &shown->id);
	char path[BUS_PATH_SIZE];

	if (!object)
		return;
	bus_path_format(&shown->id, path);
	if (shown->announced) {
		say_changes(news, shown, object, path);
	} else {
		shown->announced = true;
		interface->print(object, shown->prints);
		sd_bus_emit_interfaces_added(news->bus->sd, path, interface->name, NULL);
	}
	if (shown->finished)
		say_finished(news, shown, object, path);
}

void bus_news_flush(struct bus_news *news)
{
	while (news->first) {
		struct shown *shown = news->first;

		unqueue(news, shown);
		say(news, shown);
	}
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	bus_news_flush(userdata);
	return 0;
}

/* --- what the model tells --------------------------------------------------------------------- */

static void added(struct bus *bus, struct bus_id id)
{
	struct shown *shown = find_shown(bus->news, &id);

	if (!shown) {
		shown = calloc(1, sizeof(*shown));
		if (!shown)
			return;
		shown->id = id;
		if (!tsearch(shown, &bus->news->tree, compare)) {
			free(shown);
			return;
		}
	}
	queue(bus->news, shown);
}

static struct shown *changed(struct bus *bus, struct bus_id id)
{
	struct shown *shown = find_shown(bus->news, &id);

	if (shown)
		queue(bus->news, shown);
	return shown;
}

static void removed(struct bus *bus, struct bus_id id)
{
	const struct bus_interface *interface = bus_interface_of(id.kind);
	struct shown *shown = find_shown(bus->news, &id);
	char path[BUS_PATH_SIZE];

	if (!shown)
		return;
	if (shown->finished)
		say(bus->news, shown);
	if (shown->announced) {
		bus_path_format(&id, path);
		sd_bus_emit_interfaces_removed(bus->sd, path, interface->name, NULL);
	}
	unqueue(bus->news, shown);
	tdelete(shown, &bus->news->tree, compare);
	free(shown);
}

static struct bus_id euicc_id(const struct euicc *euicc)
{
	return (struct bus_id){ BUS_EUICC, euicc->number, 0 };
}

static struct bus_id profile_id(const struct profile *profile)
{
	return (struct bus_id){ BUS_PROFILE, profile->euicc->number, profile->number };
}

static struct bus_id notification_id(const struct notification *notification)
{
	return (struct bus_id){ BUS_NOTIFICATION, notification->euicc->number, notification->number };
}

static struct bus_id event_id(const struct event *event)
{
	return (struct bus_id){ BUS_EVENT, event->euicc->number, event->number };
}

static struct bus_id job_id(const struct job *job)
{
	return (struct bus_id){ BUS_JOB, 0, job->number };
}

void bus_euicc_added(struct bus *bus, struct euicc *euicc)
{
	added(bus, euicc_id(euicc));
}

void bus_euicc_changed(struct bus *bus, struct euicc *euicc)
{
	changed(bus, euicc_id(euicc));
}

void bus_euicc_removed(struct bus *bus, struct euicc *euicc)
{
	removed(bus, euicc_id(euicc));
}

/* One that is hidden is not found, and so not announced. The number of profiles is the eUICC's property. */
void bus_profile_added(struct bus *bus, struct profile *profile)
{
	added(bus, profile_id(profile));
	changed(bus, euicc_id(profile->euicc));
}

void bus_profile_changed(struct bus *bus, struct profile *profile)
{
	changed(bus, profile_id(profile));
}

void bus_profile_removed(struct bus *bus, struct profile *profile)
{
	removed(bus, profile_id(profile));
	changed(bus, euicc_id(profile->euicc));
}

void bus_notification_added(struct bus *bus, struct notification *notification)
{
	added(bus, notification_id(notification));
}

void bus_notification_changed(struct bus *bus, struct notification *notification)
{
	changed(bus, notification_id(notification));
}

void bus_notification_removed(struct bus *bus, struct notification *notification)
{
	removed(bus, notification_id(notification));
}

void bus_event_added(struct bus *bus, struct event *event)
{
	added(bus, event_id(event));
}

void bus_event_removed(struct bus *bus, struct event *event)
{
	removed(bus, event_id(event));
}

void bus_job_added(struct bus *bus, struct job *job)
{
	added(bus, job_id(job));
}

void bus_job_changed(struct bus *bus, struct job *job)
{
	changed(bus, job_id(job));
}

void bus_job_finished(struct bus *bus, struct job *job)
{
	struct shown *shown = changed(bus, job_id(job));

	if (shown)
		shown->finished = true;
}

void bus_job_removed(struct bus *bus, struct job *job)
{
	removed(bus, job_id(job));
}

void bus_manager_changed(struct bus *bus)
{
	sd_bus_emit_properties_changed(bus->sd, BUS_ROOT, BUS_MANAGER, "TestMode", NULL);
}

/* ------------------------------------------------------------------------------------------------------- */

int bus_news_new(struct bus *bus, struct bus_news **ret)
{
	struct bus_news *news = calloc(1, sizeof(*news));
	int r;

	if (!news)
		return -ENOMEM;
	news->bus = bus;
	news->last = &news->first;
	r = sd_event_add_defer(bus->event, &news->turn, on_turn, news);
	if (r >= 0)
		r = sd_event_source_set_enabled(news->turn, SD_EVENT_OFF);
	if (r < 0) {
		bus_news_free(&news);
		return r;
	}
	*ret = news;
	return 0;
}

void bus_news_free(struct bus_news **news)
{
	if (!*news)
		return;
	tdestroy((*news)->tree, free);
	sd_event_source_disable_unref((*news)->turn);
	free(*news);
	*news = NULL;
}
