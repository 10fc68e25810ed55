/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See inbox.h. */
#include "inbox.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct inbox {
	int fd, stop_fd, quit_fd;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct esim_cancel *cancel;
	bool ended;
	uint32_t current;			/* the request that waits or is worked on; 0: none */
	bool full;				/* @message waits */
	struct broker_message message, incoming;
};

/* --- the thread that listens ------------------------------------------------------------------ */

static void end(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->ended = true;
	esim_cancel_trigger(inbox->cancel);
	pthread_cond_broadcast(&inbox->news);
	pthread_mutex_unlock(&inbox->lock);
}

/* False: the caller does not keep to the protocol. */
static bool take(struct inbox *inbox, size_t len)
{
	const struct broker_request *header = &inbox->incoming.header;
	bool good;

	if (len < sizeof(*header) || header->length != len - sizeof(*header) || header->id == 0)
		return false;
	pthread_mutex_lock(&inbox->lock);
	if (header->op == BROKER_CANCEL) {
		good = true;
		if (header->id == inbox->current)
			esim_cancel_trigger(inbox->cancel);
	} else {
		good = inbox->current == 0;
		if (good) {
			inbox->current = header->id;
			memcpy(&inbox->message, &inbox->incoming, len);
			inbox->full = true;
			pthread_cond_broadcast(&inbox->news);
		}
	}
	pthread_mutex_unlock(&inbox->lock);
	explicit_bzero(&inbox->incoming, len);
	return good;
}

/* Locked, so that it is before the request's answer. A caller who reads nothing goes without. False: nothing is at work. */
static bool tell_at_work(struct inbox *inbox)
{
	struct broker_answer answer = { .result = BROKER_AT_WORK };

	pthread_mutex_lock(&inbox->lock);
	answer.id = inbox->current;
	if (answer.id)
		(void)send(inbox->fd, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
	pthread_mutex_unlock(&inbox->lock);
	return answer.id;
}

static void *listen_to(void *context)
{
	struct inbox *inbox = context;
	int ready, wait_ms = -1;
	ssize_t n;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = inbox->fd, .events = POLLIN },
			{ .fd = inbox->stop_fd, .events = POLLIN },
			{ .fd = inbox->quit_fd, .events = POLLIN },
		};

		ready = poll(fds, 3, wait_ms);
		if (ready == 0)
			wait_ms = tell_at_work(inbox) ? BROKER_AT_WORK_MS : -1;
		if (ready == 0 || (ready < 0 && errno == EINTR))
			continue;
		if (fds[1].revents || fds[2].revents)
			break;
		n = recv(inbox->fd, &inbox->incoming, sizeof(inbox->incoming), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0 || (size_t)n > sizeof(inbox->incoming) || !take(inbox, (size_t)n))
			break;
		wait_ms = BROKER_AT_WORK_MS;
	}
	end(inbox);
	return NULL;
}

/* --- for who works ------------------------------------------------------------------------------ */

int inbox_start(int fd, int stop_fd, struct inbox **ret)
{
	struct inbox *inbox = calloc(1, sizeof(*inbox));
	int r;

	if (!inbox)
		return ESIM_ENOMEM;
	inbox->fd = fd;
	inbox->stop_fd = stop_fd;
	inbox->quit_fd = eventfd(0, EFD_CLOEXEC);
	r = esim_cancel_new(&inbox->cancel);
	if (!r && inbox->quit_fd < 0)
		r = ESIM_EIO;
	if (!r) {
		pthread_mutex_init(&inbox->lock, NULL);
		pthread_cond_init(&inbox->news, NULL);
		r = pthread_create(&inbox->thread, NULL, listen_to, inbox) ? ESIM_EIO : 0;
	}
	if (!r) {
		*ret = inbox;
		return 0;
	}
	esim_cancel_free(&inbox->cancel);
	if (inbox->quit_fd >= 0)
		close(inbox->quit_fd);
	free(inbox);
	return r;
}

void inbox_end(struct inbox **inbox)
{
	struct inbox *it = *inbox;

	eventfd_write(it->quit_fd, 1);
	pthread_join(it->thread, NULL);
	pthread_mutex_destroy(&it->lock);
	pthread_cond_destroy(&it->news);
	esim_cancel_free(&it->cancel);
	close(it->quit_fd);
	explicit_bzero(it, sizeof(*it));
	free(it);
	*inbox = NULL;
}

const struct esim_cancel *inbox_cancel(const struct inbox *inbox)
{
	return inbox->cancel;
}

void inbox_answering(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->current = 0;
	if (!inbox->ended)
		esim_cancel_clear(inbox->cancel);
	pthread_mutex_unlock(&inbox->lock);
}

bool inbox_next(struct inbox *inbox, struct broker_message *ret)
{
	bool got;

	pthread_mutex_lock(&inbox->lock);
	while (!inbox->full && !inbox->ended)
		pthread_cond_wait(&inbox->news, &inbox->lock);
	got = inbox->full && !inbox->ended;
	if (got) {
		memcpy(ret, &inbox->message, sizeof(inbox->message.header) + inbox->message.header.length);
		explicit_bzero(inbox->message.payload, inbox->message.header.length);
		inbox->full = false;
	}
	pthread_mutex_unlock(&inbox->lock);
	return got;
}
