/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least that a program needs to speak CCID by libusb: a write and a read for each block. */
#include "bench/vm/vm_bench.h"
#include "vm/device.h"
#include "vm/tap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <euicc/ccid.h>
#include <libusb-1.0/libusb.h>

#define TIMEOUT_MS	60000
#define POWER_5V	1	/* bPowerSelect */
#define MESSAGE_MAX	(CCID_HEADER_SIZE + 261)

static libusb_context *usb;
static libusb_device_handle *handle;
static uint8_t out_endpoint, in_endpoint, seq;

static bool find_endpoints(libusb_device *device)
{
	struct libusb_config_descriptor *config;

	if (libusb_get_active_config_descriptor(device, &config))
		return false;
	for (int i = 0; i < config->interface[0].altsetting[0].bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *e =
			&config->interface[0].altsetting[0].endpoint[i];

		if ((e->bmAttributes & 3) != LIBUSB_TRANSFER_TYPE_BULK)
			continue;
		if (e->bEndpointAddress & 0x80)
			in_endpoint = e->bEndpointAddress;
		else
			out_endpoint = e->bEndpointAddress;
	}
	libusb_free_config_descriptor(config);
	return in_endpoint && out_endpoint;
}

/* A command and its answer: bytes of the answer in @data, or -1. */
static int exchange(uint8_t type, const uint8_t *payload, size_t len, uint8_t *data)
{
	struct ccid_header header = { .type = type, .length = (uint32_t)len };
	uint8_t message[MESSAGE_MAX];
	struct ccid_answer answer;
	enum ccid_verdict verdict;
	int moved;

	header.seq = ++seq;
	if (type == CCID_ICC_POWER_ON)
		header.specific[0] = POWER_5V;
	ccid_header_put(message, &header);
	if (len)
		memcpy(message + CCID_HEADER_SIZE, payload, len);
	if (libusb_bulk_transfer(handle, out_endpoint, message, (int)(CCID_HEADER_SIZE + len), &moved,
				 TIMEOUT_MS))
		return -1;
	do {
		if (libusb_bulk_transfer(handle, in_endpoint, message, sizeof(message), &moved, TIMEOUT_MS))
			return -1;
		verdict = ccid_answer_get(message, (size_t)moved, CCID_DATA_BLOCK, 0, seq, &answer);
	} while (verdict == CCID_VERDICT_EXTENSION || verdict == CCID_VERDICT_FOREIGN);
	if (verdict != CCID_VERDICT_OK)
		return -1;
	memcpy(data, answer.data, answer.len);
	return (int)answer.len;
}

static bool is_answered(const uint8_t *apdu, size_t len, uint8_t sw1)
{
	uint8_t data[MESSAGE_MAX];
	int got = exchange(CCID_XFR_BLOCK, apdu, len, data);

	return got >= 2 && data[got - 2] == sw1;
}

static bool select_isdr(void)
{
	uint8_t apdu[22] = { 0x00, 0xA4, 0x04, 0x00, 16 }, data[MESSAGE_MAX];

	memcpy(apdu + 5, device_isdr, sizeof(device_isdr));
	return exchange(CCID_ICC_POWER_ON, NULL, 0, data) > 0 && is_answered(apdu, sizeof(apdu), 0x90);
}

static bool open_libusb(const char *bus_port)
{
	libusb_device **list = NULL;
	ssize_t count;
	uint8_t bus = 0, port = 0;
	bool ok = false;
	int rc;

	if (libusb_init(&usb))
		return false;
	sscanf(bus_port, "%hhu-%hhu", &bus, &port);
	count = libusb_get_device_list(usb, &list);
	for (ssize_t i = 0; i < count && !ok; i++)
		ok = libusb_get_bus_number(list[i]) == bus && libusb_get_port_number(list[i]) == port &&
		     find_endpoints(list[i]) && !libusb_open(list[i], &handle);
	libusb_free_device_list(list, 1);
	if (!ok) {
		tap_note("libusb: no reader at %s among %zd devices", bus_port, count);
		return false;
	}
	rc = libusb_claim_interface(handle, 0);
	if (rc)
		tap_note("libusb: the interface cannot be had: %s", libusb_error_name(rc));
	else if (!select_isdr())
		tap_note("libusb: the card does not answer");
	else
		return true;
	return false;
}

static bool unit(void)
{
	uint8_t apdu[BENCH_BLOCK];

	for (unsigned i = 0; i < BENCH_UNIT; i++) {
		bench_block(apdu, i);
		if (!is_answered(apdu, sizeof(apdu), 0x90))
			return false;
	}
	return true;
}

static void close_libusb(void)
{
	if (handle) {
		libusb_release_interface(handle, 0);
		libusb_close(handle);
	}
	libusb_exit(usb);
	handle = NULL;
}

const struct bench_client bench_libusb = {
	.name = "libusb, CCID in the program", .open = open_libusb, .unit = unit, .close = close_libusb,
};
