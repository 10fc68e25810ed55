/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl discover and check-events: what waits at an SM-DS. */
#include "app.h"
#include "bus_client.h"
#include "bus_euicc.h"
#include "bus_job.h"
#include "output.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *json_event(const struct es9p_event *event)
{
	json_t *object = json_object();

	json_object_set_new(object, "eventId", json_text(event->event_id));
	json_object_set_new(object, "rspServerAddress", json_text(event->server_address));
	return object;
}

int discover_direct(struct app *app)
{
	struct es9p_event *events = NULL;
	json_t *array = json_array();
	size_t count = 0;
	int rc = app_open_servers(app);

	if (!rc)
		rc = lpa_discover(app->lpa, app->options.smds, &events, &count, &app->err);
	progress_end(app);
	for (size_t i = 0; !rc && i < count; i++)
		json_array_append_new(array, json_event(&events[i]));
	if (!rc)
		json_object_set(app->result, "eventEntries", array);
	json_decref(array);
	free(events);
	return rc;
}

int discover_by_lpad(struct app *app)
{
	json_t *options = json_object(), *details = NULL;
	int rc;

	if (app->options.smds)
		json_object_set_new(options, "smds", json_string(app->options.smds));
	rc = bus_euicc_job(app, "Discover", options, &details);
	if (!rc)
		json_object_set(app->result, "eventEntries", json_object_get(details, "events"));
	json_decref(options);
	json_decref(details);
	return rc;
}

/* One job of each eUICC: all are followed, the first failure is told. */
static int follow_all(struct app *app, sd_bus_message *reply, json_t *entries)
{
	struct esim_error first = { 0 };
	const char *path;
	int r = sd_bus_message_enter_container(reply, 'a', "o");

	while (r >= 0 && (r = sd_bus_message_read_basic(reply, 'o', &path)) > 0) {
		json_t *details = NULL;

		if (bus_job_follow_path(app, path, &details) && !first.code)
			first = app->err;
		json_array_extend(entries, json_object_get(details, "events"));
		json_decref(details);
	}
	if (first.code)
		app->err = first;
	return first.code;
}

int check_events_by_lpad(struct app *app)
{
	sd_bus_message *reply = NULL;
	json_t *entries;
	int rc = bus_call(app->bus, LPAD_PATH, "Manager1", "CheckEvents", &reply, &app->err, "");

	if (rc)
		return rc;
	entries = json_array();
	rc = follow_all(app, reply, entries);
	json_object_set_new(app->result, "eventEntries", entries);
	sd_bus_message_unref(reply);
	return rc;
}

void events_print(const json_t *result)
{
	static const struct column columns[] = { { "EVENT", "eventId" }, { "SERVER", "rspServerAddress" } };

	output_table(stdout, json_object_get(result, "eventEntries"), columns, 2);
}
