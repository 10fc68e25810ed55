/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local profile management (SGP.22, 3.2): what the card was told is read back,
 * since a result code of 0 and a profile that works are two things.
 */
#include "lpa_internal.h"

#include <string.h>

enum {
	RESULT_NOT_FOUND = 1,
	RESULT_WRONG_STATE = 2,
	RESULT_POLICY = 3,
};

/* What a change is told. */
struct target {
	struct es10c_profile_id id;
	const struct es10c_switch *how;		/* NULL: the change is no switch */
};

struct change {
	const char *function;
	lpa_card_function call;			/* its arguments are a struct target */
	bool has_state;			/* else: the profile is gone afterwards */
	enum esim_profile_state state;
	const char *verb;
};

static int enable_profile(struct esim_card *card, const void *arguments, struct esim_error *err)
{
	const struct target *target = arguments;

	return es10c_enable_profile(card, &target->id, target->how, err);
}

static int disable_profile(struct esim_card *card, const void *arguments, struct esim_error *err)
{
	const struct target *target = arguments;

	return es10c_disable_profile(card, &target->id, target->how, err);
}

static int delete_profile(struct esim_card *card, const void *arguments, struct esim_error *err)
{
	return es10c_delete_profile(card, &((const struct target *)arguments)->id, err);
}

static const struct change enabling = {
	"ES10c.EnableProfile", enable_profile, true, ESIM_PROFILE_ENABLED, "enabled",
};
static const struct change disabling = {
	"ES10c.DisableProfile", disable_profile, true, ESIM_PROFILE_DISABLED, "disabled",
};
static const struct change deleting = {
	"ES10c.DeleteProfile", delete_profile, false, ESIM_PROFILE_DISABLED, "deleted",
};

int lpa_find_profiles(struct lpa *lpa, const struct es10c_search *search,
		      struct esim_profile **ret, size_t *ret_count, struct esim_error *err)
{
	int rc;

	lpa_step(lpa, "ES10c.GetProfilesInfo");
	rc = es10c_get_profiles_info(lpa->options.card, search, ret, ret_count, err);
	lpa_step(lpa, NULL);
	return rc;
}

int lpa_count_profiles(struct lpa *lpa, const struct es10c_search *search, size_t *ret,
		       struct esim_error *err)
{
	struct esim_profile *profiles = NULL;
	size_t count = 0;
	int rc = lpa_find_profiles(lpa, search, &profiles, &count, err);

	es10c_profiles_free(&profiles, count);
	if (!rc)
		*ret = count;
	return rc;
}

int lpa_profiles(struct lpa *lpa, struct esim_profile **ret, size_t *ret_count,
		 struct esim_error *err)
{
	struct es10c_search search = { 0 };

	search.tags = es10c_default_tags(&search.tag_count);
	return lpa_find_profiles(lpa, &search, ret, ret_count, err);
}

int lpa_ask_profiles(struct lpa *lpa, const struct es10c_search *search, struct esim_profile **ret,
		     size_t *ret_count, struct esim_error *err)
{
	int rc = lpa_find_profiles(lpa, search, ret, ret_count, err);

	if (!rc || !lpa_behind_modem(lpa) || err->domain != ESIM_DOMAIN_TRANSPORT)
		return rc;
	rc = lpa_return_to_card(lpa, err);
	return rc ? rc : lpa_find_profiles(lpa, search, ret, ret_count, err);
}

/* What the card says of @iccid now. *@ret_found tells whether it knows it. */
static int read_state(struct lpa *lpa, const struct esim_iccid *iccid, bool *ret_found,
		      enum esim_profile_state *ret_state, struct esim_error *err)
{
	static const uint32_t tags[] = { 0x5A, 0x4F, 0x9F70 };
	const struct es10c_search search = { .tags = tags, .tag_count = 3 };
	struct esim_profile *profiles = NULL;
	size_t count = 0;
	int rc = lpa_ask_profiles(lpa, &search, &profiles, &count, err);

	if (rc)
		return rc;
	*ret_found = false;
	for (size_t i = 0; i < count; i++) {
		if (memcmp(&profiles[i].iccid, iccid, sizeof(*iccid)) != 0)
			continue;
		*ret_found = true;
		*ret_state = profiles[i].state;
	}
	es10c_profiles_free(&profiles, count);
	return 0;
}

/* What each refusal means to a person. */
static void explain(const struct change *change, int rc, struct esim_error *err)
{
	if (rc != ESIM_ERESULT)
		return;
	switch (err->es10_result) {
	case RESULT_WRONG_STATE:
		esim_error_advise(err, change == &enabling ? "the profile is enabled already" :
				       change == &disabling ? "the profile is disabled already" :
				       "only a disabled profile can be deleted: disable it first");
		break;
	case RESULT_POLICY:
		err->domain = ESIM_DOMAIN_POLICY;
		esim_error_advise(err, "the operator's profile policy rules forbid this; ask the operator");
		break;
	default:
		break;
	}
}

/*
 * Some cards find a profile by its AID alone. The first answer counts: the state
 * is read before the second try, since "not found" has been said after success.
 */
static int call_by_aid(struct lpa *lpa, const struct change *change,
		       const struct esim_profile *profile, const struct es10c_switch *how,
		       struct esim_error *err)
{
	const struct target by_aid = { { profile->iccid, profile->isdp_aid }, how };
	const struct esim_error first = *err;
	enum esim_profile_state state = ESIM_PROFILE_DISABLED;
	bool found = false;
	int rc = read_state(lpa, &profile->iccid, &found, &state, err);

	if (!rc && found == change->has_state && (!found || state == change->state))
		return 0;
	if (!rc && found)
		return lpa_call_patiently(lpa, change->function, change->call, &by_aid, err);
	*err = first;
	return first.code;
}

/*
 * REFRESH is pending and no modem stands between: then this host is the terminal,
 * and the reset below is what the card asks for.
 */
static bool is_terminal(struct esim_card *card)
{
	const unsigned raw_and_reset = ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_RESET;
	struct esim_transport_info info;

	esim_transport_describe(esim_card_transport(card), &info);
	return esim_card_proactive(card) && (info.features & raw_and_reset) == raw_and_reset;
}

/* After a change of state the ISD-R has to be found again. */
static int settle(struct lpa *lpa, const struct esim_modem_settle *how, struct esim_error *err)
{
	struct esim_card *card = lpa->options.card;
	struct esim_error ignored;
	int rc;

	if (lpa_behind_modem(lpa))
		return lpa_settle_modem(lpa, how, err);
	if (how->refresh && !is_terminal(card)) {
		lpa_step(lpa, "SELECT ISD-R");
		rc = esim_card_reselect(card, &ignored);
		lpa_step(lpa, NULL);
		if (!rc)
			return 0;
	}
	return lpa_reset_card(lpa, err);
}

static int verify_change(struct lpa *lpa, const struct change *change,
			 const struct esim_profile *profile, struct esim_error *err)
{
	enum esim_profile_state state = ESIM_PROFILE_DISABLED;
	bool found = false;
	int rc = read_state(lpa, &profile->iccid, &found, &state, err);

	if (rc || (found == change->has_state && (!found || state == change->state)))
		return rc;
	lpa->switched = false;
	esim_error_set(err, ESIM_EIO, "%s: the eUICC answered ok, yet the profile is not %s",
		       change->function, change->verb);
	err->domain = ESIM_DOMAIN_CARD;
	esim_error_advise(err, "reset the card or the modem, then look at the profiles again");
	return ESIM_EIO;
}

/* The answer of a switch was lost, often since the modem acted on it: the card tells whether it took place. */
static int ask_after_loss(struct lpa *lpa, const struct change *change, const struct esim_profile *profile,
			  struct esim_error *err)
{
	const struct esim_error first = *err;
	enum esim_profile_state state = ESIM_PROFILE_DISABLED;
	bool found = false;

	if (!lpa_behind_modem(lpa) || first.outcome != ESIM_OUTCOME_UNKNOWN || first.code == ESIM_ECANCELED)
		return first.code;
	if (!lpa_return_to_card(lpa, err) && !read_state(lpa, &profile->iccid, &found, &state, err) &&
	    found == change->has_state && (!found || state == change->state))
		return 0;
	*err = first;
	return first.code;
}

/* The eUICC took it; now modem and card are to agree on it, and the card is asked. */
static int follow_up(struct lpa *lpa, const struct change *change, const struct esim_profile *profile,
		     const struct esim_modem_settle *settling, struct esim_error *err)
{
	struct esim_error found;
	int rc;

	lpa->switched = true;
	rc = settle(lpa, settling, err);
	if (!rc)
		return verify_change(lpa, change, profile, err);
	/* That the modem does not follow is one thing; what the eUICC holds is another, and the worse one is told. */
	if (lpa_behind_modem(lpa) && rc != ESIM_ECANCELED && rc != ESIM_ENODEV &&
	    verify_change(lpa, change, profile, &found) && !lpa->switched) {
		*err = found;
		rc = found.code;
	}
	return rc;
}

/* The modem left, or lost the channel, before the card heard anything of the command. */
static bool was_not_heard(const struct lpa *lpa, const struct esim_error *err, int rc)
{
	return lpa_behind_modem(lpa) && (rc == ESIM_ENODEV || rc == ESIM_ESTALE) &&
	       err->outcome != ESIM_OUTCOME_UNKNOWN;
}

static int apply(struct lpa *lpa, const struct change *change, const struct esim_profile *profile,
		 const struct target *target, struct esim_error *err)
{
	int rc = lpa_call_patiently(lpa, change->function, change->call, target, err);

	if (was_not_heard(lpa, err, rc)) {
		rc = lpa_return_to_card(lpa, err);
		if (!rc)
			rc = lpa_call_patiently(lpa, change->function, change->call, target, err);
	}
	if (rc == ESIM_ERESULT && err->es10_result == RESULT_NOT_FOUND && profile->isdp_aid.len > 0)
		rc = call_by_aid(lpa, change, profile, target->how, err);
	if (rc)
		rc = ask_after_loss(lpa, change, profile, err);
	if (rc)
		explain(change, rc, err);
	return rc;
}

static int switch_profile(struct lpa *lpa, const struct change *change, const struct esim_profile *profile,
			  const struct es10c_switch *how, struct esim_error *err)
{
	struct es10c_switch flagged = *how;
	const struct target target = { .id = { .iccid = profile->iccid }, .how = &flagged };
	struct esim_modem_settle settling = { .expected = change == &enabling ? &profile->iccid : NULL };
	struct esim_iccid before;
	struct esim_error local;
	int rc;

	if (!err)
		err = &local;
	lpa->has_settled = lpa->switched = lpa->came_back = false;
	settling.refresh = flagged.refresh = lpa_refresh_flag(lpa, how->refresh);
	if (lpa_modem_reports(lpa, &before))
		settling.before = &before;
	rc = apply(lpa, change, profile, &target, err);
	return rc ? rc : follow_up(lpa, change, profile, &settling, err);
}

int lpa_enable_profile(struct lpa *lpa, const struct esim_profile *profile,
		       const struct es10c_switch *how, struct esim_error *err)
{
	return switch_profile(lpa, &enabling, profile, how, err);
}

int lpa_disable_profile(struct lpa *lpa, const struct esim_profile *profile,
			const struct es10c_switch *how, struct esim_error *err)
{
	return switch_profile(lpa, &disabling, profile, how, err);
}

int lpa_delete_profile(struct lpa *lpa, const struct esim_profile *profile, struct esim_error *err)
{
	const struct target target = { .id = { .iccid = profile->iccid } };
	struct esim_error local;
	int rc;

	if (!err)
		err = &local;
	rc = apply(lpa, &deleting, profile, &target, err);
	return rc ? rc : verify_change(lpa, &deleting, profile, err);
}

int lpa_rename_profile(struct lpa *lpa, const struct esim_profile *profile, const char *nickname,
		       struct esim_error *err)
{
	int rc;

	lpa_step(lpa, "ES10c.SetNickname");
	rc = es10c_set_nickname(lpa->options.card, &profile->iccid, nickname, err);
	lpa_step(lpa, NULL);
	return rc;
}
