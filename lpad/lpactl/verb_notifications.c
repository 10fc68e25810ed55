/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl notifications: list, send, drop. */
#include "app.h"
#include "bus_client.h"
#include "bus_euicc.h"
#include "bus_job.h"
#include "output.h"
#include "prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- directly ------------------------------------------------------------------------------------ */

static int list(struct app *app)
{
	struct esim_notification *list = NULL;
	json_t *array;
	size_t count = 0;
	int rc = app_open_card(app);

	if (!rc)
		rc = lpa_list_notifications(app->lpa, &list, &count, &app->err);
	if (rc)
		return rc;
	array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_notification(&list[i]));
	json_object_set_new(app->result, "notificationMetadataList", array);
	free(list);
	return 0;
}

static json_t *json_report(const struct lpa_notification *n)
{
	json_t *object = json_notification(&n->metadata);

	json_object_set_new(object, "sent", json_boolean(n->sent));
	json_object_set_new(object, "removed", json_boolean(n->removed));
	if (n->skipped)
		json_object_set_new(object, "skipped", json_true());
	if (n->error.code)
		json_object_set_new(object, "error", json_error(&n->error));
	return object;
}

static int send_all(struct app *app)
{
	struct lpa_notification *report = NULL;
	json_t *array;
	size_t count = 0;
	int rc = app_open_servers(app);

	if (rc)
		return rc;
	rc = lpa_send_notifications(app->lpa, &report, &count, &app->err);
	array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_report(&report[i]));
	if (count > 0 || !rc)
		json_object_set(app->result, "notifications", array);
	json_decref(array);
	free(report);
	return rc;
}

static int confirm_drop(struct app *app)
{
	return prompt_confirm(app, "Drop this notification unsent? Its operator will never hear of the change.");
}

static int drop(struct app *app)
{
	int rc = confirm_drop(app);

	if (!rc)
		rc = app_open_card(app);
	if (!rc)
		rc = lpa_drop_notification(app->lpa, app->options.remove, &app->err);
	if (!rc)
		json_object_set_new(app->result, "removed", json_integer(app->options.remove));
	return rc;
}

/* --- by lpad ----------------------------------------------------------------------------------------- */

static json_int_t number_of(const json_t *child)
{
	return json_integer_value(json_object_get(json_object_get(child, "details"), "seqNumber"));
}

static int compare(const void *left, const void *right)
{
	const json_int_t a = number_of(*(json_t *const *)left), b = number_of(*(json_t *const *)right);

	return (a > b) - (a < b);
}

/* What is owed, in ascending order of sequence numbers. New reference. */
static int owed(struct app *app, json_t **ret)
{
	json_t *children = NULL, *child, **sorted;
	size_t count, i;
	int rc = bus_children(app, "notification", "Notification1", &children);

	if (rc)
		return rc;
	count = json_array_size(children);
	sorted = calloc(count + 1, sizeof(*sorted));
	json_array_foreach(children, i, child)
		if (sorted)
			sorted[i] = child;
	if (sorted)
		qsort(sorted, count, sizeof(*sorted), compare);
	*ret = json_array();
	for (i = 0; sorted && i < count; i++)
		json_array_append(*ret, sorted[i]);
	rc = sorted ? 0 : esim_error_set(&app->err, ESIM_ENOMEM, "no memory");
	free(sorted);
	json_decref(children);
	return rc;
}

static int list_by_lpad(struct app *app, const json_t *children)
{
	json_t *array = json_array(), *child;
	size_t i;

	json_array_foreach(children, i, child) {
		json_array_append(array, json_object_get(child, "details"));
	}
	json_object_set_new(app->result, "notificationMetadataList", array);
	return 0;
}

/* One that is gone before its turn went with those that were sent before it, or lpad had sent it by itself. */
static int send_one(struct app *app, const json_t *child, json_t *array)
{
	json_t *report = json_copy(json_object_get(child, "details"));
	sd_bus_message *reply = NULL;
	int rc = bus_call(app->bus, output_text(child, "path"), "Notification1", "Send", &reply, &app->err, "");

	if (!rc)
		rc = bus_job_follow(app, reply, NULL);
	if (rc == ESIM_ENOENT)
		rc = 0;
	json_object_set_new(report, "sent", json_boolean(!rc));
	json_object_set_new(report, "removed", json_boolean(!rc));
	json_object_del(report, "error");
	if (rc)
		json_object_set_new(report, "error", json_error(&app->err));
	json_array_append_new(array, report);
	return rc;
}

static int send_by_lpad(struct app *app, const json_t *children)
{
	struct esim_error first = { 0 };
	json_t *array = json_array(), *child;
	size_t i;

	json_array_foreach(children, i, child)
		if (first.code != ESIM_ECANCELED && send_one(app, child, array) && !first.code)
			first = app->err;
	json_object_set_new(app->result, "notifications", array);
	if (first.code)
		app->err = first;
	return first.code;
}

static int drop_by_lpad(struct app *app, const json_t *children)
{
	json_t *child;
	size_t i;
	int rc = ESIM_ENOENT;

	json_array_foreach(children, i, child) {
		if (number_of(child) != app->options.remove)
			continue;
		rc = confirm_drop(app);
		if (!rc)
			rc = bus_call(app->bus, output_text(child, "path"), "Notification1", "Drop", NULL,
				      &app->err, "");
		if (!rc)
			json_object_set_new(app->result, "removed", json_integer(app->options.remove));
		return rc;
	}
	return esim_error_set(&app->err, rc, "lpad has no notification %u to send", app->options.remove);
}

/* --- either way ---------------------------------------------------------------------------------------- */

static int check(struct app *app)
{
	if (app->options.send && app->options.has_remove)
		return esim_error_set(&app->err, ESIM_EINVAL, "give either --send or --remove");
	return 0;
}

int notifications_direct(struct app *app)
{
	int rc = check(app);

	if (rc)
		return rc;
	return app->options.send ? send_all(app) : app->options.has_remove ? drop(app) : list(app);
}

int notifications_by_lpad(struct app *app)
{
	json_t *children = NULL;
	int rc = check(app);

	if (!rc)
		rc = owed(app, &children);
	if (!rc)
		rc = app->options.send ? send_by_lpad(app, children) :
		     app->options.has_remove ? drop_by_lpad(app, children) : list_by_lpad(app, children);
	json_decref(children);
	return rc;
}

static const char *state_name(const json_t *report)
{
	if (!json_object_get(report, "sent"))
		return "pending";
	if (json_is_true(json_object_get(report, "removed")))
		return "sent";
	if (json_is_true(json_object_get(report, "sent")))
		return "sent, not removed";
	if (json_object_get(report, "skipped"))
		return "waits for an earlier one";
	return json_object_get(report, "error") ? "failed" : "pending";
}

/* "install" of notificationInstall. */
static json_t *event_name(const json_t *notification)
{
	const char *operation = output_text(notification, "profileManagementOperation");
	const size_t prefix = strlen("notification");

	if (strncmp(operation, "notification", prefix) != 0 || !operation[prefix])
		return json_string(operation);
	return json_sprintf("%c%s", operation[prefix] | 0x20, operation + prefix + 1);
}

static void print_list(const json_t *list)
{
	static const struct column columns[] = {
		{ "SEQ", "seqNumber" }, { "EVENT", "event" },
		{ "ADDRESS", "notificationAddress" }, { "ICCID", "iccid" }, { "STATE", "state" },
	};
	json_t *shown = json_deep_copy(list), *notification;
	size_t i;

	json_array_foreach(shown, i, notification) {
		json_object_set_new(notification, "state", json_string(state_name(notification)));
		json_object_set_new(notification, "event", event_name(notification));
	}
	output_table(stdout, shown, columns, 5);
	json_decref(shown);
}

void notifications_print(const json_t *result)
{
	const json_t *removed = json_object_get(result, "removed");

	if (removed)
		printf("notification %" JSON_INTEGER_FORMAT " is removed\n", json_integer_value(removed));
	print_list(json_object_get(result, "notificationMetadataList"));
	print_list(json_object_get(result, "notifications"));
}
