/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fault injection; see fault.h. */
#include "smdpp/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fault_help[] =
	"Faults: --fault FUNCTION:ACTION[=VALUE][@N][,...]\n"
	"  FUNCTION  initiateAuthentication, authenticateClient, getBoundProfilePackage,\n"
	"            cancelSession, handleNotification, any (ES9+ and ES11 alike)\n"
	"  @N        only the N-th call of that function; without it every call\n"
	"  ACTION    status=SUBJECT/REASON   answer Failed with this status code, e.g. 8.1/4.8\n"
	"            http=STATUS             answer with this HTTP status and no body\n"
	"            redirect                answer 302 to another host\n"
	"            retry-after=SECONDS     answer 503 with this Retry-After\n"
	"            truncate=BYTES          send so much of the body, then close\n"
	"            oversize=BYTES          a well-formed answer of so many bytes\n"
	"            type=TYPE               another Content-Type\n"
	"            stall                   never answer\n"
	"            close                   close instead of an answer\n"
	"            drop-field=NAME         leave this member out\n"
	"            field-type=NAME         send a number in place of this member's text\n"
	"            tamper=WHAT             spoil one thing and leave the rest right:\n"
	"              any member            the last byte of serverSigned1, serverSignature1,\n"
	"                                    serverCertificate, transactionId, smdpSigned2,\n"
	"                                    profileMetadata and so on\n"
	"              initiateAuthentication, signed again: signedTransactionId, serverAddress,\n"
	"                challenge, oid, role, expired, issuer (the last four: another certificate)\n"
	"              authenticateClient, signed again: signedTransactionId, oid, role, expired, issuer\n"
	"              getBoundProfilePackage: signedTransactionId, signature, hostId, mac, metadata,\n"
	"                package, order\n";

static const char *const function_names[FAULT_FUNCTIONS] = {
	"initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "cancelSession",
	"handleNotification",
};

/* What a value must be. */
enum value_kind { NO_VALUE, TEXT, NUMBER, STATUS_CODE };

static const struct {
	const char *name;
	enum value_kind value;
} actions[FAULT_ACTIONS] = {
	[FAULT_STATUS] = { "status", STATUS_CODE },
	[FAULT_HTTP] = { "http", NUMBER },
	[FAULT_TAMPER] = { "tamper", TEXT },
	[FAULT_TRUNCATE] = { "truncate", NUMBER },
	[FAULT_STALL] = { "stall", NO_VALUE },
	[FAULT_CLOSE] = { "close", NO_VALUE },
	[FAULT_OVERSIZE] = { "oversize", NUMBER },
	[FAULT_TYPE] = { "type", TEXT },
	[FAULT_DROP_FIELD] = { "drop-field", TEXT },
	[FAULT_FIELD_TYPE] = { "field-type", TEXT },
	[FAULT_REDIRECT] = { "redirect", NO_VALUE },
	[FAULT_RETRY_AFTER] = { "retry-after", NUMBER },
};

const char *fault_function_name(enum fault_function function)
{
	return (unsigned)function < FAULT_FUNCTIONS ? function_names[function] : NULL;
}

static bool whole_number(const char *text)
{
	return *text && strlen(text) <= 9 && strspn(text, "0123456789") == strlen(text);
}

static bool value_fits(enum value_kind kind, const char *value)
{
	switch (kind) {
	case NO_VALUE:
		return !value;
	case TEXT:
		return value && *value;
	case NUMBER:
		return value && whole_number(value);
	case STATUS_CODE:
		return value && strspn(value, "0123456789./") == strlen(value) && strchr(value, '/');
	}
	return false;
}

static int parse_function(const char *name, int *ret)
{
	for (int i = 0; i < FAULT_FUNCTIONS; i++) {
		if (strcmp(name, function_names[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	*ret = FAULT_FUNCTIONS;
	return strcmp(name, "any") == 0 ? 0 : ESIM_EINVAL;
}

static int parse_action(const char *name, const char *value, struct fault *fault)
{
	for (int i = 0; i < FAULT_ACTIONS; i++) {
		if (strcmp(name, actions[i].name) != 0)
			continue;
		if (!value_fits(actions[i].value, value) ||
		    (value && strlen(value) >= sizeof(fault->value)))
			return ESIM_EINVAL;
		fault->action = (enum fault_action)i;
		snprintf(fault->value, sizeof(fault->value), "%s", value ? value : "");
		return 0;
	}
	return ESIM_EINVAL;
}

/* Cuts @item to pieces in place. */
static int parse_item(char *item, struct fault *fault)
{
	char *action = strchr(item, ':'), *value, *call;

	if (!action)
		return ESIM_EINVAL;
	*action++ = '\0';
	call = strrchr(action, '@');
	if (call) {
		*call++ = '\0';
		if (!whole_number(call) || atoi(call) == 0)
			return ESIM_EINVAL;
		fault->call = (unsigned)atoi(call);
	}
	value = strchr(action, '=');
	if (value)
		*value++ = '\0';
	return parse_function(item, &fault->function) ? ESIM_EINVAL : parse_action(action, value, fault);
}

int faults_parse(const char *spec, struct faults *ret, struct esim_error *err)
{
	struct faults faults = { 0 };
	char item[256];
	size_t len;

	while (*spec) {
		len = strcspn(spec, ",");
		if (faults.count == FAULT_MAX || len >= sizeof(item))
			return esim_error_set(err, ESIM_EINVAL, "too many faults, or one too long");
		snprintf(item, sizeof(item), "%.*s", (int)len, spec);
		if (parse_item(item, &faults.list[faults.count]))
			return esim_error_set(err, ESIM_EINVAL,
					      "\"%.*s\" is no fault: FUNCTION:ACTION[=VALUE][@N], see --help",
					      (int)len, spec);
		faults.count++;
		spec += len;
		spec += *spec == ',';
	}
	*ret = faults;
	return 0;
}

void faults_begin(struct faults *faults, enum fault_function function, struct fault_hits *ret)
{
	unsigned call = ++faults->calls[function];

	ret->count = 0;
	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->list[i];

		if ((fault->function == (int)function || fault->function == FAULT_FUNCTIONS) &&
		    (fault->call == 0 || fault->call == call))
			ret->list[ret->count++] = fault;
	}
}

const char *fault_value(const struct fault_hits *hits, enum fault_action action)
{
	for (size_t i = 0; i < hits->count; i++)
		if (hits->list[i]->action == action)
			return hits->list[i]->value;
	return NULL;
}

bool fault_tampers(const struct fault_hits *hits, const char *what)
{
	for (size_t i = 0; i < hits->count; i++)
		if (hits->list[i]->action == FAULT_TAMPER && strcmp(hits->list[i]->value, what) == 0)
			return true;
	return false;
}
