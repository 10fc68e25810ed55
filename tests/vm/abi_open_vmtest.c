/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OPEN_CHANNEL: what goes to the card and in which order, what comes back, every error of its
 * table, and that no channel of the card is left open by a call that failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vm/fakecard_bench.h"
#include "vm/plugged.h"
#include "vm/tap.h"

#define AID_LEN sizeof(device_isdr)

static const uint8_t unknown_aid[] = { 0xF0, 0x01, 0x02, 0x03, 0x04 };
static const uint8_t other_aid[] = { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 };

static int open_p2(int fd, uint8_t p2, struct euicc_open_channel *args)
{
	*args = (struct euicc_open_channel){ .aid_len = AID_LEN, .p2 = p2 };
	memcpy(args->aid, device_isdr, AID_LEN);
	return device_ioctl(fd, EUICC_OPEN_CHANNEL, args);
}

/* Waits until the card saw a channel closed, and none is open. */
static bool all_closed(struct fakecard *card, unsigned int from)
{
	return fakecard_wait_record(card, from, FAKECARD_MANAGE_CLOSE | FAKECARD_CLOSE, NULL) &&
	       fakecard_open_channels(card) == 0;
}

/* --- what it does --------------------------------------------------------------------------- */

static void test_sequence(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card);
	struct euicc_open_channel args;
	struct fakecard_record r[5];
	bool ok = true;

	TAP_CHECK(open_p2(fd, 0x00, &args) == 0);
	for (unsigned int i = 0; i < 4; i++)
		ok = ok && fakecard_record(card, i + 1, &r[i]);
	tap_ok(ok && r[0].kind == FAKECARD_RESET && r[1].kind == FAKECARD_MANAGE_OPEN &&
	       r[1].channel == 0 && r[2].kind == FAKECARD_SELECT && r[2].channel == 1 &&
	       r[3].kind == FAKECARD_GET_RESPONSE && r[3].channel == 1 && fakecard_count(card) == 4,
	       "activation, MANAGE CHANNEL, SELECT, GET RESPONSE, and nothing else");
	tap_ok(memcmp(r[1].head, (uint8_t[]){ 0x00, 0x70, 0x00, 0x00, 0x01 }, 5) == 0 &&
	       memcmp(r[2].head, (uint8_t[]){ 0x01, 0xA4, 0x04, 0x00, AID_LEN }, 5) == 0 &&
	       memcmp(r[2].head + 5, device_isdr, AID_LEN) == 0, "the commands are as they must be");
	tap_ok(args.fci_len == 20 && args.fci[0] == 0x6F && args.sw == 0x9000 && args.generation == 1,
	       "FCI, status word and generation come back");
	close(fd);
	fakecard_free(card);
}

static void test_p2(void)
{
	static const struct { uint8_t p2; uint32_t fci_len; } cases[] = { { 0x00, 20 }, { 0x04, 20 },
									  { 0x0C, 0 } };
	struct fakecard *card = fakecard_new(NULL);
	struct euicc_open_channel args;
	struct fakecard_record r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = fakecard_client(card);

		device_expect(open_p2(fd, cases[i].p2, &args), 0, "OPEN with P2 %02X", cases[i].p2);
		TAP_CHECK(args.fci_len == cases[i].fci_len);
		TAP_CHECK(fakecard_seen(card, 0, FAKECARD_SELECT, 0, &r) == i + 1 &&
			  r.head[3] == cases[i].p2);
		close(fd);
	}
	fakecard_free(card);
}

static void test_fci_cut(void)
{
	struct bench t;
	struct euicc_open_channel args;
	int fd;

	bench_begin(&t, &(struct fakecard_options){ .fci_len = 600 });
	fd = fakecard_client(t.card);
	device_expect(open_p2(fd, 0x00, &args), 0, "OPEN with an FCI longer than the field");
	tap_ok(args.fci_len == EUICC_FCI_MAX && args.fci[0] == 0x6F && args.fci[255] == 0x5A,
	       "it is cut at the field's end");
	device_expect(bench_exchange(fd, 1, 10), 0, "and the channel is fine");
	close(fd);
	bench_end(&t);
}

static void test_default_application(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card);
	struct fakecard_record r;

	device_expect(device_channel(fd, NULL, 0, 0, NULL), 0, "OPEN without an AID");
	TAP_CHECK(fakecard_seen(card, 0, FAKECARD_SELECT, 0, &r) <= 1);
	device_expect(bench_exchange(fd, 1, 10), 0, "the default application answers");
	device_expect(device_isdr_channel(fd), -EBUSY, "and the file has its channel");
	close(fd);
	fakecard_free(card);
}

/* --- what it refuses, and what the card refuses ---------------------------------------------------- */

static void test_not_there(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card);
	struct euicc_open_channel args;

	device_expect(device_channel(fd, unknown_aid, sizeof(unknown_aid), 0, &args), -ENOENT,
		      "an application that the card does not have");
	TAP_CHECK(args.sw == 0x6A82 && args.fci_len == 0);
	tap_ok(all_closed(card, 0), "its channel is closed again");
	device_expect(bench_exchange(fd, 1, 0), -ENOTCONN, "the file has no channel");
	device_expect(device_isdr_channel(fd), 0, "and may open another application");
	close(fd);
	fakecard_free(card);
}

static void test_refused(unsigned int kind, uint32_t sw, int want, bool closes)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card);
	struct euicc_open_channel args;

	fakecard_rule(card, &(struct fakecard_rule){ .kinds = kind, .action = FAKECARD_SW, .value = sw });
	device_expect(open_p2(fd, 0, &args), want, "%s answers %04X",
		      kind == FAKECARD_SELECT ? "SELECT" : "MANAGE CHANNEL", sw);
	TAP_CHECK(args.sw == sw && args.fci_len == 0);
	if (closes)
		tap_ok(all_closed(card, 0), "the channel is closed again");
	TAP_CHECK(fakecard_open_channels(card) == 0);
	device_expect(open_p2(fd, 0, &args), 0, "and the next OPEN succeeds");
	close(fd);
	fakecard_free(card);
}

/* A channel number that no card may give. */
static void test_bad_number(const uint8_t *answer, size_t len, const char *what)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card), r;
	struct euicc_open_channel args;

	fakecard_rule(card, &(struct fakecard_rule){ .kinds = FAKECARD_MANAGE_OPEN, .bytes = answer,
						     .len = len, .action = FAKECARD_BYTES });
	r = open_p2(fd, 0, &args);
	tap_ok(r == -EIO || r == -EREMOTEIO, "MANAGE CHANNEL answers %s: refused (%d)", what, r);
	TAP_CHECK(fakecard_seen(card, 0, FAKECARD_SELECT, 0, NULL) == 0);
	device_expect(bench_exchange(fd, 1, 0), -ENOTCONN, "the file has no channel");
	close(fd);
	fakecard_free(card);
}

static void test_no_channel_free(void)
{
	struct bench t;
	int fd;

	bench_begin(&t, &(struct fakecard_options){ .channels = 1 });
	fd = fakecard_client(t.card);
	device_expect(device_isdr_channel(fd), -ENOSPC, "OPEN when the card has no channel left");
	device_expect(bench_exchange(t.fd, 1, 20), 0, "the one that is open is not touched");
	close(t.fd);
	device_expect(device_isdr_channel(fd), 0, "OPEN when its holder has closed it");
	t.fd = fd;
	bench_end(&t);
}

struct opener {
	int fd;
	int result;
};

static void *open_channel(void *argument)
{
	struct opener *opener = argument;

	opener->result = device_isdr_channel(opener->fd);
	return NULL;
}

static void *exchange(void *argument)
{
	struct opener *opener = argument;

	opener->result = bench_exchange(opener->fd, 99, 0);
	return NULL;
}

/* The close waits in line behind an exchange: an OPEN that comes later must not find the
 * card full. */
static void test_pending_close(void)
{
	struct opener busy, opener;
	pthread_t busy_thread, open_thread;
	struct fakecard_record closed, opened;
	struct bench t;
	int other;

	bench_begin(&t, &(struct fakecard_options){ .channels = 2 });
	other = bench_client(&t);
	opener.fd = fakecard_client(t.card);
	busy.fd = t.fd;
	t.before = fakecard_count(t.card);
	fakecard_hold(t.card, FAKECARD_COMMAND, 0);
	pthread_create(&busy_thread, NULL, exchange, &busy);
	TAP_CHECK(fakecard_wait_held(t.card, NULL));
	close(other);
	tap_ok(fakecard_seen(t.card, t.before, FAKECARD_MANAGE_CLOSE, 0, NULL) == 0,
	       "close() does not wait for the card");
	pthread_create(&open_thread, NULL, open_channel, &opener);
	fakecard_release(t.card, 0);
	pthread_join(busy_thread, NULL);
	pthread_join(open_thread, NULL);
	device_expect(busy.result, 0, "the exchange that was under way");
	device_expect(opener.result, 0, "OPEN waits for a close that is pending");
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_MANAGE_CLOSE, 0, &closed) == 1 &&
		  fakecard_seen(t.card, t.before, FAKECARD_MANAGE_OPEN, 0, &opened) == 1 &&
		  closed.order < opened.order);
	close(opener.fd);
	bench_end(&t);
}

static void test_one_channel(void)
{
	struct bench t;
	uint32_t generation;

	bench_begin(&t, NULL);
	device_expect(device_isdr_channel(t.fd), -EBUSY, "a second OPEN of the same file");
	device_expect(device_channel(t.fd, other_aid, sizeof(other_aid), 0, NULL), -EBUSY,
		      "OPEN of another application");
	TAP_CHECK(fakecard_count(t.card) == t.before);
	TAP_CHECK(device_reset(t.fd, EUICC_RESET_ANY, 0, &generation) == 0 && generation == 2);
	t.before = fakecard_count(t.card);
	device_expect(bench_exchange(t.fd, 1, 0), -ESTALE, "the channel died with the reset");
	device_expect(device_channel(t.fd, other_aid, sizeof(other_aid), 0, NULL), -EPERM,
		      "another application after the reset: the lock is for life");
	device_expect(device_channel(t.fd, device_isdr, AID_LEN - 1, 0, NULL), -EPERM,
		      "a part of the AID is another AID");
	device_expect(device_channel(t.fd, NULL, 0, 0, NULL), -EPERM, "the default application too");
	TAP_CHECK(fakecard_count(t.card) == t.before);
	device_expect(device_isdr_channel(t.fd), 0, "the same AID opens again");
	device_expect(bench_exchange(t.fd, 2, 5), 0, "and works");
	bench_end(&t);
}

static void test_activation(int error, int want)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card);
	struct euicc_info info;

	fakecard_rule(card, &(struct fakecard_rule){ .kinds = FAKECARD_RESET, .action = FAKECARD_FAIL,
						     .value = (uint32_t)error });
	device_expect(device_isdr_channel(fd), want, "activation fails with %s",
		      strerrorname_np(error));
	TAP_CHECK(fakecard_seen(card, 0, FAKECARD_APDU, 0, NULL) == 0);
	TAP_CHECK(device_info(fd, &info) == 0);
	tap_ok(info.card_state == (error == ENOMEDIUM ? EUICC_CARD_MUTE : EUICC_CARD_UNKNOWN),
	       "the card's state tells (%u)", info.card_state);
	device_expect(device_isdr_channel(fd), 0, "and the next OPEN tries again");
	close(fd);
	fakecard_free(card);
}

/* --- time ---------------------------------------------------------------------------------------- */

static int open_within(int fd, uint32_t timeout_ms)
{
	struct euicc_open_channel args = { .aid_len = AID_LEN, .timeout_ms = timeout_ms };

	memcpy(args.aid, device_isdr, AID_LEN);
	return device_ioctl(fd, EUICC_OPEN_CHANNEL, &args);
}

/* The time is up at a point of the opening; then the card answers after all. */
static void test_timeout(unsigned int kind, const char *what)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card), late = fakecard_client(card);
	unsigned int open;

	fakecard_hold(card, kind, 0);
	device_expect(open_within(fd, 300), -ETIMEDOUT, "the time is up while %s is under way", what);
	device_expect(bench_exchange(fd, 1, 0), -ENOTCONN, "there is no channel then");
	fakecard_release(card, 0);
	device_expect(device_isdr_channel(late), 0, "the next OPEN is served");
	open = fakecard_open_channels(card);
	tap_ok(open == 1, "no channel is left open by the call that failed (%u are)", open);
	device_expect(bench_exchange(late, 2, 10), 0, "and what was opened works");
	close(fd);
	close(late);
	fakecard_free(card);
}

/* --- TERMINAL CAPABILITY ---------------------------------------------------------------------------- */

static const char capability[] = "A9038301FF";

static int attribute(struct fakecard *card, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/euicc/euicc%u/terminal_capability",
		 fakecard_minor(card));
	return plugged_write(path, text);
}

static unsigned int sent(struct fakecard *card, struct fakecard_record *r)
{
	return fakecard_seen(card, 0, FAKECARD_TERMINAL, 0, r);
}

static void test_capability(bool set, bool advertised)
{
	struct fakecard *card = fakecard_new(&(struct fakecard_options){
		.terminal_capability = advertised });
	int fd = fakecard_client(card), other = fakecard_client(card);
	struct fakecard_record r, manage;

	if (set)
		TAP_CHECK(attribute(card, capability) == 0);
	TAP_CHECK(device_isdr_channel(fd) == 0 && device_isdr_channel(other) == 0);
	tap_ok(sent(card, &r) == (set && advertised),
	       "TERMINAL CAPABILITY, %s, %s: %s", set ? "set" : "not set",
	       advertised ? "advertised" : "not advertised",
	       set && advertised ? "sent once" : "never sent");
	if (set && advertised) {
		tap_ok(memcmp(r.head, (uint8_t[]){ 0x80, 0xAA, 0, 0, 5, 0xA9, 3, 0x83, 1, 0xFF }, 10) == 0 &&
		       r.len == 10, "what was set is what goes out");
		TAP_CHECK(fakecard_wait_record(card, 0, FAKECARD_MANAGE_OPEN, &manage) &&
			  r.order < manage.order);
		TAP_CHECK(device_reset(fd, EUICC_RESET_ANY, EUICC_RESET_FORCE, NULL) == 0);
		TAP_CHECK(device_isdr_channel(fd) == 0 && device_isdr_channel(other) == 0);
		tap_ok(sent(card, NULL) == 2, "once more after the next activation");
	}
	close(fd);
	close(other);
	fakecard_free(card);
}

static void test_capability_refused(void)
{
	struct fakecard *card = fakecard_new(&(struct fakecard_options){ .terminal_capability = true });
	int fd = fakecard_client(card);

	TAP_CHECK(attribute(card, capability) == 0);
	fakecard_rule(card, &(struct fakecard_rule){ .kinds = FAKECARD_TERMINAL, .value = 0x6F00,
						     .action = FAKECARD_SW });
	device_expect(device_isdr_channel(fd), 0, "OPEN where the card refuses TERMINAL CAPABILITY");
	TAP_CHECK(sent(card, NULL) == 1);
	device_expect(attribute(card, "A9"), -EINVAL, "terminal_capability: half a TLV");
	device_expect(attribute(card, "A90383"), -EINVAL, "terminal_capability: a TLV cut off");
	device_expect(attribute(card, "A80383010F"), -EINVAL, "terminal_capability: another tag");
	device_expect(attribute(card, "A9038301F"), -EINVAL, "terminal_capability: half a byte");
	device_expect(attribute(card, "hello"), -EINVAL, "terminal_capability: no hex");
	device_expect(attribute(card, "\n"), 0, "terminal_capability: empty again");
	close(fd);
	fakecard_free(card);
}

/* --- transports that open channels by themselves ------------------------------------------------------ */

static void test_owned(void)
{
	const struct fakecard_options options = { .features = FAKECARD_OWNED, .channels = 2 };
	struct fakecard *card = fakecard_new(&options);
	int fd = fakecard_client(card), second = fakecard_client(card), third = fakecard_client(card);
	struct euicc_open_channel args;
	struct fakecard_record r;

	device_expect(device_channel(fd, unknown_aid, sizeof(unknown_aid), 0, &args), -ENOENT,
		      "owned: an application that is not there");
	TAP_CHECK(args.sw == 0x6A82);
	device_expect(open_p2(fd, 0, &args), 0, "owned: OPEN");
	TAP_CHECK(args.fci_len == 20 && args.sw == 0x9000);
	device_expect(device_isdr_channel(second), 0, "owned: a second channel");
	device_expect(device_isdr_channel(third), -ENOSPC, "owned: no channel is free");
	device_expect(device_channel(third, NULL, 0, EUICC_OPEN_BASIC, NULL), -EOPNOTSUPP,
		      "owned: BASIC where the transport has none");
	device_expect(bench_exchange(second, 5, 300), 0, "owned: an exchange");
	TAP_CHECK(fakecard_seen(card, 0, FAKECARD_COMMAND, 5, &r) == 1 &&
		  r.handle == FAKECARD_HANDLE + 2 && r.head[0] == 0x80);
	TAP_CHECK(fakecard_seen(card, 0, FAKECARD_MANAGE_OPEN | FAKECARD_SELECT, 0, NULL) == 0);
	close(second);
	device_expect(device_isdr_channel(third), 0, "owned: a closed channel is free again");
	close(fd);
	close(third);
	fakecard_free(card);
}

int main(void)
{
	test_sequence();
	test_p2();
	test_fci_cut();
	test_default_application();
	test_not_there();
	test_refused(FAKECARD_SELECT, 0x6A82, -ENOENT, true);
	test_refused(FAKECARD_SELECT, 0x6999, -EREMOTEIO, true);
	test_refused(FAKECARD_MANAGE_OPEN, 0x6F00, -EREMOTEIO, false);
	test_refused(FAKECARD_MANAGE_OPEN, 0x6A81, -ENOSPC, false);
	test_bad_number((const uint8_t[]){ 0x00, 0x90, 0x00 }, 3, "channel 0");
	test_bad_number((const uint8_t[]){ 20, 0x90, 0x00 }, 3, "channel 20");
	test_bad_number((const uint8_t[]){ 0xFF, 0x90, 0x00 }, 3, "channel 255");
	test_bad_number((const uint8_t[]){ 0x90, 0x00 }, 2, "no channel");
	test_no_channel_free();
	test_pending_close();
	test_one_channel();
	test_activation(ENOMEDIUM, -ENOMEDIUM);
	test_activation(EIO, -EIO);
	test_timeout(FAKECARD_RESET, "the activation");
	test_timeout(FAKECARD_MANAGE_OPEN, "MANAGE CHANNEL");
	test_timeout(FAKECARD_SELECT, "SELECT");
	test_timeout(FAKECARD_GET_RESPONSE, "GET RESPONSE");
	test_capability(false, false);
	test_capability(false, true);
	test_capability(true, false);
	test_capability(true, true);
	test_capability_refused();
	test_owned();
	return tap_exit();
}
