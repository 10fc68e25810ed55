/* SPDX-License-Identifier: GPL-2.0-or-later */
/* euicc-selftest: the command line, and what the groups share; see euicc-selftest(1). */
#include "selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* STORE DATA, one block, with Le: BF3E {5C 5A}, BF20, BF22. */
static const uint8_t eid_bytes[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A,
				     0x00 };
static const uint8_t info1_bytes[] = { 0x80, 0xE2, 0x91, 0x00, 0x03, 0xBF, 0x20, 0x00, 0x00 };
static const uint8_t info2_bytes[] = { 0x80, 0xE2, 0x91, 0x00, 0x03, 0xBF, 0x22, 0x00, 0x00 };

const struct command get_eid = { eid_bytes, sizeof(eid_bytes), { 0xBF, 0x3E } };
const struct command get_info1 = { info1_bytes, sizeof(info1_bytes), { 0xBF, 0x20 } };
const struct command get_info2 = { info2_bytes, sizeof(info2_bytes), { 0xBF, 0x22 } };

int selftest_open(const struct selftest *t, int flags)
{
	int fd = open(t->path, O_RDWR | O_CLOEXEC | flags);

	if (fd >= 0)
		return fd;
	tap_fail("the device can be opened", "%s: %s", t->path, strerror(errno));
	exit(tap_exit());
}

int selftest_open_isdr(const struct selftest *t)
{
	int fd = selftest_open(t, 0), r = device_isdr_channel(fd);

	if (!r)
		return fd;
	close(fd);
	return r;
}

struct euicc_xfer_entry *selftest_add(struct device_batch *batch, const struct command *command)
{
	return device_batch_add(batch, command->bytes, command->len);
}

bool selftest_answered(const struct device_batch *batch, unsigned int index,
		       const struct command *command)
{
	const struct euicc_xfer_entry *entry = &batch->entries[index];

	return entry->status == 0 && (entry->sw == 0x9000 || entry->sw >> 8 == 0x91) &&
	       entry->response_len > sizeof(command->tag) &&
	       entry->response_offset <= sizeof(batch->responses) - entry->response_len &&
	       memcmp(batch->responses + entry->response_offset, command->tag,
		      sizeof(command->tag)) == 0;
}

bool selftest_works(int fd, const struct command *command)
{
	struct device_batch *batch = device_batch_new();
	bool works;

	selftest_add(batch, command);
	works = device_batch_run(fd, batch) == 0 && selftest_answered(batch, 0, command);
	device_batch_free(batch);
	return works;
}

static void print_help(void)
{
	puts("Usage: euicc-selftest [--reset] DEVICE\n\n"
	     "Does a /dev/euiccN do what euicc(4) says? DEVICE needs an eUICC in it. The card is\n"
	     "powered up and read (EID, EUICCInfo), nothing on it is changed.\n\n"
	     "  --reset  test RESET as well: whoever else has a channel of the card makes it fail\n"
	     "  --help   this text\n"
	     "  --version\n\n"
	     "The result is TAP on standard output. Exit status: 0 all is well, 1 something is not,\n"
	     "2 usage.");
}

static int usage(const char *why)
{
	fprintf(stderr, "euicc-selftest: %s\neuicc-selftest --help tells more\n", why);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "reset", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	struct selftest t = { 0 };
	bool reset = false;
	int option, fd;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			reset = true;
			break;
		case 'h':
			print_help();
			return 0;
		case 'v':
			puts("euicc-selftest " COREESIM_VERSION);
			return 0;
		default:
			return usage("unknown option");
		}
	}
	if (optind + 1 != argc)
		return usage("it takes one device, such as /dev/euicc0");
	t.path = argv[optind];
	fd = open(t.path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || device_info(fd, &t.info)) {
		fprintf(stderr, "euicc-selftest: %s: %s\n", t.path,
			errno == ENOTTY ? "is no eUICC device" : strerror(errno));
		return EXIT_FAILURE;
	}
	close(fd);
	tap_note("%s: %s (%s)", t.path, t.info.name, t.info.transport);
	selftest_info(&t);
	selftest_channel(&t);
	selftest_refusals(&t);
	selftest_batch(&t);
	selftest_sharing(&t);
	if (reset)
		selftest_reset(&t);
	return tap_exit();
}
