/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transfer of libcurl: the policy that every request is under, the callbacks
 * that hold its limits, and the loop that drives it until it ends or is cancelled.
 */
#include "http_transfer.h"

#include "address.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS	60000	/* libcurl's own timers wake the poll earlier */

/* --- what libcurl calls ------------------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;

	esim_buf_append(&exchange->response->body, data, size * count);
	if (esim_buf_failed(&exchange->response->body) == 0)
		return count;
	exchange->too_long = esim_buf_failed(&exchange->response->body) == ESIM_ETOOBIG;
	return CURL_WRITEFUNC_ERROR;
}

/* libcurl lends the TLS connection only while the transfer runs. */
static void note_session(struct exchange *exchange)
{
	struct curl_tlssessioninfo *tls = NULL;

	if (curl_easy_getinfo(exchange->http->easy, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls)
		exchange->resumed = http_tls_resumed(tls->internals);
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;

	(void)data;
	if (exchange->header_bytes == 0)
		note_session(exchange);
	exchange->header_bytes += size * count;
	if (exchange->header_bytes <= ESIM_MAX_HTTP_HEADERS)
		return count;
	exchange->too_long = true;
	return CURL_WRITEFUNC_ERROR;
}

static int note_socket(struct exchange *exchange, int fd)
{
	for (size_t i = 0; i < HTTP_MAX_SOCKETS; i++) {
		if (exchange->sockets[i] >= 0)
			continue;
		exchange->sockets[i] = fd;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return CURL_SOCKET_BAD;
}

static int on_close(void *context, curl_socket_t fd)
{
	struct exchange *exchange = context;

	for (size_t i = 0; i < HTTP_MAX_SOCKETS; i++)
		if (exchange->sockets[i] == fd)
			exchange->sockets[i] = -1;
	return close(fd);
}

/* The one place that sees where a name really leads. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct exchange *exchange = context;
	const void *bytes = addr->family == AF_INET6
		? (const void *)&((const struct sockaddr_in6 *)(const void *)&addr->addr)->sin6_addr
		: (const void *)&((const struct sockaddr_in *)(const void *)&addr->addr)->sin_addr;

	(void)purpose;
	if (!exchange->private_allowed && address_is_private(&addr->addr)) {
		if (!inet_ntop(addr->family, bytes, exchange->private_address,
			       sizeof(exchange->private_address)))
			snprintf(exchange->private_address, sizeof(exchange->private_address),
				 "another network");
		return CURL_SOCKET_BAD;
	}
	return note_socket(exchange, socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol));
}

static CURLcode on_tls_context(CURL *easy, void *wolfssl_ctx, void *context)
{
	struct exchange *exchange = context;

	(void)easy;
	exchange->handshake_begun = true;
	return http_tls_prepare(&exchange->http->tls, wolfssl_ctx) ? CURLE_SSL_CONNECT_ERROR
								   : CURLE_OK;
}

/* --- one request ---------------------------------------------------------------------------- */

static void set_policy(struct esim_http *http)
{
	CURL *easy = http->easy;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A name server that does not answer must not hold up a cancelled request. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
			 (long)(CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_3));
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	/* A store that libcurl shared between contexts would take the roots in twice. */
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->options.connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)http->options.request_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE, (long)ESIM_MAX_HTTP_BODY);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, http->user_agent);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, http->connect_to);
}

static void set_callbacks(struct esim_http *http)
{
	CURL *easy = http->easy;

	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->detail);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &http->exchange);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, &http->exchange);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &http->exchange);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &http->exchange);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, &http->exchange);
}

void http_transfer_prepare(struct esim_http *http, struct esim_http_response *response,
			   bool private_allowed)
{
	curl_easy_reset(http->easy);
	http->exchange = (struct exchange){ .http = http, .response = response,
					    .private_allowed = private_allowed };
	for (size_t i = 0; i < HTTP_MAX_SOCKETS; i++)
		http->exchange.sockets[i] = -1;
	http->detail[0] = '\0';
	set_policy(http);
	set_callbacks(http);
}

/*
 * Has the server hung up in mid-handshake? libcurl on a wolfSSL without the whole
 * BIO interface takes that for "more to come" and spins until the deadline.
 */
static bool hung_up(const struct esim_http *http)
{
	const struct exchange *exchange = &http->exchange;
	curl_off_t handshake_done = 0;
	char byte;

	if (!exchange->handshake_begun)
		return false;
	curl_easy_getinfo(http->easy, CURLINFO_APPCONNECT_TIME_T, &handshake_done);
	if (handshake_done > 0)
		return false;
	for (size_t i = 0; i < HTTP_MAX_SOCKETS; i++)
		if (exchange->sockets[i] >= 0 &&
		    recv(exchange->sockets[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
			return true;
	return false;
}

int http_transfer_drive(struct esim_http *http, CURLcode *ret_result)
{
	struct curl_waitfd cancel = { .fd = esim_cancel_fd(http->options.cancel),
				      .events = CURL_WAIT_POLLIN };
	unsigned extra = cancel.fd >= 0 ? 1 : 0;
	CURLMsg *message;
	int running, left;

	for (;;) {
		if (esim_cancel_triggered(http->options.cancel))
			return ESIM_ECANCELED;
		if (curl_multi_perform(http->multi, &running) != CURLM_OK)
			return ESIM_ENET;
		if (!running)
			break;
		if (hung_up(http)) {
			snprintf(http->detail, sizeof(http->detail), "the server hung up");
			*ret_result = CURLE_SSL_CONNECT_ERROR;
			return 0;
		}
		if (curl_multi_poll(http->multi, &cancel, extra, POLL_MS, NULL) != CURLM_OK)
			return ESIM_ENET;
	}
	message = curl_multi_info_read(http->multi, &left);
	if (!message || message->msg != CURLMSG_DONE)
		return ESIM_ENET;
	*ret_result = message->data.result;
	return 0;
}
