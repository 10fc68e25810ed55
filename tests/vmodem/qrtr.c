/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A way by QRTR, as a modem has it that is on the same chip as the processor: a server of this machine's own node for each
 * service, and a datagram for each message. There is no QMUX and no control service: a client is the port it sends from.
 */
#include "vmodem/qmi.h"
#include "vmodem/way.h"

#include <errno.h>
#include <linux/qrtr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QMUX_HEADER	6		/* marker, length (2), flags, service, client */
#define INSTANCE	1

static const uint8_t services[] = { QMI_WDS, QMI_DMS, QMI_NAS, QMI_UIM };

#define SERVICES (sizeof(services) / sizeof(services[0]))

struct peer {
	struct sockaddr_qrtr address;
	struct qmi_client *client;	/* NULL: nobody's place */
};

struct qrtr {
	struct vmodem_way way;
	struct vmodem_front front;
	int fds[SERVICES];		/* negative: not attached */
	uint32_t node;			/* this machine's own */
	struct peer peers[QMI_MAX_CLIENTS];
};

static struct qrtr *qrtr_of(struct vmodem_way *way)
{
	return (struct qrtr *)way;
}

/* --- clients ------------------------------------------------------------------------------------------------ */

static bool is_from(const struct sockaddr_qrtr *address, uint32_t node, uint32_t port)
{
	return address->sq_node == node && address->sq_port == port;
}

static struct peer *find_peer(struct qrtr *qrtr, uint8_t service, const struct sockaddr_qrtr *address)
{
	for (size_t i = 0; i < QMI_MAX_CLIENTS; i++) {
		struct peer *peer = &qrtr->peers[i];

		if (peer->client && peer->client->service == service &&
		    is_from(&peer->address, address->sq_node, address->sq_port))
			return peer;
	}
	return NULL;
}

/* Who sends for the first time is a new client. */
static struct peer *find_or_add_peer(struct qrtr *qrtr, uint8_t service, const struct sockaddr_qrtr *address)
{
	struct peer *peer = find_peer(qrtr, service, address);

	if (peer)
		return peer;
	for (size_t i = 0; i < QMI_MAX_CLIENTS; i++) {
		if (qrtr->peers[i].client)
			continue;
		qrtr->peers[i].address = *address;
		qrtr->peers[i].client = vqmi_allocate(qrtr->front.priv, service);
		return qrtr->peers[i].client ? &qrtr->peers[i] : NULL;
	}
	return NULL;
}

static void forget_peers(struct qrtr *qrtr)
{
	memset(qrtr->peers, 0, sizeof(qrtr->peers));
}

/* --- messages -------------------------------------------------------------------------------------------------- */

static void send_message(struct vmodem_front *front, struct esim_slice frame)
{
	struct qrtr *qrtr = front->way;
	const uint8_t service = frame.data[4], id = frame.data[5];

	for (size_t i = 0; i < QMI_MAX_CLIENTS; i++) {
		const struct peer *peer = &qrtr->peers[i];

		for (size_t k = 0; k < SERVICES; k++)
			if (peer->client && peer->client->id == id && services[k] == service &&
			    peer->client->service == service && qrtr->fds[k] >= 0)
				sendto(qrtr->fds[k], frame.data + QMUX_HEADER, frame.len - QMUX_HEADER, MSG_DONTWAIT,
				       (const struct sockaddr *)&peer->address, sizeof(peer->address));
	}
}

static void feed(struct qrtr *qrtr, const struct qmi_client *client, struct esim_slice message)
{
	struct esim_buf frame = ESIM_BUF_INIT;

	esim_buf_append_byte(&frame, 0x01);
	vqmi_put_u16(&frame, (unsigned)(QMUX_HEADER - 1 + message.len));
	esim_buf_append(&frame, (uint8_t[]){ 0, client->service, client->id }, 3);
	esim_buf_append_slice(&frame, message);
	if (!esim_buf_failed(&frame))
		vmodem_feed(&qrtr->front, esim_buf_slice(&frame));
	esim_buf_free(&frame);
}

/* The name service tells each server of a client that is gone. */
static void take_notice(struct qrtr *qrtr, uint8_t service, const struct qrtr_ctrl_pkt *notice)
{
	const struct sockaddr_qrtr gone = { .sq_node = notice->client.node, .sq_port = notice->client.port };
	struct peer *peer = notice->cmd == QRTR_TYPE_DEL_CLIENT ? find_peer(qrtr, service, &gone) : NULL;

	if (!peer)
		return;
	vqmi_release(qrtr->front.priv, peer->client);
	*peer = (struct peer){ 0 };
}

static void take_datagrams(struct qrtr *qrtr, size_t which)
{
	union {
		uint8_t bytes[QMI_MAX_FRAME];
		struct qrtr_ctrl_pkt notice;
	} in;
	struct sockaddr_qrtr from;
	socklen_t size = sizeof(from);
	ssize_t n;

	while (qrtr->fds[which] >= 0 && vmodem_bus(qrtr->way.modem) == VMODEM_BUS_THERE &&
	       (n = recvfrom(qrtr->fds[which], &in, sizeof(in) - QMUX_HEADER, MSG_DONTWAIT, (struct sockaddr *)&from,
			     &size)) >= 0) {
		struct peer *peer = NULL;

		if (from.sq_port != QRTR_PORT_CTRL)
			peer = find_or_add_peer(qrtr, services[which], &from);
		else if ((size_t)n >= sizeof(in.notice))
			take_notice(qrtr, services[which], &in.notice);
		if (peer)
			feed(qrtr, peer->client, esim_slice(in.bytes, (size_t)n));
		size = sizeof(from);
	}
}

/* --- the way --------------------------------------------------------------------------------------------------- */

static void say(struct qrtr *qrtr, const char *what)
{
	char line[64];

	snprintf(line, sizeof(line), "%s qmi:qrtr://%u", what, qrtr->node);
	qrtr->way.notice(qrtr->way.context, line);
}

static void close_sockets(struct qrtr *qrtr)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (qrtr->fds[i] >= 0)
			close(qrtr->fds[i]);
		qrtr->fds[i] = -1;
	}
	forget_peers(qrtr);
}

/* The name service takes the port from the sender's address; it ends the server with the socket. */
static int serve(struct qrtr *qrtr, size_t which)
{
	struct sockaddr_qrtr own;
	struct qrtr_ctrl_pkt notice = { .cmd = QRTR_TYPE_NEW_SERVER };
	socklen_t size = sizeof(own);
	int fd = socket(AF_QIPCRTR, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	qrtr->fds[which] = fd;
	if (fd < 0 || getsockname(fd, (struct sockaddr *)&own, &size))
		return -1;
	qrtr->node = own.sq_node;
	notice.server.service = services[which];
	notice.server.instance = INSTANCE;
	notice.server.node = own.sq_node;
	notice.server.port = own.sq_port;
	own.sq_port = QRTR_PORT_CTRL;
	return sendto(fd, &notice, sizeof(notice), 0, (const struct sockaddr *)&own, sizeof(own)) == sizeof(notice) ? 0 : -1;
}

static int qrtr_attach(struct vmodem_way *way, struct esim_error *err)
{
	struct qrtr *qrtr = qrtr_of(way);

	for (size_t i = 0; i < SERVICES; i++) {
		const int r = serve(qrtr, i);
		const int saved = errno;

		if (!r)
			continue;
		close_sockets(qrtr);
		esim_error_errno(err, ESIM_EIO, saved, "QRTR cannot be served");
		esim_error_advise(err, "load the module: modprobe qrtr");
		return ESIM_EIO;
	}
	say(qrtr, "listening");
	return 0;
}

static void qrtr_detach(struct vmodem_way *way)
{
	close_sockets(qrtr_of(way));
	say(qrtr_of(way), "gone");
}

static size_t qrtr_wait(struct vmodem_way *way, struct pollfd *fds)
{
	for (size_t i = 0; i < SERVICES; i++)
		fds[i] = (struct pollfd){ .fd = qrtr_of(way)->fds[i], .events = POLLIN };
	return SERVICES;
}

static void qrtr_take(struct vmodem_way *way, const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i].revents)
			take_datagrams(qrtr_of(way), i);
}

static void qrtr_close(struct vmodem_way *way)
{
	close_sockets(qrtr_of(way));
	free(qrtr_of(way));
}

static const struct vmodem_way_ops qrtr_ops = {
	.attach = qrtr_attach,
	.detach = qrtr_detach,
	.wait = qrtr_wait,
	.take = qrtr_take,
	.close = qrtr_close,
};

int vmodem_qrtr_new(struct vmodem *modem, struct vmodem_way **ret, struct esim_error *err)
{
	struct qrtr *qrtr = calloc(1, sizeof(*qrtr));
	int r;

	if (!qrtr)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a way");
	qrtr->way = (struct vmodem_way){ .ops = &qrtr_ops, .modem = modem };
	qrtr->front = (struct vmodem_front){ .ops = &vmodem_qmi, .send = send_message, .way = qrtr, .late = ESIM_BUF_INIT };
	for (size_t i = 0; i < SERVICES; i++)
		qrtr->fds[i] = -1;
	*ret = &qrtr->way;
	r = vmodem_front_add(modem, &qrtr->front);
	return r ? esim_error_set(err, r, "no front for QMI") : 0;
}
