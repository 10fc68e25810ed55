/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modem's port, to see it go while nobody asks anything of the modem; see publish.h. */
#include "publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct port {
	int fd;
	char path[128];
	struct stat as_opened;
};

/* "/dev/cdc-wdm0" of "mbim:/dev/cdc-wdm0?slot=1"; false: it has no file. */
static bool path_of(const char *uri, char path[static sizeof(((struct port *)0)->path)])
{
	const char *begin = strchr(uri, ':');
	size_t len = begin ? strcspn(begin + 1, "?") : 0;

	if (!begin || begin[1] != '/' || len >= sizeof(((struct port *)0)->path))
		return false;
	memcpy(path, begin + 1, len);
	path[len] = '\0';
	return true;
}

int port_new(const char *uri, struct port **ret, struct esim_error *err)
{
	struct port *port = calloc(1, sizeof(*port));

	*ret = NULL;
	if (!port)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	if (!path_of(uri, port->path)) {
		free(port);
		return 0;
	}
	port->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* A node that is removed while it is open is told of by its attributes. */
	if (port->fd < 0 || inotify_add_watch(port->fd, port->path, IN_ATTRIB | IN_DELETE_SELF) < 0 ||
	    stat(port->path, &port->as_opened)) {
		esim_error_errno(err, errno == ENOENT ? ESIM_ENODEV : ESIM_EIO, errno, "%s", port->path);
		port_free(&port);
		return err->code;
	}
	*ret = port;
	return 0;
}

int port_fd(const struct port *port)
{
	return port ? port->fd : -1;
}

bool port_is_gone(const struct port *port)
{
	struct inotify_event ignored[16];
	struct stat now;

	while (read(port->fd, ignored, sizeof(ignored)) > 0)
		continue;
	return stat(port->path, &now) || now.st_ino != port->as_opened.st_ino || now.st_dev != port->as_opened.st_dev;
}

void port_free(struct port **port)
{
	if (!*port)
		return;
	if ((*port)->fd >= 0)
		close((*port)->fd);
	free(*port);
	*port = NULL;
}
