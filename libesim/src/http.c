/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTPS towards RSP servers over libcurl; see esim/http.h. One multi handle
 * keeps the connections, one easy handle is set up anew for each request. No
 * proxy is used: an RSP server is reached directly or, by connect_to, elsewhere.
 *
 * libcurl's and wolfSSL's global state is made once in a process, with the first
 * esim_http_new(), and never taken down.
 */
#include "address.h"
#include "deadline.h"
#include "http_error.h"
#include "http_tls.h"

#include <esim/text.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS			60000	/* libcurl's own timers wake the poll earlier */
#define MAX_URL			1024
#define MAX_SOCKETS		8
#define MAX_IDLE_CONNECTIONS	4	/* an SM-DP+, an SM-DS and its cascade */

/* The request under way, as libcurl's callbacks see it. */
struct exchange {
	struct esim_http *http;
	struct esim_http_response *response;
	size_t header_bytes;
	bool too_long;
	bool resumed;
	bool private_allowed;
	bool handshake_begun;
	int sockets[MAX_SOCKETS];	/* opened for this request, else -1; libcurl may race several */
	char private_address[INET6_ADDRSTRLEN];
};

struct esim_http {
	CURL *easy;
	CURLM *multi;
	struct curl_slist *connect_to;
	struct esim_connect_to *permitted;
	size_t permitted_count;
	char user_agent[128];
	struct esim_http_options options;
	struct http_tls tls;
	struct esim_http_stats stats;
	struct exchange exchange;
	char detail[CURL_ERROR_SIZE];
};

/* --- making and freeing --------------------------------------------------------------- */

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void global_init(void)
{
	global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (global_result == CURLE_OK)
		http_tls_global_init();
}

static int copy_connect_to(struct esim_http *http, const struct esim_http_options *options)
{
	char line[2 * ESIM_MAX_FQDN + 32];
	struct curl_slist *longer;

	if (options->connect_to_count == 0)
		return 0;
	http->permitted = calloc(options->connect_to_count, sizeof(*http->permitted));
	if (!http->permitted)
		return ESIM_ENOMEM;
	for (size_t i = 0; i < options->connect_to_count; i++) {
		const struct esim_connect_to *c = &options->connect_to[i];

		http->permitted[i] = *c;
		snprintf(line, sizeof(line), "%s:%u:%s:%u", c->from_host, c->from_port, c->to_host,
			 c->to_port);
		longer = curl_slist_append(http->connect_to, line);
		if (!longer)
			return ESIM_ENOMEM;
		http->connect_to = longer;
	}
	http->permitted_count = options->connect_to_count;
	return 0;
}

int esim_http_new(const struct esim_http_options *options, struct esim_http **ret,
		  struct esim_error *err)
{
	struct esim_http *http;

	if (!options->tls_roots || options->tls_roots->count == 0)
		return esim_error_set(err, ESIM_EINVAL, "no TLS roots are given: no server could be trusted");
	pthread_once(&global_once, global_init);
	if (global_result != CURLE_OK)
		return esim_error_set(err, ESIM_ETLS, "libcurl cannot start: %s",
				      curl_easy_strerror(global_result));

	http = calloc(1, sizeof(*http));
	if (!http)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for an HTTP client");
	http->options = *options;
	if (!http->options.connect_timeout_ms)
		http->options.connect_timeout_ms = ESIM_HTTP_CONNECT_TIMEOUT_MS;
	if (!http->options.request_timeout_ms)
		http->options.request_timeout_ms = ESIM_HTTP_REQUEST_TIMEOUT_MS;
	snprintf(http->user_agent, sizeof(http->user_agent), "%s",
		 options->user_agent ? options->user_agent : "gsma-rsp-lpad");
	http->tls = (struct http_tls){ .roots = options->tls_roots,
				       .clock = options->clock,
				       .clock_context = options->clock_context };
	http->easy = curl_easy_init();
	http->multi = curl_multi_init();
	if (!http->easy || !http->multi || copy_connect_to(http, options)) {
		esim_http_free(&http);
		return esim_error_set(err, ESIM_ENOMEM, "no memory for an HTTP client");
	}
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)MAX_IDLE_CONNECTIONS);
	*ret = http;
	return 0;
}

void esim_http_free(struct esim_http **http)
{
	if (!http || !*http)
		return;
	curl_easy_cleanup((*http)->easy);
	curl_multi_cleanup((*http)->multi);
	curl_slist_free_all((*http)->connect_to);
	free((*http)->permitted);
	free(*http);
	*http = NULL;
}

void esim_http_stats(const struct esim_http *http, struct esim_http_stats *ret)
{
	*ret = http->stats;
	ret->tls_handshakes = http->tls.contexts;
}

void esim_http_response_clear(struct esim_http_response *response)
{
	if (!response)
		return;
	esim_buf_free(&response->body);
	*response = (struct esim_http_response){ 0 };
}

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
	for (size_t i = 0; i < MAX_SOCKETS; i++) {
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

	for (size_t i = 0; i < MAX_SOCKETS; i++)
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

/* --- one request ----------------------------------------------------------------------------- */

static bool permitted(const struct esim_http *http, const struct address *address)
{
	for (size_t i = 0; i < http->permitted_count; i++)
		if (http->permitted[i].from_port == address->port &&
		    strcmp(http->permitted[i].from_host, address->host) == 0)
			return true;
	return false;
}

static int check_address(const struct esim_http *http, const char *host, struct address *ret,
			 struct esim_error *err)
{
	int r = address_parse(host, ret, err);

	if (r)
		return r;
	if (permitted(http, ret))
		return 0;
	if (ret->port != ADDRESS_HTTPS_PORT && !http->options.allow_ports) {
		esim_error_set(err, ESIM_EREFUSED, "%s: port %u is refused, RSP servers are on 443",
			       ret->host, ret->port);
		esim_error_advise(err, "Allow other ports only for servers that you know.");
		return ESIM_EREFUSED;
	}
	if (ret->literal && !http->options.allow_private) {
		esim_error_set(err, ESIM_EREFUSED,
			       "%s: refused, an RSP server is named by a full host name", ret->host);
		esim_error_advise(err, "Permit literal addresses only if you run that server.");
		return ESIM_EREFUSED;
	}
	return 0;
}

static struct curl_slist *make_headers(const struct esim_http_request *request)
{
	struct curl_slist *list = NULL, *longer;
	char lines[3][160];

	snprintf(lines[0], sizeof(lines[0]), "Content-Type: %s", request->content_type);
	snprintf(lines[1], sizeof(lines[1]), "X-Admin-Protocol: %s", request->admin_protocol);
	/* Waiting for "100 Continue" would cost a round trip. */
	snprintf(lines[2], sizeof(lines[2]), "Expect:");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		longer = curl_slist_append(list, lines[i]);
		if (!longer) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list;
}

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
	for (size_t i = 0; i < MAX_SOCKETS; i++)
		if (exchange->sockets[i] >= 0 &&
		    recv(exchange->sockets[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
			return true;
	return false;
}

/* Drive the transfer to its end: 0 with *@ret_result, or ESIM_ECANCELED, ESIM_ENET. */
static int drive(struct esim_http *http, CURLcode *ret_result)
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

static bool is_tls_failure(CURLcode result)
{
	switch ((int)result) {
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
		return true;
	}
	return false;
}

static int transfer_error(struct esim_http *http, const char *host, CURLcode result,
			  struct esim_error *err)
{
	struct http_failure failure = { .curl_code = (int)result, .host = host,
					.detail = http->detail,
					.too_long = http->exchange.too_long ||
						    result == CURLE_FILESIZE_EXCEEDED,
					.private_address = http->exchange.private_address,
					.connect_timeout_ms = http->options.connect_timeout_ms,
					.request_timeout_ms = http->options.request_timeout_ms };
	curl_off_t pretransfer = 0;
	long os_errno = 0;

	if (is_tls_failure(result))
		return http_tls_error(&http->tls, host, result == CURLE_PEER_FAILED_VERIFICATION,
				      http->detail, err);
	curl_easy_getinfo(http->easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer);
	curl_easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &os_errno);
	failure.connected = pretransfer > 0;
	failure.os_errno = result == CURLE_COULDNT_CONNECT ? (int)os_errno : 0;
	return http_error(&failure, err);
}

static void copy_header(CURL *easy, const char *name, char *out, size_t size)
{
	struct curl_header *header;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
		esim_text_printable(header->value, strlen(header->value), out, size);
	else
		out[0] = '\0';
}

static int take_status(struct esim_http *http, const char *host, struct esim_http_response *response,
		       struct esim_error *err)
{
	char location[128];
	long status = 0;

	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	response->status = (int)status;
	copy_header(http->easy, "Content-Type", response->content_type,
		    sizeof(response->content_type));
	copy_header(http->easy, "X-Admin-Protocol", response->admin_protocol,
		    sizeof(response->admin_protocol));
	if (status < 300 || status > 399)
		return 0;
	copy_header(http->easy, "Location", location, sizeof(location));
	esim_error_set(err, ESIM_EHTTP, "%s: it redirects (HTTP %ld) to %s, which is refused", host,
		       status, location[0] ? location : "nowhere");
	esim_error_advise(err, "Check the address; RSP servers do not redirect.");
	if (err)
		err->http_status = (int)status;
	return ESIM_EHTTP;
}

/* Returns how many connections the request needed. */
static unsigned count(struct esim_http *http, const struct esim_http_response *response)
{
	long connections = 0, request_size = 0;

	curl_easy_getinfo(http->easy, CURLINFO_NUM_CONNECTS, &connections);
	curl_easy_getinfo(http->easy, CURLINFO_REQUEST_SIZE, &request_size);
	http->stats.requests++;
	http->stats.connections += (unsigned)connections;
	http->stats.bytes_sent += (uint64_t)request_size;
	http->stats.bytes_received += http->exchange.header_bytes + response->body.len;
	if (connections > 0 && http->exchange.resumed)
		http->stats.tls_resumed++;
	return (unsigned)connections;
}

static int run(struct esim_http *http, const char *host, struct esim_http_response *response,
	       unsigned *ret_connections, struct esim_error *err)
{
	CURLcode result = CURLE_OK;
	int r;

	if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
		return esim_error_set(err, ESIM_ENOMEM, "%s: no memory for a request", host);
	http_tls_clock_begin(&http->tls);
	r = drive(http, &result);
	if (r == ESIM_ECANCELED)
		esim_error_set(err, r, "%s: the request was cancelled", host);
	else if (r)
		esim_error_set(err, r, "%s: the transfer could not be driven", host);
	else if (result != CURLE_OK)
		r = transfer_error(http, host, result, err);
	else
		r = take_status(http, host, response, err);
	*ret_connections = count(http, response);
	curl_multi_remove_handle(http->multi, http->easy);
	http_tls_clock_end();
	return r;
}

static int post(struct esim_http *http, const struct esim_http_request *request,
		const struct address *address, struct esim_http_response *response,
		unsigned *ret_connections, struct esim_error *err)
{
	struct curl_slist *headers = make_headers(request);
	char url[MAX_URL];
	int r, n;

	if (!headers)
		return esim_error_set(err, ESIM_ENOMEM, "%s: no memory for a request", address->host);
	n = snprintf(url, sizeof(url), "https://%s:%u%s", address->host, address->port,
		     request->path);
	if (n < 0 || (size_t)n >= sizeof(url)) {
		curl_slist_free_all(headers);
		return esim_error_set(err, ESIM_EINVAL, "%s: the path is too long", address->host);
	}
	curl_easy_reset(http->easy);
	http->exchange = (struct exchange){ .http = http, .response = response,
					    .private_allowed = http->options.allow_private ||
							       permitted(http, address) };
	for (size_t i = 0; i < MAX_SOCKETS; i++)
		http->exchange.sockets[i] = -1;
	http->detail[0] = '\0';
	set_policy(http);
	set_callbacks(http);
	curl_easy_setopt(http->easy, CURLOPT_URL, url);
	curl_easy_setopt(http->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
	curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS,
			 request->body.len ? (const char *)request->body.data : "");
	curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, headers);
	r = run(http, address->host, response, ret_connections, err);
	curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS, NULL);
	curl_slist_free_all(headers);
	return r;
}

static void trace(const struct esim_http *http, const struct esim_http_request *request,
		  const struct address *address, const struct esim_http_response *response,
		  int result, uint64_t nanoseconds, unsigned connections)
{
	char method_path[MAX_URL];

	if (!http->options.trace)
		return;
	snprintf(method_path, sizeof(method_path), "POST %s", request->path);
	http->options.trace(http->options.trace_context,
			    &(struct esim_http_trace){ .method_path = method_path,
						       .host = address->host,
						       .status = response->status,
						       .result = result,
						       .request = request->body,
						       .response = esim_buf_slice(&response->body),
						       .nanoseconds = nanoseconds,
						       .new_connections = connections });
}

int esim_http_post(struct esim_http *http, const struct esim_http_request *request,
		   struct esim_http_response *ret, struct esim_error *err)
{
	struct esim_http_response response = { .body = ESIM_BUF_INIT_MAX(ESIM_MAX_HTTP_BODY) };
	struct address address;
	unsigned connections = 0;
	uint64_t begun;
	int r;

	r = check_address(http, request->host, &address, err);
	if (r)
		return r;
	begun = monotonic_ns();
	r = post(http, request, &address, &response, &connections, err);
	http->stats.nanoseconds += monotonic_ns() - begun;
	trace(http, request, &address, &response, r, monotonic_ns() - begun, connections);
	if (r) {
		esim_http_response_clear(&response);
		return r;
	}
	*ret = response;
	return 0;
}
