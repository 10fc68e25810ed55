/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A USB reader driven from a program; see usbfs.h. */
#include "vm/usbfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HEADER		10
#define XFR_BLOCK	0x6F
#define EP_INTERRUPT	0x81
#define EP_IN		0x82
#define EP_OUT		0x03
#define ANSWER_MS	30000

static int call(struct usbfs *usb, unsigned long request, void *argument)
{
	int r = ioctl(usb->fd, request, argument);

	return r < 0 ? -errno : r;
}

static int number(const char *bus_port, const char *attribute)
{
	char path[128];
	int n = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/%s", bus_port, attribute);
	file = fopen(path, "re");
	if (file) {
		if (fscanf(file, "%d", &n) != 1)
			n = -1;
		fclose(file);
	}
	return n;
}

int usbfs_open(struct usbfs *usb, const char *bus_port)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d", number(bus_port, "busnum"),
		 number(bus_port, "devnum"));
	usb->seq = 0;
	usb->answer_len = 0;
	usb->fd = open(path, O_RDWR | O_CLOEXEC);
	return usb->fd < 0 ? -errno : 0;
}

void usbfs_close(struct usbfs *usb)
{
	if (usb->fd >= 0)
		close(usb->fd);
	usb->fd = -1;
}

int usbfs_claim(struct usbfs *usb)
{
	return call(usb, USBDEVFS_CLAIMINTERFACE, &(unsigned int){ 0 });
}

int usbfs_release(struct usbfs *usb)
{
	return call(usb, USBDEVFS_RELEASEINTERFACE, &(unsigned int){ 0 });
}

int usbfs_reset(struct usbfs *usb)
{
	return call(usb, USBDEVFS_RESET, NULL);
}

int usbfs_clear_halt(struct usbfs *usb, uint8_t endpoint)
{
	return call(usb, USBDEVFS_CLEAR_HALT, &(unsigned int){ endpoint });
}

int usbfs_abort(struct usbfs *usb, uint8_t slot, uint8_t seq)
{
	struct usbdevfs_ctrltransfer request = {
		.bRequestType = 0x21,
		.bRequest = 1,
		.wValue = (uint16_t)(seq << 8 | slot),
		.timeout = ANSWER_MS,
	};

	return call(usb, USBDEVFS_CONTROL, &request);
}

/* Longer ones in pieces that usbfs takes; whole packets all but the last. */
int usbfs_write(struct usbfs *usb, const void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		size_t n = len - done < 16384 ? len - done : 16384;
		struct usbdevfs_bulktransfer transfer = {
			.ep = EP_OUT,
			.len = (unsigned int)n,
			.timeout = ANSWER_MS,
			.data = (uint8_t *)data + done,
		};
		int r = call(usb, USBDEVFS_BULK, &transfer);

		if (r < 0)
			return r;
		done += n;
	}
	return 0;
}

static int read_pipe(struct usbfs *usb, uint8_t endpoint, void *data, size_t size, unsigned int ms)
{
	struct usbdevfs_bulktransfer transfer = {
		.ep = endpoint,
		.len = (unsigned int)size,
		.timeout = ms,
		.data = data,
	};

	return call(usb, USBDEVFS_BULK, &transfer);
}

int usbfs_read(struct usbfs *usb, unsigned int ms)
{
	int r = read_pipe(usb, EP_IN, usb->answer, USBFS_MAX_MESSAGE / 512 * 512, ms);

	usb->answer_len = r < 0 ? 0 : (size_t)r;
	return r < 0 ? r : 0;
}

int usbfs_interrupt(struct usbfs *usb, void *data, size_t size, unsigned int ms)
{
	return read_pipe(usb, EP_INTERRUPT, data, size, ms);
}

int usbfs_send(struct usbfs *usb, uint8_t type, uint8_t slot, uint16_t level, const void *data,
	       size_t len)
{
	static uint8_t message[USBFS_MAX_MESSAGE];

	if (len > sizeof(message) - HEADER)
		return -EMSGSIZE;
	memset(message, 0, HEADER);
	message[0] = type;
	for (int i = 0; i < 4; i++)
		message[1 + i] = (uint8_t)(len >> 8 * i);
	message[5] = slot;
	message[6] = ++usb->seq;
	if (type == XFR_BLOCK) {
		message[8] = (uint8_t)level;
		message[9] = (uint8_t)(level >> 8);
	} else {
		message[7] = (uint8_t)level;
	}
	if (len)
		memcpy(message + HEADER, data, len);
	return usbfs_write(usb, message, HEADER + len);
}

int usbfs_command(struct usbfs *usb, uint8_t type, uint8_t slot, uint16_t level, const void *data,
		  size_t len)
{
	int r = usbfs_send(usb, type, slot, level, data, len);

	return r ? r : usbfs_read(usb, ANSWER_MS);
}

bool usbfs_block_is(struct usbfs *usb, const void *data, size_t len, const void *want,
		    size_t want_len)
{
	return usbfs_command(usb, XFR_BLOCK, 0, 0, data, len) == 0 &&
	       usb->answer_len == HEADER + want_len && usb->answer[0] == 0x80 &&
	       usb->answer[6] == usb->seq && usb->answer[7] == 0 &&
	       !memcmp(usb->answer + HEADER, want, want_len);
}
