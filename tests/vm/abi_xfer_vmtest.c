/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XFER: how a batch runs and where it ends, what the core completes by itself, what it refuses
 * to send, and what it says of commands whose end nobody knows.
 */
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/fakecard_bench.h"
#include "vm/tap.h"

/* Entries FROM to the end were never sent: status, and the card's log. */
static bool rest_canceled(struct bench *t, unsigned int from)
{
	bool ok = true;

	for (unsigned int i = from; i < t->batch->xfer.entry_count; i++) {
		ok = ok && t->batch->entries[i].status == -ECANCELED;
		ok = ok && bench_saw(t, i + 1) == 0;
	}
	return ok;
}

static void run(struct bench *t, const char *what)
{
	device_expect(device_batch_run(t->fd, t->batch), 0, "%s", what);
}

/* --- a batch from its first to its last entry -------------------------------------------------- */

static void test_lengths(void)
{
	struct fakecard_record r;
	struct bench t;
	bool ok = true;

	bench_begin(&t, NULL);
	for (unsigned int n = 1; n <= EUICC_BATCH_MAX; n++) {
		unsigned int from = fakecard_count(t.card);

		device_batch_clear(t.batch);
		for (unsigned int i = 0; i < n; i++)
			bench_add(&t, 1000 * n + i, 0x9000, i % 2 ? 3 : 0);
		ok = ok && device_batch_run(t.fd, t.batch) == 0 && t.batch->xfer.done == n;
		for (unsigned int i = 0; i < n; i++)
			ok = ok && bench_answered(&t, i, 1000 * n + i, 0x9000, i % 2 ? 3 : 0);
		/* In their order, a GET RESPONSE after every second one, and nothing else. */
		for (unsigned int i = 0; i < n; i++) {
			ok = ok && fakecard_record(t.card, ++from, &r) && r.tag == 1000 * n + i;
			if (i % 2)
				ok = ok && fakecard_record(t.card, ++from, &r) &&
				     r.kind == FAKECARD_GET_RESPONSE;
		}
		ok = ok && fakecard_count(t.card) == from;
	}
	tap_ok(ok, "batches of 1 to 64: each command once, in order, each answer its own");
	bench_end(&t);
}

static void test_stop_on_data(void)
{
	struct bench t;

	bench_begin(&t, NULL);
	bench_add(&t, 1, 0x9000, 0)->flags = EUICC_XFER_STOP_ON_DATA;
	bench_add(&t, 2, 0x9000, 9)->flags = 0;
	bench_add(&t, 3, 0x9000, 5)->flags = EUICC_XFER_STOP_ON_DATA;
	bench_add(&t, 4, 0x9000, 0)->flags = EUICC_XFER_STOP_ON_DATA;
	bench_add(&t, 5, 0x9000, 0);
	run(&t, "a batch with STOP_ON_DATA");
	TAP_CHECK(t.batch->xfer.done == 3);
	tap_ok(bench_answered(&t, 0, 1, 0x9000, 0), "no data: the batch goes on");
	tap_ok(bench_answered(&t, 1, 2, 0x9000, 9), "data without the flag: the batch goes on");
	tap_ok(bench_answered(&t, 2, 3, 0x9000, 5), "data with the flag: whole, and the last");
	tap_ok(rest_canceled(&t, 3), "what follows is ECANCELED, and the card never saw it");
	bench_end(&t);
}

static void test_sw_wanted(void)
{
	static const struct { const char *what; uint16_t wanted, mask, sw; bool stops; } cases[] = {
		{ "9000 exactly, 9000 came", 0x9000, 0xFFFF, 0x9000, false },
		{ "9000 exactly, 9110 came", 0x9000, 0xFFFF, 0x9110, true },
		{ "9000 exactly, 6A80 came", 0x9000, 0xFFFF, 0x6A80, true },
		{ "9xxx, 9110 came", 0x9000, 0xF000, 0x9110, false },
		{ "9xxx, 6310 came", 0x9000, 0xF000, 0x6310, true },
		{ "63Cx, 63C2 came", 0x63C0, 0xFFF0, 0x63C2, false },
		{ "any, 6F00 came", 0, 0, 0x6F00, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct euicc_xfer_entry *entry;
		struct bench t;

		bench_begin(&t, NULL);
		bench_add(&t, 1, 0x9000, 0);
		entry = bench_add(&t, 2, cases[i].sw, 0);
		entry->sw_wanted = cases[i].wanted;
		entry->sw_mask = cases[i].mask;
		bench_add(&t, 3, 0x9000, 0);
		run(&t, cases[i].what);
		tap_ok(bench_answered(&t, 1, 2, cases[i].sw, 0), "wanted %s: it is told",
		       cases[i].what);
		if (cases[i].stops)
			tap_ok(t.batch->xfer.done == 2 && rest_canceled(&t, 2), "and it ends there");
		else
			tap_ok(t.batch->xfer.done == 3 && bench_answered(&t, 2, 3, 0x9000, 0),
			       "and it goes on");
		bench_end(&t);
	}
}

static void test_overflow(void)
{
	struct euicc_xfer_entry *entry;
	struct bench t;

	bench_begin(&t, NULL);
	bench_add(&t, 1, 0x9000, 6);
	bench_add(&t, 2, 0x6282, 5);
	bench_add(&t, 3, 0x9000, 0);
	t.batch->xfer.responses_size = 10;
	memset(t.batch->responses, 0xEE, 64);
	run(&t, "a response area that is too small");
	entry = &t.batch->entries[1];
	TAP_CHECK(bench_answered(&t, 0, 1, 0x9000, 6));
	tap_ok(entry->status == -EOVERFLOW && entry->sw == 0x6282 && entry->response_len == 5,
	       "EOVERFLOW tells the status word and the length that had no room");
	tap_ok(t.batch->responses[10] == 0xEE && t.batch->responses[63] == 0xEE,
	       "nothing is written behind the area");
	tap_ok(t.batch->xfer.done == 2 && rest_canceled(&t, 2), "the batch ends there");

	device_batch_clear(t.batch);
	bench_add(&t, 11, 0x9000, 6);
	bench_add(&t, 12, 0x9000, 4);
	bench_add(&t, 13, 0x9000, 0);
	t.batch->xfer.responses_size = 10;
	run(&t, "a response area that just fits");
	tap_ok(bench_answered(&t, 0, 11, 0x9000, 6) && bench_answered(&t, 1, 12, 0x9000, 4) &&
	       bench_answered(&t, 2, 13, 0x9000, 0), "all of it comes");
	bench_end(&t);
}

/* --- what the core completes ------------------------------------------------------------------ */

static void test_get_response(void)
{
	static const uint16_t lengths[] = { 1, 255, 256, 257, 511, 512, 513, 4096, 65535 };
	struct bench t;

	bench_begin(&t, NULL);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		device_batch_clear(t.batch);
		bench_add(&t, 0x01020304, 0x9000, lengths[i]);
		if (device_batch_run(t.fd, t.batch) < 0 ||
		    !bench_answered(&t, 0, 0x01020304, 0x9000, lengths[i]))
			tap_fail("61xx", "%u bytes do not come whole", lengths[i]);
		else
			tap_ok(true, "61xx is completed: %u bytes", lengths[i]);
	}
	device_batch_clear(t.batch);
	bench_add(&t, 5, 0x6282, 300);
	run(&t, "a warning after the data");
	tap_ok(bench_answered(&t, 0, 5, 0x6282, 300), "the last status word is what counts");
	bench_end(&t);
}

/* Case 4 with Le on a card that gives the data at once. */
static void test_direct(void)
{
	struct bench t;
	uint8_t command[32];

	bench_begin(&t, &(struct fakecard_options){ .direct = true });
	device_batch_add(t.batch, command, fakecard_command(command, 8, 0x9000, 200, 0, true));
	run(&t, "a command with Le");
	TAP_CHECK(bench_answered(&t, 0, 8, 0x9000, 200));
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_GET_RESPONSE, 0, NULL) == 0);
	bench_end(&t);
}

static void test_get_response_class(void)
{
	struct fakecard_record r;
	struct bench t;

	bench_begin(&t, &(struct fakecard_options){ .get_response_8x = true });
	t.before = fakecard_count(t.card);
	bench_add(&t, 1, 0x9000, 20);
	bench_add(&t, 2, 0x9000, 20);
	run(&t, "a card that wants class 8x for GET RESPONSE");
	TAP_CHECK(bench_answered(&t, 0, 1, 0x9000, 20) && bench_answered(&t, 1, 2, 0x9000, 20));
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_GET_RESPONSE, 0, &r) == 2);
	tap_ok((r.head[0] & 0x80) != 0, "the class is remembered for the card session");
	bench_end(&t);
}

static void test_wrong_le(void)
{
	struct fakecard_record r;
	uint8_t command[5];
	struct bench t;

	bench_begin(&t, NULL);
	device_batch_add(t.batch, command, fakecard_read(command, 7, 40, 0));
	device_batch_add(t.batch, command, fakecard_read(command, 8, 30, 30));
	run(&t, "a command with the wrong Le");
	tap_ok(bench_answered(&t, 0, 7, 0x9000, 40), "6Cxx is completed");
	TAP_CHECK(bench_answered(&t, 1, 8, 0x9000, 30));
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_COMMAND, 7, &r) == 2);
	TAP_CHECK(r.len == 5 && r.head[4] == 40);
	bench_end(&t);
}

/* A card that never comes to an end: bounded, and what follows is not hurt. */
static void test_endless(uint16_t sw, unsigned int kinds, uint16_t len)
{
	struct bench t;

	bench_begin(&t, NULL);
	fakecard_rule(t.card, &(struct fakecard_rule){ .kinds = kinds, .forever = true,
						       .action = FAKECARD_SW, .value = sw });
	bench_add(&t, 1, 0x9000, len);
	run(&t, "a card that answers 61xx or 6Cxx without end");
	tap_ok(fakecard_count(t.card) - t.before < 1024, "%04X for ever is bounded (%u APDUs)", sw,
	       fakecard_count(t.card) - t.before);
	tap_note("status %d sw %04X", t.batch->entries[0].status, t.batch->entries[0].sw);
	tap_ok(t.batch->entries[0].status == -EIO ||
	       (t.batch->entries[0].status == 0 && t.batch->entries[0].sw == sw),
	       "%04X for ever is told as that, or as unknown", sw);
	fakecard_no_rules(t.card);
	device_expect(bench_exchange(t.fd, 2, 30), 0, "the next command has its own answer");
	bench_end(&t);
}

/* --- channels in the class byte ------------------------------------------------------------------ */

/* Channel 4 and above have the 0x40 form, in which secure messaging is one bit. */
static uint8_t class_on(uint8_t cla, unsigned int channel)
{
	if (channel < 4)
		return (uint8_t)(cla | channel);
	return (uint8_t)((cla & 0x80) | 0x40 | (cla & 0x0C ? 0x20 : 0) | (channel - 4));
}

static void test_channels(void)
{
	static const uint8_t classes[] = { 0x00, 0x80, 0x84, 0x8C, 0x0C, 0x90 };
	int fds[19];
	struct fakecard_record r;
	struct bench t;
	bool ok = true;
	uint8_t command[32];
	size_t len;

	bench_begin(&t, NULL);
	fds[0] = t.fd;
	for (int i = 1; i < 19; i++)
		fds[i] = bench_client(&t);
	TAP_CHECK(fakecard_open_channels(t.card) == 19);
	for (unsigned int i = 0; i < 19; i++) {
		for (size_t c = 0; c < sizeof(classes); c++) {
			uint32_t tag = (uint32_t)(1000 + i * 100 + c);
			unsigned int from = fakecard_count(t.card);

			len = fakecard_command(command, tag, 0x9000, 3, 0, false);
			command[0] = classes[c];
			ok = ok && device_apdu(fds[i], command, len, NULL, 0, NULL, NULL) == -EOVERFLOW;
			ok = ok && fakecard_seen(t.card, from, FAKECARD_COMMAND, tag, &r) == 1 &&
			     r.channel == i + 1;
			/* 9x has no other form; whoever owns it, the channel must be right. */
			if (classes[c] != 0x90 && r.head[0] != class_on(classes[c], i + 1)) {
				tap_note("class %02X on channel %u became %02X", classes[c], i + 1,
					 r.head[0]);
				ok = false;
			}
			ok = ok && fakecard_seen(t.card, from, FAKECARD_GET_RESPONSE, 0, &r) == 1 &&
			     r.channel == i + 1;
		}
	}
	tap_ok(ok, "channels 1 to 19 are put into every class byte, GET RESPONSE's too");
	device_expect(device_isdr_channel(fakecard_client(t.card)), -ENOSPC, "a 20th channel");
	for (int i = 1; i < 19; i++)
		close(fds[i]);
	bench_end(&t);
}

/* --- what is refused ------------------------------------------------------------------------------ */

static int send_header(int fd, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2)
{
	const uint8_t command[] = { cla, ins, p1, p2, 0x02, 0x3F, 0x00 };
	uint8_t response[256];

	return device_apdu(fd, command, sizeof(command), response, sizeof(response), NULL, NULL);
}

static void test_foreign_class(void)
{
	const uint8_t foreign[] = { 0x01, 0x02, 0x03, 0x40, 0x81, 0x82, 0x83, 0xC0, 0xC1, 0xCF, 0xE0 };
	struct bench t;
	bool ok = true;

	bench_begin(&t, NULL);
	for (size_t i = 0; i < sizeof(foreign); i++) {
		int r = send_header(t.fd, foreign[i], 0xE2, 0x91, 0);

		if (r != -EPERM)
			tap_note("class %02X gives %d", foreign[i], r);
		ok = ok && r == -EPERM;
	}
	tap_ok(ok, "a class byte that names a channel is EPERM");
	device_expect(send_header(t.fd, 0x00, 0x70, 0x00, 0x00), -EPERM, "MANAGE CHANNEL open");
	device_expect(send_header(t.fd, 0x80, 0x70, 0x80, 0x01), -EPERM, "MANAGE CHANNEL close, class 80");
	device_expect(send_header(t.fd, 0x00, 0xC2, 0x00, 0x00), -EPERM, "ENVELOPE, which may hold a SELECT");
	ok = true;
	for (unsigned int p1 = 0; p1 < 256; p1++)
		ok = ok && send_header(t.fd, 0x00, 0xA4, (uint8_t)p1, 0x04) == -EPERM;
	tap_ok(ok, "SELECT with any P1 is EPERM without FILE_SELECT");
	device_expect(send_header(t.fd, 0x80, 0xA4, 0x04, 0x00), -EPERM, "SELECT of class 80");

	/* Among good entries: nothing of the batch goes out. */
	for (unsigned int at = 0; at < 3; at++) {
		device_batch_clear(t.batch);
		for (unsigned int i = 0; i < 3; i++)
			bench_add(&t, i + 1, 0x9000, 0);
		t.batch->commands[t.batch->entries[at].command_offset] = 0x81;
		device_expect(device_batch_run(t.fd, t.batch), -EPERM,
			      "a foreign class in entry %u refuses the batch", at);
	}
	tap_ok(fakecard_count(t.card) == t.before, "the card saw nothing of what was refused");
	bench_end(&t);
}

static void test_file_select(void)
{
	static const uint8_t by_file[] = { 0x00, 0x01, 0x02, 0x03, 0x08, 0x09 };
	struct fakecard_record r;
	struct bench t;
	bool ok = true;
	int fd;

	bench_begin(&t, NULL);
	fd = fakecard_client(t.card);
	TAP_CHECK(device_channel(fd, device_isdr, 16, EUICC_OPEN_FILE_SELECT, NULL) == 0);
	for (size_t i = 0; i < sizeof(by_file); i++)
		ok = ok && send_header(fd, 0x00, 0xA4, by_file[i], 0x04) == 0;
	tap_ok(ok, "FILE_SELECT: SELECT by file goes out");
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_SELECT, 0, &r) >= 6 && r.channel == 2);
	ok = true;
	t.before = fakecard_count(t.card);
	for (uint8_t p1 = 0x04; p1 < 0x08; p1++)
		ok = ok && send_header(fd, 0x00, 0xA4, p1, 0x04) == -EPERM;
	tap_ok(ok && fakecard_count(t.card) == t.before,
	       "FILE_SELECT: SELECT by application stays EPERM, and the card sees none");
	device_expect(send_header(fd, 0x00, 0x70, 0x00, 0x00), -EPERM,
		      "FILE_SELECT: MANAGE CHANNEL stays EPERM");
	device_expect(send_header(t.fd, 0x00, 0xA4, 0x00, 0x04), -EPERM,
		      "FILE_SELECT is one file's, not the device's");
	close(fd);
	bench_end(&t);
}

static void test_basic(void)
{
	const uint8_t select[] = { 0x00, 0xA4, 0x04, 0x00, 0x02, 0xA0, 0x00 };
	struct fakecard_record r;
	struct bench t;
	uint8_t response[64];
	int basic, other;

	bench_begin(&t, NULL);
	basic = fakecard_client(t.card);
	other = fakecard_client(t.card);
	device_capability(CAP_SYS_RAWIO, false);
	device_expect(device_channel(basic, NULL, 0, EUICC_OPEN_BASIC, NULL), -EPERM,
		      "BASIC without CAP_SYS_RAWIO");
	tap_ok(fakecard_count(t.card) == t.before, "the card saw nothing of it");
	device_capability(CAP_SYS_RAWIO, true);
	device_expect(device_channel(basic, NULL, 0, EUICC_OPEN_BASIC, NULL), 0, "BASIC with it");
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_MANAGE_OPEN | FAKECARD_SELECT, 0, NULL) == 0);
	device_expect(device_channel(other, NULL, 0, EUICC_OPEN_BASIC, NULL), -EBUSY,
		      "BASIC while another file has it");
	device_capability(CAP_SYS_RAWIO, false);
	device_expect(device_apdu(basic, select, sizeof(select), response, sizeof(response), NULL, NULL),
		      0, "SELECT by application on the basic channel; capable() was asked at OPEN");
	device_capability(CAP_SYS_RAWIO, true);
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_SELECT, 0, &r) == 1 && r.channel == 0);
	device_expect(send_header(basic, 0x00, 0x70, 0x00, 0x00), -EPERM,
		      "MANAGE CHANNEL on the basic channel");
	device_expect(send_header(basic, 0x01, 0xA4, 0x00, 0x04), -EPERM,
		      "the basic channel's holder in another channel's class");
	device_expect(bench_exchange(basic, 50, 30), 0, "an exchange on the basic channel");
	device_expect(bench_exchange(t.fd, 51, 30), 0, "beside it, a channel of its own");
	close(basic);
	device_expect(device_channel(other, NULL, 0, EUICC_OPEN_BASIC, NULL), 0,
		      "the basic channel is free when its holder has gone");
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_MANAGE_CLOSE, 0, NULL) == 0);
	close(other);
	bench_end(&t);

	bench_begin(&t, &(struct fakecard_options){ .features = EUICC_FEATURE_FCI });
	other = fakecard_client(t.card);
	device_expect(device_channel(other, NULL, 0, EUICC_OPEN_BASIC, NULL), -EOPNOTSUPP,
		      "BASIC on a transport that has none");
	close(other);
	bench_end(&t);
}

static void test_not_connected(void)
{
	struct bench t;
	int fd;

	bench_begin(&t, NULL);
	fd = fakecard_client(t.card);
	device_expect(bench_exchange(fd, 1, 0), -ENOTCONN, "XFER without a channel");
	tap_ok(fakecard_count(t.card) == t.before, "the card saw nothing of it");
	close(fd);
	bench_end(&t);
}

/* --- one call of a file at a time ------------------------------------------------------------------ */

struct one_batch {
	struct bench *bench;
	int result;
};

static void *run_batch(void *argument)
{
	struct one_batch *one = argument;

	one->result = device_batch_run(one->bench->fd, one->bench->batch);
	return NULL;
}

static void test_busy(void)
{
	struct one_batch one;
	pthread_t thread;
	struct bench t;
	struct euicc_info info;

	bench_begin(&t, NULL);
	one.bench = &t;
	bench_add(&t, 1, 0x9000, 8);
	bench_add(&t, 2, 0x9000, 8);
	fakecard_hold(t.card, FAKECARD_COMMAND, 0);
	pthread_create(&thread, NULL, run_batch, &one);
	TAP_CHECK(fakecard_wait_held(t.card, NULL));
	device_expect(bench_exchange(t.fd, 77, 0), -EBUSY, "a second batch on the same file");
	device_expect(device_isdr_channel(t.fd), -EBUSY, "OPEN while the file has a batch");
	device_expect(device_reset(t.fd, EUICC_RESET_ANY, 0, NULL), -EBUSY,
		      "RESET while the file has a batch");
	device_expect(device_info(t.fd, &info), 0, "GET_INFO never waits");
	fakecard_release(t.card, 0);
	pthread_join(thread, NULL);
	device_expect(one.result, 0, "the batch itself");
	TAP_CHECK(bench_answered(&t, 0, 1, 0x9000, 8) && bench_answered(&t, 1, 2, 0x9000, 8));
	TAP_CHECK(bench_saw(&t, 77) == 0);
	bench_end(&t);
}

/* --- what nobody knows ------------------------------------------------------------------------------ */

/* The transport fails entry AT of four with ERROR. */
static void test_failure(int error, unsigned int at)
{
	struct bench t;
	int status, want = error == ECANCELED ? -ECANCELED : -error;

	bench_begin(&t, NULL);
	for (unsigned int i = 0; i < 4; i++)
		bench_add(&t, i + 1, 0x9000, 0);
	fakecard_rule(t.card, &(struct fakecard_rule){ .kinds = FAKECARD_COMMAND, .tag = at + 1,
						       .action = FAKECARD_FAIL,
						       .value = (uint32_t)error });
	run(&t, "a batch that the transport fails");
	status = t.batch->entries[at].status;
	tap_ok(status == want, "%s in entry %u is told as that (%d)", strerrorname_np(error), at,
	       status);
	TAP_CHECK(t.batch->xfer.done == at);
	for (unsigned int i = 0; i < at; i++)
		TAP_CHECK(bench_answered(&t, i, i + 1, 0x9000, 0));
	tap_ok(rest_canceled(&t, at + 1), "and what follows was never sent");
	bench_end(&t);
}

/* Between 61xx and GET RESPONSE even "never sent" leaves the command itself unknown. */
static void test_failed_get_response(int error)
{
	struct bench t;
	int status;

	bench_begin(&t, NULL);
	bench_add(&t, 1, 0x9000, 20);
	bench_add(&t, 2, 0x9000, 0);
	fakecard_rule(t.card, &(struct fakecard_rule){ .kinds = FAKECARD_GET_RESPONSE,
						       .action = FAKECARD_FAIL,
						       .value = (uint32_t)error });
	run(&t, "a GET RESPONSE that the transport fails");
	status = t.batch->entries[0].status;
	tap_ok(status < 0 && status != -ECANCELED && status != -EOVERFLOW && status != -EINPROGRESS,
	       "%s of GET RESPONSE: the command was sent and is unknown (%d)", strerrorname_np(error),
	       status);
	TAP_CHECK(t.batch->xfer.done == 0 && rest_canceled(&t, 1));
	bench_end(&t);
}

static void test_timeout(void)
{
	struct bench t;

	bench_begin(&t, NULL);
	bench_add(&t, 1, 0x9000, 0);
	bench_add(&t, 2, 0x9000, 9)->timeout_ms = 100;
	bench_add(&t, 3, 0x9000, 0);
	fakecard_hold(t.card, FAKECARD_COMMAND, 1);
	run(&t, "a card that does not answer");
	TAP_CHECK(t.batch->xfer.done == 1);
	TAP_CHECK(t.batch->entries[1].status == -ETIMEDOUT);
	tap_ok(rest_canceled(&t, 2), "after ETIMEDOUT nothing is sent");
	TAP_CHECK(fakecard_release(t.card, 0));
	device_batch_clear(t.batch);
	bench_add(&t, 11, 0x9000, 7);
	run(&t, "a batch after the card's late answer");
	tap_ok(bench_answered(&t, 0, 11, 0x9000, 7), "a late answer is nobody's");
	bench_end(&t);
}

int main(void)
{
	static const int unknown[] = { EIO, ETIMEDOUT, ECANCELED };

	test_lengths();
	test_stop_on_data();
	test_sw_wanted();
	test_overflow();
	test_get_response();
	test_direct();
	test_get_response_class();
	test_wrong_le();
	test_endless(0x6110, FAKECARD_GET_RESPONSE, 16);
	test_endless(0x6100, FAKECARD_APDU, 16);
	test_endless(0x6C10, FAKECARD_APDU, 0);
	test_channels();
	test_foreign_class();
	test_file_select();
	test_basic();
	test_not_connected();
	test_busy();
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		test_failure(unknown[i], 0);
		test_failure(unknown[i], 2);
		test_failed_get_response(unknown[i]);
	}
	test_timeout();
	return tap_exit();
}
