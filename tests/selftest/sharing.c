/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two at once: on one file, on two files, in another process; and what CANCEL leaves. */
#include "selftest.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 20

struct client {
	int fd;
	const struct command *command;
	unsigned int entries;
	unsigned int answered, busy, wrong;
};

static void *run_client(void *argument)
{
	struct client *client = argument;

	for (int round = 0; round < ROUNDS; round++) {
		struct device_batch *batch = device_batch_new();
		int r;

		for (unsigned int i = 0; i < client->entries; i++)
			selftest_add(batch, client->command);
		r = device_batch_run(client->fd, batch);
		for (unsigned int i = 0; r == 0 && i < client->entries; i++)
			if (!selftest_answered(batch, i, client->command))
				r = -EPROTO;
		client->answered += r == 0;
		client->busy += r == -EBUSY;
		client->wrong += r != 0 && r != -EBUSY;
		device_batch_free(batch);
	}
	return NULL;
}

static bool run_both(struct client *a, struct client *b)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_client, a))
		return false;
	run_client(b);
	pthread_join(thread, NULL);
	return true;
}

static void test_two_files(const struct selftest *t)
{
	struct client a = { .fd = selftest_open_isdr(t), .command = &get_eid, .entries = 3 };
	struct client b = { .fd = selftest_open_isdr(t), .command = &get_info2, .entries = 2 };
	static const char name[] = "two channels side by side: each has its own answers";

	if (a.fd == -ENOSPC || b.fd == -ENOSPC)
		tap_skip(name, "the card has but one channel");
	else
		tap_ok(a.fd >= 0 && b.fd >= 0 && run_both(&a, &b) && a.answered == ROUNDS &&
		       b.answered == ROUNDS, "%s", name);
	if (a.fd >= 0)
		close(a.fd);
	if (b.fd >= 0)
		close(b.fd);
}

/* Two threads on one file: one at a time, the other is told so, no answer is lost or mixed. */
static void test_one_file(int fd)
{
	struct client a = { .fd = fd, .command = &get_eid, .entries = 3 };
	struct client b = { .fd = fd, .command = &get_info1, .entries = 3 };

	tap_ok(run_both(&a, &b) && a.wrong == 0 && b.wrong == 0 && a.answered + b.answered > 0 &&
	       a.answered + a.busy == ROUNDS && b.answered + b.busy == ROUNDS,
	       "two threads on one file: answered or EBUSY");
}

static void test_other_process(int fd)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0)
		_exit(selftest_works(fd, &get_eid) ? 0 : 1);
	tap_ok(child > 0 && waitpid(child, &status, 0) == child && status == 0 &&
	       selftest_works(fd, &get_eid), "the descriptor works in a child, and here after it ended");
}

/* --- CANCEL in the midst ------------------------------------------------------------------ */

struct cancelled {
	int fd, result;
	struct device_batch *batch;
	atomic_bool over;
};

static void *run_cancelled(void *argument)
{
	struct cancelled *c = argument;

	c->result = device_batch_run(c->fd, c->batch);
	c->over = true;
	return NULL;
}

/* Done, then at most one of which nobody knows, then never sent. */
static bool is_honest(const struct device_batch *batch)
{
	unsigned int i = 0;

	while (i < batch->xfer.entry_count && selftest_answered(batch, i, &get_info2))
		i++;
	if (batch->xfer.done != i)
		return false;
	if (i < batch->xfer.entry_count && batch->entries[i].status == -EINTR)
		i++;
	for (; i < batch->xfer.entry_count; i++)
		if (batch->entries[i].status != -ECANCELED)
			return false;
	return true;
}

static void test_cancel(int fd)
{
	struct cancelled c = { .fd = fd, .batch = device_batch_new() };
	pthread_t thread;

	for (unsigned int i = 0; i < EUICC_BATCH_MAX; i++)
		selftest_add(c.batch, &get_info2);
	if (pthread_create(&thread, NULL, run_cancelled, &c) == 0) {
		while (!c.over)
			device_cancel(fd);
		pthread_join(thread, NULL);
		tap_ok(c.result == 0 && is_honest(c.batch),
		       "CANCEL: done, at most one unknown, and never sent, in this order");
		tap_ok(selftest_works(fd, &get_eid), "CANCEL: the channel lives on");
	}
	device_batch_free(c.batch);
}

void selftest_sharing(const struct selftest *t)
{
	int fd;

	test_two_files(t);
	fd = selftest_open_isdr(t);
	if (!tap_ok(fd >= 0, "a channel to share"))
		return;
	test_one_file(fd);
	test_other_process(fd);
	test_cancel(fd);
	close(fd);
}
