/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A channel whose number was never heard (modem/common/lost.h), over QMI. */
#include "answers.h"

#include "modem/common/apdu_policy.h"
#include "modem/common/lost.h"

static int transmit(void *context, unsigned number, struct esim_slice command, struct esim_buf *response,
		    unsigned timeout_ms)
{
	struct esim_buf apdu = ESIM_BUF_INIT_MAX(QMI_MAX_APDU);
	struct qmi *qmi = context;
	int r = apdu_policy_apply(&qmi->quirks, number, command, &apdu, NULL);

	esim_buf_reset(response);
	if (!r)
		r = qmi_apdu(qmi, number, esim_buf_slice(&apdu), response, timeout_ms, NULL);
	esim_buf_free(&apdu);
	return r;
}

static bool refuses(void *context, int code)
{
	(void)context;
	return glib_call_can_do_without(code);
}

void qmi_lost_resolve(struct qmi *qmi, unsigned timeout_ms)
{
	const struct lost_way way = { .context = qmi, .transmit = transmit, .refuses = refuses };
	const unsigned last = qmi->quirks.max_channels ? qmi->quirks.max_channels : ESIM_MAX_CHANNEL;
	const struct esim_cancel *cancel = qmi->call.cancel;
	unsigned number;
	int r;

	qmi->call.cancel = NULL;
	r = lost_find(&way, &qmi->channels, last, timeout_ms, &number);
	if (!r && number)
		r = qmi_close_quietly(qmi, number, QMI_CLOSE_TIMEOUT_MS);
	qmi->call.cancel = cancel;
	/* Looked at each, and the one that there was is closed; or it never came to be. */
	if (!r)
		journal_closed(qmi->journal, JOURNAL_PENDING);
}
