/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of libesim (esim/transport.h, esim/modem.h). */
#include "mbim.h"

#include "modem/common/apdu_policy.h"

#include <stdio.h>
#include <string.h>

static void describe(void *priv, struct esim_transport_info *ret)
{
	const struct mbim *mbim = priv;

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->scheme, sizeof(ret->scheme), "mbim");
	if (mbim->facts.slot)
		snprintf(ret->name, sizeof(ret->name), "%.100s slot %u", mbim->identity.port, mbim->facts.slot);
	else
		snprintf(ret->name, sizeof(ret->name), "%.127s", mbim->identity.port);
	ret->features = ESIM_TRANSPORT_OWNED;
	if (mbim->services & MBIM_HAS_RESET)
		ret->features |= ESIM_TRANSPORT_RESET;
	apdu_policy_describe(&mbim->quirks, ret);
	memcpy(ret->atr, mbim->atr, mbim->atr_len);
	ret->atr_len = mbim->atr_len;
}

static void set_cancel(void *priv, const struct esim_cancel *cancel)
{
	struct mbim *mbim = priv;

	mbim->call.cancel = cancel;
}

static void policy(void *priv, struct esim_modem_policy *ret)
{
	const struct mbim *mbim = priv;

	*ret = mbim->quirks.policy;
}

static const struct esim_modem_ops modem_ops = {
	.facts = mbim_facts,
	.policy = policy,
	.iccid = mbim_iccid,
	.step = mbim_step,
	.wait = mbim_wait,
	.reopen = mbim_reopen,
};

const struct esim_transport_ops mbim_transport_ops = {
	.close = mbim_close,
	.describe = describe,
	.channel_open = mbim_channel_open,
	.channel_transmit = mbim_channel_transmit,
	.channel_close = mbim_channel_close,
	.reset = mbim_reset,
	.set_cancel = set_cancel,
	.modem = &modem_ops,
};
