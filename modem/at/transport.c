/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables by which libesim uses a modem's AT port. */
#include "at.h"

#include "modem/common/apdu_policy.h"

#include <stdio.h>

static void at_describe(void *priv, struct esim_transport_info *ret)
{
	const struct at *at = priv;
	const struct esim_modem_facts *facts = &at->facts;

	*ret = (struct esim_transport_info){ .scheme = "at", .features = ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_RESET };
	/* Known to be missing once it was tried. */
	if (at->csim != AT_CANNOT)
		ret->features |= ESIM_TRANSPORT_RAW;
	if (facts->model[0])
		snprintf(ret->name, sizeof(ret->name), "%.32s%s%.48s (%.40s)", facts->manufacturer,
			 facts->manufacturer[0] ? " " : "", facts->model, at->identity.port);
	else
		snprintf(ret->name, sizeof(ret->name), "%.127s", at->identity.port);
	apdu_policy_describe(&at->quirks, ret);
}

/* The basic channel, and what else the class byte says: by AT+CSIM alone. */
static int at_transmit(void *priv, struct esim_slice command, struct esim_buf *response, unsigned timeout_ms,
		       struct esim_error *err)
{
	struct at *at = priv;
	struct quirks quirks = at->quirks;
	struct esim_buf sent = ESIM_BUF_INIT;
	int r;

	quirks.cla = QUIRK_CLASS_PLAIN;
	r = apdu_policy_apply(&quirks, 0, command, &sent, err);
	if (!r)
		r = at_csim(at, esim_buf_slice(&sent), response, channels_timeout(&at->quirks, timeout_ms), err);
	if (!r)
		at->csim = AT_CAN;
	esim_buf_free(&sent);
	if (r == ESIM_ENOTSUP)
		esim_error_advise(err, "This modem's AT port does not give the basic channel; leave ?channel=basic away.");
	return r;
}

static void at_set_cancel(void *priv, const struct esim_cancel *cancel)
{
	struct at *at = priv;

	at->cancel = cancel;
}

static void at_policy(void *priv, struct esim_modem_policy *ret)
{
	const struct at *at = priv;

	*ret = at->quirks.policy;
}

static const struct esim_modem_ops at_modem_ops = {
	.facts = at_facts,
	.policy = at_policy,
	.iccid = at_iccid,
	.step = at_step,
	.wait = at_wait,
	.reopen = at_reopen,
};

const struct esim_transport_ops at_transport_ops = {
	.close = at_close,
	.describe = at_describe,
	.transmit = at_transmit,
	.channel_open = at_channel_open,
	.channel_transmit = at_channel_transmit,
	.channel_close = at_channel_close,
	.reset = at_reset,
	.set_cancel = at_set_cancel,
	.modem = &at_modem_ops,
};
