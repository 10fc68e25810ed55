/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this card and this server can do: the one object that every
 * version-gated field asks.
 */
#ifndef ESIM_CAPABILITIES_H
#define ESIM_CAPABILITIES_H

#include <esim/es10b.h>

#ifdef __cplusplus
extern "C" {
#endif

enum esim_feature {
	ESIM_FEATURE_LOAD_CRL,			/* rspCapability bit 1 */
	ESIM_FEATURE_CANCEL_METADATA_MISMATCH,	/* 2.2.2: cancel reasons 4, 5, 127 */
	ESIM_FEATURE_TEST_PROFILES,		/* rspCapability bit 3 */
	ESIM_FEATURE_DEVICE_INFO_EXTENSIBILITY,	/* rspCapability bit 4 */
};

struct esim_capabilities {
	struct esim_version card_svn;		/* EUICCInfo1/2, 82 */
	struct esim_version server_svn;		/* serverSigned1 or X-Admin-Protocol; 0.0.0: unknown */
	uint32_t rsp_capability;		/* bit n = capability n */
	bool has_rsp_capability;
};

void esim_capabilities_from_info2(const struct es10b_euicc_info2 *info,
				  struct esim_capabilities *ret);
bool esim_capable(const struct esim_capabilities *caps, enum esim_feature feature);

#ifdef __cplusplus
}
#endif
#endif
