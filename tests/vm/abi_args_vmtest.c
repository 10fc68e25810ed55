/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arguments of every ioctl of /dev/euiccN: what is refused, with which errno, and that
 * whatever is refused never reached the card.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vm/fakecard_bench.h"
#include "vm/tap.h"

/* A field of a struct with a value that is refused. */
struct mutation {
	const char *what;
	size_t offset, size;
	uint32_t value;
	int want;
};

#define FIELD(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)

static void poke(void *base, const struct mutation *m)
{
	/* Little-endian, as all that we run on. */
	memcpy((uint8_t *)base + m->offset, &m->value, m->size);
}

static bool nothing_sent(struct fakecard *card, unsigned int before, const char *what)
{
	return tap_ok(fakecard_count(card) == before, "the card saw nothing of %s", what);
}

/* Every byte from OFFSET on, alone, is refused when it is not zero. */
static void reserved_bytes(int fd, unsigned long request, void *args, size_t args_size,
			   size_t offset, size_t size, const char *what)
{
	uint8_t *copy = malloc(args_size);
	bool ok = true;
	int r;

	for (size_t i = 0; i < size; i++) {
		memcpy(copy, args, args_size);
		copy[offset + i] = 0x80;
		r = device_ioctl(fd, request, copy);
		if (r != -EINVAL) {
			tap_note("byte %zu gives %d", i, r);
			ok = false;
		}
	}
	tap_ok(ok, "%s: every reserved byte that is not zero is EINVAL", what);
	free(copy);
}

static void *unmapped(void)
{
	void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(page, 4096);
	return page;
}

/* --- numbers ---------------------------------------------------------------------------- */

static void test_numbers(void)
{
	struct fakecard *card = fakecard_new(NULL);
	uint8_t memory[16384] = { 0 };
	int fd = fakecard_client(card), wrong = 0;

	for (unsigned int nr = 0; nr < 256; nr++) {
		if (nr > 4)
			wrong += device_ioctl(fd, _IOWR(EUICC_IOC_MAGIC, nr, struct euicc_xfer),
					      memory) != -ENOTTY;
		wrong += device_ioctl(fd, _IOWR('E', nr, struct euicc_xfer), memory) != -ENOTTY;
	}
	tap_ok(wrong == 0, "unknown ioctl numbers are ENOTTY");
	wrong = device_ioctl(fd, _IOC(_IOC_READ, EUICC_IOC_MAGIC, 0, sizeof(struct euicc_info) + 8),
			     memory) != -ENOTTY;
	wrong += device_ioctl(fd, _IOC(_IOC_WRITE, EUICC_IOC_MAGIC, 2, sizeof(struct euicc_xfer)),
			      memory) != -ENOTTY;
	wrong += device_ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, EUICC_IOC_MAGIC, 2, 32), memory) !=
		 -ENOTTY;
	tap_ok(wrong == 0, "a known number with another size or direction is ENOTTY");
	device_expect(device_ioctl(fd, EUICC_PROXY_NEW_DEV, memory), -ENOTTY,
		      "NEW_DEV on a client's device is ENOTTY");
	nothing_sent(card, 0, "unknown numbers");
	close(fd);
	fakecard_free(card);
}

/* --- GET_INFO ---------------------------------------------------------------------------- */

static bool is_zero(const void *memory, size_t size)
{
	const uint8_t *bytes = memory;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static void test_info(void)
{
	struct fakecard *card = fakecard_new(&(struct fakecard_options){ .name = "a name" });
	int fd = fakecard_client(card);
	struct euicc_info info;

	memset(&info, 0xFF, sizeof(info));
	TAP_CHECK(device_info(fd, &info) == 0);
	TAP_CHECK(info.features == FAKECARD_FEATURES);
	TAP_CHECK(info.generation == 0);
	TAP_CHECK(info.card_state == EUICC_CARD_OFF || info.card_state == EUICC_CARD_UNKNOWN);
	TAP_CHECK(info.protocol == EUICC_PROTOCOL_T0);
	TAP_CHECK(info.max_batch == EUICC_BATCH_MAX);
	TAP_CHECK(info.max_command == 65544 && info.max_response == 65536);
	TAP_CHECK(info.atr_len == 23 && info.atr[0] == 0x3B);
	TAP_CHECK(strcmp(info.transport, "proxy") == 0);
	TAP_CHECK(strcmp(info.name, "a name") == 0);
	tap_ok(is_zero(info.reserved1, sizeof(info.reserved1)) &&
	       is_zero(info.reserved, sizeof(info.reserved)), "reserved fields come back as zero");
	tap_ok(is_zero(info.name + 6, sizeof(info.name) - 6), "nothing follows the name");
	nothing_sent(card, 0, "GET_INFO: it never powers the card");

	device_expect(device_ioctl(fd, EUICC_GET_INFO, NULL), -EFAULT, "GET_INFO to NULL");
	device_expect(device_ioctl(fd, EUICC_GET_INFO, unmapped()), -EFAULT, "GET_INFO to nowhere");

	TAP_CHECK(device_isdr_channel(fd) == 0);
	TAP_CHECK(device_info(fd, &info) == 0);
	TAP_CHECK(info.generation == 1 && info.card_state == EUICC_CARD_ON);
	close(fd);
	fakecard_free(card);
}

static void test_info_limits(void)
{
	const struct fakecard_options options = { .features = EUICC_FEATURE_BASIC, .no_atr = true,
						  .max_command = 200, .max_response = 256 };
	struct fakecard *card = fakecard_new(&options);
	int fd = fakecard_client(card);
	struct euicc_info info;

	TAP_CHECK(device_info(fd, &info) == 0);
	tap_ok(info.features == (EUICC_FEATURE_BASIC | EUICC_FEATURE_FCI | EUICC_FEATURE_P2),
	       "where the kernel opens the channels there are FCI and P2");
	TAP_CHECK(info.max_command == 200 && info.max_response == 256);
	tap_ok(info.atr_len == 0 && is_zero(info.atr, sizeof(info.atr)),
	       "no ATR before the first activation where none was given");
	TAP_CHECK(device_isdr_channel(fd) == 0);
	TAP_CHECK(device_info(fd, &info) == 0);
	tap_ok(info.atr_len == 23 && info.atr[0] == 0x3B, "the ATR comes with the activation");
	close(fd);
	fakecard_free(card);
}

/* --- OPEN_CHANNEL --------------------------------------------------------------------------- */

static const struct mutation open_mutations[] = {
	{ "aid_len 17", FIELD(euicc_open_channel, aid_len), 17, -EINVAL },
	{ "aid_len 255", FIELD(euicc_open_channel, aid_len), 255, -EINVAL },
	{ "p2 01", FIELD(euicc_open_channel, p2), 0x01, -EINVAL },
	{ "p2 02", FIELD(euicc_open_channel, p2), 0x02, -EINVAL },
	{ "p2 08", FIELD(euicc_open_channel, p2), 0x08, -EINVAL },
	{ "p2 10", FIELD(euicc_open_channel, p2), 0x10, -EINVAL },
	{ "p2 FF", FIELD(euicc_open_channel, p2), 0xFF, -EINVAL },
	{ "flag 2", FIELD(euicc_open_channel, flags), 1u << 2, -EINVAL },
	{ "flag 31", FIELD(euicc_open_channel, flags), 1u << 31, -EINVAL },
	{ "BASIC with an AID", FIELD(euicc_open_channel, flags), EUICC_OPEN_BASIC, -EINVAL },
	{ "a timeout above the limit", FIELD(euicc_open_channel, timeout_ms),
	  EUICC_TIMEOUT_MAX + 1, -EINVAL },
	{ "the longest number as timeout", FIELD(euicc_open_channel, timeout_ms), UINT32_MAX,
	  -EINVAL },
};

static void test_open(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card);
	struct euicc_open_channel good = { .aid_len = sizeof(device_isdr) }, args;

	memcpy(good.aid, device_isdr, sizeof(device_isdr));
	for (size_t i = 0; i < sizeof(open_mutations) / sizeof(open_mutations[0]); i++) {
		args = good;
		poke(&args, &open_mutations[i]);
		device_expect(device_ioctl(fd, EUICC_OPEN_CHANNEL, &args), open_mutations[i].want,
			      "OPEN with %s", open_mutations[i].what);
	}
	args = (struct euicc_open_channel){ .flags = EUICC_OPEN_BASIC, .p2 = 0x04 };
	device_expect(device_ioctl(fd, EUICC_OPEN_CHANNEL, &args), -EINVAL, "OPEN BASIC with P2");
	reserved_bytes(fd, EUICC_OPEN_CHANNEL, &good, sizeof(good),
		       FIELD(euicc_open_channel, reserved), "OPEN");
	device_expect(device_ioctl(fd, EUICC_OPEN_CHANNEL, NULL), -EFAULT, "OPEN with NULL");
	device_expect(device_ioctl(fd, EUICC_OPEN_CHANNEL, unmapped()), -EFAULT, "OPEN with nowhere");
	nothing_sent(card, 0, "a refused OPEN");

	args = good;
	args.timeout_ms = EUICC_TIMEOUT_MAX;
	args.sw = 0xFFFF;
	args.generation = 77;
	args.fci_len = UINT32_MAX;
	memset(args.fci, 0xFF, sizeof(args.fci));
	device_expect(device_ioctl(fd, EUICC_OPEN_CHANNEL, &args), 0,
		      "what was in the fields that come out is no matter");
	TAP_CHECK(args.sw == 0x9000 && args.generation == 1 && args.fci_len == 20);
	tap_ok(is_zero(args.fci + args.fci_len, sizeof(args.fci) - args.fci_len),
	       "no byte follows the FCI");
	close(fd);
	fakecard_free(card);
}

/* An argument that cannot be written must be found before there is a channel. */
static void test_open_read_only(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card), r;
	struct euicc_open_channel *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	args->aid_len = sizeof(device_isdr);
	memcpy(args->aid, device_isdr, sizeof(device_isdr));
	mprotect(args, 4096, PROT_READ);
	r = device_ioctl(fd, EUICC_OPEN_CHANNEL, args);
	device_expect(r, -EFAULT, "OPEN with an argument that cannot be written");
	nothing_sent(card, 0, "it");
	munmap(args, 4096);
	close(fd);
	fakecard_free(card);
}

/* --- XFER ---------------------------------------------------------------------------------- */

static const struct mutation xfer_mutations[] = {
	{ "no entry", FIELD(euicc_xfer, entry_count), 0, -EINVAL },
	{ "65 entries", FIELD(euicc_xfer, entry_count), 65, -E2BIG },
	{ "entries beyond counting", FIELD(euicc_xfer, entry_count), UINT32_MAX, -E2BIG },
	{ "too large a command area", FIELD(euicc_xfer, commands_len), EUICC_AREA_MAX + 1, -E2BIG },
	{ "too large a response area", FIELD(euicc_xfer, responses_size), EUICC_AREA_MAX + 1,
	  -E2BIG },
	{ "a command area that ends before the command", FIELD(euicc_xfer, commands_len), 4, -EINVAL },
	{ "no command area", FIELD(euicc_xfer, commands_len), 0, -EINVAL },
	{ "flag 0", FIELD(euicc_xfer, flags), 1, -EINVAL },
	{ "flag 31", FIELD(euicc_xfer, flags), 1u << 31, -EINVAL },
};

static const struct mutation entry_mutations[] = {
	{ "an offset at the end", FIELD(euicc_xfer_entry, command_offset), 5, -EINVAL },
	{ "an offset by which the end runs over", FIELD(euicc_xfer_entry, command_offset),
	  UINT32_MAX - 3, -EINVAL },
	{ "length 0", FIELD(euicc_xfer_entry, command_len), 0, -EINVAL },
	{ "length 3", FIELD(euicc_xfer_entry, command_len), 3, -EINVAL },
	{ "a length beyond the area", FIELD(euicc_xfer_entry, command_len), 6, -EINVAL },
	{ "flag 1", FIELD(euicc_xfer_entry, flags), 1u << 1, -EINVAL },
	{ "flag 31", FIELD(euicc_xfer_entry, flags), 1u << 31, -EINVAL },
	{ "a timeout above the limit", FIELD(euicc_xfer_entry, timeout_ms), EUICC_TIMEOUT_MAX + 1,
	  -EINVAL },
	{ "reserved", FIELD(euicc_xfer_entry, reserved), 1, -EINVAL },
	{ "reserved2", FIELD(euicc_xfer_entry, reserved2), 1, -EINVAL },
};

static void one_command(struct bench *t)
{
	uint8_t command[5];

	device_batch_clear(t->batch);
	device_batch_add(t->batch, command, fakecard_read(command, 1, 3, 3));
}

static void test_xfer_fields(void)
{
	struct bench t;

	bench_begin(&t, NULL);
	for (size_t i = 0; i < sizeof(xfer_mutations) / sizeof(xfer_mutations[0]); i++) {
		one_command(&t);
		poke(&t.batch->xfer, &xfer_mutations[i]);
		device_expect(device_batch_run(t.fd, t.batch), xfer_mutations[i].want, "XFER with %s",
			      xfer_mutations[i].what);
	}
	one_command(&t);
	reserved_bytes(t.fd, EUICC_XFER, &t.batch->xfer, sizeof(t.batch->xfer),
		       FIELD(euicc_xfer, reserved), "XFER");
	for (size_t i = 0; i < sizeof(entry_mutations) / sizeof(entry_mutations[0]); i++) {
		/* Last of three: the two before it must not go out. */
		one_command(&t);
		t.batch->entries[1] = t.batch->entries[2] = t.batch->entries[0];
		t.batch->xfer.entry_count = 3;
		poke(&t.batch->entries[2], &entry_mutations[i]);
		device_expect(device_batch_run(t.fd, t.batch), entry_mutations[i].want,
			      "XFER whose last entry has %s", entry_mutations[i].what);
	}
	nothing_sent(t.card, t.before, "a refused XFER");

	one_command(&t);
	t.batch->entries[0].status = 99;
	t.batch->entries[0].sw = 99;
	t.batch->entries[0].response_len = t.batch->entries[0].response_offset = UINT32_MAX;
	t.batch->xfer.done = UINT32_MAX;
	t.batch->entries[0].timeout_ms = EUICC_TIMEOUT_MAX;
	device_expect(device_batch_run(t.fd, t.batch), 0,
		      "what was in the fields that come out is no matter to XFER");
	TAP_CHECK(t.batch->xfer.done == 1 && t.batch->entries[0].status == 0);
	TAP_CHECK(t.batch->entries[0].response_len == 3 && t.batch->entries[0].sw == 0x9000);
	TAP_CHECK(fakecard_is_response(1, device_batch_response(t.batch, 0), 3));
	bench_end(&t);
}

/* What is no command APDU, whatever its length. ISO/IEC 7816-4, 5.1. */
static const struct { const char *what; uint8_t bytes[10]; size_t len; } no_apdus[] = {
	{ "Lc larger than the data", { 0x80, 0xE2, 0, 0, 5, 1, 2 }, 7 },
	{ "two bytes after the data", { 0x80, 0xE2, 0, 0, 1, 1, 0, 0 }, 8 },
	{ "an extended Lc of 0", { 0x80, 0xE2, 0, 0, 0, 0, 0, 1, 1 }, 9 },
	{ "an extended Lc too large", { 0x80, 0xE2, 0, 0, 0, 0, 9, 1 }, 8 },
	{ "half an extended Le", { 0x80, 0xE2, 0, 0, 0, 0, 1, 1, 0 }, 9 },
	{ "six bytes that begin an extended length", { 0x80, 0xE2, 0, 0, 0, 0 }, 6 },
};

static void test_xfer_apdus(void)
{
	struct bench t;

	bench_begin(&t, NULL);
	for (size_t i = 0; i < sizeof(no_apdus) / sizeof(no_apdus[0]); i++) {
		device_batch_clear(t.batch);
		device_batch_add(t.batch, no_apdus[i].bytes, no_apdus[i].len);
		device_expect(device_batch_run(t.fd, t.batch), -EINVAL, "an APDU with %s",
			      no_apdus[i].what);
	}
	nothing_sent(t.card, t.before, "what is no APDU");
	device_batch_clear(t.batch);
	device_batch_add(t.batch, no_apdus[0].bytes, 4);
	device_expect(device_batch_run(t.fd, t.batch), 0, "four bytes, an APDU of case 1, go out");
	bench_end(&t);
}

static void test_xfer_too_big(void)
{
	const struct fakecard_options options = { .features = EUICC_FEATURE_BASIC,
						  .max_command = 100 };
	uint8_t command[300];
	struct bench t;
	size_t len;

	bench_begin(&t, &options);
	len = fakecard_command(command, 7, 0x9000, 0, 101 - 13, false);
	TAP_CHECK(len == 101);
	device_batch_add(t.batch, command, len);
	device_expect(device_batch_run(t.fd, t.batch), -E2BIG, "a command above max_command");
	nothing_sent(t.card, t.before, "it");
	device_batch_clear(t.batch);
	len = fakecard_command(command, 7, 0x9000, 0, 100 - 13, false);
	device_batch_add(t.batch, command, len);
	device_expect(device_batch_run(t.fd, t.batch), 0, "a command of max_command bytes");
	TAP_CHECK(t.batch->entries[0].status == 0 && t.batch->entries[0].sw == 0x9000);
	bench_end(&t);
}

/* An extended-length APDU on a transport that has none of them. */
static void test_xfer_not_extended(void)
{
	const struct fakecard_options options = { .features = EUICC_FEATURE_BASIC };
	uint8_t command[300];
	struct bench t;
	size_t len;

	bench_begin(&t, &options);
	len = fakecard_command(command, 7, 0x9000, 0, 260, false);
	device_batch_add(t.batch, command, len);
	device_expect(device_batch_run(t.fd, t.batch), -EINVAL,
		      "an extended-length APDU without EXTENDED");
	nothing_sent(t.card, t.before, "it");
	bench_end(&t);
}

/* Areas and entries at their very limits. */
static void test_xfer_limits(void)
{
	const uint32_t len = EUICC_AREA_MAX / EUICC_BATCH_MAX;
	struct device_batch *batch;
	struct bench t;
	bool ok = true;
	size_t n;

	bench_begin(&t, NULL);
	batch = t.batch;
	for (uint32_t i = 0; i < EUICC_BATCH_MAX; i++) {
		/* 7 bytes of header and 8 of script. */
		n = fakecard_command(batch->commands + i * len, i + 1, 0x9000, (uint16_t)len, len - 15,
				     false);
		batch->entries[i].command_offset = i * len;
		batch->entries[i].command_len = (uint32_t)n;
	}
	batch->xfer.entry_count = EUICC_BATCH_MAX;
	batch->xfer.commands_len = EUICC_AREA_MAX;
	device_expect(device_batch_run(t.fd, batch), 0, "64 entries that fill both areas");
	TAP_CHECK(batch->xfer.done == EUICC_BATCH_MAX);
	for (uint32_t i = 0; i < EUICC_BATCH_MAX; i++) {
		const struct euicc_xfer_entry *entry = &batch->entries[i];

		ok = ok && entry->status == 0 && entry->sw == 0x9000 && entry->response_len == len &&
		     entry->response_offset == i * len &&
		     fakecard_is_response(i + 1, device_batch_response(batch, i), len);
	}
	tap_ok(ok, "each answer is whole and follows the one before it");

	device_batch_clear(batch);
	n = fakecard_command(batch->commands, 9, 0x9000, 65535, EUICC_AREA_MAX - 15, false);
	TAP_CHECK(n == EUICC_AREA_MAX);
	batch->entries[0].command_len = (uint32_t)n;
	batch->xfer.entry_count = 1;
	batch->xfer.commands_len = EUICC_AREA_MAX;
	device_expect(device_batch_run(t.fd, batch), 0, "one command as large as the area");
	TAP_CHECK(batch->entries[0].status == 0 && batch->entries[0].response_len == 65535);
	TAP_CHECK(fakecard_is_response(9, device_batch_response(batch, 0), 65535));
	bench_end(&t);
}

static void test_xfer_memory(void)
{
	uint8_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct bench t;
	struct euicc_xfer *xfer;

	bench_begin(&t, NULL);
	xfer = &t.batch->xfer;
	munmap(page + 4096, 4096);
	device_expect(device_ioctl(t.fd, EUICC_XFER, NULL), -EFAULT, "XFER with NULL");
	device_expect(device_ioctl(t.fd, EUICC_XFER, unmapped()), -EFAULT, "XFER with nowhere");
	one_command(&t);
	xfer->entries = 0;
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with entries at NULL");
	one_command(&t);
	xfer->entries = (uintptr_t)unmapped();
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with entries nowhere");
	one_command(&t);
	xfer->entries = UINT64_MAX - 7;
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with entries at the end of all");
	one_command(&t);
	memcpy(page + 4096 - sizeof(t.batch->entries[0]), t.batch->entries, sizeof(t.batch->entries[0]));
	xfer->entries = (uintptr_t)page + 4096 - sizeof(t.batch->entries[0]);
	xfer->entry_count = 2;
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with half its entries mapped");
	one_command(&t);
	xfer->commands = 0;
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with commands at NULL");
	one_command(&t);
	xfer->commands = (uintptr_t)page + 4096 - 4;
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with half its command mapped");
	one_command(&t);
	xfer->responses = 0;
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with responses at NULL");
	one_command(&t);
	xfer->responses = (uintptr_t)page;
	xfer->responses_size = 8192;
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with half its responses mapped");
	one_command(&t);
	memcpy(page, t.batch->entries, sizeof(t.batch->entries[0]));
	mprotect(page, 4096, PROT_READ);
	xfer->entries = (uintptr_t)page;
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with entries that are read-only");
	one_command(&t);
	xfer->responses = (uintptr_t)page;
	xfer->responses_size = 4096;
	device_expect(device_batch_run(t.fd, t.batch), -EFAULT, "XFER with read-only responses");
	nothing_sent(t.card, t.before, "XFER with memory that is not there");

	one_command(&t);
	xfer->responses = 0;
	xfer->responses_size = 0;
	device_expect(device_batch_run(t.fd, t.batch), 0, "no response area at all is allowed");
	TAP_CHECK(t.batch->entries[0].status == -EOVERFLOW && t.batch->entries[0].response_len == 3);
	munmap(page, 4096);
	bench_end(&t);
}

struct taken {
	struct fakecard *card;
	void *page;
};

static void *take_away(void *argument)
{
	struct taken *taken = argument;

	if (!fakecard_wait_held(taken->card, NULL))
		return NULL;
	mprotect(taken->page, 4096, PROT_READ);
	fakecard_release(taken->card, 0);
	return NULL;
}

/* Memory that is taken away while the card works: no errno, since the card has done it, and no
 * outcome that would be a lie. */
static void test_xfer_memory_taken(bool entries)
{
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct euicc_xfer_entry *entry;
	struct bench t;
	struct taken taken;
	pthread_t thread;
	int r;

	bench_begin(&t, NULL);
	one_command(&t);
	entry = &t.batch->entries[0];
	if (entries) {
		memcpy(page, t.batch->entries, sizeof(*t.batch->entries));
		t.batch->xfer.entries = (uintptr_t)page;
		entry = (struct euicc_xfer_entry *)(void *)page;
	} else {
		t.batch->xfer.responses = (uintptr_t)page;
		t.batch->xfer.responses_size = 4096;
	}
	taken = (struct taken){ .card = t.card, .page = page };
	fakecard_hold(t.card, FAKECARD_COMMAND, 0);
	pthread_create(&thread, NULL, take_away, &taken);
	r = device_batch_run(t.fd, t.batch);
	pthread_join(thread, NULL);
	device_expect(r, 0, "%s taken away with the command on the wire: no errno",
		      entries ? "entries" : "responses");
	tap_ok(entry->status == -EINPROGRESS || (!entries && entry->status < 0),
	       "and the outcome is unknown (%d)", entry->status);
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_COMMAND, 1, NULL) == 1);
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	one_command(&t);
	device_expect(device_batch_run(t.fd, t.batch), 0, "and the next batch goes well");
	munmap(page, 4096);
	bench_end(&t);
}

/* --- RESET, CANCEL -------------------------------------------------------------------------- */

static const struct mutation reset_mutations[] = {
	{ "kind 3", FIELD(euicc_reset, kind), 3, -EINVAL },
	{ "kind beyond all", FIELD(euicc_reset, kind), UINT32_MAX, -EINVAL },
	{ "flag 1", FIELD(euicc_reset, flags), 1u << 1, -EINVAL },
	{ "flag 31", FIELD(euicc_reset, flags), 1u << 31, -EINVAL },
	{ "a timeout above the limit", FIELD(euicc_reset, timeout_ms), EUICC_TIMEOUT_MAX + 1,
	  -EINVAL },
};

static void test_reset(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card);
	struct euicc_reset good = { .generation = 99 }, args;

	for (size_t i = 0; i < sizeof(reset_mutations) / sizeof(reset_mutations[0]); i++) {
		args = good;
		poke(&args, &reset_mutations[i]);
		device_expect(device_ioctl(fd, EUICC_RESET, &args), reset_mutations[i].want,
			      "RESET with %s", reset_mutations[i].what);
	}
	reserved_bytes(fd, EUICC_RESET, &good, sizeof(good), FIELD(euicc_reset, reserved), "RESET");
	device_expect(device_ioctl(fd, EUICC_RESET, NULL), -EFAULT, "RESET with NULL");
	device_expect(device_ioctl(fd, EUICC_RESET, unmapped()), -EFAULT, "RESET with nowhere");
	nothing_sent(card, 0, "a refused RESET");
	device_expect(device_ioctl(fd, EUICC_RESET, &good), 0, "RESET with good arguments");
	TAP_CHECK(good.generation == 1);
	device_expect(device_cancel(fd), 0, "CANCEL with nothing under way");
	device_expect(device_cancel(fd), 0, "CANCEL once more");
	close(fd);
	fakecard_free(card);
}

/* --- a device that went, files beyond the limit -------------------------------------------------- */

static void test_gone(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card), other = fakecard_client(card);
	unsigned int minor = fakecard_minor(card);
	struct euicc_event event;
	struct euicc_info info;
	uint8_t command[5];

	TAP_CHECK(device_isdr_channel(fd) == 0);
	fakecard_unplug(card);
	device_expect(device_info(fd, &info), -ENODEV, "GET_INFO of a device that went");
	device_expect(device_isdr_channel(other), -ENODEV, "OPEN on a device that went");
	device_expect(device_apdu(fd, command, fakecard_read(command, 1, 1, 1), NULL, 0, NULL, NULL),
		      -ENODEV, "XFER on a device that went");
	device_expect(device_cancel(fd), -ENODEV, "CANCEL on a device that went");
	device_expect(device_reset(fd, EUICC_RESET_ANY, 0, NULL), -ENODEV, "RESET of one that went");
	tap_ok((device_poll(fd, POLLIN, 0) & (POLLIN | POLLHUP)) == (POLLIN | POLLHUP),
	       "poll tells of the end and of the event");
	do {
		if (device_event(fd, &event) < 0)
			break;
	} while (event.type != EUICC_EVENT_GONE);
	tap_ok(event.type == EUICC_EVENT_GONE, "the last event is GONE");
	tap_ok(read(fd, &event, sizeof(event)) < 0 && errno == ENODEV, "ENODEV once GONE was read");
	TAP_CHECK(device_poll(fd, POLLIN, 0) & POLLHUP);
	tap_ok(device_open(minor, 0) < 0, "the node is no more to be opened");
	close(fd);
	close(other);
	fakecard_free(card);
}

static void test_file_limit(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fds[32], opened = 0, r;
	struct euicc_info info;

	for (int i = 0; i < 32; i++) {
		fds[i] = device_open(fakecard_minor(card), 0);
		opened += fds[i] >= 0;
	}
	tap_ok(opened == 32, "32 files of one device");
	r = device_open(fakecard_minor(card), 0);
	tap_ok(r == -EMFILE || r == -EBUSY || r == -ENFILE, "one more is refused (%s)",
	       strerrorname_np(-r));
	close(fds[7]);
	fds[7] = device_open(fakecard_minor(card), 0);
	tap_ok(fds[7] >= 0 && device_info(fds[7], &info) == 0, "a file closed makes room for another");
	for (int i = 0; i < 32; i++)
		close(fds[i]);
	fakecard_free(card);
}

int main(void)
{
	test_numbers();
	test_info();
	test_info_limits();
	test_open();
	test_open_read_only();
	test_xfer_fields();
	test_xfer_apdus();
	test_xfer_too_big();
	test_xfer_not_extended();
	test_xfer_limits();
	test_xfer_memory();
	test_xfer_memory_taken(true);
	test_xfer_memory_taken(false);
	test_reset();
	test_gone();
	test_file_limit();
	return tap_exit();
}
