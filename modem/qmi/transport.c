/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of libesim (esim/transport.h, esim/modem.h). */
#include "qmi.h"

#include "modem/common/apdu_policy.h"

#include <stdio.h>
#include <string.h>

static void describe(void *priv, struct esim_transport_info *ret)
{
	const struct qmi *qmi = priv;

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->scheme, sizeof(ret->scheme), "qmi");
	if (qmi->facts.slot)
		snprintf(ret->name, sizeof(ret->name), "%.100s slot %u", qmi->identity.port, qmi->facts.slot);
	else
		snprintf(ret->name, sizeof(ret->name), "%.127s", qmi->identity.port);
	ret->features = ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_RESET;
	apdu_policy_describe(&qmi->quirks, ret);
	memcpy(ret->atr, qmi->atr, qmi->atr_len);
	ret->atr_len = qmi->atr_len;
}

static void set_cancel(void *priv, const struct esim_cancel *cancel)
{
	struct qmi *qmi = priv;

	qmi->call.cancel = cancel;
}

static void policy(void *priv, struct esim_modem_policy *ret)
{
	const struct qmi *qmi = priv;

	*ret = qmi->quirks.policy;
}

static const struct esim_modem_ops modem_ops = {
	.facts = qmi_facts,
	.policy = policy,
	.iccid = qmi_iccid,
	.step = qmi_step,
	.wait = qmi_wait,
	.reopen = qmi_reopen,
};

const struct esim_transport_ops qmi_transport_ops = {
	.close = qmi_close,
	.describe = describe,
	.transmit = qmi_transmit,
	.channel_open = qmi_channel_open,
	.channel_transmit = qmi_channel_transmit,
	.channel_close = qmi_channel_close,
	.reset = qmi_reset,
	.set_cancel = set_cancel,
	.modem = &modem_ops,
};
