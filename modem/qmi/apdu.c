/* SPDX-License-Identifier: GPL-2.0-or-later */
/* APDUs on channels of ours, and on the basic channel, which everyone shares. */
#include "answers.h"

#include "libesim/src/deadline.h"
#include "modem/common/apdu_policy.h"

static int take_pieces(struct qmi *qmi, uint32_t token, size_t total, uint64_t deadline, struct esim_buf *response,
		       struct esim_error *err)
{
	struct qmi_pieces *pieces = &qmi->pieces;
	int r = 0;

	while (!r) {
		if (qmi->call.removed)
			return glib_call_gone(&qmi->call, "APDU", ESIM_OUTCOME_UNKNOWN, err);
		if (pieces->complete && pieces->token == token)
			break;
		if (deadline_left_ms(deadline) == 0) {
			esim_error_set(err, ESIM_ETIMEDOUT, "APDU: of an answer of %zu bytes %zu have come", total,
				       pieces->token == token ? pieces->bytes.len : 0);
			return esim_error_outcome(err, ESIM_ETIMEDOUT, ESIM_OUTCOME_UNKNOWN);
		}
		pieces->complete = FALSE;
		r = glib_call_wait(&qmi->call, &pieces->complete, (unsigned)deadline_left_ms(deadline), err);
	}
	if (r)
		return esim_error_outcome(err, r, ESIM_OUTCOME_UNKNOWN);
	if (pieces->bytes.len != total)
		return qmi_malformed(err, "APDU");
	esim_buf_append(response, pieces->bytes.data, pieces->bytes.len);
	r = esim_buf_failed(response);
	return r ? esim_error_set(err, r, "APDU: the modem answers %zu bytes, which is more than a card may", total) : 0;
}

int qmi_apdu(struct qmi *qmi, unsigned channel, struct esim_slice command, struct esim_buf *response,
	     unsigned timeout_ms, struct esim_error *err)
{
	QmiMessage *request = qmi_uim_request(qmi, QMI_UIM_SEND_APDU), *answer = NULL;
	const uint64_t deadline = deadline_in(timeout_ms);
	bool is_long = false;
	uint32_t token = 0;
	size_t total = 0;
	int r;

	esim_buf_reset(&qmi->pieces.bytes);
	qmi->pieces.complete = FALSE;
	qmi_apdu_request(request, qmi->logical, channel, command);
	r = qmi_exchange(qmi, "APDU", request, timeout_ms, &answer, err);
	if (r)
		return r;
	r = qmi_answer_apdu(answer, response, &is_long, &token, &total, err);
	qmi_message_unref(answer);
	if (!r && is_long)
		r = take_pieces(qmi, token, total, deadline, response, err);
	return r;
}

int qmi_transmit(void *priv, struct esim_slice command, struct esim_buf *response, unsigned timeout_ms,
		 struct esim_error *err)
{
	struct qmi *qmi = priv;

	if (command.len > QMI_MAX_APDU)
		return esim_error_set(err, ESIM_ETOOBIG, "a modem's channel takes no extended-length command");
	return qmi_apdu(qmi, 0, command, response, channels_timeout(&qmi->quirks, timeout_ms), err);
}

int qmi_channel_transmit(void *priv, uint32_t handle, struct esim_slice command, struct esim_buf *response,
			 unsigned timeout_ms, struct esim_error *err)
{
	struct qmi *qmi = priv;
	struct modem_channel *channel = channels_find(&qmi->channels, handle, err);
	struct esim_buf apdu = ESIM_BUF_INIT_MAX(QMI_MAX_APDU);
	int r;

	if (!channel)
		return ESIM_ESTALE;
	r = apdu_policy_apply(&qmi->quirks, channel->number, command, &apdu, err);
	if (!r)
		r = qmi_apdu(qmi, channel->number, esim_buf_slice(&apdu), response, channels_timeout(&qmi->quirks, timeout_ms), err);
	esim_buf_free(&apdu);
	if (r != ESIM_ESTALE)
		return r;
	qmi_channel_lost(qmi, channel);
	return esim_error_outcome(err, r, ESIM_OUTCOME_NEVER_SENT);
}
