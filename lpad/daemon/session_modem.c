/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem's profile switched beside ModemManager; see session_internal.h. */
#include "session_internal.h"

#include "lpad/common/modem_details.h"

#include <stdio.h>

#define DOWNLOAD_TIMEOUT_MS (10 * 60 * 1000)	/* that another eUICC's download may keep the switch waiting */

static void tell_step(const struct session_hooks *hooks, const char *step)
{
	const struct lpa_progress progress = { .step = step };

	if (hooks && hooks->user.progress)
		hooks->user.progress(hooks->context, &progress);
}

/* --- before ------------------------------------------------------------------------------------------ */

struct readiness {
	struct modem_board *board;
	const char *uri;
	const struct session_hooks *hooks;
};

static void tell_waiting(void *context)
{
	tell_step(((const struct readiness *)context)->hooks, "waits for a download over this modem");
}

static int await_downloads(void *context, const struct mm_modem *modem, struct esim_error *err)
{
	struct readiness *readiness = context;
	const struct session_hooks *hooks = readiness->hooks;
	const struct board_waiter waiter = {
		.cancel = hooks ? hooks->cancel : NULL, .timeout_ms = DOWNLOAD_TIMEOUT_MS, .waiting = tell_waiting,
		.context = readiness,
	};
	int rc = modem_board_await_downloads(readiness->board, readiness->uri, modem, &waiter, err);

	if (!rc)
		tell_step(hooks, "ModemManager.InhibitDevice");
	return rc;
}

static int set_aside(struct card_session *session, const struct session_hooks *hooks, struct modem_switch *change,
		     struct esim_error *err)
{
	struct readiness readiness = { session->context->modems, change->uri, hooks };
	const struct mm_switch how = {
		.address = session->context->bus,
		.uri = change->uri,
		.cancel = hooks ? hooks->cancel : NULL,
		.ready = await_downloads,
		.context = &readiness,
	};
	int rc;

	if (!session->context->config.modem_manager)
		return 0;
	rc = mm_inhibit(&how, &change->inhibition, err);
	modem_board_set_aside(session->context->modems, change->uri);
	return rc;
}

int session_modem_begin(struct card_session *session, const char *uri, const struct session_hooks *hooks,
			struct modem_switch *ret, struct esim_error *err)
{
	int rc;

	*ret = (struct modem_switch){ .inhibition = NULL };
	if (!session->context->modems || !mm_is_modem_uri(uri))
		return 0;
	rc = modem_board_begin(session->context->modems, uri, err);
	if (rc)
		return rc;
	snprintf(ret->uri, sizeof(ret->uri), "%s", uri);
	rc = set_aside(session, hooks, ret, err);
	if (rc) {
		modem_board_end(session->context->modems, uri);
		ret->uri[0] = '\0';
	}
	return rc;
}

/* --- after ------------------------------------------------------------------------------------------- */

/* The switch is done: what ModemManager makes of it is a report, and who cancels does without. */
static bool report(struct card_session *session, struct modem_switch *change, const struct session_hooks *hooks,
		   const struct esim_iccid *expected, struct mm_report *ret)
{
	const uint64_t usec = session->context->config.registration_usec;
	struct esim_error ignored;

	if (!change->inhibition)
		return false;
	tell_step(hooks, "waits for the modem to register");
	mm_release(&change->inhibition, expected, (unsigned)(usec / 1000), ret, &ignored);
	tell_step(hooks, "");
	return true;
}

int session_modem_end(struct card_session *session, struct modem_switch *change, const struct session_hooks *hooks,
		      int rc, const struct esim_iccid *expected)
{
	const struct esim_modem_settled *settled = session->lpa ? lpa_settled(session->lpa) : NULL;
	struct mm_report told;
	bool reported;
	json_t *modem;

	if (!change->uri[0])
		return rc;
	reported = !rc && report(session, change, hooks, expected, &told);
	mm_inhibition_free(&change->inhibition);
	modem_board_end(session->context->modems, change->uri);
	change->uri[0] = '\0';
	modem = json_modem(settled, reported ? &told : NULL);
	if (modem && hooks && hooks->modem)
		hooks->modem(hooks->context, modem);
	else
		json_decref(modem);
	return rc;
}
