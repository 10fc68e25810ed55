/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What XFER and the privileged calls refuse before anything is sent. */
#include "selftest.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What may not go down a channel to an application. */
static void test_commands(int fd)
{
	static const struct {
		const char *what;
		uint8_t bytes[8];
		size_t len;
		int want;
	} cases[] = {
		{ "a class byte with channel 1", { 0x81, 0xE2, 0x91, 0x00 }, 4, -EPERM },
		{ "a class byte with channel 4", { 0xC0, 0xE2, 0x91, 0x00 }, 4, -EPERM },
		{ "MANAGE CHANNEL", { 0x00, 0x70, 0x00, 0x00, 0x01 }, 5, -EPERM },
		{ "SELECT by AID", { 0x00, 0xA4, 0x04, 0x00 }, 4, -EPERM },
		{ "SELECT by file", { 0x00, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00 }, 7, -EPERM },
		{ "three bytes", { 0x80, 0xE2, 0x91 }, 3, -EINVAL },
		{ "data that is not there", { 0x80, 0xE2, 0x91, 0x00, 0x05, 0x01 }, 6, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		device_expect(device_apdu(fd, cases[i].bytes, cases[i].len, NULL, 0, NULL, NULL),
			      cases[i].want, "XFER: %s is refused", cases[i].what);
}

static void test_file_select(const struct selftest *t)
{
	static const uint8_t by_aid[] = { 0x00, 0xA4, 0x04, 0x00 };
	int fd = selftest_open(t, 0);

	device_expect(device_channel(fd, device_isdr, sizeof(device_isdr), EUICC_OPEN_FILE_SELECT, NULL), 0,
		      "OPEN_CHANNEL: FILE_SELECT is taken");
	device_expect(device_apdu(fd, by_aid, sizeof(by_aid), NULL, 0, NULL, NULL), -EPERM,
		      "XFER: SELECT by AID is refused with FILE_SELECT too");
	close(fd);
}

/* One thing wrong in a batch that is right otherwise. */
struct spoiled {
	const char *what;
	void (*spoil)(struct device_batch *batch);
	int want;
};

static void no_entries(struct device_batch *b) { b->xfer.entry_count = 0; }
static void many_entries(struct device_batch *b) { b->xfer.entry_count = EUICC_BATCH_MAX + 1; }
static void big_commands(struct device_batch *b) { b->xfer.commands_len = EUICC_AREA_MAX + 1; }
static void big_responses(struct device_batch *b) { b->xfer.responses_size = EUICC_AREA_MAX + 1; }
static void flags(struct device_batch *b) { b->xfer.flags = 1; }
static void reserved(struct device_batch *b) { b->xfer.reserved[2] = 1; }
static void entry_flags(struct device_batch *b) { b->entries[1].flags |= 1U << 31; }
static void entry_reserved(struct device_batch *b) { b->entries[1].reserved = 1; }
static void entry_reserved2(struct device_batch *b) { b->entries[1].reserved2 = 1; }
static void entry_timeout(struct device_batch *b) { b->entries[1].timeout_ms = EUICC_TIMEOUT_MAX + 1; }
static void entry_offset(struct device_batch *b) { b->entries[1].command_offset = 0xFFFFFFFC; }
static void entry_len(struct device_batch *b) { b->entries[1].command_len = b->xfer.commands_len; }
static void bad_entries(struct device_batch *b) { b->xfer.entries = 8; }
static void bad_commands(struct device_batch *b) { b->xfer.commands = 8; }
static void bad_responses(struct device_batch *b) { b->xfer.responses = 8; }

static void test_arguments(int fd)
{
	static const struct spoiled cases[] = {
		{ "no entry", no_entries, -EINVAL },
		{ "an entry too many", many_entries, -E2BIG },
		{ "too large a command area", big_commands, -E2BIG },
		{ "too large a response area", big_responses, -E2BIG },
		{ "an unknown flag", flags, -EINVAL },
		{ "a reserved field", reserved, -EINVAL },
		{ "an unknown flag of the second entry", entry_flags, -EINVAL },
		{ "a reserved field of the second entry", entry_reserved, -EINVAL },
		{ "the last field of the second entry", entry_reserved2, -EINVAL },
		{ "a timeout beyond the most", entry_timeout, -EINVAL },
		{ "a command beside its area", entry_offset, -EINVAL },
		{ "a command that ends beside its area", entry_len, -EINVAL },
		{ "entries that cannot be read", bad_entries, -EFAULT },
		{ "commands that cannot be read", bad_commands, -EFAULT },
		{ "answers that cannot be written", bad_responses, -EFAULT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_batch *batch = device_batch_new();

		selftest_add(batch, &get_eid);
		selftest_add(batch, &get_eid);
		cases[i].spoil(batch);
		device_expect(device_batch_run(fd, batch), cases[i].want, "XFER: %s is refused",
			      cases[i].what);
		device_batch_free(batch);
	}
}

/* A well-formed command of LEN bytes: 0 where a device without extended length has none. */
static size_t build_command(const struct selftest *t, uint8_t *command, size_t len)
{
	static const uint8_t header[] = { 0x80, 0xE2, 0x91, 0x00 };

	memcpy(command, header, sizeof(header));
	if (len <= 5 + 255) {
		command[4] = (uint8_t)(len - 5);
		return len;
	}
	if (!(t->info.features & EUICC_FEATURE_EXTENDED) || len > EUICC_AREA_MAX)
		return 0;
	command[5] = (uint8_t)((len - 7) >> 8);
	command[6] = (uint8_t)(len - 7);
	return len;
}

static void test_too_long(const struct selftest *t, int fd)
{
	static const char name[] = "XFER: a command that is longer than GET_INFO allows is E2BIG";
	struct device_batch *batch = device_batch_new();
	uint8_t *command = calloc(1, EUICC_AREA_MAX);
	size_t len = command ? build_command(t, command, t->info.max_command + 1) : 0;

	if (len > 0) {
		device_batch_add(batch, command, len);
		device_expect(device_batch_run(fd, batch), -E2BIG, "%s", name);
	} else {
		tap_skip(name, "no command is that long");
	}
	free(command);
	device_batch_free(batch);
}

static void test_privileges(const struct selftest *t)
{
	int fd = selftest_open(t, 0), second = selftest_open(t, 0);
	struct euicc_reset force = { .flags = EUICC_RESET_FORCE };

	device_capability(CAP_SYS_RAWIO, false);
	device_expect(device_channel(fd, NULL, 0, EUICC_OPEN_BASIC, NULL), -EPERM,
		      "OPEN_CHANNEL: BASIC without CAP_SYS_RAWIO is EPERM");
	device_expect(device_ioctl(fd, EUICC_RESET, &force), -EPERM,
		      "RESET: FORCE without CAP_SYS_RAWIO is EPERM");
	device_capability(CAP_SYS_RAWIO, true);
	if (geteuid() != 0) {
		tap_skip("the basic channel is for one file", "this is not root");
	} else if (!(t->info.features & EUICC_FEATURE_BASIC)) {
		device_expect(device_channel(fd, NULL, 0, EUICC_OPEN_BASIC, NULL), -EOPNOTSUPP,
			      "OPEN_CHANNEL: BASIC without the feature is EOPNOTSUPP");
	} else {
		device_expect(device_channel(fd, NULL, 0, EUICC_OPEN_BASIC, NULL), 0,
			      "OPEN_CHANNEL: the basic channel");
		device_expect(device_channel(second, NULL, 0, EUICC_OPEN_BASIC, NULL), -EBUSY,
			      "the basic channel is for one file");
	}
	close(fd);
	close(second);
}

static void test_reset_arguments(const struct selftest *t)
{
	struct euicc_reset kind = { .kind = EUICC_RESET_COLD + 1 };
	struct euicc_reset unknown = { .flags = 1U << 31 }, field = { .reserved = { [3] = 1 } };
	int fd = selftest_open(t, 0);

	device_expect(device_ioctl(fd, EUICC_RESET, &kind), -EINVAL, "RESET: an unknown kind is refused");
	device_expect(device_ioctl(fd, EUICC_RESET, &unknown), -EINVAL,
		      "RESET: an unknown flag is refused");
	device_expect(device_ioctl(fd, EUICC_RESET, &field), -EINVAL,
		      "RESET: a reserved field is refused");
	close(fd);
}

void selftest_refusals(const struct selftest *t)
{
	int fd = selftest_open_isdr(t);

	if (!tap_ok(fd >= 0, "a channel for what is refused"))
		return;
	test_commands(fd);
	test_arguments(fd);
	test_too_long(t, fd);
	tap_ok(selftest_works(fd, &get_eid), "the channel works after all that was refused");
	close(fd);
	test_file_select(t);
	test_privileges(t);
	test_reset_arguments(t);
}
