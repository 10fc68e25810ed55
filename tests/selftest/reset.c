/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RESET: who may, what dies of it, how it is told, and the lock that outlives it. */
#include "selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static void test_in_the_way(int holder, int asks)
{
	device_expect(device_reset(asks, EUICC_RESET_ANY, 0, NULL), -EBUSY,
		      "RESET: another file's channel stands in the way");
	tap_ok(selftest_works(holder, &get_eid), "RESET: a refusal leaves the channel as it is");
}

static void test_event(int fd, uint32_t generation, uint32_t *ret_sequence)
{
	struct euicc_event event = { 0 };

	tap_ok(device_poll(fd, POLLIN, DEVICE_WAIT_MS) & POLLIN, "poll: there is an event");
	tap_ok(read(fd, &event, sizeof(event)) == sizeof(event) && event.type == EUICC_EVENT_RESET &&
	       event.generation == generation && event.reserved == 0,
	       "read: RESET, with the new card session");
	tap_ok(event.sequence == *ret_sequence + 1, "read: the events of a file count from 1");
	*ret_sequence = event.sequence;
}

static void test_one(const struct selftest *t, uint32_t kind, bool has, const char *name)
{
	int fd = selftest_open_isdr(t), watcher = selftest_open(t, O_NONBLOCK);
	static const uint8_t other[] = { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 };
	uint32_t before, after = 0, sequence = 0;
	struct euicc_info info;

	device_info(watcher, &info);
	before = info.generation;
	if (!has) {
		device_expect(device_reset(fd, kind, 0, NULL), -EOPNOTSUPP,
			      "%s: without the feature it is EOPNOTSUPP", name);
	} else if (device_expect(device_reset(fd, kind, 0, &after), 0, "%s: the card comes back", name)) {
		tap_ok(after > before && device_info(fd, &info) == 0 && info.generation == after,
		       "%s: it is a new card session", name);
		test_event(watcher, after, &sequence);
		device_expect(device_apdu(fd, get_eid.bytes, get_eid.len, NULL, 0, NULL, NULL), -ESTALE,
			      "%s: the old channel is ESTALE", name);
		device_expect(device_channel(fd, other, sizeof(other), 0, NULL), -EPERM,
			      "%s: the file stays locked to its application", name);
		device_expect(device_isdr_channel(fd), 0, "%s: which can be opened again", name);
		tap_ok(selftest_works(fd, &get_eid), "%s: and works", name);
	}
	close(fd);
	close(watcher);
}

void selftest_reset(const struct selftest *t)
{
	const bool warm = t->info.features & EUICC_FEATURE_WARM;
	const bool cold = t->info.features & EUICC_FEATURE_COLD;
	int holder = selftest_open_isdr(t), asks = selftest_open(t, 0);

	if (tap_ok(holder >= 0, "a channel that stands in the way")) {
		test_in_the_way(holder, asks);
		close(holder);
	}
	close(asks);
	test_one(t, EUICC_RESET_ANY, warm || cold, "RESET");
	test_one(t, EUICC_RESET_WARM, warm, "RESET, warm");
	test_one(t, EUICC_RESET_COLD, cold, "RESET, cold");
}
