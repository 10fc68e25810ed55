/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem in a thread, spoken to over a connection for commands; see way.h. */
#include "vmodem/way.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASK_TIMEOUT_MS	120000
#define MAX_PROTOCOLS	3

struct vmodem_thread {
	struct vmodem_serve_options options;
	pthread_t thread;
	bool running;
	int stop, control, command_fd;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ended;
	int result;
	struct esim_error err;
	struct { char protocol[16], path[128]; } where[MAX_PROTOCOLS];
	size_t where_count;
};

/* "listening mbim:/dev/pts/3"; "gone mbim:/dev/pts/3". */
static void take_notice(void *context, const char *line)
{
	struct vmodem_thread *thread = context;
	char what[16], protocol[16], path[128];

	if (sscanf(line, "%15s %15[^:]:%127s", what, protocol, path) != 3)
		return;
	pthread_mutex_lock(&thread->lock);
	for (size_t i = 0; i < thread->where_count; i++) {
		if (strcmp(thread->where[i].protocol, protocol))
			continue;
		thread->where[i] = thread->where[--thread->where_count];
		break;
	}
	if (!strcmp(what, "listening") && thread->where_count < MAX_PROTOCOLS) {
		strcpy(thread->where[thread->where_count].protocol, protocol);
		strcpy(thread->where[thread->where_count++].path, path);
	}
	pthread_cond_broadcast(&thread->changed);
	pthread_mutex_unlock(&thread->lock);
}

static void *main_loop(void *argument)
{
	struct vmodem_thread *thread = argument;
	int r = vmodem_serve(&thread->options, thread->stop, thread->command_fd, take_notice, thread, &thread->err);

	pthread_mutex_lock(&thread->lock);
	thread->ended = true;
	thread->result = r;
	pthread_cond_broadcast(&thread->changed);
	pthread_mutex_unlock(&thread->lock);
	return NULL;
}

static int launch(struct vmodem_thread *thread, struct esim_error *err)
{
	int pair[2], r;

	thread->stop = eventfd(0, EFD_CLOEXEC);
	if (thread->stop < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return esim_error_errno(err, ESIM_EIO, errno, "no descriptors for a modem");
	thread->control = pair[0];
	thread->command_fd = pair[1];
	r = pthread_create(&thread->thread, NULL, main_loop, thread);
	if (r) {
		close(pair[1]);
		return esim_error_errno(err, ESIM_EIO, r, "no thread for a modem");
	}
	thread->running = true;
	return 0;
}

static int wait_until_there(struct vmodem_thread *thread, struct esim_error *err)
{
	const size_t wanted = (size_t)__builtin_popcount(thread->options.modem.protocols);
	int r;

	pthread_mutex_lock(&thread->lock);
	while (!thread->ended && thread->where_count < wanted)
		pthread_cond_wait(&thread->changed, &thread->lock);
	r = thread->ended ? (thread->result ? thread->result : ESIM_EIO) : 0;
	if (r && err)
		*err = thread->err;
	pthread_mutex_unlock(&thread->lock);
	return r;
}

int vmodem_start(const struct vmodem_serve_options *options, struct vmodem_thread **ret, struct esim_error *err)
{
	struct vmodem_thread *thread = calloc(1, sizeof(*thread));
	int r;

	if (!thread)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a modem");
	thread->options = *options;
	thread->stop = thread->control = -1;
	pthread_mutex_init(&thread->lock, NULL);
	pthread_cond_init(&thread->changed, NULL);
	r = launch(thread, err);
	if (!r)
		r = wait_until_there(thread, err);
	if (r)
		vmodem_stop(&thread);
	else
		*ret = thread;
	return r;
}

void vmodem_stop(struct vmodem_thread **thread_pointer)
{
	struct vmodem_thread *thread = thread_pointer ? *thread_pointer : NULL;

	if (!thread)
		return;
	if (thread->running) {
		eventfd_write(thread->stop, 1);
		pthread_join(thread->thread, NULL);
	}
	if (thread->stop >= 0)
		close(thread->stop);
	if (thread->control >= 0)
		close(thread->control);
	pthread_cond_destroy(&thread->changed);
	pthread_mutex_destroy(&thread->lock);
	free(thread);
	*thread_pointer = NULL;
}

const char *vmodem_where(struct vmodem_thread *thread, const char *protocol, char path[static 128])
{
	path[0] = '\0';
	pthread_mutex_lock(&thread->lock);
	for (size_t i = 0; i < thread->where_count; i++)
		if (!strcmp(thread->where[i].protocol, protocol))
			strcpy(path, thread->where[i].path);
	pthread_mutex_unlock(&thread->lock);
	return path;
}

/* Lines up to the last one, `ok` or `error REASON`. */
static int read_reply(int fd, char *reply)
{
	size_t used = 0, line = 0;

	while (used < VMODEM_LINE_SIZE - 1) {
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };
		bool good;

		if (poll(&pollfd, 1, ASK_TIMEOUT_MS) <= 0)
			return ESIM_ETIMEDOUT;
		if (read(fd, reply + used, 1) != 1)
			return ESIM_EIO;
		if (reply[used++] != '\n')
			continue;
		reply[used] = '\0';
		good = !strcmp(reply + line, "ok\n");
		if (good)
			reply[line] = '\0';
		if (good || !strncmp(reply + line, "error", 5))
			return good ? 0 : ESIM_EPROTO;
		line = used;
	}
	return ESIM_ETOOBIG;
}

int vmodem_ask(struct vmodem_thread *thread, char *reply, const char *format, ...)
{
	char own[VMODEM_LINE_SIZE], line[1024];
	va_list list;
	int len;

	reply = reply ? reply : own;
	reply[0] = '\0';
	va_start(list, format);
	len = vsnprintf(line, sizeof(line) - 1, format, list);
	va_end(list);
	if (len < 0 || (size_t)len >= sizeof(line) - 1)
		return ESIM_ETOOBIG;
	line[len++] = '\n';
	if (send(thread->control, line, (size_t)len, MSG_NOSIGNAL) != len)
		return ESIM_EIO;
	return read_reply(thread->control, reply);
}
