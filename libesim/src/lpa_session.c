/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Common mutual authentication (SGP.22, 3.0.1). Each side's answer is verified on
 * the host before the other side hears of it.
 */
#include "lpa_session.h"

#include <esim/es11.h>
#include <esim/tlv.h>

#include <string.h>

struct esim_slice lpa_session_transaction_id(const struct lpa_session *s)
{
	return esim_slice(s->initiated.transaction_id.bytes, s->initiated.transaction_id.len);
}

void lpa_session_tell(struct lpa_session *s, enum lpa_session_stage stage)
{
	const struct lpa_callbacks *callbacks = &s->lpa->options.callbacks;
	const struct lpa_session_event event = {
		.stage = stage,
		.server_address = s->server.address,
		.transaction_id = s->initiated.transaction_id_text,
		.is_smds = s->is_smds || s->kind == LPA_SERVER_SMDS,
		.iccid = s->iccid,
	};

	if (stage == LPA_SESSION_ENDED && !s->told)
		return;
	s->told = stage != LPA_SESSION_ENDED;
	if (callbacks->session)
		callbacks->session(callbacks->context, &event);
}

static int get_challenge(struct lpa_session *s, struct esim_error *err)
{
	int rc;

	lpa_step(s->lpa, "ES10b.GetEUICCChallenge");
	rc = es10b_get_euicc_challenge(s->lpa->options.card, s->challenge, err);
	lpa_step(s->lpa, NULL);
	return rc;
}

static int initiate_authentication(struct lpa_session *s, struct esim_error *err)
{
	const struct esim_slice info1 = esim_buf_slice(&s->lpa->info1.whole);
	const bool es11 = s->kind == LPA_SERVER_SMDS;
	int rc;

	lpa_step(s->lpa, es11 ? "ES11.InitiateAuthentication" : "ES9+.InitiateAuthentication");
	rc = es11 ? es11_initiate_authentication(&s->server, s->challenge, info1, &s->initiated, err) :
		    es9p_initiate_authentication(&s->server, s->challenge, info1, &s->initiated, err);
	lpa_step(s->lpa, NULL);
	s->on_server = !rc;
	if (!rc)
		lpa_session_tell(s, LPA_SESSION_BEGUN);
	return rc;
}

/* Contents of euiccCiPKIdToBeUsed, an OCTET STRING. */
static struct esim_slice ci_key_id_contents(const struct lpa_session *s)
{
	struct esim_slice in = s->initiated.ci_key_id;
	struct esim_tlv tlv;

	return esim_tlv_next(&in, &tlv) == 1 && tlv.tag == 0x04 ? tlv.value : esim_slice(NULL, 0);
}

static int verify_server(struct lpa_session *s, struct esim_error *err)
{
	static const enum esim_role roles[] = {
		[LPA_SERVER_SMDP] = ESIM_ROLE_DP_AUTH,
		[LPA_SERVER_SMDS] = ESIM_ROLE_DS_AUTH,
		[LPA_SERVER_EITHER] = ESIM_ROLE_NONE,
	};
	const struct es10b_euicc_info1 *info1 = &s->lpa->info1;
	const struct esim_verify_server_auth in = {
		.pool = s->lpa->options.rsp_roots,
		.now = lpa_now(s->lpa),
		.role = roles[s->kind],
		.server_signed1 = s->initiated.server_signed1,
		.server_signature1 = s->initiated.server_signature1,
		.server_certificate = s->initiated.server_certificate,
		.transaction_id = lpa_session_transaction_id(s),
		.euicc_challenge = esim_slice(s->challenge, sizeof(s->challenge)),
		.server_address = s->server.address,
		.ci_for_verification = &info1->ci_for_verification,
		.ci_key_id = s->ci_key_id,
		.expected_oid = s->server_oid,
	};
	int rc = esim_verify_server_auth(&in, &s->verified_server, err);

	if (!rc)
		rc = esim_verify_server_tls(&s->verified_server,
					    esim_http_server_registered_id(s->lpa->options.http,
									   s->server.address), err);
	if (rc)
		return rc;
	s->is_smds = s->verified_server.role == ESIM_ROLE_DS_AUTH;
	if (!esim_key_id_list_has(&info1->ci_for_signing, ci_key_id_contents(s)))
		return esim_error_verify(err, "euiccCiPKIdToBeUsed",
					 "%s wants a signature under a root that the eUICC did not offer",
					 s->server.address);
	return 0;
}

static int authenticate_client(struct lpa_session *s, struct esim_error *err)
{
	const struct esim_slice response = esim_buf_slice(&s->authenticated.whole);
	const char *transaction_id = s->initiated.transaction_id_text;
	int rc;

	lpa_step(s->lpa, s->is_smds ? "ES11.AuthenticateClient" : "ES9+.AuthenticateClient");
	rc = s->is_smds ?
	     es11_authenticate_client(&s->server, transaction_id, response, &s->answer, err) :
	     es9p_authenticate_client(&s->server, transaction_id, response, &s->answer, err);
	lpa_step(s->lpa, NULL);
	return rc;
}

/* The eUICC's refusal is the server's to know: it ends its session with it. */
static void tell_server(struct lpa_session *s)
{
	if (s->authenticated.whole.len == 0)
		return;
	authenticate_client(s, NULL);
	s->on_server = false;
}

/* Fields that a card without the extension of DeviceInfo may not be sent. */
static bool has_later_fields(const struct es10b_device_capabilities *c)
{
	const struct esim_version none = { 0, 0, 0 };

	return c->form_factor_known || esim_version_compare(c->nr_epc, none) != 0 ||
	       esim_version_compare(c->nr_5gc, none) != 0 ||
	       esim_version_compare(c->eutran_5gc, none) != 0;
}

/* Of the device's fields those go out that the card knows; where all are old, nothing is asked. */
static int learn_capabilities(struct lpa_session *s, struct esim_error *err)
{
	if (!has_later_fields(&lpa_device(s->lpa)->capabilities))
		return 0;
	return lpa_capabilities(s->lpa, NULL, &s->capabilities, err);
}

static int authenticate_server(struct lpa_session *s, struct esim_error *err)
{
	const struct es10b_authenticate_server in = {
		.server_signed1 = s->initiated.server_signed1,
		.server_signature1 = s->initiated.server_signature1,
		.ci_key_id = s->initiated.ci_key_id,
		.server_certificate = s->initiated.server_certificate,
		.matching_id = s->matching_id,
		.device = lpa_device(s->lpa),
		.capabilities = &s->capabilities,
	};
	int rc;

	lpa_step(s->lpa, "ES10b.AuthenticateServer");
	rc = es10b_authenticate_server(s->lpa->options.card, &in, &s->authenticated, err);
	lpa_step(s->lpa, NULL);
	if (rc == ESIM_ERESULT)
		tell_server(s);
	else
		s->on_card = true;
	return rc;
}

static int verify_euicc(struct lpa_session *s, struct esim_error *err)
{
	const struct esim_verify_euicc_auth in = {
		.pool = s->lpa->options.rsp_roots,
		.now = lpa_now(s->lpa),
		.euicc_signed1 = s->authenticated.euicc_signed1,
		.euicc_signature1 = s->authenticated.euicc_signature1,
		.euicc_certificate = s->authenticated.euicc_certificate,
		.eum_certificate = s->authenticated.eum_certificate,
		.ci_key_id = ci_key_id_contents(s),
		.eid = s->lpa->options.eid,
		.server = &s->verified_server,
		.server_address = s->server.address,
	};
	int rc = esim_verify_euicc_auth(&in, &s->verified_euicc, err);

	s->euicc_is_verified = !rc;
	return rc;
}

int lpa_session_begin(struct lpa_session *s, struct esim_error *err)
{
	const struct es10b_euicc_info1 *info1;
	int rc = lpa_euicc_info1(s->lpa, &info1, err);

	if (!rc)
		rc = learn_capabilities(s, err);
	if (!rc)
		rc = get_challenge(s, err);
	if (!rc)
		rc = initiate_authentication(s, err);
	if (!rc)
		rc = verify_server(s, err);
	if (!rc)
		rc = authenticate_server(s, err);
	if (!rc)
		rc = verify_euicc(s, err);
	return rc;
}

int lpa_session_authenticate(struct lpa_session *s, struct esim_error *err)
{
	int rc = lpa_session_begin(s, err);

	return rc ? rc : authenticate_client(s, err);
}

/* --- the end of a session that failed -------------------------------------------- */

/*
 * What a failure means to the order. The server keeps an order open after
 * "postponed" and "timeout" alone, so these are said where a later try may work.
 */
static enum es10b_cancel_reason reason_of(const struct esim_error *cause)
{
	switch (cause->code) {
	case ESIM_ENET:
	case ESIM_ETLS:
	case ESIM_EHTTP:
		return ES10B_CANCEL_POSTPONED;
	case ESIM_ETIMEDOUT:
		return ES10B_CANCEL_TIMEOUT;
	default:
		return ES10B_CANCEL_UNDEFINED;
	}
}

/* Reasons 4, 5 and 127 came with 2.2.2; before it "postponed" harms the order least. */
static enum es10b_cancel_reason reason_for_card(const struct lpa_session *s,
						enum es10b_cancel_reason reason)
{
	const struct esim_capabilities caps = {
		.card_svn = s->lpa->info1.svn,
		.server_svn = s->server.server_svn,
	};

	if (reason <= ES10B_CANCEL_PPR_NOT_ALLOWED ||
	    esim_capable(&caps, ESIM_FEATURE_CANCEL_METADATA_MISMATCH))
		return reason;
	return ES10B_CANCEL_POSTPONED;
}

/* Where it is the eUICC itself that did not verify, there is no key to verify with. */
static int verify_cancelled(const struct lpa_session *s, enum es10b_cancel_reason reason,
			    struct esim_slice response, struct esim_error *err)
{
	const struct esim_registered_id *server = &s->verified_server.registered_id;
	const struct esim_verify_cancel_session in = {
		.euicc = &s->verified_euicc,
		.response = response,
		.transaction_id = lpa_session_transaction_id(s),
		.registered_id = esim_slice(server->bytes, server->len),
		.reason = (unsigned)reason,
	};

	return s->euicc_is_verified ? esim_verify_cancel_session(&in, err) : 0;
}

/* Whatever it says: a card that answers ends the session, or knows of none. */
static bool card_answered(int rc)
{
	return !rc || rc == ESIM_ERESULT || rc == ESIM_ESW || rc == ESIM_EPROTO;
}

static void call_off(struct lpa_session *s, enum es10b_cancel_reason reason)
{
	struct esim_buf response = ESIM_BUF_INIT;
	struct esim_error err;
	int rc;

	lpa_step(s->lpa, "ES10b.CancelSession");
	rc = es10b_cancel_session(s->lpa->options.card, &s->initiated.transaction_id, reason,
				  &response, &err);
	lpa_step(s->lpa, NULL);
	s->on_card = !card_answered(rc);
	if (!rc)
		rc = verify_cancelled(s, reason, esim_buf_slice(&response), &err);
	if (rc) {
		lpa_note(s->lpa, "the session could not be cancelled on the eUICC: %s", err.message);
	} else if (s->on_server && !s->is_smds) {
		lpa_step(s->lpa, "ES9+.CancelSession");
		rc = es9p_cancel_session(&s->server, s->initiated.transaction_id_text,
					 esim_buf_slice(&response), &err);
		lpa_step(s->lpa, NULL);
		if (rc)
			lpa_note(s->lpa, "the session could not be cancelled on the server: %s",
				 err.message);
	}
	esim_buf_free(&response);
}

static enum es10b_cancel_reason reason_to_tell(const struct lpa_session *s,
						const struct esim_error *cause)
{
	const struct lpa_callbacks *callbacks = &s->lpa->options.callbacks;
	int reason = LPA_NO_REASON;

	if (cause->code == ESIM_ECANCELED && callbacks->why_cancelled)
		reason = lpa_reason_of_answer(callbacks->why_cancelled(callbacks->context));
	if (reason == LPA_NO_REASON)
		reason = s->reason;
	return reason == LPA_NO_REASON ? reason_of(cause) : (enum es10b_cancel_reason)reason;
}

void lpa_session_call_off(struct lpa_session *s, const struct esim_error *cause)
{
	enum es10b_cancel_reason reason;
	bool interrupted;

	if (s->on_card) {
		reason = reason_to_tell(s, cause);
		interrupted = lpa_hold_cancel(s->lpa);
		call_off(s, reason_for_card(s, reason));
		lpa_restore_cancel(s->lpa, interrupted);
	}
	s->on_server = false;
	/* What the card may still hold is left to a later process. */
	if (!s->on_card)
		lpa_session_tell(s, LPA_SESSION_ENDED);
}

void lpa_session_finished(struct lpa_session *s)
{
	s->on_card = s->on_server = false;
	lpa_session_tell(s, LPA_SESSION_ENDED);
}

void lpa_session_clear(struct lpa_session *s)
{
	es9p_initiate_authentication_response_clear(&s->initiated);
	es10b_authenticate_server_response_clear(&s->authenticated);
	es9p_authenticate_client_response_clear(&s->answer);
	explicit_bzero(s->challenge, sizeof(s->challenge));
	s->on_card = s->on_server = s->is_smds = s->euicc_is_verified = s->told = false;
	s->iccid = NULL;
	s->reason = LPA_NO_REASON;
}
