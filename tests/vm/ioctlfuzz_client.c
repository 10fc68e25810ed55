/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fuzzer's clients: every call on /dev/euiccN, right, nearly right and wrong. */
#include "vm/ioctlfuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/euicc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define WAIT_MAX 40	/* ms that most calls allow themselves */

static int some_client(struct fuzz_world *world, struct fuzz_input *input)
{
	return atomic_load(&world->clients[fuzz_below(input, FUZZ_CLIENTS)]);
}

static uint32_t some_timeout(struct fuzz_input *input)
{
	if (fuzz_one_in(input, 16))
		return fuzz_number(input, EUICC_TIMEOUT_MAX);
	return 1 + fuzz_below(input, WAIT_MAX);
}

/* --- memory that the kernel is shown ------------------------------------------------- */

/* Where the kernel sees an area, and where this thread may write it. */
struct area {
	uint8_t *mine;
	uint64_t address;
};

static struct area some_area(struct fuzz_world *world, struct fuzz_thread *thread,
			     struct fuzz_input *input, uint32_t offset)
{
	struct area area = { .mine = thread->own + offset };

	area.address = (uintptr_t)area.mine;
	switch (fuzz_below(input, 24)) {
	case 1: area.mine = world->shared + offset; area.address = (uintptr_t)area.mine; break;
	case 2: area.mine = world->moving_alias + offset;
		area.address = (uintptr_t)(world->moving + offset); break;
	/* The last bytes before memory that is not there. */
	case 3: area.address = (uintptr_t)(thread->own + FUZZ_ARENA - fuzz_below(input, 64)); break;
	case 4: area.address = 0; break;
	case 5: area.address = 0xFFFF888000000000u + offset; break;
	case 6: area.address = UINT64_MAX - fuzz_below(input, 64); break;
	default: break;
	}
	return area;
}

static void protect(struct fuzz_world *world, struct fuzz_input *input)
{
	static const int modes[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	uint32_t page = fuzz_below(input, FUZZ_ARENA / 4096) * 4096;

	mprotect(world->moving + page, FUZZ_ARENA - page, modes[fuzz_below(input, 3)]);
}

/* --- calls ---------------------------------------------------------------------------- */

static void open_device(struct fuzz_world *world, struct fuzz_input *input)
{
	static const int modes[] = { O_RDWR, O_RDWR | O_NONBLOCK, O_RDONLY, O_WRONLY };
	atomic_int *slot = &world->clients[fuzz_below(input, FUZZ_CLIENTS)];
	uint32_t way = fuzz_below(input, 8);
	char path[64];
	int fd;

	if (way == 7) {
		fd = fcntl(some_client(world, input), F_DUPFD_CLOEXEC, 3);
	} else {
		if (way == 6)
			snprintf(path, sizeof(path), "/proc/self/fd/%d", some_client(world, input));
		else
			snprintf(path, sizeof(path), "/dev/euicc%u",
				 atomic_load(&world->minors[fuzz_below(input, FUZZ_ENDS)]));
		fd = open(path, modes[fuzz_below(input, 8) % 4 * !fuzz_below(input, 2)] | O_CLOEXEC);
	}
	if (fd >= 0)
		fuzz_replace(slot, fd);
}

static void get_info(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int allowed[] = { ENODEV, EFAULT, 0 };
	struct area area = some_area(world, thread, input, 0);

	fuzz_call_begin(thread, "GET_INFO");
	fuzz_expect(world, "GET_INFO", ioctl(some_client(world, input), EUICC_GET_INFO, area.address),
		    allowed);
	fuzz_call_end(thread);
}

static void open_channel(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int allowed[] = { EINVAL, EBUSY, EPERM, ENOSPC, EOPNOTSUPP, ENOENT, EREMOTEIO,
				       ENOMEDIUM, ETIMEDOUT, EINTR, EIO, ENODEV, EFAULT, ENOMEM, 0 };
	static const uint8_t p2[] = { 0x00, 0x04, 0x0C };
	struct area area = some_area(world, thread, input, 0);
	struct euicc_open_channel args = { .timeout_ms = some_timeout(input) };
	int fd = some_client(world, input);

	if (fuzz_one_in(input, 6)) {
		args.flags = EUICC_OPEN_BASIC;
	} else {
		args.aid_len = (uint8_t)fuzz_below(input, EUICC_AID_MAX + 1);
		memset(args.aid, fuzz_below(input, 2) ? 0xA0 : 0xA1, args.aid_len);
		args.p2 = p2[fuzz_below(input, 3)];
		args.flags = fuzz_one_in(input, 2) ? EUICC_OPEN_FILE_SELECT : 0;
	}
	if (fuzz_one_in(input, 8))
		fuzz_spoil(input, &args, sizeof(args));
	memcpy(area.mine, &args, sizeof(args));
	fuzz_call_begin(thread, "OPEN_CHANNEL");
	fuzz_expect(world, "OPEN_CHANNEL", ioctl(fd, EUICC_OPEN_CHANNEL, area.address), allowed);
	fuzz_call_end(thread);
}

/* One command as clients send them; its length. */
static uint32_t make_command(struct fuzz_input *input, uint8_t *to)
{
	static const uint8_t headers[][4] = {
		{ 0x80, 0xE2, 0x91, 0x00 }, { 0x00, 0xA4, 0x08, 0x04 }, { 0x00, 0xB0, 0x00, 0x00 },
		{ 0x80, 0xCA, 0x00, 0x5A }, { 0x00, 0x70, 0x00, 0x00 }, { 0x00, 0xC0, 0x00, 0x00 },
		{ 0x00, 0xA4, 0x04, 0x00 }, { 0x84, 0x82, 0x00, 0x00 },
	};
	uint32_t len = 4, data;

	memcpy(to, headers[fuzz_below(input, 12) % 8], 4);
	switch (fuzz_below(input, 6)) {
	case 0:
		break;
	case 1:
		to[len++] = fuzz_byte(input);
		break;
	case 2:
		data = fuzz_below(input, 600);
		to[len++] = 0;
		to[len++] = (uint8_t)(data >> 8);
		to[len++] = (uint8_t)data;
		memset(to + len, 0x5A, data);
		len += data;
		break;
	default:
		data = 1 + fuzz_below(input, 255);
		to[len++] = (uint8_t)data;
		memset(to + len, 0xA5, data);
		len += data;
		if (fuzz_one_in(input, 2))
			to[len++] = 0;
	}
	if (fuzz_one_in(input, 16))
		fuzz_spoil(input, to, len);
	return len;
}

static void fill_entry(struct fuzz_input *input, struct euicc_xfer_entry *entry, uint32_t *used,
		       uint8_t *commands)
{
	*entry = (struct euicc_xfer_entry){
		.command_offset = *used,
		.flags = fuzz_one_in(input, 4) ? EUICC_XFER_STOP_ON_DATA : 0,
		.timeout_ms = some_timeout(input),
	};
	if (fuzz_one_in(input, 3)) {
		entry->sw_wanted = 0x9000;
		entry->sw_mask = fuzz_one_in(input, 8) ? (uint16_t)fuzz_u32(input) : 0xF000;
		entry->sw_wanted &= entry->sw_mask;
	}
	entry->command_len = make_command(input, commands + *used);
	*used += entry->command_len;
	if (fuzz_one_in(input, 32))
		entry->command_offset = fuzz_number(input, EUICC_AREA_MAX);
	if (fuzz_one_in(input, 32))
		entry->command_len = fuzz_number(input, EUICC_AREA_MAX);
	if (fuzz_one_in(input, 64))
		fuzz_spoil(input, entry, sizeof(*entry));
}

/* What XFER said of a batch in memory that no one else writes. */
static void check_batch(struct fuzz_world *world, const struct euicc_xfer *args,
			const struct euicc_xfer_entry *entries)
{
	static const int known[] = { 0, -EOVERFLOW, -ECANCELED, -ETIMEDOUT, -EINTR, -ENODEV, -ENOMEDIUM,
				     -EIO };
	bool ended = false;

	for (uint32_t i = 0; i < args->entry_count; i++) {
		bool is_known = false;

		for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
			is_known |= entries[i].status == known[j];
		/* After the first that was not sent, nothing is. */
		if (is_known && (!ended || entries[i].status == -ECANCELED) &&
		    (entries[i].status || ((uint64_t)entries[i].response_offset +
					   entries[i].response_len <= args->responses_size))) {
			ended |= entries[i].status == -ECANCELED;
			continue;
		}
		fprintf(stderr, "# XFER: entry %u of %u: status %d, response %u+%u of %u\n", i,
			args->entry_count, entries[i].status, entries[i].response_offset,
			entries[i].response_len, args->responses_size);
		atomic_fetch_add(&world->unexpected, 1);
		return;
	}
}

static void xfer(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int allowed[] = { EINVAL, EPERM, E2BIG, EBUSY, ENOTCONN, ESTALE, ENOMEDIUM, EFAULT,
				       ENOMEM, EINTR, ENODEV, 0 };
	struct area head = some_area(world, thread, input, 0);
	struct area entries = some_area(world, thread, input, 256);
	struct area commands = some_area(world, thread, input, 65536);
	struct area responses = some_area(world, thread, input, 2 * 65536);
	struct euicc_xfer args = {
		.entries = entries.address, .commands = commands.address,
		.responses = responses.address,
		.entry_count = 1 + fuzz_below(input, fuzz_one_in(input, 4) ? EUICC_BATCH_MAX : 4),
		.responses_size = fuzz_one_in(input, 4) ? fuzz_below(input, 600) : EUICC_AREA_MAX,
	};
	struct euicc_xfer_entry batch[EUICC_BATCH_MAX] = { 0 };
	int fd = some_client(world, input);
	bool plain;
	long rc;

	for (uint32_t i = 0; i < args.entry_count; i++)
		fill_entry(input, &batch[i], &args.commands_len, commands.mine);
	memcpy(entries.mine, batch, args.entry_count * sizeof(batch[0]));
	if (fuzz_one_in(input, 16))
		args.entry_count = fuzz_number(input, EUICC_BATCH_MAX);
	if (fuzz_one_in(input, 16))
		args.commands_len = fuzz_number(input, EUICC_AREA_MAX);
	if (fuzz_one_in(input, 16))
		args.responses_size = fuzz_number(input, EUICC_AREA_MAX);
	if (fuzz_one_in(input, 32))
		fuzz_spoil(input, &args, sizeof(args));
	memcpy(head.mine, &args, sizeof(args));

	fuzz_call_begin(thread, "XFER");
	rc = ioctl(fd, EUICC_XFER, head.address);
	fuzz_call_end(thread);
	fuzz_expect(world, "XFER", rc, allowed);
	plain = head.address == (uintptr_t)thread->own && args.responses_size <= 65536 &&
		args.entries == (uintptr_t)thread->own + 256 &&
		args.responses == (uintptr_t)thread->own + 2 * 65536;
	if (!rc && plain)
		check_batch(world, &args, (struct euicc_xfer_entry *)(thread->own + 256));
}

static void reset(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int allowed[] = { EINVAL, EBUSY, EPERM, EOPNOTSUPP, ENOMEDIUM, ETIMEDOUT, EINTR, EIO,
				       ENODEV, EFAULT, ENOMEM, 0 };
	struct area area = some_area(world, thread, input, 0);
	struct euicc_reset args = {
		.kind = fuzz_below(input, 3), .flags = fuzz_below(input, 2) ? EUICC_RESET_FORCE : 0,
		.timeout_ms = some_timeout(input),
	};
	int fd = some_client(world, input);

	if (fuzz_one_in(input, 8))
		fuzz_spoil(input, &args, sizeof(args));
	memcpy(area.mine, &args, sizeof(args));
	fuzz_call_begin(thread, "RESET");
	fuzz_expect(world, "RESET", ioctl(fd, EUICC_RESET, area.address), allowed);
	fuzz_call_end(thread);
}

static void cancel(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int allowed[] = { ENODEV, 0 };

	fuzz_call_begin(thread, "CANCEL");
	fuzz_expect(world, "CANCEL", ioctl(some_client(world, input), EUICC_CANCEL, 0), allowed);
	fuzz_call_end(thread);
}

/* Waits for an event only where poll() has seen one; it may be another's by then. */
static void read_events(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int allowed[] = { EAGAIN, EINVAL, EINTR, ENODEV, EFAULT, 0 };
	struct area area = some_area(world, thread, input, 0);
	struct pollfd fds[3];

	for (int i = 0; i < 3; i++)
		fds[i] = (struct pollfd){ .fd = some_client(world, input), .events = POLLIN };
	fuzz_call_begin(thread, "poll");
	poll(fds, 3, (int)fuzz_below(input, WAIT_MAX));
	fuzz_call_end(thread);
	for (int i = 0; i < 3; i++) {
		if (!(fds[i].revents & (POLLIN | POLLHUP)))
			continue;
		fuzz_call_begin(thread, "read");
		fuzz_expect(world, "read", read(fds[i].fd, (void *)(uintptr_t)area.address,
						16 * (fuzz_below(input, 20)) + fuzz_one_in(input, 8)),
			    allowed);
		fuzz_call_end(thread);
	}
}

/* Numbers, directions and sizes that the ABI does not have, and calls that files of another kind have. */
static void stray(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int refused[] = { ENOTTY, EFAULT, EINVAL, ENODEV, 0 };
	int fd = some_client(world, input);
	struct area area = some_area(world, thread, input, 0);
	uint32_t number = fuzz_below(input, 0x12);

	switch (fuzz_below(input, 5)) {
	case 0:
		/* A known number with another size or direction. */
		if (number <= 4 || number == 0x10)
			number += 0x20;
		fuzz_call_begin(thread, "unknown ioctl");
		fuzz_expect(world, "unknown ioctl",
			    ioctl(fd, _IOC(fuzz_below(input, 4), EUICC_IOC_MAGIC, number,
					   fuzz_below(input, 512)), area.address), refused);
		fuzz_call_end(thread);
		break;
	case 1:
		/* ioctl() of a 32-bit number with foreign bits. */
		fuzz_call_begin(thread, "any ioctl");
		ioctl(fd, fuzz_u32(input), area.address);
		fuzz_call_end(thread);
		break;
	case 2:
		if (write(fd, thread->own, fuzz_below(input, 64)) > 0 && fd >= 0)
			break;	/* a transport's end took this number meanwhile */
		break;
	case 3:
		lseek(fd, (off_t)fuzz_u32(input), SEEK_SET);
		break;
	default: {
		void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

		if (map != MAP_FAILED)
			munmap(map, 4096);
	}
	}
}

static void disturb(struct fuzz_world *world, struct fuzz_input *input)
{
	fuzz_interrupt(&world->threads[fuzz_below(input, world->thread_count)]);
}

void fuzz_client_step(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	switch (fuzz_below(input, 32)) {
	case 0: case 1: case 2: case 3: case 4:
		open_device(world, input); break;
	case 5:
		fuzz_replace(&world->clients[fuzz_below(input, FUZZ_CLIENTS)], -1); break;
	case 6:
		get_info(world, thread, input); break;
	case 7: case 8: case 9: case 10: case 11: case 12: case 13:
		open_channel(world, thread, input); break;
	case 14: case 15:
		reset(world, thread, input); break;
	case 16: case 17:
		cancel(world, thread, input); break;
	case 18: case 19:
		read_events(world, thread, input); break;
	case 20:
		stray(world, thread, input); break;
	case 21:
		disturb(world, input); break;
	case 22:
		protect(world, input); break;
	default:
		xfer(world, thread, input); break;
	}
}
