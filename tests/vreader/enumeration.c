/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says of the device: its uevents. "bind" of the USB device comes when
 * its configuration is set and each interface has met the drivers; "remove" when it is gone.
 */
#include "vreader/reader.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER (4 * 1024 * 1024)

int vreader_uevents_open(struct esim_error *err)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return esim_error_errno(err, ESIM_EIO, error, "no uevents of the kernel");
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ RECEIVE_BUFFER }, sizeof(int));
	return fd;
}

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

/* ACTION@DEVPATH, then NAME=VALUE; a zero byte after each. */
static void take(struct vreader *reader, const char *text, size_t len)
{
	const char *action = "", *path = "", *type = "", *name;

	for (const char *at = text; at < text + len; at += strlen(at) + 1) {
		if (!strncmp(at, "ACTION=", 7))
			action = at + 7;
		else if (!strncmp(at, "DEVPATH=", 8))
			path = at + 8;
		else if (!strncmp(at, "DEVTYPE=", 8))
			type = at + 8;
	}
	name = strrchr(path, '/');
	if (!name || strcmp(type, "usb_device"))
		return;
	if (!strcmp(action, "bind"))
		bound(reader, name + 1);
	else if (!strcmp(action, "remove"))
		removed(reader, name + 1);
}

void vreader_uevents_take(struct vreader *reader)
{
	char text[8192];
	ssize_t n;

	while ((n = recv(reader->uevents, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		take(reader, text, (size_t)n);
	}
}
