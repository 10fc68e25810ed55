/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Card sessions: RESET and who may ask for it, generations, channels that die with their session,
 * a card that comes and goes, and the events that tell of all this.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vm/fakecard_bench.h"
#include "vm/tap.h"

static uint32_t generation(int fd)
{
	struct euicc_info info;

	return device_info(fd, &info) == 0 ? info.generation : UINT32_MAX;
}

static uint32_t card_state(int fd)
{
	struct euicc_info info;

	return device_info(fd, &info) == 0 ? info.card_state : UINT32_MAX;
}

/* --- RESET ---------------------------------------------------------------------------------- */

static void test_reset_kinds(void)
{
	static const struct { const char *what; uint32_t kind; } kinds[] = {
		{ "any", EUICC_RESET_ANY }, { "warm", EUICC_RESET_WARM }, { "cold", EUICC_RESET_COLD } };
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card);
	struct fakecard_record r;
	uint32_t now;

	for (uint32_t i = 0; i < 3; i++) {
		device_expect(device_reset(fd, kinds[i].kind, 0, &now), 0, "RESET %s", kinds[i].what);
		TAP_CHECK(fakecard_seen(card, 0, FAKECARD_RESET, 0, &r) == i + 1 &&
			  r.handle == kinds[i].kind);
		TAP_CHECK(now == i + 1 && generation(fd) == now && card_state(fd) == EUICC_CARD_ON);
	}
	close(fd);
	fakecard_free(card);

	card = fakecard_new(&(struct fakecard_options){ .features = EUICC_FEATURE_COLD });
	fd = fakecard_client(card);
	device_expect(device_reset(fd, EUICC_RESET_WARM, 0, NULL), -EOPNOTSUPP,
		      "a warm reset where the transport has none");
	TAP_CHECK(fakecard_count(card) == 0);
	device_expect(device_reset(fd, EUICC_RESET_COLD, 0, NULL), 0, "a cold one, which it has");
	close(fd);
	fakecard_free(card);
}

static void test_reset_rights(void)
{
	struct bench t;
	int other;

	bench_begin(&t, NULL);
	other = fakecard_client(t.card);
	device_expect(device_reset(other, EUICC_RESET_ANY, 0, NULL), -EBUSY,
		      "RESET while another file has a channel");
	device_capability(CAP_SYS_RAWIO, false);
	device_expect(device_reset(other, EUICC_RESET_ANY, EUICC_RESET_FORCE, NULL), -EPERM,
		      "RESET FORCE without CAP_SYS_RAWIO");
	device_expect(device_reset(t.fd, EUICC_RESET_ANY, EUICC_RESET_FORCE, NULL), -EPERM,
		      "and also where only the caller has a channel");
	device_capability(CAP_SYS_RAWIO, true);
	TAP_CHECK(fakecard_count(t.card) == t.before && generation(t.fd) == 1);
	device_expect(bench_exchange(t.fd, 1, 5), 0, "the channel is not hurt by what was refused");
	device_expect(device_reset(other, EUICC_RESET_ANY, EUICC_RESET_FORCE, NULL), 0,
		      "RESET FORCE with it");
	device_expect(bench_exchange(t.fd, 2, 0), -ESTALE, "the holder gets ESTALE");
	device_expect(bench_exchange(t.fd, 3, 0), -ESTALE, "and again");
	TAP_CHECK(bench_saw(&t, 2) == 0 && bench_saw(&t, 3) == 0);
	device_expect(device_reset(other, EUICC_RESET_ANY, 0, NULL), 0,
		      "a dead channel is no reason to refuse a RESET");
	device_expect(device_isdr_channel(t.fd), 0, "the same AID opens again on the same file");
	device_expect(bench_exchange(t.fd, 4, 5), 0, "and works");
	device_expect(device_reset(t.fd, EUICC_RESET_ANY, 0, NULL), 0,
		      "a file's own channel is no reason to refuse its RESET");
	device_expect(bench_exchange(t.fd, 5, 0), -ESTALE, "but dies with it");
	close(other);
	t.before = fakecard_count(t.card);
	close(t.fd);
	t.fd = fakecard_client(t.card);
	TAP_CHECK(device_isdr_channel(t.fd) == 0);
	tap_ok(fakecard_seen(t.card, t.before, FAKECARD_MANAGE_CLOSE, 0, NULL) == 0,
	       "a channel of a session that is over is not closed in the next one");
	bench_end(&t);
}

static void test_reset_fails(int error, int want)
{
	struct bench t;

	bench_begin(&t, NULL);
	fakecard_rule(t.card, &(struct fakecard_rule){ .kinds = FAKECARD_RESET, .action = FAKECARD_FAIL,
						       .value = (uint32_t)error });
	device_expect(device_reset(t.fd, EUICC_RESET_ANY, 0, NULL), want, "RESET that fails with %s",
		      strerrorname_np(error));
	TAP_CHECK(generation(t.fd) == 2);
	device_expect(bench_exchange(t.fd, 1, 0), -ESTALE, "the channel is dead all the same");
	device_expect(device_isdr_channel(t.fd), 0, "and opens again");
	bench_end(&t);
}

static void test_reset_timeout(void)
{
	struct euicc_reset args = { .timeout_ms = 200 };
	struct bench t;

	bench_begin(&t, NULL);
	fakecard_hold(t.card, FAKECARD_RESET, 0);
	device_expect(device_ioctl(t.fd, EUICC_RESET, &args), -ETIMEDOUT, "RESET without an answer");
	fakecard_release(t.card, 0);
	device_expect(bench_exchange(t.fd, 1, 0), -ESTALE, "the channel is dead");
	device_expect(device_isdr_channel(t.fd), 0, "and opens again");
	device_expect(bench_exchange(t.fd, 2, 5), 0, "and works");
	bench_end(&t);
}

/* --- a card that comes and goes ------------------------------------------------------------- */

/* Events are in a file's queue as soon as the transport's write has returned. */
static bool next_event(int fd, uint16_t type, uint32_t argument, uint32_t *sequence)
{
	struct euicc_event event = { 0 };
	int r = device_event(fd, &event);
	bool ok;

	ok = tap_ok(r == 0 && event.type == type && event.argument == argument &&
		    event.sequence == *sequence + 1 && event.reserved == 0,
		    "event %u: type %u, argument %u", *sequence + 1, type, argument);
	if (!ok)
		tap_note("r %d: sequence %u type %u generation %u argument %u", r, event.sequence,
			 event.type, event.generation, event.argument);
	*sequence = event.sequence;
	return ok;
}

static void test_removed(void)
{
	const uint8_t atr[] = { 0x3B, 0x00 };
	struct euicc_info info;
	uint32_t sequence = 0;
	struct bench t;
	int other;

	bench_begin(&t, NULL);
	other = fakecard_client(t.card);
	TAP_CHECK(fakecard_event(t.card, EUICC_EVENT_REMOVED, NULL, 0) == 0);
	next_event(t.fd, EUICC_EVENT_REMOVED, 0, &sequence);
	TAP_CHECK(card_state(t.fd) == EUICC_CARD_ABSENT && generation(t.fd) == 2);
	device_expect(bench_exchange(t.fd, 1, 0), -ENOMEDIUM, "XFER without a card");
	tap_ok(fakecard_count(t.card) == t.before, "reaches nobody");
	TAP_CHECK(fakecard_event(t.card, EUICC_EVENT_INSERTED, atr, sizeof(atr)) == 0);
	next_event(t.fd, EUICC_EVENT_INSERTED, 0, &sequence);
	TAP_CHECK(device_info(t.fd, &info) == 0 && info.card_state != EUICC_CARD_ABSENT);
	device_expect(bench_exchange(t.fd, 2, 0), -ESTALE, "XFER on another card than the channel's");
	tap_ok(bench_saw(&t, 2) == 0, "reaches nobody");
	device_expect(device_isdr_channel(t.fd), 0, "the same AID on the new card");
	TAP_CHECK(generation(t.fd) > 2);
	tap_ok(fakecard_seen(t.card, t.before, FAKECARD_RESET, 0, NULL) == 1, "which was activated");
	device_expect(bench_exchange(t.fd, 3, 9), 0, "an exchange with it");
	close(other);
	bench_end(&t);
}

static void test_no_card(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = fakecard_client(card);

	TAP_CHECK(fakecard_event(card, EUICC_EVENT_REMOVED, NULL, 0) == 0);
	fakecard_rule(card, &(struct fakecard_rule){ .kinds = FAKECARD_RESET, .action = FAKECARD_FAIL,
						     .value = ENOMEDIUM, .forever = true });
	device_expect(device_isdr_channel(fd), -ENOMEDIUM, "OPEN without a card");
	device_expect(device_reset(fd, EUICC_RESET_ANY, 0, NULL), -ENOMEDIUM, "RESET without a card");
	TAP_CHECK(fakecard_seen(card, 0, FAKECARD_APDU, 0, NULL) == 0);
	close(fd);
	fakecard_free(card);
}

struct batch_thread {
	struct bench *bench;
	int result;
};

static void *run_batch(void *argument)
{
	struct batch_thread *b = argument;

	b->result = device_batch_run(b->bench->fd, b->bench->batch);
	return NULL;
}

/* The card goes while entry 1 of three is on the wire: it is unknown, the third never sent. */
static void test_lost_in_batch(uint32_t event)
{
	struct batch_thread b;
	struct bench t;
	pthread_t thread;
	int status;

	bench_begin(&t, NULL);
	b.bench = &t;
	for (uint32_t i = 0; i < 3; i++)
		bench_add(&t, i + 1, 0x9000, 0);
	fakecard_hold(t.card, FAKECARD_COMMAND, 1);
	pthread_create(&thread, NULL, run_batch, &b);
	TAP_CHECK(fakecard_wait_held(t.card, NULL));
	TAP_CHECK(fakecard_event(t.card, event, NULL, 0) == 0);
	/* A transport may end the exchange by itself, or wait for the answer: both are honest. */
	fakecard_release(t.card, EIO);
	pthread_join(thread, NULL);
	status = t.batch->entries[1].status;
	device_expect(b.result, 0, "a batch whose card %s",
		      event == EUICC_EVENT_REMOVED ? "was taken out" : "lost its session");
	tap_ok(status == -EIO || status == -ENOMEDIUM, "the entry on the wire is unknown (%d)", status);
	TAP_CHECK(t.batch->xfer.done == 1 && t.batch->entries[2].status == -ECANCELED &&
		  bench_saw(&t, 3) == 0);
	bench_end(&t);
}

static void test_session_lost(void)
{
	uint32_t sequence = 0;
	struct bench t;

	bench_begin(&t, NULL);
	TAP_CHECK(fakecard_event(t.card, EUICC_EVENT_RESET, NULL, 0) == 0);
	next_event(t.fd, EUICC_EVENT_RESET, EUICC_RESET_ANY, &sequence);
	TAP_CHECK(generation(t.fd) == 2);
	device_expect(bench_exchange(t.fd, 1, 0), -ESTALE, "XFER after the card lost its session");
	TAP_CHECK(bench_saw(&t, 1) == 0);
	device_expect(device_isdr_channel(t.fd), 0, "the same AID opens again");
	TAP_CHECK(fakecard_seen(t.card, t.before, FAKECARD_RESET, 0, NULL) == 1);
	bench_end(&t);
}

/* --- events --------------------------------------------------------------------------------- */

static void test_proactive(void)
{
	uint32_t sequence = 0, other_sequence = 0, late_sequence = 0;
	struct bench t;
	int other, late;

	bench_begin(&t, NULL);
	other = fakecard_client(t.card);
	bench_add(&t, 1, 0x9110, 0);
	bench_add(&t, 2, 0x9000, 4);
	bench_add(&t, 3, 0x91FF, 4);
	TAP_CHECK(device_batch_run(t.fd, t.batch) == 0 && t.batch->xfer.done == 3);
	tap_ok(t.batch->entries[0].sw == 0x9110 && t.batch->entries[2].sw == 0x91FF,
	       "91xx is a status word like others for the batch");
	late = fakecard_client(t.card);
	next_event(t.fd, EUICC_EVENT_PROACTIVE, 0x9110, &sequence);
	next_event(t.fd, EUICC_EVENT_PROACTIVE, 0x91FF, &sequence);
	next_event(other, EUICC_EVENT_PROACTIVE, 0x9110, &other_sequence);
	next_event(other, EUICC_EVENT_PROACTIVE, 0x91FF, &other_sequence);
	tap_ok(device_poll(late, POLLIN, 0) == 0, "a file opened later hears nothing of before");
	TAP_CHECK(device_reset(late, EUICC_RESET_COLD, EUICC_RESET_FORCE, NULL) == 0);
	next_event(late, EUICC_EVENT_RESET, EUICC_RESET_COLD, &late_sequence);
	next_event(t.fd, EUICC_EVENT_RESET, EUICC_RESET_COLD, &sequence);
	close(other);
	close(late);
	bench_end(&t);
}

static void test_reading(void)
{
	struct euicc_event events[4];
	struct bench t;
	int fd;

	bench_begin(&t, NULL);
	fd = device_open(fakecard_minor(t.card), O_NONBLOCK);
	tap_ok(device_poll(fd, POLLIN | POLLOUT, 0) == 0, "poll: nothing to read");
	tap_ok(read(fd, events, sizeof(events)) < 0 && errno == EAGAIN, "read: EAGAIN");
	for (size_t size = 0; size < sizeof(events[0]); size += 5)
		tap_ok(read(fd, events, size) < 0 && errno == EINVAL,
		       "read of %zu bytes, less than one event: EINVAL", size);
	for (int i = 0; i < 3; i++)
		TAP_CHECK(fakecard_event(t.card, EUICC_EVENT_INSERTED, NULL, 0) == 0);
	tap_ok(read(fd, events, sizeof(events[0]) - 1) < 0 && errno == EINVAL,
	       "a short read takes no event away");
	tap_ok(device_poll(fd, POLLIN, 0) == POLLIN, "poll: something to read, and the device is there");
	tap_ok(read(fd, events, sizeof(events[0]) * 2 + 7) == sizeof(events[0]) * 2 &&
	       events[0].sequence == 1 && events[1].sequence == 2, "as many whole events as fit");
	tap_ok(read(fd, events, sizeof(events)) == sizeof(events[0]) && events[0].sequence == 3,
	       "as many as are there");
	TAP_CHECK(fakecard_event(t.card, EUICC_EVENT_INSERTED, NULL, 0) == 0);
	tap_ok(syscall(SYS_read, fd, NULL, sizeof(events)) < 0 && errno == EFAULT,
	       "read to NULL: EFAULT");
	tap_ok(write(fd, events, sizeof(events)) < 0 && errno == EINVAL, "write: EINVAL");
	tap_ok(lseek(fd, 0, SEEK_SET) < 0 && errno == ESPIPE, "lseek: ESPIPE");
	close(fd);
	bench_end(&t);
}

static void test_overflow(void)
{
	struct euicc_event events[EUICC_EVENTS_KEPT + 1];
	uint32_t lost = 5;
	struct bench t;
	bool ok = true;
	ssize_t n;

	bench_begin(&t, NULL);
	for (uint32_t i = 0; i < EUICC_EVENTS_KEPT; i++)
		TAP_CHECK(fakecard_event(t.card, EUICC_EVENT_INSERTED, NULL, 0) == 0);
	n = read(t.fd, events, sizeof(events));
	for (uint32_t i = 0; i < EUICC_EVENTS_KEPT; i++)
		ok = ok && events[i].type == EUICC_EVENT_INSERTED && events[i].sequence == i + 1;
	tap_ok(ok && n == EUICC_EVENTS_KEPT * sizeof(events[0]), "16 events are kept");

	for (uint32_t i = 0; i < EUICC_EVENTS_KEPT + lost; i++)
		TAP_CHECK(fakecard_event(t.card, EUICC_EVENT_INSERTED, NULL, 0) == 0);
	n = read(t.fd, events, sizeof(events));
	/* What is counted and what is read make the number of all that there were. */
	tap_ok(n == EUICC_EVENTS_KEPT * sizeof(events[0]) && events[0].type == EUICC_EVENT_OVERFLOW &&
	       events[0].argument == lost + 1, "OVERFLOW counts what was dropped (%u)",
	       events[0].argument);
	ok = true;
	for (uint32_t i = 1; i < EUICC_EVENTS_KEPT; i++)
		ok = ok && events[i].type == EUICC_EVENT_INSERTED &&
		     events[i].sequence == EUICC_EVENTS_KEPT + lost + i + 1;
	tap_ok(ok, "after it the newest 15, with their own numbers");
	tap_ok(device_poll(t.fd, POLLIN, 0) == 0, "and no more");
	bench_end(&t);
}

struct reader {
	int fd;
	ssize_t result;
	int error;
	struct euicc_event event;
};

static void *read_event(void *argument)
{
	struct reader *reader = argument;

	reader->result = read(reader->fd, &reader->event, sizeof(reader->event));
	reader->error = errno;
	return NULL;
}

/* A reader that waits. Whether it sleeps already is no matter: the event stays. */
static void test_blocking_reader(void)
{
	struct reader reader, gone;
	struct bench t;
	pthread_t thread;

	bench_begin(&t, NULL);
	reader.fd = t.fd;
	pthread_create(&thread, NULL, read_event, &reader);
	TAP_CHECK(fakecard_event(t.card, EUICC_EVENT_INSERTED, NULL, 0) == 0);
	pthread_join(thread, NULL);
	tap_ok(reader.result == sizeof(reader.event) && reader.event.type == EUICC_EVENT_INSERTED,
	       "a reader that waits gets the event");
	gone.fd = t.fd;
	pthread_create(&thread, NULL, read_event, &gone);
	fakecard_unplug(t.card);
	pthread_join(thread, NULL);
	tap_ok(gone.result == sizeof(gone.event) && gone.event.type == EUICC_EVENT_GONE,
	       "a reader that waits gets GONE");
	gone.result = read(t.fd, &gone.event, sizeof(gone.event));
	tap_ok(gone.result < 0 && errno == ENODEV, "then ENODEV");
	bench_end(&t);
}

static void nothing(int signal_number)
{
	(void)signal_number;
}

/* The signal is sent again until the reader has come back: it may not sleep at the first. */
static void test_interrupted_reader(void)
{
	struct sigaction action = { .sa_handler = nothing };
	struct timespec tick = { .tv_nsec = 10000000 }, until;
	struct reader reader;
	struct bench t;
	pthread_t thread;

	bench_begin(&t, NULL);
	sigaction(SIGUSR1, &action, NULL);
	reader.fd = t.fd;
	pthread_create(&thread, NULL, read_event, &reader);
	do {
		pthread_kill(thread, SIGUSR1);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += tick.tv_nsec;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
	} while (pthread_timedjoin_np(thread, NULL, &until) == ETIMEDOUT);
	tap_ok(reader.result < 0 && reader.error == EINTR, "a reader that a signal interrupts: EINTR");
	bench_end(&t);
}

/* --- channels that nobody knows ------------------------------------------------------------- */

/* A close that the card did not answer leaves a channel that may be open or not: it must not be
 * lost for good. */
static void test_dirty(void)
{
	struct bench t;
	int fd;

	bench_begin(&t, &(struct fakecard_options){ .channels = 1 });
	fakecard_rule(t.card, &(struct fakecard_rule){ .kinds = FAKECARD_MANAGE_CLOSE, .value = EIO,
						       .action = FAKECARD_FAIL });
	close(t.fd);
	fd = fakecard_client(t.card);
	device_expect(device_isdr_channel(fd), 0,
		      "a channel whose close failed does not fill the card for ever");
	TAP_CHECK(fakecard_open_channels(t.card) == 1);
	t.fd = fd;
	bench_end(&t);
}

int main(void)
{
	test_reset_kinds();
	test_reset_rights();
	test_reset_fails(EIO, -EIO);
	test_reset_fails(ENOMEDIUM, -ENOMEDIUM);
	test_reset_timeout();
	test_removed();
	test_no_card();
	test_lost_in_batch(EUICC_EVENT_REMOVED);
	test_lost_in_batch(EUICC_EVENT_RESET);
	test_session_lost();
	test_proactive();
	test_reading();
	test_overflow();
	test_blocking_reader();
	test_interrupted_reader();
	test_dirty();
	return tap_exit();
}
