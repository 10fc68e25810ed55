/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eUICC memory reset (SGP.22, 3.3.2 and 3.3.3): what goes is the caller's choice. */
#include "lpa_internal.h"

#define PROFILE_OPTIONS (ES10C_RESET_OPERATIONAL_PROFILES | ES10C_RESET_FIELD_LOADED_TEST_PROFILES)

#define RESULT_NOTHING_TO_DELETE 1

int lpa_reset_options(struct lpa *lpa, unsigned *ret, struct esim_error *err)
{
	struct esim_capabilities caps;
	int rc = lpa_capabilities(lpa, NULL, &caps, err);

	if (rc)
		return rc;
	*ret = ES10C_RESET_OPERATIONAL_PROFILES | ES10C_RESET_DEFAULT_SMDP_ADDRESS;
	if (esim_capable(&caps, ESIM_FEATURE_TEST_PROFILES))
		*ret |= ES10C_RESET_FIELD_LOADED_TEST_PROFILES;
	return 0;
}

static int check_options(struct lpa *lpa, unsigned options, struct esim_error *err)
{
	unsigned known;
	int rc;

	if (!options)
		return esim_error_set(err, ESIM_EINVAL, "a memory reset of nothing was asked for");
	if (!(options & ES10C_RESET_FIELD_LOADED_TEST_PROFILES))
		return 0;
	rc = lpa_reset_options(lpa, &known, err);
	if (rc || (known & ES10C_RESET_FIELD_LOADED_TEST_PROFILES))
		return rc;
	esim_error_set(err, ESIM_ENOTSUP,
		       "this eUICC has no test profiles to delete (rspCapability: testProfileSupport)");
	esim_error_advise(err, "leave test profiles out; nothing was changed");
	return ESIM_ENOTSUP;
}

static int reset(struct esim_card *card, const void *options, struct esim_error *err)
{
	return es10c_euicc_memory_reset(card, *(const unsigned *)options, err);
}

/* What is left enabled, if anything, is what the modem is to report. */
static int settle_modem(struct lpa *lpa, struct esim_error *err)
{
	static const uint32_t tags[] = { 0x5A, 0x9F70 };
	const struct es10c_search search = { .tags = tags, .tag_count = 2 };
	struct esim_modem_settle how = { .refresh = false };
	struct esim_profile *profiles = NULL;
	size_t count = 0;
	int rc = lpa_reset_card(lpa, err);

	if (rc && rc != ESIM_ECANCELED)
		rc = lpa_return_to_card(lpa, err);
	if (!rc)
		rc = lpa_ask_profiles(lpa, &search, &profiles, &count, err);
	for (size_t i = 0; i < count; i++)
		if (profiles[i].state == ESIM_PROFILE_ENABLED)
			how.expected = &profiles[i].iccid;
	if (!rc)
		rc = lpa_settle_modem(lpa, &how, err);
	es10c_profiles_free(&profiles, count);
	return rc;
}

/* Twice is as once: where a modem lost the answer, or the command, the second one tells. */
static int reset_surely(struct lpa *lpa, const unsigned *options, struct esim_error *err)
{
	int rc = lpa_call_patiently(lpa, "ES10c.eUICCMemoryReset", reset, options, err);
	const struct esim_error first = *err;

	if (!rc || rc == ESIM_ECANCELED || first.domain != ESIM_DOMAIN_TRANSPORT || !lpa_behind_modem(lpa))
		return rc;
	if (lpa_return_to_card(lpa, err)) {
		*err = first;
		return rc;
	}
	rc = lpa_call_patiently(lpa, "ES10c.eUICCMemoryReset", reset, options, err);
	/* The first one left nothing to delete. */
	return rc == ESIM_ERESULT && err->es10_result == RESULT_NOTHING_TO_DELETE &&
	       first.outcome == ESIM_OUTCOME_UNKNOWN ? 0 : rc;
}

int lpa_memory_reset(struct lpa *lpa, unsigned options, struct esim_error *err)
{
	struct esim_error local;
	int rc;

	if (!err)
		err = &local;
	rc = check_options(lpa, options, err);
	if (rc)
		return rc;
	lpa->has_settled = lpa->came_back = false;
	rc = reset_surely(lpa, &options, err);
	if (rc == ESIM_ERESULT && err->es10_result == RESULT_NOTHING_TO_DELETE)
		esim_error_advise(err, "there was nothing of what was chosen: nothing changed");
	if (rc || !(options & PROFILE_OPTIONS))
		return rc;
	/* An enabled profile may have gone: the card wants a reset before all else. */
	return lpa_behind_modem(lpa) ? settle_modem(lpa, err) : lpa_reset_card(lpa, err);
}
