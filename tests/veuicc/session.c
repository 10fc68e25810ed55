/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RSP session and what its functions share: the clock, the card's own chains,
 * signing, and judging the certificates of servers (SGP.22, 4.5.2).
 */
#include "veuicc/card.h"

#include <string.h>
#include <time.h>

void veuicc_session_end(struct veuicc *card)
{
	struct veuicc_session *session = &card->session;

	veuicc_bpp_abandon(card);
	esim_buf_free(&session->transaction_id);
	esim_buf_free(&session->server_address);
	esim_buf_free(&session->server_oid);
	esim_buf_free(&session->server_ci);
	esim_buf_free(&session->signature1);
	rsp_key_free(&session->ot);
	*session = (struct veuicc_session){ 0 };
}

static int64_t now(const struct veuicc *card)
{
	return card->options.now ? card->options.now : (int64_t)time(NULL);
}

struct rsp_pki *veuicc_pki_for(struct veuicc *card, struct esim_slice ci_key_id)
{
	for (size_t i = 0; i < card->pki_count; i++) {
		const struct rsp_pki_entry *ci = rsp_pki_entry(card->pkis[i], RSP_PKI_CI);

		if (rsp_pki_entry(card->pkis[i], RSP_PKI_EUICC) &&
		    esim_slice_equal(ci->cert.subject_key_id, ci_key_id))
			return card->pkis[i];
	}
	return NULL;
}

int veuicc_sign(struct veuicc *card, struct rsp_pki *pki, const struct esim_slice *parts,
		size_t count, struct esim_buf *out)
{
	uint8_t signature[ESIM_SIGNATURE_SIZE];

	veuicc_link_crypto(&card->link);
	if (rsp_key_sign(rsp_pki_entry(pki, RSP_PKI_EUICC)->key, parts, count, signature))
		return ESIM_EIO;
	esim_tlv_put(out, 0x5F37, signature, sizeof(signature));
	return 0;
}

bool veuicc_verify(struct veuicc *card, const struct esim_public_key *key,
		   const struct esim_slice *parts, size_t count, struct esim_slice signature)
{
	veuicc_link_crypto(&card->link);
	return signature.len == ESIM_SIGNATURE_SIZE &&
	       !esim_signature_verify_parts(key, parts, count, signature);
}

/* Does any CI of the card use @curve? */
static bool knows_curve(const struct veuicc *card, enum esim_curve curve)
{
	for (size_t i = 0; i < card->pool.count; i++)
		if (card->pool.anchors[i].key.curve == curve)
			return true;
	return false;
}

/* id-ecPublicKey is followed by the curve: does the certificate name one that is not ours? */
static bool names_foreign_curve(struct esim_slice der)
{
	static const uint8_t ec[] = { 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06 };
	static const uint8_t p256[] = { 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
	static const uint8_t brainpool[] = { 0x09, 0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07 };
	const uint8_t *at = memmem(der.data, der.len, ec, sizeof(ec));
	size_t left;

	if (!at)
		return false;
	at += sizeof(ec);
	left = der.len - (size_t)(at - der.data);
	return !(left >= sizeof(p256) && !memcmp(at, p256, sizeof(p256))) &&
	       !(left >= sizeof(brainpool) && !memcmp(at, brainpool, sizeof(brainpool)));
}

enum veuicc_cert_verdict veuicc_judge_cert(struct veuicc *card, struct esim_slice der,
					   enum esim_role role, struct esim_cert *ret)
{
	struct esim_chain_rules rules = { .role = role, .now = now(card) };

	if (esim_cert_parse(der, ret, NULL))
		return names_foreign_curve(der) ? CERT_CURVE : CERT_INVALID;
	if (!knows_curve(card, ret->key.curve))
		return CERT_CURVE;
	if (!esim_pool_find(&card->pool, ret->authority_key_id))
		return CERT_CI_UNKNOWN;
	veuicc_link_crypto(&card->link);
	if (esim_chain_verify(ret, 1, &card->pool, &rules, NULL, NULL) ||
	    veuicc_crl_revoked(card, ret))
		return CERT_INVALID;
	return CERT_GOOD;
}
