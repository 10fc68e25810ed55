/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON with the names of SGP.22's ASN.1. See details.h. */
#include "details.h"

#include <esim/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const ppr_names[] = { "pprUpdateControl", "ppr1", "ppr2", NULL };

static const char *const event_names[] = {
	"notificationInstall", "notificationEnable", "notificationDisable", "notificationDelete", NULL,
};

static const char *const uicc_capability_names[] = {
	"contactlessSupport", "usimSupport", "isimSupport", "csimSupport", "akaMilenage", "akaCave",
	"akaTuak128", "akaTuak256", "rfu1", "rfu2", "gbaAuthenUsim", "gbaAuthenISim", "mbmsAuthenUsim",
	"eapClient", "javacard", "multos", "multipleUsimSupport", "multipleIsimSupport",
	"multipleCsimSupport", "berTlvFileSupport", "dfLinkSupport", "catTp", "getIdentity",
	"profile-a-x25519", "profile-b-p256", "suciCalculatorApi", "dns-resolution", "scp11ac",
	"scp11c-authorization-mechanism", "s16mode", "eaka", "iotminimal", NULL,
};

static const char *const rsp_capability_names[] = {
	"additionalProfile", "crlSupport", "rpmSupport", "testProfileSupport",
	"deviceInfoExtensibilitySupport", "serviceSpecificDataSupport", NULL,
};

static const char *const category_names[] = {
	"other", "basicEuicc", "mediumEuicc", "contactlessEuicc",
};

void format_iccid(const struct esim_iccid *iccid, char text[static ESIM_ICCID_DIGITS + 1])
{
	if (esim_iccid_format(iccid, text))
		esim_hex_encode(esim_slice(iccid->bytes, sizeof(iccid->bytes)), text);
}

json_t *json_text(const char *text)
{
	char printable[1024];

	esim_text_printable(text, strlen(text), printable, sizeof(printable));
	return json_string(printable);
}

json_t *json_hex(struct esim_slice bytes)
{
	char text[2 * 256 + 1];

	if (bytes.len > 256)
		bytes.len = 256;
	esim_hex_encode(bytes, text);
	return json_string(text);
}

json_t *json_version(struct esim_version version)
{
	char text[12];

	esim_version_format(version, text);
	return json_string(text);
}

/* The names of the bits that are set. */
json_t *json_bits(unsigned bits, const char *const *names)
{
	json_t *array = json_array();

	for (size_t i = 0; names[i]; i++)
		if (bits & 1u << i)
			json_array_append_new(array, json_string(names[i]));
	return array;
}

static json_t *json_iccid(const struct esim_iccid *iccid)
{
	char digits[ESIM_ICCID_DIGITS + 1];

	format_iccid(iccid, digits);
	return json_string(digits);
}

static json_t *json_operator(const struct esim_operator_id *owner)
{
	json_t *object = json_object();

	json_object_set_new(object, "mccMnc",
			    json_hex(esim_slice(owner->mcc_mnc, sizeof(owner->mcc_mnc))));
	if (owner->has_gid1)
		json_object_set_new(object, "gid1",
				    json_hex(esim_slice(owner->gid1, owner->gid1_len)));
	if (owner->has_gid2)
		json_object_set_new(object, "gid2",
				    json_hex(esim_slice(owner->gid2, owner->gid2_len)));
	return object;
}

static json_t *json_notification_config(const struct esim_profile *profile)
{
	json_t *array = json_array();

	for (size_t i = 0; i < profile->notification_count; i++) {
		const struct esim_notification_config *config = &profile->notifications[i];
		json_t *object = json_object();

		json_object_set_new(object, "profileManagementOperation",
				    json_bits(config->events, event_names));
		json_object_set_new(object, "notificationAddress", json_text(config->address));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *json_profile(const struct esim_profile *profile)
{
	json_t *object = json_object();

	json_object_set_new(object, "iccid", json_iccid(&profile->iccid));
	if (profile->isdp_aid.len)
		json_object_set_new(object, "isdpAid", json_hex(esim_slice(profile->isdp_aid.bytes,
									     profile->isdp_aid.len)));
	if (profile->has_state)
		json_object_set_new(object, "profileState",
				    json_string(esim_profile_state_name(profile->state)));
	if (profile->nickname[0])
		json_object_set_new(object, "profileNickname", json_text(profile->nickname));
	json_object_set_new(object, "serviceProviderName", json_text(profile->service_provider));
	json_object_set_new(object, "profileName", json_text(profile->name));
	json_object_set_new(object, "profileClass",
			    json_string(esim_profile_class_name(profile->profile_class)));
	json_object_set_new(object, "notificationConfigurationInfo",
			    json_notification_config(profile));
	if (profile->has_owner)
		json_object_set_new(object, "profileOwner", json_operator(&profile->owner));
	json_object_set_new(object, "profilePolicyRules",
			    json_bits(profile->policy_rules, ppr_names));
	if (profile->has_port)
		json_object_set_new(object, "port", json_integer(profile->port));
	return object;
}

json_t *json_notification(const struct esim_notification *notification)
{
	json_t *object = json_object();
	json_t *operation = json_bits(notification->operation, event_names);

	json_object_set_new(object, "seqNumber", json_integer(notification->seq_number));
	json_object_set(object, "profileManagementOperation", json_array_get(operation, 0));
	json_decref(operation);
	json_object_set_new(object, "notificationAddress", json_text(notification->address));
	if (notification->has_iccid)
		json_object_set_new(object, "iccid", json_iccid(&notification->iccid));
	return object;
}

static json_t *json_key_ids(const struct esim_key_id_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_hex(esim_slice(list->ids[i].bytes,
								 list->ids[i].len)));
	return array;
}

json_t *json_info1(const struct es10b_euicc_info1 *info)
{
	json_t *object = json_object();

	json_object_set_new(object, "svn", json_version(info->svn));
	json_object_set_new(object, "euiccCiPKIdListForVerification",
			    json_key_ids(&info->ci_for_verification));
	json_object_set_new(object, "euiccCiPKIdListForSigning", json_key_ids(&info->ci_for_signing));
	return object;
}

static json_t *json_card_resource(const struct es10b_euicc_info2 *info)
{
	json_t *object = json_object();

	json_object_set_new(object, "installedApplication",
			    json_integer(info->installed_applications));
	json_object_set_new(object, "freeNonVolatileMemory",
			    json_integer(info->free_non_volatile_memory));
	json_object_set_new(object, "freeVolatileMemory", json_integer(info->free_volatile_memory));
	return object;
}

json_t *json_info2(const struct es10b_euicc_info2 *info)
{
	json_t *object = json_object();

	json_object_set_new(object, "profileVersion", json_version(info->profile_version));
	json_object_set_new(object, "svn", json_version(info->svn));
	json_object_set_new(object, "euiccFirmwareVer", json_version(info->firmware_version));
	if (info->has_memory)
		json_object_set_new(object, "extCardResource", json_card_resource(info));
	json_object_set_new(object, "uiccCapability",
			    json_bits(info->uicc_capability, uicc_capability_names));
	if (info->has_ts102241_version)
		json_object_set_new(object, "ts102241Version", json_version(info->ts102241_version));
	if (info->has_global_platform_version)
		json_object_set_new(object, "globalplatformVersion",
				    json_version(info->global_platform_version));
	json_object_set_new(object, "rspCapability",
			    json_bits(info->rsp_capability, rsp_capability_names));
	json_object_set_new(object, "euiccCiPKIdListForVerification",
			    json_key_ids(&info->ci_for_verification));
	json_object_set_new(object, "euiccCiPKIdListForSigning", json_key_ids(&info->ci_for_signing));
	if (info->category >= 0 &&
	    info->category < (int)(sizeof(category_names) / sizeof(category_names[0])))
		json_object_set_new(object, "euiccCategory",
				    json_string(category_names[info->category]));
	json_object_set_new(object, "forbiddenProfilePolicyRules",
			    json_bits(info->forbidden_policy_rules, ppr_names));
	json_object_set_new(object, "ppVersion", json_version(info->pp_version));
	json_object_set_new(object, "sasAcreditationNumber",
			    json_text(info->sas_accreditation_number));
	return object;
}

json_t *json_rat(const struct esim_rat *rat)
{
	json_t *array = json_array();

	for (size_t i = 0; i < rat->count; i++) {
		const struct esim_rat_rule *rule = &rat->rules[i];
		json_t *object = json_object(), *operators = json_array();

		for (size_t k = 0; k < rule->operator_count; k++)
			json_array_append_new(operators, json_operator(&rule->operators[k]));
		json_object_set_new(object, "pprIds", json_bits(rule->ppr_ids, ppr_names));
		json_object_set_new(object, "allowedOperators", operators);
		json_object_set_new(object, "consentRequired", json_boolean(rule->consent_required));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *json_reset_options(unsigned options)
{
	static const char *const names[] = {
		"deleteOperationalProfiles", "deleteFieldLoadedTestProfiles", "resetDefaultSmdpAddress", NULL,
	};

	return json_bits(options, names);
}

json_t *json_installation_result(const struct es10b_installation_result *result)
{
	json_t *object = json_object(), *final = json_object(), *detail = json_object();

	json_object_set_new(object, "transactionId",
			    json_hex(esim_slice(result->transaction_id.bytes,
						result->transaction_id.len)));
	json_object_set_new(object, "notificationMetadata", json_notification(&result->notification));
	if (result->success) {
		json_object_set_new(detail, "aid", json_hex(esim_slice(result->isdp_aid.bytes,
									result->isdp_aid.len)));
		json_object_set_new(final, "successResult", detail);
	} else {
		json_object_set_new(detail, "bppCommandId",
				    json_string(es10b_bpp_command_name(result->bpp_command_id)));
		json_object_set_new(detail, "errorReason",
				    json_string(es10b_error_reason_name(result->error_reason)));
		json_object_set_new(final, "errorResult", detail);
	}
	json_object_set_new(object, "finalResult", final);
	return object;
}

static json_t *json_count(uint64_t count)
{
	return json_integer((json_int_t)count);
}

static json_t *json_step(const struct lpa_step *step)
{
	json_t *object = json_object();

	json_object_set_new(object, "step", json_string(step->name));
	json_object_set_new(object, "milliseconds", json_real((double)step->nanoseconds / 1e6));
	json_object_set_new(object, "apdus", json_count(step->apdus));
	json_object_set_new(object, "blocks", json_count(step->blocks));
	json_object_set_new(object, "cardBytesSent", json_count(step->card_bytes_sent));
	json_object_set_new(object, "cardBytesReceived", json_count(step->card_bytes_received));
	json_object_set_new(object, "cardMilliseconds",
			    json_real((double)step->card_nanoseconds / 1e6));
	json_object_set_new(object, "requests", json_count(step->requests));
	json_object_set_new(object, "connections", json_count(step->connections));
	json_object_set_new(object, "tlsHandshakes", json_count(step->tls_handshakes));
	json_object_set_new(object, "httpBytesSent", json_count(step->http_bytes_sent));
	json_object_set_new(object, "httpBytesReceived", json_count(step->http_bytes_received));
	json_object_set_new(object, "httpMilliseconds",
			    json_real((double)step->http_nanoseconds / 1e6));
	return object;
}

json_t *json_steps(const struct lpa *lpa)
{
	json_t *array = json_array();
	size_t count;
	const struct lpa_step *steps = lpa_steps(lpa, &count);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_step(&steps[i]));
	return array;
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text[0])
		json_object_set_new(object, name, json_text(text));
}

json_t *json_error(const struct esim_error *err)
{
	json_t *object = json_object();
	const uint8_t sw[2] = { (uint8_t)(err->sw >> 8), (uint8_t)err->sw };

	json_object_set_new(object, "domain", json_string(esim_domain_name(err->domain)));
	json_object_set_new(object, "code", json_string(esim_code_name(err->code)));
	set_text(object, "outcome", esim_outcome_name(err->outcome));
	set_text(object, "function", err->function);
	if (err->sw)
		json_object_set_new(object, "sw", json_hex(esim_slice(sw, sizeof(sw))));
	if (err->es10_result != ESIM_NO_RESULT)
		json_object_set_new(object, "es10Result", json_integer(err->es10_result));
	set_text(object, "es10ResultName", err->result_name);
	set_text(object, "subjectCode", err->subject_code);
	set_text(object, "reasonCode", err->reason_code);
	set_text(object, "subjectIdentifier", err->subject_identifier);
	if (err->http_status)
		json_object_set_new(object, "httpStatus", json_integer(err->http_status));
	set_text(object, "check", err->check);
	set_text(object, "message", err->message);
	set_text(object, "advice", err->advice);
	return object;
}

static void get_text(const json_t *object, const char *name, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(object, name));

	if (value)
		snprintf(text, size, "%s", value);
}

static int code_of(const char *name)
{
	for (int code = ESIM_EINVAL; name && code >= ESIM_ESTALE; code--)
		if (strcmp(name, esim_code_name(code)) == 0)
			return code;
	return ESIM_EIO;
}

static enum esim_domain domain_of(const char *name)
{
	for (int domain = ESIM_DOMAIN_NONE; name && domain <= ESIM_DOMAIN_SYSTEM; domain++)
		if (strcmp(name, esim_domain_name((enum esim_domain)domain)) == 0)
			return (enum esim_domain)domain;
	return ESIM_DOMAIN_NONE;
}

static enum esim_outcome outcome_of(const char *name)
{
	for (int outcome = ESIM_OUTCOME_NONE; name && outcome <= ESIM_OUTCOME_UNKNOWN; outcome++)
		if (strcmp(name, esim_outcome_name((enum esim_outcome)outcome)) == 0)
			return (enum esim_outcome)outcome;
	return ESIM_OUTCOME_NONE;
}

void error_from_json(const json_t *object, struct esim_error *ret)
{
	const char *sw = json_string_value(json_object_get(object, "sw"));
	const json_t *result = json_object_get(object, "es10Result");

	esim_error_clear(ret);
	ret->code = code_of(json_string_value(json_object_get(object, "code")));
	ret->domain = domain_of(json_string_value(json_object_get(object, "domain")));
	ret->outcome = outcome_of(json_string_value(json_object_get(object, "outcome")));
	ret->sw = sw ? (uint16_t)strtoul(sw, NULL, 16) : 0;
	ret->es10_result = result ? (int)json_integer_value(result) : ESIM_NO_RESULT;
	ret->http_status = (int)json_integer_value(json_object_get(object, "httpStatus"));
	get_text(object, "function", ret->function, sizeof(ret->function));
	get_text(object, "es10ResultName", ret->result_name, sizeof(ret->result_name));
	get_text(object, "subjectCode", ret->subject_code, sizeof(ret->subject_code));
	get_text(object, "reasonCode", ret->reason_code, sizeof(ret->reason_code));
	get_text(object, "subjectIdentifier", ret->subject_identifier, sizeof(ret->subject_identifier));
	get_text(object, "check", ret->check, sizeof(ret->check));
	get_text(object, "message", ret->message, sizeof(ret->message));
	get_text(object, "advice", ret->advice, sizeof(ret->advice));
}
