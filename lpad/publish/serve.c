/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of the kernel, each answered before the next; see publish.h and linux/euicc.h. */
#include "publish.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXCHANGE_TIMEOUT_MS 120000	/* as slow as a card may be; the kernel's own deadline comes by CANCEL */

struct request {
	struct euicc_proxy_msg msg;
	uint8_t payload[EUICC_PROXY_PAYLOAD_MAX];
};

struct server {
	struct esim_transport *transport;
	int end;
	bool gone;			/* the modem */
	struct request in, out;
};

/* --- answers ------------------------------------------------------------------------------------------- */

static int send_out(struct server *server, uint32_t id, uint32_t op, uint32_t handle, size_t len)
{
	struct request *out = &server->out;

	out->msg = (struct euicc_proxy_msg){ .id = id, .op = op, .handle = handle, .length = (uint32_t)len };
	return write(server->end, out, sizeof(out->msg) + len) < 0 ? -errno : 0;
}

static int send_failure(struct server *server, int errnum)
{
	return send_out(server, server->in.msg.id, EUICC_PROXY_FAILED, (uint32_t)errnum, 0);
}

/* An answer that the kernel has no room for is a failure of the card. */
static int send_answer(struct server *server, uint32_t handle, const struct esim_buf *payload)
{
	const size_t len = payload ? payload->len : 0;
	int r;

	if (len > sizeof(server->out.payload) || (payload && esim_buf_failed(payload)))
		return send_failure(server, EIO);
	if (len > 0)
		memcpy(server->out.payload, payload->data, len);
	r = send_out(server, server->in.msg.id, EUICC_PROXY_ANSWER, handle, len);
	explicit_bzero(server->out.payload, len);
	return r == -EINVAL ? send_failure(server, EIO) : r;
}

/* What clients are to hear: what was never sent they may repeat. */
static int errno_of(const struct esim_error *err)
{
	if (err->outcome == ESIM_OUTCOME_NEVER_SENT)
		return ECANCELED;
	switch (err->code) {
	case ESIM_EBUSY:
		return ENOSPC;
	case ESIM_ENOTSUP:
		return EOPNOTSUPP;
	case ESIM_ENODEV:
		return ENOMEDIUM;
	case ESIM_ETIMEDOUT:
	case ESIM_ECANCELED:
		return ETIMEDOUT;
	default:
		return EIO;
	}
}

/* The modem lost its channels: the card's session is over before the request's outcome is told. */
static int fail(struct server *server, const struct esim_error *err)
{
	const bool over = err->code == ESIM_ESTALE || err->code == ESIM_ENODEV;
	int r;

	server->gone = err->code == ESIM_ENODEV;
	r = over ? send_out(server, 0, EUICC_PROXY_EVENT, EUICC_EVENT_RESET, 0) : 0;

	return r ? r : send_failure(server, errno_of(err));
}

/* --- requests ------------------------------------------------------------------------------------------- */

/* SELECT's status word where a card refused the application: the kernel's answer has it, and no channel. */
static int open_channel(struct server *server)
{
	static const uint8_t good[] = { 0x90, 0x00 };
	struct euicc_proxy_open *wanted = (struct euicc_proxy_open *)server->in.payload;
	struct esim_buf fci = ESIM_BUF_INIT;
	struct esim_error err;
	uint32_t handle = 0;
	int rc, r;

	if (server->in.msg.length < sizeof(*wanted) || wanted->aid_len > sizeof(wanted->aid))
		return send_failure(server, EIO);
	if (wanted->flags & EUICC_OPEN_BASIC)
		return send_failure(server, EOPNOTSUPP);
	rc = esim_transport_channel_open(server->transport, 0, esim_slice(wanted->aid, wanted->aid_len), wanted->p2,
					 &handle, &fci, wanted->timeout_ms ? wanted->timeout_ms : EXCHANGE_TIMEOUT_MS,
					 &err);
	if (rc && err.sw) {
		const uint8_t sw[] = { (uint8_t)(err.sw >> 8), (uint8_t)err.sw };

		fci.len = 0;
		esim_buf_append(&fci, sw, sizeof(sw));
		r = send_answer(server, 0, &fci);
	} else if (rc) {
		r = fail(server, &err);
	} else {
		esim_buf_append(&fci, good, sizeof(good));
		r = send_answer(server, handle, &fci);
	}
	esim_buf_free(&fci);
	return r;
}

static int transmit(struct server *server)
{
	struct esim_buf response = ESIM_BUF_INIT;
	struct esim_error err;
	int r = esim_transport_channel_transmit(server->transport, server->in.msg.handle,
						esim_slice(server->in.payload, server->in.msg.length), &response,
						EXCHANGE_TIMEOUT_MS, &err);

	r = r ? fail(server, &err) : send_answer(server, server->in.msg.handle, &response);
	esim_buf_free(&response);
	return r;
}

static int reset(struct server *server)
{
	struct esim_error err;
	int rc = esim_transport_reset(server->transport, server->in.msg.handle == EUICC_RESET_WARM ?
				      ESIM_RESET_WARM : ESIM_RESET_COLD, &err);

	return rc ? send_failure(server, errno_of(&err)) : send_answer(server, server->in.msg.handle, NULL);
}

static int handle(struct server *server)
{
	switch (server->in.msg.op) {
	case EUICC_PROXY_OPEN:
		return open_channel(server);
	case EUICC_PROXY_XFER:
		return transmit(server);
	case EUICC_PROXY_CLOSE:
		esim_transport_channel_close(server->transport, server->in.msg.handle);
		return send_answer(server, server->in.msg.handle, NULL);
	case EUICC_PROXY_RESET:
		return reset(server);
	case EUICC_PROXY_CANCEL:
		/* Its request was answered in this very moment. */
		return 0;
	default:
		return send_failure(server, EOPNOTSUPP);
	}
}

/* One request, if there is one. */
static int read_and_handle(struct server *server, struct watcher *watcher)
{
	const ssize_t n = read(server->end, &server->in, sizeof(server->in));
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	watcher_arm(watcher);
	r = handle(server);
	watcher_disarm(watcher);
	explicit_bzero(&server->in, (size_t)n);
	return r;
}

static int loop(struct server *server, struct watcher *watcher, const struct port *port, int stop_fd)
{
	struct pollfd fds[] = {
		{ .fd = server->end, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
		{ .fd = port_fd(port), .events = POLLIN },
	};
	int r = 0;

	while (!r && !server->gone) {
		if (poll(fds, 3, -1) < 0)
			r = errno == EINTR ? 0 : -errno;
		else if (fds[1].revents)
			return 0;
		else if (fds[2].revents && port_is_gone(port))
			server->gone = true;
		else if (fds[0].revents)
			r = read_and_handle(server, watcher);
	}
	return r;
}

int publish_serve(struct esim_transport *transport, const struct port *port, int end, int stop_fd,
		  struct esim_error *err)
{
	struct server *server = calloc(1, sizeof(*server));
	struct esim_cancel *cancel = NULL;
	struct watcher *watcher = NULL;
	int rc = server ? esim_cancel_new(&cancel) : ESIM_ENOMEM, r = 0;

	if (rc)
		esim_error_set(err, rc, "no memory");
	else
		rc = watcher_new(end, stop_fd, cancel, &watcher, err);
	if (!rc) {
		server->transport = transport;
		server->end = end;
		esim_transport_set_cancel(transport, cancel);
		r = loop(server, watcher, port, stop_fd);
		esim_transport_set_cancel(transport, NULL);
	}
	if (r)
		rc = esim_error_errno(err, ESIM_EIO, -r, "the kernel's proxy does not work");
	else if (!rc && server->gone)
		rc = esim_error_set(err, ESIM_ENODEV, "the modem is gone");
	watcher_free(&watcher);
	esim_cancel_free(&cancel);
	free(server);
	return rc;
}
