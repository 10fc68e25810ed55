/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card as a transport of libesim, in the same process. */
#include "veuicc/veuicc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct link {
	struct veuicc *card;
	const struct esim_cancel *cancel;
	uint8_t atr[ESIM_MAX_ATR];
	size_t atr_len;
};

static void link_close(void *priv)
{
	struct link *link = priv;

	veuicc_power_off(link->card);
	free(link);
}

static void link_describe(void *priv, struct esim_transport_info *ret)
{
	const struct link *link = priv;

	*ret = (struct esim_transport_info){
		.scheme = "veuicc",
		.name = "virtual eUICC in this process",
		.features = ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_RESET | ESIM_TRANSPORT_EXTENDED |
			    ESIM_TRANSPORT_CASE4,
		.atr_len = link->atr_len,
	};
	memcpy(ret->atr, link->atr, link->atr_len);
}

static int link_transmit(void *priv, struct esim_slice command, struct esim_buf *response,
			 unsigned timeout_ms, struct esim_error *err)
{
	struct link *link = priv;
	int r;

	if (esim_cancel_triggered(link->cancel))
		return esim_error_set(err, ESIM_ECANCELED, "cancelled");
	r = veuicc_transmit(link->card, command, response);
	if (r == ESIM_ETIMEDOUT)
		return esim_error_set(err, r, "the card has not answered within %u ms", timeout_ms);
	if (r == ESIM_ENODEV)
		return esim_error_set(err, r, "the card has no power");
	return r ? esim_error_set(err, r, "the answer does not fit") : 0;
}

static int power_on(struct link *link, struct esim_error *err)
{
	struct esim_slice atr;
	int r = veuicc_power_on(link->card, &atr);

	if (r)
		return esim_error_set(err, r, "the card does not start");
	memcpy(link->atr, atr.data, atr.len);
	link->atr_len = atr.len;
	return 0;
}

static int link_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	(void)kind;
	return power_on(priv, err);
}

static void link_set_cancel(void *priv, const struct esim_cancel *cancel)
{
	struct link *link = priv;

	link->cancel = cancel;
}

static const struct esim_transport_ops link_ops = {
	.close = link_close,
	.describe = link_describe,
	.transmit = link_transmit,
	.reset = link_reset,
	.set_cancel = link_set_cancel,
};

int veuicc_transport(struct veuicc *card, struct esim_transport **ret, struct esim_error *err)
{
	struct link *link = calloc(1, sizeof(*link));
	int r;

	if (!link)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a transport");
	link->card = card;
	r = power_on(link, err);
	if (r) {
		free(link);
		return r;
	}
	r = esim_transport_new(&link_ops, link, ret);
	return r ? esim_error_set(err, r, "no memory for a transport") : 0;
}
