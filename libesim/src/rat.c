/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Rules Authorisation Table (SGP.22, 2.9.2): who may set which policy rule. */
#include <esim/rsp_types.h>

#include <stdlib.h>
#include <string.h>

#define WILDCARD_NIBBLE 0xE

void esim_rat_clear(struct esim_rat *rat)
{
	free(rat->rules);
	*rat = (struct esim_rat){ 0 };
}

static bool nibble_matches(unsigned rule, unsigned owner)
{
	return rule == WILDCARD_NIBBLE || rule == owner;
}

static bool mcc_mnc_matches(const uint8_t rule[3], const uint8_t owner[3])
{
	for (int i = 0; i < 3; i++)
		if (!nibble_matches(rule[i] >> 4, owner[i] >> 4) ||
		    !nibble_matches(rule[i] & 0xF, owner[i] & 0xF))
			return false;
	return true;
}

/* An empty GID in the rule is any, an absent one wants an absent one. */
static bool gid_matches(bool rule_has, const uint8_t *rule, size_t rule_len, bool owner_has,
			const uint8_t *owner, size_t owner_len)
{
	if (!rule_has)
		return !owner_has;
	if (rule_len == 0)
		return true;
	return owner_has && rule_len == owner_len && memcmp(rule, owner, rule_len) == 0;
}

static bool operator_matches(const struct esim_operator_id *rule,
			     const struct esim_operator_id *owner)
{
	return mcc_mnc_matches(rule->mcc_mnc, owner->mcc_mnc) &&
	       gid_matches(rule->has_gid1, rule->gid1, rule->gid1_len, owner->has_gid1, owner->gid1,
			   owner->gid1_len) &&
	       gid_matches(rule->has_gid2, rule->gid2, rule->gid2_len, owner->has_gid2, owner->gid2,
			   owner->gid2_len);
}

static enum esim_ppr_verdict judge_one(const struct esim_rat *rat, unsigned ppr,
				       const struct esim_operator_id *owner)
{
	for (size_t i = 0; i < rat->count; i++) {
		const struct esim_rat_rule *rule = &rat->rules[i];

		if (!(rule->ppr_ids & ppr))
			continue;
		for (size_t j = 0; j < rule->operator_count; j++)
			if (operator_matches(&rule->operators[j], owner))
				return rule->consent_required ? ESIM_PPR_CONSENT : ESIM_PPR_ALLOWED;
	}
	return ESIM_PPR_FORBIDDEN;
}

enum esim_ppr_verdict esim_rat_judge(const struct esim_rat *rat, unsigned ppr_ids,
				     const struct esim_operator_id *owner)
{
	/* pprUpdateControl restricts nobody and is not in the table's care. */
	unsigned rules = ppr_ids & ~(unsigned)ESIM_PPR_UPDATE_CONTROL;
	enum esim_ppr_verdict worst = ESIM_PPR_ALLOWED;

	if (rules && !owner)
		return ESIM_PPR_FORBIDDEN;
	for (unsigned ppr = 1; rules >> 1 >= ppr >> 1 && ppr; ppr <<= 1) {
		enum esim_ppr_verdict verdict;

		if (!(rules & ppr))
			continue;
		verdict = judge_one(rat, ppr, owner);
		if (verdict > worst)
			worst = verdict;
	}
	return worst;
}
