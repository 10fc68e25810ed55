/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to the bench's own bus, and lpad's objects as a client sees them. */
#ifndef LPAD_BENCH_BUS_H
#define LPAD_BENCH_BUS_H

#include <stddef.h>
#include <systemd/sd-bus.h>

#define BUS_PATH_SIZE 128

sd_bus *bus_connect(const char *address);

/* Handle what has come, or wait for more, up to @usec. */
void bus_turn(sd_bus *bus, uint64_t usec);

/*
 * Paths of the objects that have @interface, with @state as their State where that is not NULL.
 * Returns how many there are; @max are written.
 */
unsigned bus_objects(sd_bus *bus, const char *interface, const char *state,
		     char (*paths)[BUS_PATH_SIZE], unsigned max);

#endif
