/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS 1.2 and 1.3 with DPtls and DStls, chosen by SNI; sessions can be resumed. */
#ifndef SMDPP_TLS_SERVER_H
#define SMDPP_TLS_SERVER_H

#include "smdpp/server.h"

struct tls_connection;

#define TLS_AGAIN_READ	(-1)	/* wait until the socket can be read */
#define TLS_AGAIN_WRITE	(-2)	/* … written */
#define TLS_FAILED	(-3)	/* the connection is over */

/* From the first PKI that has a DPtls (and DStls). */
int tls_server_new(const struct smdpp *server, struct tls_server **ret, struct esim_error *err);
void tls_server_free(struct tls_server **tls);

/* Over a connected non-blocking socket, which the caller keeps and closes. NULL: no memory. */
struct tls_connection *tls_accept(struct tls_server *tls, int fd);
void tls_connection_free(struct tls_connection **connection);

/* 0: done, and *@ret_resumed says whether the session was an old one. */
int tls_handshake(struct tls_connection *connection, bool *ret_resumed);

/* Bytes moved, 0 at the peer's orderly end (read alone), TLS_…. */
int tls_read(struct tls_connection *connection, void *to, size_t size);
int tls_write(struct tls_connection *connection, const void *from, size_t size);
void tls_close_notify(struct tls_connection *connection);

#endif
