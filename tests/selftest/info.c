/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET_INFO, events that are not there, and numbers that do not exist. */
#include "selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static bool is_zero(const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((const uint8_t *)bytes)[i])
			return false;
	return true;
}

static void test_fields(const struct selftest *t)
{
	const struct euicc_info *info = &t->info;

	tap_ok(info->card_state <= EUICC_CARD_MUTE, "GET_INFO: the card's state is a known one");
	tap_ok(info->protocol <= EUICC_PROTOCOL_T1 || info->protocol == EUICC_PROTOCOL_NONE,
	       "GET_INFO: the protocol is a known one");
	tap_ok(info->max_batch >= 1 && info->max_batch <= EUICC_BATCH_MAX,
	       "GET_INFO: a batch has 1 to %d entries", EUICC_BATCH_MAX);
	tap_ok(info->max_command >= 5 && info->max_response >= 1,
	       "GET_INFO: commands and answers have room");
	tap_ok((info->max_command > 261) <= !!(info->features & EUICC_FEATURE_EXTENDED),
	       "GET_INFO: commands are long only with the feature for it");
	tap_ok(info->atr_len <= EUICC_ATR_MAX &&
	       is_zero(info->atr + info->atr_len, sizeof(info->atr) - info->atr_len),
	       "GET_INFO: the ATR fits, and what is behind it is zero");
	tap_ok(memchr(info->transport, 0, sizeof(info->transport)) && info->transport[0] &&
	       memchr(info->name, 0, sizeof(info->name)), "GET_INFO: the names end, and are there");
	tap_ok(is_zero(info->reserved, sizeof(info->reserved)) &&
	       is_zero(info->reserved1, sizeof(info->reserved1)), "GET_INFO: what is reserved is zero");
}

static void test_numbers(int fd)
{
	static char room[1024];

	device_expect(device_ioctl(fd, _IO(EUICC_IOC_MAGIC, 0x7F), NULL), -ENOTTY,
		      "an unknown number is refused");
	device_expect(device_ioctl(fd, _IOWR(EUICC_IOC_MAGIC, 0x02, char), room), -ENOTTY,
		      "a known number with another size is refused");
	device_expect(device_ioctl(fd, EUICC_PROXY_NEW_DEV, room), -ENOTTY,
		      "the proxy's number is refused");
	device_expect(device_ioctl(fd, EUICC_GET_INFO, (void *)8), -EFAULT,
		      "GET_INFO to where nothing can be written is EFAULT");
}

static void test_no_events(int fd)
{
	struct euicc_event event;
	char byte;

	tap_ok(read(fd, &byte, sizeof(byte)) < 0 && errno == EINVAL,
	       "read: a buffer shorter than an event is EINVAL");
	tap_ok(device_poll(fd, POLLIN, 0) == 0, "poll: a new file has no events");
	tap_ok(read(fd, &event, sizeof(event)) < 0 && errno == EAGAIN,
	       "read: no event and O_NONBLOCK is EAGAIN");
}

void selftest_info(const struct selftest *t)
{
	int fd = selftest_open(t, O_NONBLOCK);
	struct euicc_info again;

	test_fields(t);
	test_numbers(fd);
	test_no_events(fd);
	tap_ok(device_info(fd, &again) == 0 && again.generation == t->info.generation,
	       "GET_INFO does not power the card");
	close(fd);
}
