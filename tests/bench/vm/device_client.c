/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/euiccN: a block a call, and a batch a call. */
#include "bench/vm/vm_bench.h"
#include "vm/churn_reader.h"
#include "vm/device.h"
#include "vm/tap.h"

#include <string.h>
#include <unistd.h>

static int fd = -1;
static struct device_batch *batch;

static bool open_device(const char *bus_port)
{
	int minor, r;

	if (!churn_port_match(bus_port) || (minor = churn_port_minor(bus_port)) < 0)
		return false;
	fd = device_open((unsigned)minor, 0);
	r = fd < 0 ? fd : device_isdr_channel(fd);
	if (r)
		tap_note("/dev/euicc%d: %s", minor, strerror(-r));
	batch = device_batch_new();
	return !r;
}

static void close_device(void)
{
	close(fd);
	device_batch_free(batch);
}

static bool send_batch(unsigned first, unsigned count)
{
	uint8_t apdu[BENCH_BLOCK];

	device_batch_clear(batch);
	for (unsigned i = 0; i < count; i++) {
		bench_block(apdu, first + i);
		device_batch_add(batch, apdu, sizeof(apdu));
	}
	if (device_batch_run(fd, batch))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (batch->entries[i].status || batch->entries[i].sw != 0x9000)
			return false;
	return true;
}

static bool unit_single(void)
{
	for (unsigned i = 0; i < BENCH_UNIT; i++)
		if (!send_batch(i, 1))
			return false;
	return true;
}

static bool unit_batch(void)
{
	return send_batch(0, BENCH_UNIT);
}

const struct bench_client bench_device_single = {
	.name = "XFER, a block a call", .kernel = true,
	.open = open_device, .unit = unit_single, .close = close_device,
};
const struct bench_client bench_device_batch = {
	.name = "XFER, 64 blocks a call", .kernel = true,
	.open = open_device, .unit = unit_batch, .close = close_device,
};
