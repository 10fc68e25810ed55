/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OPEN_CHANNEL: what it gives, what it refuses, and that channels come back. */
#include "selftest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* More than a card has. */
#define ROUNDS 24

static void test_open(const struct selftest *t)
{
	int fd = selftest_open(t, 0);
	struct euicc_open_channel args;
	struct euicc_info info;

	device_expect(device_channel(fd, device_isdr, sizeof(device_isdr), 0, &args), 0,
		      "OPEN_CHANNEL: the ISD-R is selected");
	tap_ok(args.sw == 0x9000 || args.sw >> 8 == 0x91 || (args.sw >> 8 & 0xFE) == 0x62,
	       "OPEN_CHANNEL: the status word is a good one (%04X)", args.sw);
	if (t->info.features & EUICC_FEATURE_FCI)
		tap_ok(args.fci_len >= 2 && args.fci_len <= EUICC_FCI_MAX && args.fci[0] == 0x6F,
		       "OPEN_CHANNEL: the FCI is given");
	tap_ok(args.generation > 0 && device_info(fd, &info) == 0 &&
	       info.generation == args.generation && info.card_state == EUICC_CARD_ON,
	       "OPEN_CHANNEL: the channel belongs to the card session that GET_INFO tells");
	tap_ok((t->info.features & EUICC_FEATURE_OWNED) || info.atr_len >= 2, "the ATR is known now");
	device_expect(device_channel(fd, device_isdr, sizeof(device_isdr), 0, NULL), -EBUSY,
		      "OPEN_CHANNEL: a file has one channel");
	tap_ok(selftest_works(fd, &get_eid), "ES10c.GetEID answers");
	tap_ok(selftest_works(fd, &get_info1), "ES10b.GetEUICCInfo1 answers");
	tap_ok(selftest_works(fd, &get_info2), "ES10b.GetEUICCInfo2 answers");
	close(fd);
}

static void test_unknown_application(const struct selftest *t)
{
	static const uint8_t nobody[] = { 0xF0, 0x43, 0x6F, 0x72, 0x65, 0x65, 0x53, 0x49, 0x4D, 0x00 };
	struct euicc_open_channel args;
	int fd = selftest_open(t, 0), r;

	r = device_channel(fd, nobody, sizeof(nobody), 0, &args);
	tap_ok(r == -ENOENT || r == -EREMOTEIO, "OPEN_CHANNEL: an unknown application is refused");
	tap_ok(r != -ENOENT || args.sw == 0x6A82, "OPEN_CHANNEL: ENOENT is 6A82");
	device_expect(device_apdu(fd, get_eid.bytes, get_eid.len, NULL, 0, NULL, NULL), -ENOTCONN,
		      "XFER: no channel is left of an OPEN_CHANNEL that failed");
	device_expect(device_isdr_channel(fd), 0,
		      "OPEN_CHANNEL: after a failure the file takes another application");
	close(fd);
}

static void test_channels_come_back(const struct selftest *t)
{
	int fd = 0, round;

	for (round = 0; round < ROUNDS && fd >= 0; round++) {
		fd = selftest_open_isdr(t);
		if (fd >= 0)
			close(fd);
	}
	device_expect(fd < 0 ? fd : 0, 0, "channels come back: %d opened one after the other", ROUNDS);
}

/* Needs no card: the call is refused before anything goes there. */
static void test_arguments(const struct selftest *t)
{
	static const struct {
		const char *what;
		struct euicc_open_channel args;
		int want;
	} cases[] = {
		{ "a long AID", { .aid_len = EUICC_AID_MAX + 1 }, -EINVAL },
		{ "P2 05", { .p2 = 0x05 }, -EINVAL },
		{ "an unknown flag", { .flags = 1U << 31 }, -EINVAL },
		{ "a reserved field", { .reserved = { [4] = 1 } }, -EINVAL },
		{ "a timeout beyond the most", { .timeout_ms = EUICC_TIMEOUT_MAX + 1 }, -EINVAL },
		{ "BASIC with an AID", { .flags = EUICC_OPEN_BASIC, .aid_len = 5 }, -EINVAL },
		{ "BASIC with P2", { .flags = EUICC_OPEN_BASIC, .p2 = 0x04 }, -EINVAL },
	};
	int fd = selftest_open(t, 0);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct euicc_open_channel args = cases[i].args;

		device_expect(device_ioctl(fd, EUICC_OPEN_CHANNEL, &args), cases[i].want,
			      "OPEN_CHANNEL: %s is refused", cases[i].what);
	}
	device_expect(device_ioctl(fd, EUICC_OPEN_CHANNEL, (void *)8), -EFAULT,
		      "OPEN_CHANNEL: arguments that cannot be read are EFAULT");
	close(fd);
}

void selftest_channel(const struct selftest *t)
{
	test_arguments(t);
	test_open(t);
	test_unknown_application(t);
	test_channels_come_back(t);
}
