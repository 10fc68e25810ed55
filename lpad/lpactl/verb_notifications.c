/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl notifications: list, send, drop. */
#include "app.h"
#include "output.h"
#include "prompt.h"

#include <stdio.h>
#include <stdlib.h>

static void add_row(struct table *table, const struct esim_notification *n, const char *state)
{
	char number[16], iccid[ESIM_ICCID_DIGITS + 1] = "";
	const char *const cells[] = {
		number, esim_event_name(n->operation), n->address, iccid, state,
	};

	snprintf(number, sizeof(number), "%u", n->seq_number);
	if (n->has_iccid)
		format_iccid(&n->iccid, iccid);
	table_row(table, cells);
}

static struct table *new_table(void)
{
	static const char *const headings[] = { "SEQ", "EVENT", "ADDRESS", "ICCID", "STATE" };

	return table_new(headings, 5);
}

static int list(struct app *app)
{
	struct esim_notification *list = NULL;
	struct table *table;
	json_t *array;
	size_t count = 0;
	int rc = app_open_card(app);

	if (!rc)
		rc = lpa_list_notifications(app->lpa, &list, &count, &app->err);
	if (rc)
		return rc;
	table = new_table();
	array = json_array();
	for (size_t i = 0; i < count; i++) {
		add_row(table, &list[i], "pending");
		json_array_append_new(array, json_notification(&list[i]));
	}
	if (!app->options.json)
		table_print(table, stdout);
	json_object_set_new(app->result, "notificationMetadataList", array);
	table_free(&table);
	free(list);
	return 0;
}

static const char *state_name(const struct lpa_notification *n)
{
	return n->removed ? "sent" : n->sent ? "sent, not removed" :
	       n->skipped ? "waits for an earlier one" : n->error.code ? "failed" : "pending";
}

static json_t *json_report(const struct lpa_notification *n)
{
	json_t *object = json_notification(&n->metadata);

	json_object_set_new(object, "sent", json_boolean(n->sent));
	json_object_set_new(object, "removed", json_boolean(n->removed));
	if (n->error.code)
		json_object_set_new(object, "error", json_error(&n->error));
	return object;
}

static int send_all(struct app *app)
{
	struct lpa_notification *report = NULL;
	struct table *table;
	json_t *array;
	size_t count = 0;
	int rc = app_open_servers(app);

	if (rc)
		return rc;
	rc = lpa_send_notifications(app->lpa, &report, &count, &app->err);
	table = new_table();
	array = json_array();
	for (size_t i = 0; i < count; i++) {
		add_row(table, &report[i].metadata, state_name(&report[i]));
		json_array_append_new(array, json_report(&report[i]));
	}
	if (!app->options.json && (count > 0 || !rc))
		table_print(table, stdout);
	json_object_set_new(app->result, "notifications", array);
	table_free(&table);
	free(report);
	return rc;
}

static int drop(struct app *app)
{
	int rc = prompt_confirm(app, "Drop this notification unsent? Its operator will never hear of the change.");

	if (!rc)
		rc = app_open_card(app);
	if (!rc)
		rc = lpa_drop_notification(app->lpa, app->options.remove, &app->err);
	if (rc)
		return rc;
	json_object_set_new(app->result, "removed", json_integer(app->options.remove));
	if (!app->options.json)
		printf("notification %u is removed\n", app->options.remove);
	return 0;
}

int verb_notifications(struct app *app)
{
	if (app->options.send && app->options.has_remove)
		return esim_error_set(&app->err, ESIM_EINVAL, "give either --send or --remove");
	return app->options.send ? send_all(app) : app->options.has_remove ? drop(app) : list(app);
}
