/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who an RSP server is by its TLS certificate (SGP.22, 4.5.2.1 and 2.6.6): the
 * checks that generic X.509 code does not make, and a memory of whom each host
 * has shown itself as.
 */
#ifndef LIBESIM_TLS_IDENTITY_H
#define LIBESIM_TLS_IDENTITY_H

#include "address.h"

#include <esim/verify.h>

/* More than libcurl remembers TLS sessions: a session taken up again finds its host here. */
#define TLS_IDENTITY_HOSTS 64

struct tls_identities {
	struct tls_identity {
		char host[ESIM_MAX_FQDN + 1];	/* "": free */
		uint16_t port;
		uint64_t used;			/* the greater, the later */
		struct esim_registered_id registered_id; /* empty: the certificate has none */
	} entries[TLS_IDENTITY_HOSTS];
	uint64_t uses;
};

/*
 * @chain as it came from the server, its own certificate first. Every anchor of a
 * pool is an RSP root (a CI's certificate, or a CI by its facts), so the server's
 * certificate must be CERT.DP.TLS or CERT.DS.TLS and lie under a CI, with no EUM in
 * between. *@ret_id points into @chain; empty: the certificate has none.
 * ESIM_EVERIFY names the certificate.
 */
int tls_identity_check(const struct esim_slice *chain, size_t count, const struct esim_pool *roots,
		       int64_t now, struct esim_slice *ret_id, struct esim_error *err);

/* Of several hosts too many, the one not used for longest is forgotten. */
void tls_identity_remember(struct tls_identities *identities, const struct address *host,
			   struct esim_slice registered_id);

/* The host is spoken with again. */
void tls_identity_touch(struct tls_identities *identities, const struct address *host);

/* Empty: not known. */
struct esim_slice tls_identity_find(const struct tls_identities *identities,
				    const struct address *host);

#endif
