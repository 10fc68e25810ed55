/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cancel handles: an eventfd that is never read, save to clear it, and the watches of calls that
 * cannot poll it; see esim/cancel.h.
 */
#include <esim/cancel.h>

#include <esim/error.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A signal handler reads and writes these: no locks. */
_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "locks in a signal handler");

struct watches {
	_Atomic(struct esim_cancel_watch *) items[ESIM_MAX_CANCEL_WATCHES];
	atomic_uint firing;		/* triggers that are looking at the items */
	atomic_bool triggered;		/* as the eventfd says, for those who must not pay a system call */
};

struct esim_cancel {
	int fd;
	struct watches *watches;	/* apart: a const handle can be watched */
};

int esim_cancel_new(struct esim_cancel **ret)
{
	struct esim_cancel *cancel = malloc(sizeof(*cancel));
	struct watches *watches = calloc(1, sizeof(*watches));
	int fd = cancel && watches ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;

	if (fd < 0) {
		int code = cancel && watches ? ESIM_EIO : ESIM_ENOMEM;

		free(watches);
		free(cancel);
		return code;
	}
	cancel->fd = fd;
	cancel->watches = watches;
	*ret = cancel;
	return 0;
}

void esim_cancel_free(struct esim_cancel **cancel)
{
	if (!cancel || !*cancel)
		return;
	close((*cancel)->fd);
	free((*cancel)->watches);
	free(*cancel);
	*cancel = NULL;
}

/* Whoever takes a watch away waits for this to end; whoever adds one looks at `triggered` after. */
static void fire_watches(struct watches *watches)
{
	atomic_fetch_add(&watches->firing, 1);
	for (size_t i = 0; i < ESIM_MAX_CANCEL_WATCHES; i++) {
		struct esim_cancel_watch *watch = atomic_load(&watches->items[i]);

		if (watch)
			watch->fire(watch);
	}
	atomic_fetch_sub(&watches->firing, 1);
}

static void make_readable(const struct esim_cancel *cancel)
{
	const uint64_t one = 1;
	ssize_t n;

	/* EAGAIN means that the counter is full: triggered often enough. */
	do
		n = write(cancel->fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}

void esim_cancel_trigger(struct esim_cancel *cancel)
{
	int saved = errno;	/* a signal handler must leave errno as it was */

	atomic_store(&cancel->watches->triggered, true);
	make_readable(cancel);
	fire_watches(cancel->watches);
	errno = saved;
}

void esim_cancel_clear(struct esim_cancel *cancel)
{
	uint64_t count;
	ssize_t n;

	atomic_store(&cancel->watches->triggered, false);
	do
		n = read(cancel->fd, &count, sizeof(count));
	while (n < 0 && errno == EINTR);
	/* A trigger in between was meant for what comes now. */
	if (atomic_load(&cancel->watches->triggered))
		make_readable(cancel);
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

int esim_cancel_watch(const struct esim_cancel *cancel, struct esim_cancel_watch *watch)
{
	size_t i = 0;

	if (!cancel)
		return 0;
	for (; i < ESIM_MAX_CANCEL_WATCHES; i++) {
		struct esim_cancel_watch *none = NULL;

		if (atomic_compare_exchange_strong(&cancel->watches->items[i], &none, watch))
			break;
	}
	if (i == ESIM_MAX_CANCEL_WATCHES)
		return ESIM_EBUSY;
	if (!atomic_load(&cancel->watches->triggered))
		return 0;
	esim_cancel_unwatch(cancel, watch);
	return ESIM_ECANCELED;
}

void esim_cancel_unwatch(const struct esim_cancel *cancel, struct esim_cancel_watch *watch)
{
	if (!cancel)
		return;
	for (size_t i = 0; i < ESIM_MAX_CANCEL_WATCHES; i++) {
		struct esim_cancel_watch *mine = watch;

		atomic_compare_exchange_strong(&cancel->watches->items[i], &mine, NULL);
	}
	while (atomic_load(&cancel->watches->firing) > 0)
		sched_yield();
}
