/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One caller and one modem: each request is a call of the modem's vtable; see modem/broker.h. */
#include "broker.h"
#include "inbox.h"

#include <esim/transport_module.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define SEND_TIMEOUT_S 10		/* a caller who does not read its answers is gone */

struct server {
	int fd;
	struct inbox *inbox;
	const struct esim_transport_ops *ops;	/* NULL: no HELLO yet */
	void *priv;
	struct broker_message request;
	struct esim_buf answer;
	uint32_t handle;
};

/* --- each operation ------------------------------------------------------------------------------ */

typedef int operation(struct server *server, struct esim_slice payload, struct esim_error *err);

static int append(struct server *server, const void *bytes, size_t len, struct esim_error *err)
{
	int r;

	esim_buf_append(&server->answer, bytes, len);
	r = esim_buf_failed(&server->answer);
	return r ? esim_error_set(err, r, "out of memory") : 0;
}

static unsigned timeout_of(const struct server *server)
{
	return server->request.header.timeout_ms;
}

static int missing(const char *what, struct esim_error *err)
{
	return esim_error_set(err, ESIM_ENOTSUP, "this modem has no %s", what);
}

static uint32_t operations(const struct esim_transport_ops *ops)
{
	return ops->transmit ? 1u << BROKER_TRANSMIT : 0;
}

static int open_modem(struct server *server, const char *uri, struct esim_error *err)
{
	const struct esim_transport_module *module;
	char allowed[ESIM_URI_SIZE], scheme[16] = "";
	struct ucred caller;
	socklen_t size = sizeof(caller);
	const char *rest;
	int r;

	if (getsockopt(server->fd, SOL_SOCKET, SO_PEERCRED, &caller, &size))
		return esim_error_errno(err, ESIM_EIO, errno, "modem-broker's caller");
	r = broker_may_open(uri, caller.uid, allowed, err);
	if (r)
		return r;
	rest = strchr(allowed, ':');
	memcpy(scheme, allowed, (size_t)(rest - allowed) < sizeof(scheme) ? (size_t)(rest - allowed) : sizeof(scheme) - 1);
	r = esim_transport_module_load(scheme, &module, err);
	if (!r)
		r = module->open(rest + 1, inbox_cancel(server->inbox), &server->ops, &server->priv, err);
	if (!r && server->ops->set_cancel)
		server->ops->set_cancel(server->priv, inbox_cancel(server->inbox));
	return r;
}

static int hello(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	struct broker_welcome welcome = { .ops = 0 };
	struct broker_hello hello;
	int r;

	if (server->ops)
		return esim_error_set(err, ESIM_EINVAL, "a connection to modem-broker is for one modem");
	if (payload.len != sizeof(hello))
		return esim_error_set(err, ESIM_EINVAL, "modem-broker and the library are not of one build");
	memcpy(&hello, payload.data, sizeof(hello));
	hello.uri[sizeof(hello.uri) - 1] = hello.version[sizeof(hello.version) - 1] = '\0';
	if (strcmp(hello.version, COREESIM_VERSION) != 0 || hello.size != broker_sizes())
		return esim_error_set(err, ESIM_EINVAL, "modem-broker is of version %s, the library of another",
				      COREESIM_VERSION);
	r = open_modem(server, hello.uri, err);
	if (r)
		return r;
	server->ops->describe(server->priv, &welcome.info);
	welcome.ops = operations(server->ops);
	return append(server, &welcome, sizeof(welcome), err);
}

static int describe(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	struct esim_transport_info info = { .atr_len = 0 };

	(void)payload;
	server->ops->describe(server->priv, &info);
	return append(server, &info, sizeof(info), err);
}

static int transmit(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	if (!server->ops->transmit)
		return missing("basic channel", err);
	return server->ops->transmit(server->priv, payload, &server->answer, timeout_of(server), err);
}

static int channel_open(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	const struct broker_request *header = &server->request.header;

	if (payload.len > ESIM_MAX_AID || header->argument > UINT8_MAX)
		return esim_error_set(err, ESIM_EINVAL, "an AID has at most %d bytes", ESIM_MAX_AID);
	if (!server->ops->channel_open)
		return missing("logical channels", err);
	return server->ops->channel_open(server->priv, header->handle, payload, (uint8_t)header->argument,
					 &server->handle, &server->answer, timeout_of(server), err);
}

static int channel_transmit(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	if (!server->ops->channel_transmit)
		return missing("logical channels", err);
	return server->ops->channel_transmit(server->priv, server->request.header.handle, payload,
					     &server->answer, timeout_of(server), err);
}

static int channel_close(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	(void)payload;
	(void)err;
	if (server->ops->channel_close)
		server->ops->channel_close(server->priv, server->request.header.handle);
	return 0;
}

static int reset(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	const uint32_t kind = server->request.header.argument;

	(void)payload;
	if (kind > ESIM_RESET_COLD)
		return esim_error_set(err, ESIM_EINVAL, "no such reset");
	if (!server->ops->reset)
		return missing("way to reset the card", err);
	return server->ops->reset(server->priv, (enum esim_reset)kind, err);
}

static int facts(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	const struct esim_modem_ops *modem = server->ops->modem;
	struct esim_modem_facts facts = { .slots = 0 };
	int r = modem && modem->facts ? modem->facts(server->priv, &facts, err) : missing("facts", err);

	(void)payload;
	return r ? r : append(server, &facts, sizeof(facts), err);
}

static int policy(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	const struct esim_modem_ops *modem = server->ops->modem;
	struct esim_modem_policy policy = { .steps = 0 };

	(void)payload;
	if (modem && modem->policy)
		modem->policy(server->priv, &policy);
	return append(server, &policy, sizeof(policy), err);
}

static int iccid(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	const struct esim_modem_ops *modem = server->ops->modem;
	struct esim_iccid iccid = { { 0 } };
	int r = modem && modem->iccid ? modem->iccid(server->priv, &iccid, timeout_of(server), err) :
					missing("word for the ICCID", err);

	(void)payload;
	return r ? r : append(server, &iccid, sizeof(iccid), err);
}

static int step(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	const struct esim_modem_ops *modem = server->ops->modem;
	const uint32_t which = server->request.header.argument;

	(void)payload;
	if (which >= ESIM_MODEM_STEPS)
		return esim_error_set(err, ESIM_EINVAL, "no such step");
	return modem && modem->step ?
		       modem->step(server->priv, (enum esim_modem_step)which, timeout_of(server), err) :
		       missing("such step", err);
}

static int wait_for_news(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	const struct esim_modem_ops *modem = server->ops->modem;

	(void)payload;
	return modem && modem->wait ? modem->wait(server->priv, timeout_of(server), err) :
				      missing("news", err);
}

static int reopen(struct server *server, struct esim_slice payload, struct esim_error *err)
{
	const struct esim_modem_ops *modem = server->ops->modem;

	(void)payload;
	return modem && modem->reopen ? modem->reopen(server->priv, timeout_of(server), err) :
					missing("way back", err);
}

static operation *const operations_by_op[BROKER_OPS] = {
	[BROKER_HELLO] = hello,
	[BROKER_DESCRIBE] = describe,
	[BROKER_TRANSMIT] = transmit,
	[BROKER_CHANNEL_OPEN] = channel_open,
	[BROKER_CHANNEL_TRANSMIT] = channel_transmit,
	[BROKER_CHANNEL_CLOSE] = channel_close,
	[BROKER_RESET] = reset,
	[BROKER_FACTS] = facts,
	[BROKER_POLICY] = policy,
	[BROKER_ICCID] = iccid,
	[BROKER_STEP] = step,
	[BROKER_WAIT] = wait_for_news,
	[BROKER_REOPEN] = reopen,
};

/* --- requests and answers ------------------------------------------------------------------------------ */

static int perform(struct server *server, struct esim_error *err)
{
	const struct broker_request *header = &server->request.header;
	operation *perform_op = header->op < BROKER_OPS ? operations_by_op[header->op] : NULL;

	if (!perform_op)
		return esim_error_set(err, ESIM_EINVAL, "modem-broker knows no operation %u", header->op);
	if (!server->ops && header->op != BROKER_HELLO)
		return esim_error_set(err, ESIM_EINVAL, "modem-broker was not told which modem");
	return perform_op(server, esim_slice(server->request.payload, header->length), err);
}

/* False: the caller is gone. */
static bool answer(struct server *server, int result, const struct esim_error *err)
{
	const struct esim_slice payload = result ? esim_slice((const uint8_t *)err, sizeof(*err)) :
						   esim_buf_slice(&server->answer);
	struct broker_answer header = {
		.id = server->request.header.id, .result = result, .handle = server->handle,
		.length = (uint32_t)payload.len,
	};
	struct iovec iov[2] = {
		{ &header, sizeof(header) }, { (void *)(uintptr_t)payload.data, payload.len },
	};
	const struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	inbox_answering(server->inbox);
	do
		n = sendmsg(server->fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

static bool serve_one(struct server *server)
{
	struct esim_error err;
	int result;
	bool told;

	if (!inbox_next(server->inbox, &server->request))
		return false;
	esim_error_clear(&err);
	server->handle = 0;
	result = perform(server, &err);
	if (!result && server->answer.len > BROKER_MAX_PAYLOAD)
		result = esim_error_set(&err, ESIM_ETOOBIG, "the card's answer of %zu bytes is too long",
					server->answer.len);
	told = answer(server, result, &err);
	explicit_bzero(server->request.payload, server->request.header.length);
	esim_buf_free(&server->answer);
	return told;
}

void broker_serve(int fd, int stop_fd)
{
	const struct timeval patience = { .tv_sec = SEND_TIMEOUT_S };
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	server->fd = fd;
	server->answer = (struct esim_buf)ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	if (!inbox_start(fd, stop_fd, &server->inbox)) {
		while (serve_one(server))
			;
		/* Who has gone still leaves the modem in order. */
		if (server->ops && server->ops->set_cancel)
			server->ops->set_cancel(server->priv, NULL);
		if (server->ops)
			server->ops->close(server->priv);
		inbox_end(&server->inbox);
	}
	esim_buf_free(&server->answer);
	free(server);
}
