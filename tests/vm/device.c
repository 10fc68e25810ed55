/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vm/tap.h"

const uint8_t device_isdr[16] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
				  0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };

int device_open(unsigned int minor, int flags)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/euicc%u", minor);
	fd = open(path, O_RDWR | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

int device_ioctl(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

int device_info(int fd, struct euicc_info *info)
{
	return device_ioctl(fd, EUICC_GET_INFO, info);
}

int device_channel(int fd, const void *aid, size_t aid_len, uint32_t flags,
		   struct euicc_open_channel *ret)
{
	struct euicc_open_channel args = { .aid_len = (uint8_t)aid_len, .flags = flags };
	int r;

	if (aid_len > 0)
		memcpy(args.aid, aid, aid_len);
	r = device_ioctl(fd, EUICC_OPEN_CHANNEL, &args);
	if (ret)
		*ret = args;
	return r;
}

int device_isdr_channel(int fd)
{
	return device_channel(fd, device_isdr, sizeof(device_isdr), 0, NULL);
}

int device_cancel(int fd)
{
	return device_ioctl(fd, EUICC_CANCEL, NULL);
}

int device_reset(int fd, uint32_t kind, uint32_t flags, uint32_t *ret_generation)
{
	struct euicc_reset args = { .kind = kind, .flags = flags };
	int r = device_ioctl(fd, EUICC_RESET, &args);

	if (ret_generation)
		*ret_generation = args.generation;
	return r;
}

int device_apdu(int fd, const void *command, size_t len, void *response, size_t size,
		size_t *ret_len, uint16_t *ret_sw)
{
	struct euicc_xfer_entry entry = { .command_len = (uint32_t)len };
	struct euicc_xfer xfer = {
		.entries = (uintptr_t)&entry,
		.commands = (uintptr_t)command,
		.responses = (uintptr_t)response,
		.entry_count = 1,
		.commands_len = (uint32_t)len,
		.responses_size = (uint32_t)size,
	};
	int r = device_ioctl(fd, EUICC_XFER, &xfer);

	if (r == 0)
		r = entry.status;
	if (r < 0)
		return r;
	if (ret_len)
		*ret_len = entry.response_len;
	if (ret_sw)
		*ret_sw = entry.sw;
	return 0;
}

static const char *errno_name(int r)
{
	const char *name = strerrorname_np(-r);

	return r == 0 ? "0" : name ? name : "?";
}

bool device_expect(int got, int want, const char *name_format, ...)
{
	char name[160];
	va_list ap;

	va_start(ap, name_format);
	vsnprintf(name, sizeof(name), name_format, ap);
	va_end(ap);
	if (got == want)
		return tap_ok(true, "%s", name);
	tap_fail(name, "%s (%d), not %s", errno_name(got), got, errno_name(want));
	return false;
}

void device_capability(unsigned int capability, bool effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t bit = 1u << (capability % 32);

	if (syscall(SYS_capget, &header, data) < 0)
		goto fail;
	if (effective)
		data[capability / 32].effective |= bit;
	else
		data[capability / 32].effective &= ~bit;
	if (syscall(SYS_capset, &header, data) == 0)
		return;
fail:
	perror("capabilities");
	_exit(1);
}

struct device_batch *device_batch_new(void)
{
	struct device_batch *batch = malloc(sizeof(*batch));

	if (!batch) {
		perror("device_batch_new");
		_exit(1);
	}
	device_batch_clear(batch);
	return batch;
}

void device_batch_free(struct device_batch *batch)
{
	free(batch);
}

void device_batch_clear(struct device_batch *batch)
{
	memset(batch, 0, sizeof(*batch));
	batch->xfer.entries = (uintptr_t)batch->entries;
	batch->xfer.commands = (uintptr_t)batch->commands;
	batch->xfer.responses = (uintptr_t)batch->responses;
	batch->xfer.responses_size = sizeof(batch->responses);
}

struct euicc_xfer_entry *device_batch_add(struct device_batch *batch, const void *command,
					  size_t len)
{
	struct euicc_xfer *xfer = &batch->xfer;
	struct euicc_xfer_entry *entry;

	if (xfer->entry_count >= EUICC_BATCH_MAX || len > sizeof(batch->commands) - xfer->commands_len) {
		fprintf(stderr, "device_batch_add: the batch is full\n");
		_exit(1);
	}
	entry = &batch->entries[xfer->entry_count++];
	entry->command_offset = xfer->commands_len;
	entry->command_len = (uint32_t)len;
	memcpy(batch->commands + xfer->commands_len, command, len);
	xfer->commands_len += (uint32_t)len;
	return entry;
}

int device_batch_run(int fd, struct device_batch *batch)
{
	return device_ioctl(fd, EUICC_XFER, &batch->xfer);
}

const uint8_t *device_batch_response(const struct device_batch *batch, unsigned int index)
{
	return batch->responses + batch->entries[index].response_offset;
}

short device_poll(int fd, short events, int ms)
{
	struct pollfd pollfd = { .fd = fd, .events = events };

	return poll(&pollfd, 1, ms) > 0 ? pollfd.revents : 0;
}

int device_event(int fd, struct euicc_event *event)
{
	ssize_t n;

	if (!device_poll(fd, POLLIN, DEVICE_WAIT_MS))
		return -ETIMEDOUT;
	n = read(fd, event, sizeof(*event));
	if (n < 0)
		return -errno;
	return n == sizeof(*event) ? 0 : -EIO;
}
