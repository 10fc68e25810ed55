/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a request and an answer; see call.h. */
#include "smdpp/call.h"

#include "smdpp/http.h"

#include <esim/base64.h>

#include <stdarg.h>
#include <string.h>

int call_failed(struct call *call, const char *subject, const char *reason, const char *fmt, ...)
{
	va_list args;

	call->failed = true;
	snprintf(call->subject, sizeof(call->subject), "%s", subject);
	snprintf(call->reason, sizeof(call->reason), "%s", reason);
	va_start(args, fmt);
	vsnprintf(call->message, sizeof(call->message), fmt, args);
	va_end(args);
	return ESIM_ESERVER;
}

const char *call_text(struct call *call, const char *name)
{
	const char *text = json_string_value(json_object_get(call->request, name));

	if (!text)
		call_failed(call, "1.6", "2.1", "%s is missing or no text", name);
	return text;
}

int call_bytes(struct call *call, const char *name, struct esim_buf *out)
{
	const char *text = call_text(call, name);

	if (!text)
		return ESIM_ESERVER;
	if (!*text || esim_base64_decode(text, strlen(text), out))
		return call_failed(call, "1.6", "2.1", "%s is not base64", name);
	return 0;
}

int call_tlv(struct call *call, const char *name, uint32_t tag, struct esim_buf *out,
	     struct esim_tlv *ret)
{
	struct esim_error err;

	if (call_bytes(call, name, out))
		return ESIM_ESERVER;
	if (esim_tlv_check(esim_buf_slice(out), name, ret, &err))
		return call_failed(call, "1.6", "2.1", "%.120s", err.message);
	if (ret->tag != tag)
		return call_failed(call, "1.6", "2.1", "%s has tag %X, expected %X", name, ret->tag, tag);
	return 0;
}

int call_session(struct call *call, enum session_state first, enum session_state last)
{
	const char *text = call_text(call, "transactionId");
	uint8_t id[SESSION_ID_SIZE];
	size_t len;

	if (!text)
		return ESIM_ESERVER;
	call->session = NULL;
	if (esim_hex_decode(text, id, sizeof(id), &len) == 0)
		call->session = session_find(&call->server->sessions, esim_slice(id, len));
	if (!call->session || call->session->state < first || call->session->state > last)
		return call_failed(call, "8.10.1", "3.9", "The RSP session is not known");
	return 0;
}

int call_put(struct call *call, const char *name, struct esim_slice bytes)
{
	struct esim_buf text = ESIM_BUF_INIT_MAX(HTTP_MAX_ANSWER);
	int r;

	esim_base64_encode(bytes, &text);
	r = esim_buf_failed(&text);
	if (r == 0 && json_object_set_new(call->response, name,
					  json_stringn(text.len ? (const char *)text.data : "", text.len)))
		r = ESIM_ENOMEM;
	esim_buf_free(&text);
	return r;
}

int call_put_transaction_id(struct call *call)
{
	char text[2 * SESSION_ID_SIZE + 1];

	esim_hex_encode(esim_slice(call->session->id, SESSION_ID_SIZE), text);
	return json_object_set_new(call->response, "transactionId", json_string(text)) ? ESIM_ENOMEM : 0;
}

bool call_tampers(const struct call *call, const char *what)
{
	return fault_tampers(&call->faults, what);
}
