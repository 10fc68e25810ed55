/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of the modem's: AT+CCHO, AT+CGLA, AT+CCHC (TS 27.007, 8.45, 8.43, 8.46). */
#include "at.h"

#include "modem/common/apdu_policy.h"

#include <esim/hex.h>

#include <stdio.h>

#define MAX_SESSION 999999u

int at_ccho_open(struct at *at, struct esim_slice aid, unsigned *ret_session, unsigned timeout_ms,
		 struct esim_error *err)
{
	char hex[2 * ESIM_MAX_AID + 1], line[sizeof(hex) + 16];
	const struct at_request request = { line, "+CCHO", AT_SHAPE_NUMBER };
	int r;

	if (aid.len > ESIM_MAX_AID)
		return esim_error_set(err, ESIM_EINVAL, "an AID has at most %d bytes", ESIM_MAX_AID);
	esim_hex_encode(aid, hex);
	snprintf(line, sizeof(line), "AT+CCHO=\"%s\"", hex);
	at_expect_late(at, request.name, request.shape);
	r = at_command(at, "AT+CCHO", &request, timeout_ms, err);
	if (r)
		return r;
	if (!at_value_number(at_answer(at), MAX_SESSION, ret_session))
		return 0;
	at->out_of_step = true;
	esim_error_set(err, ESIM_EPROTO, "AT+CCHO: the modem's answer is malformed: \"%.40s\"", at_answer(at));
	return esim_error_outcome(err, ESIM_EPROTO, ESIM_OUTCOME_UNKNOWN);
}

int at_cgla(struct at *at, unsigned session, struct esim_slice command, struct esim_buf *response,
	    unsigned timeout_ms, struct esim_error *err)
{
	struct esim_buf sent = ESIM_BUF_INIT;
	char prefix[24];
	int r = apdu_policy_apply(&at->quirks, session, command, &sent, err);

	snprintf(prefix, sizeof(prefix), "AT+CGLA=%u,", session);
	if (!r)
		r = at_apdu_line(at, prefix, "+CGLA", esim_buf_slice(&sent), response, timeout_ms, err);
	esim_buf_free(&sent);
	return r;
}

int at_cchc(struct at *at, unsigned session, unsigned timeout_ms, struct esim_error *err)
{
	char line[24];
	const struct at_request request = { line, "+CCHC", AT_SHAPE_NONE };

	snprintf(line, sizeof(line), "AT+CCHC=%u", session);
	return at_command(at, "AT+CCHC", &request, timeout_ms, err);
}
