/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks of the flow share; see verify.h. */
#include "verify.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- fields ------------------------------------------------------------------------ */

static int take_field(const struct verify_field *field, const struct esim_tlv *tlv,
		      struct esim_tlv *found, const char *name, struct esim_error *err)
{
	if (found->whole.len > 0)
		return esim_error_verify(err, name, "%s: %s is there twice", name, field->name);
	if (tlv->value.len < field->min || (field->max > 0 && tlv->value.len > field->max))
		return esim_error_verify(err, name, "%s: %s has %zu bytes", name, field->name,
					 tlv->value.len);
	*found = *tlv;
	return 0;
}

#define MAX_FIELDS 8

int verify_fields(struct esim_slice object, uint32_t tag, const char *name,
		  const struct verify_field *fields, size_t count, struct esim_error *err)
{
	struct esim_tlv found[MAX_FIELDS] = { 0 }, outer, tlv;
	struct esim_error why;
	struct esim_slice in;
	int r = 0;

	if (esim_tlv_check(object, name, &outer, &why))
		return esim_error_verify(err, name, "%s", why.message);
	if (outer.tag != tag)
		return esim_error_verify(err, name, "%s has the tag %X instead of %X", name,
					 (unsigned)outer.tag, (unsigned)tag);
	in = outer.value;
	while (r == 0 && esim_tlv_next(&in, &tlv) == 1)
		for (size_t i = 0; r == 0 && i < count; i++)
			if (tlv.tag == fields[i].tag)
				r = take_field(&fields[i], &tlv, &found[i], name, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (!fields[i].optional && found[i].whole.len == 0)
			r = esim_error_verify(err, name, "%s: %s is missing", name, fields[i].name);
	for (size_t i = 0; r == 0 && i < count; i++)
		*fields[i].ret = found[i];
	return r;
}

int verify_equal(struct esim_slice got, struct esim_slice expected, const char *name,
		 const char *object, struct esim_error *err)
{
	if (esim_slice_equal(got, expected))
		return 0;
	return esim_error_verify(err, name, "the %s in %s is not the one of this session", name,
				 object);
}

int verify_address(struct esim_slice got, const char *expected, const char *object,
		   struct esim_error *err)
{
	char text[ESIM_MAX_FQDN + 1];

	if (got.len == strlen(expected) &&
	    strncasecmp((const char *)got.data, expected, got.len) == 0)
		return 0;
	for (size_t i = 0; i < got.len && i < ESIM_MAX_FQDN; i++)
		text[i] = got.data[i] > 0x20 && got.data[i] < 0x7F ? (char)got.data[i] : '?';
	text[got.len < ESIM_MAX_FQDN ? got.len : ESIM_MAX_FQDN] = '\0';
	return esim_error_verify(err, "serverAddress", "%s is for the server %.100s, but the host "
				 "contacted is %.100s", object, text, expected);
}

/* --- signatures and certificates ----------------------------------------------------- */

int verify_signature(const struct esim_public_key *key, const struct esim_slice *parts,
		     size_t count, struct esim_slice signature, const char *name,
		     const char *signer, struct esim_error *err)
{
	struct esim_tlv tlv;

	if (esim_tlv_next(&signature, &tlv) != 1 || signature.len > 0 ||
	    tlv.tag != TAG_SIGNATURE || tlv.value.len != ESIM_SIGNATURE_SIZE)
		return esim_error_verify(err, name, "%s is malformed: not 5F37 with %d bytes", name,
					 ESIM_SIGNATURE_SIZE);
	if (esim_signature_verify_parts(key, parts, count, tlv.value))
		return esim_error_verify(err, name, "%s does not verify with the key of %s", name,
					 signer);
	return 0;
}

int verify_certificate(struct esim_slice der, enum esim_role role, struct esim_cert *ret,
		       struct esim_error *err)
{
	const char *name = esim_role_certificate(role);
	struct esim_error why;

	if (esim_cert_parse(der, ret, &why))
		return esim_error_verify(err, name, "%s: %s", name, why.message);
	return 0;
}

int verify_euicc_chain(struct esim_slice euicc, struct esim_slice eum, const struct esim_pool *pool,
		       int64_t now, struct esim_slice ci_key_id, const struct esim_eid *eid,
		       struct esim_verified_euicc *ret, struct esim_error *err)
{
	const struct esim_chain_rules rules = {
		.role = ESIM_ROLE_EUICC,
		.now = now,
		.root_key_id = ci_key_id,
	};
	const char *name = esim_role_certificate(ESIM_ROLE_EUICC);
	struct esim_verified_euicc verified = { 0 };
	const struct esim_anchor *anchor;
	struct esim_cert chain[2];
	int r;

	r = verify_certificate(euicc, ESIM_ROLE_EUICC, &chain[0], err);
	if (r == 0)
		r = verify_certificate(eum, ESIM_ROLE_EUM, &chain[1], err);
	if (r == 0)
		r = esim_chain_verify(chain, 2, pool, &rules, &anchor, err);
	if (r)
		return r;
	if (esim_eid_parse(chain[0].subject_serial, &verified.eid))
		return esim_error_verify(err, name, "%s: the subject's serialNumber is not an EID", name);
	if (eid && memcmp(eid->bytes, verified.eid.bytes, ESIM_EID_SIZE) != 0)
		return esim_error_verify(err, "EID", "%s is for the EID %s, which is not this card's",
					 name, chain[0].subject_serial);
	verified.key = chain[0].key;
	memcpy(verified.root.bytes, anchor->key_id, anchor->key_id_len);
	verified.root.len = anchor->key_id_len;
	*ret = verified;
	return 0;
}

/* --- object identifiers ---------------------------------------------------------------- */

int esim_oid_format(struct esim_slice oid, char out[static ESIM_OID_TEXT_SIZE])
{
	char text[ESIM_OID_TEXT_SIZE];
	size_t used = 0;
	uint64_t arc = 0;
	bool inside = false;

	if (oid.len == 0 || oid.len > ESIM_MAX_REGISTERED_ID)
		return ESIM_EPROTO;
	for (size_t i = 0; i < oid.len; i++) {
		/* A leading zero septet is not DER. */
		if (!inside && oid.data[i] == 0x80)
			return ESIM_EPROTO;
		arc = arc << 7 | (oid.data[i] & 0x7F);
		if (arc > UINT32_MAX)
			return ESIM_EPROTO;
		inside = oid.data[i] & 0x80;
		if (inside)
			continue;
		if (used == 0) {
			uint64_t first = arc < 80 ? arc / 40 : 2;

			used = (size_t)snprintf(text, sizeof(text), "%u.%llu", (unsigned)first,
						(unsigned long long)(arc - 40 * first));
		} else {
			used += (size_t)snprintf(text + used, sizeof(text) - used, ".%llu",
						 (unsigned long long)arc);
		}
		if (used >= sizeof(text))
			return ESIM_EPROTO;
		arc = 0;
	}
	if (inside)
		return ESIM_EPROTO;
	memcpy(out, text, used + 1);
	return 0;
}
