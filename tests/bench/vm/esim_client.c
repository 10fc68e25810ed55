/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libesim's transports: what a program that uses the library pays beside. */
#include "bench/vm/vm_bench.h"
#include "vm/device.h"
#include "vm/tap.h"

#include <stdio.h>
#include <string.h>

#include <esim/transport.h>

#define TIMEOUT_MS	60000

static struct esim_transport *transport;
static struct esim_buf answer;

static bool is_answered(const uint8_t *apdu, size_t len, struct esim_error *err)
{
	esim_buf_reset(&answer);
	return !esim_transport_transmit(transport, (struct esim_slice){ apdu, len }, &answer, TIMEOUT_MS,
					err) &&
	       answer.len >= 2 && answer.data[answer.len - 2] == 0x90;
}

static bool open_uri(const char *uri)
{
	uint8_t select[22] = { 0x00, 0xA4, 0x04, 0x00, 16 };
	struct esim_error err = { 0 };

	memcpy(select + 5, device_isdr, sizeof(device_isdr));
	if (!esim_transport_open(uri, &transport, &err) && is_answered(select, sizeof(select), &err))
		return true;
	tap_note("%s: %s", uri, err.message);
	return false;
}

static bool open_usb(const char *bus_port)
{
	char uri[64];

	snprintf(uri, sizeof(uri), "usb:%s", bus_port);
	return open_uri(uri);
}

static bool open_pcsc(const char *bus_port)
{
	(void)bus_port;
	return bench_pcscd_start() && open_uri("pcsc:");
}

static bool unit(void)
{
	struct esim_error err = { 0 };
	uint8_t apdu[BENCH_BLOCK];

	for (unsigned i = 0; i < BENCH_UNIT; i++) {
		bench_block(apdu, i);
		if (!is_answered(apdu, sizeof(apdu), &err)) {
			tap_note("%s", err.message);
			return false;
		}
	}
	return true;
}

static void close_transport(void)
{
	esim_transport_free(&transport);
	esim_buf_free(&answer);
}

static void close_pcsc(void)
{
	close_transport();
	bench_pcscd_stop();
}

const struct bench_client bench_esim_usb = {
	.name = "libesim, usb:", .program = true, .open = open_usb, .unit = unit, .close = close_transport,
};

const struct bench_client bench_esim_pcsc = {
	.name = "libesim, pcsc:", .open = open_pcsc, .unit = unit, .close = close_pcsc, .server = bench_pcscd,
};
