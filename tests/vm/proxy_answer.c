/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What failures and events of a transport are for the clients. */
#include "vm/proxy_cases.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG 0xFA11ED00
#define ERRNO_MAX 4095

/* A request of the kind that FAILED is to answer, with the end's message read. NULL: it is not
 * there. */
static struct client *start_and_read(struct end *end, enum client_call call, int fd, uint32_t op)
{
	struct proxy_command command = proxy_command(TAG, 2);
	struct client *client = call == CLIENT_XFER ?
			client_start_xfer(fd, 0, command.bytes, command.len) :
			client_start(call, fd, 0);

	if (end_expect(end, op))
		return client;
	end_serve(end, client);
	client_free(client);
	return NULL;
}

/* --- FAILED ---------------------------------------------------------------------------------- */

/* What an exchange's failure is in the entry. */
static int expected_of_xfer(int error)
{
	switch (error) {
	case ECANCELED:
	case ETIMEDOUT:
	case ENODEV:
	case ENOMEDIUM:
		return -error;
	default:
		return -EIO;
	}
}

static bool xfer_stale(int fd)
{
	struct proxy_command command = proxy_command(TAG, 2);

	return device_apdu(fd, command.bytes, command.len, NULL, 0, NULL, NULL) == -ESTALE;
}

/* The outcome of one XFER on FD that FAILED answers: a status, or what the call gave. */
static int xfer_failing_with(struct end *end, int fd, int error)
{
	struct client *client = start_and_read(end, CLIENT_XFER, fd, EUICC_PROXY_XFER);
	int r = client ? end_fail(end, error) : -EPROTO;

	if (r == 0)
		r = end_serve(end, client);
	if (r == 0)
		r = client->entry.status;
	client_free(client);
	return r;
}

static void check_failed_xfer(void)
{
	struct end *end = end_new(NULL);
	int fd = end_channel(end), wrong = 0;

	for (int i = 1; i <= EHWPOISON + 1; i++) {
		int error = i <= EHWPOISON ? i : ERRNO_MAX;
		int r = xfer_failing_with(end, fd, error);

		if (r != expected_of_xfer(error)) {
			tap_note("XFER that FAILED with %d: %d, not %d", error, r, expected_of_xfer(error));
			wrong++;
		}
		/* No medium ends the card session, and the channel with it. */
		if (error == ENOMEDIUM) {
			tap_ok(xfer_stale(fd), "after ENOMEDIUM the channel is stale");
			close(fd);
			fd = end_channel(end);
		}
	}
	tap_ok(wrong == 0, "XFER that FAILED: never sent for ECANCELED, unknown for every other errno");
	close(fd);
	end_free(end);
}

/* In a batch, never sent and unknown are told entry by entry. */
static void check_failed_batch(void)
{
	static const struct {
		const char *what;
		int error, status;
	} cases[] = {
		{ "never sent", ECANCELED, -ECANCELED },
		{ "unknown", EIO, -EIO },
	};

	for (size_t i = 0; i < 2; i++) {
		struct fakecard *card = fakecard_new(NULL);
		int fd = device_open(fakecard_minor(card), 0);
		struct device_batch *batch = device_batch_new();
		struct proxy_command command = proxy_command(TAG, 2);
		int r;

		device_isdr_channel(fd);
		for (int n = 0; n < 3; n++)
			device_batch_add(batch, command.bytes, command.len);
		fakecard_rule(card, &(struct fakecard_rule){ .kinds = FAKECARD_COMMAND, .skip = 1,
			.action = FAKECARD_FAIL, .value = (uint32_t)cases[i].error });
		r = device_batch_run(fd, batch);
		tap_ok(r == 0 && batch->xfer.done == 1 && batch->entries[0].status == 0 &&
		       batch->entries[1].status == cases[i].status &&
		       batch->entries[2].status == -ECANCELED,
		       "a batch whose second command FAILED as %s: the first is done, the third never sent",
		       cases[i].what);
		device_batch_free(batch);
		close(fd);
		fakecard_free(card);
	}
}

static void check_failed_reset(void)
{
	static const struct {
		int error, result;
	} cases[] = {
		{ EOPNOTSUPP, -EOPNOTSUPP }, { ENOMEDIUM, -ENOMEDIUM }, { ETIMEDOUT, -ETIMEDOUT },
		{ EIO, -EIO }, { EINVAL, -EIO }, { ECANCELED, -EIO }, { ENOSPC, -EIO },
	};
	struct end *end = end_new(NULL);
	int fd = device_open(end->minor, 0);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *client = start_and_read(end, CLIENT_RESET, fd, EUICC_PROXY_RESET);
		int r = client && end_fail(end, cases[i].error) == 0 ? client_wait(client) : -EPROTO;

		tap_ok(r == cases[i].result, "RESET that FAILED with %d: %d (%d)", cases[i].error,
		       cases[i].result, r);
		client_free(client);
	}
	close(fd);
	end_free(end);
}

/* --- events ------------------------------------------------------------------------------------ */

static int send_event(struct end *end, uint32_t type, const void *payload, size_t len)
{
	struct euicc_proxy_msg msg = { .op = EUICC_PROXY_EVENT, .handle = type, .length = (uint32_t)len };

	return end_send(end, &msg, payload);
}

static bool comes(int fd, uint16_t type)
{
	struct euicc_event event = { 0 };

	return device_event(fd, &event) == 0 && event.type == type;
}

static void check_removed(void)
{
	struct proxy_command command = proxy_command(TAG, 2);
	struct end *end = end_new(NULL);
	int fd = end_channel(end), other = device_open(end->minor, 0);
	struct euicc_info info;
	struct client *client;

	while (device_poll(fd, POLLIN, 0))
		device_event(fd, &(struct euicc_event){ 0 });
	tap_ok(send_event(end, EUICC_EVENT_REMOVED, NULL, 0) == 0 && comes(fd, EUICC_EVENT_REMOVED),
	       "REMOVED comes out of read()");
	tap_ok(device_info(other, &info) == 0 && info.card_state == EUICC_CARD_ABSENT,
	       "and GET_INFO says absent");
	tap_ok(device_apdu(fd, command.bytes, command.len, NULL, 0, NULL, NULL) == -ENOMEDIUM &&
	       end_is_quiet(end), "the channel has no card any more, and the transport hears nothing");

	tap_ok(send_event(end, EUICC_EVENT_INSERTED, "\x3B\x80\x01", 3) == 0 &&
	       comes(fd, EUICC_EVENT_INSERTED), "INSERTED comes out of read()");
	tap_ok(device_apdu(fd, command.bytes, command.len, NULL, 0, NULL, NULL) == -ESTALE,
	       "the channel is not the new card's");
	client = client_start(CLIENT_RESET, other, 0);
	tap_ok(end_expect(end, EUICC_PROXY_RESET) && end_answer(end, NULL, 0) == 0 &&
	       client_wait(client) == 0 && device_info(other, &info) == 0 &&
	       info.card_state == EUICC_CARD_ON && info.atr_len == 3 &&
	       !memcmp(info.atr, "\x3B\x80\x01", 3), "RESET that brings no ATR keeps that of INSERTED");
	client_free(client);
	close(fd);
	close(other);
	end_free(end);
}

static void check_session_lost(void)
{
	struct proxy_command command = proxy_command(TAG, 2);
	struct end *end = end_new(NULL);
	int fd = end_channel(end), r;
	struct client *client;
	uint32_t generation;
	struct euicc_info info;

	while (device_poll(fd, POLLIN, 0))
		device_event(fd, &(struct euicc_event){ 0 });
	device_info(fd, &info);
	generation = info.generation;
	tap_ok(send_event(end, EUICC_EVENT_RESET, NULL, 0) == 0 && comes(fd, EUICC_EVENT_RESET),
	       "RESET comes out of read()");
	tap_ok(device_info(fd, &info) == 0 && info.generation != generation,
	       "it is a new card session");
	tap_ok(device_apdu(fd, command.bytes, command.len, NULL, 0, NULL, NULL) == -ESTALE,
	       "the channel of the old one is stale");
	client = client_start(CLIENT_OPEN, fd, 0);
	tap_ok(end_expect(end, EUICC_PROXY_RESET), "the next OPEN begins with a RESET");
	r = end_card_answer(end);
	tap_ok(r == 0 && end_serve(end, client) == 0, "and the same file has its application again");
	client_free(client);
	close(fd);
	end_free(end);
}

void proxy_answer_cases(void)
{
	check_failed_xfer();
	check_failed_batch();
	check_failed_reset();
	check_removed();
	check_session_lost();
}
