/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See bus_euicc.h. */
#include "bus_euicc.h"

#include "bus_job.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number at the end of ".../@kind/N" right below @above; 0: it is no such path. */
static unsigned long number_below(const char *path, const char *above, const char *kind)
{
	const size_t len = strlen(above), kind_len = strlen(kind);
	unsigned long number;
	char *end;

	if (strncmp(path, above, len) != 0 || path[len] != '/' ||
	    strncmp(path + len + 1, kind, kind_len) != 0 || path[len + 1 + kind_len] != '/')
		return 0;
	number = strtoul(path + len + kind_len + 2, &end, 10);
	return *end ? 0 : number;
}

/* Into the place that its "number" gives it. */
static void insert_by_number(json_t *array, json_t *item)
{
	const json_int_t number = json_integer_value(json_object_get(item, "number"));
	size_t at = json_array_size(array);

	while (at > 0 && json_integer_value(json_object_get(json_array_get(array, at - 1), "number")) > number)
		at--;
	json_array_insert_new(array, at, item);
}

/* { number, path, properties } of each; new reference. */
static json_t *find_below(const json_t *objects, const char *above, const char *kind, const char *interface)
{
	json_t *array = json_array(), *interfaces;
	const char *path;

	json_object_foreach((json_t *)(uintptr_t)objects, path, interfaces) {
		const unsigned long number = number_below(path, above, kind);
		json_t *properties = json_object_get(interfaces, interface), *item;

		if (!number || !properties)
			continue;
		item = json_object();
		json_object_set_new(item, "number", json_integer((json_int_t)number));
		json_object_set_new(item, "path", json_string(path));
		json_object_set(item, "properties", properties);
		insert_by_number(array, item);
	}
	return array;
}

/* --- which eUICC --------------------------------------------------------------------------------------- */

static void take(json_t *entry, const char *name, const json_t *from, const char *property)
{
	const json_t *value = json_object_get(from, property);

	if (value && !(json_is_string(value) && !json_string_value(value)[0]))
		json_object_set(entry, name, (json_t *)(uintptr_t)value);
}

/* Its EID stays away where polkit says so: the list is harmless without. */
static json_t *entry_of(struct app *app, const json_t *item)
{
	const json_t *properties = json_object_get(item, "properties");
	json_t *entry = json_object(), *details = NULL;
	struct esim_error ignored;

	json_object_set(entry, "euicc", json_object_get(item, "number"));
	take(entry, "uri", properties, "Device");
	take(entry, "transport", properties, "Transport");
	take(entry, "state", properties, "State");
	take(entry, "svn", properties, "SpecVersion");
	take(entry, "profiles", properties, "ProfileCount");
	if (bus_details(app->bus, output_text(item, "path"), "Euicc1", &details, &ignored) == 0)
		take(entry, "eidValue", details, "eid");
	json_decref(details);
	return entry;
}

int bus_euiccs(struct app *app, json_t **ret)
{
	json_t *objects = NULL, *found, *item, *list;
	size_t i;
	int rc = bus_objects(app->bus, &objects, &app->err);

	if (rc)
		return rc;
	found = find_below(objects, LPAD_PATH, "euicc", "Euicc1");
	list = json_array();
	json_array_foreach(found, i, item) {
		json_array_append_new(list, entry_of(app, item));
	}
	json_decref(found);
	json_decref(objects);
	*ret = list;
	return 0;
}

static bool is_gone(const json_t *entry)
{
	return strcmp(output_text(entry, "state"), "gone") == 0;
}

static bool has_number(const json_t *entry, const char *text)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)json_integer_value(json_object_get(entry, "euicc")));
	return strcmp(number, text) == 0;
}

static bool has_eid(const json_t *entry, const char *text)
{
	return strncmp(output_text(entry, "eidValue"), text, strlen(text)) == 0;
}

/* One that is gone is meant only where it is named, or nothing else is there. */
static bool is_there(const json_t *entry, const char *text)
{
	(void)text;
	return !is_gone(entry);
}

static bool is_any(const json_t *entry, const char *text)
{
	(void)entry, (void)text;
	return true;
}

/* The first of these that fits anything decides. */
static size_t pick(const json_t *list, const char *text, const json_t **ret)
{
	bool (*const named[])(const json_t *, const char *) = { has_number, has_eid };
	bool (*const unnamed[])(const json_t *, const char *) = { is_there, is_any };
	size_t fitting = 0, i;
	json_t *entry;

	for (size_t way = 0; way < 2 && fitting == 0; way++)
		json_array_foreach(list, i, entry)
			if ((text && text[0] ? named : unnamed)[way](entry, text)) {
				*ret = entry;
				fitting++;
			}
	return fitting;
}

static int choose_from(struct app *app, const json_t *list)
{
	const char *text = app->options.euicc;
	const json_t *entry = NULL;
	size_t fitting = pick(list, text, &entry);

	if (fitting == 1) {
		snprintf(app->euicc, sizeof(app->euicc), LPAD_PATH "/euicc/%d",
			 (int)json_integer_value(json_object_get(entry, "euicc")));
		if (is_gone(entry))
			app_note(app, "this eUICC is gone: what is shown was read before");
		return 0;
	}
	if (json_array_size(list) == 0) {
		esim_error_set(&app->err, ESIM_ENODEV, "lpad has no eUICC");
		esim_error_advise(&app->err, "plug in a reader with a card, or name a device in lpad.conf; "
				  "lpactl --direct devices lists readers");
		return ESIM_ENODEV;
	}
	json_object_set(app->result, "devices", (json_t *)(uintptr_t)list);
	if (fitting == 0)
		esim_error_set(&app->err, ESIM_EINVAL, "lpad has no eUICC of that number or EID");
	else
		esim_error_set(&app->err, ESIM_EINVAL, "%s%zu eUICCs of lpad", text && text[0] ?
			       "this fits " : "there are ", fitting);
	esim_error_advise(&app->err, "name one with --euicc: its number, its EID, or the EID's beginning");
	return ESIM_EINVAL;
}

int bus_choose_euicc(struct app *app)
{
	json_t *list = NULL;
	int rc = bus_euiccs(app, &list);

	if (!rc)
		rc = choose_from(app, list);
	json_decref(list);
	return rc;
}

/* --- what is on it ----------------------------------------------------------------------------------------- */

static int add_details(struct app *app, const char *interface, json_t *item, json_t *array)
{
	json_t *details;
	int rc = bus_details(app->bus, output_text(item, "path"), interface, &details, &app->err);

	if (rc)
		return rc == ESIM_ENOENT ? 0 : rc;
	json_object_set_new(item, "details", details);
	json_array_append(array, item);
	return 0;
}

int bus_children(struct app *app, const char *kind, const char *interface, json_t **ret)
{
	json_t *objects = NULL, *found, *item, *array;
	size_t i;
	int rc = bus_objects(app->bus, &objects, &app->err);

	if (rc)
		return rc;
	array = json_array();
	found = find_below(objects, app->euicc, kind, interface);
	json_array_foreach(found, i, item)
		if (!rc)
			rc = add_details(app, interface, item, array);
	json_decref(found);
	json_decref(objects);
	if (rc)
		json_decref(array);
	else
		*ret = array;
	return rc;
}

int bus_euicc_job(struct app *app, const char *method, const json_t *options, json_t **ret_details)
{
	sd_bus_message *reply = NULL;
	int rc = bus_call_dict(app->bus, app->euicc, "Euicc1", method, options, &reply, &app->err);

	if (ret_details)
		*ret_details = NULL;
	return rc ? rc : bus_job_follow(app, reply, ret_details);
}
