/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection of one's own to the system's bus, or to one that is said. */
#ifndef LPAD_SYSTEM_BUS_H
#define LPAD_SYSTEM_BUS_H

#include <systemd/sd-bus.h>

/* @address NULL: the system's; @description for the bus's own messages, may be NULL. A negative errno. */
int system_bus_open(const char *address, const char *description, sd_bus **ret);

#endif
