/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ends a request that is under way; see publish.h. */
#include "publish.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct watcher {
	pthread_t thread;
	int end, stop_fd, wake_fd;
	struct esim_cancel *cancel;
	pthread_mutex_t lock;			/* for what follows */
	bool armed, quit, stopped;
	unsigned request;			/* counted by arming */
};

static void *watch(void *context)
{
	struct watcher *watcher = context;
	unsigned request;
	bool quit = false;

	while (!quit) {
		struct pollfd fds[] = {
			{ .fd = watcher->wake_fd, .events = POLLIN },
			{ .fd = watcher->stop_fd, .events = POLLIN },
			{ .fd = -1, .events = POLLIN },
		};
		eventfd_t ignored;

		pthread_mutex_lock(&watcher->lock);
		if (watcher->armed)
			fds[2].fd = watcher->end;
		request = watcher->request;
		if (watcher->stopped)
			fds[1].fd = -1;
		pthread_mutex_unlock(&watcher->lock);
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents)
			eventfd_read(watcher->wake_fd, &ignored);
		pthread_mutex_lock(&watcher->lock);
		watcher->stopped |= fds[1].revents != 0;
		/* What came while a request was waited for that is over by now was the next one. */
		if (request != watcher->request)
			fds[2].revents = 0;
		if (watcher->stopped || (watcher->armed && fds[2].revents))
			esim_cancel_trigger(watcher->cancel);
		/* Once is enough: what can be read there is not read here. */
		if (fds[2].revents)
			watcher->armed = false;
		quit = watcher->quit;
		pthread_mutex_unlock(&watcher->lock);
	}
	return NULL;
}

int watcher_new(int end, int stop_fd, struct esim_cancel *cancel, struct watcher **ret, struct esim_error *err)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	if (!watcher)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	*watcher = (struct watcher){ .end = end, .stop_fd = stop_fd, .cancel = cancel };
	watcher->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&watcher->lock, NULL);
	if (watcher->wake_fd >= 0 && pthread_create(&watcher->thread, NULL, watch, watcher) == 0) {
		*ret = watcher;
		return 0;
	}
	if (watcher->wake_fd >= 0)
		close(watcher->wake_fd);
	free(watcher);
	return esim_error_set(err, ESIM_ENOMEM, "no thread can be made");
}

void watcher_free(struct watcher **watcher)
{
	if (!*watcher)
		return;
	pthread_mutex_lock(&(*watcher)->lock);
	(*watcher)->quit = true;
	pthread_mutex_unlock(&(*watcher)->lock);
	eventfd_write((*watcher)->wake_fd, 1);
	pthread_join((*watcher)->thread, NULL);
	pthread_mutex_destroy(&(*watcher)->lock);
	close((*watcher)->wake_fd);
	free(*watcher);
	*watcher = NULL;
}

void watcher_arm(struct watcher *watcher)
{
	pthread_mutex_lock(&watcher->lock);
	watcher->armed = true;
	watcher->request++;
	pthread_mutex_unlock(&watcher->lock);
	eventfd_write(watcher->wake_fd, 1);
}

void watcher_disarm(struct watcher *watcher)
{
	pthread_mutex_lock(&watcher->lock);
	watcher->armed = false;
	if (!watcher->stopped)
		esim_cancel_clear(watcher->cancel);
	pthread_mutex_unlock(&watcher->lock);
}
