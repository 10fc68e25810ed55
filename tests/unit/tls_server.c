/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See tls_server.h. */
#include "tls_server.h"

#include <arpa/inet.h>
#include <atf-c.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

struct tls_server {
	struct tls_server_options options;
	int listener, stop;
	uint16_t port;
	WOLFSSL_CTX *ctx;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t accepted;
	struct tls_server_log log;
};

/* A connection, with or without TLS. */
struct peer {
	struct tls_server *server;
	int fd;
	WOLFSSL *ssl;
};

/* False when the test ends or the time is up: a test that hangs is worse than one that fails. */
static bool readable(const struct tls_server *server, int fd)
{
	struct pollfd fds[2] = { { .fd = server->stop, .events = POLLIN },
				 { .fd = fd, .events = POLLIN } };

	return poll(fds, 2, 60000) > 0 && !(fds[0].revents & POLLIN);
}

static int receive(struct peer *peer, char *out, size_t size)
{
	if (!(peer->ssl && wolfSSL_pending(peer->ssl) > 0) && !readable(peer->server, peer->fd))
		return 0;
	if (peer->ssl)
		return wolfSSL_read(peer->ssl, out, (int)size);
	return (int)recv(peer->fd, out, size, 0);
}

static bool transmit(struct peer *peer, const char *data, size_t len)
{
	while (len > 0) {
		int n = peer->ssl ? wolfSSL_write(peer->ssl, data, (int)len)
				  : (int)send(peer->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static size_t content_length(const char *header)
{
	const char *line = strcasestr(header, "\r\nContent-Length:");

	return line ? strtoul(line + 17, NULL, 10) : 0;
}

/* Append one whole request to the log; false when the client left. */
static bool read_request(struct peer *peer)
{
	struct esim_buf *log = &peer->server->log.text;
	size_t begin = log->len, header_len = 0;
	char chunk[4096], *end;
	int n;

	for (;;) {
		n = receive(peer, chunk, sizeof(chunk));
		if (n <= 0)
			return false;
		esim_buf_append(log, chunk, (size_t)n);
		esim_buf_append_byte(log, 0);
		log->len--;
		end = strstr((char *)log->data + begin, "\r\n\r\n");
		if (!header_len && end)
			header_len = (size_t)(end - (char *)log->data) - begin + 4;
		if (header_len && log->len - begin >=
		    header_len + content_length((char *)log->data + begin))
			return true;
	}
}

static bool reply(struct peer *peer, const struct tls_reply *answer)
{
	char fill[4096], byte;

	memset(fill, 'x', sizeof(fill));
	if (!transmit(peer, answer->text, answer->len ? answer->len : strlen(answer->text)))
		return false;
	for (size_t left = answer->fill; left > 0;) {
		size_t n = left < sizeof(fill) ? left : sizeof(fill);

		if (!transmit(peer, fill, n))
			return false;
		left -= n;
	}
	if (answer->stall)
		while (receive(peer, &byte, 1) > 0)
			;
	return !answer->close && !answer->stall;
}

static const struct tls_reply *next_reply(struct tls_server *server)
{
	size_t n = server->log.requests++;

	return &server->options.replies[n < server->options.count ? n : server->options.count - 1];
}

static void serve_plain(struct peer *peer)
{
	char bytes[4096];

	if (receive(peer, bytes, sizeof(bytes)) > 0)
		reply(peer, &peer->server->options.replies[0]);
}

static void serve_tls(struct peer *peer)
{
	peer->ssl = wolfSSL_new(peer->server->ctx);
	if (!peer->ssl)
		return;
	wolfSSL_set_fd(peer->ssl, peer->fd);
	if (readable(peer->server, peer->fd) && wolfSSL_accept(peer->ssl) == WOLFSSL_SUCCESS) {
		peer->server->log.handshakes++;
		while (read_request(peer) && reply(peer, next_reply(peer->server)))
			;
	}
	wolfSSL_free(peer->ssl);
}

static void serve(struct tls_server *server, int fd)
{
	struct peer peer = { .server = server, .fd = fd };
	const int on = 1;

	pthread_mutex_lock(&server->lock);
	server->log.connections++;
	pthread_cond_broadcast(&server->accepted);
	pthread_mutex_unlock(&server->lock);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (server->options.plain)
		serve_plain(&peer);
	else
		serve_tls(&peer);
	close(fd);
}

static void *run(void *context)
{
	struct tls_server *server = context;
	sigset_t pipe;
	int fd;

	/* wolfSSL writes without MSG_NOSIGNAL; in the client's thread the signal stays deadly. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	while (readable(server, server->listener)) {
		fd = accept(server->listener, NULL, NULL);
		if (fd >= 0)
			serve(server, fd);
	}
	return NULL;
}

static void listen_on_loopback(struct tls_server *server)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ATF_REQUIRE(server->listener >= 0);
	ATF_REQUIRE_EQ(0, bind(server->listener, (struct sockaddr *)&addr, sizeof(addr)));
	ATF_REQUIRE_EQ(0, listen(server->listener, 8));
	ATF_REQUIRE_EQ(0, getsockname(server->listener, (struct sockaddr *)&addr, &len));
	server->port = ntohs(addr.sin_port);
}

static void make_context(struct tls_server *server)
{
	const struct tls_server_options *options = &server->options;

	wolfSSL_Init();
	server->ctx = wolfSSL_CTX_new(options->tls12 ? wolfTLSv1_2_server_method()
						     : wolfSSLv23_server_method());
	ATF_REQUIRE(server->ctx);
	if (options->plain)
		return;
	ATF_REQUIRE_EQ(WOLFSSL_SUCCESS,
		       wolfSSL_CTX_use_certificate_chain_buffer_format(
			       server->ctx, options->certificate.data,
			       (long)options->certificate.len, WOLFSSL_FILETYPE_ASN1));
	ATF_REQUIRE_EQ(WOLFSSL_SUCCESS,
		       wolfSSL_CTX_use_PrivateKey_buffer(server->ctx, options->key.data,
							 (long)options->key.len,
							 WOLFSSL_FILETYPE_ASN1));
}

struct tls_server *tls_server_start(const struct tls_server_options *options)
{
	struct tls_server *server = calloc(1, sizeof(*server));

	ATF_REQUIRE(server);
	server->options = *options;
	server->log.text = ESIM_BUF_INIT_MAX(4 * 1024 * 1024);
	server->stop = eventfd(0, EFD_CLOEXEC);
	ATF_REQUIRE(server->stop >= 0);
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->accepted, NULL);
	listen_on_loopback(server);
	make_context(server);
	ATF_REQUIRE_EQ(0, pthread_create(&server->thread, NULL, run, server));
	return server;
}

uint16_t tls_server_port(const struct tls_server *server)
{
	return server->port;
}

void tls_server_wait_connection(struct tls_server *server, unsigned nth)
{
	pthread_mutex_lock(&server->lock);
	while (server->log.connections < nth)
		pthread_cond_wait(&server->accepted, &server->lock);
	pthread_mutex_unlock(&server->lock);
}

void tls_server_stop(struct tls_server *server, struct tls_server_log *ret)
{
	eventfd_write(server->stop, 1);
	pthread_join(server->thread, NULL);
	wolfSSL_CTX_free(server->ctx);
	close(server->listener);
	close(server->stop);
	pthread_cond_destroy(&server->accepted);
	pthread_mutex_destroy(&server->lock);
	if (ret)
		*ret = server->log;
	else
		esim_buf_free(&server->log.text);
	free(server);
}
