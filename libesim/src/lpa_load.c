/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading a package, and what follows from its result. Where the load broke off
 * without one, the card itself is asked what it holds now.
 */
#include "lpa_download.h"

#include <string.h>

/* What an errorReason of the installation result means to a person. */
static const struct {
	int reason;
	enum esim_domain domain;
	const char *advice;
} advices[] = {
	{ 1, ESIM_DOMAIN_CARD, "the server made the package wrongly; tell the operator" },
	{ 2, ESIM_DOMAIN_CARD, "the server's signature does not hold; tell the operator" },
	{ 3, ESIM_DOMAIN_CARD, "try again: a new session makes a new package" },
	{ 4, ESIM_DOMAIN_CARD, "the server made the package wrongly; tell the operator" },
	{ 5, ESIM_DOMAIN_CARD, "the server made the package wrongly; tell the operator" },
	{ 6, ESIM_DOMAIN_CARD, "this eUICC does not take profiles of this class" },
	{ 7, ESIM_DOMAIN_CARD, "the package is damaged; try again, the server may allow another download" },
	{ 8, ESIM_DOMAIN_CARD, "the package is damaged; try again, the server may allow another download" },
	{ 9, ESIM_DOMAIN_CARD, "a profile with this ICCID is on the card already: enable it, or delete it before a new download" },
	{ 10, ESIM_DOMAIN_CARD, "delete a profile that is not needed, then try again" },
	{ 11, ESIM_DOMAIN_CARD, "the card was interrupted; try again, the server may allow another download" },
	{ 12, ESIM_DOMAIN_CARD, "the profile was made for another version or kind of eUICC; a new try will not help, ask the operator for one that fits" },
	{ 13, ESIM_DOMAIN_CARD, "the profile and its metadata differ; tell the operator" },
	{ 14, ESIM_DOMAIN_CARD, "the key of this test profile does not fit the eUICC" },
	{ 15, ESIM_DOMAIN_POLICY, "the eUICC does not allow this profile's policy rules; ask the operator for a profile without them" },
};

static int installation_failed(const struct es10b_installation_result *result,
			       struct esim_error *err)
{
	esim_error_result(err, "ES10b.LoadBoundProfilePackage", result->error_reason,
			  es10b_error_reason_name(result->error_reason));
	esim_error_prefix(err, "the profile was not installed (%s): ",
			  es10b_bpp_command_name(result->bpp_command_id));
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		if (advices[i].reason != result->error_reason)
			continue;
		if (err)
			err->domain = advices[i].domain;
		esim_error_advise(err, "%s", advices[i].advice);
	}
	return ESIM_ERESULT;
}

/*
 * With a result the session is over on the card, and with its delivery on the server.
 * One that does not verify counts for nothing: the server would take it for the card's
 * last word, and the card would forget the true one.
 */
static int judge_result(struct lpa_download *d, struct esim_error *err)
{
	struct es10b_installation_result *result = &d->result->result;
	const struct esim_registered_id *server = &d->session.verified_server.registered_id;
	const struct esim_verify_installation_result in = {
		.euicc = &d->session.verified_euicc,
		.result = esim_buf_slice(&result->whole),
		.transaction_id = lpa_session_transaction_id(&d->session),
		.registered_id = esim_slice(server->bytes, server->len),
	};
	int rc = esim_verify_installation_result(&in, err);

	if (rc) {
		es10b_installation_result_clear(result);
		return rc;
	}
	d->result->has_result = true;
	d->result->installed = result->success;
	lpa_session_finished(&d->session);
	return result->success ? 0 : installation_failed(result, err);
}

/* --- after a load that broke off ----------------------------------------------------- */

/* Is one of @pending the result of this session? Then it is kept. */
static bool take_result(struct lpa_download *d, const struct esim_pending_notification *pending,
			size_t count)
{
	const struct esim_transaction_id *wanted = &d->session.initiated.transaction_id;

	for (size_t i = 0; i < count; i++) {
		struct es10b_installation_result result = { 0 };

		if (es10b_installation_result_decode(esim_buf_slice(&pending[i].whole), &result,
						     NULL))
			continue;
		if (result.transaction_id.len == wanted->len &&
		    memcmp(result.transaction_id.bytes, wanted->bytes, wanted->len) == 0) {
			d->result->result = result;
			return true;
		}
		es10b_installation_result_clear(&result);
	}
	return false;
}

/*
 * The card may have come to an end all the same: then its result waits among the
 * notifications. A card in the midst of a package takes the first command for one
 * more segment, so a failure is asked about once more.
 */
static bool find_result(struct lpa_download *d)
{
	struct esim_pending_notification *pending = NULL;
	size_t count = 0;
	bool found;
	int rc = ESIM_EPROTO;

	lpa_step(d->lpa, "ES10b.RetrieveNotificationsList");
	for (int attempt = 0; rc && attempt < 2; attempt++)
		rc = es10b_retrieve_notifications_list(d->lpa->options.card, ESIM_EVENT_INSTALL,
						       &pending, &count, NULL);
	lpa_step(d->lpa, NULL);
	found = !rc && take_result(d, pending, count);
	es10b_pending_notifications_free(&pending, count);
	return found;
}

/* 1: the profile is there, 0: it is not, negative: the card does not tell. */
static int profile_is_there(struct lpa_download *d)
{
	static const uint32_t tags[] = { 0x5A };
	const struct es10c_search search = {
		.by_iccid = true,
		.iccid = d->result->metadata.iccid,
		.tags = tags,
		.tag_count = 1,
	};
	size_t count = 0;
	int rc = lpa_count_profiles(d->lpa, &search, &count, NULL);

	return rc ? rc : count > 0;
}

/* The transport may have lost the card: select the ISD-R again, after a reset if need be. */
static int find_card_again(struct lpa_download *d)
{
	struct esim_card *card = d->lpa->options.card;
	struct esim_error ignored;
	int rc;

	if (lpa_behind_modem(d->lpa))
		return lpa_return_to_card(d->lpa, &ignored);
	lpa_step(d->lpa, "SELECT ISD-R");
	rc = esim_card_reselect(card, NULL);
	if (rc)
		rc = esim_card_reset(card, NULL);
	lpa_step(d->lpa, NULL);
	return rc;
}

static const char not_there[] =
	"the profile is not on the card; another try can work if the server allows another download";

/* What broke the load off stays the cause, unless the profile is there. */
static int judge_found_result(struct lpa_download *d, struct esim_error *err)
{
	const struct esim_error cause = *err;
	int rc = judge_result(d, err);

	if (!rc) {
		lpa_note(d->lpa, "the load broke off (%s), yet the eUICC had finished", cause.message);
		return 0;
	}
	if (rc == ESIM_ERESULT) {
		char advice[sizeof(err->advice)];

		memcpy(advice, err->advice, sizeof(advice));
		*err = cause;
		/* What the card says of a load that the user broke off is no news of the package. */
		esim_error_advise(err, "%s", cause.code == ESIM_ECANCELED ? not_there : advice);
	}
	return err->code;
}

static int learn_the_truth(struct lpa_download *d, struct esim_error *err)
{
	/* Interrupted while a command was under way: the card may be slow, or mute. */
	const bool interrupted = err->code == ESIM_ECANCELED;
	int there;

	if ((err->domain == ESIM_DOMAIN_TRANSPORT || interrupted) && find_card_again(d)) {
		esim_error_advise(err, "the card no longer answers: reset it and look at its profiles before another try");
		return err->code;
	}
	if (find_result(d)) {
		int rc = judge_found_result(d, err);

		if (d->result->has_result)
			return rc;
	}
	there = profile_is_there(d);
	if (there > 0) {
		d->result->installed = true;
		esim_error_advise(err, "a profile with this ICCID is on the card: do not download it again, look at the profiles");
	} else if (there == 0) {
		esim_error_advise(err, "%s", not_there);
	}
	d->session.reason = ES10B_CANCEL_LOAD_BPP_EXECUTION_ERROR;
	return err->code;
}

static void report_progress(void *context, const struct es10b_load_progress *load)
{
	const struct lpa_download *d = context;
	const struct lpa_callbacks *callbacks = &d->lpa->options.callbacks;

	if (callbacks->progress)
		callbacks->progress(callbacks->context, &(struct lpa_progress){
			.step = "ES10b.LoadBoundProfilePackage",
			.load = load,
		});
}

int lpa_load_package(struct lpa_download *d, struct esim_error *err)
{
	bool begun = false, interrupted;
	int rc;

	lpa_session_tell(&d->session, LPA_SESSION_LOADING);
	lpa_step(d->lpa, "ES10b.LoadBoundProfilePackage");
	rc = es10b_load_bound_profile_package(d->lpa->options.card, esim_buf_slice(&d->package),
					      report_progress, d, &d->result->result, &begun, err);
	lpa_step(d->lpa, NULL);
	if (!rc)
		rc = judge_result(d, err);
	if (!rc || d->result->has_result || !begun)
		return rc;
	interrupted = lpa_hold_cancel(d->lpa);
	rc = learn_the_truth(d, err);
	lpa_restore_cancel(d->lpa, interrupted);
	return rc;
}

void lpa_send_installation_result(struct lpa_download *d)
{
	const struct es10b_installation_result *result = &d->result->result;
	const bool interrupted = lpa_hold_cancel(d->lpa);
	struct esim_error err;
	int rc = lpa_deliver_notification(d->lpa, &result->notification,
					  esim_buf_slice(&result->whole),
					  &d->result->notification_sent, &err);

	lpa_restore_cancel(d->lpa, interrupted);
	if (rc)
		lpa_note(d->lpa, "the installation result is still on the eUICC: %s", err.message);
}
