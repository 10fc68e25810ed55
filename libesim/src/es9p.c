/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES9+ (SGP.22, 5.6), function by function, over a codec and HTTPS. */
#include "address.h"
#include "es9p_codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct esim_version newest_version = { 2, 5, 0 };
static const struct esim_version older_version = { 2, 1, 0 };
static const struct esim_version oldest_version = { 2, 0, 0 };

static const char admin_protocol_prefix[] = "gsma/rsp/v";

/* --- clearing ------------------------------------------------------------------------- */

void es9p_initiate_authentication_response_clear(struct es9p_initiate_authentication_response *r)
{
	if (!r)
		return;
	esim_buf_free(&r->storage);
	*r = (struct es9p_initiate_authentication_response){ 0 };
}

void es9p_authenticate_client_response_clear(struct es9p_authenticate_client_response *r)
{
	if (!r)
		return;
	esim_buf_free(&r->storage);
	if (r->events)
		explicit_bzero(r->events, r->event_count * sizeof(*r->events));
	free(r->events);
	*r = (struct es9p_authenticate_client_response){ 0 };
}

void es9p_answer_clear(struct es9p_answer *answer)
{
	es9p_initiate_authentication_response_clear(&answer->initiate_authentication);
	es9p_authenticate_client_response_clear(&answer->authenticate_client);
	esim_buf_free(&answer->bound_profile_package);
	*answer = (struct es9p_answer){ 0 };
}

/* --- one call ------------------------------------------------------------------------------ */

/* Where a call stands, for its errors. */
struct call {
	struct es9p_server *server;
	const struct es9p_codec *codec;
	const struct es9p_request *request;
	const char *name;		/* "ES9+.CancelSession" */
	struct esim_error *err;
};

/* SGP.22's name of a function, "ES9+.CancelSession"; its message's begins with a small letter. */
static void write_name(const char *interface, enum es9p_function function,
		       char ret[static sizeof((struct esim_error){ 0 }.function)])
{
	const char *name = es9p_function_name(function);

	snprintf(ret, sizeof((struct esim_error){ 0 }.function), "%s.%c%s", interface,
		 name[0] - 'a' + 'A', name + 1);
}

static void name_function(const struct call *call)
{
	if (call->err)
		snprintf(call->err->function, sizeof(call->err->function), "%s", call->name);
}

/* "application/json" is wanted; parameters behind it and a missing header are forgiven. */
static bool content_type_fits(const char *wanted, const char *got)
{
	size_t len = strlen(wanted);

	if (got[0] == '\0')
		return true;
	return strncasecmp(got, wanted, len) == 0 && strchr("; \t", got[len]);
}

static int http_status_error(const struct call *call, const struct esim_http_response *response)
{
	bool later = response->status >= 500;

	esim_error_set(call->err, ESIM_EHTTP, "%s: %s answers with HTTP status %d", call->name,
		       call->server->address, response->status);
	esim_error_advise(call->err, "%s",
			  later ? "The server has a problem; try again later."
				: "Check the address: this may be no RSP server.");
	if (call->err)
		call->err->http_status = response->status;
	return ESIM_EHTTP;
}

static int content_type_error(const struct call *call, const struct esim_http_response *response)
{
	esim_error_set(call->err, ESIM_EHTTP, "%s: %s answers with %s in place of %s", call->name,
		       call->server->address, response->content_type, call->codec->content_type);
	esim_error_advise(call->err, "Check the address: this may be no RSP server.");
	if (call->err)
		call->err->http_status = response->status;
	return ESIM_EHTTP;
}

static int server_error(const struct call *call, const struct es9p_status *status)
{
	const struct es9p_status_info *info = es9p_status_lookup(
		es9p_function_name(call->request->function), status->subject_code,
		status->reason_code);
	struct esim_error *err = call->err;
	char codes[64] = "without a code";

	if (status->subject_code[0] || status->reason_code[0])
		snprintf(codes, sizeof(codes), "%s / %s", status->subject_code,
			 status->reason_code);
	esim_error_set(err, ESIM_ESERVER, "%s: the server refuses: %s (%s)%s%s", call->name,
		       info ? info->meaning : "a reason that is not in the specification", codes,
		       status->message[0] ? "; it says: " : "", status->message);
	if (info)
		esim_error_advise(err, "%s", info->advice);
	if (err) {
		memcpy(err->subject_code, status->subject_code, sizeof(err->subject_code));
		memcpy(err->reason_code, status->reason_code, sizeof(err->reason_code));
		memcpy(err->subject_identifier, status->subject_identifier,
		       sizeof(err->subject_identifier));
	}
	return ESIM_ESERVER;
}

static int post(const struct call *call, struct esim_slice body, struct esim_http_response *ret)
{
	char admin_protocol[sizeof(admin_protocol_prefix) + 12], version[12];
	struct esim_http_request request = {
		.host = call->server->address,
		.path = call->codec->path(call->request->function),
		.content_type = call->codec->content_type,
		.admin_protocol = admin_protocol,
		.body = body,
	};

	esim_version_format(call->server->version, version);
	snprintf(admin_protocol, sizeof(admin_protocol), "%s%s", admin_protocol_prefix, version);
	return esim_http_post(call->server->http, &request, ret, call->err);
}

/* handleNotification is answered by 204 and nothing else; cancelSession may be. */
static int judge(const struct call *call, const struct esim_http_response *response,
		 struct es9p_answer *ret)
{
	enum es9p_function function = call->request->function;
	int r;

	if (response->status == 204 &&
	    (function == ES9P_HANDLE_NOTIFICATION || function == ES9P_CANCEL_SESSION))
		return 0;
	if (response->status != 200)
		return http_status_error(call, response);
	if (!content_type_fits(call->codec->content_type, response->content_type))
		return content_type_error(call, response);
	r = call->codec->decode(function, esim_buf_slice(&response->body), ret, call->err);
	if (r)
		return r;
	if (ret->status.failed)
		return server_error(call, &ret->status);
	if (function == ES9P_HANDLE_NOTIFICATION)
		return http_status_error(call, response);
	return 0;
}

/* An answer without the header, or with one that cannot be read, takes nothing back. */
static void note_server_svn(struct es9p_server *server, const char *admin_protocol)
{
	const size_t prefix = sizeof(admin_protocol_prefix) - 1;
	struct esim_version theirs;

	if (strncmp(admin_protocol, admin_protocol_prefix, prefix) == 0 &&
	    esim_version_parse(admin_protocol + prefix, &theirs) == 0)
		server->server_svn = theirs;
}

/* The version that the server names in its own header where that is lower, else an older one. */
static struct esim_version lower_version(const struct es9p_server *server)
{
	struct esim_version ours = server->version, theirs = server->server_svn;

	if (theirs.major != 0 && esim_version_compare(theirs, ours) < 0)
		return theirs;
	return esim_version_compare(ours, older_version) > 0 ? older_version : oldest_version;
}

static bool wants_lower_version(int r, const struct call *call, const struct es9p_status *status)
{
	const struct es9p_status_info *info;

	if (r != ESIM_ESERVER)
		return false;
	info = es9p_status_lookup(es9p_function_name(call->request->function),
				  status->subject_code, status->reason_code);
	return info && info->remedy == ES9P_LOWER_VERSION &&
	       esim_version_compare(call->server->version, oldest_version) > 0;
}

static int attempt(const struct call *call, struct esim_slice body, bool may_repeat,
		   struct es9p_answer *ret)
{
	struct esim_http_response response = { 0 };
	bool repeat;
	int r;

	r = post(call, body, &response);
	if (r) {
		name_function(call);
		return r;
	}
	note_server_svn(call->server, response.admin_protocol);
	r = judge(call, &response, ret);
	if (r && call->err)
		call->err->retry_after = response.retry_after;
	repeat = may_repeat && wants_lower_version(r, call, &ret->status);
	if (repeat)
		call->server->version = lower_version(call->server);
	esim_http_response_clear(&response);
	if (repeat) {
		es9p_answer_clear(ret);
		return attempt(call, body, false, ret);
	}
	if (r)
		name_function(call);
	return r;
}

/*
 * One call, shared by ES9+ and ES11 (@interface names it in errors): encode,
 * post, decode, and once more with a lower version where the server refuses ours.
 * @ret is to be cleared by the caller, whatever comes back.
 */
static int call_server(struct es9p_server *server, const char *interface,
		       const struct es9p_request *request, struct es9p_answer *ret,
		       struct esim_error *err)
{
	struct esim_buf body = ESIM_BUF_INIT_MAX(2 * ESIM_MAX_TLV_OBJECT);
	char name[sizeof((struct esim_error){ 0 }.function)];
	struct call call = {
		.server = server,
		.codec = server->codec ? server->codec : es9p_json(),
		.request = request,
		.name = name,
		.err = err,
	};
	int r;

	write_name(interface, request->function, name);
	if (server->version.major == 0)
		server->version = newest_version;
	r = call.codec->encode(request, &body, err);
	if (r == 0)
		r = attempt(&call, esim_buf_slice(&body), true, ret);
	else
		name_function(&call);
	esim_buf_free(&body);
	return r;
}

/* --- transactions -------------------------------------------------------------------------- */

/* The server must stay in the transaction; hex digits may change their case. */
static int check_transaction_id(const char *interface, enum es9p_function function,
				const char *sent, const char *received, struct esim_error *err)
{
	char name[sizeof(err->function)];

	if (strcasecmp(sent, received) == 0)
		return 0;
	write_name(interface, function, name);
	esim_error_verify(err, "transactionId", "%s: the server answers for another transaction",
			  name);
	if (err)
		strcpy(err->function, name);
	return ESIM_EVERIFY;
}

/* --- the functions ------------------------------------------------------------------------- */

int es9p_initiate_authentication_on(struct es9p_server *server, const char *interface,
				    const uint8_t challenge[static ESIM_CHALLENGE_SIZE],
				    struct esim_slice euicc_info1,
				    struct es9p_initiate_authentication_response *ret,
				    struct esim_error *err)
{
	struct es9p_answer answer = { 0 };
	struct address address;
	struct es9p_request request = {
		.function = ES9P_INITIATE_AUTHENTICATION,
		.smdp_address = address.host,	/* an FQDN: a port is no part of it */
		.euicc_challenge = esim_slice(challenge, ESIM_CHALLENGE_SIZE),
		.euicc_info1 = euicc_info1,
	};
	int r;

	r = address_parse(server->address, &address, err);
	if (r == 0)
		r = call_server(server, interface, &request, &answer, err);
	if (r == 0) {
		*ret = answer.initiate_authentication;
		answer.initiate_authentication = (struct es9p_initiate_authentication_response){ 0 };
	}
	es9p_answer_clear(&answer);
	return r;
}

int es9p_authenticate_client_on(struct es9p_server *server, const char *interface,
				const char *transaction_id_text,
				struct esim_slice authenticate_server_response,
				struct es9p_authenticate_client_response *ret,
				struct esim_error *err)
{
	struct es9p_answer answer = { 0 };
	struct es9p_request request = {
		.function = ES9P_AUTHENTICATE_CLIENT,
		.transaction_id_text = transaction_id_text,
		.object = authenticate_server_response,
	};
	int r;

	r = call_server(server, interface, &request, &answer, err);
	if (r == 0)
		r = check_transaction_id(interface, request.function, transaction_id_text,
					 answer.authenticate_client.transaction_id_text, err);
	if (r == 0) {
		*ret = answer.authenticate_client;
		answer.authenticate_client = (struct es9p_authenticate_client_response){ 0 };
	}
	es9p_answer_clear(&answer);
	return r;
}

int es9p_initiate_authentication(struct es9p_server *server,
				 const uint8_t challenge[static ESIM_CHALLENGE_SIZE],
				 struct esim_slice euicc_info1,
				 struct es9p_initiate_authentication_response *ret,
				 struct esim_error *err)
{
	return es9p_initiate_authentication_on(server, "ES9+", challenge, euicc_info1, ret, err);
}

int es9p_authenticate_client(struct es9p_server *server, const char *transaction_id_text,
			     struct esim_slice authenticate_server_response,
			     struct es9p_authenticate_client_response *ret, struct esim_error *err)
{
	return es9p_authenticate_client_on(server, "ES9+", transaction_id_text,
					   authenticate_server_response, ret, err);
}

int es9p_get_bound_profile_package(struct es9p_server *server, const char *transaction_id_text,
				   struct esim_slice prepare_download_response,
				   struct esim_buf *bound_profile_package, struct esim_error *err)
{
	struct es9p_answer answer = { 0 };
	struct es9p_request request = {
		.function = ES9P_GET_BOUND_PROFILE_PACKAGE,
		.transaction_id_text = transaction_id_text,
		.object = prepare_download_response,
	};
	int r;

	r = call_server(server, "ES9+", &request, &answer, err);
	if (r == 0)
		r = check_transaction_id("ES9+", request.function, transaction_id_text,
					 answer.transaction_id_text, err);
	if (r == 0) {
		*bound_profile_package = answer.bound_profile_package;
		answer.bound_profile_package = ESIM_BUF_INIT;
	}
	es9p_answer_clear(&answer);
	return r;
}

int es9p_cancel_session(struct es9p_server *server, const char *transaction_id_text,
			struct esim_slice cancel_session_response, struct esim_error *err)
{
	struct es9p_answer answer = { 0 };
	struct es9p_request request = {
		.function = ES9P_CANCEL_SESSION,
		.transaction_id_text = transaction_id_text,
		.object = cancel_session_response,
	};
	int r;

	r = call_server(server, "ES9+", &request, &answer, err);
	es9p_answer_clear(&answer);
	return r;
}

int es9p_handle_notification(struct es9p_server *server, struct esim_slice pending,
			     struct esim_error *err)
{
	struct es9p_answer answer = { 0 };
	struct es9p_request request = {
		.function = ES9P_HANDLE_NOTIFICATION,
		.object = pending,
	};
	int r;

	r = call_server(server, "ES9+", &request, &answer, err);
	es9p_answer_clear(&answer);
	return r;
}
