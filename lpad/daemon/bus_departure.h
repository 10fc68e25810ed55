/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A watch on one unique name of the bus: is told once that who had it has left. */
#ifndef LPAD_BUS_DEPARTURE_H
#define LPAD_BUS_DEPARTURE_H

#include <systemd/sd-bus.h>

struct departure;

/*
 * Asks the bus for signals of that name alone, without blocking, then whether it is there still: a
 * departure before the watch stood is told as well. @left may free the watch. 0 or a negative errno.
 */
int departure_watch(sd_bus *bus, const char *name, void (*left)(void *context), void *context,
		    struct departure **ret);
void departure_free(struct departure **departure);

#endif
