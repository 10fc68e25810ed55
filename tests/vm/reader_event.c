/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cards that come and go, readers that go, several slots. */
#include "vm/device.h"
#include "vm/plugged.h"
#include "vm/reader_cases.h"
#include "vm/tap.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static const uint8_t status[] = { 0x80, 0xF2, 0x00, 0x00, 0x00 };

static int send_status(int fd)
{
	return device_apdu(fd, status, sizeof(status), NULL, 0, NULL, NULL);
}

static bool event_is(int fd, uint16_t type)
{
	struct euicc_event event = { 0 };
	int r = device_event(fd, &event);

	if (r || event.type != type)
		tap_note("result %d, event %u", r, event.type);
	return !r && event.type == type;
}

static uint32_t card_state(int fd)
{
	struct euicc_info info = { 0 };

	device_info(fd, &info);
	return info.card_state;
}

static void insertion(void)
{
	struct vreader_options options;
	struct euicc_open_channel open;
	struct plugged plugged;

	plugged_options(&options);
	options.empty = 1;
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(card_state(plugged.fd) == EUICC_CARD_ABSENT, "an empty slot says so");
	device_expect(device_isdr_channel(plugged.fd), -ENOMEDIUM, "no channel in an empty slot");
	vreader_ask(plugged.reader, NULL, "insert 0");
	tap_ok(event_is(plugged.fd, EUICC_EVENT_INSERTED), "a card that comes is an event");
	tap_ok(device_channel(plugged.fd, device_isdr, sizeof(device_isdr), 0, &open) == 0,
	       "and can be used at once");
	vreader_ask(plugged.reader, NULL, "remove 0");
	tap_ok(event_is(plugged.fd, EUICC_EVENT_REMOVED), "a card that goes is an event");
	tap_ok(card_state(plugged.fd) == EUICC_CARD_ABSENT, "and the state says so");
	device_expect(send_status(plugged.fd), -ENOMEDIUM, "its channel is without a card");
	vreader_ask(plugged.reader, NULL, "insert 0");
	tap_ok(event_is(plugged.fd, EUICC_EVENT_INSERTED), "another card is an event");
	device_expect(send_status(plugged.fd), -ESTALE, "the channel of the card before is stale");
	tap_ok(device_isdr_channel(plugged.fd) == 0 && send_status(plugged.fd) == 0,
	       "the same application on the new card");
	plugged_obeys(&plugged, "insertion and removal");
	plugged_stop(&plugged);
}

/* Without an interrupt pipe the next exchange tells. */
static void removal_unseen(void)
{
	struct vreader_options options;
	struct plugged plugged;

	plugged_options(&options);
	options.no_interrupt = true;
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R");
	vreader_ask(plugged.reader, NULL, "remove 0");
	device_expect(send_status(plugged.fd), -ENOMEDIUM, "a removal that nobody told of: this exchange");
	tap_ok(event_is(plugged.fd, EUICC_EVENT_REMOVED), "is an event then");
	vreader_ask(plugged.reader, NULL, "insert 0");
	tap_ok(device_isdr_channel(plugged.fd) == 0, "the next card is found by the next OPEN");
	plugged_stop(&plugged);
}

/* The card goes while a command is on the wire: unknown, and never sent after it. */
static void removal_under_way(void)
{
	struct device_batch *batch = device_batch_new();
	struct vreader_options options;
	struct plugged plugged;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options)) {
		device_batch_free(batch);
		return;
	}
	tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R");
	vreader_ask(plugged.reader, NULL, "fault remove@xfr:3");
	for (int i = 0; i < 5; i++)
		device_batch_add(batch, status, sizeof(status));
	tap_ok(device_batch_run(plugged.fd, batch) == 0 && batch->entries[0].status == 0,
	       "a batch from which the card is taken: the first is done");
	for (unsigned i = 1; i < 5; i++)
		tap_note("entry %u: %d", i, batch->entries[i].status);
	tap_ok(batch->entries[4].status == -ECANCELED, "the last was never sent");
	tap_ok(event_is(plugged.fd, EUICC_EVENT_REMOVED), "the removal is an event");
	plugged_stop(&plugged);
	device_batch_free(batch);
}

static void unplugged(void)
{
	struct device_batch *batch = device_batch_new();
	struct vreader_options options;
	struct plugged plugged;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options)) {
		device_batch_free(batch);
		return;
	}
	tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R");
	vreader_ask(plugged.reader, NULL, "fault detach@xfr:2");
	for (int i = 0; i < 4; i++)
		device_batch_add(batch, status, sizeof(status));
	tap_ok(device_batch_run(plugged.fd, batch) == 0, "a batch under which the reader is pulled");
	tap_ok(batch->entries[3].status == -ECANCELED, "the last was never sent");
	tap_ok(event_is(plugged.fd, EUICC_EVENT_GONE), "the end is an event");
	tap_ok(device_poll(plugged.fd, POLLIN, 0) & POLLHUP, "poll says that it is over");
	device_expect(send_status(plugged.fd), -ENODEV, "nothing works any more");
	device_expect(device_isdr_channel(plugged.fd), -ENODEV, "nor a new channel");
	tap_ok(vreader_ask(plugged.reader, NULL, "wait detached 1") == 0 &&
	       vreader_ask(plugged.reader, NULL, "fault none") == 0 &&
	       vreader_ask(plugged.reader, NULL, "attach") == 0, "the reader comes back");
	close(plugged.fd);
	plugged.minor = plugged_minor(plugged.bus_port, 0);
	plugged.fd = plugged.minor < 0 ? -1 : device_open((unsigned)plugged.minor, 0);
	tap_ok(device_isdr_channel(plugged.fd) == 0, "and is taken again, as its port is known");
	plugged_stop(&plugged);
	device_batch_free(batch);
}

static void several_slots(void)
{
	struct vreader_options options;
	struct plugged plugged;
	int fds[3];

	plugged_options(&options);
	options.slots = 3;
	options.empty = 1 << 1;
	if (!plugged_start(&plugged, &options))
		return;
	for (unsigned i = 0; i < 3; i++) {
		int minor = plugged_minor(plugged.bus_port, i);

		fds[i] = minor < 0 ? -1 : device_open((unsigned)minor, 0);
		tap_ok(fds[i] >= 0, "slot %u has a device", i);
	}
	tap_ok(device_isdr_channel(fds[0]) == 0, "slot 0 has a card");
	device_expect(device_isdr_channel(fds[1]), -ENOMEDIUM, "slot 1 is empty");
	tap_ok(device_isdr_channel(fds[2]) == 0, "slot 2 has a card");
	tap_ok(send_status(fds[0]) == 0 && send_status(fds[2]) == 0, "both in turn");
	vreader_ask(plugged.reader, NULL, "insert 1");
	tap_ok(event_is(fds[1], EUICC_EVENT_INSERTED) && device_isdr_channel(fds[1]) == 0,
	       "slot 1 gets its card");
	vreader_ask(plugged.reader, NULL, "remove 2");
	tap_ok(event_is(fds[2], EUICC_EVENT_REMOVED), "slot 2 loses its card");
	tap_ok(send_status(fds[0]) == 0 && send_status(fds[1]) == 0, "the others do not mind");
	plugged_obeys(&plugged, "several slots");
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
	plugged_stop(&plugged);
}

void reader_event_cases(void)
{
	insertion();
	removal_unseen();
	removal_under_way();
	unplugged();
	several_slots();
}
