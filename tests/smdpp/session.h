/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: what the server remembers from initiateAuthentication until the notification. */
#ifndef SMDPP_SESSION_H
#define SMDPP_SESSION_H

#include "rsp/pki.h"
#include "smdpp/orders.h"

#define SESSION_ID_SIZE		16
#define SESSION_CHALLENGE_SIZE	16
#define SESSION_MAX		256	/* the oldest goes when another begins */

enum session_state {
	SESSION_INITIATED,		/* initiateAuthentication answered */
	SESSION_AUTHENTICATED,		/* authenticateClient answered */
	SESSION_BOUND,			/* a package went out */
	SESSION_OVER,			/* cancelled or reported; kept for late notifications */
};

struct session {
	uint8_t id[SESSION_ID_SIZE];
	bool used;
	uint64_t age;			/* larger is younger */
	enum session_state state;
	bool is_smds;
	const struct rsp_pki *pki;	/* of the server's chain */
	uint8_t ci_key_id[ESIM_MAX_KEY_ID];	/* root of the eUICC's chain, as asked for */
	size_t ci_key_id_len;
	uint8_t server_challenge[SESSION_CHALLENGE_SIZE];

	/* From authenticateClient on. */
	struct esim_buf euicc_certificate;	/* DER; empty before */
	struct esim_cert euicc;			/* points into it */
	struct esim_eid eid;
	struct esim_buf smdp_signature2;	/* whole TLV 5F37 */
	struct order *order;
};

struct sessions {
	struct session list[SESSION_MAX];
	uint64_t age;
};

/* A new session with a random id and server challenge; NULL: no randomness. */
struct session *session_new(struct sessions *sessions);

struct session *session_find(struct sessions *sessions, struct esim_slice id);

/* Keep a copy of the eUICC's certificate, which was verified. */
int session_set_euicc(struct session *session, struct esim_slice der, struct esim_error *err);

void session_clear(struct session *session);
void sessions_clear(struct sessions *sessions);

#endif
