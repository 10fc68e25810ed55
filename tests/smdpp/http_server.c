/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections and their loop; see http_server.h. */
#include "smdpp/http_server.h"

#include "smdpp/listen.h"
#include "smdpp/tls_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define IDLE_MS 300000
#define PATIENCE_MS 30000
#define RETRY_MS 100	/* after accept() failed for want of descriptors */
#define READ_SIZE 16384
#define MAX_STEPS 16	/* of one connection in a row: then the others' turn comes */

enum phase { HANDSHAKE, READING, WRITING, STALLED };

struct connection {
	int fd;				/* -1: free */
	struct tls_connection *tls;
	enum phase phase;
	short events;			/* what poll waits for */
	bool ready;			/* goes on at once, whatever poll says */
	struct http_request request;	/* as far as it has come */
	struct esim_buf in, out;
	size_t sent;
	bool close_after;		/* once `out` is written */
	bool continued;			/* 100 Continue was sent for the present request */
	int64_t last;			/* of the latest traffic, monotonic, in ms like the next */
	int64_t deadline;		/* of the phase: traffic does not put it off */
};

struct http_server {
	struct smdpp *server;
	http_handler handler;
	int listener, wakeup;
	char address[160];
	struct connection connections[MAX_CONNECTIONS];
};

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- one connection ---------------------------------------------------------------------- */

static void connection_close(struct connection *c)
{
	if (c->fd < 0)
		return;
	tls_connection_free(&c->tls);
	close(c->fd);
	http_request_clear(&c->request);
	esim_buf_free(&c->in);
	esim_buf_free(&c->out);
	*c = (struct connection){ .fd = -1 };
}

/* Every phase has its own time; between two requests a connection may be idle for longer. */
static void enter(const struct http_server *http, struct connection *c, enum phase phase)
{
	unsigned patience = http->server->options.patience_ms;
	bool idle = phase == STALLED || (phase == READING && c->in.len == 0);

	c->phase = phase;
	c->deadline = monotonic_ms() + (idle ? IDLE_MS : patience ? (int64_t)patience : PATIENCE_MS);
}

static void start_writing(const struct http_server *http, struct connection *c, bool close_after)
{
	enter(http, c, WRITING);
	c->sent = 0;
	c->close_after = close_after || esim_buf_failed(&c->out);
}

static void refuse(const struct http_server *http, struct connection *c, int status)
{
	struct http_response response = HTTP_RESPONSE_INIT;

	response.status = status;
	http_response_write(&response, false, &c->out);
	http_response_clear(&response);
	start_writing(http, c, true);
}

static void answer(struct http_server *http, struct connection *c, const struct http_request *request)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	bool keep_alive;

	http->server->stats.http_requests++;
	http->handler(http->server, request, &response);
	keep_alive = request->keep_alive && !response.truncate;
	if (response.stall) {
		enter(http, c, STALLED);
	} else {
		if (!response.close_now)
			http_response_write(&response, keep_alive, &c->out);
		start_writing(http, c, response.close_now || !keep_alive);
	}
	http_response_clear(&response);
}

/* Take a whole request off the input, if there is one, and answer it. */
static void take_request(struct http_server *http, struct connection *c)
{
	long taken = http_request_parse(esim_buf_slice(&c->in), &c->request);

	if (taken > 0) {
		memmove(c->in.data, c->in.data + taken, c->in.len - (size_t)taken);
		c->in.len -= (size_t)taken;
		c->continued = false;
		answer(http, c, &c->request);
		http_request_clear(&c->request);
	} else if (taken < 0) {
		refuse(http, c, (int)-taken);
	} else if (c->request.wants_continue && !c->continued) {
		c->continued = true;
		esim_buf_append(&c->out, "HTTP/1.1 100 Continue\r\n\r\n", 25);
		start_writing(http, c, false);
	}
}

/* Each step returns 0 to go on at once, TLS_AGAIN_… to wait, TLS_FAILED to end. */
static int step_handshake(struct http_server *http, struct connection *c)
{
	struct stats *stats = &http->server->stats;
	bool resumed;
	int r = tls_handshake(c->tls, &resumed);

	if (r == 0) {
		stats->handshakes++;
		stats->resumed += resumed;
		enter(http, c, READING);
	} else if (r == TLS_FAILED) {
		stats->handshake_failures++;
	}
	return r;
}

static int step_read(struct http_server *http, struct connection *c)
{
	uint8_t bytes[READ_SIZE];
	int r = tls_read(c->tls, bytes, sizeof(bytes));
	bool first = c->in.len == 0;

	if (r <= 0)
		return r == 0 ? TLS_FAILED : r;
	http->server->stats.bytes_in += (unsigned)r;
	esim_buf_append(&c->in, bytes, (size_t)r);
	if (esim_buf_failed(&c->in))
		return TLS_FAILED;
	if (first)
		enter(http, c, READING);
	take_request(http, c);
	return 0;
}

static int step_write(struct http_server *http, struct connection *c)
{
	int r;

	if (c->sent < c->out.len) {
		r = tls_write(c->tls, c->out.data + c->sent, c->out.len - c->sent);
		if (r < 0)
			return r;
		c->sent += (size_t)r;
		http->server->stats.bytes_out += (unsigned)r;
		return 0;
	}
	if (c->close_after) {
		tls_close_notify(c->tls);
		return TLS_FAILED;
	}
	esim_buf_reset(&c->out);
	enter(http, c, READING);
	take_request(http, c);
	return 0;
}

/* A stalled peer is watched for its end alone. */
static int step_stalled(struct http_server *http, struct connection *c)
{
	uint8_t bytes[READ_SIZE];
	int r = tls_read(c->tls, bytes, sizeof(bytes));

	(void)http;
	return r > 0 ? 0 : r == 0 ? TLS_FAILED : r;
}

static void serve(struct http_server *http, struct connection *c)
{
	static int (*const steps[])(struct http_server *, struct connection *) = {
		[HANDSHAKE] = step_handshake,
		[READING] = step_read,
		[WRITING] = step_write,
		[STALLED] = step_stalled,
	};
	int r = 0;

	c->last = monotonic_ms();
	for (int i = 0; i < MAX_STEPS && r == 0; i++)
		r = steps[c->phase](http, c);
	c->ready = r == 0;
	if (r == TLS_FAILED)
		connection_close(c);
	else
		c->events = r == TLS_AGAIN_WRITE ? POLLOUT : POLLIN;
}

/* --- the loop ------------------------------------------------------------------------------ */

/* The connection that has been silent for longest; NULL: there is none. */
static struct connection *most_silent(struct http_server *http)
{
	struct connection *found = NULL;

	for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
		struct connection *c = &http->connections[i];

		if (c->fd >= 0 && (!found || c->last < found->last))
			found = c;
	}
	return found;
}

/* Where every place is taken, the most silent one gives way. */
static struct connection *make_room(struct http_server *http)
{
	struct connection *c;

	for (size_t i = 0; i < MAX_CONNECTIONS; i++)
		if (http->connections[i].fd < 0)
			return &http->connections[i];
	c = most_silent(http);
	connection_close(c);
	return c;
}

/* The listener stays readable: what can be given back is, else wait a little instead of spinning. */
static void out_of_descriptors(struct http_server *http)
{
	struct pollfd stop = { .fd = http->wakeup, .events = POLLIN };
	struct connection *c = most_silent(http);

	if (c)
		connection_close(c);
	else
		poll(&stop, 1, RETRY_MS);
}

static void accept_one(struct http_server *http)
{
	struct connection *c;
	int fd, one = 1;

	fd = accept4(http->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			out_of_descriptors(http);
		return;
	}
	c = make_room(http);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*c = (struct connection){
		.fd = fd, .events = POLLIN, .last = monotonic_ms(), .request = HTTP_REQUEST_INIT,
		.in = ESIM_BUF_INIT_MAX(2 * HTTP_MAX_BODY), .out = ESIM_BUF_INIT_MAX(HTTP_MAX_ANSWER + HTTP_MAX_HEADERS),
	};
	enter(http, c, HANDSHAKE);
	c->tls = tls_accept(http->server->tls, fd);
	http->server->stats.connections++;
	if (!c->tls)
		connection_close(c);
}

/* Close whom the time has overtaken; returns how long the rest may sleep. */
static int close_overdue(struct http_server *http)
{
	int64_t now = monotonic_ms(), sleep = IDLE_MS;

	for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
		struct connection *c = &http->connections[i];

		if (c->fd >= 0 && c->deadline <= now)
			connection_close(c);
		if (c->fd >= 0 && c->ready)
			sleep = 0;
		if (c->fd >= 0 && c->deadline - now < sleep)
			sleep = c->deadline - now;
	}
	return (int)sleep;
}

int http_server_run(struct http_server *http, struct esim_error *err)
{
	struct pollfd fds[2 + MAX_CONNECTIONS];
	int timeout;

	for (;;) {
		timeout = close_overdue(http);
		fds[0] = (struct pollfd){ .fd = http->wakeup, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = http->listener, .events = POLLIN };
		for (size_t i = 0; i < MAX_CONNECTIONS; i++)
			fds[2 + i] = (struct pollfd){ .fd = http->connections[i].fd,
						      .events = http->connections[i].events };
		if (poll(fds, 2 + MAX_CONNECTIONS, timeout) < 0 && errno != EINTR)
			return esim_error_errno(err, ESIM_EIO, errno, "waiting for connections failed");
		if (fds[0].revents)
			return 0;
		for (size_t i = 0; i < MAX_CONNECTIONS; i++)
			if (fds[2 + i].fd >= 0 && (fds[2 + i].revents || http->connections[i].ready))
				serve(http, &http->connections[i]);
		if (fds[1].revents)
			accept_one(http);
	}
}

int http_server_new(struct smdpp *server, const char *listen, http_handler handler,
		    struct http_server **ret, struct esim_error *err)
{
	struct http_server *http = calloc(1, sizeof(*http));

	if (!http)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for the server");
	http->server = server;
	http->handler = handler;
	for (size_t i = 0; i < MAX_CONNECTIONS; i++)
		http->connections[i].fd = -1;
	http->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	http->listener = listen_open(listen, http->address, sizeof(http->address), err);
	if (http->listener < 0) {
		int r = http->listener;

		http_server_free(&http);
		return r;
	}
	*ret = http;
	return 0;
}

const char *http_server_address(const struct http_server *http)
{
	return http->address;
}

void http_server_stop(struct http_server *http)
{
	uint64_t one = 1;
	ssize_t n = write(http->wakeup, &one, sizeof(one));

	(void)n;
}

void http_server_free(struct http_server **http)
{
	if (!http || !*http)
		return;
	for (size_t i = 0; i < MAX_CONNECTIONS; i++)
		connection_close(&(*http)->connections[i]);
	if ((*http)->listener >= 0)
		close((*http)->listener);
	if ((*http)->wakeup >= 0)
		close((*http)->wakeup);
	free(*http);
	*http = NULL;
}
