/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/proxy_end.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vm/device.h"

static const uint8_t answer_to_reset[] = { 0x3B, 0x9F, 0x96, 0x80, 0x1F, 0xC7, 0x80, 0x31,
					   0xE0, 0x73, 0xFE, 0x21, 0x1B, 0x63, 0x3A, 0x20,
					   0x4C, 0x6F, 0x83, 0x00, 0x90, 0x00, 0xE4 };

static void fatal(const char *what)
{
	perror(what);
	_exit(1);
}

static void *make(size_t size)
{
	void *made = calloc(1, size);

	if (!made)
		fatal("proxy_end");
	return made;
}

/* --- making and ending ---------------------------------------------------------------- */

struct euicc_proxy_new_dev end_args(void)
{
	struct euicc_proxy_new_dev args = {
		.features = FAKECARD_FEATURES & ~EUICC_FEATURE_EXTENDED,
		.atr_len = sizeof(answer_to_reset),
		.name = "by hand",
	};

	memcpy(args.atr, answer_to_reset, sizeof(answer_to_reset));
	return args;
}

int end_new_dev(struct euicc_proxy_new_dev *args)
{
	int fd = open(END_DEVICE, O_RDWR | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = ioctl(fd, EUICC_PROXY_NEW_DEV, args) < 0 ? -errno : 0;
	close(fd);
	return r;
}

struct end *end_new(const struct euicc_proxy_new_dev *args)
{
	struct euicc_proxy_new_dev copy = args ? *args : end_args();
	struct end *end = make(sizeof(*end));
	int r = end_new_dev(&copy);

	if (r < 0) {
		errno = -r;
		fatal("proxy_end: NEW_DEV");
	}
	end->fd = copy.fd;
	end->minor = copy.minor;
	end->options.features = copy.features;
	end->uicc.options = &end->options;
	if (fcntl(end->fd, F_SETFL, O_NONBLOCK) < 0)
		fatal("proxy_end: O_NONBLOCK");
	return end;
}

void end_close(struct end *end)
{
	if (end->fd >= 0)
		close(end->fd);
	end->fd = -1;
}

void end_free(struct end *end)
{
	if (!end)
		return;
	end_close(end);
	free(end);
}

/* --- messages ------------------------------------------------------------------------- */

static int read_now(struct end *end)
{
	ssize_t n = read(end->fd, &end->in, sizeof(end->in));

	if (n < 0)
		return -errno;
	return n == (ssize_t)(sizeof(end->in.msg) + end->in.msg.length) ? 0 : -EPROTO;
}

int end_next(struct end *end)
{
	int r;

	do {
		if (!device_poll(end->fd, POLLIN, DEVICE_WAIT_MS))
			return -ETIMEDOUT;
		r = read_now(end);
	} while (r == -EAGAIN);
	return r;
}

bool end_expect(struct end *end, uint32_t op)
{
	int r = end_next(end);

	if (r == 0 && end->in.msg.op == op)
		return true;
	fprintf(stderr, "proxy_end: no message %u, but %d (%s), op %u\n", op, r, strerror(-r),
		end->in.msg.op);
	return false;
}

bool end_is_quiet(struct end *end)
{
	char byte[sizeof(struct end_message)];

	return !device_poll(end->fd, POLLIN, 0) && read(end->fd, byte, sizeof(byte)) < 0 &&
	       errno == EAGAIN;
}

int end_send(struct end *end, const struct euicc_proxy_msg *msg, const void *payload)
{
	struct end_message *out = make(sizeof(*out));
	size_t len = sizeof(*msg) + msg->length;
	ssize_t n;
	int r;

	out->msg = *msg;
	if (msg->length > 0)
		memcpy(out->payload, payload, msg->length);
	n = write(end->fd, out, len);
	r = n < 0 ? -errno : n == (ssize_t)len ? 0 : -EIO;
	free(out);
	return r;
}

int end_answer(struct end *end, const void *payload, size_t len)
{
	struct euicc_proxy_msg msg = { .id = end->in.msg.id, .op = EUICC_PROXY_ANSWER,
				       .length = (uint32_t)len };

	return end_send(end, &msg, payload);
}

int end_fail(struct end *end, int error)
{
	struct euicc_proxy_msg msg = { .id = end->in.msg.id, .op = EUICC_PROXY_FAILED,
				       .handle = (uint32_t)error };

	return end_send(end, &msg, NULL);
}

int end_card_answer(struct end *end)
{
	unsigned int channel = fakecard_uicc_channel(end->in.payload[0]);

	switch (end->in.msg.op) {
	case EUICC_PROXY_RESET:
		fakecard_uicc_reset(&end->uicc);
		return end_answer(end, answer_to_reset, sizeof(answer_to_reset));
	case EUICC_PROXY_XFER:
		return end_answer(end, end->out,
				  fakecard_uicc_apdu(&end->uicc, channel, end->in.payload,
						     end->in.msg.length, end->out));
	case EUICC_PROXY_CANCEL:
		return 0;
	default:
		return end_fail(end, EOPNOTSUPP);
	}
}

/* --- clients --------------------------------------------------------------------------- */

static int transfer(struct client *client)
{
	client->entry = (struct euicc_xfer_entry){
		.command_len = (uint32_t)client->command_len,
		.timeout_ms = client->timeout_ms,
	};
	client->xfer = (struct euicc_xfer){
		.entries = (uintptr_t)&client->entry,
		.commands = (uintptr_t)client->command,
		.responses = (uintptr_t)client->response,
		.entry_count = 1,
		.commands_len = (uint32_t)client->command_len,
		.responses_size = EUICC_AREA_MAX,
	};
	return device_ioctl(client->fd, EUICC_XFER, &client->xfer);
}

static int call(struct client *client)
{
	struct euicc_reset reset = { .timeout_ms = client->timeout_ms };
	ssize_t n;

	switch (client->call) {
	case CLIENT_OPEN:
		memcpy(client->open.aid, device_isdr, sizeof(device_isdr));
		client->open.aid_len = sizeof(device_isdr);
		client->open.timeout_ms = client->timeout_ms;
		return device_ioctl(client->fd, EUICC_OPEN_CHANNEL, &client->open);
	case CLIENT_XFER:
		return transfer(client);
	case CLIENT_RESET:
		return device_ioctl(client->fd, EUICC_RESET, &reset);
	case CLIENT_READ:
		n = read(client->fd, &client->event, sizeof(client->event));
		return n < 0 ? -errno : 0;
	case CLIENT_POLL:
		return device_poll(client->fd, POLLIN, DEVICE_WAIT_MS);
	}
	return -EINVAL;
}

static void *run(void *argument)
{
	struct client *client = argument;

	client->result = call(client);
	if (eventfd_write(client->over, 1) < 0)
		fatal("proxy_end: eventfd");
	return NULL;
}

static struct client *start(struct client *client, enum client_call what, int fd,
			    uint32_t timeout_ms)
{
	client->call = what;
	client->fd = fd;
	client->timeout_ms = timeout_ms;
	client->over = eventfd(0, EFD_CLOEXEC);
	if (client->over < 0 || pthread_create(&client->thread, NULL, run, client) != 0)
		fatal("proxy_end: client");
	client->started = true;
	return client;
}

struct client *client_start(enum client_call what, int fd, uint32_t timeout_ms)
{
	return start(make(sizeof(struct client)), what, fd, timeout_ms);
}

struct client *client_start_xfer(int fd, uint32_t timeout_ms, const void *command, size_t len)
{
	struct client *client = make(sizeof(*client));

	memcpy(client->command, command, len);
	client->command_len = len;
	return start(client, CLIENT_XFER, fd, timeout_ms);
}

int client_wait(struct client *client)
{
	if (!client->started)
		return client->result;
	if (!device_poll(client->over, POLLIN, DEVICE_WAIT_MS)) {
		fprintf(stderr, "proxy_end: a client's call %d does not end\n", (int)client->call);
		_exit(1);
	}
	pthread_join(client->thread, NULL);
	client->started = false;
	return client->result;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	client_wait(client);
	close(client->over);
	free(client);
}

int end_serve(struct end *end, struct client *client)
{
	struct pollfd fds[2] = { { .fd = end->fd, .events = POLLIN },
				 { .fd = client->over, .events = POLLIN } };
	int r;

	while (poll(fds, 2, DEVICE_WAIT_MS) > 0 && !fds[1].revents) {
		/* What poll() told of may be over. */
		r = read_now(end);
		if (r != -EAGAIN && (r < 0 || end_card_answer(end) < 0))
			break;
	}
	return client_wait(client);
}

int end_channel(struct end *end)
{
	int fd = device_open(end->minor, 0), r;
	struct client *client;

	if (fd < 0)
		return fd;
	client = client_start(CLIENT_OPEN, fd, 0);
	r = end_serve(end, client);
	client_free(client);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}
