/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands between ES9+ and its bindings: a codec turns a request into a
 * body and a body into an answer. Codecs check form (types, tags, bounds); what
 * the values mean is for es9p.c and the procedures.
 */
#ifndef LIBESIM_ES9P_CODEC_H
#define LIBESIM_ES9P_CODEC_H

#include <esim/es9p.h>

enum es9p_function {
	ES9P_INITIATE_AUTHENTICATION,
	ES9P_AUTHENTICATE_CLIENT,
	ES9P_GET_BOUND_PROFILE_PACKAGE,
	ES9P_CANCEL_SESSION,
	ES9P_HANDLE_NOTIFICATION,
	ES9P_FUNCTIONS,
};

/* Members that a function does not have are empty. */
struct es9p_request {
	enum es9p_function function;
	const char *transaction_id_text;
	const char *smdp_address;
	struct esim_slice euicc_challenge;	/* raw */
	struct esim_slice euicc_info1;		/* BF20 */
	struct esim_slice object;		/* the eUICC's answer or notification, whole TLV */
};

/* header.functionExecutionStatus; text is printable and cut to fit. */
struct es9p_status {
	bool failed;
	char subject_code[24], reason_code[24];
	char subject_identifier[64], message[160];
};

/* Only the member of the function that was called is filled, and only unless status.failed. */
struct es9p_answer {
	struct es9p_status status;
	struct es9p_initiate_authentication_response initiate_authentication;
	struct es9p_authenticate_client_response authenticate_client;
	char transaction_id_text[2 * ESIM_MAX_TRANSACTION_ID + 1];	/* of getBoundProfilePackage */
	struct esim_buf bound_profile_package;
};
void es9p_answer_clear(struct es9p_answer *answer);

struct es9p_codec {
	const char *content_type;
	/* Where @function is reached, "/gsma/…". */
	const char *(*path)(enum es9p_function function);
	int (*encode)(const struct es9p_request *request, struct esim_buf *out,
		      struct esim_error *err);
	/* ESIM_EPROTO in ESIM_DOMAIN_SERVER names the function and the field. @ret starts zeroed. */
	int (*decode)(enum es9p_function function, struct esim_slice body, struct es9p_answer *ret,
		      struct esim_error *err);
};

/* "initiateAuthentication" */
const char *es9p_function_name(enum es9p_function function);

/* The two functions that an SM-DS has as well; @interface is "ES9+" or "ES11". */
int es9p_initiate_authentication_on(struct es9p_server *server, const char *interface,
				    const uint8_t challenge[static ESIM_CHALLENGE_SIZE],
				    struct esim_slice euicc_info1,
				    struct es9p_initiate_authentication_response *ret,
				    struct esim_error *err);
int es9p_authenticate_client_on(struct es9p_server *server, const char *interface,
				const char *transaction_id_text,
				struct esim_slice authenticate_server_response,
				struct es9p_authenticate_client_response *ret,
				struct esim_error *err);

#endif
