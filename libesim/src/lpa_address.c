/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that the eUICC keeps: default SM-DP+ and root SM-DS (SGP.22, 3.3). */
#include "lpa_internal.h"

int lpa_addresses(struct lpa *lpa, struct es10a_addresses *ret, struct esim_error *err)
{
	int rc;

	lpa_step(lpa, "ES10a.GetEuiccConfiguredAddresses");
	rc = es10a_get_euicc_configured_addresses(lpa->options.card, ret, err);
	lpa_step(lpa, NULL);
	return rc;
}

int lpa_set_default_smdp(struct lpa *lpa, const char *address, struct esim_error *err)
{
	char normal[ESIM_MAX_FQDN + 1] = "";
	int rc;

	if (address[0]) {
		rc = esim_address_normalise(address, lpa->options.allow_ports,
					    lpa->options.allow_literal, normal, err);
		if (rc)
			return rc;
	}
	lpa_step(lpa, "ES10a.SetDefaultDpAddress");
	rc = es10a_set_default_dp_address(lpa->options.card, normal, err);
	lpa_step(lpa, NULL);
	return rc;
}
