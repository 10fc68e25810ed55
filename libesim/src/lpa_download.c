/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profile download (SGP.22, 3.1.3): the story, from top to bottom. Every check of
 * the host comes before the step that would change the card.
 */
#include "es10.h"
#include "lpa_download.h"

#include <string.h>

/* Wrong codes are the server's to count; this ends what a broken server would not. */
#define MAX_CODES 16

void lpa_download_result_clear(struct lpa_download_result *result)
{
	if (result->has_metadata)
		esim_profile_clear(&result->metadata);
	if (result->has_result)
		es10b_installation_result_clear(&result->result);
	memset(result, 0, sizeof(*result));
}

/* Mutual authentication, with each SM-DS on the way and then with the SM-DP+. */
static int authenticate(struct lpa_download *d, struct esim_error *err)
{
	struct lpa_session *session = &d->session;
	int rc;

	for (int hop = 0; hop <= ESIM_MAX_SMDS_CASCADE; hop++) {
		rc = lpa_server_init(d->lpa, d->address, &session->server, err);
		if (rc)
			return rc;
		session->matching_id = d->has_matching_id ? d->matching_id : NULL;
		session->server_oid = d->server_oid;
		session->ci_key_id = esim_slice(d->ci_key_id.bytes, d->ci_key_id.len);
		session->kind = d->kind;
		d->result->attempts++;
		rc = lpa_session_authenticate(session, err);
		if (rc || !session->is_smds)
			return rc;
		rc = lpa_follow_event(d, err);
		if (rc)
			return rc;
		lpa_session_finished(session);
		lpa_session_clear(session);
	}
	esim_error_set(err, ESIM_ETOOBIG, "the event leads over more than %d SM-DS",
		       ESIM_MAX_SMDS_CASCADE);
	err->domain = ESIM_DOMAIN_SERVER;
	return ESIM_ETOOBIG;
}

static int verify_offer(struct lpa_download *d, struct esim_error *err)
{
	const struct lpa_session *session = &d->session;
	const struct esim_verify_smdp_signed2 in = {
		.pool = d->lpa->options.rsp_roots,
		.now = lpa_now(d->lpa),
		.server = &session->verified_server,
		.smdp_signed2 = session->answer.smdp_signed2,
		.smdp_signature2 = session->answer.smdp_signature2,
		.smdp_certificate = session->answer.smdp_certificate,
		.euicc_signature1 = session->authenticated.euicc_signature1,
	};

	return esim_verify_smdp_signed2(&in, &d->smdp, err);
}

static int read_metadata(struct lpa_download *d, struct esim_error *err)
{
	const struct esim_iccid *expected = d->order->expected_iccid;
	struct lpa_download_result *result = d->result;
	int rc;

	if (result->has_metadata)
		esim_profile_clear(&result->metadata);
	result->has_metadata = false;
	rc = esim_profile_decode(d->session.answer.profile_metadata, "profileMetadata",
				 &result->metadata, err);
	if (rc)
		return rc;
	result->has_metadata = true;
	d->session.iccid = &result->metadata.iccid;
	lpa_session_tell(&d->session, LPA_SESSION_OFFERED);
	if (!expected || memcmp(expected, &result->metadata.iccid, sizeof(*expected)) == 0)
		return 0;
	d->session.reason = ES10B_CANCEL_END_USER_REJECTION;
	return esim_error_verify(err, "iccid", "the server offers a profile with another ICCID");
}

static int get_confirmation_code(struct lpa_download *d, struct esim_error *err)
{
	int rc;

	d->hash_sent = d->smdp.cc_required;
	if (!d->smdp.cc_required)
		return 0;
	rc = lpa_ask_confirmation_code(d, err);
	if (!rc)
		rc = lpa_hash_confirmation_code(d, err);
	return rc;
}

/* The eUICC's refusal goes to the server, which ends its session with it. */
static void tell_server(struct lpa_download *d)
{
	struct esim_buf ignored = ESIM_BUF_INIT_MAX(ESIM_MAX_BPP);

	if (d->prepared.whole.len == 0)
		return;
	lpa_step(d->lpa, "ES9+.GetBoundProfilePackage");
	es9p_get_bound_profile_package(&d->session.server, d->session.initiated.transaction_id_text,
				       esim_buf_slice(&d->prepared.whole), &ignored, NULL);
	lpa_step(d->lpa, NULL);
	esim_buf_free(&ignored);
	d->session.on_server = false;
}

static int prepare_download(struct lpa_download *d, struct esim_error *err)
{
	struct es10b_prepare_download in = {
		.smdp_signed2 = d->session.answer.smdp_signed2,
		.smdp_signature2 = d->session.answer.smdp_signature2,
		.smdp_certificate = d->session.answer.smdp_certificate,
		.has_hash_cc = d->hash_sent,
	};
	int rc;

	memcpy(in.hash_cc, d->hash_cc, sizeof(in.hash_cc));
	lpa_step(d->lpa, "ES10b.PrepareDownload");
	rc = es10b_prepare_download(d->lpa->options.card, &in, &d->prepared, err);
	lpa_step(d->lpa, NULL);
	explicit_bzero(in.hash_cc, sizeof(in.hash_cc));
	if (rc == ESIM_ERESULT)
		tell_server(d);
	return rc;
}

static int verify_prepared(struct lpa_download *d, struct esim_slice *ret_euicc_otpk,
			   struct esim_error *err)
{
	const struct esim_verify_euicc_signed2 in = {
		.euicc = &d->session.verified_euicc,
		.euicc_signed2 = d->prepared.euicc_signed2,
		.euicc_signature2 = d->prepared.euicc_signature2,
		.smdp_signature2 = d->session.answer.smdp_signature2,
		.transaction_id = lpa_session_transaction_id(&d->session),
		.hash_cc = esim_slice(d->hash_cc, d->hash_sent ? sizeof(d->hash_cc) : 0),
	};

	return esim_verify_euicc_signed2(&in, ret_euicc_otpk, err);
}

static int get_package(struct lpa_download *d, struct esim_error *err)
{
	int rc;

	esim_buf_free(&d->package);
	d->package.max = ESIM_MAX_BPP;
	lpa_step(d->lpa, "ES9+.GetBoundProfilePackage");
	rc = es9p_get_bound_profile_package(&d->session.server,
					    d->session.initiated.transaction_id_text,
					    esim_buf_slice(&d->prepared.whole), &d->package, err);
	lpa_step(d->lpa, NULL);
	return rc;
}

static int verify_package(struct lpa_download *d, struct esim_slice euicc_otpk,
			  struct esim_error *err)
{
	const struct esim_verify_package in = {
		.bound_profile_package = esim_buf_slice(&d->package),
		.smdp = &d->smdp,
		.euicc_otpk = euicc_otpk,
		.transaction_id = lpa_session_transaction_id(&d->session),
	};
	struct esim_verified_package package;
	int rc = esim_verify_bound_profile_package(&in, &package, err);

	return rc ? rc : lpa_compare_metadata(d, err);
}

/* One session, from the first challenge to the profile on the card. */
static int run_session(struct lpa_download *d, struct esim_error *err)
{
	struct esim_slice euicc_otpk;
	int rc = authenticate(d, err);

	if (!rc)
		rc = verify_offer(d, err);
	if (!rc)
		rc = read_metadata(d, err);
	if (!rc)
		rc = lpa_check_policy(&d->session, &d->result->metadata, &d->consent_rules, err);
	if (!rc)
		rc = lpa_ask_consent(d, err);
	if (!rc)
		rc = get_confirmation_code(d, err);
	if (!rc)
		rc = prepare_download(d, err);
	if (!rc)
		rc = verify_prepared(d, &euicc_otpk, err);
	if (!rc)
		rc = get_package(d, err);
	if (!rc)
		rc = verify_package(d, euicc_otpk, err);
	if (!rc)
		rc = lpa_load_package(d, err);
	return rc;
}

static void clear_session(struct lpa_download *d)
{
	es10b_prepare_download_response_clear(&d->prepared);
	memset(&d->prepared, 0, sizeof(d->prepared));
	explicit_bzero(d->hash_cc, sizeof(d->hash_cc));
	esim_buf_free(&d->package);
	lpa_session_clear(&d->session);
}

/* --- a failure that another session may mend --------------------------------------------- */

static enum es9p_remedy remedy_of(const struct esim_error *err)
{
	const struct es9p_status_info *info;

	if (err->code != ESIM_ESERVER)
		return ES9P_TELL_USER;
	info = es9p_status_lookup(err->function, err->subject_code, err->reason_code);
	return info ? info->remedy : ES9P_TELL_USER;
}

/* Would a new session begin, if the old one is called off as postponed? */
static bool may_begin_afresh(const struct lpa_download *d, enum es9p_remedy remedy)
{
	switch (remedy) {
	case ES9P_FRESH_SESSION:
		return !d->begun_afresh;
	case ES9P_ASK_AGAIN:
		return d->smdp.cc_required && d->codes_refused + 1 < MAX_CODES &&
		       d->lpa->options.callbacks.confirmation_code;
	case ES9P_TELL_USER:
	case ES9P_LATER:
	case ES9P_LOWER_VERSION:
		return false;
	}
	return false;
}

/* Set up what the new session needs; false where the user has had enough. */
static bool begin_afresh(struct lpa_download *d, enum es9p_remedy remedy)
{
	struct esim_error ignored;

	if (remedy == ES9P_FRESH_SESSION) {
		d->begun_afresh = true;
		return !lpa_resolve_order(d, &ignored);
	}
	d->codes_refused++;
	d->has_code = false;
	return !lpa_ask_confirmation_code(d, &ignored) && !lpa_resolve_order(d, &ignored);
}

static int run_sessions(struct lpa_download *d, struct esim_error *err)
{
	for (;;) {
		enum es9p_remedy remedy;
		bool again;
		int rc = run_session(d, err);

		if (!rc) {
			return 0;
		}
		remedy = remedy_of(err);
		again = may_begin_afresh(d, remedy);
		if (again || remedy == ES9P_LATER)
			d->session.reason = ES10B_CANCEL_POSTPONED;
		lpa_session_call_off(&d->session, err);
		if (d->result->has_result || !again)
			return rc;
		clear_session(d);
		if (!begin_afresh(d, remedy))
			return rc;
	}
}

/* --- after the installation ------------------------------------------------------------------ */

static int enable(struct lpa_download *d, struct esim_error *err)
{
	struct esim_profile profile = { .iccid = d->result->metadata.iccid };
	int rc;

	profile.isdp_aid = d->result->result.isdp_aid;
	rc = lpa_enable_profile(d->lpa, &profile, &d->order->enable_how, err);
	/* A modem that does not follow leaves the profile enabled on the card. */
	d->result->enabled = !rc || d->lpa->switched;
	if (rc)
		esim_error_prefix(err, d->result->enabled ? "the profile is installed and enabled, but: " :
							    "the profile is installed, but not enabled: ");
	return rc;
}

int lpa_download(struct lpa *lpa, const struct lpa_order *order, struct lpa_download_result *ret,
		 struct esim_error *err)
{
	struct lpa_download d = {
		.lpa = lpa,
		.order = order,
		.result = ret,
		.session = { .lpa = lpa, .reason = LPA_NO_REASON },
	};
	struct esim_error local;
	int rc;

	if (!err)
		err = &local;
	memset(ret, 0, sizeof(*ret));
	rc = lpa_need_servers(lpa, err);
	if (!rc && order->enable_after)
		rc = es10c_check_switch(&order->enable_how, err);
	if (!rc)
		rc = lpa_resolve_order(&d, err);
	if (!rc)
		rc = run_sessions(&d, err);
	if (ret->has_result && !order->keep_notification)
		lpa_send_installation_result(&d);
	if (!rc && order->enable_after)
		rc = enable(&d, err);
	clear_session(&d);
	esim_buf_free(&d.consented);
	explicit_bzero(&d, sizeof(d));
	return rc;
}
