/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XFER broken off before its batch is in the queue. The call is stopped by userfaultfd while it
 * copies its commands: nothing of it can have reached the card, and nothing may be said else.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vm/fakecard_bench.h"
#include "vm/tap.h"
#include "vm/thread.h"

#define ENTRIES 3u
#define LEN 20
#define OTHER_TAG 100u

struct early {
	struct bench bench;
	int other_fd, reset_fd, uffd;
	uint8_t *page;			/* the command area, not there yet */
	struct thread client, other, resetter;
};

static atomic_int signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void fatal(const char *what)
{
	perror(what);
	exit(1);
}

static int open_userfaultfd(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api) < 0)
		fatal("userfaultfd");
	return fd;
}

static int run_batch(void *argument)
{
	struct early *e = argument;

	return device_batch_run(e->bench.fd, e->bench.batch);
}

static int run_other(void *argument)
{
	struct early *e = argument;

	return bench_exchange(e->other_fd, OTHER_TAG, LEN);
}

static int run_reset(void *argument)
{
	struct early *e = argument;

	return device_reset(e->reset_fd, EUICC_RESET_ANY, EUICC_RESET_FORCE, NULL);
}

/* The call has asked for the page, so it is past its checks and before its queue. */
static void wait_fault(struct early *e)
{
	struct pollfd pollfd = { .fd = e->uffd, .events = POLLIN };
	struct uffd_msg msg;

	if (poll(&pollfd, 1, DEVICE_WAIT_MS) != 1 || read(e->uffd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		fatal("no page was asked for");
}

static void give_page(struct early *e)
{
	uint8_t *commands = aligned_alloc(4096, 4096);
	struct uffdio_copy copy = { .dst = (uintptr_t)e->page, .src = (uintptr_t)commands, .len = 4096 };

	if (!commands)
		fatal("memory");
	memcpy(commands, e->bench.batch->commands, 4096);
	if (ioctl(e->uffd, UFFDIO_COPY, &copy) < 0)
		fatal("UFFDIO_COPY");
	free(commands);
}

static void begin(struct early *e)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	bench_begin(&e->bench, NULL);
	e->other_fd = bench_client(&e->bench);
	e->reset_fd = fakecard_client(e->bench.card);
	e->bench.before = fakecard_count(e->bench.card);
	for (uint32_t i = 0; i < ENTRIES; i++)
		bench_add(&e->bench, i + 1, 0x9000, LEN);
	e->uffd = open_userfaultfd();
	e->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)e->page;
	range.range.len = 4096;
	if (ioctl(e->uffd, UFFDIO_REGISTER, &range) < 0)
		fatal("UFFDIO_REGISTER");
	e->bench.batch->xfer.commands = (uintptr_t)e->page;
	/* Another client is on the wire, so the batch stays unsent when it comes to the queue. */
	fakecard_hold(e->bench.card, FAKECARD_COMMAND, 0);
	thread_start(&e->other, run_other, e);
	TAP_CHECK(fakecard_wait_held(e->bench.card, NULL));
	thread_start(&e->client, run_batch, e);
	wait_fault(e);
}

static void end(struct early *e)
{
	close(e->uffd);
	munmap(e->page, 4096);
	close(e->other_fd);
	close(e->reset_fd);
	bench_end(&e->bench);
}

static bool none_seen(struct early *e)
{
	unsigned int seen = 0;

	for (uint32_t i = 0; i < ENTRIES; i++)
		seen += bench_saw(&e->bench, i + 1);
	return seen == 0;
}

static bool all_done(struct early *e)
{
	bool ok = e->bench.batch->xfer.done == ENTRIES;

	for (uint32_t i = 0; i < ENTRIES; i++)
		ok = ok && bench_saw(&e->bench, i + 1) == 1 &&
		     bench_answered(&e->bench, i, i + 1, 0x9000, LEN);
	return ok;
}

static void test_signal(bool restart)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = restart ? SA_RESTART : 0 };
	struct early e;
	int r;

	begin(&e);
	sigaction(SIGUSR1, &action, NULL);
	signals = 0;
	pthread_kill(e.client.id, SIGUSR1);
	give_page(&e);
	while (signals == 0)
		sched_yield();
	if (restart)
		thread_wait_asleep(&e.client);
	else
		/* Its return does not wait for the card. */
		device_expect(thread_join(&e.client), -EINTR, "a signal before the queue: EINTR");
	fakecard_release(e.bench.card, 0);
	TAP_CHECK(thread_join(&e.other) == 0);
	r = restart ? thread_join(&e.client) : 0;
	TAP_CHECK(bench_exchange(e.bench.fd, 50, LEN) == 0);
	if (restart)
		tap_ok(r == 0 && all_done(&e), "with SA_RESTART the batch goes out once, whole");
	else
		tap_ok(none_seen(&e), "and the card saw nothing of it");
	end(&e);
}

static void test_cancel(void)
{
	struct early e;
	bool ok = true;

	begin(&e);
	device_expect(bench_exchange(e.bench.fd, 60, 0), -EBUSY, "another batch meanwhile");
	TAP_CHECK(device_cancel(e.bench.fd) == 0);
	give_page(&e);
	device_expect(thread_join(&e.client), 0, "CANCEL before the queue");
	for (uint32_t i = 0; i < ENTRIES; i++)
		ok = ok && e.bench.batch->entries[i].status == -ECANCELED;
	tap_ok(ok && e.bench.batch->xfer.done == 0, "all of the batch is ECANCELED");
	fakecard_release(e.bench.card, 0);
	TAP_CHECK(thread_join(&e.other) == 0);
	TAP_CHECK(bench_exchange(e.bench.fd, 50, LEN) == 0);
	tap_ok(none_seen(&e), "and the card saw nothing of it");
	end(&e);
}

static void test_reset(void)
{
	struct early e;

	begin(&e);
	thread_start(&e.resetter, run_reset, &e);
	TAP_CHECK(thread_wait_asleep(&e.resetter));
	fakecard_release(e.bench.card, 0);
	TAP_CHECK(thread_join(&e.other) == 0 && thread_join(&e.resetter) == 0);
	give_page(&e);
	device_expect(thread_join(&e.client), -ESTALE, "RESET before the queue: ESTALE");
	tap_ok(none_seen(&e), "and the card saw nothing of the batch");
	end(&e);
}

static void test_unplug(void)
{
	struct early e;

	begin(&e);
	fakecard_unplug(e.bench.card);
	TAP_CHECK(thread_join(&e.other) == -ENODEV);
	give_page(&e);
	device_expect(thread_join(&e.client), -ENODEV, "unplug before the queue: ENODEV");
	tap_ok(none_seen(&e), "and the card saw nothing of the batch");
	end(&e);
}

int main(void)
{
	int fd = open_userfaultfd();

	if (fd < 0) {
		tap_skip("before the queue", "this kernel has no userfaultfd");
		return tap_exit();
	}
	close(fd);
	test_signal(false);
	test_signal(true);
	test_cancel();
	test_reset();
	test_unplug();
	return tap_exit();
}
