/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scripted HTTPS server on loopback, in a thread of the test: it answers the
 * n-th request with the n-th reply, whatever was asked. One connection at a time.
 */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include <esim/bytes.h>

#include <stdbool.h>
#include <stdint.h>

struct tls_reply {
	const char *text;	/* header and body as they go out */
	size_t len;		/* of text; 0: up to its final zero */
	size_t fill;		/* bytes of 'x' that follow */
	bool close;		/* then close the connection */
	bool stall;		/* then say nothing more until the client leaves */
};

struct tls_server_options {
	struct esim_slice certificate;	/* DER; its issuers may follow */
	struct esim_slice key;		/* SEC1, DER */
	const struct tls_reply *replies;
	size_t count;			/* after the last, the last again */
	bool plain;			/* no TLS: replies[0] answers the first bytes of each connection */
	bool tls12;			/* 1.2 and nothing newer */
};

struct tls_server;

/* Listens on 127.0.0.1, a port of the system's choice. Fails the test where that does not work. */
struct tls_server *tls_server_start(const struct tls_server_options *options);
uint16_t tls_server_port(const struct tls_server *server);

/* Blocks until the server has begun to read its @nth connection (from 1). */
void tls_server_wait_connection(struct tls_server *server, unsigned nth);

struct tls_server_log {
	unsigned connections;	/* accepted */
	unsigned handshakes;	/* finished */
	unsigned requests;
	struct esim_buf text;	/* every request, one after the other, zero-terminated */
};

/* Ends the thread; the log is the caller's to free (its text). */
void tls_server_stop(struct tls_server *server, struct tls_server_log *ret);

#endif
