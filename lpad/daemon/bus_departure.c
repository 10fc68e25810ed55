/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has a caller left the bus? See bus_departure.h. */
#include "bus_departure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct departure {
	sd_bus_slot *match, *question;
	char *name;
	void (*left)(void *context);
	void *context;
};

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct departure *departure = userdata;
	const char *name, *before, *now;

	(void)error;
	if (sd_bus_message_read(message, "sss", &name, &before, &now) >= 0 && !now[0])
		departure->left(departure->context);
	return 0;
}

static int on_has_owner(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct departure *departure = userdata;
	int there = 0;

	(void)error;
	departure->question = sd_bus_slot_unref(departure->question);
	if (sd_bus_message_is_method_error(answer, NULL) || sd_bus_message_read(answer, "b", &there) < 0 ||
	    !there)
		departure->left(departure->context);
	return 0;
}

/* The watch stands: was it too late? */
static int on_installed(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct departure *departure = userdata;

	(void)error;
	if (sd_bus_message_is_method_error(answer, NULL) ||
	    sd_bus_call_method_async(sd_bus_message_get_bus(answer), &departure->question, "org.freedesktop.DBus",
				     "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", on_has_owner,
				     departure, "s", departure->name) < 0)
		departure->left(departure->context);
	return 0;
}

int departure_watch(sd_bus *bus, const char *name, void (*left)(void *context), void *context,
		    struct departure **ret)
{
	struct departure *departure = calloc(1, sizeof(*departure));
	char *rule = NULL;
	int r = -ENOMEM;

	if (!departure)
		return r;
	departure->left = left;
	departure->context = context;
	if (asprintf(&departure->name, "%s", name) < 0)
		departure->name = NULL;
	else if (asprintf(&rule, "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
			  "member='NameOwnerChanged',arg0='%s'", name) >= 0)
		r = sd_bus_add_match_async(bus, &departure->match, rule, on_owner_changed, on_installed,
					   departure);
	free(rule);
	if (r < 0) {
		departure_free(&departure);
		return r;
	}
	*ret = departure;
	return 0;
}

void departure_free(struct departure **departure)
{
	if (!*departure)
		return;
	sd_bus_slot_unref((*departure)->question);
	sd_bus_slot_unref((*departure)->match);
	free((*departure)->name);
	free(*departure);
	*departure = NULL;
}
