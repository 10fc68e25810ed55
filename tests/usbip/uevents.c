/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says of a device; see uevents.h. */
#include "usbip/uevents.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER (4 * 1024 * 1024)

int usbip_uevents_open(struct esim_error *err)
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

/* ACTION@DEVPATH, then NAME=VALUE; a zero byte after each. */
static void take(const char *text, size_t len, void (*told)(void *context, bool bound, const char *bus_port),
		 void *context)
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
	if (!strcmp(action, "bind") || !strcmp(action, "remove"))
		told(context, !strcmp(action, "bind"), name + 1);
}

void usbip_uevents_take(int fd, void (*told)(void *context, bool bound, const char *bus_port), void *context)
{
	char text[8192];
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		take(text, (size_t)n, told, context);
	}
}
