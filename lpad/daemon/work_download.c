/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A download; what is owed to its server at the end goes by the outbox. See session.h. */
#include "session_internal.h"

#include <esim/modem.h>

/* What a person can do about a refusal that came from the way of asking. */
static void explain(const struct work_download *work, struct esim_error *err)
{
	if (!work->consented || err->code != ESIM_EREFUSED || !work->result.has_metadata ||
	    work->result.metadata.policy_rules == 0)
		return;
	esim_error_set(err, ESIM_EREFUSED, "the operator's profile policy rules need the user's own consent");
	esim_error_advise(err, "download it interactively, and agree to the rules");
}

/* The modem is ModemManager's until the last byte of the download is there. */
static int enable_behind_modem(struct card_session *session, const struct card_target *target,
			       const struct session_hooks *hooks, struct work_download *work, struct esim_error *err)
{
	const struct lpa_download_result *result = &work->result;
	struct esim_profile profile = { .iccid = result->metadata.iccid, .isdp_aid = result->result.isdp_aid };
	struct modem_switch change;
	int rc = session_modem_begin(session, target->uri, hooks, &change, err);

	if (!rc)
		rc = lpa_enable_profile(session->lpa, &profile, &work->order.enable_how, err);
	work->result.enabled = !rc || lpa_settled(session->lpa);
	if (rc)
		esim_error_prefix(err, work->result.enabled ? "the profile is installed and enabled, but: " :
							      "the profile is installed, but not enabled: ");
	return session_modem_end(session, &change, hooks, rc, &profile.iccid);
}

static int download(struct card_session *session, const struct lpa_order *order, struct work_download *work,
		    struct esim_error *err)
{
	struct modem_board *board = session->context->modems;
	int rc = board ? board_download_begin(board, &session->carried, session->cancel, err) : 0;

	if (rc)
		return rc;
	rc = lpa_download(session->lpa, order, &work->result, err);
	if (board)
		board_download_end(board, &session->carried);
	return rc;
}

int work_download(struct card_session *session, const struct card_target *target,
		  const struct session_hooks *hooks, struct work_download *work, struct esim_error *err)
{
	struct lpa_order order = work->order;
	struct lpa *lpa;
	int rc = session_begin(session, target, hooks, true, &lpa, err);

	if (rc)
		return rc;
	order.keep_notification = true;
	session->download = work;
	session->stale |= STALE_INFO2;
	/* Behind a modem that is a step of its own: the download may go over that very modem. */
	order.enable_after = order.enable_after && !mm_is_modem_uri(target->uri);
	rc = download(session, &order, work, err);
	if (rc)
		explain(work, err);
	else if (work->order.enable_after && !order.enable_after)
		rc = enable_behind_modem(session, target, hooks, work, err);
	return session_leave(session, rc, err);
}
