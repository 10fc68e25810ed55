/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs on one profile; see session.h. */
#include "session_internal.h"

#include <string.h>

/* What the card calls the profile: some find it by its AID alone. */
static int find_profile(struct card_session *session, const struct esim_iccid *iccid,
			struct esim_profile *ret, struct esim_error *err)
{
	static const uint32_t tags[] = { 0x5A, 0x4F, 0x9F70 };
	const struct es10c_search search = { .tags = tags, .tag_count = 3 };
	struct esim_profile *profiles = NULL;
	size_t count = 0;
	bool found = false;
	int rc;

	lpa_step(session->lpa, "ES10c.GetProfilesInfo");
	rc = es10c_get_profiles_info(session->card, &search, &profiles, &count, err);
	lpa_step(session->lpa, NULL);
	for (size_t i = 0; i < count && !rc && !found; i++) {
		found = memcmp(&profiles[i].iccid, iccid, sizeof(*iccid)) == 0;
		if (found)
			*ret = (struct esim_profile){ .iccid = *iccid, .isdp_aid = profiles[i].isdp_aid };
	}
	es10c_profiles_free(&profiles, count);
	if (!rc && !found)
		rc = esim_error_set(err, ESIM_ENOENT, "this profile is no longer on the card");
	return rc;
}

static int apply(struct lpa *lpa, enum work_switch what, const struct esim_profile *profile,
		 const struct es10c_switch *how, struct esim_error *err)
{
	switch (what) {
	case WORK_ENABLE:
		return lpa_enable_profile(lpa, profile, how, err);
	case WORK_DISABLE:
		return lpa_disable_profile(lpa, profile, how, err);
	case WORK_DELETE:
		return lpa_delete_profile(lpa, profile, err);
	}
	return esim_error_set(err, ESIM_EINVAL, "no such change of a profile");
}

int work_switch(struct card_session *session, const struct card_target *target,
		const struct session_hooks *hooks, enum work_switch what, const struct esim_iccid *iccid,
		const struct es10c_switch *how, struct esim_error *err)
{
	struct modem_switch change = { .uri = "" };
	struct esim_profile profile;
	struct lpa *lpa;
	int rc = 0;

	/* A port that ModemManager has to itself is free only then. */
	if (what != WORK_DELETE)
		rc = session_modem_begin(session, target->uri, hooks, &change, err);
	if (!rc)
		rc = session_begin(session, target, hooks, false, &lpa, err);
	if (rc)
		return session_modem_end(session, &change, hooks, rc, NULL);
	if (what == WORK_DELETE)
		session->stale |= STALE_INFO2;
	rc = find_profile(session, iccid, &profile, err);
	if (!rc)
		rc = apply(lpa, what, &profile, how, err);
	rc = session_modem_end(session, &change, hooks, rc, what == WORK_ENABLE ? iccid : NULL);
	return session_leave(session, rc, err);
}

int work_nickname(struct card_session *session, const struct card_target *target,
		  const struct session_hooks *hooks, const struct esim_iccid *iccid, const char *nickname,
		  struct esim_error *err)
{
	const struct esim_profile profile = { .iccid = *iccid };
	struct lpa *lpa;
	int rc = session_begin(session, target, hooks, false, &lpa, err);

	if (rc)
		return rc;
	return session_leave(session, lpa_rename_profile(lpa, &profile, nickname, err), err);
}
