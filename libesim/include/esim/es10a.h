/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10a (SGP.22, 5.7.3-5.7.4): the addresses that the eUICC keeps. */
#ifndef ESIM_ES10A_H
#define ESIM_ES10A_H

#include <esim/card.h>
#include <esim/rsp_types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct es10a_addresses {
	char default_smdp[ESIM_MAX_FQDN + 1];	/* "": none set */
	char root_smds[ESIM_MAX_FQDN + 1];
};

/* ES10a.GetEuiccConfiguredAddresses, BF3C. */
int es10a_get_euicc_configured_addresses(struct esim_card *card, struct es10a_addresses *ret,
					 struct esim_error *err);

/* ES10a.SetDefaultDpAddress, BF3F; "" removes it. Results: 0 ok, 127 undefinedError. */
int es10a_set_default_dp_address(struct esim_card *card, const char *address,
				 struct esim_error *err);

#ifdef __cplusplus
}
#endif
#endif
