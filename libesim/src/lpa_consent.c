/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's word: on the profile, on its policy rules, and the confirmation code. */
#include "lpa_download.h"

#include <string.h>

/* ICCID that all of the public TS.48 generic test profiles share. */
#define TS48_ICCID "89000123456789012341"

static const struct {
	enum lpa_answer answer;
	enum es10b_cancel_reason reason;
	const char *message;
} refusals[] = {
	{ LPA_NO, ES10B_CANCEL_END_USER_REJECTION, "the user refused the download" },
	{ LPA_LATER, ES10B_CANCEL_POSTPONED, "the user postponed the download" },
	{ LPA_NO_ANSWER, ES10B_CANCEL_TIMEOUT, "nobody answered" },
};

int lpa_reason_of_answer(enum lpa_answer answer)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].answer == answer)
			return (int)refusals[i].reason;
	return LPA_NO_REASON;
}

/* 0 for yes; else the reason that both sides get. */
static int judge(struct lpa_download *d, enum lpa_answer answer, struct esim_error *err)
{
	/* Interrupted while being asked: the user wants none of it. */
	if (esim_cancel_triggered(d->lpa->options.cancel)) {
		d->session.reason = ES10B_CANCEL_END_USER_REJECTION;
		return lpa_check_cancel(d->lpa, err);
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (refusals[i].answer != answer)
			continue;
		d->session.reason = (int)refusals[i].reason;
		return esim_error_set(err, ESIM_EREFUSED, "%s", refusals[i].message);
	}
	return 0;
}

static bool is_known_test_profile(const struct esim_profile *metadata)
{
	struct esim_iccid known;

	return !esim_iccid_parse(TS48_ICCID, &known) &&
	       memcmp(&known, &metadata->iccid, sizeof(known)) == 0;
}

/* All that the user's word is about, as bytes: the profile, its server, its policy rules. */
static int describe(const struct lpa_download *d, struct esim_buf *ret, struct esim_error *err)
{
	const unsigned rules = d->consent_rules;

	esim_buf_append(ret, &rules, sizeof(rules));
	esim_buf_append(ret, d->address, strlen(d->address) + 1);
	esim_buf_append_slice(ret, d->session.answer.profile_metadata);
	return esim_buf_failed(ret) ? esim_error_set(err, ESIM_ENOMEM, "no memory") : 0;
}

static int ask_both(struct lpa_download *d, struct esim_error *err)
{
	const struct lpa_callbacks *callbacks = &d->lpa->options.callbacks;
	const struct lpa_offer offer = {
		.metadata = &d->result->metadata,
		.server_address = d->address,
		.confirmation_code_required = d->smdp.cc_required,
		.policy_rules = d->consent_rules,
		.known_test_profile = is_known_test_profile(&d->result->metadata),
	};
	int rc = judge(d, callbacks->consent ? callbacks->consent(callbacks->context, &offer) :
					       LPA_NO, err);

	if (!rc && d->consent_rules)
		rc = judge(d, callbacks->ppr_consent ?
			   callbacks->ppr_consent(callbacks->context, &offer) : LPA_NO, err);
	return rc;
}

int lpa_ask_consent(struct lpa_download *d, struct esim_error *err)
{
	struct esim_buf now = ESIM_BUF_INIT;
	int rc = describe(d, &now, err);

	/* A session begun afresh for the very same profile does not ask again. */
	if (!rc && !esim_slice_equal(esim_buf_slice(&d->consented), esim_buf_slice(&now)))
		rc = ask_both(d, err);
	if (!rc) {
		esim_buf_free(&d->consented);
		d->consented = now;
		return 0;
	}
	esim_buf_free(&now);
	return rc;
}

int lpa_ask_confirmation_code(struct lpa_download *d, struct esim_error *err)
{
	const struct lpa_callbacks *callbacks = &d->lpa->options.callbacks;
	int rc;

	if (d->has_code)
		return 0;
	rc = judge(d, callbacks->confirmation_code ?
		   callbacks->confirmation_code(callbacks->context, d->codes_refused,
						d->confirmation_code) : LPA_NO, err);
	if (rc == ESIM_EREFUSED)
		esim_error_prefix(err, "no confirmation code: ");
	d->has_code = !rc;
	return rc;
}

/* hashCc = SHA256(SHA256(code) | transactionId). */
int lpa_hash_confirmation_code(struct lpa_download *d, struct esim_error *err)
{
	const struct esim_slice code = esim_slice(d->confirmation_code, strlen(d->confirmation_code));
	uint8_t inner[ESIM_SHA256_SIZE];
	const struct esim_slice parts[] = {
		esim_slice(inner, sizeof(inner)),
		lpa_session_transaction_id(&d->session),
	};
	int rc = esim_sha256(&code, 1, inner);

	if (!rc)
		rc = esim_sha256(parts, 2, d->hash_cc);
	explicit_bzero(inner, sizeof(inner));
	if (!rc)
		return 0;
	esim_error_set(err, rc, "the confirmation code cannot be hashed: the crypto library failed");
	if (err)
		err->domain = ESIM_DOMAIN_SYSTEM;
	return rc;
}
