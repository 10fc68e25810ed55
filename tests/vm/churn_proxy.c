/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proxies made and unplugged at once from two threads, with clients in every call. Beside them
 * one device stays, whose card counts channels: what its clients leave behind is seen there.
 */
#include "vm/churn.h"
#include "vm/churn_card.h"
#include "vm/device.h"
#include "vm/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAKERS	2
#define CLIENTS	4
#define POLLERS	2
#define KEPT	6	/* open files of a client that outlive their devices */

static struct {
	int control;
	atomic_uint left;		/* cycles */
	atomic_bool stop, stay;		/* for the clients; for the device that stays */
	atomic_int minors[MAKERS + 1];	/* the last is that of the device that stays; -1: none now */
	atomic_uint wrong;
	atomic_ulong batches, answers, gone;
} shared;

static void wrong(const char *what, long value)
{
	if (atomic_fetch_add(&shared.wrong, 1) < 20)
		tap_note("%s: %ld", what, value);
}

/* --- transports --------------------------------------------------------------------------------- */

static void live_a_little(struct churn_card *card, uint32_t *random)
{
	static const uint32_t events[] = { EUICC_EVENT_REMOVED, EUICC_EVENT_INSERTED, EUICC_EVENT_RESET };
	uint32_t requests = churn_random(random) % 24;

	for (uint32_t i = 0; i < requests; i++) {
		if (churn_random(random) % 16 == 0)
			churn_card_event(card, events[churn_random(random) % 3]);
		if (!churn_card_serve(card, 2, churn_random(random) % 32 == 0))
			break;
	}
}

static void *make(void *argument)
{
	unsigned int number = (unsigned int)(uintptr_t)argument;
	struct churn_card *card = calloc(1, sizeof(*card));
	uint32_t random = 0x1234567u + number;
	int r;

	while (atomic_fetch_sub(&shared.left, 1) - 1 < UINT32_MAX / 2) {
		r = churn_card_new(shared.control, card);
		if (r) {
			wrong("NEW_DEV failed", r);
			continue;
		}
		atomic_store(&shared.minors[number], (int)card->minor);
		live_a_little(card, &random);
		atomic_store(&shared.minors[number], -1);
		churn_card_end(card);
		churn_progress("making and unplugging proxies");
	}
	free(card);
	return NULL;
}

static void *stay(void *argument)
{
	struct churn_card *card = argument;

	while (!atomic_load(&shared.stay))
		churn_card_serve(card, 20, false);
	return NULL;
}

/* --- clients -------------------------------------------------------------------------------------- */

static int some_device(uint32_t *random, bool *ret_stays)
{
	unsigned int which = churn_random(random) % (MAKERS + 1);
	int minor = atomic_load(&shared.minors[which]);

	*ret_stays = which == MAKERS;
	return minor < 0 ? -ENODEV : device_open((unsigned int)minor, O_CLOEXEC);
}

/* Every entry says what is so: our own data, or an honest "never sent" or "unknown". */
static void check_batch(const struct device_batch *batch, uint32_t tag, bool stays)
{
	bool ended = false;

	for (uint32_t i = 0; i < batch->xfer.entry_count; i++) {
		const struct euicc_xfer_entry *entry = &batch->entries[i];
		uint32_t got = 0;

		switch (entry->status) {
		case 0:
			if (ended || entry->response_len != CHURN_ANSWER_LEN || entry->sw != 0x9000) {
				/* An APDU in a session that is over already is refused by the card. */
				if (entry->sw != 0x6881 || stays)
					wrong("an answer of another kind", entry->sw);
				break;
			}
			memcpy(&got, device_batch_response(batch, i), sizeof(got));
			if (got != tag + i)
				wrong("the answer to another's command", (long)got);
			atomic_fetch_add(&shared.answers, 1);
			break;
		case -ENODEV: case -ENOMEDIUM: case -EIO: case -ETIMEDOUT: case -EINTR:
			if (ended || stays)
				wrong("unknown, where it is known", entry->status);
			break;
		case -ECANCELED:
			if (stays)
				wrong("not sent, where nothing stopped it", entry->status);
			ended = true;
			break;
		default:
			wrong("a status that there is not", entry->status);
		}
	}
}

static void use(int fd, struct device_batch *batch, uint32_t *random, bool stays)
{
	uint32_t count = 1 + churn_random(random) % (churn_random(random) % 4 ? 4 : EUICC_BATCH_MAX);
	uint32_t tag = churn_random(random);
	uint8_t apdu[CHURN_COMMAND_LEN];
	int r = device_isdr_channel(fd);

	if (r) {
		/* The device that stays has 19 channels, and fewer clients. */
		if (stays || (r != -ENODEV && r != -ENOMEDIUM && r != -EREMOTEIO && r != -ETIMEDOUT &&
			      r != -EIO && r != -ENOSPC))
			wrong("OPEN_CHANNEL failed", r);
		return;
	}
	device_batch_clear(batch);
	for (uint32_t i = 0; i < count; i++) {
		churn_command(apdu, tag + i);
		device_batch_add(batch, apdu, sizeof(apdu));
	}
	r = device_batch_run(fd, batch);
	atomic_fetch_add(&shared.batches, 1);
	if (!r)
		check_batch(batch, tag, stays);
	else if (stays || (r != -ENODEV && r != -ENOMEDIUM && r != -ESTALE))
		wrong("XFER failed", r);
}

static void *be_client(void *argument)
{
	uint32_t random = 0x9876543u + (uint32_t)(uintptr_t)argument;
	struct device_batch *batch = device_batch_new();
	int kept[KEPT] = { 0 };

	while (!atomic_load(&shared.stop)) {
		unsigned int slot = churn_random(&random) % KEPT;
		struct euicc_info info;
		bool stays;
		int fd, r;

		if (kept[slot] > 0) {
			r = device_info(kept[slot], &info);
			if (r && r != -ENODEV)
				wrong("GET_INFO on an old file", r);
			close(kept[slot]);
			kept[slot] = 0;
		}
		fd = some_device(&random, &stays);
		if (fd < 0) {
			if (fd != -ENODEV && fd != -ENXIO && fd != -ENOENT && fd != -EMFILE && fd != -EBUSY)
				wrong("open() failed", fd);
			continue;
		}
		use(fd, batch, &random, stays);
		/* Files of the device that stays would use up its channels. */
		if (stays)
			close(fd);
		else
			kept[slot] = fd;
	}
	for (unsigned int i = 0; i < KEPT; i++)
		if (kept[i] > 0)
			close(kept[i]);
	device_batch_free(batch);
	return NULL;
}

/* Waits for events until the device is gone, and sees them in their order. */
static void follow(int fd)
{
	struct euicc_event event;
	uint32_t sequence = 0;
	bool gone = false;

	for (;;) {
		ssize_t len = read(fd, &event, sizeof(event));

		if (len < 0) {
			if (errno != ENODEV || !gone)
				wrong("read() of events ended before GONE", errno);
			break;
		}
		if (gone)
			wrong("an event after GONE", event.type);
		if (event.sequence != sequence + 1 && event.type != EUICC_EVENT_OVERFLOW)
			wrong("a gap before event", event.sequence);
		sequence = event.sequence;
		gone = event.type == EUICC_EVENT_GONE;
	}
	if (!(device_poll(fd, POLLIN, 0) & POLLHUP))
		wrong("no POLLHUP of a device that is gone", 0);
	atomic_fetch_add(&shared.gone, 1);
}

static void *be_poller(void *argument)
{
	unsigned int maker = (unsigned int)(uintptr_t)argument % MAKERS;

	while (!atomic_load(&shared.stop)) {
		int minor = atomic_load(&shared.minors[maker]);
		int fd = minor < 0 ? -1 : device_open((unsigned int)minor, 0);

		if (fd < 0)
			continue;
		device_poll(fd, POLLIN | POLLPRI, 10);
		/* Its minor may be another's by now, the one that stays too; that one sends no end. */
		follow(fd);
		close(fd);
	}
	return NULL;
}

/* --- the whole --------------------------------------------------------------------------------------- */

static void run_threads(void)
{
	pthread_t makers[MAKERS], clients[CLIENTS], pollers[POLLERS];

	for (uintptr_t i = 0; i < MAKERS; i++)
		pthread_create(&makers[i], NULL, make, (void *)i);
	for (uintptr_t i = 0; i < CLIENTS; i++)
		pthread_create(&clients[i], NULL, be_client, (void *)i);
	for (uintptr_t i = 0; i < POLLERS; i++)
		pthread_create(&pollers[i], NULL, be_poller, (void *)i);
	for (unsigned int i = 0; i < MAKERS; i++)
		pthread_join(makers[i], NULL);
	atomic_store(&shared.stop, true);
	churn_progress("clients that come to their end");
	for (unsigned int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	for (unsigned int i = 0; i < POLLERS; i++)
		pthread_join(pollers[i], NULL);
}

void churn_proxy(unsigned int cycles)
{
	struct churn_card *card = calloc(1, sizeof(*card));
	unsigned int before, after;
	pthread_t server;

	shared.control = open("/dev/euicc-proxy", O_RDWR | O_CLOEXEC);
	if (!tap_ok(card && shared.control >= 0, "there is a proxy")) {
		free(card);
		return;
	}
	before = churn_free_minors(shared.control);
	for (unsigned int i = 0; i < MAKERS; i++)
		atomic_store(&shared.minors[i], -1);
	atomic_store(&shared.left, cycles);
	if (!tap_ok(!churn_card_new(shared.control, card), "a device that stays")) {
		free(card);
		return;
	}
	atomic_store(&shared.minors[MAKERS], (int)card->minor);
	pthread_create(&server, NULL, stay, card);

	run_threads();
	/* Closes are the kernel's work after close(): they come one by one while the card serves. */
	while (__atomic_load_n(&card->channels, __ATOMIC_RELAXED))
		usleep(1000);
	atomic_store(&shared.stay, true);
	pthread_join(server, NULL);
	tap_ok(true, "%u proxies came and went (%lu batches, %lu answers, %lu ends seen)", cycles,
	       atomic_load(&shared.batches), atomic_load(&shared.answers), atomic_load(&shared.gone));
	tap_ok(atomic_load(&shared.wrong) == 0, "no client was told what is not true");
	tap_ok(card->channels == 0 && card->lost == 0,
	       "no channel stays open on the card, no answer was lost to another channel");
	churn_card_end(card);
	free(card);
	after = churn_free_minors(shared.control);
	tap_ok(before > 0 && before == after, "all %u minors come back (%u)", before, after);
}
