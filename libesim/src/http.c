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
#include "http_transfer.h"

#include <esim/text.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_URL			1024
#define MAX_IDLE_CONNECTIONS	4	/* an SM-DP+, an SM-DS and its cascade */

/* --- making and freeing --------------------------------------------------------------- */

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

/* libcurl would write the secrets of its connections into the file that SSLKEYLOGFILE names. */
static void global_init(void)
{
	if (getenv("SSLKEYLOGFILE"))
		unsetenv("SSLKEYLOGFILE");
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

struct esim_slice esim_http_server_registered_id(const struct esim_http *http, const char *host)
{
	struct address address;

	if (address_parse(host, &address, NULL))
		return esim_slice(NULL, 0);
	return tls_identity_find(&http->tls.identities, &address);
}

void esim_http_response_clear(struct esim_http_response *response)
{
	if (!response)
		return;
	esim_buf_free(&response->body);
	*response = (struct esim_http_response){ 0 };
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

/* A server's wish is heard, within reason; a date that has passed wishes nothing. */
static unsigned retry_after(CURL *easy)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds < 0)
		return 0;
	return seconds < ESIM_MAX_RETRY_AFTER ? (unsigned)seconds : ESIM_MAX_RETRY_AFTER;
}

static int take_status(struct esim_http *http, const char *host, struct esim_http_response *response,
		       struct esim_error *err)
{
	char location[128];
	long status = 0;

	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	response->status = (int)status;
	response->retry_after = retry_after(http->easy);
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
	if (err) {
		err->http_status = (int)status;
		err->retry_after = response->retry_after;
	}
	return ESIM_EHTTP;
}

/* Returns how many connections the request needed. */
static unsigned count(struct esim_http *http, const struct esim_http_response *response)
{
	long connections = 0, request_size = 0;
	char *local = NULL;

	curl_easy_getinfo(http->easy, CURLINFO_LOCAL_IP, &local);
	if (local && local[0])
		snprintf(http->stats.local_address, sizeof(http->stats.local_address), "%s", local);
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
	r = http_transfer_drive(http, &result);
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
	http_transfer_prepare(http, response,
			      http->options.allow_private || permitted(http, address));
	curl_easy_setopt(http->easy, CURLOPT_URL, url);
	curl_easy_setopt(http->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
	curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS,
			 request->body.len ? (const char *)request->body.data : "");
	curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, headers);
	http->tls.peer = *address;
	tls_identity_touch(&http->tls.identities, address);
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
