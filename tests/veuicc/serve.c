/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card behind sockets; see serve.h. */
#include "veuicc/serve.h"
#include "veuicc/vpcd.h"
#include "veuicc/vsc.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_PENDING	(256 * 1024)	/* bytes received and not yet acted upon */
#define RETRY_MS	100		/* after accept() failed for want of means */
#define CONNECT_TRIES	200
#define CONNECT_WAIT_MS	50

/* --- a connected socket ---------------------------------------------------- */

enum protocol { VPCD, VSC };

struct stream {
	enum protocol protocol;
	struct veuicc *card;
	int fd, stop_fd;
	bool tcp;
	struct veuicc_vsc vsc;
	struct esim_buf in, out;
};

/* 1: @events or an error are pending on @fd; 0: asked to stop. */
static int wait_for(int fd, short events, int stop_fd)
{
	struct pollfd fds[] = { { .fd = fd, .events = events }, { .fd = stop_fd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return ESIM_EIO;
	return fds[1].revents ? 0 : 1;
}

/* A peer that takes no answers must not keep us from being stopped. */
static int send_all(struct stream *stream)
{
	for (size_t done = 0; done < stream->out.len;) {
		ssize_t n = send(stream->fd, stream->out.data + done, stream->out.len - done,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		int r;

		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return ESIM_EIO;
		r = wait_for(stream->fd, POLLOUT, stream->stop_fd);
		if (r <= 0)
			return r ? r : ESIM_ECANCELED;
	}
	esim_buf_reset(&stream->out);
	return 0;
}

/* Delayed acknowledgements would cost 40 ms per APDU where the peer waits for them. */
static void quick_ack(const struct stream *stream)
{
	if (stream->tcp)
		setsockopt(stream->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
}

static int feed(struct stream *stream)
{
	int r = stream->protocol == VPCD ?
			veuicc_vpcd_feed(stream->card, &stream->in, &stream->out) :
			veuicc_vsc_feed(&stream->vsc, stream->card, &stream->in, &stream->out);

	return r ? r : send_all(stream);
}

/* 0: the peer closed. ESIM_ECANCELED: asked to stop. */
static int talk(struct stream *stream)
{
	uint8_t block[16384];
	ssize_t n;
	int r = send_all(stream);

	while (!r) {
		r = wait_for(stream->fd, POLLIN, stream->stop_fd);
		if (r <= 0)
			return r ? r : ESIM_ECANCELED;
		n = recv(stream->fd, block, sizeof(block), 0);
		if (n < 0 && errno == EINTR) {
			r = 0;
			continue;
		}
		if (n <= 0)
			return n < 0 ? ESIM_EIO : 0;
		quick_ack(stream);
		esim_buf_append(&stream->in, block, (size_t)n);
		r = esim_buf_failed(&stream->in) ? ESIM_ETOOBIG : feed(stream);
	}
	return r;
}

static int serve(struct veuicc *card, enum protocol protocol, int fd, int stop_fd, bool tcp)
{
	struct stream stream = {
		.protocol = protocol,
		.card = card,
		.fd = fd,
		.stop_fd = stop_fd,
		.tcp = tcp,
		.in = ESIM_BUF_INIT_MAX(MAX_PENDING),
	};
	int r;

	if (tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (protocol == VSC)
		veuicc_vsc_hello(&stream.out);
	veuicc_watch(card, stop_fd);
	r = talk(&stream);
	veuicc_watch(card, -1);
	veuicc_power_off(card);
	esim_buf_free(&stream.in);
	esim_buf_free(&stream.out);
	return r;
}

int veuicc_serve_stream(struct veuicc *card, int fd, int stop_fd)
{
	return serve(card, VPCD, fd, stop_fd, false);
}

/* --- addresses ------------------------------------------------------------- */

static int unix_address(const char *path, struct sockaddr_un *ret, struct esim_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return esim_error_set(err, ESIM_EINVAL, "a socket's path has 1 to %zu bytes",
				      sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	*ret = address;
	return 0;
}

/* HOST:PORT, the host in brackets where it holds colons. */
static int resolve(const char *text, bool passive, struct addrinfo **ret, struct esim_error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0 };
	const char *colon = strrchr(text, ':');
	char host[256];
	size_t len = colon ? (size_t)(colon - text) : 0;
	int r;

	if (len == 0 || len >= sizeof(host) || !colon[1])
		return esim_error_set(err, ESIM_EINVAL, "\"%s\" is not HOST:PORT", text);
	if (text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	memcpy(host, text, len);
	host[len] = '\0';
	r = getaddrinfo(host, colon + 1, &hints, ret);
	if (r)
		return esim_error_set(err, ESIM_EIO, "%s: %s", host, gai_strerror(r));
	return 0;
}

/* --- waiting for readers --------------------------------------------------- */

/* A socket file that nobody answers at is a leftover. */
static void remove_leftover(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) && errno == ECONNREFUSED &&
	    !lstat(address->sun_path, &st) && S_ISSOCK(st.st_mode))
		unlink(address->sun_path);
	close(fd);
}

static int listen_unix(const char *path, int *ret, struct esim_error *err)
{
	struct sockaddr_un address;
	mode_t mask;
	int fd, r = unix_address(path, &address, err);

	if (r)
		return r;
	remove_leftover(&address);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return esim_error_errno(err, ESIM_EIO, errno, "no socket");
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (r || listen(fd, 4)) {
		r = esim_error_errno(err, ESIM_EIO, errno, "cannot listen at %s", path);
		close(fd);
		return r;
	}
	*ret = fd;
	return 0;
}

/* @shown: the address with the port that was given. */
static int listen_tcp(const char *host_port, int *ret, char *shown, size_t size,
		      struct esim_error *err)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	struct addrinfo *info;
	int fd = -1, r = resolve(host_port, true, &info, err);

	if (r)
		return r;
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (fd < 0 || bind(fd, info->ai_addr, info->ai_addrlen) || listen(fd, 4) ||
	    getsockname(fd, (struct sockaddr *)&address, &len) ||
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV)) {
		r = esim_error_errno(err, ESIM_EIO, errno, "cannot listen at %s", host_port);
		if (fd >= 0)
			close(fd);
	} else {
		snprintf(shown, size, strchr(host, ':') ? "tcp:[%s]:%s" : "tcp:%s:%s", host, port);
		*ret = fd;
	}
	freeaddrinfo(info);
	return r;
}

/* The listener stays readable while there are no descriptors: wait a little, or for the stop. */
static void hold_off(int stop_fd)
{
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };

	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
		poll(&stop, 1, RETRY_MS);
}

static int accept_all(struct veuicc *card, int fd, int stop_fd, bool tcp)
{
	int r;

	while ((r = wait_for(fd, POLLIN, stop_fd)) > 0) {
		int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (peer < 0) {
			hold_off(stop_fd);
			continue;
		}
		r = serve(card, VPCD, peer, stop_fd, tcp);
		if (r == ESIM_EPROTO)
			fprintf(stderr, "veuicc: the reader broke the framing; connection closed\n");
		close(peer);
	}
	return r;
}

int veuicc_serve_listen(struct veuicc *card, const char *address, int stop_fd,
			veuicc_ready *ready, struct esim_error *err)
{
	bool tcp = !strncmp(address, "tcp:", 4);
	char shown[NI_MAXHOST + NI_MAXSERV + 8];
	int fd = -1, r;

	if (tcp)
		r = listen_tcp(address + 4, &fd, shown, sizeof(shown), err);
	else if (!strncmp(address, "unix:", 5))
		r = listen_unix(address + 5, &fd, err);
	else
		r = esim_error_set(err, ESIM_EINVAL, "\"%s\" is neither unix:PATH nor tcp:HOST:PORT",
				   address);
	if (r)
		return r;
	ready(tcp ? shown : address);
	r = accept_all(card, fd, stop_fd, tcp);
	close(fd);
	if (!tcp)
		unlink(address + 5);
	return r ? esim_error_errno(err, r, errno, "cannot wait for readers") : 0;
}

/* --- connecting ------------------------------------------------------------ */

int veuicc_serve_vpcd(struct veuicc *card, const char *host_port, int stop_fd,
		      veuicc_ready *ready, struct esim_error *err)
{
	struct addrinfo *info;
	int fd = -1, r = resolve(host_port, false, &info, err);

	if (r)
		return r;
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, info->ai_addr, info->ai_addrlen))
		r = esim_error_errno(err, ESIM_EIO, errno, "cannot reach vpcd at %s", host_port);
	freeaddrinfo(info);
	if (!r) {
		ready(host_port);
		r = serve(card, VPCD, fd, stop_fd, true);
		r = r == ESIM_ECANCELED ? 0 :
			esim_error_set(err, ESIM_EIO, "vpcd at %s closed the connection", host_port);
	}
	if (fd >= 0)
		close(fd);
	return r;
}

static int connect_vsc(const char *path, int stop_fd, int *ret, struct esim_error *err)
{
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };
	struct sockaddr_un address;
	int r = unix_address(path, &address, err);

	for (int i = 0; !r && i < CONNECT_TRIES; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address))) {
			*ret = fd;
			return 0;
		}
		if (fd >= 0)
			close(fd);
		if (poll(&stop, 1, CONNECT_WAIT_MS) > 0)
			return ESIM_ECANCELED;
	}
	return r ? r : esim_error_set(err, ESIM_EIO, "no QEMU answers at %s", path);
}

int veuicc_serve_vsc(struct veuicc *card, const char *path, int stop_fd, veuicc_ready *ready,
		     struct esim_error *err)
{
	int fd = -1, r = connect_vsc(path, stop_fd, &fd, err);

	if (r == ESIM_ECANCELED)
		return 0;
	if (r)
		return r;
	ready(path);
	r = serve(card, VSC, fd, stop_fd, false);
	close(fd);
	if (r == ESIM_ECANCELED)
		return 0;
	return r ? esim_error_set(err, r, "QEMU's messages at %s make no sense", path) : 0;
}
