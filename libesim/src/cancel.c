/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cancel handles: an eventfd that is never read, save to clear it; see esim/cancel.h. */
#include <esim/cancel.h>

#include <esim/error.h>

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct esim_cancel {
	int fd;
};

int esim_cancel_new(struct esim_cancel **ret)
{
	struct esim_cancel *cancel = malloc(sizeof(*cancel));

	if (!cancel)
		return ESIM_ENOMEM;
	cancel->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (cancel->fd < 0) {
		free(cancel);
		return ESIM_EIO;
	}
	*ret = cancel;
	return 0;
}

void esim_cancel_free(struct esim_cancel **cancel)
{
	if (!cancel || !*cancel)
		return;
	close((*cancel)->fd);
	free(*cancel);
	*cancel = NULL;
}

void esim_cancel_trigger(struct esim_cancel *cancel)
{
	const uint64_t one = 1;
	int saved = errno;	/* a signal handler must leave errno as it was */
	ssize_t n;

	/* EAGAIN means that the counter is full: triggered often enough. */
	do
		n = write(cancel->fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
	errno = saved;
}

void esim_cancel_clear(struct esim_cancel *cancel)
{
	uint64_t count;
	ssize_t n;

	do
		n = read(cancel->fd, &count, sizeof(count));
	while (n < 0 && errno == EINTR);
}

bool esim_cancel_triggered(const struct esim_cancel *cancel)
{
	struct pollfd p;

	if (!cancel)
		return false;
	p = (struct pollfd){ .fd = cancel->fd, .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

int esim_cancel_fd(const struct esim_cancel *cancel)
{
	return cancel ? cancel->fd : -1;
}
