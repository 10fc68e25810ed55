/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The descriptor is the capability: what happens to a channel when its descriptor is passed on,
 * inherited, opened anew, or dies with its holder; and who may have what, seen from other
 * architectures and namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm/fakecard_bench.h"
#include "vm/plugged.h"
#include "vm/tap.h"
#include "vm/thread.h"

#define LEN 20

/* --- children ------------------------------------------------------------------------------- */

/* A child that does CALL and ends with its result, an errno, as status. It has no copy of the
 * transport's end. */
static pid_t start_child(struct bench *t, int (*call)(void *argument), void *argument)
{
	pid_t pid = fork();

	if (pid == 0) {
		fakecard_forked(t->card);
		_exit(-call(argument));
	}
	return pid;
}

static int end_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EOWNERDEAD;
}

static bool still_open(struct bench *t)
{
	return fakecard_seen(t->card, t->before, FAKECARD_MANAGE_CLOSE, 0, NULL) == 0;
}

static bool is_closed(struct bench *t)
{
	struct fakecard_record r;

	return fakecard_wait_record(t->card, t->before, FAKECARD_MANAGE_CLOSE, &r) &&
	       r.head[2] == 0x80 && r.head[3] == 1 && fakecard_open_channels(t->card) == 0;
}

/* --- over a socket -------------------------------------------------------------------------- */

static bool send_fd(int socket, int fd)
{
	union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = { 0 };
	struct iovec byte = { .iov_base = (char[]){ 0 }, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_len = CMSG_LEN(sizeof(fd));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

static int receive_fd(int socket)
{
	union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
	struct iovec byte = { .iov_base = (char[]){ 0 }, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header;
	int fd;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int use_received(void *argument)
{
	const int *sockets = argument;
	int fd, r;

	close(sockets[0]);
	fd = receive_fd(sockets[1]);
	if (fd < 0)
		return -EBADF;
	r = bench_exchange(fd, 1, LEN);
	/* Told to the opener, who looks whether the channel is still there. */
	if (write(sockets[1], "1", 1) != 1 || read(sockets[1], (char[1]){ 0 }, 1) != 1)
		return -EPIPE;
	return r ? r : bench_exchange(fd, 2, LEN);
}

static void test_socket(void)
{
	struct bench t;
	int sockets[2];
	pid_t pid;

	bench_begin(&t, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		exit(1);
	/* The child is made first, so that it has nothing of what it is sent. */
	close(t.fd);
	TAP_CHECK(is_closed(&t));
	pid = start_child(&t, use_received, sockets);
	close(sockets[1]);
	t.fd = bench_client(&t);
	t.before = fakecard_count(t.card);
	TAP_CHECK(send_fd(sockets[0], t.fd));
	close(t.fd);
	TAP_CHECK(read(sockets[0], (char[1]){ 0 }, 1) == 1);
	tap_ok(bench_saw(&t, 1) == 1 && still_open(&t),
	       "a channel that was passed on outlives its opener's descriptor");
	TAP_CHECK(write(sockets[0], "2", 1) == 1);
	device_expect(end_of(pid), 0, "and its new holder works with it");
	tap_ok(is_closed(&t), "it closes with its last holder");
	close(sockets[0]);
	t.fd = fakecard_client(t.card);
	bench_end(&t);
}

/* A descriptor that lies in a socket is a holder too, and ends with the socket. */
static void test_in_flight(void)
{
	struct bench t;
	int sockets[2], fd;

	bench_begin(&t, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		exit(1);
	TAP_CHECK(send_fd(sockets[0], t.fd));
	close(t.fd);
	TAP_CHECK(still_open(&t));
	fd = receive_fd(sockets[1]);
	device_expect(bench_exchange(fd, 1, LEN), 0, "a channel that lay in a socket");
	TAP_CHECK(send_fd(sockets[0], fd));
	close(fd);
	close(sockets[0]);
	close(sockets[1]);
	tap_ok(is_closed(&t), "a channel that nobody took out of a socket is closed with it");
	t.fd = fakecard_client(t.card);
	bench_end(&t);
}

/* --- copies, and files of their own ----------------------------------------------------------- */

static void test_reopen(void)
{
	struct euicc_info info;
	char path[48];
	struct bench t;
	int copy, again;

	bench_begin(&t, NULL);
	copy = dup(t.fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t.fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	TAP_CHECK(copy >= 0 && again >= 0);
	device_expect(device_info(again, &info), 0, "a file opened through /proc is one of the device");
	device_expect(bench_exchange(again, 1, 0), -ENOTCONN, "but has no channel of another's");
	tap_ok(bench_saw(&t, 1) == 0, "and nothing was sent");
	device_expect(bench_exchange(copy, 2, LEN), 0, "a dup()licate is the same file");
	device_expect(device_isdr_channel(copy), -EBUSY, "which has its channel");
	device_expect(device_isdr_channel(again), 0, "the file opened anew may open one of its own");
	TAP_CHECK(fakecard_open_channels(t.card) == 2);
	close(again);
	TAP_CHECK(fakecard_wait_record(t.card, t.before, FAKECARD_MANAGE_CLOSE, NULL));
	device_expect(bench_exchange(t.fd, 3, LEN), 0, "whose end is not the first one's");
	close(copy);
	device_expect(bench_exchange(t.fd, 4, LEN), 0, "nor is the end of a duplicate");
	bench_end(&t);
}

static int exchange_child(void *argument)
{
	return bench_exchange(*(int *)argument, 10, LEN);
}

static void test_fork(void)
{
	struct bench t;

	bench_begin(&t, NULL);
	device_expect(end_of(start_child(&t, exchange_child, &t.fd)), 0,
		      "a child works with the channel that it inherits");
	tap_ok(bench_saw(&t, 10) == 1 && still_open(&t), "its end does not close it");
	device_expect(bench_exchange(t.fd, 11, LEN), 0, "the parent goes on");
	close(t.fd);
	tap_ok(is_closed(&t), "the channel closes with the last of them");
	t.fd = fakecard_client(t.card);
	bench_end(&t);
}

static int hold_forever(void *argument)
{
	(void)argument;
	pause();
	return -EINTR;
}

/* The parent has no copy of the channel: only the child, which is killed, had. */
static void test_killed(bool in_exchange)
{
	int (*call)(void *argument) = in_exchange ? exchange_child : hold_forever;
	struct bench t;
	pid_t pid;

	bench_begin(&t, NULL);
	if (in_exchange)
		fakecard_hold(t.card, FAKECARD_COMMAND, 0);
	pid = start_child(&t, call, &t.fd);
	close(t.fd);
	if (in_exchange)
		TAP_CHECK(fakecard_wait_held(t.card, NULL));
	TAP_CHECK(still_open(&t));
	kill(pid, SIGKILL);
	device_expect(end_of(pid), -EOWNERDEAD, in_exchange ?
		      "a holder can be killed although the card does not answer" :
		      "a holder is killed");
	if (in_exchange) {
		TAP_CHECK(still_open(&t));
		fakecard_release(t.card, 0);
	}
	tap_ok(is_closed(&t), "the card sees MANAGE CHANNEL close%s",
	       in_exchange ? " after the exchange, GET RESPONSE included" : "");
	TAP_CHECK(fakecard_lost(t.card) == 0 &&
		  fakecard_seen(t.card, t.before, FAKECARD_GET_RESPONSE, 0, NULL) == in_exchange);
	t.fd = fakecard_client(t.card);
	bench_end(&t);
}

/* --- OPEN against pending closes -------------------------------------------------------------- */

#define RACERS 3
#define ROUNDS 100

static int race(void *argument)
{
	struct bench *t = argument;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		int fd = fakecard_client(t->card), r = device_isdr_channel(fd);

		if (r == 0 && i % 3 == 0)
			r = bench_exchange(fd, i + 1, LEN);
		close(fd);
		if (r < 0)
			return r;
	}
	return 0;
}

/* As many clients as channels: each closes before it opens, so nobody may be told ENOSPC. */
static void test_open_and_close(void)
{
	struct thread racers[RACERS];
	struct bench t;
	int r = 0;

	bench_begin(&t, &(struct fakecard_options){ .channels = RACERS });
	close(t.fd);
	for (int i = 0; i < RACERS; i++)
		thread_start(&racers[i], race, &t);
	for (int i = 0; i < RACERS; i++)
		r = thread_join(&racers[i]) < 0 ? racers[i].result : r;
	device_expect(r, 0, "OPEN finds the channel that was closed before it, each of %d times",
		      RACERS * ROUNDS);
	t.fd = fakecard_client(t.card);
	device_expect(device_isdr_channel(t.fd), 0, "and in the end the card is as empty as it was");
	TAP_CHECK(fakecard_open_channels(t.card) == 1 && fakecard_lost(t.card) == 0);
	bench_end(&t);
}

/* --- a 32-bit program --------------------------------------------------------------------------- */

static int run_abi32(void *argument)
{
	char minor[16];

	snprintf(minor, sizeof(minor), "%u", *(unsigned int *)argument);
	execl("/bin/abi32", "abi32", minor, NULL);
	return -errno;
}

static void test_abi32(void)
{
	struct bench t;
	unsigned int minor;
	int r;

	bench_begin(&t, NULL);
	close(t.fd);
	minor = fakecard_minor(t.card);
	fflush(stdout);
	r = end_of(start_child(&t, run_abi32, &minor));
	if (r == -ENOEXEC)
		tap_skip("a 32-bit program", "this kernel runs none");
	else
		device_expect(r, 0, "a 32-bit program sees the same interface");
	t.fd = fakecard_client(t.card);
	bench_end(&t);
}

/* --- namespaces ----------------------------------------------------------------------------------- */

static int time_out(void *argument)
{
	struct euicc_xfer_entry entry = { .timeout_ms = 200 };
	uint8_t command[32];
	struct euicc_xfer xfer = { .entries = (uintptr_t)&entry, .commands = (uintptr_t)command,
				   .entry_count = 1 };
	int fd = *(int *)argument, r;

	/* With the default time first: an offset must not make it shorter. */
	r = bench_exchange(fd, 1, LEN);
	if (r < 0)
		return r;
	entry.command_len = (uint32_t)fakecard_command(command, 2, 0x9000, 0, 0, false);
	xfer.commands_len = entry.command_len;
	r = device_ioctl(fd, EUICC_XFER, &xfer);
	return r ? r : entry.status;
}

static int enter_time_namespace(void *argument)
{
	if (unshare(CLONE_NEWTIME) < 0)
		return -ENOSYS;
	if (plugged_write("/proc/self/timens_offsets", "monotonic 100000000 0\nboottime 100000000 0\n"))
		return -ENOTTY;
	/* A time namespace is entered by the children. */
	switch (fork()) {
	case -1:
		return -EAGAIN;
	case 0:
		_exit(-time_out(argument));
	}
	int status;

	if (wait(&status) < 0 || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

static void test_time_namespace(void)
{
	struct bench t;
	int r;

	bench_begin(&t, NULL);
	fakecard_rule(t.card, &(struct fakecard_rule){ .kinds = FAKECARD_COMMAND, .tag = 2,
						       .action = FAKECARD_SILENT });
	r = end_of(start_child(&t, enter_time_namespace, &t.fd));
	if (r == -ENOSYS)
		tap_skip("time namespace", "this kernel has none");
	else
		device_expect(r, -ETIMEDOUT, "a clock set far ahead in a time namespace changes no time");
	bench_end(&t);
}

struct inherited {
	struct bench *bench;
	int bare;		/* a file without a channel */
};

/* Root in a user namespace of its own has every capability there, and none that counts here. */
static int claim_rights(void *argument)
{
	struct inherited *in = argument;
	struct euicc_proxy_new_dev new_dev = { .protocol = EUICC_PROTOCOL_T0 };
	int proxy, r;

	if (unshare(CLONE_NEWUSER) < 0)
		return -ENOSYS;
	if (plugged_write("/proc/self/setgroups", "deny") ||
	    plugged_write("/proc/self/uid_map", "0 0 1") || getuid() != 0)
		return -ENOTTY;
	if (device_channel(in->bare, NULL, 0, EUICC_OPEN_BASIC, NULL) != -EPERM)
		return -EDOM;
	r = device_reset(in->bare, EUICC_RESET_ANY, EUICC_RESET_FORCE, NULL);
	if (r != -EPERM)
		return -ERANGE;
	proxy = open("/dev/euicc-proxy", O_RDWR | O_CLOEXEC);
	if (proxy >= 0 && device_ioctl(proxy, EUICC_PROXY_NEW_DEV, &new_dev) != -EPERM)
		return -EMFILE;
	/* What it was given works: the right was asked for when it was granted. */
	return bench_exchange(in->bench->fd, 1, LEN);
}

static void test_user_namespace(void)
{
	struct inherited in;
	struct bench t;
	int r;

	bench_begin(&t, NULL);
	in = (struct inherited){ .bench = &t, .bare = fakecard_client(t.card) };
	r = end_of(start_child(&t, claim_rights, &in));
	if (r == -ENOSYS)
		tap_skip("user namespace", "this kernel has none");
	else
		device_expect(r, 0, "capabilities in a user namespace grant neither BASIC nor FORCE nor NEW_DEV");
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_RESET, 0, NULL) == 0);
	close(in.bare);
	bench_end(&t);
}

static int new_device(void)
{
	struct euicc_proxy_new_dev args = { .protocol = EUICC_PROTOCOL_T0, .name = "rights" };
	int proxy = open("/dev/euicc-proxy", O_RDWR | O_CLOEXEC), r;

	if (proxy < 0)
		return -errno;
	r = device_ioctl(proxy, EUICC_PROXY_NEW_DEV, &args);
	close(proxy);
	if (r == 0)
		close(args.fd);
	return r;
}

static void test_new_dev_rights(void)
{
	device_capability(CAP_SYS_ADMIN, false);
	device_expect(new_device(), -EPERM, "NEW_DEV without CAP_SYS_ADMIN");
	device_capability(CAP_SYS_ADMIN, true);
	device_expect(new_device(), 0, "NEW_DEV with it");
}

int main(void)
{
	test_socket();
	test_in_flight();
	test_reopen();
	test_fork();
	test_killed(false);
	test_killed(true);
	test_open_and_close();
	test_abi32();
	test_time_namespace();
	test_user_namespace();
	test_new_dev_rights();
	return tap_exit();
}
