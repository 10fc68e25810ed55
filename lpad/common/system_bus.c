/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See system_bus.h. */
#include "system_bus.h"

#include <stdbool.h>

int system_bus_open(const char *address, const char *description, sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r;

	if (!address)
		return sd_bus_open_system_with_description(ret, description);
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_description(bus, description);
	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, true);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0)
		sd_bus_unref(bus);
	else
		*ret = bus;
	return r;
}
