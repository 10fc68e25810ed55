/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket transport, `unix:PATH` and `tcp:HOST:PORT`: the reader's side of
 * vpcd's framing. Each message is a two-byte length and as many bytes; a length
 * of 1 is a control byte. There is one reply to a command and none unasked.
 *
 * A reply that did not come in time is owed: the next call takes it off the
 * stream first, so that no command ever gets another's answer. What cannot be
 * put in step again (a command half sent, an impossible frame) closes the
 * socket; a reset connects anew.
 */
#include "deadline.h"
#include "transport_schemes.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 10000
#define CONTROL_TIMEOUT_MS 10000
#define HEADER_SIZE 2
#define MAX_FRAME 65535

enum control {
	CONTROL_POWER_OFF = 0,
	CONTROL_POWER_ON = 1,
	CONTROL_RESET = 2,
	CONTROL_ATR = 4,
};

struct socket_transport {
	int fd;				/* -1: not connected */
	bool is_tcp;
	char scheme[16];
	char address[128];		/* what follows the scheme; "" where a descriptor was given */
	const struct esim_cancel *cancel;
	uint8_t atr[ESIM_MAX_ATR];
	size_t atr_len;
	bool reply_owed;
	size_t rx_len;			/* bytes of the reply that have come so far */
	uint8_t rx[HEADER_SIZE + MAX_FRAME];
};

static void socket_hang_up(struct socket_transport *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	t->rx_len = 0;
	t->reply_owed = false;
}

/* --- waiting ------------------------------------------------------------------- */

/* Wait until @events or an error is pending on @fd. */
static int wait_for(int fd, const struct esim_cancel *cancel, short events, uint64_t deadline,
		    const char *what, struct esim_error *err)
{
	struct pollfd fds[2] = {
		{ .fd = fd, .events = events },
		{ .fd = esim_cancel_fd(cancel), .events = POLLIN },
	};
	int n;

	do
		n = poll(fds, 2, deadline_left_ms(deadline));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return esim_error_errno(err, ESIM_EIO, errno, "waiting for the card failed");
	if (n == 0)
		return esim_error_set(err, ESIM_ETIMEDOUT, "%s", what);
	if (fds[1].revents)
		return esim_error_set(err, ESIM_ECANCELED, "cancelled while waiting for the card");
	return 0;
}

/* --- sending --------------------------------------------------------------------- */

/* @len bytes, whole or the connection is over: half a command cannot be taken back. */
static int socket_send(struct socket_transport *t, struct iovec *iov, size_t count,
		       uint64_t deadline, struct esim_error *err)
{
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = count };
	int r;

	while (message.msg_iovlen > 0) {
		ssize_t n = sendmsg(t->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			r = wait_for(t->fd, t->cancel, POLLOUT, deadline,
				     "the card's side does not take the command", err);
			if (!r)
				continue;
			socket_hang_up(t);
			return r;
		}
		if (n < 0) {
			r = esim_error_errno(err, ESIM_ENODEV, errno, "the connection to the card broke");
			socket_hang_up(t);
			return r;
		}
		while (message.msg_iovlen > 0 && (size_t)n >= message.msg_iov->iov_len) {
			n -= (ssize_t)message.msg_iov->iov_len;
			message.msg_iov++;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen > 0) {
			message.msg_iov->iov_base = (uint8_t *)message.msg_iov->iov_base + n;
			message.msg_iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static int send_frame(struct socket_transport *t, struct esim_slice payload, uint64_t deadline,
		      struct esim_error *err)
{
	uint8_t header[HEADER_SIZE] = { (uint8_t)(payload.len >> 8), (uint8_t)payload.len };
	struct iovec iov[] = {
		{ .iov_base = header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)(uintptr_t)payload.data, .iov_len = payload.len },
	};

	return socket_send(t, iov, 2, deadline, err);
}

static int send_control(struct socket_transport *t, enum control control, struct esim_error *err)
{
	const uint8_t byte = (uint8_t)control;

	return send_frame(t, esim_slice(&byte, 1), deadline_in(CONTROL_TIMEOUT_MS), err);
}

/* --- receiving --------------------------------------------------------------------- */

/* The length of the frame in t->rx, header included; 0 while it is not known. */
static size_t frame_size(const struct socket_transport *t)
{
	return t->rx_len < HEADER_SIZE ? 0 : HEADER_SIZE + ((size_t)t->rx[0] << 8 | t->rx[1]);
}

static int receive_some(struct socket_transport *t, struct esim_error *err)
{
	const int on = 1;
	ssize_t n;
	int r;

	do
		n = recv(t->fd, t->rx + t->rx_len, sizeof(t->rx) - t->rx_len, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		t->rx_len += (size_t)n;
		/* Not sticky: a peer that writes header and body apart would wait for our ack. */
		if (t->is_tcp && (frame_size(t) == 0 || t->rx_len < frame_size(t)))
			setsockopt(t->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
		return 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n < 0)
		r = esim_error_errno(err, ESIM_ENODEV, errno, "the connection to the card broke");
	else
		r = esim_error_set(err, ESIM_ENODEV, "the card's side closed the connection%s",
				   t->rx_len ? " in the middle of an answer" : "");
	socket_hang_up(t);
	return r;
}

/*
 * The reply that is owed. It stays in t->rx, *@ret points there, until the next
 * call. On a timeout or a cancel it remains owed, with what has come of it.
 */
static int receive_frame(struct socket_transport *t, uint64_t deadline, struct esim_slice *ret,
			 struct esim_error *err)
{
	size_t size;
	int r;

	while ((size = frame_size(t)) == 0 || t->rx_len < size) {
		r = wait_for(t->fd, t->cancel, POLLIN, deadline, "the card does not answer", err);
		if (!r)
			r = receive_some(t, err);
		if (r)
			return r;
	}
	if (t->rx_len > size) {
		socket_hang_up(t);
		return esim_error_set(err, ESIM_EPROTO, "the card's side sent more than one answer");
	}
	*ret = esim_slice(t->rx + HEADER_SIZE, size - HEADER_SIZE);
	t->rx_len = 0;
	t->reply_owed = false;
	return 0;
}

/* Send @payload and wait for its reply; takes one off first that came too late. */
static int exchange(struct socket_transport *t, struct esim_slice payload, unsigned timeout_ms,
		    struct esim_slice *ret, struct esim_error *err)
{
	uint64_t deadline = deadline_in(timeout_ms);
	struct esim_slice late;
	int r;

	if (t->fd < 0)
		r = esim_error_set(err, ESIM_ENODEV, "the connection to the card is closed");
	else if (esim_cancel_triggered(t->cancel))
		r = esim_error_set(err, ESIM_ECANCELED, "cancelled before the command was sent");
	else
		r = t->reply_owed ? receive_frame(t, deadline, &late, err) : 0;
	if (r)
		return esim_error_outcome(err, r, ESIM_OUTCOME_NEVER_SENT);
	r = send_frame(t, payload, deadline, err);
	if (!r) {
		t->reply_owed = true;
		r = receive_frame(t, deadline, ret, err);
	}
	return r ? esim_error_outcome(err, r, ESIM_OUTCOME_UNKNOWN) : 0;
}

/* --- power --------------------------------------------------------------------------- */

static int read_atr(struct socket_transport *t, struct esim_error *err)
{
	const uint8_t control = CONTROL_ATR;
	struct esim_slice atr;
	int r;

	r = exchange(t, esim_slice(&control, 1), CONTROL_TIMEOUT_MS, &atr, err);
	if (r)
		return r;
	if (atr.len == 0)
		return esim_error_set(err, ESIM_ENODEV, "no card: the answer to reset is empty");
	if (atr.len > sizeof(t->atr)) {
		socket_hang_up(t);
		return esim_error_set(err, ESIM_EPROTO,
				      "the answer to reset has %zu bytes, more than %d", atr.len,
				      ESIM_MAX_ATR);
	}
	memcpy(t->atr, atr.data, atr.len);
	t->atr_len = atr.len;
	return 0;
}

static int power_on(struct socket_transport *t, struct esim_error *err)
{
	int r = send_control(t, CONTROL_POWER_ON, err);

	return r ? r : read_atr(t, err);
}

/* --- connecting ------------------------------------------------------------------------ */

/* Connect @fd, with a deadline; the descriptor is closed on failure. */
static int connect_within(int fd, const struct sockaddr *address, socklen_t len,
			  const struct esim_cancel *cancel, struct esim_error *err)
{
	socklen_t size = sizeof(int);
	int failure = 0, r;

	if (connect(fd, address, len) < 0)
		failure = errno;
	if (failure == EINPROGRESS || failure == EINTR) {
		r = wait_for(fd, cancel, POLLOUT, deadline_in(CONNECT_TIMEOUT_MS),
			     "the card's side does not accept the connection", err);
		if (r) {
			close(fd);
			return r;
		}
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0)
			failure = errno;
	}
	if (!failure)
		return fd;
	close(fd);
	r = esim_error_errno(err, ESIM_ENODEV, failure, "cannot connect");
	esim_error_advise(err, "Check the path or address, and that the card's program runs.");
	return r;
}

static int new_socket(int family, struct esim_error *err)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 ? fd : esim_error_errno(err, ESIM_EIO, errno, "cannot make a socket");
}

static int connect_unix(const char *path, const struct esim_cancel *cancel, struct esim_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (path[0] == '\0' || strlen(path) >= sizeof(address.sun_path))
		return esim_error_set(err, ESIM_EINVAL, "a socket's path has 1 to %zu bytes",
				      sizeof(address.sun_path) - 1);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = new_socket(AF_UNIX, err);
	if (fd < 0)
		return fd;
	return connect_within(fd, (struct sockaddr *)&address, sizeof(address), cancel, err);
}

/* HOST:PORT or [HOST]:PORT; both outputs have room for @text. */
static int split_host_port(const char *text, char *host, char *port, struct esim_error *err)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';

	if (len == 0 || colon[1] == '\0' || (!brackets && memchr(text, ':', len)))
		return esim_error_set(err, ESIM_EINVAL, "'%.64s' is not HOST:PORT", text);
	memcpy(host, text + brackets, len - 2 * brackets);
	host[len - 2 * brackets] = '\0';
	strcpy(port, colon + 1);
	return 0;
}

static int connect_tcp(const char *text, const struct esim_cancel *cancel, struct esim_error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	char host[sizeof(((struct socket_transport *)0)->address)], port[sizeof(host)];
	struct addrinfo *list, *a;
	const int on = 1;
	int r, fd;

	r = split_host_port(text, host, port, err);
	if (r)
		return r;
	r = getaddrinfo(host, port, &hints, &list);
	if (r)
		return esim_error_set(err, ESIM_ENODEV, "cannot find host '%s': %s", host,
				      gai_strerror(r));
	fd = ESIM_ENODEV;
	for (a = list; a && fd < 0; a = a->ai_next) {
		fd = new_socket(a->ai_family, err);
		if (fd >= 0)
			fd = connect_within(fd, a->ai_addr, a->ai_addrlen, cancel, err);
	}
	freeaddrinfo(list);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int reconnect(struct socket_transport *t, struct esim_error *err)
{
	int fd, r;

	if (t->address[0] == '\0')
		return esim_error_set(err, ESIM_ENODEV, "the connection to the card is closed");
	fd = t->is_tcp ? connect_tcp(t->address, t->cancel, err)
		       : connect_unix(t->address, t->cancel, err);
	if (fd < 0)
		return esim_error_prefix(err, "%s:%s: ", t->scheme, t->address);
	t->fd = fd;
	r = power_on(t, err);
	/* The connection stands before the card's program accepts it. */
	if (r == ESIM_ETIMEDOUT)
		esim_error_advise(err, "Another reader may be using it: it serves one at a time. "
				  "Else its program hangs or the card is mute.");
	return r;
}

/* --- vtable ------------------------------------------------------------------------------ */

static void socket_close(void *priv)
{
	struct socket_transport *t = priv;

	socket_hang_up(t);
	/* Answers of the card may have held what is secret. */
	explicit_bzero(t, sizeof(*t));
	free(t);
}

static void socket_describe(void *priv, struct esim_transport_info *ret)
{
	const struct socket_transport *t = priv;

	snprintf(ret->scheme, sizeof(ret->scheme), "%s", t->scheme);
	snprintf(ret->name, sizeof(ret->name), "%s", t->address[0] ? t->address : "socket");
	ret->features = ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_RESET | ESIM_TRANSPORT_EXTENDED |
			ESIM_TRANSPORT_CASE4;
	memcpy(ret->atr, t->atr, t->atr_len);
	ret->atr_len = t->atr_len;
}

static int socket_transmit(void *priv, struct esim_slice command, struct esim_buf *response,
			   unsigned timeout_ms, struct esim_error *err)
{
	struct socket_transport *t = priv;
	struct esim_slice reply;
	int r;

	/* Shorter ones would be control messages. */
	if (command.len < 4 || command.len > MAX_FRAME)
		return esim_error_set(err, ESIM_EINVAL, "a command of %zu bytes cannot be sent",
				      command.len);
	r = exchange(t, command, timeout_ms, &reply, err);
	if (r)
		return r;
	if (reply.len < 2) {
		socket_hang_up(t);
		return esim_error_set(err, ESIM_EPROTO, "the card's answer has %zu bytes, no status word",
				      reply.len);
	}
	esim_buf_append_slice(response, reply);
	r = esim_buf_failed(response);
	return r ? esim_error_set(err, r, "no room for an answer of %zu bytes", reply.len) : 0;
}

static int socket_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	struct socket_transport *t = priv;
	struct esim_slice late;
	int r;

	if (t->fd < 0)
		return reconnect(t, err);
	/* A mute card still owes a reply, and a reset is what brings it back: start anew. */
	if (t->reply_owed && receive_frame(t, monotonic_ns(), &late, NULL)) {
		socket_hang_up(t);
		return reconnect(t, err);
	}
	if (kind == ESIM_RESET_COLD) {
		r = send_control(t, CONTROL_POWER_OFF, err);
		return r ? r : power_on(t, err);
	}
	r = send_control(t, CONTROL_RESET, err);
	return r ? r : read_atr(t, err);
}

static void socket_set_cancel(void *priv, const struct esim_cancel *cancel)
{
	((struct socket_transport *)priv)->cancel = cancel;
}

static const struct esim_transport_ops socket_ops = {
	.close = socket_close,
	.describe = socket_describe,
	.transmit = socket_transmit,
	.reset = socket_reset,
	.set_cancel = socket_set_cancel,
};

/* --- opening ---------------------------------------------------------------------------- */

static struct socket_transport *new_transport(const char *scheme, const char *address)
{
	struct socket_transport *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->fd = -1;
	t->is_tcp = strcmp(scheme, "tcp") == 0;
	snprintf(t->scheme, sizeof(t->scheme), "%s", scheme);
	snprintf(t->address, sizeof(t->address), "%s", address);
	return t;
}

static int finish(struct socket_transport *t, int r, struct esim_transport **ret,
		  struct esim_error *err)
{
	if (r) {
		socket_close(t);
		return r;
	}
	r = esim_transport_new(&socket_ops, t, ret);
	return r ? esim_error_set(err, r, "out of memory") : 0;
}

static int open_address(const char *scheme, const char *address, struct esim_transport **ret,
			struct esim_error *err)
{
	struct socket_transport *t;

	if (address[0] == '\0' || strlen(address) >= sizeof(t->address))
		return esim_error_set(err, ESIM_EINVAL, "%s: takes an address of 1 to %zu bytes",
				      scheme, sizeof(t->address) - 1);
	t = new_transport(scheme, address);
	if (!t)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	return finish(t, reconnect(t, err), ret, err);
}

int transport_unix_open(const char *rest, struct esim_transport **ret, struct esim_error *err)
{
	return open_address("unix", rest, ret, err);
}

int transport_tcp_open(const char *rest, struct esim_transport **ret, struct esim_error *err)
{
	return open_address("tcp", rest, ret, err);
}

int transport_socket_adopt(int fd, struct esim_transport **ret, struct esim_error *err)
{
	struct socket_transport *t = new_transport("unix", "");

	if (!t) {
		close(fd);
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	}
	t->fd = fd;
	return finish(t, power_on(t, err), ret, err);
}
