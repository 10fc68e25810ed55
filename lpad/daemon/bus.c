/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection to the bus. See bus.h. */
#include "bus_private.h"

#include "lpad/common/system_bus.h"

#include <errno.h>
#include <stdlib.h>

/* Without its bus lpad is of no use: the event loop ends then, and who started lpad starts it again. */
static int start(struct bus *bus, const char *address)
{
	int r = system_bus_open(address, "lpad", &bus->sd);

	if (r >= 0)
		r = sd_bus_set_exit_on_disconnect(bus->sd, true);
	if (r >= 0)
		r = sd_bus_attach_event(bus->sd, bus->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = authority_new(bus->sd, &bus->authority);
	if (r >= 0)
		r = bus_news_new(bus, &bus->news);
	if (r >= 0)
		r = bus_objects_add(bus);
	return r;
}

int bus_new(struct daemon *daemon, sd_event *event, const char *address, struct bus **ret,
	    struct esim_error *err)
{
	struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	bus->daemon = daemon;
	bus->event = sd_event_ref(event);
	r = start(bus, address);
	if (r < 0) {
		bus_free(&bus);
		esim_error_errno(err, ESIM_EIO, -r, "the bus at %s cannot be reached",
				 address ? address : "the system's place");
		err->domain = ESIM_DOMAIN_SYSTEM;
		return err->code;
	}
	*ret = bus;
	return 0;
}

int bus_take_name(struct bus *bus, struct esim_error *err)
{
	int r = sd_bus_request_name(bus->sd, BUS_NAME, 0);

	if (r >= 0)
		return 0;
	if (r == -EEXIST)
		return esim_error_set(err, ESIM_EBUSY, "another lpad has the name " BUS_NAME " on this bus");
	esim_error_errno(err, ESIM_EIO, -r, "the bus does not give the name " BUS_NAME);
	err->domain = ESIM_DOMAIN_SYSTEM;
	esim_error_advise(err, "the bus needs the policy file " BUS_NAME ".conf, and lpad its user");
	return err->code;
}

/* Whoever called before the name was given back has an answer, and may call again: that starts lpad anew. */
static void drain(struct bus *bus)
{
	bus->ending = true;
	if (bus->sd && sd_bus_release_name(bus->sd, BUS_NAME) >= 0)
		for (int i = 0; i < BUS_MAX_CALLS && sd_bus_process(bus->sd, NULL) > 0; i++)
			;
}

void bus_free(struct bus **pointer)
{
	struct bus *bus = *pointer;

	if (!bus)
		return;
	if (bus->news)
		bus_news_flush(bus->news);
	bus_calls_free(bus);
	drain(bus);
	borrowers_free(bus);
	bus_news_free(&bus->news);
	authority_free(&bus->authority);
	sd_bus_flush_close_unref(bus->sd);
	sd_event_unref(bus->event);
	free(bus);
	*pointer = NULL;
}

unsigned bus_calls(const struct bus *bus)
{
	return bus->call_count;
}
