/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XFER: where a batch goes on, where it ends, and what it then says of each entry. */
#include "selftest.h"

#include <errno.h>
#include <unistd.h>

/* An instruction that no card knows. */
static const uint8_t nonsense[] = { 0x80, 0xFE, 0x00, 0x00 };

/* Entries from FIRST on: never sent, and nothing else is said of them. */
static bool all_cancelled(const struct device_batch *batch, unsigned int first)
{
	for (unsigned int i = first; i < batch->xfer.entry_count; i++)
		if (batch->entries[i].status != -ECANCELED || batch->entries[i].sw ||
		    batch->entries[i].response_len)
			return false;
	return true;
}

static void test_whole(int fd, struct device_batch *batch)
{
	static const struct command *const commands[] = { &get_eid, &get_info1, &get_info2, &get_eid };
	uint32_t offset = 0;
	bool all = true, packed = true;

	for (size_t i = 0; i < 4; i++)
		selftest_add(batch, commands[i]);
	device_expect(device_batch_run(fd, batch), 0, "a batch of four goes down");
	for (unsigned int i = 0; i < 4; i++) {
		all = all && selftest_answered(batch, i, commands[i]);
		packed = packed && batch->entries[i].response_offset == offset;
		offset += batch->entries[i].response_len;
	}
	tap_ok(all && batch->xfer.done == 4, "each entry has its own answer, and done says four");
	tap_ok(packed, "the answers are packed, one behind the other");
}

static void test_full(const struct selftest *t, int fd, struct device_batch *batch)
{
	bool all = true;

	for (unsigned int i = 0; i < t->info.max_batch; i++)
		selftest_add(batch, &get_eid);
	device_expect(device_batch_run(fd, batch), 0, "a batch of %u goes down", t->info.max_batch);
	for (unsigned int i = 0; i < t->info.max_batch; i++)
		all = all && selftest_answered(batch, i, &get_eid);
	tap_ok(all && batch->xfer.done == t->info.max_batch, "all of the largest batch is answered");
}

static void test_stop_on_data(int fd, struct device_batch *batch)
{
	selftest_add(batch, &get_eid);
	selftest_add(batch, &get_eid)->flags = EUICC_XFER_STOP_ON_DATA;
	selftest_add(batch, &get_eid);
	selftest_add(batch, &get_eid);
	device_expect(device_batch_run(fd, batch), 0, "STOP_ON_DATA: the batch goes down");
	tap_ok(selftest_answered(batch, 0, &get_eid) && selftest_answered(batch, 1, &get_eid) &&
	       batch->xfer.done == 2, "STOP_ON_DATA: it ends where it is set and data came");
	tap_ok(all_cancelled(batch, 2), "STOP_ON_DATA: the rest was never sent");
}

static void test_status_word(int fd, struct device_batch *batch)
{
	struct euicc_xfer_entry *entry;

	device_batch_add(batch, nonsense, sizeof(nonsense));
	entry = device_batch_add(batch, nonsense, sizeof(nonsense));
	entry->sw_wanted = 0x9000;
	entry->sw_mask = 0xFFFF;
	selftest_add(batch, &get_eid);
	device_expect(device_batch_run(fd, batch), 0, "an unwanted status word: the batch goes down");
	tap_ok(batch->entries[0].status == 0 && batch->entries[0].sw != 0x9000 &&
	       batch->entries[1].status == 0 && batch->xfer.done == 2,
	       "any status word is taken where none is wanted");
	tap_ok(all_cancelled(batch, 2), "an unwanted status word ends the batch");
}

static void test_overflow(int fd, struct device_batch *batch)
{
	selftest_add(batch, &get_eid);
	selftest_add(batch, &get_eid);
	batch->xfer.responses_size = 4;
	device_expect(device_batch_run(fd, batch), 0, "an answer without room: the batch goes down");
	tap_ok(batch->entries[0].status == -EOVERFLOW && batch->entries[0].sw == 0x9000 &&
	       batch->entries[0].response_len > 4,
	       "EOVERFLOW: the status word and the length are told");
	tap_ok(all_cancelled(batch, 1), "EOVERFLOW ends the batch");
}

static void test_cancel_of_nothing(int fd, struct device_batch *batch)
{
	device_expect(device_cancel(fd), 0, "CANCEL of nothing is no error");
	device_expect(device_cancel(fd), 0, "nor is it twice");
	selftest_add(batch, &get_eid);
	tap_ok(device_batch_run(fd, batch) == 0 && selftest_answered(batch, 0, &get_eid),
	       "CANCEL of nothing does not reach what comes later");
}

void selftest_batch(const struct selftest *t)
{
	static void (*const tests[])(int fd, struct device_batch *batch) = {
		test_whole, test_stop_on_data, test_status_word, test_overflow, test_cancel_of_nothing,
	};
	struct device_batch *batch = device_batch_new();
	int fd = selftest_open_isdr(t);

	if (tap_ok(fd >= 0, "a channel for batches")) {
		for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
			device_batch_clear(batch);
			tests[i](fd, batch);
		}
		device_batch_clear(batch);
		test_full(t, fd, batch);
		close(fd);
	}
	device_batch_free(batch);
}
