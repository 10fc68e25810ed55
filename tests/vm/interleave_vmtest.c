/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several clients of one card: nobody's APDU comes between another's 61xx and its GET RESPONSE,
 * nobody sees another's answer, and nobody waits longer than one exchange of each other. All of
 * it is read from the card's log, nothing from a clock.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/fakecard_bench.h"
#include "vm/tap.h"
#include "vm/thread.h"

#define CLIENTS 8u
#define BATCHES 12u
#define LONGEST 700u

struct client {
	struct thread thread;
	struct bench *bench;
	unsigned int number;
	int fd;
	uint32_t random;
	unsigned int wrong;		/* answers that were not the client's own */
	unsigned int exchanges, unknown;
	atomic_bool done;
};

/* xorshift32: the same batches in every run. */
static uint32_t draw(uint32_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}

/* --- what the log says ---------------------------------------------------------------------- */

/* After 61xx the next APDU is GET RESPONSE of the same channel. FROM is a record's order. */
static bool responses_fetched(struct fakecard *card, unsigned int from)
{
	struct fakecard_record r, last = { 0 };
	unsigned int fetched = 0, broken = 0;

	for (unsigned int order = from + 1; fakecard_record(card, order, &r); order++) {
		if (!(r.kind & FAKECARD_APDU))
			continue;
		if (last.answered && last.sw >> 8 == 0x61) {
			fetched++;
			broken += r.kind != FAKECARD_GET_RESPONSE || r.channel != last.channel;
		}
		last = r;
	}
	tap_note("%u responses fetched, %u broken into", fetched, broken);
	return broken == 0 && fetched > 0 && fakecard_lost(card) == 0;
}

/* --- random batches -------------------------------------------------------------------------- */

static uint32_t tag_of(const struct client *client, unsigned int batch, unsigned int entry)
{
	return (client->number + 1) << 24 | batch << 8 | (entry + 1);
}

static void fill(struct client *client, struct device_batch *batch, unsigned int number,
		 uint16_t *lengths)
{
	unsigned int entries = 1 + draw(&client->random, 12);
	uint8_t command[64];

	device_batch_clear(batch);
	for (unsigned int i = 0; i < entries; i++) {
		lengths[i] = (uint16_t)(draw(&client->random, 4) ? draw(&client->random, LONGEST) : 0);
		device_batch_add(batch, command,
				 fakecard_command(command, tag_of(client, number, i), 0x9000, lengths[i],
						  draw(&client->random, 30), draw(&client->random, 2)));
	}
}

static void check(struct client *client, const struct device_batch *batch, unsigned int number,
		  const uint16_t *lengths)
{
	for (unsigned int i = 0; i < batch->xfer.entry_count; i++) {
		const struct euicc_xfer_entry *entry = &batch->entries[i];

		client->exchanges++;
		if (entry->status != 0) {
			client->unknown++;
			continue;
		}
		client->wrong += entry->sw != 0x9000 || entry->response_len != lengths[i] ||
				 !fakecard_is_response(tag_of(client, number, i),
						       device_batch_response(batch, i), lengths[i]);
	}
}

static int run_client(void *argument)
{
	struct client *client = argument;
	struct device_batch *batch = device_batch_new();
	uint16_t lengths[EUICC_BATCH_MAX];
	int r = 0;

	for (unsigned int i = 0; i < BATCHES && r == 0; i++) {
		fill(client, batch, i, lengths);
		do
			r = device_batch_run(client->fd, batch);
		while (r == -EBUSY && sched_yield() == 0);
		if (r == 0)
			check(client, batch, i, lengths);
	}
	device_batch_free(batch);
	client->done = true;
	return r;
}

static void start_clients(struct bench *t, struct client *clients, unsigned int count, bool share)
{
	for (unsigned int i = 0; i < count; i++) {
		clients[i] = (struct client){ .bench = t, .number = i, .random = 0x2545F491u + i };
		clients[i].fd = share ? t->fd : bench_client(t);
		thread_start(&clients[i].thread, run_client, &clients[i]);
	}
}

static bool join_clients(struct client *clients, unsigned int count, unsigned int *unknown)
{
	unsigned int wrong = 0, exchanges = 0;
	bool ok = true;

	*unknown = 0;
	for (unsigned int i = 0; i < count; i++) {
		ok = thread_join(&clients[i].thread) == 0 && ok;
		wrong += clients[i].wrong;
		exchanges += clients[i].exchanges;
		*unknown += clients[i].unknown;
	}
	tap_note("%u exchanges, %u answers wrong, %u without", exchanges, wrong, *unknown);
	return ok && wrong == 0;
}

static void test_many_files(bool owned, bool direct)
{
	const struct fakecard_options options = { .features = owned ? FAKECARD_OWNED : 0,
						  .direct = direct };
	const char *what = owned ? "owned channels" : direct ? "a card that answers at once" : "a card";
	struct client clients[CLIENTS];
	unsigned int unknown;
	struct bench t;

	bench_begin(&t, &options);
	start_clients(&t, clients, CLIENTS, false);
	tap_ok(join_clients(clients, CLIENTS, &unknown) && unknown == 0,
	       "%s, %u files: every answer is its client's own", what, CLIENTS);
	tap_ok(responses_fetched(t.card, 0), "%s: nothing comes between 61xx and GET RESPONSE", what);
	for (unsigned int i = 0; i < CLIENTS; i++)
		close(clients[i].fd);
	bench_end(&t);
}

/* Threads with one file between them: EBUSY for all but one, and still each its own answers. */
static void test_one_file(void)
{
	struct client clients[3];
	unsigned int unknown;
	struct bench t;

	bench_begin(&t, NULL);
	start_clients(&t, clients, 3, true);
	tap_ok(join_clients(clients, 3, &unknown) && unknown == 0,
	       "threads that share a file: every answer is the caller's own");
	TAP_CHECK(responses_fetched(t.card, 0));
	bench_end(&t);
}

/* Clients that are broken off at random leave no response half fetched. */
static void test_with_cancel(void)
{
	struct client clients[CLIENTS];
	unsigned int unknown, next = 0;
	bool busy = true;
	struct bench t;

	bench_begin(&t, NULL);
	start_clients(&t, clients, CLIENTS, false);
	while (busy) {
		busy = false;
		for (unsigned int i = 0; i < CLIENTS; i++)
			busy = busy || !clients[i].done;
		device_cancel(clients[next++ % CLIENTS].fd);
		for (unsigned int i = 0; i < 20; i++)
			sched_yield();
	}
	tap_ok(join_clients(clients, CLIENTS, &unknown),
	       "clients that are cancelled at random: every answer is its client's own");
	tap_ok(unknown > 0, "and some were broken off (%u)", unknown);
	tap_ok(responses_fetched(t.card, 0), "orphans' responses are fetched before anything else");
	for (unsigned int i = 0; i < CLIENTS; i++)
		close(clients[i].fd);
	bench_end(&t);
}

/* --- how long a client waits ------------------------------------------------------------------- */

#define LONG_BATCH 16u

static int run_long(void *argument)
{
	struct bench *bench = argument;

	return device_batch_run(bench->fd, bench->batch);
}

struct one {
	int fd;
	uint32_t tag;
};

static int run_one(void *argument)
{
	const struct one *one = argument;

	return bench_exchange(one->fd, one->tag, 10);
}

/* Commands that the card saw between entry K of the long batch and that of TAG. */
static unsigned int between(struct bench *bench, unsigned int k, uint32_t tag)
{
	struct fakecard_record first, last, r;
	unsigned int n = 0;

	if (fakecard_seen(bench->card, bench->before, FAKECARD_COMMAND, k + 1, &first) != 1 ||
	    fakecard_seen(bench->card, bench->before, FAKECARD_COMMAND, tag, &last) != 1)
		return UINT32_MAX;
	for (unsigned int order = first.order + 1; order < last.order; order++)
		n += fakecard_record(bench->card, order, &r) && r.kind == FAKECARD_COMMAND;
	return n;
}

/* COUNT clients come while entry K of a long batch is on the wire. */
static void test_wait(unsigned int k, unsigned int count)
{
	struct fakecard_rule rule = { .kinds = FAKECARD_COMMAND, .tag = k + 1,
				      .action = FAKECARD_HOLD };
	struct thread batch, threads[3];
	struct one ones[3];
	struct bench t;
	bool ok = true;

	bench_begin(&t, NULL);
	for (uint32_t i = 0; i < LONG_BATCH; i++)
		bench_add(&t, i + 1, 0x9000, 10);
	for (unsigned int i = 0; i < count; i++)
		ones[i] = (struct one){ .fd = bench_client(&t), .tag = 100 + i };
	t.before = fakecard_count(t.card);
	fakecard_rule(t.card, &rule);
	thread_start(&batch, run_long, &t);
	ok = fakecard_wait_held(t.card, NULL);
	for (unsigned int i = 0; i < count; i++) {
		thread_start(&threads[i], run_one, &ones[i]);
		ok = thread_wait_asleep(&threads[i]) && ok;
	}
	fakecard_release(t.card, 0);
	ok = thread_join(&batch) == 0 && t.batch->xfer.done == LONG_BATCH && ok;
	for (unsigned int i = 0; i < count; i++) {
		ok = thread_join(&threads[i]) == 0 && ok;
		/* Only those who came before it. */
		ok = between(&t, k, 100 + i) <= i && ok;
		close(ones[i].fd);
	}
	tap_ok(ok, "entry %u of %u: %u clients wait for the exchange on the wire, and for each other",
	       k, LONG_BATCH, count);
	tap_ok(responses_fetched(t.card, 0), "with GET RESPONSE counted to the exchange");
	bench_end(&t);
}

/* Two long batches take turns. */
static void test_turns(void)
{
	struct bench t, second;
	struct fakecard_record r;
	struct thread one, other;
	unsigned int first_left = 0, run = 0, longest = 0, last = 0;
	bool ok;

	bench_begin(&t, NULL);
	second = t;
	second.fd = bench_client(&t);
	second.batch = device_batch_new();
	t.before = fakecard_count(t.card);
	for (uint32_t i = 0; i < EUICC_BATCH_MAX; i++) {
		bench_add(&t, i + 1, 0x9000, 5);
		bench_add(&second, 1000 + i, 0x9000, 5);
	}
	fakecard_hold(t.card, FAKECARD_COMMAND, 0);
	thread_start(&one, run_long, &t);
	ok = fakecard_wait_held(t.card, NULL);
	thread_start(&other, run_long, &second);
	ok = thread_wait_asleep(&other) && ok;
	fakecard_release(t.card, 0);
	ok = thread_join(&one) == 0 && thread_join(&other) == 0 && ok;
	for (unsigned int order = t.before + 1; fakecard_record(t.card, order, &r); order++) {
		if (r.kind != FAKECARD_COMMAND)
			continue;
		first_left += r.channel == 1;
		run = r.channel == last ? run + 1 : 1;
		last = r.channel;
		if (first_left < EUICC_BATCH_MAX && run > longest)
			longest = run;
	}
	tap_ok(ok && longest == 1, "two batches of 64 take turns exchange by exchange (%u in a row)",
	       longest);
	device_batch_free(second.batch);
	close(second.fd);
	bench_end(&t);
}

static int run_open(void *argument)
{
	return device_isdr_channel(*(int *)argument);
}

/* OPEN is several exchanges; between two of them the batch has one turn. */
static void test_open_beside(void)
{
	struct fakecard_record r;
	struct thread batch, opener;
	unsigned int commands = 0, steps = 0, worst = 0;
	struct bench t;
	bool ok;
	int fd;

	bench_begin(&t, NULL);
	fd = fakecard_client(t.card);
	for (uint32_t i = 0; i < LONG_BATCH; i++)
		bench_add(&t, i + 1, 0x9000, 10);
	fakecard_hold(t.card, FAKECARD_COMMAND, 2);
	thread_start(&batch, run_long, &t);
	ok = fakecard_wait_held(t.card, NULL);
	thread_start(&opener, run_open, &fd);
	ok = thread_wait_asleep(&opener) && ok;
	fakecard_release(t.card, 0);
	ok = thread_join(&batch) == 0 && thread_join(&opener) == 0 && ok;
	for (unsigned int order = t.before + 1; fakecard_record(t.card, order, &r); order++) {
		if (r.kind == FAKECARD_COMMAND && r.tag > 3)
			commands++;
		if (r.kind != FAKECARD_MANAGE_OPEN && r.kind != FAKECARD_SELECT)
			continue;
		steps++;
		worst = commands > worst ? commands : worst;
		commands = 0;
	}
	tap_ok(ok && steps == 2 && worst <= 1,
	       "OPEN beside a batch: each of its steps waits for one exchange (%u)", worst);
	tap_ok(responses_fetched(t.card, 0), "and its SELECT's response is its own");
	close(fd);
	bench_end(&t);
}

static int run_reset(void *argument)
{
	return device_reset(*(int *)argument, EUICC_RESET_ANY, EUICC_RESET_FORCE, NULL);
}

/* RESET does not wait for those in line. */
static void test_reset_first(void)
{
	struct thread batch, one, resetter;
	struct one exchange = { .tag = 100 };
	struct bench t;
	bool ok;
	int fd;

	bench_begin(&t, NULL);
	fd = fakecard_client(t.card);
	exchange.fd = bench_client(&t);
	t.before = fakecard_count(t.card);
	for (uint32_t i = 0; i < LONG_BATCH; i++)
		bench_add(&t, i + 1, 0x9000, 10);
	fakecard_hold(t.card, FAKECARD_COMMAND, 0);
	thread_start(&batch, run_long, &t);
	ok = fakecard_wait_held(t.card, NULL);
	thread_start(&one, run_one, &exchange);
	ok = thread_wait_asleep(&one) && ok;
	thread_start(&resetter, run_reset, &fd);
	ok = thread_wait_asleep(&resetter) && ok;
	fakecard_release(t.card, 0);
	ok = thread_join(&resetter) == 0 && ok;
	tap_ok(thread_join(&batch) == 0 && t.batch->xfer.done == 1,
	       "RESET waits for the exchange on the wire alone");
	tap_ok(ok && thread_join(&one) == -ESTALE && bench_saw(&t, 100) == 0,
	       "and who was in line before it gets ESTALE, unsent");
	close(fd);
	close(exchange.fd);
	bench_end(&t);
}

int main(void)
{
	test_many_files(false, false);
	test_many_files(false, true);
	test_many_files(true, false);
	test_one_file();
	test_with_cancel();
	for (unsigned int k = 0; k < LONG_BATCH; k += 5) {
		test_wait(k, 1);
		test_wait(k, 3);
	}
	test_turns();
	test_open_beside();
	test_reset_first();
	return tap_exit();
}
