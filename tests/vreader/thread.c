/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reader in a thread, spoken to over its control channel; see vreader.h. */
#include "vreader/vreader.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASK_TIMEOUT_MS 120000

struct vreader_thread {
	struct vreader *reader;
	pthread_t thread;
	bool running;
	int stop, control;
};

static void *main_loop(void *argument)
{
	struct vreader_thread *thread = argument;

	vreader_run(thread->reader, thread->stop, NULL);
	return NULL;
}

static int set_up(struct vreader_thread *thread, const struct vreader_options *options,
		  struct esim_error *err)
{
	int pair[2], r = vreader_new(options, &thread->reader, err);

	if (r)
		return r;
	thread->stop = eventfd(0, EFD_CLOEXEC);
	if (thread->stop < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return esim_error_errno(err, ESIM_EIO, errno, "no descriptors for a reader");
	thread->control = pair[0];
	vreader_control_add(thread->reader, pair[1], pair[1]);
	r = pthread_create(&thread->thread, NULL, main_loop, thread);
	if (r)
		return esim_error_errno(err, ESIM_EIO, r, "no thread for a reader");
	thread->running = true;
	return 0;
}

int vreader_start_unplugged(const struct vreader_options *options, struct vreader_thread **ret,
			    struct esim_error *err)
{
	struct vreader_thread *thread = calloc(1, sizeof(*thread));
	int r;

	if (!thread)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a reader");
	thread->stop = thread->control = -1;
	r = set_up(thread, options, err);
	if (r)
		vreader_stop(&thread);
	else
		*ret = thread;
	return r;
}

int vreader_start(const struct vreader_options *options, struct vreader_thread **ret,
		  struct esim_error *err)
{
	struct vreader_thread *thread;
	char reply[VREADER_REPLY_SIZE];
	int r = vreader_start_unplugged(options, &thread, err);

	if (r)
		return r;
	r = vreader_ask(thread, reply, "attach");
	if (r) {
		esim_error_set(err, ESIM_ENODEV, "the kernel does not enumerate the reader: %s", reply);
		vreader_stop(&thread);
		return r;
	}
	*ret = thread;
	return 0;
}

void vreader_stop(struct vreader_thread **thread_pointer)
{
	struct vreader_thread *thread = thread_pointer ? *thread_pointer : NULL;

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
	vreader_free(&thread->reader);
	free(thread);
	*thread_pointer = NULL;
}

/* Lines up to the last one, `ok` or `error REASON`. */
static int read_reply(int fd, char *reply)
{
	size_t used = 0, line = 0;

	while (used < VREADER_REPLY_SIZE - 1) {
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
		if (good || !strncmp(reply + line, "error", 5)) {
			if (good)
				reply[line] = '\0';
			return good ? 0 : ESIM_EPROTO;
		}
		line = used;
	}
	return ESIM_ETOOBIG;
}

int vreader_ask(struct vreader_thread *thread, char *reply, const char *format, ...)
{
	char own[VREADER_REPLY_SIZE], line[1024];
	va_list list;
	int len, r;

	reply = reply ? reply : own;
	reply[0] = '\0';
	va_start(list, format);
	len = vsnprintf(line, sizeof(line) - 1, format, list);
	va_end(list);
	if (len < 0 || (size_t)len >= sizeof(line) - 1)
		return ESIM_ETOOBIG;
	line[len++] = '\n';
	r = send(thread->control, line, (size_t)len, MSG_NOSIGNAL) == len ? 0 : ESIM_EIO;
	return r ? r : read_reply(thread->control, reply);
}

const char *vreader_bus_port(struct vreader_thread *thread, char text[VREADER_BUS_PORT_SIZE])
{
	char reply[VREADER_REPLY_SIZE];

	text[0] = '\0';
	if (!vreader_ask(thread, reply, "port"))
		snprintf(text, VREADER_BUS_PORT_SIZE, "%.*s", (int)strcspn(reply, "\n"), reply);
	return text;
}

uint64_t vreader_stat(struct vreader_thread *thread, const char *name)
{
	char reply[VREADER_REPLY_SIZE];
	size_t len = strlen(name);

	if (vreader_ask(thread, reply, "stats"))
		return UINT64_MAX;
	for (char *line = reply; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoull(line + len + 1, NULL, 10);
	return UINT64_MAX;
}
