/* SPDX-License-Identifier: GPL-2.0-or-later */
/* catBusy: the card is in a proactive session with the modem, which ends by itself or never. */
#include "lpa_internal.h"

/* The same of every function that has it (SGP.22, 5.7.16, 5.7.17, 5.7.19). */
#define RESULT_CAT_BUSY		5

/* How often it is tried again, and how long the first wait is; each next one doubles. */
#define RETRIES			4
#define FIRST_WAIT_MS		250

static int stayed_busy(struct esim_error *err)
{
	err->code = ESIM_EBUSY;
	esim_error_advise(err, "the card is in a session with the modem and stayed so: reset the modem, then try again");
	return ESIM_EBUSY;
}

int lpa_call_patiently(struct lpa *lpa, const char *function, lpa_card_function call,
		       const void *arguments, struct esim_error *err)
{
	unsigned wait = FIRST_WAIT_MS;
	int rc;

	for (int attempt = 0;; attempt++) {
		lpa_step(lpa, function);
		rc = call(lpa->options.card, arguments, err);
		lpa_step(lpa, NULL);
		if (rc != ESIM_ERESULT || err->es10_result != RESULT_CAT_BUSY)
			return rc;
		if (attempt == RETRIES)
			return stayed_busy(err);
		rc = lpa_pause(lpa, wait, err);
		if (rc)
			return rc;
		wait *= 2;
	}
}
