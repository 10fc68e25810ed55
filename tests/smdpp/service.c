/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dispatch and envelope; see service.h. */
#include "smdpp/service.h"

#include "smdpp/functions.h"
#include "smdpp/response_fault.h"

#include <string.h>

#define PATH_PREFIX "/gsma/rsp2/es9plus/"
#define PROTOCOL_PREFIX "gsma/rsp/v"
#define CONTENT_TYPE "application/json"

static const call_handler handlers[FAULT_FUNCTIONS] = {
	[FAULT_INITIATE_AUTHENTICATION] = es9p_initiate_authentication_serve,
	[FAULT_AUTHENTICATE_CLIENT] = es9p_authenticate_client_serve,
	[FAULT_GET_BOUND_PROFILE_PACKAGE] = es9p_get_bound_profile_package_serve,
	[FAULT_CANCEL_SESSION] = es9p_cancel_session_serve,
	[FAULT_HANDLE_NOTIFICATION] = es9p_handle_notification_serve,
};

/* --- the request ----------------------------------------------------------------------------- */

/* FAULT_FUNCTIONS: a path of ES9+, but no function of it; -1: another path. */
static int function_of(const char *path)
{
	size_t prefix = strlen(PATH_PREFIX);

	if (strncmp(path, PATH_PREFIX, prefix) != 0)
		return -1;
	for (int i = 0; i < FAULT_FUNCTIONS; i++)
		if (strcmp(path + prefix, fault_function_name((enum fault_function)i)) == 0)
			return i;
	return FAULT_FUNCTIONS;
}

/* "gsma/rsp/v2.x.y", and any v3, which has to be understood by a v2 server. */
static bool protocol_accepted(const char *value)
{
	size_t prefix = strlen(PROTOCOL_PREFIX);

	return strncmp(value, PROTOCOL_PREFIX, prefix) == 0 &&
	       (value[prefix] == '2' || value[prefix] == '3') && value[prefix + 1] == '.';
}

static int check_headers(struct call *call, const struct http_request *request)
{
	if (strcasecmp(request->content_type, CONTENT_TYPE) != 0)
		return call_failed(call, "1.2.1", "2.1", "Content type not accepted");
	if (!protocol_accepted(request->admin_protocol))
		return call_failed(call, "1.2.2", "2.1", "X-Admin-Protocol version not accepted");
	return 0;
}

static int parse_body(struct call *call, const struct http_request *request)
{
	call->request = request->body.len ? json_loadb((const char *)request->body.data, request->body.len,
						       JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (!json_is_object(call->request))
		return call_failed(call, "1.6", "2.1", "The body is no JSON object");
	return 0;
}

/* --- the answer -------------------------------------------------------------------------------- */

static void set_header(struct call *call)
{
	json_t *status = json_pack("{s:s}", "status", call->failed ? "Failed" : "Executed-Success");

	if (call->failed)
		json_object_set_new(status, "statusCodeData",
				    json_pack("{s:s, s:s, s:s}", "subjectCode", call->subject,
					      "reasonCode", call->reason, "message", call->message));
	json_object_set_new(call->response, "header", json_pack("{s:o}", "functionExecutionStatus", status));
}

static void write_body(struct call *call, struct http_response *response)
{
	char *text = json_dumps(call->response, JSON_COMPACT);

	if (!text) {
		response->status = 500;
		return;
	}
	esim_buf_append(&response->body, text, strlen(text));
	snprintf(response->content_type, sizeof(response->content_type), CONTENT_TYPE);
	free(text);
}

static void run(struct call *call, const struct http_request *request, struct http_response *response)
{
	int r = check_headers(call, request);

	if (!r)
		r = parse_body(call, request);
	if (!r && call->function == FAULT_FUNCTIONS)
		r = call_failed(call, "1.6", "2.1", "Unknown function");
	if (!r)
		r = handlers[call->function](call);
	if (r && !call->failed) {
		fprintf(stderr, "smdpp: %s: internal error %s\n", fault_function_name(call->function),
			esim_code_name(r));
		response->status = 500;
		response->no_body = false;
		return;
	}
	if (!call->failed && call->function == FAULT_HANDLE_NOTIFICATION) {
		response->status = 204;
		response->no_body = true;
		return;
	}
	if (call->failed)
		json_object_clear(call->response);
	set_header(call);
	response_fault_members(call);
	write_body(call, response);
}

void service_handle(struct smdpp *server, const struct http_request *request,
		    struct http_response *response)
{
	struct call call = { .server = server };
	int function = function_of(request->path);

	snprintf(response->admin_protocol, sizeof(response->admin_protocol), PROTOCOL_PREFIX "%u.%u.%u",
		 server->svn[0], server->svn[1], server->svn[2]);
	if (function < 0 || strcmp(request->method, "POST") != 0) {
		response->status = function < 0 ? 404 : 405;
		return;
	}
	call.function = (enum fault_function)function;
	if (function < FAULT_FUNCTIONS) {
		server->stats.requests[function]++;
		faults_begin(&server->faults, call.function, &call.faults);
	}
	call.response = json_object();
	if (!response_fault_instead(&call, response))
		run(&call, request, response);
	response_fault_transfer(&call, response);
	json_decref(call.request);
	json_decref(call.response);
}
