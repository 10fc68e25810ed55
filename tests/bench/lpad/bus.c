/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See bus.h. */
#include "bus.h"

#include "machine.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

sd_bus *bus_connect(const char *address)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0)
		errx(1, "%s: %s", address, strerror(-r));
	return bus;
}

void bus_turn(sd_bus *bus, uint64_t usec)
{
	int r = sd_bus_process(bus, NULL);

	if (r == 0)
		r = sd_bus_wait(bus, usec);
	if (r < 0 && r != -EINTR)
		errx(1, "the bus: %s", strerror(-r));
}

/* The properties of one interface: is State as it is asked for? */
static int has_state(sd_bus_message *m, const char *state)
{
	int found = !state, r;
	const char *name, *value;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &name);
		if (r >= 0 && strcmp(name, "State") == 0 && state) {
			r = sd_bus_message_read(m, "v", "s", &value);
			found = r >= 0 && strcmp(value, state) == 0;
		} else if (r >= 0) {
			r = sd_bus_message_skip(m, "v");
		}
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : found;
}

/* The interfaces of one object. */
static int fits(sd_bus_message *m, const char *interface, const char *state)
{
	const char *name;
	int found = 0, r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		r = sd_bus_message_read(m, "s", &name);
		if (r >= 0 && strcmp(name, interface) == 0)
			found = r = has_state(m, state);
		else if (r >= 0)
			r = sd_bus_message_skip(m, "a{sv}");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : found;
}

unsigned bus_objects(sd_bus *bus, const char *interface, const char *state,
		     char (*paths)[BUS_PATH_SIZE], unsigned max)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	unsigned count = 0;
	const char *path;
	int r = sd_bus_call_method(bus, MACHINE_SERVICE, MACHINE_ROOT,
				   "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &error,
				   &reply, "");

	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
		r = sd_bus_message_read(reply, "o", &path);
		if (r >= 0)
			r = fits(reply, interface, state);
		if (r > 0) {
			if (count < max)
				snprintf(paths[count], BUS_PATH_SIZE, "%s", path);
			count++;
		}
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	if (r < 0)
		errx(1, "GetManagedObjects: %s", error.message ? error.message : strerror(-r));
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return count;
}
