/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a download offers, and what came of it, as JSON. See details.h. */
#include "details.h"

json_t *json_offer(const struct lpa_offer *offer)
{
	json_t *object = json_object();

	json_object_set_new(object, "profileMetadata", json_profile(offer->metadata));
	json_object_set_new(object, "serverAddress", json_text(offer->server_address));
	json_object_set_new(object, "policyConsent", json_bits(offer->policy_rules, ppr_names));
	json_object_set_new(object, "confirmationCodeRequired",
			    json_boolean(offer->confirmation_code_required));
	json_object_set_new(object, "knownTestProfile", json_boolean(offer->known_test_profile));
	return object;
}

json_t *json_download_result(const struct lpa_download_result *result)
{
	char iccid[ESIM_ICCID_DIGITS + 1];
	json_t *object = json_object();

	if (result->has_metadata) {
		format_iccid(&result->metadata.iccid, iccid);
		json_object_set_new(object, "iccid", json_string(iccid));
		json_object_set_new(object, "profileMetadata", json_profile(&result->metadata));
	}
	if (result->has_result)
		json_object_set_new(object, "profileInstallationResult",
				    json_installation_result(&result->result));
	if (result->server_address[0])
		json_object_set_new(object, "serverAddress", json_text(result->server_address));
	json_object_set_new(object, "installed", json_boolean(result->installed));
	json_object_set_new(object, "enabled", json_boolean(result->enabled));
	json_object_set_new(object, "notificationSent", json_boolean(result->notification_sent));
	json_object_set_new(object, "sessions", json_integer(result->attempts));
	return object;
}
