/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose call is it? The bus driver is asked without blocking: while one waits for an answer on the bus,
 * what others send would pile up in memory.
 */
#include "bus_private.h"

#include <string.h>

static bool known_uid(const struct bus *bus, const char *sender, uid_t *ret)
{
	for (size_t i = 0; i < BUS_MAX_CALLERS; i++)
		if (strcmp(bus->callers[i].name, sender) == 0) {
			*ret = bus->callers[i].uid;
			return true;
		}
	return false;
}

static void remember(struct bus *bus, const char *sender, uid_t uid)
{
	unsigned i = bus->next_caller % BUS_MAX_CALLERS;
	uid_t before;

	if (known_uid(bus, sender, &before) || strlen(sender) >= sizeof(bus->callers[i].name))
		return;
	bus->next_caller++;
	strcpy(bus->callers[i].name, sender);
	bus->callers[i].uid = uid;
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct call *call = userdata;
	uint32_t uid = 0;
	bool known = !sd_bus_message_is_method_error(answer, NULL) && sd_bus_message_read(answer, "u", &uid) > 0;

	(void)error;
	call->asking = sd_bus_slot_unref(call->asking);
	if (known)
		remember(call->bus, sd_bus_message_get_sender(call->message), uid);
	call->named(call, known, uid);
	return 0;
}

void bus_caller_identify(struct call *call, void (*named)(struct call *call, bool known, uid_t uid))
{
	const char *sender = sd_bus_message_get_sender(call->message);
	uid_t uid;

	call->named = named;
	if (known_uid(call->bus, sender, &uid))
		named(call, true, uid);
	else if (sd_bus_call_method_async(call->bus->sd, &call->asking, "org.freedesktop.DBus",
					  "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixUser",
					  on_answer, call, "s", sender) < 0)
		named(call, false, 0);
}
