/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transport that opens channels by itself: what the kernel asks of it and promises for it, by
 * hand; then a modem in software.
 */
#include "vm/owned_proxy.h"
#include "vm/proxy_cases.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANDLE 0xDEADBEEFu
#define SOON_MS 300

static struct end *owned_end(void)
{
	struct euicc_proxy_new_dev args = end_args();

	args.features = EUICC_FEATURE_OWNED;
	return end_new(&args);
}

/* ANSWER to end->in with a handle. */
static int answer_handle(struct end *end, uint32_t handle, const void *payload, size_t len)
{
	struct euicc_proxy_msg msg = { .id = end->in.msg.id, .op = EUICC_PROXY_ANSWER,
				       .handle = handle, .length = (uint32_t)len };

	return end_send(end, &msg, payload);
}

/* --- by hand -------------------------------------------------------------------------------- */

static void check_open_request(struct end *end)
{
	struct euicc_proxy_open open;

	memcpy(&open, end->in.payload, sizeof(open));
	tap_ok(end->in.msg.length == sizeof(open) && end->in.msg.handle == 0 &&
	       open.aid_len == sizeof(device_isdr) && !memcmp(open.aid, device_isdr, open.aid_len) &&
	       open.p2 == 0 && open.flags == 0 && open.timeout_ms > 0 &&
	       open.timeout_ms <= EUICC_TIMEOUT_DEFAULT,
	       "OPEN comes first, with no RESET before it, and says what the client wants");
}

static void check_channel(void)
{
	struct proxy_command command = proxy_command(1, 0);
	struct end *end = owned_end();
	int fd = device_open(end->minor, 0);
	struct client *client = client_start(CLIENT_OPEN, fd, 0);

	if (end_expect(end, EUICC_PROXY_OPEN))
		check_open_request(end);
	tap_ok(answer_handle(end, HANDLE, "\x90", 1) == -EINVAL, "OPEN answered with half a status word: EINVAL");
	tap_ok(answer_handle(end, HANDLE, "\x90\x00", 2) == 0 && client_wait(client) == 0 &&
	       client->open.sw == 0x9000 && client->open.fci_len == 0 && client->open.generation != 0,
	       "a channel without FCI");
	client_free(client);

	client = client_start_xfer(fd, 0, command.bytes, command.len);
	tap_ok(end_expect(end, EUICC_PROXY_XFER) && end->in.msg.handle == HANDLE &&
	       end->in.msg.length == command.len && !memcmp(end->in.payload, command.bytes, command.len),
	       "XFER names the handle, and the command is as the client wrote it");
	tap_ok(answer_handle(end, HANDLE + 1, "\x90\x00", 2) == -EINVAL, "an answer of another handle: EINVAL");
	tap_ok(answer_handle(end, HANDLE, "\x61\x03", 2) == 0 && end_expect(end, EUICC_PROXY_XFER) &&
	       end->in.msg.handle == HANDLE && !memcmp(end->in.payload, "\x00\xC0\x00\x00\x03", 5) &&
	       end_answer(end, "abc\x90\x00", 5) == 0 && client_wait(client) == 0 &&
	       client->entry.response_len == 3 && client->entry.sw == 0x9000,
	       "61xx is the kernel's to complete, on the same handle");
	client_free(client);

	close(fd);
	tap_ok(end_expect(end, EUICC_PROXY_CLOSE) && end->in.msg.handle == HANDLE &&
	       end->in.msg.length == 0 && end_answer(end, "\x90\x00", 2) == -EINVAL &&
	       end_answer(end, NULL, 0) == 0, "closing the file closes the handle");
	tap_ok(end_is_quiet(end), "once");
	end_free(end);
}

/* The transport never heard of the reset, so its channels are neither closed nor forgotten. */
static void check_unread_reset(void)
{
	struct proxy_command command = proxy_command(1, 0);
	struct end *end = owned_end();
	int fd = device_open(end->minor, 0);
	struct client *client = client_start(CLIENT_OPEN, fd, 0);
	struct euicc_info info;
	uint32_t generation;

	end_expect(end, EUICC_PROXY_OPEN);
	answer_handle(end, HANDLE, "\x90\x00", 2);
	client_wait(client);
	generation = client->open.generation;
	client_free(client);

	client = client_start(CLIENT_RESET, fd, SOON_MS);
	tap_ok(client_wait(client) == -ETIMEDOUT && end_is_quiet(end),
	       "RESET that nobody reads in time: ETIMEDOUT, and it is withdrawn");
	client_free(client);
	client = client_start_xfer(fd, 0, command.bytes, command.len);
	tap_ok(end_expect(end, EUICC_PROXY_XFER) && end->in.msg.handle == HANDLE &&
	       end_answer(end, "\x90\x00", 2) == 0 && client_wait(client) == 0 &&
	       client->entry.sw == 0x9000 && device_info(fd, &info) == 0 &&
	       info.generation == generation,
	       "the card was not reset, and the channel goes on");
	client_free(client);
	close(fd);
	tap_ok(end_expect(end, EUICC_PROXY_CLOSE) && end->in.msg.handle == HANDLE &&
	       end_answer(end, NULL, 0) == 0, "until it is closed");
	end_free(end);
}

static void check_refusals(void)
{
	static const struct {
		const char *what, *sw;
		int error, result;
	} cases[] = {
		{ "OPEN answered with 6A82: ENOENT", "\x6A\x82", 0, -ENOENT },
		{ "OPEN answered with 6985: EREMOTEIO", "\x69\x85", 0, -EREMOTEIO },
		{ "OPEN that FAILED with ENOSPC: ENOSPC", NULL, ENOSPC, -ENOSPC },
		{ "OPEN that FAILED with EOPNOTSUPP: EOPNOTSUPP", NULL, EOPNOTSUPP, -EOPNOTSUPP },
		{ "OPEN that FAILED with ENOMEDIUM: ENOMEDIUM", NULL, ENOMEDIUM, -ENOMEDIUM },
		{ "OPEN that FAILED with ETIMEDOUT: ETIMEDOUT", NULL, ETIMEDOUT, -ETIMEDOUT },
		{ "OPEN that FAILED with EPERM: EIO", NULL, EPERM, -EIO },
	};
	struct euicc_open_channel open = { .p2 = 0x0C };
	struct end *end = owned_end();
	int fd = device_open(end->minor, 0);

	tap_ok(device_ioctl(fd, EUICC_OPEN_CHANNEL, &open) == -EOPNOTSUPP,
	       "P2 that the transport does not heed: EOPNOTSUPP");
	open = (struct euicc_open_channel){ .flags = EUICC_OPEN_BASIC };
	tap_ok(device_ioctl(fd, EUICC_OPEN_CHANNEL, &open) == -EOPNOTSUPP,
	       "the basic channel that the transport does not give: EOPNOTSUPP");
	tap_ok(end_is_quiet(end), "it is not even asked");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *client = client_start(CLIENT_OPEN, fd, 0);
		int r = -EPROTO;

		if (end_expect(end, EUICC_PROXY_OPEN) &&
		    !(cases[i].sw ? answer_handle(end, 0, cases[i].sw, 2) : end_fail(end, cases[i].error)))
			r = client_wait(client);
		tap_ok(r == cases[i].result && end_is_quiet(end), "%s (%d)", cases[i].what, r);
		client_free(client);
	}
	close(fd);
	end_free(end);
}

/* What opens too late is nobody's: it is closed, and not one that another has. */
static void check_late_open(void)
{
	struct end *end = owned_end();
	int fd = device_open(end->minor, 0);
	struct client *client = client_start(CLIENT_OPEN, fd, SOON_MS);
	struct euicc_proxy_msg late = { .op = EUICC_PROXY_ANSWER, .handle = HANDLE, .length = 2 };

	end_expect(end, EUICC_PROXY_OPEN);
	late.id = end->in.msg.id;
	tap_ok(client_wait(client) == -ETIMEDOUT && end_expect(end, EUICC_PROXY_CANCEL) &&
	       end->in.msg.id == late.id, "OPEN that is not answered: ETIMEDOUT, and a CANCEL");
	client_free(client);
	tap_ok(end_send(end, &late, "\x90\x00") == 0 && end_expect(end, EUICC_PROXY_CLOSE) &&
	       end->in.msg.handle == HANDLE, "a channel that opens too late is closed again");
	tap_ok(end_answer(end, NULL, 0) == 0 && end_is_quiet(end), "and the answer to that is taken");
	tap_ok(end_send(end, &late, "\x90\x00") == 0 && end_is_quiet(end), "once");

	client = client_start(CLIENT_OPEN, fd, SOON_MS);
	end_expect(end, EUICC_PROXY_OPEN);
	late.id = end->in.msg.id;
	client_wait(client);
	client_free(client);
	end_expect(end, EUICC_PROXY_CANCEL);
	tap_ok(end_send(end, &late, "\x6A\x82") == 0 && end_is_quiet(end),
	       "an OPEN that fails too late leaves nothing to close");
	close(fd);
	end_free(end);
}

/* A transport that sleeps while a channel is closed, and awakes. The OPEN behind the close tells
 * that the kernel has given that up: it waits longer. */
static void check_unread_close(void)
{
	struct end *end = owned_end();
	int fd = device_open(end->minor, 0), other = device_open(end->minor, 0);
	struct client *client = client_start(CLIENT_OPEN, fd, 0);

	end_expect(end, EUICC_PROXY_OPEN);
	answer_handle(end, HANDLE, "\x90\x00", 2);
	client_wait(client);
	client_free(client);
	close(fd);
	client = client_start(CLIENT_OPEN, other, 8000);
	tap_ok(client_wait(client) == -ETIMEDOUT && end_expect(end, EUICC_PROXY_CLOSE) &&
	       end->in.msg.handle == HANDLE && end_answer(end, NULL, 0) == 0,
	       "a CLOSE that nobody reads in time stays in line");
	tap_ok(end_is_quiet(end), "and the OPEN behind it does not");
	client_free(client);
	close(other);
	end_free(end);
}

/* --- with a card ------------------------------------------------------------------------------ */

static void check_modem(bool pass_61)
{
	static const uint8_t unknown[] = { 0xA0, 0x00, 0x00, 0x00, 0x01 };
	struct owned_proxy_options options = { .pass_61 = pass_61 };
	struct veuicc *card = proxy_card();
	struct owned_proxy *proxy = card ? owned_proxy_new(card, &options) : NULL;
	struct euicc_info info;
	int fds[4], r;

	if (!proxy) {
		tap_ok(false, "a modem in software");
		veuicc_free(&card);
		return;
	}
	for (int i = 0; i < 4; i++)
		fds[i] = device_open(owned_proxy_minor(proxy), 0);
	tap_ok(device_info(fds[0], &info) == 0 && (info.features & EUICC_FEATURE_OWNED) &&
	       !(info.features & (EUICC_FEATURE_FCI | EUICC_FEATURE_P2 | EUICC_FEATURE_BASIC)),
	       "a modem promises neither FCI nor P2 nor the basic channel");
	tap_ok(device_isdr_channel(fds[0]) == 0 && device_isdr_channel(fds[1]) == 0 &&
	       device_isdr_channel(fds[2]) == 0 && owned_proxy_channels(proxy) == 3,
	       "three channels of a modem");
	tap_ok(device_isdr_channel(fds[3]) == -ENOSPC, "and no fourth: ENOSPC");
	tap_ok(proxy_gives_eid(fds[0], card) && proxy_gives_eid(fds[2], card) && proxy_gives_eid(fds[1], card),
	       "each gives the EID, 61xx completed by the %s", pass_61 ? "kernel" : "modem");
	close(fds[1]);
	tap_ok(device_isdr_channel(fds[3]) == 0 && proxy_gives_eid(fds[3], card) &&
	       owned_proxy_channels(proxy) == 3, "a channel that is given back can be had at once");
	close(fds[2]);
	fds[1] = device_open(owned_proxy_minor(proxy), 0);
	r = device_channel(fds[1], unknown, sizeof(unknown), 0, NULL);
	tap_ok(r == -ENOENT && owned_proxy_channels(proxy) == 2, "an unknown application: ENOENT, and no channel");
	tap_ok(owned_proxy_requests(proxy, EUICC_PROXY_RESET) == 0, "a modem is not reset by opening channels");
	tap_ok(device_reset(fds[0], EUICC_RESET_ANY, 0, NULL) == -EBUSY,
	       "nor by RESET, while another file holds a channel");
	close(fds[3]);
	tap_ok(device_reset(fds[0], EUICC_RESET_ANY, 0, NULL) == 0 && !proxy_gives_eid(fds[0], card) &&
	       device_isdr_channel(fds[0]) == 0 && proxy_gives_eid(fds[0], card),
	       "after a RESET the old channel is stale, and a new one works");
	close(fds[0]);
	close(fds[1]);
	owned_proxy_free(proxy);
	veuicc_free(&card);
}

void proxy_owned_cases(void)
{
	check_channel();
	check_unread_reset();
	check_refusals();
	check_late_open();
	check_unread_close();
	check_modem(false);
	check_modem(true);
}
