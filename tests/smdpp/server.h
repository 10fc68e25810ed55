/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server's parts share; not for users of the library. */
#ifndef SMDPP_SERVER_H
#define SMDPP_SERVER_H

#include "rsp/pki.h"
#include "smdpp/fault.h"
#include "smdpp/orders.h"
#include "smdpp/session.h"
#include "smdpp/smdpp.h"

#include <stdio.h>

struct http_server;
struct tls_server;

/* Counted for the bench; written with --stats. */
struct stats {
	unsigned long connections, handshakes, resumed, handshake_failures;
	unsigned long requests[FAULT_FUNCTIONS];
	unsigned long http_requests, notifications;
	unsigned long long bytes_in, bytes_out;	/* of HTTP, inside TLS */
};

struct smdpp {
	struct smdpp_options options;
	struct rsp_pki *pki[SMDPP_MAX_PKI];
	size_t pki_count;
	struct esim_pool roots;			/* the CI certificates of all PKI directories */
	char name[ESIM_MAX_FQDN + 1], smds_name[ESIM_MAX_FQDN + 1];
	uint8_t svn[3], min_svn[3];
	struct orders orders;
	struct sessions sessions;
	struct faults faults;
	struct stats stats;
	FILE *notifications;			/* NULL: not wanted */
	struct tls_server *tls;
	struct http_server *http;
};

/* The time of certificate checks, in seconds since the epoch. */
int64_t smdpp_now(const struct smdpp *server);

#endif
