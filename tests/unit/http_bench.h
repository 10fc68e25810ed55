/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bench for esim_http: a PKI, a scripted TLS server on loopback whose certificate
 * comes from it, and a client that trusts the PKI's CI. A test changes recipe,
 * options or replies between bench_init() and bench_start().
 */
#ifndef HTTP_BENCH_H
#define HTTP_BENCH_H

#include "tls_server.h"
#include "trust_fixture.h"

#include <esim/http.h>

#define HOST "smdpp.example.com"
#define PATH "/gsma/rsp2/es9plus/initiateAuthentication"
#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n" \
	"X-Admin-Protocol: gsma/rsp/v2.3.0\r\nContent-Length: 2\r\n\r\n{}"

/* A server with a certificate for HOST and a client that trusts its CI. */
struct bench {
	struct fixture pki;
	struct esim_buf key;
	struct tls_server_options server_options;
	struct tls_server *server;
	struct esim_connect_to connect_to;
	struct esim_http_options options;
	struct esim_http *http;
	int64_t now;
	struct esim_http_response response;
	struct esim_error err;
};

void bench_init(struct bench *b);
void bench_init_curve(struct bench *b, enum esim_curve curve);

/* Issue the server's certificate as the recipe now is, start the server and make the client. */
void bench_start(struct bench *b);

/* The same with the server's certificate and key as they stand. */
void bench_serve(struct bench *b);

int bench_post(struct bench *b);
int bench_post_to(struct bench *b, const char *host);

/* @log may be NULL; else its text is the caller's to free. */
void bench_finish(struct bench *b, struct tls_server_log *log);

/* The request fails with @code, and the sentence holds @words and the host. */
void require_failure(struct bench *b, int code, const char *words);
void require_network_failure(struct bench *b, int code, const char *words);

#endif
