/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl address and discover. */
#include "app.h"
#include "output.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>

int verb_address(struct app *app)
{
	struct es10a_addresses addresses;
	int rc = app_open_card(app);

	if (!rc && app->options.default_address)
		rc = lpa_set_default_smdp(app->lpa, app->options.default_address, &app->err);
	if (!rc)
		rc = lpa_addresses(app->lpa, &addresses, &app->err);
	if (rc)
		return rc;
	if (app->options.json) {
		json_object_set_new(app->result, "defaultDpAddress", json_text(addresses.default_smdp));
		json_object_set_new(app->result, "rootDsAddress", json_text(addresses.root_smds));
		return 0;
	}
	output_field(stdout, "Default SM-DP+", addresses.default_smdp[0] ? addresses.default_smdp :
		     "(none)");
	output_field(stdout, "Root SM-DS", addresses.root_smds[0] ? addresses.root_smds : "(none)");
	return 0;
}

static void show_events(struct app *app, const struct es9p_event *events, size_t count)
{
	static const char *const headings[] = { "EVENT", "SERVER" };
	struct table *table = table_new(headings, 2);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		const char *const cells[] = { events[i].event_id, events[i].server_address };
		json_t *object = json_object();

		json_object_set_new(object, "eventId", json_text(events[i].event_id));
		json_object_set_new(object, "rspServerAddress", json_text(events[i].server_address));
		json_array_append_new(array, object);
		table_row(table, cells);
	}
	if (!app->options.json)
		table_print(table, stdout);
	json_object_set_new(app->result, "eventEntries", array);
	table_free(&table);
}

int verb_discover(struct app *app)
{
	struct es9p_event *events = NULL;
	size_t count = 0;
	int rc = app_open_servers(app);

	if (!rc)
		rc = lpa_discover(app->lpa, app->options.smds, &events, &count, &app->err);
	progress_end(app);
	if (!rc)
		show_events(app, events, count);
	free(events);
	return rc;
}
