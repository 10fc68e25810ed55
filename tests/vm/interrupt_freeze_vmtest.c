/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client in a frozen cgroup with a batch under way. The freezer of cgroup v1 is the one of
 * system sleep: the wait sleeps on, and the batch comes whole. cgroup v2 breaks every wait off as
 * a signal does: the batch may end early, and must say so as it is. Either way the card's other
 * clients go on while it is frozen.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vm/fakecard_bench.h"
#include "vm/tap.h"
#include "vm/thread.h"

#define ENTRIES 4u
#define LEN 20
#define ROOT "/tmp/freezer"
#define GROUP ROOT "/euicc"

/* What the child shares with the test. */
struct shared {
	struct device_batch batch;
	int result;
};

struct freezer {
	const char *name, *type, *options, *file, *frozen, *thawed, *state_file, *state;
	bool whole;		/* the batch comes whole */
};

static const struct freezer freezers[] = {
	{ "cgroup v1", "cgroup", "freezer", GROUP "/freezer.state", "FROZEN", "THAWED",
	  GROUP "/freezer.state", "FROZEN", true },
	{ "cgroup v2", "cgroup2", NULL, GROUP "/cgroup.freeze", "1", "0", GROUP "/cgroup.events",
	  "frozen 1", false },
};

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool says(const char *path, const char *text)
{
	char line[256] = "";
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		n = read(fd, line, sizeof(line) - 1);
		close(fd);
	}
	line[n > 0 ? n : 0] = '\0';
	return strstr(line, text) != NULL;
}

static bool wait_frozen(const struct freezer *freezer)
{
	struct timespec begun, now;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		if (says(freezer->state_file, freezer->state))
			return true;
		sched_yield();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begun.tv_sec) * 1000 < DEVICE_WAIT_MS);
	return false;
}

static pid_t start_child(struct bench *t, struct shared *shared)
{
	char pid[16];
	int go[2];
	pid_t child;

	if (pipe2(go, O_CLOEXEC) < 0)
		exit(1);
	child = fork();
	if (child == 0) {
		fakecard_forked(t->card);
		if (read(go[0], (char[1]){ 0 }, 1) != 1)
			_exit(1);
		shared->result = device_batch_run(t->fd, &shared->batch);
		_exit(0);
	}
	snprintf(pid, sizeof(pid), "%d", child);
	TAP_CHECK(write_text(GROUP "/cgroup.procs", pid));
	TAP_CHECK(write(go[1], "", 1) == 1);
	close(go[0]);
	close(go[1]);
	return child;
}

static bool honest(struct bench *t, const struct shared *shared)
{
	bool ok = true;

	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct euicc_xfer_entry *entry = &shared->batch.entries[i];
		unsigned int seen = bench_saw(t, i + 1);

		if (shared->result < 0 || entry->status == -ECANCELED)
			ok = ok && seen == 0;
		else if (entry->status == 0)
			ok = ok && seen == 1 && entry->sw == 0x9000 && entry->response_len == LEN &&
			     fakecard_is_response(i + 1, device_batch_response(&shared->batch, i), LEN);
		else
			ok = ok && seen == 1 && entry->status == -EINTR;
	}
	return ok;
}

/* KIND of entry K is on the wire. */
static void test(const struct freezer *freezer, unsigned int kind, unsigned int k)
{
	const char *place = kind == FAKECARD_COMMAND ? "on the wire" : "in GET RESPONSE";
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct bench t;
	pid_t child;
	int other;

	bench_begin(&t, NULL);
	other = bench_client(&t);
	t.before = fakecard_count(t.card);
	/* At the same address in the child, so the pointers in it hold there too. */
	device_batch_clear(&shared->batch);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		uint8_t command[32];

		device_batch_add(&shared->batch, command,
				 fakecard_command(command, i + 1, 0x9000, LEN, 0, false));
	}
	fakecard_hold(t.card, kind, k);
	child = start_child(&t, shared);
	TAP_CHECK(fakecard_wait_held(t.card, NULL));
	TAP_CHECK(thread_wait_asleep_tid(child, child));
	TAP_CHECK(write_text(freezer->file, freezer->frozen));
	TAP_CHECK(wait_frozen(freezer));
	fakecard_release(t.card, 0);
	device_expect(bench_exchange(other, 100, LEN), 0, "%s: others go on beside a frozen client",
		      freezer->name);
	TAP_CHECK(write_text(freezer->file, freezer->thawed));
	TAP_CHECK(waitpid(child, NULL, 0) == child);
	tap_ok(honest(&t, shared), "%s, entry %u %s: what is told is what was", freezer->name, k, place);
	if (freezer->whole)
		tap_ok(shared->result == 0 && shared->batch.xfer.done == ENTRIES,
		       "%s, entry %u %s: the batch comes whole", freezer->name, k, place);
	TAP_CHECK(fakecard_lost(t.card) == 0);
	close(other);
	bench_end(&t);
	munmap(shared, sizeof(*shared));
}

int main(void)
{
	mkdir(ROOT, 0700);
	for (size_t i = 0; i < sizeof(freezers) / sizeof(freezers[0]); i++) {
		const struct freezer *freezer = &freezers[i];

		if (mount("none", ROOT, freezer->type, 0, freezer->options) < 0) {
			tap_skip(freezer->name, "this kernel has none (%s)", strerrorname_np(errno));
			continue;
		}
		TAP_CHECK(mkdir(GROUP, 0700) == 0);
		for (unsigned int k = 0; k < ENTRIES; k++) {
			test(freezer, FAKECARD_COMMAND, k);
			test(freezer, FAKECARD_GET_RESPONSE, k);
		}
		TAP_CHECK(rmdir(GROUP) == 0);
		TAP_CHECK(umount(ROOT) == 0);
	}
	return tap_exit();
}
