/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this card and this server can do; see esim/capabilities.h. */
#include <esim/capabilities.h>

#define NO_BIT (-1)

/* What a feature asks for: versions of both sides (0.0.0: any), and a bit of rspCapability. */
static const struct {
	struct esim_version card, server;
	int rsp_bit;
} needs[] = {
	[ESIM_FEATURE_LOAD_CRL] = { .rsp_bit = 1 },
	[ESIM_FEATURE_CANCEL_METADATA_MISMATCH] = { .card = { 2, 2, 2 }, .server = { 2, 2, 2 },
						    .rsp_bit = NO_BIT },
	[ESIM_FEATURE_TEST_PROFILES] = { .rsp_bit = 3 },
	[ESIM_FEATURE_DEVICE_INFO_EXTENSIBILITY] = { .rsp_bit = 4 },
};

void esim_capabilities_from_info2(const struct es10b_euicc_info2 *info,
				  struct esim_capabilities *ret)
{
	*ret = (struct esim_capabilities){
		.card_svn = info->svn,
		.rsp_capability = info->rsp_capability,
		.has_rsp_capability = true,
	};
}

/* A side of which nothing is known is not what forbids. */
static bool reaches(struct esim_version have, struct esim_version want)
{
	const struct esim_version unknown = { 0, 0, 0 };

	return esim_version_compare(have, unknown) == 0 || esim_version_compare(have, want) >= 0;
}

bool esim_capable(const struct esim_capabilities *caps, enum esim_feature feature)
{
	if ((size_t)feature >= sizeof(needs) / sizeof(needs[0]))
		return false;
	if (!reaches(caps->card_svn, needs[feature].card) ||
	    !reaches(caps->server_svn, needs[feature].server))
		return false;
	return needs[feature].rsp_bit == NO_BIT ||
	       (caps->has_rsp_capability && (caps->rsp_capability >> needs[feature].rsp_bit & 1));
}
