/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader comes and goes as the kernel says (usbip/uevents.h). */
#include "vreader/reader.h"

#include "usbip/uevents.h"

#include <stdio.h>
#include <string.h>

static void say(struct vreader *reader, const char *what, const char *bus_port)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %s", what, bus_port);
	if (reader->notice)
		reader->notice(line);
}

static void bound(struct vreader *reader, const char *name)
{
	char bus_port[USBIP_BUS_PORT_SIZE];

	if (reader->bus_port[0] || reader->link.fd < 0)
		return;
	if (!reader->options.bus && (!usbip_bus_port(&reader->link, bus_port) || strcmp(bus_port, name)))
		return;
	snprintf(reader->bus_port, sizeof(reader->bus_port), "%s", name);
	reader->stats.count[STAT_ATTACHED]++;
	say(reader, "attached", name);
}

static void removed(struct vreader *reader, const char *name)
{
	if (strcmp(reader->bus_port, name))
		return;
	reader->bus_port[0] = '\0';
	reader->stats.count[STAT_DETACHED]++;
	vreader_detach(reader);
	say(reader, "detached", name);
}

static void told(void *context, bool is_bound, const char *bus_port)
{
	if (is_bound)
		bound(context, bus_port);
	else
		removed(context, bus_port);
}

void vreader_uevents_take(struct vreader *reader)
{
	usbip_uevents_take(reader->uevents, told, reader);
}
