/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spoiling an answer; see response_fault.h. */
#include "smdpp/response_fault.h"

#include <esim/base64.h>

#include <stdlib.h>
#include <string.h>

/* --- instead of an answer ----------------------------------------------------------------------- */

static void answer_status(const char *value, struct http_response *response)
{
	const char *slash = strchr(value, '/');
	char subject[32];
	json_t *root;
	char *text;

	snprintf(subject, sizeof(subject), "%.*s", (int)(slash - value), value);
	root = json_pack("{s:{s:{s:s, s:{s:s, s:s, s:s}}}}", "header", "functionExecutionStatus", "status",
			 "Failed", "statusCodeData", "subjectCode", subject, "reasonCode", slash + 1,
			 "message", "Injected by --fault");
	text = json_dumps(root, JSON_COMPACT);
	if (text)
		esim_buf_append(&response->body, text, strlen(text));
	snprintf(response->content_type, sizeof(response->content_type), "application/json");
	free(text);
	json_decref(root);
}

bool response_fault_instead(struct call *call, struct http_response *response)
{
	const char *value;

	value = fault_value(&call->faults, FAULT_STATUS);
	if (value) {
		answer_status(value, response);
		return true;
	}
	value = fault_value(&call->faults, FAULT_HTTP);
	if (value) {
		response->status = atoi(value);
		return true;
	}
	value = fault_value(&call->faults, FAULT_RETRY_AFTER);
	if (value) {
		response->status = 503;
		snprintf(response->retry_after, sizeof(response->retry_after), "%s", value);
		return true;
	}
	if (fault_value(&call->faults, FAULT_REDIRECT)) {
		response->status = 302;
		snprintf(response->location, sizeof(response->location), "https://other.example.com/gsma/rsp2/es9plus/%s",
			 fault_function_name(call->function));
		return true;
	}
	response->stall = fault_value(&call->faults, FAULT_STALL) != NULL;
	response->close_now = fault_value(&call->faults, FAULT_CLOSE) != NULL;
	return response->stall || response->close_now;
}

/* --- members -------------------------------------------------------------------------------------- */

/* The last byte of a base64 member, or the last digit of the transaction id. */
static void spoil_member(struct call *call, const char *name)
{
	const char *text = json_string_value(json_object_get(call->response, name));
	struct esim_buf bytes = ESIM_BUF_INIT;
	char *spoiled = NULL;

	if (!text || !*text)
		return;
	if (strcmp(name, "transactionId") == 0) {
		spoiled = strdup(text);
		if (spoiled)
			spoiled[strlen(spoiled) - 1] = text[strlen(text) - 1] == '0' ? '1' : '0';
		if (spoiled)
			json_object_set_new(call->response, name, json_string(spoiled));
	} else if (esim_base64_decode(text, strlen(text), &bytes) == 0 && bytes.len) {
		bytes.data[bytes.len - 1] ^= 1;
		call_put(call, name, esim_buf_slice(&bytes));
	}
	free(spoiled);
	esim_buf_free(&bytes);
}

void response_fault_members(struct call *call)
{
	for (size_t i = 0; i < call->faults.count; i++) {
		const struct fault *fault = call->faults.list[i];

		if (fault->action == FAULT_TAMPER)
			spoil_member(call, fault->value);
		else if (fault->action == FAULT_DROP_FIELD)
			json_object_del(call->response, fault->value);
		else if (fault->action == FAULT_FIELD_TYPE)
			json_object_set_new(call->response, fault->value, json_integer(42));
	}
}

/* --- the transfer ------------------------------------------------------------------------------------ */

/* Blanks before the closing brace: still JSON, only too much of it. */
static void grow(struct esim_buf *body, size_t size)
{
	size_t more = body->len < size ? size - body->len : 0;
	uint8_t *blanks;

	if (!more || !body->len)
		return;
	blanks = esim_buf_extend(body, more);
	if (!blanks)
		return;
	memset(blanks - 1, ' ', more);
	body->data[body->len - 1] = '}';
}

void response_fault_transfer(struct call *call, struct http_response *response)
{
	const char *value = fault_value(&call->faults, FAULT_OVERSIZE);

	if (value)
		grow(&response->body, strtoul(value, NULL, 10));
	value = fault_value(&call->faults, FAULT_TRUNCATE);
	if (value) {
		response->truncate = true;
		response->send_limit = strtoul(value, NULL, 10);
	}
	value = fault_value(&call->faults, FAULT_TYPE);
	if (value)
		snprintf(response->content_type, sizeof(response->content_type), "%s", value);
}
