/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10c (SGP.22, 5.7.15-5.7.22): local profile management. */
#ifndef ESIM_ES10C_H
#define ESIM_ES10C_H

#include <esim/card.h>
#include <esim/rsp_types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A profile by its ICCID, or by its ISD-P's AID where aid.len is not 0. */
struct es10c_profile_id {
	struct esim_iccid iccid;
	struct esim_aid_value aid;
};

/* Which profiles, and which of their fields. Everything unset: all, with the fields the card gives by itself. */
struct es10c_search {
	bool by_iccid, by_aid, by_class;
	struct esim_iccid iccid;
	struct esim_aid_value aid;
	enum esim_profile_class profile_class;
	const uint32_t *tags;			/* of ProfileInfo: 0x5A, 0x9F70, 0xBF76 …; NULL: none given */
	size_t tag_count;
};

/* The tag list that fills all of struct esim_profile, the icon included. */
const uint32_t *es10c_default_tags(size_t *ret_count);

/*
 * BF2D. @search NULL is everything. *@ret is owned: es10c_profiles_free().
 * Results: 1 incorrectInputValues, 127 undefinedError.
 */
int es10c_get_profiles_info(struct esim_card *card, const struct es10c_search *search,
			    struct esim_profile **ret, size_t *ret_count, struct esim_error *err);
void es10c_profiles_free(struct esim_profile **profiles, size_t count);

/* How a profile is enabled or disabled. */
struct es10c_switch {
	bool refresh;		/* the eUICC raises REFRESH and the channel may be gone; else the caller resets the card */
	unsigned port;		/* v3: the eSIM port. 0: the field is not sent; another one is ESIM_ENOTSUP for now */
};

/*
 * BF31. Results: 1 iccidOrAidNotFound, 2 profileNotInDisabledState,
 * 3 disallowedByPolicy, 4 wrongProfileReenabling, 5 catBusy, 127.
 */
int es10c_enable_profile(struct esim_card *card, const struct es10c_profile_id *id,
			 const struct es10c_switch *how, struct esim_error *err);

/* BF32. Results: 1 iccidOrAidNotFound, 2 profileNotInEnabledState, 3 disallowedByPolicy, 5 catBusy, 127. */
int es10c_disable_profile(struct esim_card *card, const struct es10c_profile_id *id,
			  const struct es10c_switch *how, struct esim_error *err);

/* BF33. Results: 1 iccidOrAidNotFound, 2 profileNotInDisabledState, 3 disallowedByPolicy, 127. */
int es10c_delete_profile(struct esim_card *card, const struct es10c_profile_id *id,
			 struct esim_error *err);

enum es10c_reset_options {
	ES10C_RESET_OPERATIONAL_PROFILES = 1 << 0,
	ES10C_RESET_FIELD_LOADED_TEST_PROFILES = 1 << 1,
	ES10C_RESET_DEFAULT_SMDP_ADDRESS = 1 << 2,
};

/* BF34. Results: 1 nothingToDelete, 5 catBusy, 127. */
int es10c_euicc_memory_reset(struct esim_card *card, unsigned options, struct esim_error *err);

/* BF3E. An all-zero EID is no error here: see esim_eid_is_zero(). */
int es10c_get_eid(struct esim_card *card, struct esim_eid *ret, struct esim_error *err);

/* BF29; "" removes it. Results: 1 iccidNotFound, 127. Not UTF-8, or above 64 characters: ESIM_EINVAL. */
int es10c_set_nickname(struct esim_card *card, const struct esim_iccid *iccid, const char *nickname,
		       struct esim_error *err);

#ifdef __cplusplus
}
#endif
#endif
