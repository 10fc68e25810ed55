/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "presence.h"

#include "device.h"
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

/* Where /dev cannot be watched, or the device is there and cannot be opened. */
#define RETRY_MS 5000

int presence_init(struct presence *presence, const char *device, const _Atomic uint32_t *generation)
{
	*presence = (struct presence){
		.device = device, .fd = -1, .watch = -1, .generation = generation,
	};
	presence->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (presence->wake < 0)
		return -errno;
	pthread_mutex_init(&presence->lock, NULL);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void presence_free(struct presence *presence)
{
	pthread_mutex_lock(&presence->lock);
	presence->device = "";
	close_fd(&presence->fd);
	close_fd(&presence->watch);
	close_fd(&presence->wake);
	pthread_mutex_unlock(&presence->lock);
}

void presence_wake(struct presence *presence)
{
	eventfd_write(presence->wake, 1);
}

static void session_lost(struct presence *presence)
{
	atomic_store(&presence->lost, true);
	presence->changed = true;
	presence_wake(presence);
}

void presence_session_lost(struct presence *presence)
{
	pthread_mutex_lock(&presence->lock);
	session_lost(presence);
	pthread_mutex_unlock(&presence->lock);
}

void presence_session_new(struct presence *presence)
{
	pthread_mutex_lock(&presence->lock);
	atomic_store(&presence->lost, false);
	presence->changed = false;
	pthread_mutex_unlock(&presence->lock);
}

/* --- the device ---------------------------------------------------------------------------- */

/* Watched before it is looked for: it cannot come in between unseen. */
static void watch_directory(struct presence *presence)
{
	const char *slash = strrchr(presence->device, '/');
	char *directory = strndup(presence->device, (size_t)(slash - presence->device));

	presence->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (!directory || inotify_add_watch(presence->watch, directory, IN_CREATE | IN_ATTRIB | IN_MOVED_TO) < 0)
		close_fd(&presence->watch);
	free(directory);
}

static void device_arrives(struct presence *presence)
{
	int fd;

	if (!presence->device[0])
		return;
	if (presence->watch < 0)
		watch_directory(presence);
	fd = device_open(presence->device);
	if (fd < 0) {
		if (fd != -ENODEV && !presence->told)
			ifd_log_error("%s: %s", presence->device, strerror(-fd));
		presence->told = fd != -ENODEV;
		return;
	}
	presence->told = false;
	presence->fd = fd;
	close_fd(&presence->watch);
}

static void device_goes(struct presence *presence)
{
	close_fd(&presence->fd);
	presence->changed = true;
	if (atomic_load(presence->generation))
		session_lost(presence);
	device_arrives(presence);
}

static void take_event(struct presence *presence, const struct euicc_event *event)
{
	uint32_t ours = atomic_load(presence->generation);

	switch (event->type) {
	case EUICC_EVENT_OVERFLOW:
		/* A removal may be among what was dropped, unless the session still lasted after it. */
		if (ours && event->generation == ours)
			break;
		presence->changed = true;
		if (ours)
			session_lost(presence);
		break;
	case EUICC_EVENT_REMOVED:
		presence->changed = true;
		if (ours)
			session_lost(presence);
		break;
	case EUICC_EVENT_RESET:
		/* One from before the session is read late. */
		if (ours && (int32_t)(event->generation - ours) > 0)
			session_lost(presence);
		break;
	default:
		break;
	}
}

/* Take what has happened; false where the device is gone. */
static bool take_events(struct presence *presence)
{
	struct euicc_event event;
	int r;

	while ((r = device_event(presence->fd, &event)) == 0) {
		if (event.type == EUICC_EVENT_GONE)
			return false;
		take_event(presence, &event);
	}
	return r == -EAGAIN || r == -EINTR;
}

/* A device that goes says so by an event before it answers no more. */
static bool has_card(struct presence *presence)
{
	struct euicc_info info;

	if (presence->fd < 0)
		device_arrives(presence);
	else if (!take_events(presence))
		device_goes(presence);
	return presence->fd >= 0 && device_info(presence->fd, &info) == 0 &&
	       info.card_state != EUICC_CARD_ABSENT;
}

static bool check(struct presence *presence)
{
	bool present = has_card(presence);

	if (!presence->changed || !presence->waits || !pthread_equal(presence->waiter, pthread_self()))
		return present;
	/* The card is gone, and at once back. */
	presence->changed = false;
	if (present)
		presence_wake(presence);
	return false;
}

bool presence_check(struct presence *presence)
{
	bool present;

	pthread_mutex_lock(&presence->lock);
	present = check(presence);
	pthread_mutex_unlock(&presence->lock);
	return present;
}

/* --- waiting --------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Is one of the changes in the directory the device's? */
static bool names_device(int watch, const char *device)
{
	alignas(struct inotify_event) char buffer[4096];
	const char *name = strrchr(device, '/') + 1;
	const struct inotify_event *event;
	bool found = false;
	ssize_t n;

	while ((n = read(watch, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + n; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(void *)at;
			found |= event->len == 0 || strcmp(event->name, name) == 0;
		}
	}
	return found;
}

/* What to sleep on: a descriptor of the caller's own, for another thread may close the slot's. */
static int source(struct presence *presence, bool *ret_is_watch, int64_t *ret_deadline)
{
	int64_t retry = now_ms() + RETRY_MS;
	int fd = -1;

	pthread_mutex_lock(&presence->lock);
	presence->waits = true;
	presence->waiter = pthread_self();
	*ret_is_watch = presence->fd < 0;
	if (presence->fd >= 0)
		fd = dup(presence->fd);
	else if (presence->watch >= 0)
		fd = dup(presence->watch);
	if (presence->device[0] && (fd < 0 || presence->told) && *ret_deadline > retry)
		*ret_deadline = retry;
	pthread_mutex_unlock(&presence->lock);
	return fd;
}

void presence_wait(struct presence *presence, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms, left;
	struct pollfd fds[2] = { { .fd = presence->wake, .events = POLLIN }, { .events = POLLIN } };
	eventfd_t count;
	bool is_watch;

	fds[1].fd = source(presence, &is_watch, &deadline);
	do {
		left = deadline - now_ms();
		if (left <= 0 || poll(fds, 2, (int)left) <= 0)
			break;
	} while (!fds[0].revents && is_watch && !names_device(fds[1].fd, presence->device));
	eventfd_read(presence->wake, &count);
	if (fds[1].fd >= 0)
		close(fds[1].fd);
}
