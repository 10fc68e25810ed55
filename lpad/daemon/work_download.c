/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A download; what is owed to its server at the end goes by the outbox. See session.h. */
#include "session_internal.h"

/* What a person can do about a refusal that came from the way of asking. */
static void explain(const struct work_download *work, struct esim_error *err)
{
	if (!work->consented || err->code != ESIM_EREFUSED || !work->result.has_metadata ||
	    work->result.metadata.policy_rules == 0)
		return;
	esim_error_set(err, ESIM_EREFUSED, "the operator's profile policy rules need the user's own consent");
	esim_error_advise(err, "download it interactively, and agree to the rules");
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
	rc = lpa_download(lpa, &order, &work->result, err);
	if (rc)
		explain(work, err);
	return session_leave(session, rc, err);
}
