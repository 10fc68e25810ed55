/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TLS side of struct esim_http: the trusted roots, the clock, and why a handshake failed. */
#ifndef LIBESIM_HTTP_TLS_H
#define LIBESIM_HTTP_TLS_H

#include "tls_identity.h"

struct http_tls {
	const struct esim_pool *roots;	/* borrowed */
	int64_t (*clock)(void *context);
	void *clock_context;
	unsigned contexts;		/* TLS contexts made, one for each handshake */

	/* Of the last handshake. */
	size_t usable_roots;
	int verify_error;		/* wolfSSL's, 0: none */
	char subject[128], issuer[128];	/* of the certificate that failed, printable */
	struct esim_error refusal;	/* ours, of what wolfSSL found good; code 0: none */

	struct address peer;		/* of the request under way */
	struct tls_identities identities;
};

/* Once in a process, before any other function of this file. */
void http_tls_global_init(void);

/*
 * Between these two calls certificates are judged by @tls's clock, in this
 * thread alone: wolfSSL asks one function of the whole process for the time.
 */
void http_tls_clock_begin(const struct http_tls *tls);
void http_tls_clock_end(void);

/* What to do to a fresh WOLFSSL_CTX: roots, cipher suites, groups. 0 or ESIM_E…. */
int http_tls_prepare(struct http_tls *tls, void *wolfssl_ctx);

/* Did the WOLFSSL connection take up an earlier session? */
bool http_tls_resumed(void *wolfssl);

/* Record ESIM_ETLS, or the check that the server's identity failed; @detail is the TLS library's text. */
int http_tls_error(const struct http_tls *tls, const char *host, bool name_mismatch,
		   const char *detail, struct esim_error *err);

#endif
