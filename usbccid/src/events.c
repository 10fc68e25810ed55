/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for libusb and for descriptors at the same time; see events.h. */
#include "events.h"
#include "reader.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#define ALONE_MAX_S	86400		/* libusb counts in milliseconds, in an int */
#define OWN		2		/* cancel_fd and fd, in front of libusb's */
#define DESCRIPTORS_MAX	16		/* an event, a timer and one device; libusb's are few */

/* libusb's descriptors change when a device goes: they are asked for each time, without a system call. */
static nfds_t collect(libusb_context *context, struct pollfd *fds)
{
	const struct libusb_pollfd **list = libusb_get_pollfds(context);
	nfds_t count = OWN;

	if (!list)
		return 0;
	for (size_t i = 0; list[i] && count < DESCRIPTORS_MAX; i++)
		fds[count++] = (struct pollfd){ .fd = list[i]->fd, .events = list[i]->events };
	libusb_free_pollfds(list);
	return count;
}

static int milliseconds_until(uint64_t deadline)
{
	const uint64_t now = wire_now_ms();

	if (deadline == WIRE_FOREVER)
		return -1;
	if (deadline <= now)
		return 0;
	return deadline - now < INT_MAX ? (int)(deadline - now) : INT_MAX;
}

void events_handle(libusb_context *context)
{
	struct timeval none = { 0 };

	libusb_handle_events_timeout_completed(context, &none, NULL);
}

/* A device that was unplugged shows it at its descriptor, in no way that libusb would tell. */
static bool hung_up(const struct pollfd *fds, nfds_t count)
{
	for (nfds_t i = OWN; i < count; i++)
		if (fds[i].revents & (POLLERR | POLLHUP | POLLNVAL))
			return true;
	return false;
}

static bool any_ready(const struct pollfd *fds, nfds_t count)
{
	for (nfds_t i = OWN; i < count; i++)
		if (fds[i].revents)
			return true;
	return false;
}

/* Nothing else to wait for: libusb's own poll(2) is the only one. */
static int wait_alone(libusb_context *context, uint64_t deadline)
{
	const int left = milliseconds_until(deadline);
	struct timeval limit = { .tv_sec = ALONE_MAX_S };

	if (left >= 0 && left / 1000 < ALONE_MAX_S)
		limit = (struct timeval){ .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 };
	libusb_handle_events_timeout_completed(context, &limit, NULL);
	return left >= 0 && wire_now_ms() >= deadline ? EVENTS_TIME : EVENTS_HANDLED;
}

static int wait_with(libusb_context *context, int fd, int cancel_fd, uint64_t deadline,
		     struct usbccid_error *err)
{
	struct pollfd fds[DESCRIPTORS_MAX] = {
		{ .fd = cancel_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	const nfds_t count = collect(context, fds);
	bool ready;
	int r;

	if (count == 0)
		return error_set(err, USBCCID_ENOMEM, "out of memory");
	r = poll(fds, count, milliseconds_until(deadline));
	if (r < 0 && errno != EINTR && errno != EAGAIN)
		return error_set(err, USBCCID_EIO, "poll: %s", strerror(errno));
	if (r < 0)
		return EVENTS_HANDLED;
	ready = any_ready(fds, count);
	if (ready)
		events_handle(context);
	if (fds[0].revents)
		return EVENTS_CANCEL;
	if (fds[1].revents)
		return EVENTS_FD;
	if (hung_up(fds, count))
		return EVENTS_HANGUP;
	/* A device that always has something for us moves no deadline. */
	return ready && milliseconds_until(deadline) != 0 ? EVENTS_HANDLED : EVENTS_TIME;
}

int events_wait(libusb_context *context, int fd, int cancel_fd, uint64_t deadline,
		struct usbccid_error *err)
{
	return fd < 0 && cancel_fd < 0 ? wait_alone(context, deadline) :
					 wait_with(context, fd, cancel_fd, deadline, err);
}
