/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES9+ (SGP.22, 5.6) and the codec table that binds it to JSON (6.5); the ASN.1
 * binding (6.6) has its place beside it. Failures of the server arrive as
 * ESIM_ESERVER with subject and reason code, answers that break the form as
 * ESIM_EPROTO in ESIM_DOMAIN_SERVER, another transaction than ours as ESIM_EVERIFY
 * ("transactionId"), and what esim_http_post() returns as it is. Outputs are
 * untouched on failure.
 */
#ifndef ESIM_ES9P_H
#define ESIM_ES9P_H

#include <esim/es10b.h>
#include <esim/http.h>

#ifdef __cplusplus
extern "C" {
#endif

struct es9p_codec;
const struct es9p_codec *es9p_json(void);

/* A server and how to talk to it. Borrowed members outlive the calls. */
struct es9p_server {
	struct esim_http *http;
	const struct es9p_codec *codec;		/* NULL: es9p_json() */
	char address[ESIM_MAX_FQDN + 1];	/* as esim_address_normalise() gives it */
	struct esim_version version;		/* sent as X-Admin-Protocol; 0.0.0: 2.5.0; lowered once on 1.2.2/2.1 */
	struct esim_version server_svn;		/* of the server's X-Admin-Protocol, for esim_capable(); 0.0.0: it said none */
};

/* What a server answers with; whole TLVs, decoded from the transfer's base64, into one owned buffer. */
struct es9p_initiate_authentication_response {
	char transaction_id_text[2 * ESIM_MAX_TRANSACTION_ID + 1];	/* echoed verbatim */
	struct esim_transaction_id transaction_id;
	struct esim_slice server_signed1, server_signature1, ci_key_id, server_certificate;
	struct esim_buf storage;
};
void es9p_initiate_authentication_response_clear(struct es9p_initiate_authentication_response *r);

int es9p_initiate_authentication(struct es9p_server *server,
				 const uint8_t challenge[ESIM_AT_LEAST(ESIM_CHALLENGE_SIZE)],
				 struct esim_slice euicc_info1,
				 struct es9p_initiate_authentication_response *ret,
				 struct esim_error *err);

/* An SM-DP+'s answer, or (event_count > 0 or is_smds) an SM-DS's. The union is open: unknown members are ignored. */
struct es9p_event {
	char event_id[ESIM_MAX_MATCHING_ID + 1];
	char server_address[ESIM_MAX_FQDN + 1];
};
struct es9p_authenticate_client_response {
	char transaction_id_text[2 * ESIM_MAX_TRANSACTION_ID + 1];
	struct esim_slice profile_metadata;	/* BF25 */
	struct esim_slice smdp_signed2, smdp_signature2, smdp_certificate;
	bool is_smds;				/* eventEntries was there, perhaps empty */
	struct es9p_event *events;		/* owned */
	size_t event_count;
	struct esim_buf storage;
};
void es9p_authenticate_client_response_clear(struct es9p_authenticate_client_response *r);

int es9p_authenticate_client(struct es9p_server *server, const char *transaction_id_text,
			     struct esim_slice authenticate_server_response,
			     struct es9p_authenticate_client_response *ret,
			     struct esim_error *err);

int es9p_get_bound_profile_package(struct es9p_server *server, const char *transaction_id_text,
				   struct esim_slice prepare_download_response,
				   struct esim_buf *bound_profile_package, struct esim_error *err);

/* 0 after Executed-Success or HTTP 204. */
int es9p_cancel_session(struct es9p_server *server, const char *transaction_id_text,
			struct esim_slice cancel_session_response, struct esim_error *err);

/* 0 only after HTTP 204. @pending is BF37 or 30, as the eUICC made it. */
int es9p_handle_notification(struct es9p_server *server, struct esim_slice pending,
			     struct esim_error *err);

/* What an LPA does about a subject and reason code: status-codes table. */
enum es9p_remedy {
	ES9P_TELL_USER,
	ES9P_FRESH_SESSION,	/* once */
	ES9P_LATER,		/* with backoff */
	ES9P_LOWER_VERSION,	/* once */
	ES9P_ASK_AGAIN,		/* for the confirmation code */
};
struct es9p_status_info {
	const char *subject_code, *reason_code;
	const char *meaning;	/* a sentence for a person */
	const char *advice;
	enum es9p_remedy remedy;
};
/* @function is "ES9+.CancelSession" as in struct esim_error, or "cancelSession". NULL: unknown pair. */
const struct es9p_status_info *es9p_status_lookup(const char *function, const char *subject_code,
						  const char *reason_code);

#ifdef __cplusplus
}
#endif
#endif
