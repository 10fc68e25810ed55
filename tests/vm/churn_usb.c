/* SPDX-License-Identifier: GPL-2.0-or-later */
/* euicc_ccid bound and unbound, and its reader unplugged, with clients in every call. */
#include "vm/churn.h"
#include "vm/churn_reader.h"
#include "vm/device.h"
#include "vm/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS	2
#define BATCH	8
#define KEPT	16	/* files that stay open over detaches */

/* ES10c.GetEID: what every eUICC answers. */
static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A };

/* To the ISD-R, where the basic channel is used. */
static const uint8_t select_isdr[] = { 0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
				       0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };

static struct {
	/* QEMU's reader does not reset its card: what an unbind left open there stays open. */
	bool basic;
	atomic_int minor;
	atomic_bool stop;
	atomic_uint wrong;
	atomic_ulong batches, answers;
} shared;

static void wrong(const char *what, long value)
{
	if (atomic_fetch_add(&shared.wrong, 1) < 20)
		tap_note("%s: %ld", what, value);
}

/* What a reader that goes may make of a call. */
static bool is_gone(int error)
{
	return error == -ENODEV || error == -ENXIO || error == -ENOENT || error == -ENOMEDIUM ||
	       error == -ESTALE;
}

static void check_batch(const struct device_batch *batch)
{
	bool ended = false;

	for (uint32_t i = 0; i < batch->xfer.entry_count; i++) {
		const struct euicc_xfer_entry *entry = &batch->entries[i];

		switch (entry->status) {
		case 0:
			if (ended || entry->sw != 0x9000 || entry->response_len < 16)
				wrong("an answer that GetEID does not have", entry->sw);
			atomic_fetch_add(&shared.answers, 1);
			break;
		case -ENODEV: case -ENOMEDIUM: case -EIO: case -ETIMEDOUT:
			/* One at most is on the wire. */
			if (ended)
				wrong("a second entry with unknown outcome", entry->status);
			ended = true;
			break;
		case -ECANCELED:
			ended = true;
			break;
		default:
			wrong("a status that there is not", entry->status);
		}
	}
}

static void use(int fd, struct device_batch *batch, unsigned int count)
{
	struct euicc_open_channel channel;
	int r = shared.basic ? device_channel(fd, NULL, 0, EUICC_OPEN_BASIC, &channel) :
			       device_channel(fd, device_isdr, sizeof(device_isdr), 0, &channel);

	if (r == -EBUSY && shared.basic)
		return;
	if (r) {
		if (!is_gone(r) && r != -EIO && r != -ETIMEDOUT)
			wrong("OPEN_CHANNEL failed", r * 65536L - channel.sw);
		return;
	}
	device_batch_clear(batch);
	if (shared.basic)
		device_batch_add(batch, select_isdr, sizeof(select_isdr));
	for (unsigned int i = 0; i < count; i++)
		device_batch_add(batch, get_eid, sizeof(get_eid));
	r = device_batch_run(fd, batch);
	atomic_fetch_add(&shared.batches, 1);
	if (!r)
		check_batch(batch);
	else if (!is_gone(r))
		wrong("XFER failed", r);
}

static void *be_client(void *unused)
{
	struct device_batch *batch = device_batch_new();

	(void)unused;
	while (!atomic_load(&shared.stop)) {
		int fd = device_open((unsigned int)atomic_load(&shared.minor), 0);

		if (fd >= 0) {
			use(fd, batch, BATCH);
			close(fd);
		} else if (!is_gone(fd)) {
			wrong("open() failed", fd);
		}
	}
	device_batch_free(batch);
	return NULL;
}

/* Reads events to the end of each device. */
static void *be_poller(void *unused)
{
	struct euicc_event event;

	(void)unused;
	while (!atomic_load(&shared.stop)) {
		int fd = device_open((unsigned int)atomic_load(&shared.minor), 0);

		while (fd >= 0 && read(fd, &event, sizeof(event)) > 0)
			;
		if (fd >= 0 && errno != ENODEV)
			wrong("read() of events ended with", errno);
		if (fd >= 0 && !(device_poll(fd, POLLIN, 0) & POLLHUP))
			wrong("no POLLHUP of a device that is gone", 0);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

/* --- bind and unbind ---------------------------------------------------------------------------- */

static bool bind_cycle(const char *port, const char *interface)
{
	int r = churn_driver_write("unbind", interface);

	if (!r)
		r = churn_driver_write("bind", interface);
	if (r) {
		tap_note("%s: %s", interface, strerror(-r));
		return false;
	}
	atomic_store(&shared.minor, churn_port_minor(port));
	churn_progress("binding and unbinding euicc_ccid");
	return true;
}

static unsigned int free_minors(void)
{
	int control = open("/dev/euicc-proxy", O_RDWR | O_CLOEXEC);
	unsigned int count = control < 0 ? 0 : churn_free_minors(control);

	if (control >= 0)
		close(control);
	return count;
}

void churn_bind(unsigned int cycles)
{
	pthread_t clients[CLIENTS], poller;
	char port[VREADER_BUS_PORT_SIZE] = "", text[VREADER_BUS_PORT_SIZE + 8];
	unsigned int before = free_minors(), done = 0;
	struct vreader_thread *reader = NULL;

	/* User-Mode Linux has an emulated one alone. */
	shared.basic = churn_qemu_reader(port);
	if (!shared.basic && (reader = churn_reader_start()))
		vreader_bus_port(reader, port);
	if (!tap_ok(port[0] && churn_port_match(port), "a reader with euicc_ccid bound to it"))
		return;
	atomic_store(&shared.minor, churn_port_minor(port));
	for (unsigned int i = 0; i < CLIENTS; i++)
		pthread_create(&clients[i], NULL, be_client, NULL);
	pthread_create(&poller, NULL, be_poller, NULL);
	snprintf(text, sizeof(text), "%s:1.0", port);
	while (done < cycles && bind_cycle(port, text))
		done++;
	atomic_store(&shared.stop, true);
	churn_progress("the last unbind");
	snprintf(text, sizeof(text), "del %s", port);
	churn_driver_write("match", text);
	for (unsigned int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	pthread_join(poller, NULL);
	vreader_stop(&reader);
	tap_ok(done == cycles, "%u of %u times bound and unbound (%lu batches, %lu answers)", done, cycles,
	       atomic_load(&shared.batches), atomic_load(&shared.answers));
	tap_ok(atomic_load(&shared.wrong) == 0, "no client was told what is not true");
	tap_ok(before > 0 && free_minors() == before, "all %u minors come back", before);
}

/* --- detaches in mid-exchange ---------------------------------------------------------------------- */

static struct {
	int fd;
	struct device_batch *batch;
} victim;

static void *be_victim(void *unused)
{
	(void)unused;
	use(victim.fd, victim.batch, EUICC_BATCH_MAX);
	return NULL;
}

/*
 * The answer to the @at-th block is held back, and while the card's answer is awaited the reader
 * goes: unplugged, or with its whole process. *@reader is plugged in again at the end.
 */
static bool detach_cycle(struct vreader_thread **reader, unsigned int at, bool whole)
{
	int minor = churn_reader_minor(*reader);
	pthread_t thread;

	victim.fd = minor < 0 ? -1 : device_open((unsigned int)minor, 0);
	if (victim.fd < 0 || vreader_ask(*reader, NULL, "fault hold@xfr:%u", at))
		return false;
	pthread_create(&thread, NULL, be_victim, NULL);
	if (vreader_ask(*reader, NULL, "wait held 1"))
		return false;
	if (whole)
		vreader_stop(reader);
	else if (vreader_ask(*reader, NULL, "detach"))
		return false;
	pthread_join(thread, NULL);
	churn_progress("unplugging a reader in mid-exchange");
	if (whole)
		*reader = churn_reader_start();
	else if (vreader_ask(*reader, NULL, "attach"))
		return false;
	return *reader && !vreader_ask(*reader, NULL, "fault none") && churn_reader_match(*reader);
}

void churn_detach(unsigned int cycles)
{
	int kept[KEPT];
	unsigned int before = free_minors(), done = 0, alive = 0;
	struct vreader_thread *reader = churn_reader_start();
	struct euicc_info info;

	victim.batch = device_batch_new();
	if (!tap_ok(reader && churn_reader_match(reader), "a reader with euicc_ccid bound to it"))
		return;
	for (unsigned int i = 0; i < KEPT; i++)
		kept[i] = -1;
	while (done < cycles && detach_cycle(&reader, 1 + done % 20, done % 2)) {
		if (kept[done % KEPT] >= 0)
			close(kept[done % KEPT]);
		kept[done++ % KEPT] = victim.fd;
	}
	for (unsigned int i = 0; i < KEPT; i++) {
		alive += kept[i] >= 0 && device_info(kept[i], &info) != -ENODEV;
		if (kept[i] >= 0)
			close(kept[i]);
	}
	tap_ok(done == cycles, "%u of %u times unplugged in mid-exchange and back", done, cycles);
	tap_ok(alive == 0, "files of a reader that is gone say ENODEV, also where another came");
	tap_ok(atomic_load(&shared.wrong) == 0, "no client was told what is not true (%lu answers)",
	       atomic_load(&shared.answers));
	churn_progress("the last detach");
	if (reader)
		vreader_stop(&reader);
	device_batch_free(victim.batch);
	tap_ok(before > 0 && free_minors() == before, "all %u minors come back", before);
}
