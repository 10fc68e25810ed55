/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ABI as a 32-bit program sees it: abi32 MINOR. Every struct, every pointer in one, and the
 * results through them. The card is the scripted one of the passing suite, which runs this and
 * takes exit status 0 for all is well; what is not goes to stdout, as comments.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/euicc.h>

_Static_assert(sizeof(void *) == 4, "this is about 32-bit programs");
_Static_assert(sizeof(struct euicc_info) == 176, "as in 64 bits");
_Static_assert(sizeof(struct euicc_open_channel) == 312, "as in 64 bits");
_Static_assert(sizeof(struct euicc_xfer_entry) == 40, "as in 64 bits");
_Static_assert(sizeof(struct euicc_xfer) == 56, "as in 64 bits");
_Static_assert(sizeof(struct euicc_reset) == 32, "as in 64 bits");
_Static_assert(sizeof(struct euicc_event) == 16, "as in 64 bits");
_Static_assert(sizeof(struct euicc_proxy_new_dev) == 160, "as in 64 bits");
_Static_assert(offsetof(struct euicc_xfer, entry_count) == 24, "three pointers of 64 bits");

static int failures;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	printf("# abi32: %s (errno %d)\n", what, errno);
	failures++;
}

/* The card gives as many bytes as the last two of the data say, by way of GET RESPONSE. */
static const uint8_t command[] = { 0x80, 0xE2, 0x91, 0x00, 0x08, 0x00, 0x00, 0x00,
				   0x07, 0x90, 0x00, 0x01, 0x2C };
#define ANSWER_LEN 300

static void check_batch(int fd)
{
	uint8_t *responses = malloc(1000);
	struct euicc_xfer_entry entries[3] = { 0 };
	struct euicc_xfer xfer = {
		.entries = (uintptr_t)entries,
		.commands = (uintptr_t)command,
		.responses = (uintptr_t)responses,
		.entry_count = 3,
		.commands_len = sizeof(command),
		.responses_size = 1000,
	};

	for (int i = 0; i < 3; i++)
		entries[i].command_len = sizeof(command);
	check(ioctl(fd, EUICC_XFER, &xfer) == 0 && xfer.done == 3, "XFER of three");
	for (uint32_t i = 0; i < 3; i++)
		check(entries[i].status == 0 && entries[i].sw == 0x9000 &&
		      entries[i].response_len == ANSWER_LEN &&
		      entries[i].response_offset == i * ANSWER_LEN &&
		      memcmp(responses + i * ANSWER_LEN, (uint8_t[]){ 0, 0, 0, 7, 1, 1, 1, 8 }, 8) == 0,
		      "an answer of XFER");
	/* A pointer beyond 32 bits is another place, not the same one cut off. */
	xfer.entries |= 1ULL << 32;
	check(ioctl(fd, EUICC_XFER, &xfer) < 0 && errno == EFAULT, "XFER beyond the address space");
	free(responses);
}

int main(int argc, char **argv)
{
	struct euicc_open_channel channel = { .aid = { 0xA0, 0x00, 0x00, 0x05, 0x59 }, .aid_len = 5 };
	struct euicc_reset reset = { .kind = EUICC_RESET_COLD };
	struct euicc_event event = { 0 };
	struct euicc_info info;
	char path[32];
	int fd;

	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "/dev/euicc%s", argv[1]);
	fd = open(path, O_RDWR | O_CLOEXEC);
	check(fd >= 0, "open");
	memset(&info, 0xFF, sizeof(info));
	check(ioctl(fd, EUICC_GET_INFO, &info) == 0 && info.max_batch == EUICC_BATCH_MAX &&
	      strcmp(info.transport, "proxy") == 0, "GET_INFO");
	check(ioctl(fd, EUICC_OPEN_CHANNEL, &channel) == 0 && channel.sw == 0x9000 &&
	      channel.fci_len > 0 && channel.fci[0] == 0x6F, "OPEN_CHANNEL");
	check_batch(fd);
	check(ioctl(fd, EUICC_CANCEL) == 0, "CANCEL");
	check(ioctl(fd, EUICC_RESET, &reset) == 0 && reset.generation == channel.generation + 1, "RESET");
	check(read(fd, &event, sizeof(event)) == sizeof(event) && event.type == EUICC_EVENT_RESET &&
	      event.argument == EUICC_RESET_COLD, "the event of the RESET");
	check(ioctl(fd, _IO(EUICC_IOC_MAGIC, 0x77)) < 0 && errno == ENOTTY, "an unknown number");
	check(close(fd) == 0, "close");
	return failures > 0;
}
