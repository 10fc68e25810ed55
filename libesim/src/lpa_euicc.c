/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the eUICC says of itself: read once, since what is asked here does not change. */
#include "lpa_internal.h"

int lpa_euicc_info1(struct lpa *lpa, const struct es10b_euicc_info1 **ret, struct esim_error *err)
{
	int rc = 0;

	if (!lpa->has_info1) {
		lpa_step(lpa, "ES10b.GetEUICCInfo1");
		rc = es10b_get_euicc_info1(lpa->options.card, &lpa->info1, err);
		lpa_step(lpa, NULL);
		lpa->has_info1 = !rc;
	}
	if (!rc)
		*ret = &lpa->info1;
	return rc;
}

int lpa_euicc_info2(struct lpa *lpa, const struct es10b_euicc_info2 **ret, struct esim_error *err)
{
	int rc = 0;

	if (!lpa->has_info2) {
		lpa_step(lpa, "ES10b.GetEUICCInfo2");
		rc = es10b_get_euicc_info2(lpa->options.card, &lpa->info2, err);
		lpa_step(lpa, NULL);
		lpa->has_info2 = !rc;
	}
	if (!rc)
		*ret = &lpa->info2;
	return rc;
}

int lpa_capabilities(struct lpa *lpa, const struct es9p_server *server,
		     struct esim_capabilities *ret, struct esim_error *err)
{
	const struct es10b_euicc_info2 *info2;
	int rc = lpa_euicc_info2(lpa, &info2, err);

	if (rc)
		return rc;
	esim_capabilities_from_info2(info2, ret);
	if (server)
		ret->server_svn = server->server_svn;
	return 0;
}

int lpa_load_crl(struct lpa *lpa, struct esim_slice crl, struct esim_error *err)
{
	struct esim_capabilities caps;
	int rc = lpa_capabilities(lpa, NULL, &caps, err);

	if (rc)
		return rc;
	if (!esim_capable(&caps, ESIM_FEATURE_LOAD_CRL))
		return esim_error_set(err, ESIM_ENOTSUP,
				      "this eUICC takes no revocation lists (rspCapability: crlSupport)");
	lpa_step(lpa, "ES10b.LoadCRL");
	rc = es10b_load_crl(lpa->options.card, crl, err);
	lpa_step(lpa, NULL);
	return rc;
}
