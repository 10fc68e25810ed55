/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slow cards, late and repeated answers, and how many URBs a block costs. */
#include "vm/device.h"
#include "vm/plugged.h"
#include "vm/reader_cases.h"
#include "vm/tap.h"

static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A };

/* The EID, 21 bytes and 9000. */
static bool eid_comes(int fd)
{
	uint8_t response[64];
	uint16_t sw = 0;
	size_t len = 0;
	int r = device_apdu(fd, get_eid, sizeof(get_eid), response, sizeof(response), &len, &sw);

	if (r || sw != 0x9000 || len != 21)
		tap_note("status %d, sw %04x, %zu bytes", r, sw, len);
	return !r && sw == 0x9000 && len == 21 && response[0] == 0xBF && response[3] == 0x5A;
}

/* On a channel that is open, with FAULT for a reader that then is healthy again. */
static void with_fault(struct plugged *plugged, const char *fault, const char *name)
{
	tap_ok(vreader_ask(plugged->reader, NULL, "fault %s", fault) == 0 && eid_comes(plugged->fd),
	       "%s", name);
	tap_ok(vreader_ask(plugged->reader, NULL, "fault none") == 0 && eid_comes(plugged->fd),
	       "%s: and the next as usual", name);
}

static void faulty(enum vreader_level level, const char *name)
{
	struct vreader_options options;
	struct plugged plugged;

	plugged_options(&options);
	options.level = level;
	if (!plugged_start(&plugged, &options))
		return;
	tap_note("%s level", name);
	if (tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R")) {
		with_fault(&plugged, "extend=7@xfr", "time extensions before every answer");
		with_fault(&plugged, "slow=300@xfr:1", "an answer that takes its time");
		with_fault(&plugged, "stale=1@xfr", "one stale answer before each");
		with_fault(&plugged, "stale=9@xfr", "nine stale answers before each");
	}
	plugged_obeys(&plugged, "late answers");
	plugged_stop(&plugged);
}

/* 9600 baud and a time extension for every 5 ms of it, as slow readers do. */
static void slow_card(void)
{
	struct vreader_options options;
	struct plugged plugged;

	plugged_options(&options);
	options.wtx_ms = 5;
	options.card.link = "baud=9600,apdu-us=2000";
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(device_isdr_channel(plugged.fd) == 0 && eid_comes(plugged.fd),
	       "a slow card behind time extensions");
	tap_ok(vreader_stat(plugged.reader, "extensions") > 5, "the reader asked for time");
	plugged_stop(&plugged);
}

/* The gate of the bench, on this reader: a command and an answer cost a URB each. */
static void urbs_per_block(void)
{
	struct vreader_options options;
	struct plugged plugged;
	uint64_t blocks, urbs;

	plugged_options(&options);
	options.high_speed = true;
	if (!plugged_start(&plugged, &options))
		return;
	if (tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R")) {
		vreader_ask(plugged.reader, NULL, "clear");
		for (int i = 0; i < 10; i++)
			eid_comes(plugged.fd);
		blocks = vreader_stat(plugged.reader, "commands");
		urbs = vreader_stat(plugged.reader, "bulk-out-urbs") +
		       vreader_stat(plugged.reader, "bulk-in-urbs");
		tap_note("%llu blocks, %llu data URBs", (unsigned long long)blocks,
			 (unsigned long long)urbs);
		tap_ok(blocks == 20 && urbs == 2 * blocks, "two data URBs for a block");
	}
	plugged_stop(&plugged);
}

void reader_time_cases(void)
{
	faulty(VREADER_TPDU, "TPDU");
	faulty(VREADER_EXTENDED, "extended APDU");
	slow_card();
	urbs_per_block();
}
