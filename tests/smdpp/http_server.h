/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop: one thread, non-blocking connections, each a request and an answer at a time. */
#ifndef SMDPP_HTTP_SERVER_H
#define SMDPP_HTTP_SERVER_H

#include "smdpp/http.h"
#include "smdpp/server.h"

/* Answers one request. Never fails: what goes wrong is an answer too. */
typedef void (*http_handler)(struct smdpp *server, const struct http_request *request,
			     struct http_response *response);

/* Listen at "HOST:PORT" (IPv4, [IPv6], a name of this host, or no host for 127.0.0.1). */
int http_server_new(struct smdpp *server, const char *listen, http_handler handler,
		    struct http_server **ret, struct esim_error *err);
const char *http_server_address(const struct http_server *http);
int http_server_run(struct http_server *http, struct esim_error *err);
void http_server_stop(struct http_server *http);	/* safe in a signal handler */
void http_server_free(struct http_server **http);

#endif
