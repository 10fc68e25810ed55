/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A channel of the kernel's eUICC device to be given away: see esim_kdev_open_channel(). */
#include "kdev_error.h"

#include <esim/limits.h>
#include <esim/transport.h>

#include <linux/euicc.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MIN_AID 5	/* ISO/IEC 7816-4, 8.2.1.2: a registered application provider and something of its own */

static int open_device(const char *path, struct esim_error *err)
{
	struct euicc_info info;
	int fd, failure;

	do
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return kdev_error_open(err, path, errno);
	if (!ioctl(fd, EUICC_GET_INFO, &info))
		return fd;
	failure = errno;
	close(fd);
	if (failure == ENODEV)
		return kdev_error_open(err, path, failure);
	return esim_error_set(err, ESIM_ENOTSUP, "%s is no eUICC device of the kernel's", path);
}

int esim_kdev_open_channel(const char *path, struct esim_slice aid, int *ret_fd, struct esim_error *err)
{
	struct euicc_open_channel args = { .timeout_ms = ESIM_DEFAULT_APDU_TIMEOUT_MS };
	int fd, r;

	/* An empty one would be the card's default application, whatever that is. */
	if (aid.len < MIN_AID || aid.len > sizeof(args.aid))
		return esim_error_set(err, ESIM_EINVAL, "an AID has %d to %zu bytes", MIN_AID,
				      sizeof(args.aid));
	memcpy(args.aid, aid.data, aid.len);
	args.aid_len = (uint8_t)aid.len;
	fd = open_device(path, err);
	if (fd < 0)
		return fd;
	do
		r = ioctl(fd, EUICC_OPEN_CHANNEL, &args) < 0 ? errno : 0;
	while (r == EINTR && args.sw == 0);
	if (!r) {
		*ret_fd = fd;
		return 0;
	}
	close(fd);
	return kdev_error_channel(err, r, args.sw);
}
