/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usbccid(3): a reader driven by the program. */
#include "bench/vm/vm_bench.h"
#include "vm/device.h"
#include "vm/tap.h"

#include <string.h>

#include <usbccid.h>

#define TIMEOUT_MS	60000

static struct usbccid *usb;
static struct usbccid_reader *reader;

static bool is_answered(const uint8_t *apdu, size_t len, struct usbccid_error *err)
{
	uint8_t answer[300];
	size_t got = 0;

	return !usbccid_transmit(reader, 0, apdu, len, answer, sizeof(answer), &got, TIMEOUT_MS, err) &&
	       got >= 2 && answer[got - 2] == 0x90;
}

static bool open_usbccid(const char *bus_port)
{
	uint8_t select[22] = { 0x00, 0xA4, 0x04, 0x00, 16 };
	struct usbccid_error err = { 0 };

	memcpy(select + 5, device_isdr, sizeof(device_isdr));
	if (!usbccid_new(&usb, &err) && !usbccid_open(usb, bus_port, NULL, &reader, &err) &&
	    !usbccid_power_on(reader, 0, USBCCID_COLD, TIMEOUT_MS, &err) &&
	    is_answered(select, sizeof(select), &err))
		return true;
	tap_note("usbccid: %s", err.message);
	return false;
}

static bool unit(void)
{
	struct usbccid_error err = { 0 };
	uint8_t apdu[BENCH_BLOCK];

	for (unsigned i = 0; i < BENCH_UNIT; i++) {
		bench_block(apdu, i);
		if (!is_answered(apdu, sizeof(apdu), &err)) {
			tap_note("usbccid: %s", err.message);
			return false;
		}
	}
	return true;
}

static void close_usbccid(void)
{
	usbccid_close(&reader);
	usbccid_free(&usb);
}

const struct bench_client bench_usbccid = {
	.name = "usbccid", .program = true, .open = open_usbccid, .unit = unit, .close = close_usbccid,
};
