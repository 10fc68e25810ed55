/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct esim_http as its two halves see it: http.c makes requests, http_transfer.c moves their bytes. */
#ifndef LIBESIM_HTTP_TRANSFER_H
#define LIBESIM_HTTP_TRANSFER_H

#include "http_tls.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#define HTTP_MAX_SOCKETS	8

/* The request under way, as libcurl's callbacks see it. */
struct exchange {
	struct esim_http *http;
	struct esim_http_response *response;
	size_t header_bytes;
	bool too_long;
	bool resumed;
	bool private_allowed;
	bool handshake_begun;
	int sockets[HTTP_MAX_SOCKETS];	/* opened for this request, else -1; libcurl may race several */
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

/* Begin afresh: limits, TLS, deadlines and callbacks of one request on http->easy. */
void http_transfer_prepare(struct esim_http *http, struct esim_http_response *response,
			   bool private_allowed);

/* Drive the transfer to its end: 0 with *@ret_result, or ESIM_ECANCELED, ESIM_ENET. */
int http_transfer_drive(struct esim_http *http, CURLcode *ret_result);

#endif
