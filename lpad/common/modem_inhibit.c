/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem set aside by ModemManager while its card changes, and what became of it then; see modem_manager.h. */
#include "modem_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RELEASE_TIMEOUT_MS 5000

struct mm_inhibition {
	struct mm_client *client;
	struct mm_modem modem;			/* as it was before */
};

/* --- setting it aside ----------------------------------------------------------------------------------- */

static int explain(int rc, struct esim_error *err)
{
	if (rc == ESIM_EREFUSED) {
		esim_error_set(err, rc, "ModemManager does not let this user set the modem aside, which the change "
			       "of its card needs");
		esim_error_advise(err, "do it as root, or allow org.freedesktop.ModemManager1.Control by polkit and "
				  "InhibitDevice by the bus's policy");
	} else if (rc == ESIM_EBUSY) {
		esim_error_set(err, rc, "ModemManager has set this modem aside for another program");
		esim_error_advise(err, "try again when that program has ended");
	} else if (rc == ESIM_ETIMEDOUT) {
		esim_error_set(err, rc, "ModemManager did not set the modem aside in %u s", MM_INHIBIT_TIMEOUT_MS / 1000);
	}
	return rc;
}

/* ESIM_ENOENT: it has no such modem. */
static int choose(struct mm_inhibition *inhibition, const char *uri, struct esim_error *err)
{
	struct mm_modem *modems = NULL;
	const struct mm_modem *modem;
	size_t count = 0;
	int rc = mm_list(inhibition->client, &modems, &count, err);

	if (rc)
		return rc;
	modem = mm_find_uri(modems, count, uri);
	if (modem)
		inhibition->modem = *modem;
	free(modems);
	return modem ? 0 : ESIM_ENOENT;
}

static int inhibit(struct mm_inhibition *inhibition, const struct mm_switch *how, struct esim_error *err)
{
	int rc = mm_open(how->address, how->cancel, &inhibition->client, err);

	if (!rc)
		rc = choose(inhibition, how->uri, err);
	if (!rc && how->ready)
		rc = how->ready(how->context, &inhibition->modem, err);
	if (!rc)
		rc = mm_watch(inhibition->client, err);
	if (rc)
		return rc;
	rc = mm_call(inhibition->client, MM_INHIBIT_TIMEOUT_MS, MM_NAME, MM_PATH, MM_NAME, "InhibitDevice", NULL, err,
		     "sb", inhibition->modem.uid, 1);
	return rc ? explain(rc, err) : 0;
}

int mm_inhibit(const struct mm_switch *how, struct mm_inhibition **ret, struct esim_error *err)
{
	struct mm_inhibition *inhibition = calloc(1, sizeof(*inhibition));
	int rc;

	*ret = NULL;
	if (!inhibition)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	rc = inhibit(inhibition, how, err);
	if (!rc) {
		*ret = inhibition;
		return 0;
	}
	mm_inhibition_free(&inhibition);
	return rc == ESIM_ENOENT ? 0 : rc;
}

void mm_inhibition_free(struct mm_inhibition **inhibition)
{
	if (!inhibition || !*inhibition)
		return;
	mm_close(&(*inhibition)->client);
	free(*inhibition);
	*inhibition = NULL;
}

/* --- after it ---------------------------------------------------------------------------------------------- */

static bool same_iccid(const char *digits, const struct esim_iccid *expected)
{
	struct esim_iccid iccid;

	return digits[0] && esim_iccid_parse(digits, &iccid) == 0 && memcmp(&iccid, expected, sizeof(iccid)) == 0;
}

static void take(const struct mm_modem *modem, const struct esim_iccid *expected, struct mm_report *report)
{
	report->back = true;
	report->sim_fits = !expected || same_iccid(modem->sim.iccid, expected);
	report->state = modem->state;
	report->registration = modem->registration;
	memcpy(report->operator_name, modem->operator_name, sizeof(report->operator_name));
	memcpy(report->operator_code, modem->operator_code, sizeof(report->operator_code));
}

/* Nothing more is to be expected of it. */
static bool is_settled(const struct mm_report *report, bool comes_up)
{
	switch ((enum mm_state)report->state) {
	case MM_STATE_FAILED:
	case MM_STATE_LOCKED:
		return true;
	case MM_STATE_DISABLED:
		return !comes_up;
	case MM_STATE_ENABLED:
	case MM_STATE_SEARCHING:
		return report->registration == MM_DENIED;
	case MM_STATE_REGISTERED:
	case MM_STATE_CONNECTING:
	case MM_STATE_CONNECTED:
		return true;
	case MM_STATE_UNKNOWN:
	case MM_STATE_INITIALIZING:
	case MM_STATE_DISABLING:
	case MM_STATE_ENABLING:
	case MM_STATE_DISCONNECTING:
		break;
	}
	return false;
}

/* It was enabled, and ModemManager does not enable a modem by itself. What comes of it is its signals' to tell. */
static void enable_again(struct mm_client *client, const struct mm_modem *modem)
{
	sd_bus_call_method_async(client->bus, NULL, MM_NAME, modem->path, MM_MODEM, "Enable", NULL, NULL, "b", 1);
	sd_bus_flush(client->bus);
}

struct wait {
	const struct esim_iccid *expected;
	bool comes_up;				/* it was enabled before */
	char asked[MM_MAX_PATH];		/* the object that was told to enable itself */
	bool has_manager;			/* NetworkManager does that */
};

/* One look; true: that is all. */
static bool look(struct mm_inhibition *inhibition, struct wait *wait, struct mm_report *report)
{
	struct mm_modem *modems = NULL;
	const struct mm_modem *modem;
	struct esim_error ignored;
	size_t count = 0;
	bool settled = false;

	if (mm_list(inhibition->client, &modems, &count, &ignored))
		return ignored.code == ESIM_ENOENT;
	modem = mm_find_uid(modems, count, inhibition->modem.uid);
	report->back = false;
	if (modem) {
		take(modem, wait->expected, report);
		if (modem->state == MM_STATE_DISABLED && wait->comes_up && !wait->has_manager && report->sim_fits &&
		    strcmp(wait->asked, modem->path) != 0) {
			memcpy(wait->asked, modem->path, sizeof(wait->asked));
			enable_again(inhibition->client, modem);
		}
		settled = report->sim_fits && is_settled(report, wait->comes_up);
		if (settled)
			nm_device_state(inhibition->client, modem->path, report->network_manager);
	}
	free(modems);
	return settled;
}

static int await(struct mm_inhibition *inhibition, const struct esim_iccid *expected, unsigned timeout_ms,
		 struct mm_report *report, struct esim_error *err)
{
	const uint64_t until = mm_now() + (uint64_t)timeout_ms * 1000;
	struct wait wait = {
		.expected = expected,
		.comes_up = inhibition->modem.state >= MM_STATE_ENABLING,
		.has_manager = nm_is_running(inhibition->client),
	};
	int rc = 0;

	while (!rc && !look(inhibition, &wait, report))
		rc = mm_wait(inhibition->client, until, err);
	return rc == ESIM_ETIMEDOUT ? 0 : rc;
}

int mm_release(struct mm_inhibition **inhibition, const struct esim_iccid *expected, unsigned timeout_ms,
	       struct mm_report *ret, struct esim_error *err)
{
	struct mm_client *client;
	const struct esim_cancel *cancel;
	struct esim_error ignored;
	int rc;

	*ret = (struct mm_report){ .registration = MM_REGISTRATION_UNKNOWN };
	if (!*inhibition)
		return 0;
	client = (*inhibition)->client;
	cancel = client->cancel;
	client->cancel = NULL;
	rc = mm_call(client, RELEASE_TIMEOUT_MS, MM_NAME, MM_PATH, MM_NAME, "InhibitDevice", NULL, &ignored, "sb",
		     (*inhibition)->modem.uid, 0);
	client->cancel = cancel;
	/* Where it did not take that, the end of the connection tells it. */
	if (!rc)
		rc = await(*inhibition, expected, timeout_ms, ret, err);
	else
		rc = 0;
	mm_inhibition_free(inhibition);
	return rc;
}
