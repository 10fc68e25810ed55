/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the functions of ES10a, ES10b and ES10c share; see es10.h. */
#include "es10.h"

#include "asn1_schema.h"

#include <stdio.h>
#include <string.h>

#define TAG_ICCID 0x5A
#define TAG_AID 0x4F

/* What a person can do about a result; results without an entry speak for themselves. */
static const struct {
	const char *name, *advice;
} advices[] = {
	{ "catBusy", "The card's toolkit is busy: try again in a moment, or reset the card." },
	{ "disallowedByPolicy", "The profile's own policy rules forbid this." },
	{ "iccidOrAidNotFound", "List the profiles to see what is on the card." },
	{ "iccidNotFound", "List the profiles to see what is on the card." },
	{ "profileNotInDisabledState", "Disable the profile first." },
	{ "profileNotInEnabledState", "The profile is disabled already." },
	{ "noSessionContext", "The card was reset in between: begin the download again." },
	{ "invalidTransactionId", "The session is over: begin the download again." },
	{ "ciPKUnknown", "The server's certificates come from a CI that this eUICC does not know." },
};

void es10_answer_clear(struct es10_answer *answer)
{
	esim_asn1_free(&answer->obj);
	esim_buf_free(&answer->bytes);
}

static int in_function(const char *function, int r, struct esim_error *err)
{
	esim_error_prefix(err, "%s: ", function);
	if (err)
		snprintf(err->function, sizeof(err->function), "%s", function);
	return r;
}

int es10_call(struct esim_card *card, struct esim_buf *request, const char *type,
	      struct es10_answer *answer, struct esim_error *err)
{
	int r = esim_buf_failed(request);

	answer->bytes.max = ESIM_MAX_RESPONSE;
	if (r)
		esim_error_set(err, r, "%s: the request cannot be built", answer->function);
	else
		r = esim_card_store_data(card, answer->function, esim_buf_slice(request),
					 &answer->bytes, err);
	esim_buf_free(request);
	if (r)
		return r;
	if (answer->bytes.len == 0)
		return in_function(answer->function,
				   esim_error_set(err, ESIM_EPROTO, "the card's answer is empty"),
				   err);
	r = esim_asn1_decode(type, esim_buf_slice(&answer->bytes), &answer->obj, err);
	return r ? in_function(answer->function, r, err) : 0;
}

int es10_call_empty(struct esim_card *card, uint32_t tag, const char *type,
		    struct es10_answer *answer, struct esim_error *err)
{
	struct esim_buf request = ESIM_BUF_INIT;

	esim_tlv_put(&request, tag, NULL, 0);
	return es10_call(card, &request, type, answer, err);
}

int es10_result(const struct es10_answer *answer, const char *path, struct esim_error *err)
{
	uint64_t result;
	const char *name;
	int r = esim_asn1_uint(answer->obj, path, &result);

	if (r || result > INT32_MAX)
		return es10_bad_field(answer, path, r, err);
	if (result == 0)
		return 0;
	name = esim_asn1_value_name(answer->obj, path);
	r = esim_error_result(err, answer->function, (int)result, name);
	for (size_t i = 0; name && i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strcmp(advices[i].name, name) == 0)
			esim_error_advise(err, "%s", advices[i].advice);
	return r;
}

int es10_refusal(const struct es10_answer *answer, const char *path, struct esim_error *err)
{
	int r = es10_result(answer, path, err);

	return r ? r : es10_bad_field(answer, path, 0, err);
}

int es10_bad_field(const struct es10_answer *answer, const char *path, int r,
		   struct esim_error *err)
{
	int code = r == ESIM_ETOOBIG || r == ESIM_ENOMEM ? r : ESIM_EPROTO;

	esim_error_set(err, code, "field %s of the card's answer cannot be used", path);
	return in_function(answer->function, code, err);
}

int es10_require_tlv(const char *function, struct esim_slice tlv, uint32_t tag, const char *name,
		     struct esim_error *err)
{
	struct esim_tlv parsed;
	int r = esim_tlv_check(tlv, name, &parsed, err);

	if (!r && parsed.tag == tag)
		return 0;
	esim_error_set(err, ESIM_EINVAL, "%s is not one TLV %X", name, tag);
	return in_function(function, ESIM_EINVAL, err);
}

void es10_put_bits(struct esim_buf *buf, uint32_t tag, unsigned bits)
{
	uint8_t value[1 + sizeof(bits)] = { 0 };
	size_t len = 0;

	for (unsigned bit = 0; bit < 8 * sizeof(bits); bit++) {
		if (!(bits >> bit & 1))
			continue;
		value[1 + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		len = 1 + bit / 8;
		value[0] = (uint8_t)(7 - bit % 8);
	}
	esim_tlv_put(buf, tag, value, 1 + len);
}

uint32_t es10_bits(const struct esim_asn1 *obj, const char *path)
{
	uint32_t bits = 0;

	for (unsigned bit = 0; bit < 32; bit++)
		if (esim_asn1_bit(obj, path, bit))
			bits |= UINT32_C(1) << bit;
	return bits;
}

void es10_put_profile_id(struct esim_buf *buf, const struct esim_iccid *iccid,
			 const struct esim_aid_value *aid)
{
	if (aid->len > 0)
		esim_tlv_put(buf, TAG_AID, aid->bytes, aid->len);
	else
		esim_tlv_put(buf, TAG_ICCID, iccid->bytes, sizeof(iccid->bytes));
}

const char *es10_value_name(const char *type, const char *component, uint64_t value)
{
	const struct asn1_module *module;
	const asn1_schema *node = asn1_schema_find(type, &module);
	struct asn1_type resolved;

	if (!node)
		return NULL;
	asn1_schema_resolve(module, node, &resolved);
	if (*component) {
		node = asn1_schema_components(resolved.base);
		while (node && (!node->name || strcmp(node->name, component) != 0))
			node = asn1_schema_next(node);
		if (!node)
			return NULL;
		asn1_schema_resolve(module, node, &resolved);
	}
	return asn1_schema_value_name(resolved.base, value);
}
