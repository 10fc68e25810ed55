/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What threads say to the event loop; see lane.h. */
#include "poster.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct post *take_all(struct poster *poster)
{
	struct post *first;
	uint64_t ignored;

	pthread_mutex_lock(&poster->lock);
	/* Within the lock: what is posted from now on sets the descriptor again. */
	if (read(poster->fd, &ignored, sizeof(ignored)) < 0)
		ignored = 0;
	first = poster->first;
	poster->first = NULL;
	poster->last = &poster->first;
	pthread_mutex_unlock(&poster->lock);
	return first;
}

static int deliver(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct post *next;

	(void)source, (void)fd, (void)revents;
	for (struct post *post = take_all(userdata); post; post = next) {
		next = post->next;
		post->run(post);
	}
	return 0;
}

int poster_new(sd_event *event, struct poster **ret, struct esim_error *err)
{
	struct poster *poster = calloc(1, sizeof(*poster));
	int r;

	if (!poster)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	pthread_mutex_init(&poster->lock, NULL);
	poster->last = &poster->first;
	poster->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = poster->fd < 0 ? -errno :
			     sd_event_add_io(event, &poster->source, poster->fd, EPOLLIN, deliver, poster);
	if (r < 0) {
		poster_free(&poster);
		return esim_error_errno(err, ESIM_EIO, -r, "cannot watch what threads say");
	}
	*ret = poster;
	return 0;
}

void poster_free(struct poster **poster)
{
	if (!*poster)
		return;
	sd_event_source_disable_unref((*poster)->source);
	if ((*poster)->fd >= 0)
		close((*poster)->fd);
	pthread_mutex_destroy(&(*poster)->lock);
	free(*poster);
	*poster = NULL;
}

void poster_wait(struct poster *poster)
{
	struct pollfd said = { .fd = poster->fd, .events = POLLIN };

	while (poster->threads > 0)
		if (poll(&said, 1, -1) > 0)
			deliver(NULL, poster->fd, EPOLLIN, poster);
}

void post(struct poster *poster, struct post *post)
{
	const uint64_t one = 1;
	bool first;

	post->next = NULL;
	pthread_mutex_lock(&poster->lock);
	first = !poster->first;
	*poster->last = post;
	poster->last = &post->next;
	/* Only a counter near its limit could refuse it, and this one is 1 at most. */
	if (first && write(poster->fd, &one, sizeof(one)) < 0)
		abort();
	pthread_mutex_unlock(&poster->lock);
}
