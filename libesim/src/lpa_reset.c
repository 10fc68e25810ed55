/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eUICC memory reset (SGP.22, 3.3.2 and 3.3.3): what goes is the caller's choice. */
#include "lpa_internal.h"

#define PROFILE_OPTIONS (ES10C_RESET_OPERATIONAL_PROFILES | ES10C_RESET_FIELD_LOADED_TEST_PROFILES)

enum {
	RESULT_NOTHING_TO_DELETE = 1,
	RESULT_CAT_BUSY = 5,
};

int lpa_memory_reset(struct lpa *lpa, unsigned options, struct esim_error *err)
{
	struct esim_error local;
	int rc;

	if (!err)
		err = &local;
	if (!options)
		return esim_error_set(err, ESIM_EINVAL, "a memory reset of nothing was asked for");
	lpa_step(lpa, "ES10c.eUICCMemoryReset");
	rc = es10c_euicc_memory_reset(lpa->options.card, options, err);
	lpa_step(lpa, NULL);
	if (rc == ESIM_ERESULT && err->es10_result == RESULT_NOTHING_TO_DELETE)
		esim_error_advise(err, "there was nothing of what was chosen: nothing changed");
	if (rc == ESIM_ERESULT && err->es10_result == RESULT_CAT_BUSY)
		esim_error_advise(err, "the card is in a session with the modem: reset the modem, then try again");
	if (rc || !(options & PROFILE_OPTIONS))
		return rc;
	/* An enabled profile may have gone: the card wants a reset before all else. */
	return lpa_reset_card(lpa, err);
}
