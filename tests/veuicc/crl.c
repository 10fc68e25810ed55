/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES10b.LoadCRL (SGP.22, 5.7.12): revocation lists of the CIs, whole, partial or
 * delta, and the question whether a server's certificate is on one.
 */
#include "veuicc/card.h"

#include <string.h>

enum crl_error {
	CRL_OK = 0,
	CRL_INVALID_SIGNATURE = 1,
	CRL_INVALID_FORMAT = 2,
	CRL_NO_SPACE = 3,
	CRL_KEY_NOT_FOUND = 4,
	CRL_FRESHER_LOADED = 5,
	CRL_BASE_MISSING = 6,
	CRL_UNDEFINED = VEUICC_UNDEFINED_ERROR,
};

#define MAX_PARTS 32

/* Contents octets of the extensions' OIDs. */
static const uint8_t oid_number[] = { 0x55, 0x1D, 0x14 };
static const uint8_t oid_delta[] = { 0x55, 0x1D, 0x1B };
static const uint8_t oid_authority_key[] = { 0x55, 0x1D, 0x23 };
static const uint8_t oid_total_partial[] = { 0x67, 0x81, 0x12, 0x01, 0x02, 0x00, 0x02 };
static const uint8_t oid_partial[] = { 0x67, 0x81, 0x12, 0x01, 0x02, 0x00, 0x03 };

struct crl {
	struct esim_tlv tbs, signature;
	struct esim_slice revoked, authority_key_id;
	bool has_number, is_delta, is_partial;
	uint64_t number, base, total, part;
};

/* --- parsing (RFC 5280, 5.1) ----------------------------------------------- */

static int take_number(struct esim_slice value, uint64_t *ret)
{
	struct esim_tlv number;

	return esim_tlv_next(&value, &number) == 1 && number.tag == 0x02 ?
		       esim_tlv_uint(number.value, ret) : ESIM_EPROTO;
}

static int take_authority_key(struct esim_slice value, struct crl *crl)
{
	struct esim_tlv sequence, id;

	if (esim_tlv_next(&value, &sequence) != 1 || sequence.tag != 0x30 ||
	    esim_tlv_find(sequence.value, 0x80, &id) != 1)
		return ESIM_EPROTO;
	crl->authority_key_id = id.value;
	return 0;
}

static int take_extension(struct esim_slice oid, struct esim_slice value, struct crl *crl)
{
	if (esim_slice_is(oid, oid_authority_key, sizeof(oid_authority_key)))
		return take_authority_key(value, crl);
	if (esim_slice_is(oid, oid_number, sizeof(oid_number))) {
		crl->has_number = true;
		return take_number(value, &crl->number);
	}
	if (esim_slice_is(oid, oid_delta, sizeof(oid_delta))) {
		crl->is_delta = true;
		return take_number(value, &crl->base);
	}
	if (esim_slice_is(oid, oid_total_partial, sizeof(oid_total_partial)))
		return take_number(value, &crl->total);
	if (esim_slice_is(oid, oid_partial, sizeof(oid_partial))) {
		crl->is_partial = true;
		return take_number(value, &crl->part);
	}
	return 0;
}

static int take_extensions(struct esim_slice in, struct crl *crl)
{
	struct esim_tlv list, extension, oid, value;
	int r = 0;

	if (esim_tlv_next(&in, &list) != 1 || list.tag != 0x30)
		return ESIM_EPROTO;
	while (!r && esim_tlv_next(&list.value, &extension) == 1) {
		if (esim_tlv_find(extension.value, 0x06, &oid) != 1 ||
		    esim_tlv_find(extension.value, 0x04, &value) != 1)
			return ESIM_EPROTO;
		r = take_extension(oid.value, value.value, crl);
	}
	return r;
}

/* version, signature, issuer, thisUpdate, [nextUpdate], [revokedCertificates], [0] extensions */
static int take_tbs(struct esim_slice in, struct crl *crl)
{
	struct esim_tlv tlv;
	unsigned sequences = 0;
	int r = 0;

	while (!r && esim_tlv_next(&in, &tlv) == 1) {
		if (tlv.tag == 0x30 && ++sequences == 3)
			crl->revoked = tlv.value;
		else if (tlv.tag == 0xA0)
			r = take_extensions(tlv.value, crl);
	}
	if (!crl->has_number || crl->authority_key_id.len == 0 ||
	    crl->authority_key_id.len > ESIM_MAX_KEY_ID)
		return ESIM_EPROTO;
	if (crl->is_partial && (crl->total == 0 || crl->total > MAX_PARTS || crl->part >= crl->total))
		return ESIM_EPROTO;
	return r;
}

static int parse(struct esim_slice in, struct crl *ret)
{
	struct esim_tlv algorithm;

	*ret = (struct crl){ 0 };
	if (esim_tlv_next(&in, &ret->tbs) != 1 || ret->tbs.tag != 0x30 ||
	    esim_tlv_next(&in, &algorithm) != 1 || algorithm.tag != 0x30 ||
	    esim_tlv_next(&in, &ret->signature) != 1 || ret->signature.tag != 0x03)
		return ESIM_EPROTO;
	return take_tbs(ret->tbs.value, ret);
}

/* --- signature: DER in X.509, r | s for everything else -------------------- */

static int take_half(struct esim_slice *in, uint8_t out[32])
{
	struct esim_tlv tlv;

	if (esim_tlv_next(in, &tlv) != 1 || tlv.tag != 0x02)
		return ESIM_EPROTO;
	while (tlv.value.len > 0 && tlv.value.data[0] == 0)
		tlv.value = esim_slice(tlv.value.data + 1, tlv.value.len - 1);
	if (tlv.value.len > 32)
		return ESIM_EPROTO;
	memset(out, 0, 32);
	memcpy(out + 32 - tlv.value.len, tlv.value.data, tlv.value.len);
	return 0;
}

static bool signed_by(struct veuicc *card, const struct crl *crl, const struct esim_public_key *key)
{
	uint8_t raw[ESIM_SIGNATURE_SIZE];
	struct esim_slice bits = crl->signature.value;
	struct esim_tlv sequence;

	if (bits.len < 2 || bits.data[0] != 0)
		return false;
	bits = esim_slice(bits.data + 1, bits.len - 1);
	if (esim_tlv_next(&bits, &sequence) != 1 || sequence.tag != 0x30 ||
	    take_half(&sequence.value, raw) || take_half(&sequence.value, raw + 32))
		return false;
	return veuicc_verify(card, key, &crl->tbs.whole, 1, esim_slice(raw, sizeof(raw)));
}

/* --- keeping --------------------------------------------------------------- */

size_t veuicc_crl_size(const struct veuicc *card)
{
	size_t size = 0;

	for (size_t i = 0; i < card->store.crl_count; i++)
		size += card->store.crls[i].size;
	return size;
}

static struct veuicc_crl *find(struct veuicc *card, struct esim_slice key_id)
{
	for (size_t i = 0; i < card->store.crl_count; i++)
		if (esim_slice_equal(esim_buf_slice(&card->store.crls[i].ci), key_id))
			return &card->store.crls[i];
	return NULL;
}

static bool has_part(const struct veuicc_crl *held, uint64_t part)
{
	return held->parts.len && memchr(held->parts.data, (int)part, held->parts.len);
}

/* Is this the next part of what is held under the same number? */
static bool continues(const struct veuicc_crl *held, const struct crl *crl)
{
	return crl->is_partial && held->parts.len && held->number == crl->number &&
	       !has_part(held, crl->part);
}

static enum crl_error judge(struct veuicc *card, const struct crl *crl)
{
	const struct esim_anchor *anchor = esim_pool_find(&card->pool, crl->authority_key_id);
	const struct veuicc_crl *held = find(card, crl->authority_key_id);
	bool recent = card->options.svn >= VEUICC_SVN_2_2_2;

	if (!anchor)
		return CRL_KEY_NOT_FOUND;
	if (!signed_by(card, crl, &anchor->key))
		return CRL_INVALID_SIGNATURE;
	if (held && crl->number <= held->number && !continues(held, crl))
		return recent ? CRL_FRESHER_LOADED : CRL_UNDEFINED;
	if (crl->is_delta && (!held || held->number < crl->base))
		return recent ? CRL_BASE_MISSING : CRL_UNDEFINED;
	if (crl->tbs.whole.len > veuicc_memory_free(card) ||
	    (!held && card->store.crl_count == VEUICC_MAX_CRLS))
		return CRL_NO_SPACE;
	return CRL_OK;
}

static void add_serials(struct veuicc_crl *held, struct esim_slice revoked)
{
	struct esim_tlv entry, serial;

	while (esim_tlv_next(&revoked, &entry) == 1)
		if (esim_tlv_next(&entry.value, &serial) == 1 && serial.tag == 0x02)
			esim_buf_append_slice(&held->serials, serial.whole);
}

static struct veuicc_crl *keep(struct veuicc *card, const struct crl *crl)
{
	struct veuicc_crl *held = find(card, crl->authority_key_id);
	bool adds;

	if (!held) {
		held = &card->store.crls[card->store.crl_count++];
		esim_buf_append_slice(&held->ci, crl->authority_key_id);
	}
	adds = crl->is_delta || continues(held, crl);
	if (!adds) {
		esim_buf_reset(&held->serials);
		held->size = 0;
	}
	if (!crl->is_partial || held->number != crl->number)
		esim_buf_reset(&held->parts);
	held->number = crl->number;
	held->size += crl->tbs.whole.len;
	held->total_parts = (uint8_t)crl->total;
	if (crl->is_partial)
		esim_buf_append_byte(&held->parts, (uint8_t)crl->part);
	add_serials(held, crl->revoked);
	return held;
}

static void put_ok(const struct veuicc_crl *held, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xBF35), ok = esim_tlv_begin(out, 0xA0), list;

	if (held->parts.len && held->parts.len < held->total_parts) {
		list = esim_tlv_begin(out, 0xA0);
		for (unsigned part = 0; part < held->total_parts; part++) {
			size_t entry;

			if (has_part(held, part))
				continue;
			entry = esim_tlv_begin(out, 0x30);
			esim_tlv_put_uint(out, 0x80, part);
			esim_tlv_end(out, entry);
		}
		esim_tlv_end(out, list);
	}
	esim_tlv_end(out, ok);
	esim_tlv_end(out, mark);
}

uint16_t veuicc_load_crl(struct veuicc *card, const struct veuicc_request *request,
			 struct esim_buf *out)
{
	enum crl_error error = CRL_INVALID_FORMAT;
	struct veuicc_crl *held = NULL;
	struct esim_tlv list;
	struct crl crl;

	if (esim_tlv_find(request->value, 0xA0, &list) != 1)
		return SW_WRONG_DATA;
	if (!parse(list.value, &crl))
		error = judge(card, &crl);
	if (error == CRL_OK) {
		held = keep(card, &crl);
		if (veuicc_store_commit(card))
			error = CRL_UNDEFINED;
	}
	if (error == CRL_OK)
		put_ok(held, out);
	else
		veuicc_put_list_error(out, 0xBF35, error);
	return SW_OK;
}

bool veuicc_crl_revoked(const struct veuicc *card, const struct esim_cert *cert)
{
	for (size_t i = 0; i < card->store.crl_count; i++) {
		const struct veuicc_crl *held = &card->store.crls[i];
		struct esim_slice serials = esim_buf_slice(&held->serials);
		struct esim_tlv serial;

		if (!esim_slice_equal(esim_buf_slice(&held->ci), cert->authority_key_id))
			continue;
		while (esim_tlv_next(&serials, &serial) == 1)
			if (esim_slice_equal(serial.value, cert->serial))
				return true;
	}
	return false;
}
