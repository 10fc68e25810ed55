/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profile policy rules (SGP.22, 2.9.2.4): may this operator set them on this
 * eUICC, and must the user agree? Asked before the eUICC prepares a download, and
 * of a profile without rules nothing is asked.
 */
#include "lpa_download.h"

/* What a RAT rules on; pprUpdateControl says only how they change later. */
#define JUDGED_RULES (ESIM_PPR1 | ESIM_PPR2)

static const char *rules_name(unsigned rules)
{
	return rules == ESIM_PPR1 ? "PPR1 (may not be disabled)" :
	       rules == ESIM_PPR2 ? "PPR2 (may not be deleted)" :
	       "PPR1 and PPR2 (may be neither disabled nor deleted)";
}

static int forbid(struct lpa_session *session, struct esim_error *err, unsigned rules,
		  const char *why)
{
	session->reason = ES10B_CANCEL_PPR_NOT_ALLOWED;
	esim_error_set(err, ESIM_EREFUSED, "the profile sets %s, which %s", rules_name(rules), why);
	esim_error_advise(err, "ask the operator for a profile without this rule");
	return ESIM_EREFUSED;
}

static int check_forbidden_rules(struct lpa_session *session, unsigned rules,
				 struct esim_error *err)
{
	const struct es10b_euicc_info2 *info2;
	unsigned forbidden;
	int rc = lpa_euicc_info2(session->lpa, &info2, err);

	if (rc)
		return rc;
	forbidden = rules & info2->forbidden_policy_rules;
	return forbidden ? forbid(session, err, forbidden, "this eUICC forbids") : 0;
}

static int check_rat(struct lpa_session *session, unsigned rules,
		     const struct esim_operator_id *owner, unsigned *ret_consent,
		     struct esim_error *err)
{
	struct lpa *lpa = session->lpa;
	struct esim_rat rat = { 0 };
	enum esim_ppr_verdict verdict;
	int rc;

	lpa_step(lpa, "ES10b.GetRAT");
	rc = es10b_get_rat(lpa->options.card, &rat, err);
	lpa_step(lpa, NULL);
	if (rc)
		return rc;
	verdict = esim_rat_judge(&rat, rules, owner);
	esim_rat_clear(&rat);
	if (verdict == ESIM_PPR_FORBIDDEN)
		return forbid(session, err, rules,
			      "the eUICC's Rules Authorisation Table does not grant to its owner");
	*ret_consent = verdict == ESIM_PPR_CONSENT ? rules : 0;
	return 0;
}

/* A profile that may not be disabled has no place beside another operational one. */
static int check_others(struct lpa_session *session, struct esim_error *err)
{
	static const uint32_t tags[] = { 0x5A, 0x95 };
	const struct es10c_search search = {
		.by_class = true,
		.profile_class = ESIM_CLASS_OPERATIONAL,
		.tags = tags,
		.tag_count = 2,
	};
	size_t count = 0;
	int rc = lpa_count_profiles(session->lpa, &search, &count, err);

	if (rc)
		return rc;
	return count == 0 ? 0 : forbid(session, err, ESIM_PPR1,
				       "is not allowed beside an operational profile");
}

int lpa_check_policy(struct lpa_session *session, const struct esim_profile *metadata,
		     unsigned *ret_consent, struct esim_error *err)
{
	const unsigned rules = metadata->policy_rules & JUDGED_RULES;
	int rc;

	*ret_consent = 0;
	if (!rules)
		return 0;
	rc = check_forbidden_rules(session, rules, err);
	if (!rc)
		rc = check_rat(session, rules, metadata->has_owner ? &metadata->owner : NULL,
			       ret_consent, err);
	if (!rc && (rules & ESIM_PPR1))
		rc = check_others(session, err);
	return rc;
}
