/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the procedures share; see esim/lpa.h. */
#ifndef LPA_INTERNAL_H
#define LPA_INTERNAL_H

#include <esim/lpa.h>

/* A reading of every counter that a step's cost is the difference of. */
struct lpa_reading {
	uint64_t now;
	struct esim_card_stats card;
	struct esim_http_stats http;
};

struct lpa {
	struct lpa_options options;
	struct lpa_step *steps;			/* grows; past its room the last one collects */
	size_t step_count, step_room;
	bool in_step;
	struct lpa_reading step_start;
	bool cleaning_up;			/* after an interruption, which the user was told */
	bool clean_up_interrupted;		/* and it was interrupted in its turn */
	bool has_info1, has_info2;		/* see lpa_euicc.c */
	struct es10b_euicc_info1 info1;
	struct es10b_euicc_info2 info2;
	bool switched;				/* the eUICC took the last switch, and says nothing else since */
	bool has_settled;			/* see lpa_modem.c */
	bool came_back;				/* the modem left the bus since the switch began, and is there again */
	struct esim_modem_settled settled;
	bool asked_modem;
	struct es10b_device_info device;	/* the modem's, once asked */
};

void lpa_note(struct lpa *lpa, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Seconds since the epoch, by the caller's clock. */
int64_t lpa_now(const struct lpa *lpa);

/* ESIM_EINVAL where the procedure needs servers and none were configured. */
int lpa_need_servers(const struct lpa *lpa, struct esim_error *err);

/* ESIM_ECANCELED where the handle fired. */
int lpa_check_cancel(const struct lpa *lpa, struct esim_error *err);

/*
 * Put a fired handle back for the while that cleaning up takes; what it said is
 * returned, and restored afterwards. The card has a short deadline meanwhile. A
 * second interruption is heard, and lasts: from then on the handle is left as it is.
 */
bool lpa_hold_cancel(struct lpa *lpa);
void lpa_restore_cancel(struct lpa *lpa, bool interrupted);

/* Wait, or be cancelled. */
int lpa_pause(const struct lpa *lpa, unsigned milliseconds, struct esim_error *err);

/*
 * EUICCInfo2, read from the card once: for what does not change (versions,
 * rspCapability, forbidden rules), not for its memory. *@ret lives as long as @lpa.
 */
int lpa_euicc_info2(struct lpa *lpa, const struct es10b_euicc_info2 **ret, struct esim_error *err);

/* ES10c.GetProfilesInfo, a step of its own. es10c_profiles_free(). */
int lpa_find_profiles(struct lpa *lpa, const struct es10c_search *search,
		      struct esim_profile **ret, size_t *ret_count, struct esim_error *err);
/* The same, after a change: what a modem loses once is asked again. */
int lpa_ask_profiles(struct lpa *lpa, const struct es10c_search *search, struct esim_profile **ret,
		     size_t *ret_count, struct esim_error *err);

/* How many profiles fit @search. */
int lpa_count_profiles(struct lpa *lpa, const struct es10c_search *search, size_t *ret,
		       struct esim_error *err);

/* A function of the card that may answer catBusy, with its arguments. */
typedef int (*lpa_card_function)(struct esim_card *card, const void *arguments,
				 struct esim_error *err);

/*
 * @call, each time the step @function, again while the card says catBusy; a card
 * that stays so is ESIM_EBUSY, with advice. @err is not NULL.
 */
int lpa_call_patiently(struct lpa *lpa, const char *function, lpa_card_function call,
		       const void *arguments, struct esim_error *err);

/* Reset the card and select the ISD-R; only the latter where the transport cannot reset. */
int lpa_reset_card(struct lpa *lpa, struct esim_error *err);

/* --- lpa_modem.c ------------------------------------------------------------------------- */

bool lpa_behind_modem(const struct lpa *lpa);

/* The refresh flag for a switch: what was asked for, where the modem's quirks say nothing else. */
bool lpa_refresh_flag(const struct lpa *lpa, bool asked);

/* What the modem reports before a switch. False: it does not tell, or there is none. */
bool lpa_modem_reports(struct lpa *lpa, struct esim_iccid *ret);

/* Up the ladder, of which @how says no rung() yet, and a channel to the ISD-R again. @err is not NULL. */
int lpa_settle_modem(struct lpa *lpa, const struct esim_modem_settle *how, struct esim_error *err);

/* The modem went, or fell silent in mid-command: back to the ISD-R, to ask what became of it. @err is not NULL. */
int lpa_return_to_card(struct lpa *lpa, struct esim_error *err);

/* Address of a server as it came from code, card or user. */
int lpa_server_init(struct lpa *lpa, const char *address, struct es9p_server *ret,
		    struct esim_error *err);

/* @smds, or where it is NULL or "" the eUICC's root SM-DS. */
int lpa_smds_address(struct lpa *lpa, const char *smds, char ret[static ESIM_MAX_FQDN + 1],
		     struct esim_error *err);

/* POST one notification; *@ret_sent once the server said 204, 0 once the eUICC forgot it too. */
int lpa_deliver_notification(struct lpa *lpa, const struct esim_notification *metadata,
			     struct esim_slice pending, bool *ret_sent, struct esim_error *err);

#endif
