/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/owned_proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/euicc.h>

#define CHANNELS 4		/* 0 to 3: a card that hears no TERMINAL CAPABILITY gives no others */
#define FIRST_HANDLE 0x5EED0001u

struct message {
	struct euicc_proxy_msg msg;
	uint8_t payload[EUICC_PROXY_PAYLOAD_MAX];
};

struct owned_proxy {
	struct owned_proxy_options options;
	struct veuicc *card;
	unsigned int minor;
	int fd, stop;
	pthread_t thread;
	uint32_t handles[CHANNELS];	/* 0: not open */
	uint32_t next_handle;
	atomic_uint open, requests[EUICC_PROXY_CANCEL + 1];
	struct message in, out;
};

/* --- answers ---------------------------------------------------------------------------- */

static void reply(struct owned_proxy *proxy, uint32_t op, uint32_t handle, struct esim_slice payload)
{
	struct message *out = &proxy->out;
	size_t len = sizeof(out->msg) + payload.len;

	out->msg = (struct euicc_proxy_msg){ .id = proxy->in.msg.id, .op = op, .handle = handle,
					     .length = (uint32_t)payload.len };
	if (payload.len > 0)
		memcpy(out->payload, payload.data, payload.len);
	if (write(proxy->fd, out, len) != (ssize_t)len)
		perror("owned_proxy: write");
}

static void fail(struct owned_proxy *proxy, int error)
{
	reply(proxy, EUICC_PROXY_FAILED, (uint32_t)error, esim_slice(NULL, 0));
}

/* --- the card --------------------------------------------------------------------------- */

static uint16_t last_sw(const struct esim_buf *response)
{
	if (response->len < 2)
		return 0;
	return (uint16_t)(response->data[response->len - 2] << 8 | response->data[response->len - 1]);
}

/* A command on CHANNEL, GET RESPONSE included unless the kernel is to do that. */
static int transmit(struct owned_proxy *proxy, unsigned int channel, struct esim_slice command,
		    struct esim_buf *response)
{
	struct esim_buf copy = ESIM_BUF_INIT;
	int r;

	esim_buf_append_slice(&copy, command);
	copy.data[0] = (uint8_t)(copy.data[0] | channel);
	r = veuicc_transmit(proxy->card, esim_buf_slice(&copy), response);
	while (r == 0 && !proxy->options.pass_61 && last_sw(response) >> 8 == 0x61) {
		uint8_t get[] = { (uint8_t)channel, 0xC0, 0, 0, (uint8_t)last_sw(response) };

		response->len -= 2;
		r = veuicc_transmit(proxy->card, esim_slice(get, sizeof(get)), response);
	}
	esim_buf_free(&copy);
	return r;
}

/* The status word of a command whose data nobody wants; 0: no answer. */
static uint16_t command_sw(struct owned_proxy *proxy, unsigned int channel, const uint8_t *command,
			   size_t len, uint8_t *ret_byte)
{
	struct esim_buf response = ESIM_BUF_INIT;
	int r = transmit(proxy, channel, esim_slice(command, len), &response);
	uint16_t sw = r == 0 ? last_sw(&response) : 0;

	if (ret_byte)
		*ret_byte = response.len > 2 ? response.data[0] : 0;
	esim_buf_free(&response);
	return sw;
}

static void forget_channels(struct owned_proxy *proxy)
{
	memset(proxy->handles, 0, sizeof(proxy->handles));
	proxy->open = 0;
}

/* --- requests --------------------------------------------------------------------------- */

static void close_on_card(struct owned_proxy *proxy, unsigned int channel)
{
	const uint8_t manage[] = { 0x00, 0x70, 0x80, (uint8_t)channel };

	command_sw(proxy, 0, manage, sizeof(manage), NULL);
}

static void do_open(struct owned_proxy *proxy)
{
	static const uint8_t manage[] = { 0x00, 0x70, 0x00, 0x00, 0x01 };
	struct euicc_proxy_open open;
	uint8_t select[5 + EUICC_AID_MAX] = { 0x00, 0xA4, 0x04, 0x0C }, channel = 0, sw_bytes[2];
	uint16_t sw;

	memcpy(&open, proxy->in.payload, sizeof(open));
	if (open.flags || open.p2) {
		fail(proxy, EOPNOTSUPP);
		return;
	}
	if ((proxy->options.channels && proxy->open >= proxy->options.channels) ||
	    command_sw(proxy, 0, manage, sizeof(manage), &channel) != 0x9000 || channel == 0 ||
	    channel >= CHANNELS) {
		fail(proxy, ENOSPC);
		return;
	}
	select[4] = open.aid_len;
	memcpy(select + 5, open.aid, open.aid_len);
	sw = command_sw(proxy, channel, select, 5u + open.aid_len, NULL);
	sw_bytes[0] = (uint8_t)(sw >> 8);
	sw_bytes[1] = (uint8_t)sw;
	if (sw == 0x9000) {
		proxy->handles[channel] = proxy->next_handle++;
		proxy->open++;
	} else {
		close_on_card(proxy, channel);
	}
	reply(proxy, EUICC_PROXY_ANSWER, proxy->handles[channel], esim_slice(sw_bytes, sizeof(sw_bytes)));
}

/* 0: no such handle. */
static unsigned int channel_of(const struct owned_proxy *proxy)
{
	unsigned int channel = CHANNELS - 1;

	while (channel > 0 && proxy->handles[channel] != proxy->in.msg.handle)
		channel--;
	return proxy->in.msg.handle ? channel : 0;
}

static void do_xfer(struct owned_proxy *proxy)
{
	struct esim_buf response = ESIM_BUF_INIT;
	unsigned int channel = channel_of(proxy);

	if (channel == 0)
		fail(proxy, ECANCELED);
	else if (transmit(proxy, channel, esim_slice(proxy->in.payload, proxy->in.msg.length), &response))
		fail(proxy, EIO);
	else
		reply(proxy, EUICC_PROXY_ANSWER, 0, esim_buf_slice(&response));
	esim_buf_free(&response);
}

static void do_close(struct owned_proxy *proxy)
{
	unsigned int channel = channel_of(proxy);

	if (channel > 0) {
		close_on_card(proxy, channel);
		proxy->handles[channel] = 0;
		proxy->open--;
	}
	reply(proxy, EUICC_PROXY_ANSWER, 0, esim_slice(NULL, 0));
}

static void do_reset(struct owned_proxy *proxy)
{
	struct esim_slice atr;

	forget_channels(proxy);
	if (veuicc_power_on(proxy->card, &atr))
		fail(proxy, ENOMEDIUM);
	else
		reply(proxy, EUICC_PROXY_ANSWER, 0, atr);
}

static void handle(struct owned_proxy *proxy)
{
	uint32_t op = proxy->in.msg.op;

	if (op <= EUICC_PROXY_CANCEL)
		proxy->requests[op]++;
	switch (op) {
	case EUICC_PROXY_OPEN:
		do_open(proxy);
		break;
	case EUICC_PROXY_XFER:
		do_xfer(proxy);
		break;
	case EUICC_PROXY_CLOSE:
		do_close(proxy);
		break;
	case EUICC_PROXY_RESET:
		do_reset(proxy);
		break;
	}
}

static void *run(void *argument)
{
	struct owned_proxy *proxy = argument;
	struct pollfd fds[2] = { { .fd = proxy->fd, .events = POLLIN },
				 { .fd = proxy->stop, .events = POLLIN } };

	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[1].revents)
			break;
		if (read(proxy->fd, &proxy->in, sizeof(proxy->in)) > 0)
			handle(proxy);
	}
	return NULL;
}

/* --- making and ending ------------------------------------------------------------------- */

static int new_device(struct owned_proxy *proxy)
{
	struct euicc_proxy_new_dev args = { .features = EUICC_FEATURE_OWNED | EUICC_FEATURE_COLD |
							EUICC_FEATURE_EXTENDED,
					    .protocol = EUICC_PROTOCOL_NONE, .name = "modem" };
	int fd = open("/dev/euicc-proxy", O_RDWR | O_CLOEXEC), r;

	r = fd < 0 || ioctl(fd, EUICC_PROXY_NEW_DEV, &args) < 0 ? -1 : 0;
	if (fd >= 0)
		close(fd);
	if (r == 0) {
		proxy->fd = args.fd;
		proxy->minor = args.minor;
		fcntl(proxy->fd, F_SETFL, O_NONBLOCK);
	}
	return r;
}

struct owned_proxy *owned_proxy_new(struct veuicc *card, const struct owned_proxy_options *options)
{
	struct owned_proxy *proxy = calloc(1, sizeof(*proxy));

	if (!proxy)
		return NULL;
	if (options)
		proxy->options = *options;
	proxy->card = card;
	proxy->next_handle = FIRST_HANDLE;
	proxy->stop = eventfd(0, EFD_CLOEXEC);
	if (veuicc_power_on(card, NULL) || proxy->stop < 0 || new_device(proxy)) {
		perror("owned_proxy");
		free(proxy);
		return NULL;
	}
	if (pthread_create(&proxy->thread, NULL, run, proxy)) {
		perror("owned_proxy: pthread_create");
		_exit(1);
	}
	return proxy;
}

unsigned int owned_proxy_minor(const struct owned_proxy *proxy)
{
	return proxy->minor;
}

unsigned int owned_proxy_channels(struct owned_proxy *proxy)
{
	return proxy->open;
}

unsigned int owned_proxy_requests(struct owned_proxy *proxy, unsigned int op)
{
	return op <= EUICC_PROXY_CANCEL ? proxy->requests[op] : 0;
}

void owned_proxy_free(struct owned_proxy *proxy)
{
	if (!proxy)
		return;
	if (eventfd_write(proxy->stop, 1) < 0)
		perror("owned_proxy: eventfd");
	pthread_join(proxy->thread, NULL);
	close(proxy->fd);
	close(proxy->stop);
	free(proxy);
}
