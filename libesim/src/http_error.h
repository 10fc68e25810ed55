/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libcurl says of a request that failed, as a struct esim_error. */
#ifndef LIBESIM_HTTP_ERROR_H
#define LIBESIM_HTTP_ERROR_H

#include <esim/error.h>

#include <stdbool.h>

struct http_failure {
	int curl_code;			/* CURLcode */
	const char *host;
	const char *detail;		/* libcurl's text, may be "" */
	int os_errno;			/* of connect(2), 0: none */
	bool connected;			/* TCP and TLS stood when it happened */
	bool too_long;			/* the answer went over a limit of esim/limits.h */
	const char *private_address;	/* that was refused; "": none */
	unsigned connect_timeout_ms, request_timeout_ms;
};

/* Everything but TLS (http_tls_error). Returns the code that it records. */
int http_error(const struct http_failure *failure, struct esim_error *err);

#endif
