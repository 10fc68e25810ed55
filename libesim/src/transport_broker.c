/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A modem behind modem-broker(8): the calls of the vtable as messages; see modem/broker.h. The broker is
 * root's, and is believed as the kernel is; what it sends has its lengths checked all the same.
 */
#include "deadline.h"
#include "transport_broker.h"

#include <modem/broker.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define CLOSE_TIMEOUT_MS 10000

struct broker {
	int fd;				/* -1: the broker is gone */
	uint32_t last_id;
	const struct esim_cancel *cancel;
	struct broker_welcome welcome;
	struct {
		struct broker_answer header;
		uint8_t payload[BROKER_MAX_PAYLOAD];
	} answer;
};

struct request {
	enum broker_op op;
	uint32_t handle, argument;
	unsigned timeout_ms;
	struct esim_slice payload;
};

/* --- messages ------------------------------------------------------------------------------ */

static int lost(struct broker *broker, enum esim_outcome outcome, struct esim_error *err)
{
	if (broker->fd >= 0)
		close(broker->fd);
	broker->fd = -1;
	esim_error_set(err, ESIM_ENODEV, "the program that drives the modem (modem-broker) has ended");
	esim_error_advise(err, "Its journal says why: journalctl -u 'coreesim-modem@*'. Then try again.");
	return esim_error_outcome(err, ESIM_ENODEV, outcome);
}

static int send_request(struct broker *broker, const struct request *request, uint32_t id)
{
	struct broker_request header = {
		.id = id, .op = request->op, .handle = request->handle, .argument = request->argument,
		.timeout_ms = request->timeout_ms, .length = (uint32_t)request->payload.len,
	};
	struct iovec iov[2] = {
		{ &header, sizeof(header) },
		{ (void *)(uintptr_t)request->payload.data, request->payload.len },
	};
	const struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	do
		n = sendmsg(broker->fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* What is there: 1, the answer to request @id; 0, that it is still to come; negative: the broker is gone. */
static int receive(struct broker *broker, uint32_t id, struct esim_slice *ret)
{
	const struct broker_answer *header = &broker->answer.header;
	ssize_t n;

	do
		n = recv(broker->fd, &broker->answer, sizeof(broker->answer), 0);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(*header) || header->id != id || header->length != (size_t)n - sizeof(*header))
		return -1;
	*ret = esim_slice(broker->answer.payload, header->length);
	return header->result != BROKER_AT_WORK;
}

/* A cancel is handed on once, and the answer waited for; after that it is to come soon. */
static int await_answer(struct broker *broker, unsigned timeout_ms, struct esim_slice *ret, struct esim_error *err)
{
	const struct request stop = { .op = BROKER_CANCEL };	/* of the last id */
	uint64_t deadline = deadline_in(timeout_ms) + (uint64_t)BROKER_GRACE_MS * 1000000u, later;
	int cancel_fd = esim_cancel_fd(broker->cancel), n;
	bool stopped = false;

	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = broker->fd, .events = POLLIN }, { .fd = cancel_fd, .events = POLLIN },
		};

		n = poll(fds, 2, deadline_left_ms(deadline));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			lost(broker, ESIM_OUTCOME_UNKNOWN, err);
			return esim_error_set(err, ESIM_ETIMEDOUT, "modem-broker does not answer");
		}
		if (fds[0].revents) {
			n = receive(broker, broker->last_id, ret);
			if (n != 0)
				return n > 0 ? 0 : lost(broker, ESIM_OUTCOME_UNKNOWN, err);
			later = deadline_in(BROKER_GRACE_MS);
			if (!stopped && later > deadline)
				deadline = later;
			continue;
		}
		cancel_fd = -1;
		stopped = true;
		deadline = deadline_in(BROKER_GRACE_MS);
		if (send_request(broker, &stop, broker->last_id))
			return lost(broker, ESIM_OUTCOME_UNKNOWN, err);
	}
}

static void terminate(char *text, size_t size)
{
	text[size - 1] = '\0';
}

static int take_error(const struct broker *broker, struct esim_slice payload, struct esim_error *err)
{
	struct esim_error cause;

	if (payload.len != sizeof(cause))
		return esim_error_set(err, ESIM_EPROTO, "modem-broker's answer is malformed");
	memcpy(&cause, payload.data, sizeof(cause));
	terminate(cause.function, sizeof(cause.function));
	terminate(cause.result_name, sizeof(cause.result_name));
	terminate(cause.subject_code, sizeof(cause.subject_code));
	terminate(cause.reason_code, sizeof(cause.reason_code));
	terminate(cause.subject_identifier, sizeof(cause.subject_identifier));
	terminate(cause.check, sizeof(cause.check));
	terminate(cause.message, sizeof(cause.message));
	terminate(cause.advice, sizeof(cause.advice));
	cause.code = broker->answer.header.result;
	if (err)
		*err = cause;
	return cause.code;
}

/* One request and its answer, whose payload is *@ret until the next. */
static int call(struct broker *broker, const struct request *request, struct esim_slice *ret,
		struct esim_error *err)
{
	const uint32_t id = broker->last_id == UINT32_MAX ? 1 : broker->last_id + 1;
	int r;

	if (broker->fd < 0)
		return lost(broker, ESIM_OUTCOME_NEVER_SENT, err);
	if (request->payload.len > BROKER_MAX_PAYLOAD)
		return esim_error_set(err, ESIM_ETOOBIG, "a command of %zu bytes is too long", request->payload.len);
	broker->last_id = id;
	if (send_request(broker, request, id))
		return lost(broker, ESIM_OUTCOME_NEVER_SENT, err);
	r = await_answer(broker, request->timeout_ms, ret, err);
	if (r)
		return r;
	return broker->answer.header.result ? take_error(broker, *ret, err) : 0;
}

/* One whose answer is a struct of @size. */
static int call_for(struct broker *broker, const struct request *request, void *ret, size_t size,
		    struct esim_error *err)
{
	struct esim_slice answer;
	int r = call(broker, request, &answer, err);

	if (r)
		return r;
	if (answer.len != size)
		return esim_error_set(err, ESIM_EPROTO, "modem-broker's answer has %zu bytes, not %zu", answer.len, size);
	if (size > 0)
		memcpy(ret, answer.data, size);
	return 0;
}

static int call_for_bytes(struct broker *broker, const struct request *request, struct esim_buf *ret,
			  struct esim_error *err)
{
	struct esim_slice answer;
	int r = call(broker, request, &answer, err);

	if (r)
		return r;
	esim_buf_append_slice(ret, answer);
	explicit_bzero(broker->answer.payload, answer.len);
	r = esim_buf_failed(ret);
	return r ? esim_error_set(err, r, "no room for an answer of %zu bytes", answer.len) : 0;
}

/* --- the vtable -------------------------------------------------------------------------------- */

static int broker_transmit(void *priv, struct esim_slice command, struct esim_buf *response,
			   unsigned timeout_ms, struct esim_error *err)
{
	const struct request request = { BROKER_TRANSMIT, 0, 0, timeout_ms, command };

	return call_for_bytes(priv, &request, response, err);
}

static int broker_channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2,
			       uint32_t *ret_handle, struct esim_buf *fci, unsigned timeout_ms,
			       struct esim_error *err)
{
	const struct request request = { BROKER_CHANNEL_OPEN, port, p2, timeout_ms, aid };
	struct broker *broker = priv;
	int r = call_for_bytes(broker, &request, fci, err);

	if (!r)
		*ret_handle = broker->answer.header.handle;
	return r;
}

static int broker_channel_transmit(void *priv, uint32_t handle, struct esim_slice command,
				   struct esim_buf *response, unsigned timeout_ms, struct esim_error *err)
{
	const struct request request = { BROKER_CHANNEL_TRANSMIT, handle, 0, timeout_ms, command };

	return call_for_bytes(priv, &request, response, err);
}

static void broker_channel_close(void *priv, uint32_t handle)
{
	const struct request request = { BROKER_CHANNEL_CLOSE, handle, 0, CLOSE_TIMEOUT_MS, { NULL, 0 } };

	call_for(priv, &request, NULL, 0, NULL);
}

static int broker_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	const struct request request = { BROKER_RESET, 0, kind, BROKER_HELLO_TIMEOUT_MS, { NULL, 0 } };

	return call_for(priv, &request, NULL, 0, err);
}

static void broker_describe(void *priv, struct esim_transport_info *ret)
{
	const struct request request = { .op = BROKER_DESCRIBE, .timeout_ms = CLOSE_TIMEOUT_MS };
	struct broker *broker = priv;
	struct esim_transport_info info;

	if (broker->fd >= 0 && !call_for(broker, &request, &info, sizeof(info), NULL)) {
		info.scheme[sizeof(info.scheme) - 1] = info.name[sizeof(info.name) - 1] = '\0';
		if (info.atr_len <= sizeof(info.atr))
			broker->welcome.info = info;
	}
	*ret = broker->welcome.info;
}

static void broker_set_cancel(void *priv, const struct esim_cancel *cancel)
{
	((struct broker *)priv)->cancel = cancel;
}

static void broker_close(void *priv)
{
	struct broker *broker = priv;

	if (broker->fd >= 0)
		close(broker->fd);
	explicit_bzero(broker, sizeof(*broker));
	free(broker);
}

/* --- the modem -------------------------------------------------------------------------------------- */

static int broker_facts(void *priv, struct esim_modem_facts *ret, struct esim_error *err)
{
	const struct request request = { .op = BROKER_FACTS, .timeout_ms = BROKER_HELLO_TIMEOUT_MS };
	int r = call_for(priv, &request, ret, sizeof(*ret), err);

	if (r)
		return r;
	terminate(ret->imei, sizeof(ret->imei));
	terminate(ret->manufacturer, sizeof(ret->manufacturer));
	terminate(ret->model, sizeof(ret->model));
	terminate(ret->firmware, sizeof(ret->firmware));
	terminate(ret->bus_port, sizeof(ret->bus_port));
	return 0;
}

static void broker_policy(void *priv, struct esim_modem_policy *ret)
{
	const struct request request = { .op = BROKER_POLICY, .timeout_ms = CLOSE_TIMEOUT_MS };

	if (call_for(priv, &request, ret, sizeof(*ret), NULL))
		*ret = (struct esim_modem_policy){ 0 };
}

static int broker_iccid(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err)
{
	const struct request request = { .op = BROKER_ICCID, .timeout_ms = timeout_ms };

	return call_for(priv, &request, ret, sizeof(*ret), err);
}

static int broker_step(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err)
{
	const struct request request = { .op = BROKER_STEP, .argument = step, .timeout_ms = timeout_ms };

	return call_for(priv, &request, NULL, 0, err);
}

static int broker_wait(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	const struct request request = { .op = BROKER_WAIT, .timeout_ms = timeout_ms };

	return call_for(priv, &request, NULL, 0, err);
}

static int broker_reopen(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	const struct request request = { .op = BROKER_REOPEN, .timeout_ms = timeout_ms };

	return call_for(priv, &request, NULL, 0, err);
}

static const struct esim_modem_ops broker_modem = {
	.facts = broker_facts,
	.policy = broker_policy,
	.iccid = broker_iccid,
	.step = broker_step,
	.wait = broker_wait,
	.reopen = broker_reopen,
};

/* Where the modem has no basic channel, the broker has none either. */
#define BROKER_CALLS \
	.close = broker_close, .describe = broker_describe, .channel_open = broker_channel_open, \
	.channel_transmit = broker_channel_transmit, .channel_close = broker_channel_close, \
	.reset = broker_reset, .set_cancel = broker_set_cancel, .modem = &broker_modem

static const struct esim_transport_ops broker_ops = { BROKER_CALLS };
static const struct esim_transport_ops broker_ops_raw = { BROKER_CALLS, .transmit = broker_transmit };

/* --- opening ------------------------------------------------------------------------------------------ */

static const char *socket_path(void)
{
	const char *path = secure_getenv(BROKER_SOCKET_ENV);

	return path ? path : BROKER_SOCKET;
}

bool transport_broker_wanted(void)
{
	const char *path = socket_path();

	return path[0] && (secure_getenv(BROKER_SOCKET_ENV) || geteuid() != 0) && access(path, F_OK) == 0;
}

static int connect_broker(struct esim_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = socket_path();
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return esim_error_set(err, ESIM_EINVAL, "'%.64s…': too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	esim_error_errno(err, ESIM_ENODEV, errno, "%s: modem-broker cannot be reached", path);
	esim_error_advise(err, "Modems are for root, and for members of group euicc by coreesim-modem.socket.");
	if (fd >= 0)
		close(fd);
	return ESIM_ENODEV;
}

static int say_hello(struct broker *broker, const char *uri, struct esim_error *err)
{
	struct broker_hello hello = { .version = COREESIM_VERSION, .size = broker_sizes() };
	const struct request request = {
		BROKER_HELLO, 0, 0, BROKER_HELLO_TIMEOUT_MS, esim_slice((const uint8_t *)&hello, sizeof(hello)),
	};
	struct esim_transport_info *info = &broker->welcome.info;
	int r;

	if (strlen(uri) >= sizeof(hello.uri))
		return esim_error_set(err, ESIM_EINVAL, "the device's name is too long");
	memcpy(hello.uri, uri, strlen(uri) + 1);
	r = call_for(broker, &request, &broker->welcome, sizeof(broker->welcome), err);
	if (r)
		return r;
	terminate(info->scheme, sizeof(info->scheme));
	terminate(info->name, sizeof(info->name));
	return info->atr_len <= sizeof(info->atr) ? 0 :
		       esim_error_set(err, ESIM_EPROTO, "modem-broker's answer is malformed");
}

int transport_broker_open(const char *uri, const struct esim_cancel *cancel, struct esim_transport **ret,
			  struct esim_error *err)
{
	struct broker *broker = calloc(1, sizeof(*broker));
	bool raw;
	int r;

	if (!broker)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	broker->cancel = cancel;
	r = broker->fd = connect_broker(err);
	if (r >= 0)
		r = say_hello(broker, uri, err);
	broker->cancel = NULL;
	if (r) {
		broker_close(broker);
		return r;
	}
	raw = broker->welcome.ops & 1u << BROKER_TRANSMIT;
	r = esim_transport_new(raw ? &broker_ops_raw : &broker_ops, broker, ret);
	return r ? esim_error_set(err, r, "out of memory") : 0;
}
