/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One RSP session: common mutual authentication (SGP.22, 3.0.1) with an SM-DP+ or
 * an SM-DS, and its end.
 */
#ifndef LPA_SESSION_H
#define LPA_SESSION_H

#include "lpa_internal.h"

#include <esim/verify.h>

#define LPA_NO_REASON (-1)

/* What is known of a server before it answers; one of another kind is refused. */
enum lpa_server_kind {
	LPA_SERVER_SMDP,
	LPA_SERVER_SMDS,
	LPA_SERVER_EITHER,
};

struct lpa_session {
	struct lpa *lpa;
	struct es9p_server server;
	const char *matching_id;	/* borrowed; NULL: the field is absent */
	const char *server_oid;		/* that the order names, "": any */
	struct esim_slice ci_key_id;	/* that the order restricts to; empty: any */
	enum lpa_server_kind kind;

	struct esim_capabilities capabilities;	/* of the card; asked for where a field depends on them */
	uint8_t challenge[ESIM_CHALLENGE_SIZE];
	struct es9p_initiate_authentication_response initiated;
	struct es10b_authenticate_server_response authenticated;
	struct es9p_authenticate_client_response answer;
	struct esim_verified_server verified_server;
	struct esim_verified_euicc verified_euicc;
	bool euicc_is_verified;
	bool is_smds;			/* the server's certificate says so */

	bool told;			/* callbacks.session heard of it, and not yet of its end */
	const struct esim_iccid *iccid;	/* of what is offered; borrowed; NULL: not known yet */

	bool on_card;			/* the eUICC holds a session that a failure must end */
	bool on_server;			/* and so does the server */
	int reason;			/* why it ends, enum es10b_cancel_reason or LPA_NO_REASON */
};

/* From GetEUICCInfo1 to the verified answer of AuthenticateServer: each side knows the other by then. */
int lpa_session_begin(struct lpa_session *session, struct esim_error *err);

/* The same, and AuthenticateClient: its answer is what the server has for this eUICC. */
int lpa_session_authenticate(struct lpa_session *session, struct esim_error *err);

/* Tell callbacks.session, of an end only where it heard of the session. */
void lpa_session_tell(struct lpa_session *session, enum lpa_session_stage stage);

/* What a person's "no" is called; LPA_NO_REASON for LPA_YES. */
int lpa_reason_of_answer(enum lpa_answer answer);

/*
 * End a session that failed with @cause: on the card, then with the card's signed
 * word on the server. What goes wrong here is a note, never the error.
 */
void lpa_session_call_off(struct lpa_session *session, const struct esim_error *cause);

/* It came to its own end: neither side holds it any more. */
void lpa_session_finished(struct lpa_session *session);

/* Wipe; the session can be used for the next one. */
void lpa_session_clear(struct lpa_session *session);

/* Contents, binary. */
struct esim_slice lpa_session_transaction_id(const struct lpa_session *session);

#endif
