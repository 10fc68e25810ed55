/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int device_open(const char *path)
{
	struct euicc_info info;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK), r;

	if (fd < 0)
		return errno == ENOENT || errno == ENXIO || errno == ENOTDIR ? -ENODEV : -errno;
	/* Whatever else has this name is no device of ours. */
	r = device_info(fd, &info);
	if (!r)
		return fd;
	close(fd);
	return r == -ENOTTY ? -ENODEV : r;
}

int device_info(int fd, struct euicc_info *ret)
{
	return ioctl(fd, EUICC_GET_INFO, ret) ? -errno : 0;
}

int device_open_channel(int fd, struct euicc_open_channel *args)
{
	if (ioctl(fd, EUICC_OPEN_CHANNEL, args) == 0)
		return 0;
	return errno == ENOENT ? -ESRCH : -errno;
}

int device_transmit(int fd, const uint8_t *command, size_t len, uint8_t *response, size_t *ret_len,
		    uint16_t *ret_sw)
{
	struct euicc_xfer_entry entry = { .command_len = (uint32_t)len };
	struct euicc_xfer xfer = {
		.entries = (uintptr_t)&entry,
		.entry_count = 1,
		.commands = (uintptr_t)command,
		.commands_len = (uint32_t)len,
		.responses = (uintptr_t)response,
		.responses_size = EUICC_AREA_MAX,
	};

	if (ioctl(fd, EUICC_XFER, &xfer))
		return -errno;
	if (entry.status)
		return entry.status;
	*ret_len = entry.response_len;
	*ret_sw = entry.sw;
	return 0;
}

int device_reset(int fd, uint32_t kind)
{
	struct euicc_reset args = { .kind = kind };

	return ioctl(fd, EUICC_RESET, &args) ? -errno : 0;
}

int device_event(int fd, struct euicc_event *ret)
{
	ssize_t n = read(fd, ret, sizeof(*ret));

	if (n < 0)
		return -errno;
	return n == sizeof(*ret) ? 0 : -EIO;
}
