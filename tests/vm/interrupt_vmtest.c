/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call that is broken off, at every point at which a batch can be: what XFER says is held
 * against what the card saw. An errno and ECANCELED mean that the card never saw it; whatever the
 * card saw and the caller has no answer to is told as unknown; and what is broken off hurts
 * nobody who comes after.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/fakecard_bench.h"
#include "vm/tap.h"
#include "vm/thread.h"

#define ENTRIES 4u
#define ANSWER_LEN 20
#define OTHER_TAG 100u

/* Where the batch is. */
enum place {
	BETWEEN,	/* entry K is next, another client's exchange is on the wire; 0: queued */
	WIRE,		/* entry K is on the wire */
	FETCH,		/* entry K had 61xx, its GET RESPONSE is on the wire */
};

enum action { SIGNAL, SIGNAL_RESTART, CANCEL, RESET, UNPLUG, FREEZE };

static const char *const place_names[] = { "next in line", "on the wire", "in GET RESPONSE" };
static const char *const action_names[] = { "signal", "signal with SA_RESTART", "CANCEL",
					    "RESET FORCE", "unplug", "freeze" };

struct scene {
	struct bench bench;
	enum place place;
	unsigned int k;
	enum action action;
	struct thread client, other, resetter;
	int other_fd, reset_fd;
};

static atomic_int signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void handle_signals(bool restart)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = restart ? SA_RESTART : 0 };

	sigaction(SIGUSR1, &action, NULL);
	signals = 0;
}

static int run_batch(void *argument)
{
	struct scene *s = argument;

	return device_batch_run(s->bench.fd, s->bench.batch);
}

static int run_other(void *argument)
{
	struct scene *s = argument;

	return bench_exchange(s->other_fd, OTHER_TAG, ANSWER_LEN);
}

static int run_reset(void *argument)
{
	struct scene *s = argument;

	return device_reset(s->reset_fd, EUICC_RESET_ANY, EUICC_RESET_FORCE, NULL);
}

/* --- a batch at its place ------------------------------------------------------------------ */

static void hold_tag(struct scene *s, uint32_t tag)
{
	fakecard_rule(s->bench.card, &(struct fakecard_rule){ .kinds = FAKECARD_COMMAND, .tag = tag,
							      .action = FAKECARD_HOLD });
}

static bool begin(struct scene *s)
{
	struct fakecard *card;
	bool ok = true;

	bench_begin(&s->bench, NULL);
	card = s->bench.card;
	s->other_fd = bench_client(&s->bench);
	s->reset_fd = fakecard_client(card);
	s->bench.before = fakecard_count(card);
	for (uint32_t i = 0; i < ENTRIES; i++)
		bench_add(&s->bench, i + 1, 0x9000, ANSWER_LEN);
	if (s->place == WIRE)
		hold_tag(s, s->k + 1);
	else if (s->place == FETCH)
		fakecard_hold(card, FAKECARD_GET_RESPONSE, s->k);
	else
		hold_tag(s, OTHER_TAG);
	if (s->place == BETWEEN && s->k > 0)
		hold_tag(s, s->k);
	if (s->place == BETWEEN && s->k == 0) {
		thread_start(&s->other, run_other, s);
		ok = fakecard_wait_held(card, NULL);
	}
	thread_start(&s->client, run_batch, s);
	if (s->place == BETWEEN && s->k == 0)
		return ok && thread_wait_asleep(&s->client);
	ok = fakecard_wait_held(card, NULL);
	if (s->place == BETWEEN) {
		/* The other client is in line before entry k - 1 is answered, so it is its turn then. */
		thread_start(&s->other, run_other, s);
		ok = ok && thread_wait_asleep(&s->other) && fakecard_release(card, 0) &&
		     fakecard_wait_held(card, NULL);
	}
	return ok;
}

/* The kernel's freezer, by the test mode of system sleep: everybody is frozen and thawed. */
static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool can_freeze(void)
{
	/* Without a delay the test of the freezer freezes and thaws. */
	write_file("/sys/module/suspend/parameters/pm_test_delay", "0");
	return write_file("/sys/power/pm_test", "freezer");
}

static bool freeze(void)
{
	return write_file("/sys/power/state", "freeze") || write_file("/sys/power/state", "mem");
}

/* Breaks the batch off. What is held must be let go before or after the client is back. */
static void act(struct scene *s)
{
	struct fakecard *card = s->bench.card;

	switch (s->action) {
	case SIGNAL:
	case SIGNAL_RESTART:
		handle_signals(s->action == SIGNAL_RESTART);
		pthread_kill(s->client.id, SIGUSR1);
		/* Nothing is sent yet: the call goes back into its line by itself. */
		if (s->action == SIGNAL_RESTART && s->place == BETWEEN && s->k == 0) {
			while (signals == 0)
				sched_yield();
			thread_wait_asleep(&s->client);
			fakecard_release(card, 0);
		}
		break;
	case CANCEL:
		TAP_CHECK(device_cancel(s->bench.fd) == 0);
		TAP_CHECK(device_cancel(s->bench.fd) == 0);
		break;
	case RESET:
		thread_start(&s->resetter, run_reset, s);
		thread_wait_asleep(&s->resetter);
		fakecard_release(card, 0);
		break;
	case UNPLUG:
		fakecard_unplug(card);
		break;
	case FREEZE:
		TAP_CHECK(freeze());
		fakecard_release(card, 0);
		break;
	}
}

/* --- what must have come of it ----------------------------------------------------------------- */

struct outcome {
	int result;
	unsigned int done;
	int status;		/* of entry `done`, where the batch did not get to its end */
};

static struct outcome wanted(const struct scene *s)
{
	bool untouched = s->place == BETWEEN && s->k == 0, on_wire = s->place != BETWEEN;
	struct outcome all = { .done = ENTRIES };
	struct outcome cut = { .done = s->k, .status = -ECANCELED };

	switch (s->action) {
	case SIGNAL_RESTART:
		if (untouched)
			return all;
		/* fall through */
	case SIGNAL:
		cut.result = untouched ? -EINTR : 0;
		cut.status = on_wire ? -EINTR : -ECANCELED;
		break;
	case CANCEL:
		cut.status = on_wire ? -EINTR : -ECANCELED;
		break;
	case RESET:
		cut.result = untouched ? -ESTALE : 0;
		cut.done += on_wire;
		break;
	case UNPLUG:
		cut.result = untouched ? -ENODEV : 0;
		cut.status = on_wire ? -ENODEV : -ECANCELED;
		break;
	case FREEZE:
		return all;
	}
	return cut;
}

/* Status against the card's log, whatever had been wanted: the promise of the interface. */
static bool honest(struct bench *bench, int result, unsigned int entries)
{
	bool ok = true;

	for (unsigned int i = 0; i < entries; i++) {
		int status = bench->batch->entries[i].status;
		unsigned int seen = bench_saw(bench, i + 1);
		bool fine;

		if (result < 0 || status == -ECANCELED)
			fine = seen == 0;
		else if (status == 0)
			fine = seen == 1 && bench_answered(bench, i, i + 1, 0x9000, ANSWER_LEN);
		else
			fine = status == -EINTR || status == -ETIMEDOUT || status == -ENODEV ||
			       status == -ENOMEDIUM || status == -EIO;
		if (!fine || seen > 1) {
			tap_note("result %d: entry %u says %d (%s), the card saw it %u times", result, i,
				 status, strerrorname_np(-status), seen);
			ok = false;
		}
	}
	return ok;
}

static bool as_wanted(struct scene *s, int result)
{
	struct outcome want = wanted(s);
	struct device_batch *batch = s->bench.batch;
	bool ok = result == want.result;

	if (result == 0) {
		ok = ok && batch->xfer.done == want.done;
		for (unsigned int i = 0; i < ENTRIES; i++) {
			int status = i < want.done ? 0 : i == want.done ? want.status : -ECANCELED;

			ok = ok && batch->entries[i].status == status;
		}
	}
	if (!ok)
		tap_note("result %d done %u, statuses %d %d %d %d", result, batch->xfer.done,
			 batch->entries[0].status, batch->entries[1].status, batch->entries[2].status,
			 batch->entries[3].status);
	return ok;
}

/* All that was under way has come to its end; then everybody can go on. */
static bool settle(struct scene *s)
{
	struct fakecard *card = s->bench.card;
	bool ok = true;

	if (s->action == UNPLUG)
		return bench_exchange(s->bench.fd, 50, 0) == -ENODEV;
	while (fakecard_release(card, 0))
		;
	if (s->place == BETWEEN)
		ok = thread_join(&s->other) == 0;
	if (s->action == RESET) {
		ok = thread_join(&s->resetter) == 0 && ok;
		ok = bench_exchange(s->bench.fd, 50, 0) == -ESTALE && ok;
		ok = device_isdr_channel(s->bench.fd) == 0 && device_isdr_channel(s->other_fd) == 0 && ok;
	}
	ok = bench_exchange(s->bench.fd, 51, ANSWER_LEN) == 0 && ok;
	return bench_exchange(s->other_fd, 52, ANSWER_LEN) == 0 && ok;
}

static void end(struct scene *s)
{
	close(s->other_fd);
	close(s->reset_fd);
	bench_end(&s->bench);
}

static void play(enum place place, unsigned int k, enum action action)
{
	struct scene s = { .place = place, .k = k, .action = action };
	bool ready = begin(&s), went_on, ok;
	int result;

	if (ready)
		act(&s);
	/* A signal, CANCEL and an unplug bring the caller back although the card says nothing. */
	result = thread_join(&s.client);
	if (action == UNPLUG && place == BETWEEN)
		TAP_CHECK(thread_join(&s.other) == -ENODEV);
	went_on = settle(&s);
	ok = ready && honest(&s.bench, result, ENTRIES) && as_wanted(&s, result);
	tap_ok(ok, "%s, entry %u %s: what is told is what was", action_names[action], k,
	       place_names[place]);
	tap_ok(went_on && fakecard_lost(s.bench.card) == 0,
	       "%s, entry %u %s: what follows has its own answers", action_names[action], k,
	       place_names[place]);
	if (!ok || !went_on)
		fakecard_dump(s.bench.card);
	end(&s);
}

/* --- just answered ------------------------------------------------------------------------------ */

/* The answer and the blow at the same moment: whoever wins, the report is true. */
static void test_race(enum action action)
{
	unsigned int unknown = 0, whole = 0, rounds = 40;
	bool ok = true;

	for (unsigned int round = 0; round < rounds && ok; round++) {
		struct scene s = { .place = round % 2 ? FETCH : WIRE, .k = round % ENTRIES,
				   .action = action };
		int result;

		ok = begin(&s);
		handle_signals(false);
		fakecard_release(s.bench.card, 0);
		for (unsigned int spin = 0; spin < round; spin++)
			sched_yield();
		if (action == SIGNAL)
			pthread_kill(s.client.id, SIGUSR1);
		else if (action == CANCEL)
			device_cancel(s.bench.fd);
		else if (action == RESET)
			thread_start(&s.resetter, run_reset, &s);
		else
			fakecard_unplug(s.bench.card);
		result = thread_join(&s.client);
		ok = ok && (action == RESET ? thread_join(&s.resetter) == 0 : true);
		/* One exchange more, so that an orphan has come to its end. */
		if (action != UNPLUG && action != RESET)
			ok = bench_exchange(s.other_fd, 52, ANSWER_LEN) == 0 && ok;
		ok = honest(&s.bench, result, ENTRIES) && fakecard_lost(s.bench.card) == 0 && ok;
		whole += result == 0 && s.bench.batch->xfer.done == ENTRIES;
		for (unsigned int i = 0; i < ENTRIES; i++)
			unknown += result == 0 && s.bench.batch->entries[i].status != 0 &&
				   s.bench.batch->entries[i].status != -ECANCELED;
		if (!ok)
			fakecard_dump(s.bench.card);
		end(&s);
	}
	tap_note("%s: %u batches whole, %u entries unknown, of %u", action_names[action], whole, unknown,
		 rounds);
	tap_ok(ok, "%s at the moment of an answer: what is told is what was", action_names[action]);
}

/* CANCEL is the batch's that is under way, not the next one's. */
static void test_cancel_before(void)
{
	struct bench t;

	bench_begin(&t, NULL);
	bench_add(&t, 1, 0x9000, ANSWER_LEN);
	TAP_CHECK(device_cancel(t.fd) == 0);
	device_expect(device_batch_run(t.fd, t.batch), 0, "a batch after CANCEL");
	tap_ok(bench_answered(&t, 0, 1, 0x9000, ANSWER_LEN), "is not cancelled");
	bench_end(&t);
}

/* --- OPEN_CHANNEL ----------------------------------------------------------------------------------- */

static int run_open(void *argument)
{
	return device_isdr_channel(*(int *)argument);
}

/* OPEN broken off while KIND is on the wire: the card has no channel more than it had. */
static void test_open(unsigned int kind, const char *what, enum action action)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card), next = fakecard_client(card);
	struct thread opener;
	bool ok;

	fakecard_hold(card, kind, 0);
	thread_start(&opener, run_open, &fd);
	ok = fakecard_wait_held(card, NULL);
	handle_signals(true);
	if (action == SIGNAL_RESTART)
		pthread_kill(opener.id, SIGUSR1);
	else if (action == CANCEL)
		device_cancel(fd);
	else
		fakecard_unplug(card);
	ok = thread_join(&opener) == (action == UNPLUG ? -ENODEV : -EINTR) && ok;
	tap_ok(ok, "OPEN, %s on the wire, %s: %s", what, action_names[action],
	       action == UNPLUG ? "ENODEV" : "EINTR, not restarted");
	if (action != UNPLUG) {
		fakecard_release(card, 0);
		ok = device_isdr_channel(next) == 0 && bench_exchange(next, 3, ANSWER_LEN) == 0;
		ok = ok && bench_exchange(fd, 4, 0) == -ENOTCONN && fakecard_open_channels(card) == 1;
		tap_ok(ok, "and no channel is left open by it");
	}
	close(fd);
	close(next);
	fakecard_free(card);
}

int main(void)
{
	static const enum action races[] = { SIGNAL, CANCEL, RESET, UNPLUG };
	static const enum action breaks[] = { SIGNAL_RESTART, CANCEL, UNPLUG };
	bool freezer = can_freeze();

	for (enum action action = SIGNAL; action <= FREEZE; action++) {
		if (action == FREEZE && !freezer) {
			tap_skip("freeze", "this kernel has no pm_test");
			continue;
		}
		for (enum place place = BETWEEN; place <= FETCH; place++) {
			for (unsigned int k = 0; k < ENTRIES; k++)
				play(place, k, action);
		}
	}
	for (size_t i = 0; i < sizeof(races) / sizeof(races[0]); i++)
		test_race(races[i]);
	test_cancel_before();
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		test_open(FAKECARD_RESET, "the activation", breaks[i]);
		test_open(FAKECARD_MANAGE_OPEN, "MANAGE CHANNEL", breaks[i]);
		test_open(FAKECARD_SELECT, "SELECT", breaks[i]);
		test_open(FAKECARD_GET_RESPONSE, "GET RESPONSE", breaks[i]);
	}
	return tap_exit();
}
