/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test SM-DP+ and SM-DS: ES9+ and ES11 over TLS, on one thread. A program
 * (main.c) and a library, so that a test can run a server in its own process.
 */
#ifndef SMDPP_SMDPP_H
#define SMDPP_SMDPP_H

#include <esim/error.h>

#include <stddef.h>
#include <stdint.h>

#define SMDPP_MAX_PKI 8

/* Strings are borrowed for the server's life. NULL or 0: the default. */
struct smdpp_options {
	const char *listen;		/* "HOST:PORT"; port 0: any; no host: 127.0.0.1 */
	const char *profiles;		/* directory of packages and their orders */
	const char *name;		/* FQDN as SM-DP+; default: DPtls's, else RSP_PKI_NAME */
	const char *smds_name;		/* FQDN as SM-DS; default RSP_PKI_SMDS */
	const char *pki[SMDPP_MAX_PKI];
	size_t pki_count;		/* at least one */
	const char *svn;		/* "2.5" … */
	const char *min_svn;		/* eUICCs below are refused; default "2.0" */
	const char *fault;		/* see fault.h */
	int64_t clock;			/* time of certificate checks; 0: the real one */
	const char *notifications;	/* file that gets a JSON line per notification */
	unsigned patience_ms;		/* for a handshake, a request, and a peer that takes its answer; default 30 s */
	const char *stats;		/* file that gets one JSON object at the end */
};

struct smdpp;

/* Load everything and listen. */
int smdpp_new(const struct smdpp_options *options, struct smdpp **ret, struct esim_error *err);

/* "127.0.0.1:8443": with the real port. */
const char *smdpp_address(const struct smdpp *server);

/* Serve until smdpp_stop(). */
int smdpp_run(struct smdpp *server, struct esim_error *err);

/* From a signal handler or another thread. */
void smdpp_stop(struct smdpp *server);

void smdpp_free(struct smdpp **server);

#endif
