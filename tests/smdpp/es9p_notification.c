/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES9+.HandleNotification (SGP.22, 5.6.4): always 204 for what can be read. */
#include "smdpp/euicc_check.h"
#include "smdpp/functions.h"
#include "smdpp/notifications.h"

#include <string.h>

/* A result carries no certificate: the session remembers the eUICC. */
static const char *verify_result(struct call *call, const struct notification *n)
{
	struct session *session = session_find(&call->server->sessions, n->transaction_id);

	if (!session || !session->euicc_certificate.len)
		return "unknown transaction";
	call->session = session;
	if (esim_signature_verify(&session->euicc.key, n->signed_part.whole, n->signature.value))
		return "euiccSignPIR is invalid";
	return NULL;
}

static const char *verify_other(struct call *call, const struct notification *n,
				char eid[static ESIM_EID_DIGITS + 1])
{
	struct euicc_verdict verdict;
	struct esim_cert euicc;

	verdict = euicc_check_chain(call->server, n->euicc_certificate, n->eum_certificate,
				    esim_slice(NULL, 0), &euicc);
	if (verdict.subject)
		return verdict.text;
	memcpy(eid, euicc.subject_serial, ESIM_EID_DIGITS + 1);
	if (esim_signature_verify(&euicc.key, n->signed_part.whole, n->signature.value))
		return "euiccNotificationSignature is invalid";
	return NULL;
}

/* The order moves on what a genuine eUICC reports, and on nothing else. */
static void settle(struct session *session, const struct notification *n)
{
	if (session->state == SESSION_BOUND && session->order) {
		session->order->is_bound = false;
		session->order->installed |= n->success;
	}
	session->state = SESSION_OVER;
}

int es9p_handle_notification_serve(struct call *call)
{
	struct esim_buf bytes = ESIM_BUF_INIT;
	struct notification n;
	struct esim_error err;
	char eid[ESIM_EID_DIGITS + 1] = "";
	const char *problem;
	int r;

	r = call_bytes(call, "pendingNotification", &bytes);
	if (!r && notification_parse(esim_buf_slice(&bytes), &n, &err))
		r = call_failed(call, "1.6", "2.1", "%.120s", err.message);
	if (!r) {
		problem = n.is_result ? verify_result(call, &n) : verify_other(call, &n, eid);
		if (n.is_result && !problem) {
			esim_eid_format(&call->session->eid, eid);
			settle(call->session, &n);
		}
		notification_log(call->server, &n, eid, problem);
	}
	esim_buf_free(&bytes);
	return r;
}
