/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data URBs of one device, from usbmon's ring (Documentation/usb/usbmon.rst, binary API). */
#include "bench/vm/vm_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RING_BYTES	(1024 * 1024)
#define XFER_BULK	3

struct mon_header {
	uint64_t id;
	uint8_t type, xfer_type, epnum, devnum;
	uint16_t busnum;
	char flag_setup, flag_data;
	int64_t ts_sec;
	int32_t ts_usec, status;
	uint32_t length, len_cap;
	uint8_t rest[24];
};

struct mon_get {
	struct mon_header *header;
	void *data;
	size_t size;
};

struct mon_stats {
	uint32_t queued, dropped;
};

#define MON_STATS	_IOR(0x92, 3, struct mon_stats)
#define MON_RING_SIZE	_IO(0x92, 4)
#define MON_GET		_IOW(0x92, 10, struct mon_get)

static int fd = -1;
static uint8_t device;
static uint64_t sent_us, answered_us;	/* of the block under way, of the last; 0: none */

bool bench_usbmon_open(const char *bus_port)
{
	char path[64], text[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%.31s/devnum", bus_port);
	file = fopen(path, "re");
	if (!file || !fgets(text, sizeof(text), file))
		text[0] = '\0';
	if (file)
		fclose(file);
	device = (uint8_t)atoi(text);
	snprintf(path, sizeof(path), "/dev/usbmon%d", atoi(bus_port));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && device && !ioctl(fd, MON_RING_SIZE, RING_BYTES);
}

static void take(const struct mon_header *header, struct bench_urbs *urbs)
{
	uint64_t now = (uint64_t)header->ts_sec * 1000000 + (uint64_t)header->ts_usec;

	if (header->devnum != device || header->xfer_type != XFER_BULK)
		return;
	if (header->type == 'S' && !(header->epnum & 0x80)) {
		urbs->out++;
		sent_us = now;
		if (answered_us && urbs->gap_count < urbs->gap_room)
			urbs->gaps_us[urbs->gap_count++] = (uint32_t)(now - answered_us);
	} else if (header->type == 'C' && header->epnum & 0x80) {
		urbs->in++;
		if (sent_us)
			urbs->inside_us += now - sent_us;
		answered_us = now;
	}
}

bool bench_usbmon_drain(struct bench_urbs *urbs)
{
	struct bench_urbs none = { 0 };
	struct mon_stats stats = { 0 };
	struct mon_header header;
	struct mon_get get = { .header = &header };

	answered_us = sent_us = 0;
	while (!ioctl(fd, MON_GET, &get))
		take(&header, urbs ? urbs : &none);
	return errno == EWOULDBLOCK && !ioctl(fd, MON_STATS, &stats) && !stats.dropped;
}

void bench_usbmon_close(void)
{
	if (fd >= 0)
		close(fd);
	fd = -1;
}
