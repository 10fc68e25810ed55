/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of one download, shared by the files that hold its steps. */
#ifndef LPA_DOWNLOAD_H
#define LPA_DOWNLOAD_H

#include "lpa_session.h"

#include <esim/activation_code.h>

struct lpa_download {
	struct lpa *lpa;
	const struct lpa_order *order;
	struct lpa_download_result *result;
	struct lpa_session session;

	/* The order, resolved: where to begin, and what to ask for there. */
	char address[ESIM_MAX_FQDN + 1];
	char matching_id[ESIM_MAX_MATCHING_ID + 1];
	bool has_matching_id;
	char server_oid[64];
	struct esim_key_id ci_key_id;		/* len 0: any */
	enum lpa_server_kind kind;

	/* Each package. */
	struct esim_verified_smdp smdp;
	bool hash_sent;				/* with PrepareDownload */
	uint8_t hash_cc[ESIM_SHA256_SIZE];
	unsigned consent_rules;			/* policy rules that the user must agree to */
	struct es10b_prepare_download_response prepared;
	struct esim_buf package;

	/* What survives a session that is begun afresh. */
	struct esim_buf consented;		/* the metadata that was agreed to */
	unsigned codes_refused;
	bool has_code;
	char confirmation_code[ESIM_MAX_CONFIRMATION_CODE + 1];
	bool begun_afresh;
};

/* Fill address and matching id from whatever the order names. */
int lpa_resolve_order(struct lpa_download *download, struct esim_error *err);

/* Replace the order by an SM-DS's first event. */
int lpa_follow_event(struct lpa_download *download, struct esim_error *err);

/* Policy rules against eUICC and RAT; *@ret_consent are those that need the user's word. */
int lpa_check_policy(struct lpa_session *session, const struct esim_profile *metadata,
		     unsigned *ret_consent, struct esim_error *err);

/* The user's word on profile, policy rules and confirmation code. */
int lpa_ask_consent(struct lpa_download *download, struct esim_error *err);
int lpa_ask_confirmation_code(struct lpa_download *download, struct esim_error *err);

/* hashCc of the code that was given: one that cannot be made is never sent. */
int lpa_hash_confirmation_code(struct lpa_download *download, struct esim_error *err);

/* The metadata inside the package is what the user agreed to. */
int lpa_compare_metadata(struct lpa_download *download, struct esim_error *err);

/* ES10b.LoadBoundProfilePackage, and after a broken one the truth about it. */
int lpa_load_package(struct lpa_download *download, struct esim_error *err);

/* Send the installation result, forget it on the card after 204. Failure is a note. */
void lpa_send_installation_result(struct lpa_download *download);

#endif
