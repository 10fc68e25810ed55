/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Until a modem is back; see identity.h. The directories where its node and udev's note of it appear are
 * watched by inotify, and looked at anew whenever anything happens there: a node's coming, a link that is
 * turned, rights that udev gives. The watch stands before the first look, so nothing is missed.
 */
#include "identity_internal.h"

#include "libesim/src/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NEWS (IN_CREATE | IN_MOVED_TO | IN_ATTRIB)

/* udev's note of the device is there, or no udev that would write one. */
static bool udev_is_done(const struct identity_places *places, const struct stat *st)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/control", places->udev);
	if (access(path, F_OK) != 0)
		return true;
	snprintf(path, sizeof(path), "%s/data/c%u:%u", places->udev, major(st->st_rdev), minor(st->st_rdev));
	return access(path, F_OK) == 0;
}

/*
 * Is there something behind the node? One that another program has is; one that this program may not open
 * is, when udev has given all the rights that it will: a proxy may open it. A node that the kernel is about
 * to take away, with its driver gone, is not.
 */
static bool can_be_opened(const struct identity_places *places, const struct modem_identity *identity)
{
	struct stat st;
	int fd;

	if (stat(identity->port, &st))
		return false;
	fd = open(identity->port, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0) {
		close(fd);
		return true;
	}
	return errno == EBUSY || ((errno == EACCES || errno == EPERM) && udev_is_done(places, &st));
}

static bool is_back(const struct identity_places *places, const struct modem_identity *from,
		    struct modem_identity *ret)
{
	return !identity_find(places, from, ret) && can_be_opened(places, ret);
}

static void watch_directory(int fd, const char *directory)
{
	/* One that is not there has no news: udev's, where there is none. */
	(void)inotify_add_watch(fd, directory, NEWS | IN_ONLYDIR);
}

static int start_watching(const struct identity_places *places, const struct modem_identity *identity)
{
	char path[PATH_MAX];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	ssize_t len;

	if (fd < 0)
		return -1;
	watch_directory(fd, places->dev);
	snprintf(path, sizeof(path), "%s/data", places->udev);
	watch_directory(fd, path);
	/* The directory of a link, and of what it leads to: ptys are born in a directory of their own. */
	snprintf(path, sizeof(path), "%s", identity->port);
	*strrchr(path, '/') = '\0';
	watch_directory(fd, path[0] ? path : "/");
	len = readlink(identity->port, path, sizeof(path) - 1);
	if (len > 0 && path[0] == '/') {
		path[len] = '\0';
		*strrchr(path, '/') = '\0';
		watch_directory(fd, path[0] ? path : "/");
	}
	return fd;
}

static void forget_news(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}

/* 0: news; else the code of what ended the wait. */
static int wait_for_news(int fd, const struct esim_cancel *cancel, uint64_t deadline)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN }, { .fd = esim_cancel_fd(cancel), .events = POLLIN },
	};
	int n = poll(fds, 2, deadline_left_ms(deadline));

	if (esim_cancel_triggered(cancel))
		return ESIM_ECANCELED;
	if (n < 0 && errno != EINTR)
		return ESIM_EIO;
	if (n == 0 && deadline_left_ms(deadline) == 0)
		return ESIM_ETIMEDOUT;
	forget_news(fd);
	return 0;
}

static int say_why(const struct modem_identity *identity, int code, struct esim_error *err)
{
	const bool usb = identity->bus_port[0];

	switch (code) {
	case ESIM_ECANCELED:
		return esim_error_set(err, code, "cancelled while the modem was away");
	case ESIM_ETIMEDOUT:
		esim_error_set(err, ESIM_ENODEV, "the modem did not come back %s%s in time",
			       usb ? "at USB " : "as ", usb ? identity->bus_port : identity->port);
		esim_error_advise(err, "Unplug it or restart the computer; its profiles are not affected.");
		return ESIM_ENODEV;
	default:
		return esim_error_errno(err, code, errno, "waiting for the modem to come back");
	}
}

int identity_wait_in(const struct identity_places *places, struct modem_identity *identity,
		     const struct esim_cancel *cancel, unsigned timeout_ms, struct esim_error *err)
{
	const uint64_t deadline = deadline_in(timeout_ms);
	struct modem_identity now;
	int fd, rc = 0;

	/* QRTR itself tells of a node that is back. */
	if (identity->port[0] != '/')
		return 0;
	fd = start_watching(places, identity);
	if (fd < 0)
		return esim_error_errno(err, ESIM_EIO, errno, "no news of devices can be had");
	while (!rc && !is_back(places, identity, &now))
		rc = wait_for_news(fd, cancel, deadline);
	if (rc)
		rc = say_why(identity, rc, err);
	else
		*identity = now;
	close(fd);
	return rc;
}

int modem_identity_wait(struct modem_identity *identity, const struct esim_cancel *cancel, unsigned timeout_ms,
			struct esim_error *err)
{
	return identity_wait_in(&identity_system, identity, cancel, timeout_ms, err);
}
