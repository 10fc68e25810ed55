/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of SGP.22 that several functions share; see esim/rsp_types.h. */
#include <esim/rsp_types.h>

#include "es10.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_PROFILE_INFO 0xE3
#define TAG_STORE_METADATA 0xBF25
#define TAG_PORT 0x9F24		/* SGP.22 v3; known here, unknown to the v2 schema */

/* --- versions ------------------------------------------------------------------------ */

static uint32_t version_number(struct esim_version v)
{
	return (uint32_t)v.major << 16 | (uint32_t)v.minor << 8 | v.revision;
}

int esim_version_compare(struct esim_version a, struct esim_version b)
{
	uint32_t x = version_number(a), y = version_number(b);

	return (x > y) - (x < y);
}

int esim_version_parse(const char *text, struct esim_version *ret)
{
	unsigned parts[3] = { 0 };
	size_t count = 0;

	do {
		unsigned digits = 0;

		for (; *text >= '0' && *text <= '9' && digits < 3; text++, digits++)
			parts[count] = parts[count] * 10 + (unsigned)(*text - '0');
		if (digits == 0 || parts[count] > UINT8_MAX)
			return ESIM_EINVAL;
		count++;
	} while (count < 3 && *text == '.' && text++);
	if (*text != '\0' || count < 2)
		return ESIM_EINVAL;
	*ret = (struct esim_version){ (uint8_t)parts[0], (uint8_t)parts[1], (uint8_t)parts[2] };
	return 0;
}

void esim_version_format(struct esim_version v, char text[static 12])
{
	snprintf(text, 12, "%u.%u.%u", v.major, v.minor, v.revision);
}

/* --- names ------------------------------------------------------------------------------ */

bool esim_key_id_list_has(const struct esim_key_id_list *list, struct esim_slice key_id)
{
	for (size_t i = 0; i < list->count; i++)
		if (esim_slice_is(key_id, list->ids[i].bytes, list->ids[i].len))
			return true;
	return false;
}

const char *esim_profile_state_name(enum esim_profile_state state)
{
	const char *name = es10_value_name("ProfileState", "", (uint64_t)state);

	return name ? name : "unknown";
}

const char *esim_profile_class_name(enum esim_profile_class profile_class)
{
	const char *name = es10_value_name("ProfileClass", "", (uint64_t)profile_class);

	return name ? name : "unknown";
}

const char *esim_event_name(unsigned event)
{
	static const char *const names[] = { "install", "enable", "disable", "delete" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (event == 1u << i)
			return names[i];
	return "unknown";
}

void esim_profile_clear(struct esim_profile *profile)
{
	esim_buf_free(&profile->unknown);
	*profile = (struct esim_profile){ 0 };
}

void esim_pending_notification_clear(struct esim_pending_notification *n)
{
	esim_buf_free(&n->whole);
	*n = (struct esim_pending_notification){ 0 };
}

/* --- decoding ------------------------------------------------------------------------------ */

static int bad_field(const char *path, struct esim_error *err)
{
	return esim_error_set(err, ESIM_EPROTO, "field %s cannot be used", path);
}

static int copy_octets(const struct esim_asn1 *obj, const char *path, uint8_t *out, size_t size,
		       size_t *ret_len, struct esim_error *err)
{
	struct esim_slice value;

	if (esim_asn1_slice(obj, path, &value))
		return 0;
	if (value.len > size)
		return bad_field(path, err);
	if (value.len > 0)
		memcpy(out, value.data, value.len);
	*ret_len = value.len;
	return 0;
}

/* An absent text stays "". */
static int copy_text(const struct esim_asn1 *obj, const char *path, char *out, size_t size,
		     struct esim_error *err)
{
	int r = esim_asn1_text(obj, path, out, size);

	return r && r != ESIM_ENOENT ? bad_field(path, err) : 0;
}

static int copy_iccid(const struct esim_asn1 *obj, const char *path, bool *ret_has,
		      struct esim_iccid *ret, struct esim_error *err)
{
	struct esim_slice value;

	*ret_has = esim_asn1_slice(obj, path, &value) == 0;
	return *ret_has && esim_iccid_from_wire(value, ret) ? bad_field(path, err) : 0;
}

int es10_operator_id(const struct esim_asn1 *obj, const char *path, struct esim_operator_id *ret,
		     struct esim_error *err)
{
	char field[ESIM_ASN1_PATH_SIZE];
	struct esim_slice mcc_mnc;
	int r;

	snprintf(field, sizeof(field), "%s.mccMnc", path);
	if (esim_asn1_slice(obj, field, &mcc_mnc) || mcc_mnc.len != sizeof(ret->mcc_mnc))
		return bad_field(field, err);
	memcpy(ret->mcc_mnc, mcc_mnc.data, sizeof(ret->mcc_mnc));

	snprintf(field, sizeof(field), "%s.gid1", path);
	ret->has_gid1 = esim_asn1_has(obj, field);
	r = copy_octets(obj, field, ret->gid1, sizeof(ret->gid1), &ret->gid1_len, err);
	if (r)
		return r;
	snprintf(field, sizeof(field), "%s.gid2", path);
	ret->has_gid2 = esim_asn1_has(obj, field);
	return copy_octets(obj, field, ret->gid2, sizeof(ret->gid2), &ret->gid2_len, err);
}

int es10_notification_metadata(const struct esim_asn1 *obj, const char *path,
			       struct esim_notification *ret, struct esim_error *err)
{
	const char *dot = *path ? "." : "";
	char field[ESIM_ASN1_PATH_SIZE];
	uint64_t seq_number;
	int r;

	snprintf(field, sizeof(field), "%s%sseqNumber", path, dot);
	if (esim_asn1_uint(obj, field, &seq_number) || seq_number > UINT32_MAX)
		return bad_field(field, err);
	ret->seq_number = (uint32_t)seq_number;

	snprintf(field, sizeof(field), "%s%sprofileManagementOperation", path, dot);
	ret->operation = es10_bits(obj, field);

	snprintf(field, sizeof(field), "%s%snotificationAddress", path, dot);
	r = copy_text(obj, field, ret->address, sizeof(ret->address), err);
	if (r)
		return r;
	snprintf(field, sizeof(field), "%s%siccid", path, dot);
	return copy_iccid(obj, field, &ret->has_iccid, &ret->iccid, err);
}

static int read_notification_config(const struct esim_asn1 *obj, struct esim_profile *profile,
				    struct esim_error *err)
{
	static const char list[] = "notificationConfigurationInfo";
	size_t count = esim_asn1_count(obj, list);
	char field[ESIM_ASN1_PATH_SIZE];
	int r;

	if (count > ESIM_MAX_NOTIFICATION_CONFIG)
		return esim_error_set(err, ESIM_ETOOBIG, "%s has %zu entries, more than %d", list,
				      count, ESIM_MAX_NOTIFICATION_CONFIG);
	for (size_t i = 0; i < count; i++) {
		struct esim_notification_config *config = &profile->notifications[i];

		snprintf(field, sizeof(field), "%s.?%zu.profileManagementOperation", list, i + 1);
		config->events = es10_bits(obj, field);
		snprintf(field, sizeof(field), "%s.?%zu.notificationAddress", list, i + 1);
		r = copy_text(obj, field, config->address, sizeof(config->address), err);
		if (r)
			return r;
	}
	profile->notification_count = count;
	return 0;
}

/* State, class, icon type: numbers with a meaning. */
static int read_numbers(const struct esim_asn1 *obj, struct esim_profile *profile,
			struct esim_error *err)
{
	uint64_t value;

	profile->has_state = esim_asn1_uint(obj, "profileState", &value) == 0;
	if (profile->has_state) {
		if (value > ESIM_PROFILE_ENABLED)
			return bad_field("profileState", err);
		profile->state = (enum esim_profile_state)value;
	}
	profile->profile_class = ESIM_CLASS_OPERATIONAL;
	if (esim_asn1_uint(obj, "profileClass", &value) == 0) {
		if (value > ESIM_CLASS_OPERATIONAL)
			return bad_field("profileClass", err);
		profile->profile_class = (enum esim_profile_class)value;
	}
	profile->icon_type = ESIM_ICON_NONE;
	/* An icon of a kind to come is kept out, not an error. */
	if (esim_asn1_uint(obj, "iconType", &value) == 0 && value <= ESIM_ICON_PNG)
		profile->icon_type = (enum esim_icon_type)value;
	profile->policy_rules = es10_bits(obj, "profilePolicyRules");
	return 0;
}

static int read_texts(const struct esim_asn1 *obj, struct esim_profile *profile,
		      struct esim_error *err)
{
	const struct {
		const char *path;
		char *out;
		size_t size;
	} texts[] = {
		{ "profileNickname", profile->nickname, sizeof(profile->nickname) },
		{ "serviceProviderName", profile->service_provider,
		  sizeof(profile->service_provider) },
		{ "profileName", profile->name, sizeof(profile->name) },
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(texts) / sizeof(texts[0]); i++)
		r = copy_text(obj, texts[i].path, texts[i].out, texts[i].size, err);
	return r;
}

/* What the schema does not know is kept; one of it has a meaning already. */
static int read_unknown(const struct esim_asn1 *obj, struct esim_profile *profile,
			struct esim_error *err)
{
	struct esim_slice unknown[ESIM_ASN1_MAX_UNKNOWN];
	size_t count = esim_asn1_unknown(obj, unknown, ESIM_ASN1_MAX_UNKNOWN);
	struct esim_tlv tlv;
	uint64_t port;

	for (size_t i = 0; i < count; i++) {
		struct esim_slice rest = unknown[i];

		esim_buf_append_slice(&profile->unknown, unknown[i]);
		if (esim_tlv_next(&rest, &tlv) == 1 && tlv.tag == TAG_PORT &&
		    esim_tlv_uint(tlv.value, &port) == 0 && port <= UINT8_MAX) {
			profile->has_port = true;
			profile->port = (unsigned)port;
		}
	}
	if (esim_buf_failed(&profile->unknown))
		return esim_error_set(err, esim_buf_failed(&profile->unknown), "out of memory");
	return 0;
}

static int read_profile(const struct esim_asn1 *obj, struct esim_profile *profile,
			struct esim_error *err)
{
	bool has_iccid;
	int r;

	r = copy_iccid(obj, "iccid", &has_iccid, &profile->iccid, err);
	if (!r)
		r = copy_octets(obj, "isdpAid", profile->isdp_aid.bytes,
				sizeof(profile->isdp_aid.bytes), &profile->isdp_aid.len, err);
	if (!r)
		r = read_numbers(obj, profile, err);
	if (!r)
		r = read_texts(obj, profile, err);
	if (!r)
		r = copy_octets(obj, "icon", profile->icon, sizeof(profile->icon),
				&profile->icon_len, err);
	if (!r)
		r = read_notification_config(obj, profile, err);
	profile->has_owner = esim_asn1_has(obj, "profileOwner");
	if (!r && profile->has_owner)
		r = es10_operator_id(obj, "profileOwner", &profile->owner, err);
	return r ? r : read_unknown(obj, profile, err);
}

int esim_profile_decode(struct esim_slice tlv, const char *what, struct esim_profile *ret,
			struct esim_error *err)
{
	struct esim_profile *profile;
	struct esim_asn1 *obj = NULL;
	size_t header, value;
	uint32_t tag;
	int r;

	if (esim_tlv_header(tlv, &tag, &header, &value) ||
	    (tag != TAG_PROFILE_INFO && tag != TAG_STORE_METADATA))
		return esim_error_set(err, ESIM_EPROTO, "%s is no profile's metadata", what);
	profile = calloc(1, sizeof(*profile));
	if (!profile)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	r = esim_asn1_decode(tag == TAG_PROFILE_INFO ? "ProfileInfo" : "StoreMetadataRequest", tlv,
			     &obj, err);
	if (!r)
		r = read_profile(obj, profile, err);
	if (r) {
		esim_error_prefix(err, "%s: ", what);
		esim_profile_clear(profile);
	} else {
		*ret = *profile;
	}
	esim_asn1_free(&obj);
	free(profile);
	return r;
}
