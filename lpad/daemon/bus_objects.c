/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of objects: paths that are numbers alone, and the model's objects behind them. */
#include "bus_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bus_interface *const interfaces[BUS_KINDS] = {
	[BUS_EUICC] = &bus_euicc_interface,
	[BUS_PROFILE] = &bus_profile_interface,
	[BUS_NOTIFICATION] = &bus_notification_interface,
	[BUS_EVENT] = &bus_event_interface,
	[BUS_JOB] = &bus_job_interface,
};

/* The folder of an eUICC's parts. */
static const char *const folders[BUS_KINDS] = {
	[BUS_PROFILE] = "profile",
	[BUS_NOTIFICATION] = "notification",
	[BUS_EVENT] = "event",
};

const struct bus_interface *bus_interface_of(enum bus_kind kind)
{
	return interfaces[kind];
}

/* --- paths ------------------------------------------------------------------------------------ */

void bus_path_format(const struct bus_id *id, char path[static BUS_PATH_SIZE])
{
	if (id->kind == BUS_JOB)
		snprintf(path, BUS_PATH_SIZE, BUS_ROOT "/job/%u", id->number);
	else if (id->kind == BUS_EUICC)
		snprintf(path, BUS_PATH_SIZE, BUS_ROOT "/euicc/%u", id->euicc);
	else
		snprintf(path, BUS_PATH_SIZE, BUS_ROOT "/euicc/%u/%s/%u", id->euicc, folders[id->kind],
			 id->number);
}

/* The number at *@path, which goes behind it: from 1, without leading zeros. 0: none. */
static unsigned parse_number(const char **path)
{
	uint64_t number = 0;

	if (**path == '0')
		return 0;
	for (; **path >= '0' && **path <= '9'; (*path)++) {
		number = 10 * number + (unsigned)(**path - '0');
		if (number > UINT32_MAX)
			return 0;
	}
	return (unsigned)number;
}

static bool skip(const char **path, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*path, text, len) != 0)
		return false;
	*path += len;
	return true;
}

static bool parse_part(const char *path, struct bus_id *id)
{
	if (!*path) {
		id->kind = BUS_EUICC;
		return true;
	}
	if (!skip(&path, "/"))
		return false;
	for (int kind = BUS_PROFILE; kind <= BUS_EVENT; kind++) {
		if (!skip(&path, folders[kind]))
			continue;
		id->kind = (enum bus_kind)kind;
		if (!skip(&path, "/"))
			return false;
		id->number = parse_number(&path);
		return id->number && !*path;
	}
	return false;
}

bool bus_path_parse(const char *path, struct bus_id *ret)
{
	struct bus_id id = { .kind = BUS_JOB };

	if (skip(&path, BUS_ROOT "/job/")) {
		id.number = parse_number(&path);
		if (!id.number || *path)
			return false;
	} else {
		if (!skip(&path, BUS_ROOT "/euicc/"))
			return false;
		id.euicc = parse_number(&path);
		if (!id.euicc || !parse_part(path, &id))
			return false;
	}
	*ret = id;
	return true;
}

int bus_append_bits(sd_bus_message *reply, unsigned bits, const char *const *names)
{
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (size_t i = 0; r >= 0 && names[i]; i++)
		if (bits & 1u << i)
			r = sd_bus_message_append_basic(reply, 's', names[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* --- what sd-bus asks ------------------------------------------------------------------------- */

static int find(sd_bus *sd, const char *path, const char *interface, void *userdata, void **ret_found,
		sd_bus_error *error)
{
	const struct bus *bus = userdata;
	struct bus_id id;
	void *object;

	(void)sd;
	(void)error;
	if (!bus_path_parse(path, &id) || strcmp(interface, interfaces[id.kind]->name) != 0)
		return 0;
	object = interfaces[id.kind]->find(bus->daemon, &id);
	if (!object)
		return 0;
	*ret_found = object;
	return 1;
}

struct paths {
	char **list;			/* ends with NULL */
	size_t count, room;
	bool failed;
};

static void add_path(struct paths *paths, const char *path)
{
	if (paths->count + 1 >= paths->room && !paths->failed) {
		size_t room = paths->room ? 2 * paths->room : 16;
		char **list = reallocarray(paths->list, room, sizeof(*list));

		if (list) {
			paths->list = list;
			paths->room = room;
		}
		paths->failed = !list;
	}
	if (paths->failed)
		return;
	paths->list[paths->count] = strdup(path);
	paths->failed = !paths->list[paths->count];
	paths->count += !paths->failed;
	paths->list[paths->count] = NULL;
}

static void add_id(struct paths *paths, enum bus_kind kind, unsigned euicc, unsigned number)
{
	const struct bus_id id = { kind, euicc, number };
	char path[BUS_PATH_SIZE];

	bus_path_format(&id, path);
	add_path(paths, path);
}

/* "…/euicc/1/profile": no object, but what a tree of them is drawn with. */
static void add_folder(struct paths *paths, const struct euicc *euicc, enum bus_kind kind)
{
	char path[BUS_PATH_SIZE];

	snprintf(path, sizeof(path), BUS_ROOT "/euicc/%u/%s", euicc->number, folders[kind]);
	add_path(paths, path);
}

static void add_parts(struct paths *paths, const struct euicc *euicc)
{
	bool shown = false;

	for (const struct profile *p = euicc->profiles; p; p = p->next) {
		if (!euicc_shows_profile(euicc, p))
			continue;
		shown = true;
		add_id(paths, BUS_PROFILE, euicc->number, p->number);
	}
	if (shown)
		add_folder(paths, euicc, BUS_PROFILE);
	for (const struct notification *n = euicc->notifications; n; n = n->next)
		add_id(paths, BUS_NOTIFICATION, euicc->number, n->number);
	if (euicc->notifications)
		add_folder(paths, euicc, BUS_NOTIFICATION);
	for (const struct event *e = euicc->events; e; e = e->next)
		add_id(paths, BUS_EVENT, euicc->number, e->number);
	if (euicc->events)
		add_folder(paths, euicc, BUS_EVENT);
}

static int finish_paths(struct paths *paths, char ***ret)
{
	if (paths->failed) {
		for (size_t i = 0; i < paths->count; i++)
			free(paths->list[i]);
		free(paths->list);
		return -ENOMEM;
	}
	*ret = paths->list;
	return 0;
}

static int list_euiccs(sd_bus *sd, const char *prefix, void *userdata, char ***ret, sd_bus_error *error)
{
	const struct bus *bus = userdata;
	struct paths paths = { 0 };

	(void)sd;
	(void)prefix;
	(void)error;
	for (const struct euicc *e = model_euiccs(bus->daemon); e; e = e->next) {
		add_id(&paths, BUS_EUICC, e->number, 0);
		add_parts(&paths, e);
	}
	return finish_paths(&paths, ret);
}

static int list_jobs(sd_bus *sd, const char *prefix, void *userdata, char ***ret, sd_bus_error *error)
{
	const struct bus *bus = userdata;
	struct paths paths = { 0 };

	(void)sd;
	(void)prefix;
	(void)error;
	for (const struct job *j = model_jobs(bus->daemon); j; j = j->next)
		add_id(&paths, BUS_JOB, 0, j->number);
	return finish_paths(&paths, ret);
}

int bus_objects_add(struct bus *bus)
{
	int r = sd_bus_add_object_manager(bus->sd, NULL, BUS_ROOT);

	if (r >= 0)
		r = sd_bus_add_object_vtable(bus->sd, NULL, BUS_ROOT, BUS_MANAGER, bus_manager_vtable, bus);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus->sd, NULL, BUS_ROOT "/euicc", list_euiccs, bus);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus->sd, NULL, BUS_ROOT "/job", list_jobs, bus);
	for (int kind = 0; r >= 0 && kind < BUS_KINDS; kind++)
		r = sd_bus_add_fallback_vtable(bus->sd, NULL, kind == BUS_JOB ? BUS_ROOT "/job" : BUS_ROOT "/euicc",
					       interfaces[kind]->name, interfaces[kind]->vtable, find, bus);
	return r;
}
