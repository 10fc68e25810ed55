/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which readers euicc_ccid takes: those whose port was named, and no other. */
#include "vm/device.h"
#include "vm/plugged.h"
#include "vm/reader_cases.h"
#include "vm/tap.h"
#include "vm/usbfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MATCH "/sys/bus/usb/drivers/euicc_ccid/match"

static struct usbfs usb;

static bool driven_by(const struct plugged *plugged, const char *driver)
{
	char name[64];

	if (!strcmp(plugged_driver(plugged->bus_port, name), driver))
		return true;
	tap_note("%s: driven by \"%s\"", plugged->bus_port, name);
	return false;
}

static void unnamed_ports(void)
{
	struct vreader_options options;
	struct plugged named, other;
	char list[256];

	plugged_options(&options);
	if (!plugged_start(&named, &options))
		return;
	if (!plugged_start_unmatched(&other, &options)) {
		plugged_stop(&named);
		return;
	}
	tap_ok(driven_by(&named, "euicc_ccid"), "the reader of a named port is taken");
	tap_ok(driven_by(&other, ""), "a reader beside it is left alone");
	tap_ok(vreader_stat(other.reader, "commands") == 0, "and not a byte was sent to it");
	tap_ok(!plugged_read(MATCH, list, sizeof(list)) && !strcmp(list, named.bus_port),
	       "the list shows the port");
	tap_ok(usbfs_open(&usb, other.bus_port) == 0 && usbfs_claim(&usb) == 0 &&
	       usbfs_command(&usb, 0x62, 0, 3, NULL, 0) == 0 && usb.answer[7] == 0,
	       "a program uses the other one meanwhile");
	tap_ok(device_isdr_channel(named.fd) == 0, "as we use ours");
	usbfs_close(&usb);
	plugged_stop(&other);
	plugged_stop(&named);
}

static void claimed_by_program(void)
{
	struct vreader_options options;
	struct plugged plugged;
	char name[64];

	plugged_options(&options);
	if (!plugged_start_unmatched(&plugged, &options))
		return;
	tap_ok(usbfs_open(&usb, plugged.bus_port) == 0 && usbfs_claim(&usb) == 0, "a program has a reader");
	plugged_match("add", plugged.bus_port);
	tap_ok(driven_by(&plugged, "usbfs"), "an interface that a program claimed is not taken from it");
	tap_ok(usbfs_command(&usb, 0x62, 0, 3, NULL, 0) == 0 && usb.answer[7] == 0, "which goes on with it");
	tap_ok(usbfs_release(&usb) == 0 && !*plugged_driver(plugged.bus_port, name),
	       "when it lets go, nobody has it");
	usbfs_close(&usb);
	tap_ok(plugged_match("add", plugged.bus_port) == 0 && driven_by(&plugged, "euicc_ccid"),
	       "naming the port again takes it");
	plugged_stop(&plugged);
}

static void del(void)
{
	struct vreader_options options;
	struct euicc_event event;
	struct plugged plugged;
	char interface[64];

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R");
	device_expect(plugged_match("del", plugged.bus_port), 0, "del of a port in use");
	tap_ok(driven_by(&plugged, ""), "the reader is free");
	tap_ok(device_event(plugged.fd, &event) == 0 && event.type == EUICC_EVENT_GONE,
	       "who had it open hears of it");
	device_expect(device_isdr_channel(plugged.fd), -ENODEV, "and can do nothing more");
	device_expect(plugged_match("del", plugged.bus_port), -ENOENT, "del of what is not there");
	snprintf(interface, sizeof(interface), "%s:1.0", plugged.bus_port);
	tap_ok(plugged_match("add", interface) == 0 && driven_by(&plugged, "euicc_ccid"),
	       "an interface can be named");
	tap_ok(plugged_match("del", interface) == 0 && driven_by(&plugged, ""), "and let go");
	plugged_stop(&plugged);
}

static void nonsense(void)
{
	static const char *const lines[] = {
		"", "\n", "add", "add ", "add -1", "add 1-", "add 1-1.", "add 1-1:", "add 1-1:1", "add 1-1:1.",
		"add 1-1:1.0 x", "add ../../x", "drop 1-1", "ADD 1-1", "add 1-1\n1-2",
		"add 1-1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1",
	};
	char list[4096];
	bool refused = true;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int r = plugged_write(MATCH, lines[i]);

		if (r != -EINVAL && lines[i][0]) {
			tap_note("\"%s\": %d", lines[i], r);
			refused = false;
		}
	}
	tap_ok(refused, "what is no port is EINVAL");
	tap_ok(!plugged_read(MATCH, list, sizeof(list)) && !list[0], "and is not kept");
}

/* Readers that only a library can drive are refused, and left for it. */
static void refused(void)
{
	static const struct {
		const char *name;
		struct vreader_options options;
	} kinds[] = {
		{ "a reader of T=1 alone", { .protocols = 2 } },
		{ "a reader of character level", { .level = VREADER_CHARACTER } },
		{ "a reader whose messages have no room", { .max_message = 11 } },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct vreader_options options;
		struct plugged plugged;
		struct veuicc_options card;

		plugged_options(&options);
		card = options.card;
		options = kinds[i].options;
		options.card = card;
		if (!plugged_start(&plugged, &options))
			continue;
		tap_ok(plugged.minor < 0 && driven_by(&plugged, ""), "%s is refused", kinds[i].name);
		tap_ok(vreader_stat(plugged.reader, "commands") == 0, "%s: without a byte sent", kinds[i].name);
		plugged_stop(&plugged);
	}
}

void reader_binding_cases(void)
{
	nonsense();
	unnamed_ports();
	claimed_by_program();
	del();
	refused();
}
