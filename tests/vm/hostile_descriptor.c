/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that lie: every byte, inverted, off by one, and zero. euicc_ccid takes the reader or
 * not; if it does, sessions end in time, and honestly.
 */
#include "vm/device.h"
#include "vm/hostile_cases.h"
#include "vm/plugged.h"
#include "vm/tap.h"

#include "vreader/descriptors.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_HEADER 9			/* from here on the device is enumerated, whatever stands there */

struct tally {
	unsigned tried, bound;
	bool good;
};

static const char *const part_names[] = {
	"the device descriptor", "the configuration", "the interface", "the class descriptor", "the endpoints",
};

static int part_of(bool device, size_t offset)
{
	return device ? 0 : offset < 9 ? 1 : offset < 18 ? 2 : offset < 72 ? 3 : 4;
}

/*
 * The kernel may give up on such a device and tell nobody. The hub looks at its ports in turn: when a
 * good reader, plugged in behind the bad one, has been enumerated, the bad one is settled.
 */
static bool settle(struct vreader_thread *good)
{
	return vreader_ask(good, NULL, "attach") == 0 && vreader_ask(good, NULL, "detach") == 0;
}

static bool try(struct vreader_thread *bad, struct vreader_thread *good, const char *bus_port,
		const char *patch, bool enumerated, struct tally *tally)
{
	int minor, fd;
	bool honest = true;

	if (vreader_ask(bad, NULL, "patch %s", patch) ||
	    vreader_ask(bad, NULL, enumerated ? "attach" : "plug") || (!enumerated && !settle(good))) {
		tap_note("%s: the reader cannot be plugged in", patch);
		return false;
	}
	tally->tried++;
	minor = plugged_minor(bus_port, 0);
	fd = minor < 0 ? -1 : device_open((unsigned)minor, 0);
	if (fd >= 0) {
		tally->bound++;
		honest = hostile_session(fd, patch);
		close(fd);
	}
	return vreader_ask(bad, NULL, "detach") == 0 && honest;
}

static void check_bytes(struct vreader_thread *bad, struct vreader_thread *good, const char *bus_port,
			bool device, const uint8_t *bytes, size_t len, struct tally *tallies)
{
	for (size_t i = 0; i < len; i++) {
		const uint8_t values[] = { (uint8_t)~bytes[i], bytes[i] ^ 1, 0 };
		struct tally *tally = &tallies[part_of(device, i)];

		for (size_t j = 0; j < sizeof(values); j++) {
			char patch[32];

			if (values[j] == bytes[i])
				continue;
			snprintf(patch, sizeof(patch), "%s:%zu=%02X", device ? "device" : "config", i, values[j]);
			tally->good = try(bad, good, bus_port, patch, !device && i >= CONFIG_HEADER, tally) &&
				      tally->good;
		}
	}
}

static void check_all(struct vreader_thread *bad, struct vreader_thread *good,
		      const struct vreader_options *options)
{
	struct vreader_descriptors descriptors = { 0 };
	struct tally tallies[] = { { .good = true }, { .good = true }, { .good = true }, { .good = true },
				   { .good = true } };
	char bus_port[VREADER_BUS_PORT_SIZE];

	vreader_descriptors_make(options, &descriptors);
	vreader_ask(bad, NULL, "attach");
	vreader_bus_port(bad, bus_port);
	plugged_match("add", bus_port);
	vreader_ask(bad, NULL, "detach");
	check_bytes(bad, good, bus_port, true, descriptors.device, VREADER_DEVICE_SIZE, tallies);
	check_bytes(bad, good, bus_port, false, descriptors.config, descriptors.config_len, tallies);
	for (size_t i = 0; i < sizeof(tallies) / sizeof(tallies[0]); i++)
		tap_ok(tallies[i].good && tallies[i].tried > 0,
		       "each byte of %s wrong: %u devices, %u taken, each in time and honest", part_names[i],
		       tallies[i].tried, tallies[i].bound);
	plugged_match("del", bus_port);
}

void hostile_descriptor_cases(void)
{
	struct vreader_thread *bad = NULL, *good = NULL;
	struct vreader_options options;
	struct plugged plugged;
	struct esim_error err = { 0 };

	plugged_options(&options);
	if (vreader_start_unplugged(&options, &bad, &err) || vreader_start_unplugged(&options, &good, &err))
		tap_fail("readers for the descriptors", "%s", err.message);
	else
		check_all(bad, good, &options);
	vreader_stop(&bad);
	vreader_stop(&good);
	if (plugged_start(&plugged, &options))
		tap_ok(plugged.fd >= 0 && hostile_works(plugged.fd), "an honest reader after all of them works");
	plugged_stop(&plugged);
}
