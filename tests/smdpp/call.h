/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One function call over the JSON binding (SGP.22, 6.5): members of the request
 * as bytes, members of the answer from bytes, and the function execution status.
 */
#ifndef SMDPP_CALL_H
#define SMDPP_CALL_H

#include "smdpp/server.h"

#include <esim/tlv.h>

#include <jansson.h>

struct call {
	struct smdpp *server;
	enum fault_function function;
	struct fault_hits faults;
	json_t *request;		/* an object */
	json_t *response;		/* an object; the handler adds members */
	struct session *session;	/* set by call_session() */
	bool failed;
	char subject[24], reason[24], message[160];
};

/* A function of ES9+ or ES11: 0, or what call_failed() returned. */
typedef int (*call_handler)(struct call *call);

/* Answer Failed with this status code. Always ESIM_ESERVER. */
int call_failed(struct call *call, const char *subject, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A member as text; NULL and 1.6/2.1 where it is absent or of another type. */
const char *call_text(struct call *call, const char *name);

/* A base64 member, appended to @out; else 1.6/2.1. */
int call_bytes(struct call *call, const char *name, struct esim_buf *out);

/* The same, one well-formed TLV with @tag; *@ret points into @out. */
int call_tlv(struct call *call, const char *name, uint32_t tag, struct esim_buf *out,
	     struct esim_tlv *ret);

/* The session that transactionId names, in one of the states from @first to @last; else 8.10.1/3.9. */
int call_session(struct call *call, enum session_state first, enum session_state last);

/* Add a member to the answer: base64, or the transaction id as hex text. */
int call_put(struct call *call, const char *name, struct esim_slice bytes);
int call_put_transaction_id(struct call *call);

/* tamper=@what hits this call. */
bool call_tampers(const struct call *call, const char *what);

#endif
