/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Activation codes (SGP.22, 4.1): 1$SM-DP+$MatchingID[$OID[$CCflag]], with or
 * without "LPA:" before it. Fields 6 and 7 of v3 are read and kept.
 */
#ifndef ESIM_ACTIVATION_CODE_H
#define ESIM_ACTIVATION_CODE_H

#include <esim/error.h>
#include <esim/limits.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct esim_activation_code {
	char smdp_address[ESIM_MAX_FQDN + 1];		/* normalised */
	char matching_id[ESIM_MAX_MATCHING_ID + 1];	/* verbatim; may be "" */
	char smdp_oid[64];				/* "": no OID given */
	bool confirmation_code_required;
	char ci_key_indicator[65];			/* v3 field 6, "" */
	bool delete_notification;			/* v3 field 7 */
};

/* Pasted text: surrounding spaces and case of the prefix do not matter. The message never repeats the code. */
int esim_activation_code_parse(const char *text, bool allow_port, struct esim_activation_code *ret,
			       struct esim_error *err);

/* Wipe: a matching id is a secret. */
void esim_activation_code_clear(struct esim_activation_code *code);

#ifdef __cplusplus
}
#endif
#endif
