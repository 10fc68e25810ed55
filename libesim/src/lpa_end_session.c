/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a session that an earlier process left open (SGP.22, 3.0.2). */
#include "lpa_session.h"

#include <string.h>

/* Of ES10b.CancelSession: the eUICC has no session of that transaction. */
#define RESULT_INVALID_TRANSACTION_ID 5

static int parse_transaction_id(const char *text, struct esim_transaction_id *ret, struct esim_error *err)
{
	if (!esim_hex_decode(text, ret->bytes, sizeof(ret->bytes), &ret->len) && ret->len > 0)
		return 0;
	return esim_error_set(err, ESIM_EINVAL, "a transaction id has 1 to %d octets in hexadecimal",
			      ESIM_MAX_TRANSACTION_ID);
}

/* A reason that every version of SGP.22 has, so that each card knows it. */
static enum es10b_cancel_reason reason_to_tell(enum lpa_answer answer)
{
	int reason = lpa_reason_of_answer(answer);

	return reason == LPA_NO_REASON ? ES10B_CANCEL_POSTPONED : (enum es10b_cancel_reason)reason;
}

/* *@signed_word: the eUICC's answer for the server; empty where the eUICC has no such session. */
static int end_on_card(struct lpa *lpa, const struct esim_transaction_id *id,
		       enum es10b_cancel_reason reason, struct esim_buf *signed_word,
		       struct esim_error *err)
{
	int rc;

	lpa_step(lpa, "ES10b.CancelSession");
	rc = es10b_cancel_session(lpa->options.card, id, reason, signed_word, err);
	lpa_step(lpa, NULL);
	if (rc != ESIM_ERESULT || err->es10_result != RESULT_INVALID_TRANSACTION_ID)
		return rc;
	esim_buf_reset(signed_word);
	esim_error_clear(err);
	return 0;
}

static int end_on_server(struct lpa *lpa, const char *server_address, const char *transaction_id,
			 struct esim_slice signed_word, struct esim_error *err)
{
	struct es9p_server server;
	int rc = lpa_need_servers(lpa, err);

	if (!rc)
		rc = lpa_server_init(lpa, server_address, &server, err);
	if (rc)
		return rc;
	lpa_step(lpa, "ES9+.CancelSession");
	rc = es9p_cancel_session(&server, transaction_id, signed_word, err);
	lpa_step(lpa, NULL);
	return rc;
}

int lpa_end_session(struct lpa *lpa, const char *server_address, const char *transaction_id,
		    bool is_smds, enum lpa_answer reason, bool *ret_card, bool *ret_server,
		    struct esim_error *err)
{
	struct esim_buf signed_word = ESIM_BUF_INIT;
	struct esim_transaction_id id;
	struct esim_error local;
	int rc;

	if (!err)
		err = &local;
	*ret_card = *ret_server = false;
	rc = parse_transaction_id(transaction_id, &id, err);
	if (!rc)
		rc = end_on_card(lpa, &id, reason_to_tell(reason), &signed_word, err);
	*ret_card = !rc;
	/* An SM-DS has no function to end a session with. */
	if (!rc && signed_word.len > 0 && !is_smds) {
		rc = end_on_server(lpa, server_address, transaction_id, esim_buf_slice(&signed_word),
				   err);
		*ret_server = !rc;
	}
	esim_buf_free(&signed_word);
	return rc;
}
