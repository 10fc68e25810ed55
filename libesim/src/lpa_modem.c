/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the procedures do where the card is behind a modem: after a switch the modem is brought to take notice
 * (esim/modem.h), and servers are told what it says of the device.
 */
#include "lpa_internal.h"

#include <string.h>

#define RETURN_TIMEOUT_MS 60000	/* a modem that starts anew */

static struct esim_transport *transport_of(const struct lpa *lpa)
{
	return lpa->options.card ? esim_card_transport(lpa->options.card) : NULL;
}

bool lpa_behind_modem(const struct lpa *lpa)
{
	const struct esim_transport *transport = transport_of(lpa);

	return transport && esim_transport_is_modem(transport);
}

const struct esim_modem_settled *lpa_settled(const struct lpa *lpa)
{
	return lpa->has_settled ? &lpa->settled : NULL;
}

/* --- the refresh flag, and the ladder ------------------------------------------------------------- */

bool lpa_refresh_flag(const struct lpa *lpa, bool asked)
{
	struct esim_modem_policy policy;

	if (!lpa_behind_modem(lpa))
		return asked;
	esim_modem_policy(transport_of(lpa), &policy);
	return policy.refresh == ESIM_MODEM_REFRESH_AS_ASKED ? asked : policy.refresh == ESIM_MODEM_REFRESH_ALWAYS;
}

static void at_rung(void *context, enum esim_modem_step step)
{
	lpa_step(context, esim_modem_step_name(step));
}

/* The modem's steps closed every channel. Both are done, and the first failure is what is told. */
static int reach_isdr(struct lpa *lpa, int rc, struct esim_error *err)
{
	struct esim_error cause;
	int failed;

	lpa_step(lpa, "SELECT ISD-R");
	failed = esim_card_reselect(lpa->options.card, &cause);
	lpa_step(lpa, NULL);
	if (!rc && failed)
		*err = cause;
	return rc ? rc : failed;
}

int lpa_settle_modem(struct lpa *lpa, const struct esim_iccid *expected, bool refresh, struct esim_error *err)
{
	const struct esim_modem_settle how = {
		.expected = expected, .refresh = refresh, .rung = at_rung, .context = lpa,
	};
	int rc;

	lpa_step(lpa, "modem");
	rc = esim_modem_settle(transport_of(lpa), &how, &lpa->settled, err);
	lpa->has_settled = true;
	lpa_step(lpa, NULL);
	if (rc == ESIM_ECANCELED || rc == ESIM_ENODEV)
		return rc;
	return reach_isdr(lpa, rc, err);
}

int lpa_return_to_card(struct lpa *lpa)
{
	struct esim_error ignored;
	int rc;

	lpa_step(lpa, "modem");
	rc = esim_card_reselect(lpa->options.card, &ignored);
	if (rc == ESIM_ENODEV && !esim_modem_reopen(transport_of(lpa), RETURN_TIMEOUT_MS, &ignored))
		rc = esim_card_reselect(lpa->options.card, &ignored);
	lpa_step(lpa, NULL);
	return rc;
}

/* --- what servers are told -------------------------------------------------------------------------- */

static void ask_modem(struct lpa *lpa)
{
	struct esim_modem_facts facts;
	struct esim_error cause;
	int rc;

	lpa->asked_modem = true;
	lpa->device = *lpa->options.device;
	rc = esim_modem_facts(transport_of(lpa), &facts, &cause);
	if (!rc)
		rc = esim_modem_device_info(&facts, &lpa->device, &cause);
	if (lpa->options.device->has_imei) {
		/* The user's word counts; the rest is the modem's. */
		lpa->device.has_imei = true;
		memcpy(lpa->device.imei, lpa->options.device->imei, sizeof(lpa->device.imei));
		memcpy(lpa->device.tac, lpa->options.device->tac, sizeof(lpa->device.tac));
	} else if (rc) {
		lpa_note(lpa, "the server is told no IMEI: %s", cause.message);
	}
}

const struct es10b_device_info *lpa_device(struct lpa *lpa)
{
	if (!lpa_behind_modem(lpa))
		return lpa->options.device;
	if (!lpa->asked_modem)
		ask_modem(lpa);
	return &lpa->device;
}
