/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System sleep, as far as pm_test goes (the kernel stops at each stage, and comes back), does
 * no harm to what is under way on a device of /dev/euicc-proxy: a batch goes on where it was,
 * a channel is still there, a reader of events is not disturbed. The transport is frozen too.
 *
 *   suspend_vmtest [SECONDS]	how long the system stays at each stage
 */
#include "vm/device.h"
#include "vm/fakecard.h"
#include "vm/plugged.h"
#include "vm/tap.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH	16
#define HELD_AT	5	/* commands that are answered before the system sleeps */

static struct fakecard *card;

static bool has_word(const char *path, const char *word)
{
	char text[256];

	return !plugged_read(path, text, sizeof(text)) && strstr(text, word);
}

/* To @stage and back. */
static bool sleep_once(const char *stage)
{
	const char *state = has_word("/sys/power/state", "mem") ? "mem" : "freeze";
	int r = plugged_write("/sys/power/pm_test", stage);

	if (!r)
		r = plugged_write("/sys/power/state", state);
	if (r)
		tap_note("%s, stage %s: %s", state, stage, strerror(-r));
	return !r;
}

/* --- a batch in flight ------------------------------------------------------------------------- */

struct client {
	pthread_t thread;
	int fd, result;
	struct device_batch *batch;
	struct euicc_event event;
};

static void fill(struct device_batch *batch)
{
	uint8_t apdu[64];

	device_batch_clear(batch);
	for (uint32_t tag = 1; tag <= BATCH; tag++)
		device_batch_add(batch, apdu, fakecard_command(apdu, tag, 0x9000, 300, 8, false));
}

static bool is_complete(const struct device_batch *batch)
{
	for (uint32_t i = 0; i < BATCH; i++)
		if (batch->entries[i].status || batch->entries[i].sw != 0x9000 ||
		    batch->entries[i].response_len != 300 ||
		    !fakecard_is_response(i + 1, device_batch_response(batch, i), 300))
			return false;
	return batch->xfer.done == BATCH;
}

static void *run_batch(void *argument)
{
	struct client *client = argument;

	fill(client->batch);
	client->result = device_batch_run(client->fd, client->batch);
	return NULL;
}

/* Asleep between a command and its answer. */
static void sleep_in_exchange(const char *stage, struct client *client)
{
	unsigned int from = fakecard_count(card);
	bool slept;

	fakecard_hold(card, FAKECARD_COMMAND, HELD_AT);
	pthread_create(&client->thread, NULL, run_batch, client);
	if (!fakecard_wait_held(card, NULL))
		return tap_fail(stage, "no exchange to sleep in");
	slept = sleep_once(stage);
	fakecard_release(card, 0);
	pthread_join(client->thread, NULL);
	tap_ok(slept, "%s: the system sleeps although an exchange is under way", stage);
	tap_ok(!client->result && is_complete(client->batch) &&
	       fakecard_seen(card, from, FAKECARD_COMMAND, 0, NULL) == BATCH,
	       "%s: the batch goes on where it was, each command once", stage);
}

/* --- batches without end -------------------------------------------------------------------------- */

static atomic_bool stop;
static atomic_uint batches, incomplete;

static void *run_batches(void *argument)
{
	struct client *client = argument;

	while (!atomic_load(&stop)) {
		run_batch(client);
		if (client->result || !is_complete(client->batch))
			atomic_fetch_add(&incomplete, 1);
		atomic_fetch_add(&batches, 1);
	}
	return NULL;
}

static void sleep_in_batches(const char *stage, struct client *client)
{
	unsigned int before = fakecard_count(card);
	bool slept;

	atomic_store(&stop, false);
	atomic_store(&incomplete, 0);
	pthread_create(&client->thread, NULL, run_batches, client);
	fakecard_wait_count(card, before + BATCH);
	slept = sleep_once(stage) && sleep_once(stage);
	atomic_store(&stop, true);
	pthread_join(client->thread, NULL);
	tap_ok(slept, "%s: the system sleeps between two exchanges", stage);
	tap_ok(!atomic_load(&incomplete), "%s: batches run as if nothing had been", stage);
}

/* --- a reader of events ---------------------------------------------------------------------------- */

static void *read_event(void *argument)
{
	struct client *client = argument;

	client->result = read(client->fd, &client->event, sizeof(client->event)) < 0 ? -errno : 0;
	return NULL;
}

static void sleep_in_read(const char *stage)
{
	struct client client = { .fd = device_open(fakecard_minor(card), 0) };
	bool slept;

	pthread_create(&client.thread, NULL, read_event, &client);
	slept = sleep_once(stage);
	fakecard_event(card, EUICC_EVENT_RESET, NULL, 0);
	pthread_join(client.thread, NULL);
	tap_ok(slept && !client.result && client.event.type == EUICC_EVENT_RESET,
	       "%s: who waits for an event gets the next one", stage);
	close(client.fd);
}

static void sleep_at(const char *stage)
{
	struct client client = { .batch = device_batch_new() };

	client.fd = device_open(fakecard_minor(card), 0);
	if (!tap_ok(client.fd >= 0 && !device_isdr_channel(client.fd), "%s: a channel", stage))
		return;
	sleep_in_exchange(stage, &client);
	sleep_in_batches(stage, &client);
	run_batch(&client);
	tap_ok(!client.result && is_complete(client.batch), "%s: the channel is still there", stage);
	close(client.fd);
	device_batch_free(client.batch);
	sleep_in_read(stage);
}

int main(int argc, char *argv[])
{
	static const char *const stages[] = { "freezer", "devices", "platform", "processors" };

	if (!has_word("/sys/power/pm_test", "freezer")) {
		tap_skip("system sleep", "this kernel has no pm_test");
		return tap_exit();
	}
	if (plugged_write("/sys/module/suspend/parameters/pm_test_delay", argc > 1 ? argv[1] : "1"))
		tap_note("the kernel stays at each stage as long as it likes");
	card = fakecard_new(NULL);
	if (!tap_ok(card, "a proxy's device"))
		return tap_exit();
	for (unsigned int i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (has_word("/sys/power/pm_test", stages[i]))
			sleep_at(stages[i]);
		else
			tap_skip(stages[i], "this kernel has no such stage");
	}
	plugged_write("/sys/power/pm_test", "none");
	fakecard_free(card);
	return tap_exit();
}
