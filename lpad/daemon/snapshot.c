/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of an eUICC, as the loop gets it; see session.h. */
#include "session_internal.h"

#include "lpad/common/details.h"

#include <stdlib.h>
#include <string.h>

void snapshot_clear_profiles(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->profile_count; i++)
		json_decref(snapshot->profiles[i].details);
	free(snapshot->profiles);
	snapshot->profiles = NULL;
	snapshot->profile_count = 0;
	snapshot->profiles_known = false;
}

void snapshot_clear(struct snapshot *snapshot)
{
	snapshot_clear_profiles(snapshot);
	outbox_clear(&snapshot->outbox);
	json_decref(snapshot->details);
	memset(snapshot, 0, sizeof(*snapshot));
}

static struct profile_snapshot take_profile(const struct esim_profile *profile)
{
	return (struct profile_snapshot){
		.iccid = profile->iccid,
		.isdp_aid = profile->isdp_aid,
		.has_state = profile->has_state,
		.state = profile->state,
		.profile_class = profile->profile_class,
		.port = profile->has_port ? profile->port : 0,
		.policy_rules = profile->policy_rules,
		.details = json_profile(profile),
	};
}

int snapshot_take_profiles(struct snapshot *snapshot, const struct esim_profile *profiles, size_t count,
			   struct esim_error *err)
{
	struct profile_snapshot *list = calloc(count + 1, sizeof(*list));

	if (!list)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for %zu profiles", count);
	for (size_t i = 0; i < count; i++)
		list[i] = take_profile(&profiles[i]);
	snapshot_clear_profiles(snapshot);
	snapshot->profiles = list;
	snapshot->profile_count = count;
	snapshot->profiles_known = true;
	return 0;
}

json_t *snapshot_details(const struct esim_eid *eid, const struct esim_aid *isdr_aid)
{
	json_t *object = json_object();
	char text[ESIM_EID_DIGITS + 1];

	if (esim_eid_format(eid, text))
		esim_hex_encode(esim_slice(eid->bytes, sizeof(eid->bytes)), text);
	json_object_set_new(object, "eid", json_string(text));
	json_object_set_new(object, "isdrAid", json_hex(esim_slice(isdr_aid->bytes, isdr_aid->len)));
	return object;
}
