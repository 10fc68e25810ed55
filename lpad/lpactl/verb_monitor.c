/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl monitor: what lpad tells everyone, as it happens, a line each, until an interrupt. */
#include "app.h"
#include "bus_client.h"
#include "output.h"

#include "lpad/common/variant.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct monitor {
	struct app *app;
	bool broken;			/* nobody reads the lines any more */
};

/* --- a line ------------------------------------------------------------------------------------- */

/* "State=ready Needs=consent,policy-consent" */
static void print_properties(const json_t *properties)
{
	const char *name;
	json_t *value, *item;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)properties, name, value) {
		printf(" %s=", name);
		if (json_is_string(value))
			fputs(json_string_value(value), stdout);
		else if (json_is_integer(value))
			printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
		else if (json_is_boolean(value))
			fputs(json_is_true(value) ? "yes" : "no", stdout);
		json_array_foreach(value, i, item) {
			printf("%s%s", i ? "," : "", json_is_string(item) ? json_string_value(item) : "");
		}
	}
}

static void print_text(const char *when, const char *object, const char *event, const json_t *properties)
{
	printf("%s %s %s", when, object, event);
	print_properties(properties);
	putchar('\n');
}

static void print_json(const char *when, const char *object, const char *event, const json_t *properties)
{
	json_t *line = json_object();

	json_object_set_new(line, "time", json_string(when));
	json_object_set_new(line, "object", json_string(object));
	json_object_set_new(line, "event", json_string(event));
	if (properties)
		json_object_set(line, "properties", (json_t *)(uintptr_t)properties);
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

/* @path: of lpad's root the rest is shown, "euicc/1/profile/2". */
static void tell(struct monitor *monitor, const char *path, const char *event, const json_t *properties)
{
	const bool json = monitor->app->options.json;
	const time_t now = time(NULL);
	const char *object = path;
	char when[32] = "";
	struct tm tm;

	if (strncmp(path, LPAD_PATH "/", strlen(LPAD_PATH "/")) == 0)
		object += strlen(LPAD_PATH "/");
	if (json && gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	else if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	(json ? print_json : print_text)(when, object, event, properties);
	if (fflush(stdout) || ferror(stdout))
		monitor->broken = true;
}

static void tell_interfaces(struct monitor *monitor, const char *path, const char *event, json_t *interfaces)
{
	const char *name;
	json_t *properties;

	json_object_foreach(interfaces, name, properties) {
		tell(monitor, path, event, properties);
	}
}

/* --- what is heard ---------------------------------------------------------------------------------- */

static int on_added(sd_bus_message *message, void *context, sd_bus_error *error)
{
	json_t *interfaces = NULL;
	const char *path;

	(void)error;
	if (sd_bus_message_read_basic(message, 'o', &path) > 0 && bus_read_interfaces(message, &interfaces) >= 0)
		tell_interfaces(context, path, "added", interfaces);
	json_decref(interfaces);
	return 0;
}

static bool is_ours(const char *interface)
{
	return strncmp(interface, LPAD_NAME ".", strlen(LPAD_NAME ".")) == 0;
}

static int on_removed(sd_bus_message *message, void *context, sd_bus_error *error)
{
	json_t *interfaces = NULL, *interface;
	const char *path;
	size_t i;

	(void)error;
	if (sd_bus_message_read_basic(message, 'o', &path) > 0 && variant_read(message, &interfaces) >= 0)
		json_array_foreach(interfaces, i, interface)
			if (is_ours(json_string_value(interface)))
				tell(context, path, "removed", NULL);
	json_decref(interfaces);
	return 0;
}

static int on_changed(sd_bus_message *message, void *context, sd_bus_error *error)
{
	json_t *changed = NULL;
	const char *interface;

	(void)error;
	if (sd_bus_message_read_basic(message, 's', &interface) > 0 && is_ours(interface) &&
	    variant_read_dict(message, &changed) >= 0)
		tell(context, sd_bus_message_get_path(message), "changed", changed);
	json_decref(changed);
	return 0;
}

static int on_finished(sd_bus_message *message, void *context, sd_bus_error *error)
{
	json_t *properties;
	int success;

	(void)error;
	if (sd_bus_message_read_basic(message, 'b', &success) <= 0)
		return 0;
	properties = json_object();
	json_object_set_new(properties, "success", json_boolean(success));
	tell(context, sd_bus_message_get_path(message), "finished", properties);
	json_decref(properties);
	return 0;
}

static int on_owner(sd_bus_message *message, void *context, sd_bus_error *error)
{
	const char *name, *before, *after;

	(void)error;
	if (sd_bus_message_read(message, "sss", &name, &before, &after) > 0)
		tell(context, "lpad", after[0] ? "started" : "ended", NULL);
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

#define RULE "type='signal',sender='" LPAD_NAME "',path_namespace='" LPAD_PATH "',"
#define DBUS "org.freedesktop.DBus"

static const struct {
	const char *rule;
	sd_bus_message_handler_t handler;
} matches[] = {
	{ RULE "interface='" DBUS ".ObjectManager',member='InterfacesAdded'", on_added },
	{ RULE "interface='" DBUS ".ObjectManager',member='InterfacesRemoved'", on_removed },
	{ RULE "interface='" DBUS ".Properties',member='PropertiesChanged'", on_changed },
	{ RULE "interface='" LPAD_NAME ".Job1',member='Finished'", on_finished },
	{ "type='signal',sender='" DBUS "',member='NameOwnerChanged',arg0='" LPAD_NAME "'", on_owner },
};

static int show_what_is_there(struct monitor *monitor)
{
	struct app *app = monitor->app;
	json_t *objects = NULL, *interfaces;
	const char *path;
	int rc = bus_objects(app->bus, &objects, &app->err);

	json_object_foreach(objects, path, interfaces) {
		tell_interfaces(monitor, path, "there", interfaces);
	}
	json_decref(objects);
	return rc;
}

/* An interrupt is how it is meant to end. */
int monitor_by_lpad(struct app *app)
{
	struct monitor monitor = { .app = app };
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(matches) / sizeof(matches[0]); i++)
		rc = bus_client_match(app->bus, NULL, matches[i].rule, matches[i].handler, &monitor, &app->err);
	if (!rc)
		rc = show_what_is_there(&monitor);
	while (!rc && !monitor.broken && !esim_cancel_triggered(app->cancel))
		rc = bus_client_turn(app->bus, &app->err);
	return rc == ESIM_ECANCELED ? 0 : rc;
}
