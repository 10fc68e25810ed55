/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transport that hangs: what it never read was never sent, what it read and did not answer is
 * unknown, and no client waits longer than it asked to.
 */
#include "vm/proxy_cases.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TAG 0x4A460000
#define SOON_MS 300

static void check_not_read(void)
{
	struct proxy_command command = proxy_command(TAG, 2);
	struct end *end = end_new(NULL);
	int fd = device_open(end->minor, 0), channel;
	struct client *client = client_start(CLIENT_OPEN, fd, SOON_MS);

	tap_ok(client_wait(client) == -ETIMEDOUT, "OPEN that the transport never reads: ETIMEDOUT");
	tap_ok(end_is_quiet(end), "and it is withdrawn");
	client_free(client);

	channel = end_channel(end);
	client = client_start_xfer(channel, SOON_MS, command.bytes, command.len);
	tap_ok(client_wait(client) == 0 && client->entry.status == -ECANCELED && client->xfer.done == 0,
	       "XFER that the transport never reads: never sent");
	tap_ok(end_is_quiet(end), "and it is withdrawn");
	client_free(client);

	client = client_start_xfer(channel, 0, command.bytes, command.len);
	tap_ok(end_serve(end, client) == 0 && client->entry.status == 0,
	       "a transport that has come to goes on where it was");
	client_free(client);
	close(channel);
	close(fd);
	end_free(end);
}

static void check_not_answered(void)
{
	struct proxy_command command = proxy_command(TAG, 2), other = proxy_command(TAG + 1, 2);
	struct end *end = end_new(NULL);
	int fd = end_channel(end);
	struct client *client = client_start_xfer(fd, SOON_MS, command.bytes, command.len);
	struct euicc_proxy_msg late;

	end_expect(end, EUICC_PROXY_XFER);
	late = end->in.msg;
	tap_ok(client_wait(client) == 0 && client->entry.status == -ETIMEDOUT,
	       "XFER that was read and is not answered: ETIMEDOUT, which is unknown");
	client_free(client);

	client = client_start_xfer(fd, 0, other.bytes, other.len);
	tap_ok(end_expect(end, EUICC_PROXY_CANCEL) && end->in.msg.id == late.id &&
	       end->in.msg.length == 0 && end->in.msg.handle == 0,
	       "the transport reads a CANCEL of it before anything else");
	late.op = EUICC_PROXY_ANSWER;
	late.length = 4;
	tap_ok(end_send(end, &late, "\xDE\xAD\x90\x00") == 0 && !device_poll(client->over, POLLIN, 0),
	       "its late answer is taken, and is nobody's");
	tap_ok(end_expect(end, EUICC_PROXY_XFER) && end->in.msg.id != late.id &&
	       end_send(end, &late, "\xDE\xAD\x90\x00") == 0 && end_card_answer(end) == 0 &&
	       end_serve(end, client) == 0 && client->entry.status == 0 &&
	       client->entry.response_len == 2 && fakecard_is_response(TAG + 1, client->response, 2),
	       "the next command gets its own answer");
	client_free(client);
	close(fd);
	end_free(end);
}

static void check_reset_not_answered(void)
{
	struct end *end = end_new(NULL);
	int fd = device_open(end->minor, 0);
	struct client *client = client_start(CLIENT_RESET, fd, SOON_MS);

	end_expect(end, EUICC_PROXY_RESET);
	tap_ok(client_wait(client) == -ETIMEDOUT && end_expect(end, EUICC_PROXY_CANCEL),
	       "RESET that is not answered: ETIMEDOUT, and a CANCEL");
	client_free(client);
	client = client_start(CLIENT_OPEN, fd, 0);
	tap_ok(end_serve(end, client) == 0, "and the device works once the transport does");
	client_free(client);
	close(fd);
	end_free(end);
}

/* A read that fails in the middle of the copy. */
static void check_reading_fails(void)
{
	struct proxy_command command = proxy_command(TAG, 2);
	struct end *end = end_new(NULL);
	int fd = end_channel(end);
	struct client *client = client_start_xfer(fd, SOON_MS, command.bytes, command.len);

	device_poll(end->fd, POLLIN, DEVICE_WAIT_MS);
	tap_ok(read(end->fd, proxy_nowhere(), sizeof(end->in)) < 0 && errno == EFAULT &&
	       client_wait(client) == 0 && client->entry.status == -ETIMEDOUT,
	       "what may have been read in part is unknown, not \"never sent\"");
	client_free(client);
	close(fd);
	end_free(end);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* The thread that should answer is the one that asks: nothing but time ends that. */
static void check_own_device(void)
{
	struct proxy_command command = proxy_command(TAG, 2);
	struct end *end = end_new(NULL);
	struct euicc_open_channel open = { .timeout_ms = SOON_MS };
	struct euicc_reset reset = { .timeout_ms = SOON_MS };
	struct euicc_xfer_entry entry = { .command_len = (uint32_t)command.len, .timeout_ms = SOON_MS };
	struct euicc_xfer xfer = { .entries = (uintptr_t)&entry, .commands = (uintptr_t)command.bytes,
				   .entry_count = 1, .commands_len = (uint32_t)command.len };
	int fd = device_open(end->minor, 0), channel;
	int64_t since = now_ms();

	tap_ok(device_ioctl(fd, EUICC_OPEN_CHANNEL, &open) == -ETIMEDOUT &&
	       device_ioctl(fd, EUICC_RESET, &reset) == -ETIMEDOUT,
	       "a transport that opens its own device waits for itself no longer than it asked to");
	channel = end_channel(end);
	tap_ok(device_ioctl(channel, EUICC_XFER, &xfer) == 0 && entry.status == -ECANCELED,
	       "and what it sends to itself was never sent");
	tap_ok(now_ms() - since < DEVICE_WAIT_MS, "all within bounds");
	close(fd);
	end_close(end);
	tap_ok(device_ioctl(channel, EUICC_XFER, &xfer) == -ENODEV, "it can close both ends");
	close(channel);
	end_free(end);
}

void proxy_hang_cases(void)
{
	check_not_read();
	check_not_answered();
	check_reset_not_answered();
	check_reading_fails();
	check_own_device();
}
