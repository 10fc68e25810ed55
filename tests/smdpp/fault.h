/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault injection: SPEC is a comma-separated list of FUNCTION:ACTION[=VALUE][@N].
 * With @N only the N-th call of the function is hit (counted from 1), without it
 * every call. The actions are listed in fault_help.
 */
#ifndef SMDPP_FAULT_H
#define SMDPP_FAULT_H

#include <esim/error.h>

#include <stdbool.h>
#include <stddef.h>

#define FAULT_MAX 32

enum fault_function {
	FAULT_INITIATE_AUTHENTICATION,
	FAULT_AUTHENTICATE_CLIENT,
	FAULT_GET_BOUND_PROFILE_PACKAGE,
	FAULT_CANCEL_SESSION,
	FAULT_HANDLE_NOTIFICATION,
	FAULT_FUNCTIONS,
};

enum fault_action {
	FAULT_STATUS,		/* value: subject/reason */
	FAULT_HTTP,		/* value: status */
	FAULT_TAMPER,		/* value: what */
	FAULT_TRUNCATE,		/* value: bytes of the body that are sent */
	FAULT_STALL,
	FAULT_CLOSE,
	FAULT_OVERSIZE,		/* value: bytes of the body */
	FAULT_TYPE,		/* value: Content-Type */
	FAULT_DROP_FIELD,	/* value: member of the answer */
	FAULT_FIELD_TYPE,	/* value: member of the answer */
	FAULT_REDIRECT,
	FAULT_RETRY_AFTER,	/* value: seconds */
	FAULT_ACTIONS,
};

struct fault {
	int function;			/* enum fault_function; FAULT_FUNCTIONS: any */
	enum fault_action action;
	char value[128];
	unsigned call;			/* 0: every one */
};

struct faults {
	struct fault list[FAULT_MAX];
	size_t count;
	unsigned calls[FAULT_FUNCTIONS];
};

/* The grammar and the actions, for --help. */
extern const char fault_help[];

/* Function names as in the path of the request; NULL: no such function. */
const char *fault_function_name(enum fault_function function);

int faults_parse(const char *spec, struct faults *ret, struct esim_error *err);

/* The faults that hit the present call of one function. */
struct fault_hits {
	const struct fault *list[FAULT_MAX];
	size_t count;
};

/* Count a call and collect what hits it. */
void faults_begin(struct faults *faults, enum fault_function function, struct fault_hits *ret);

/* The value of the first hit with @action, "" where it takes none; NULL: it does not hit. */
const char *fault_value(const struct fault_hits *hits, enum fault_action action);

/* tamper=@what hits. */
bool fault_tampers(const struct fault_hits *hits, const char *what);

#endif
