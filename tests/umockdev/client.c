/* SPDX-License-Identifier: GPL-2.0-or-later */
/* USB/IP from the bus's side; see client.h. */
#include "client.h"

#include "usbip/usbip_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DEVID		1
#define CONTROL_TIMEOUT	30		/* seconds; a kernel has five */
#define SEND_BUFFER	(1024 * 1024)	/* nobody waits for the other while holding a lock */

void usbip_client_start(struct usbip_client *client, int fd)
{
	const struct timeval timeout = { .tv_sec = CONTROL_TIMEOUT };

	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &(int){ SEND_BUFFER }, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	*client = (struct usbip_client){
		.fd = fd, .next = 1, .in = ESIM_BUF_INIT_MAX(4 * USBIP_MAX_TRANSFER),
	};
}

void usbip_client_stop(struct usbip_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	esim_buf_free(&client->in);
}

static void send_all(struct usbip_client *client, const void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(client->fd, (const uint8_t *)data + done, len - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

/* A reply does not say whether bytes follow it: the lowest bit of a URB's number does. */
static bool is_in(uint32_t seq)
{
	return seq & 1;
}

static uint32_t new_seq(struct usbip_client *client, bool in)
{
	return client->next++ << 1 | in;
}

uint32_t usbip_client_submit(struct usbip_client *client, uint8_t endpoint, bool in,
			     const uint8_t *setup, const void *data, uint32_t length)
{
	uint32_t seq = new_seq(client, in);
	struct usbip_header header = {
		.command = htonl(USBIP_CMD_SUBMIT),
		.seq = htonl(seq),
		.devid = htonl(DEVID),
		.direction = htonl(in),
		.endpoint = htonl(endpoint & 0x0F),
		.word = { 0, htonl(length) },
	};

	if (setup)
		memcpy(header.setup, setup, sizeof(header.setup));
	send_all(client, &header, sizeof(header));
	if (!in)
		send_all(client, data, length);
	return seq;
}

uint32_t usbip_client_unlink(struct usbip_client *client, uint32_t seq)
{
	uint32_t own = new_seq(client, false);
	struct usbip_header header = {
		.command = htonl(USBIP_CMD_UNLINK),
		.seq = htonl(own),
		.devid = htonl(DEVID),
		.word = { htonl(seq) },
	};

	send_all(client, &header, sizeof(header));
	return own;
}

bool usbip_client_receive(struct usbip_client *client)
{
	uint8_t block[16384];
	ssize_t n;

	do {
		n = recv(client->fd, block, sizeof(block), 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	esim_buf_append(&client->in, block, (size_t)n);
	return !esim_buf_failed(&client->in);
}

int usbip_client_next(struct usbip_client *client, struct usbip_reply *ret, struct esim_buf *data)
{
	struct usbip_header header;
	struct usbip_reply reply;
	size_t used = USBIP_HEADER;

	if (client->in.len < USBIP_HEADER)
		return 0;
	memcpy(&header, client->in.data, USBIP_HEADER);
	reply = (struct usbip_reply){
		.seq = ntohl(header.seq),
		.unlinked = ntohl(header.command) == USBIP_RET_UNLINK,
		.status = (int)ntohl(header.word[0]),
		.actual = ntohl(header.word[1]),
	};
	if ((!reply.unlinked && ntohl(header.command) != USBIP_RET_SUBMIT) ||
	    reply.actual > USBIP_MAX_TRANSFER)
		return -EPROTO;
	if (!reply.unlinked && is_in(reply.seq))
		used += reply.actual;
	if (client->in.len < used)
		return 0;
	esim_buf_reset(data);
	esim_buf_append(data, client->in.data + USBIP_HEADER, used - USBIP_HEADER);
	client->in.len -= used;
	memmove(client->in.data, client->in.data + used, client->in.len);
	*ret = reply;
	return 1;
}

int usbip_client_control(struct usbip_client *client, const uint8_t setup[8], void *data)
{
	uint32_t length = setup[6] | (uint32_t)setup[7] << 8;
	uint32_t seq = usbip_client_submit(client, 0, setup[0] & 0x80, setup, data, length);
	struct esim_buf bytes = ESIM_BUF_INIT_MAX(USBIP_MAX_TRANSFER);
	struct usbip_reply reply;
	int r;

	while ((r = usbip_client_next(client, &reply, &bytes)) == 0)
		if (!usbip_client_receive(client))
			return -ENODEV;
	if (r > 0)
		r = reply.seq != seq ? -EPROTO : reply.status;
	if (!r && is_in(seq)) {
		r = (int)(bytes.len < length ? bytes.len : length);
		memcpy(data, bytes.data ? bytes.data : (uint8_t *)"", (size_t)r);
	}
	esim_buf_free(&bytes);
	return r;
}
