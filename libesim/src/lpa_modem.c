/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the procedures do where the card is behind a modem: after a switch the modem is brought to take notice
 * (esim/modem.h), and servers are told what it says of the device.
 */
#include "lpa_internal.h"

#include <string.h>

#define RETURN_TIMEOUT_MS 60000	/* a modem that starts anew */
#define ASK_TIMEOUT_MS	2000	/* what it reports before a switch */

/* How often the ISD-R is selected again, and how long the first wait is; each next one is twice as long. */
#define RETRIES		4
#define FIRST_WAIT_MS	250

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
	if (policy.refresh == ESIM_MODEM_REFRESH_AS_ASKED)
		return asked;
	return policy.refresh == ESIM_MODEM_REFRESH_ALWAYS &&
	       (policy.steps == 0 || (policy.steps & 1u << ESIM_MODEM_REFRESH));
}

static void at_rung(void *context, enum esim_modem_step step)
{
	lpa_step(context, esim_modem_step_name(step));
}

bool lpa_modem_reports(struct lpa *lpa, struct esim_iccid *ret)
{
	return lpa_behind_modem(lpa) && !esim_modem_iccid(transport_of(lpa), ret, ASK_TIMEOUT_MS, NULL);
}

/* One more try, after what the last one said; 0: there is something to try. */
static int prepare_retry(struct lpa *lpa, int rc, int attempt, struct esim_error *err)
{
	switch (rc) {
	case ESIM_ENODEV:
		rc = esim_modem_reopen(transport_of(lpa), RETURN_TIMEOUT_MS, err);
		lpa->came_back = lpa->came_back || !rc;
		return rc;
	case ESIM_EBUSY:		/* not ready with its card yet */
	case ESIM_EIO:
		return lpa_pause(lpa, FIRST_WAIT_MS << attempt, err);
	case ESIM_ETIMEDOUT:		/* waited for long enough */
		return attempt == 0 ? 0 : rc;
	default:
		return rc;
	}
}

/* The card may want a reset before all else: what was enabled can hide the ISD-R until then. */
static bool may_need_reset(int rc)
{
	return rc && rc != ESIM_ECANCELED && rc != ESIM_ENODEV && rc != ESIM_ENOMEM;
}

int lpa_return_to_card(struct lpa *lpa, struct esim_error *err)
{
	struct esim_card *card = lpa->options.card;
	struct esim_error ignored;
	int rc;

	lpa_step(lpa, "SELECT ISD-R");
	for (int attempt = 0;; attempt++) {
		int failed;

		rc = esim_card_reselect(card, err);
		if (!rc || attempt == RETRIES)
			break;
		failed = prepare_retry(lpa, rc, attempt, err);
		if (failed) {
			rc = failed;
			break;
		}
	}
	if (may_need_reset(rc) && !esim_card_reset(card, &ignored))
		rc = 0;
	lpa_step(lpa, NULL);
	return rc;
}

int lpa_settle_modem(struct lpa *lpa, const struct esim_modem_settle *how, struct esim_error *err)
{
	struct esim_modem_settle climb = *how;
	struct esim_error cause;
	int rc, failed;

	climb.rung = at_rung;
	climb.context = lpa;
	lpa_step(lpa, "modem");
	rc = esim_modem_settle(transport_of(lpa), &climb, &lpa->settled, err);
	lpa->has_settled = true;
	lpa_step(lpa, NULL);
	if (rc == ESIM_ECANCELED || rc == ESIM_ENODEV)
		return rc;
	if (!rc && !lpa->settled.reported)
		lpa_note(lpa, "the modem does not tell which profile it sees: restart it if the network does not come");
	/* Both are done, and the first failure is what is told. */
	failed = lpa_return_to_card(lpa, &cause);
	/* Where the switch's own answer was lost with it, the climb found it back already. */
	lpa->settled.re_enumerated = lpa->settled.re_enumerated || lpa->came_back;
	if (!rc && failed)
		*err = cause;
	return rc ? rc : failed;
}

/* --- what servers are told -------------------------------------------------------------------------- */

static void ask_modem(struct lpa *lpa)
{
	struct es10b_device_info device = { .has_imei = false };
	struct esim_modem_facts facts;
	struct esim_error cause;
	int rc;

	lpa->asked_modem = true;
	lpa->device = *lpa->options.device;
	rc = esim_modem_facts(transport_of(lpa), &facts, &cause);
	if (!rc) {
		rc = esim_modem_device_info(&facts, &device, &cause);
		lpa->device.capabilities = device.capabilities;
	}
	/* The user's word counts. */
	if (lpa->device.has_imei)
		return;
	if (rc) {
		lpa_note(lpa, "the server is told no IMEI: %s", cause.message);
		return;
	}
	lpa->device.has_imei = true;
	memcpy(lpa->device.imei, device.imei, sizeof(device.imei));
	memcpy(lpa->device.tac, device.tac, sizeof(device.tac));
}

const struct es10b_device_info *lpa_device(struct lpa *lpa)
{
	if (!lpa->options.device || !lpa_behind_modem(lpa))
		return lpa->options.device;
	if (!lpa->asked_modem)
		ask_modem(lpa);
	return &lpa->device;
}
