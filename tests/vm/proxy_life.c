/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a transport's end: the device lives as long as anybody holds it, and its end is an
 * unplug that every client hears of at once.
 */
#include "vm/proxy_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAG 0x11FE0000

static bool lives(int client)
{
	struct euicc_info info;

	return device_info(client, &info) == 0;
}

/* Waits for GONE, behind whatever else there is to read. */
static bool goes(int client)
{
	struct euicc_event event = { 0 };
	struct euicc_info info;

	while (event.type != EUICC_EVENT_GONE)
		if (device_event(client, &event) < 0)
			return false;
	return read(client, &event, sizeof(event)) < 0 && errno == ENODEV &&
	       device_info(client, &info) == -ENODEV;
}

/* --- closing is an unplug ------------------------------------------------------------------ */

static void check_unplug_in_xfer(bool read_first)
{
	struct proxy_command command = proxy_command(TAG, 2);
	struct end *end = end_new(NULL);
	int fd = end_channel(end), second = device_open(end->minor, 0);
	struct client *xfer = client_start_xfer(fd, 0, command.bytes, command.len), *open;
	int r;

	if (read_first)
		end_expect(end, EUICC_PROXY_XFER);
	else
		device_poll(end->fd, POLLIN, DEVICE_WAIT_MS);
	open = client_start(CLIENT_OPEN, second, 0);
	end_close(end);
	r = client_wait(xfer);
	if (read_first)
		tap_ok(r == 0 && xfer->entry.status == -ENODEV,
		       "unplug while the transport has the command: sent, and unknown: ENODEV");
	else
		tap_ok(r == -ENODEV || (r == 0 && xfer->entry.status == -ECANCELED),
		       "unplug before the transport has read the command: never sent");
	tap_ok(client_wait(open) == -ENODEV, "and ENODEV for the OPEN behind it");
	tap_ok(device_open(end->minor, 0) < 0, "the device cannot be opened any more");
	tap_ok(goes(fd) && goes(second), "each file hears of it");
	client_free(xfer);
	client_free(open);
	close(fd);
	close(second);
	end_free(end);
}

static void check_unplug_in_open(void)
{
	struct end *end = end_new(NULL);
	int fd = device_open(end->minor, 0);
	struct client *client = client_start(CLIENT_OPEN, fd, 0);

	end_expect(end, EUICC_PROXY_RESET);
	end_close(end);
	tap_ok(client_wait(client) == -ENODEV, "unplug in the middle of OPEN: ENODEV");
	client_free(client);
	close(fd);
	end_free(end);

	end = end_new(NULL);
	fd = device_open(end->minor, 0);
	client = client_start(CLIENT_RESET, fd, 0);
	end_expect(end, EUICC_PROXY_RESET);
	end_close(end);
	tap_ok(client_wait(client) == -ENODEV, "unplug in the middle of RESET: ENODEV");
	client_free(client);
	close(fd);
	end_free(end);
}

static void check_unplug_in_waits(void)
{
	struct end *end = end_new(NULL);
	int reader_fd = device_open(end->minor, 0), poller_fd = device_open(end->minor, 0);
	struct client *reader = client_start(CLIENT_READ, reader_fd, 0);
	struct client *poller = client_start(CLIENT_POLL, poller_fd, 0);

	end_close(end);
	tap_ok(client_wait(reader) == 0 && reader->event.type == EUICC_EVENT_GONE,
	       "unplug under a waiting read(): GONE");
	tap_ok((client_wait(poller) & (POLLIN | POLLHUP)) == (POLLIN | POLLHUP),
	       "unplug under a waiting poll(): POLLIN and POLLHUP");
	client_free(reader);
	client_free(poller);
	close(reader_fd);
	close(poller_fd);
	end_free(end);
}

/* --- who holds it ---------------------------------------------------------------------------- */

static void check_copies(void)
{
	struct end *end = end_new(NULL);
	int fd = device_open(end->minor, 0), copy = dup(end->fd), again;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", end->fd);
	again = open(path, O_RDWR);
	tap_ok(again < 0, "the transport's end cannot be opened anew through /proc");
	end_close(end);
	tap_ok(lives(fd), "the device lives while there is a copy of its end");
	close(copy);
	tap_ok(goes(fd), "and goes with the last one");
	close(fd);
	end_free(end);
}

static void check_fork(void)
{
	struct end *end = end_new(NULL);
	int fd = device_open(end->minor, 0), pipes[2], status;
	char byte;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		close(pipes[1]);
		_exit(read(pipes[0], &byte, 1) == 0 ? 0 : 1);
	}
	end_close(end);
	tap_ok(lives(fd), "the device lives in a child of its transport");
	close(pipes[1]);
	waitpid(pid, &status, 0);
	tap_ok(goes(fd), "and goes with the child");
	close(pipes[0]);
	close(fd);
	end_free(end);
}

static int send_fd(int socket, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control.space) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int socket)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control.space) };
	int fd;

	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* A process that has nothing but the descriptor it is sent; it serves until its socket closes. */
static void serve_what_comes(int socket)
{
	struct end *end = calloc(1, sizeof(*end));
	struct pollfd fds[2] = { { .events = POLLIN }, { .fd = socket, .events = POLLIN } };

	end->fd = receive_fd(socket);
	end->uicc.options = &end->options;
	fds[0].fd = end->fd;
	while (end->fd >= 0 && poll(fds, 2, -1) > 0 && !fds[1].revents)
		if (end_next(end) < 0 || end_card_answer(end) < 0)
			break;
	_exit(0);
}

static void check_passing(void)
{
	struct proxy_command command = proxy_command(TAG, 8);
	int sockets[2], fd, status, r;
	uint8_t response[8];
	struct end *end;
	size_t len = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		close(sockets[1]);
		serve_what_comes(sockets[0]);
	}
	close(sockets[0]);
	end = end_new(NULL);
	fd = device_open(end->minor, 0);
	r = send_fd(sockets[1], end->fd);
	end_close(end);
	tap_ok(r == 0 && device_isdr_channel(fd) == 0 &&
	       device_apdu(fd, command.bytes, command.len, response, sizeof(response), &len, NULL) == 0 &&
	       len == 8 && fakecard_is_response(TAG, response, len),
	       "a transport's end works in the process that it is passed to");
	close(sockets[1]);
	waitpid(pid, &status, 0);
	tap_ok(goes(fd), "and the device goes with that process");
	close(fd);
	end_free(end);
}

static void check_passing_on_the_way(void)
{
	struct end *end = end_new(NULL);
	int fd = device_open(end->minor, 0), sockets[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return;
	r = send_fd(sockets[1], end->fd);
	end_close(end);
	tap_ok(r == 0 && lives(fd), "the device lives while its end is on the way in a socket");
	close(sockets[0]);
	close(sockets[1]);
	tap_ok(goes(fd), "and goes with the socket");
	close(fd);
	end_free(end);
}

static void check_killed(void)
{
	struct proxy_command command = proxy_command(TAG, 2);
	int pipes[2], fd, status;
	struct client *client;
	struct end *end = end_new(NULL);
	char byte = 0;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return;
	fd = end_channel(end);
	pid = fork();
	if (pid == 0) {
		end_expect(end, EUICC_PROXY_XFER);
		if (write(pipes[1], "r", 1) == 1)
			pause();
		_exit(1);
	}
	end_close(end);
	client = client_start_xfer(fd, 0, command.bytes, command.len);
	tap_ok(read(pipes[0], &byte, 1) == 1 && !kill(pid, SIGKILL) && client_wait(client) == 0 &&
	       client->entry.status == -ENODEV, "a transport killed with a command in its hands: ENODEV");
	waitpid(pid, &status, 0);
	tap_ok(goes(fd), "and the device is gone");
	client_free(client);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
	end_free(end);
}

/* --- closing under a reader, and the module -------------------------------------------------------- */

struct blocked {
	int fd;
	_Atomic pid_t tid;
	ssize_t n;
	struct end_message in;
};

static void *read_once(void *argument)
{
	struct blocked *blocked = argument;

	blocked->tid = gettid();
	blocked->n = read(blocked->fd, &blocked->in, sizeof(blocked->in));
	return NULL;
}

/* The thread has said who it is, and sleeps: in read(), for it does nothing else. */
static bool is_waiting(struct blocked *blocked)
{
	char path[64], stat[256] = "";
	ssize_t n = 0;
	char *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)blocked->tid);
	fd = blocked->tid ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		n = read(fd, stat, sizeof(stat) - 1);
		close(fd);
	}
	state = n > 0 ? strrchr(stat, ')') : NULL;
	return state && state[1] == ' ' && state[2] == 'S';
}

/* Closed while another thread waits in read(): that holds the end, so the device is there until
 * the read is over, and a request still comes through. */
static void check_close_under_reader(void)
{
	struct blocked *blocked = calloc(1, sizeof(*blocked));
	struct end *end = end_new(NULL);
	int fd = device_open(end->minor, 0);
	struct client *client;
	pthread_t thread;

	fcntl(end->fd, F_SETFL, 0);
	blocked->fd = end->fd;
	pthread_create(&thread, NULL, read_once, blocked);
	while (!is_waiting(blocked))
		sched_yield();
	end_close(end);
	tap_ok(lives(fd), "closed under a reader that waits, the device is still there");
	client = client_start(CLIENT_RESET, fd, 0);
	pthread_join(thread, NULL);
	tap_ok(blocked->n == (ssize_t)sizeof(struct euicc_proxy_msg), "and the reader gets the next request");
	tap_ok(client_wait(client) == -ENODEV && goes(fd), "which nobody can answer: the device goes");
	client_free(client);
	close(fd);
	free(blocked);
	end_free(end);
}

static void check_module(void)
{
	struct end *end = end_new(NULL);

	tap_ok(syscall(SYS_delete_module, "euicc_proxy", O_NONBLOCK) < 0 &&
	       (errno == EWOULDBLOCK || errno == EBUSY),
	       "the module does not go while a transport's end is open");
	end_free(end);
}

void proxy_life_cases(void)
{
	check_unplug_in_xfer(true);
	check_unplug_in_xfer(false);
	check_unplug_in_open();
	check_unplug_in_waits();
	check_copies();
	check_fork();
	check_passing();
	check_passing_on_the_way();
	check_killed();
	check_close_under_reader();
	check_module();
}
