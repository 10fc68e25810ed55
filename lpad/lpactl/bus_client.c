/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of lpad over sd-bus. See bus_client.h. */
#include "bus_client.h"

#include "bus_agent.h"

#include "lpad/common/variant.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DBUS_NAME	"org.freedesktop.DBus"
#define DBUS_PATH	"/org/freedesktop/DBus"

struct bus_client {
	sd_bus *bus;
	struct esim_cancel *cancel;
	pid_t agent;			/* 0: none yet */
};

static int lost(int r, struct esim_error *err)
{
	esim_error_errno(err, ESIM_EIO, -r, "the way to lpad broke");
	err->domain = ESIM_DOMAIN_SYSTEM;
	return ESIM_EIO;
}

/* --- is lpad there? --------------------------------------------------------------------------------- */

static int has_owner(sd_bus *bus)
{
	sd_bus_message *reply = NULL;
	int there = 0;
	int r = sd_bus_call_method(bus, DBUS_NAME, DBUS_PATH, DBUS_NAME, "NameHasOwner", NULL, &reply, "s",
				   LPAD_NAME);

	if (r >= 0)
		r = sd_bus_message_read(reply, "b", &there);
	sd_bus_message_unref(reply);
	return r < 0 ? r : there;
}

static int can_be_started(sd_bus *bus)
{
	sd_bus_message *reply = NULL;
	const char *name;
	int found = 0;
	int r = sd_bus_call_method(bus, DBUS_NAME, DBUS_PATH, DBUS_NAME, "ListActivatableNames", NULL, &reply, "");

	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "s");
	while (r >= 0 && !found && (r = sd_bus_message_read_basic(reply, 's', &name)) > 0)
		found = strcmp(name, LPAD_NAME) == 0;
	sd_bus_message_unref(reply);
	return r < 0 ? r : found;
}

int bus_client_open(struct esim_cancel *cancel, struct bus_client **ret, struct esim_error *err)
{
	struct bus_client *client = calloc(1, sizeof(*client));
	int r;

	if (!client)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	client->cancel = cancel;
	r = sd_bus_open_system(&client->bus);
	if (r >= 0)
		r = has_owner(client->bus);
	if (r == 0)
		r = can_be_started(client->bus);
	if (r <= 0) {
		bus_client_free(&client);
		return r < 0 ? esim_error_errno(err, ESIM_ENODEV, -r, "the system bus cannot be reached") :
		       esim_error_set(err, ESIM_ENODEV, "lpad is not on the system bus");
	}
	*ret = client;
	return 0;
}

void bus_client_free(struct bus_client **client)
{
	if (!client || !*client)
		return;
	bus_agent_stop(&(*client)->agent);
	sd_bus_flush_close_unref((*client)->bus);
	free(*client);
	*client = NULL;
}

int bus_client_match(struct bus_client *client, sd_bus_slot **slot, const char *rule,
		     sd_bus_message_handler_t handler, void *context, struct esim_error *err)
{
	int r = sd_bus_add_match(client->bus, slot, rule, handler, context);

	return r < 0 ? lost(r, err) : 0;
}

/* --- waiting ------------------------------------------------------------------------------------------- */

/* Until sd-bus wants to be called again; -1: for ever. */
static int milliseconds(uint64_t until)
{
	struct timespec now;
	uint64_t usec;

	if (until == UINT64_MAX)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	return until <= usec ? 0 : (int)((until - usec) / 1000 % 3600000) + 1;
}

static int wait_for_news(struct bus_client *client)
{
	struct pollfd fds[] = {
		{ .fd = sd_bus_get_fd(client->bus) },
		{ .fd = esim_cancel_fd(client->cancel), .events = POLLIN },
	};
	uint64_t until = UINT64_MAX;
	int events = sd_bus_get_events(client->bus), r;

	if (fds[0].fd < 0 || events < 0)
		return -ENOTCONN;
	r = sd_bus_get_timeout(client->bus, &until);
	if (r < 0)
		return r;
	fds[0].events = (short)events;
	return poll(fds, 2, milliseconds(until)) < 0 && errno != EINTR ? -errno : 0;
}

int bus_client_turn(struct bus_client *client, struct esim_error *err)
{
	int r = sd_bus_process(client->bus, NULL);

	if (r == 0)
		r = wait_for_news(client);
	return r < 0 ? lost(r, err) : 0;
}

/* --- calls ----------------------------------------------------------------------------------------------- */

int bus_message(struct bus_client *client, const char *path, const char *interface, const char *method,
		sd_bus_message **ret, struct esim_error *err)
{
	char full[64];
	int r;

	snprintf(full, sizeof(full), LPAD_NAME ".%s", interface);
	r = sd_bus_message_new_method_call(client->bus, ret, LPAD_NAME, path, full, method);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(*ret, true);
	return r < 0 ? lost(r, err) : 0;
}

static int on_reply(sd_bus_message *message, void *context, sd_bus_error *error)
{
	sd_bus_message **reply = context;

	(void)error;
	*reply = sd_bus_message_ref(message);
	return 0;
}

/* 0 with the reply, whatever it is. */
static int exchange(struct bus_client *client, sd_bus_message *message, sd_bus_message **reply,
		    struct esim_error *err)
{
	sd_bus_slot *slot = NULL;
	int r = sd_bus_call_async(client->bus, &slot, message, on_reply, reply, UINT64_MAX);
	int rc = r < 0 ? lost(r, err) : 0;

	while (!rc && !*reply) {
		if (esim_cancel_triggered(client->cancel))
			rc = esim_error_set(err, ESIM_ECANCELED, "cancelled");
		else
			rc = bus_client_turn(client, err);
	}
	sd_bus_slot_unref(slot);
	return rc;
}

/* Reading asks nobody anything, as polkit's defaults are. */
static bool may_ask(sd_bus_message *message)
{
	return strncmp(sd_bus_message_get_member(message), "Get", 3) != 0;
}

int bus_send(struct bus_client *client, sd_bus_message **message, sd_bus_message **ret, struct esim_error *err)
{
	sd_bus_message *reply = NULL;
	int rc;

	if (may_ask(*message))
		bus_agent_start(&client->agent);
	rc = exchange(client, *message, &reply, err);
	*message = sd_bus_message_unref(*message);
	if (!rc && sd_bus_message_is_method_error(reply, NULL))
		rc = bus_client_failed(sd_bus_message_get_error(reply), err);
	if (!rc && ret) {
		*ret = reply;
		return 0;
	}
	sd_bus_message_unref(reply);
	return rc;
}

int bus_call(struct bus_client *client, const char *path, const char *interface, const char *method,
	     sd_bus_message **ret, struct esim_error *err, const char *types, ...)
{
	sd_bus_message *message = NULL;
	va_list ap;
	int rc = bus_message(client, path, interface, method, &message, err), r;

	if (rc)
		return rc;
	va_start(ap, types);
	r = types[0] ? sd_bus_message_appendv(message, types, ap) : 0;
	va_end(ap);
	if (r < 0) {
		sd_bus_message_unref(message);
		return esim_error_errno(err, ESIM_EINVAL, -r, "an argument of %s cannot be sent", method);
	}
	return bus_send(client, &message, ret, err);
}

int bus_call_dict(struct bus_client *client, const char *path, const char *interface, const char *method,
		  const json_t *options, sd_bus_message **ret, struct esim_error *err)
{
	sd_bus_message *message = NULL;
	int rc = bus_message(client, path, interface, method, &message, err), r;

	if (rc)
		return rc;
	r = sd_bus_message_sensitive(message);
	if (r >= 0)
		r = variant_append_dict(message, options);
	if (r < 0) {
		sd_bus_message_unref(message);
		return esim_error_errno(err, ESIM_EINVAL, -r, "an argument of %s cannot be sent", method);
	}
	return bus_send(client, &message, ret, err);
}

/* --- what lpad tells ------------------------------------------------------------------------------------------ */

static int unreadable(int r, struct esim_error *err)
{
	esim_error_errno(err, ESIM_EPROTO, -r, "lpad's answer cannot be read");
	err->domain = ESIM_DOMAIN_SYSTEM;
	return ESIM_EPROTO;
}

int bus_details(struct bus_client *client, const char *path, const char *interface, json_t **ret,
		struct esim_error *err)
{
	sd_bus_message *reply = NULL;
	int rc = bus_call(client, path, interface, "GetDetails", &reply, err, ""), r;

	if (rc)
		return rc;
	r = variant_read_dict(reply, ret);
	sd_bus_message_unref(reply);
	return r < 0 ? unreadable(r, err) : 0;
}

static int call_dbus(struct bus_client *client, const char *path, const char *interface, const char *method,
		     const char *argument, sd_bus_message **ret, struct esim_error *err)
{
	sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_call(client->bus, &message, LPAD_NAME, path, interface, method);

	if (r >= 0 && argument)
		r = sd_bus_message_append_basic(message, 's', argument);
	if (r < 0) {
		sd_bus_message_unref(message);
		return lost(r, err);
	}
	return bus_send(client, &message, ret, err);
}

int bus_properties(struct bus_client *client, const char *path, const char *interface, json_t **ret,
		   struct esim_error *err)
{
	sd_bus_message *reply = NULL;
	char full[64];
	int rc, r;

	snprintf(full, sizeof(full), LPAD_NAME ".%s", interface);
	rc = call_dbus(client, path, DBUS_NAME ".Properties", "GetAll", full, &reply, err);
	if (rc)
		return rc;
	r = variant_read_dict(reply, ret);
	sd_bus_message_unref(reply);
	return r < 0 ? unreadable(r, err) : 0;
}

int bus_read_interfaces(sd_bus_message *message, json_t **ret)
{
	const size_t prefix = strlen(LPAD_NAME ".");
	json_t *all, *ours, *properties;
	const char *name;
	int r = variant_read(message, &all);

	if (r < 0)
		return r;
	ours = json_object();
	json_object_foreach(all, name, properties)
		if (strncmp(name, LPAD_NAME ".", prefix) == 0)
			json_object_set(ours, name + prefix, properties);
	json_decref(all);
	*ret = ours;
	return 0;
}

static int read_object(sd_bus_message *reply, json_t *objects)
{
	const char *path;
	json_t *interfaces;
	int r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}");

	if (r > 0)
		r = sd_bus_message_read_basic(reply, 'o', &path);
	if (r > 0)
		r = bus_read_interfaces(reply, &interfaces);
	if (r < 0)
		return r;
	json_object_set_new(objects, path, interfaces);
	return sd_bus_message_exit_container(reply);
}

static int read_objects(sd_bus_message *reply, json_t *objects)
{
	int r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");

	while (r >= 0 && (r = sd_bus_message_at_end(reply, false)) == 0)
		r = read_object(reply, objects);
	return r;
}

int bus_objects(struct bus_client *client, json_t **ret, struct esim_error *err)
{
	sd_bus_message *reply = NULL;
	json_t *objects;
	int rc = call_dbus(client, LPAD_PATH, DBUS_NAME ".ObjectManager", "GetManagedObjects", NULL, &reply, err);
	int r;

	if (rc)
		return rc;
	objects = json_object();
	r = read_objects(reply, objects);
	sd_bus_message_unref(reply);
	if (r < 0) {
		json_decref(objects);
		return unreadable(r, err);
	}
	*ret = objects;
	return 0;
}
