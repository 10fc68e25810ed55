/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES10b: EUICCInfo1 and 2, challenge, RAT (SGP.22, 5.7.7, 5.7.8, 5.7.22), as the
 * release that the card is shaped as has them.
 */
#include "veuicc/card.h"

#include <string.h>

#define CATEGORY_MEDIUM 2

/* What differs between releases. */
static const struct release {
	unsigned svn;
	uint8_t profile_version[3];
	uint8_t rsp_capability[2];	/* BIT STRING: unused bits, bits */
	bool tre;			/* 8D, 8E, AF of EUICCInfo2 */
} releases[] = {
	/* additionalProfile, crlSupport, testProfileSupport; then also
	 * deviceInfoExtensibilitySupport; then also serviceSpecificDataSupport */
	{ VEUICC_SVN_2_0, { 2, 0, 0 }, { 4, 0xD0 }, false },
	{ VEUICC_SVN_2_1, { 2, 1, 0 }, { 4, 0xD0 }, false },
	{ VEUICC_SVN_2_2_2, { 2, 3, 1 }, { 3, 0xD8 }, false },
	{ VEUICC_SVN_2_5, { 2, 3, 1 }, { 2, 0xDC }, true },
};

static const struct release *release_of(const struct veuicc *card)
{
	const struct release *found = &releases[0];

	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++)
		if (releases[i].svn <= card->options.svn)
			found = &releases[i];
	return found;
}

static void put_svn(const struct veuicc *card, struct esim_buf *out)
{
	uint8_t svn[] = { (uint8_t)(card->options.svn >> 16), (uint8_t)(card->options.svn >> 8),
			  (uint8_t)card->options.svn };

	esim_tlv_put(out, 0x82, svn, sizeof(svn));
}

/* A9: every CI of the card; AA: those under which it has a chain of its own. */
static void put_ci_key_ids(struct veuicc *card, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xA9);

	for (size_t i = 0; i < card->pool.count; i++)
		esim_tlv_put(out, 0x04, card->pool.anchors[i].key_id,
			     card->pool.anchors[i].key_id_len);
	esim_tlv_end(out, mark);

	mark = esim_tlv_begin(out, 0xAA);
	for (size_t i = 0; i < card->pki_count; i++)
		if (rsp_pki_entry(card->pkis[i], RSP_PKI_EUICC))
			esim_tlv_put_slice(out, 0x04,
					   rsp_pki_entry(card->pkis[i], RSP_PKI_CI)->cert.subject_key_id);
	esim_tlv_end(out, mark);
}

/* ETSI TS 102 226: installed applications, free non-volatile and volatile memory. */
static void put_card_resource(const struct veuicc *card, struct esim_buf *out)
{
	size_t nv = veuicc_memory_free(card), mark = esim_tlv_begin(out, 0x84);
	uint8_t applications = (uint8_t)card->store.profile_count;
	uint8_t bytes[] = { (uint8_t)(nv >> 24), (uint8_t)(nv >> 16), (uint8_t)(nv >> 8), (uint8_t)nv };

	esim_tlv_put(out, 0x81, &applications, 1);
	esim_tlv_put(out, 0x82, bytes, sizeof(bytes));
	esim_tlv_put(out, 0x83, "\x00\x00\x40\x00", 4);
	esim_tlv_end(out, mark);
}

static void put_rsp_capability(const struct veuicc *card, const struct release *release,
			       struct esim_buf *out)
{
	uint8_t bits[2] = { release->rsp_capability[0], release->rsp_capability[1] };

	if (card->options.no_test_profiles)
		bits[1] &= (uint8_t)~0x10;
	esim_tlv_put(out, 0x88, bits, sizeof(bits));
}

static void put_tre(struct esim_buf *out)
{
	size_t mark;

	esim_tlv_put(out, 0x8D, "\x07\x00", 2);
	esim_tlv_put_text(out, 0x8E, "virtual");
	mark = esim_tlv_begin(out, 0xAF);
	esim_tlv_put(out, 0x04, "\x03\x01\x00", 3);
	esim_tlv_end(out, mark);
}

void veuicc_put_euicc_info2(struct veuicc *card, struct esim_buf *out)
{
	const struct release *release = release_of(card);
	size_t mark = esim_tlv_begin(out, 0xBF22);

	esim_tlv_put(out, 0x81, release->profile_version, 3);
	put_svn(card, out);
	esim_tlv_put(out, 0x83, "\x01\x00\x00", 3);
	put_card_resource(card, out);
	esim_tlv_put(out, 0x85, "\x01\x6A\x02", 3);	/* USIM, ISIM, Milenage, TUAK, Java Card */
	esim_tlv_put(out, 0x86, "\x0F\x00\x00", 3);
	esim_tlv_put(out, 0x87, "\x02\x03\x00", 3);
	put_rsp_capability(card, release, out);
	put_ci_key_ids(card, out);
	esim_tlv_put_uint(out, 0x8B, CATEGORY_MEDIUM);
	if (card->options.forbidden_pprs)
		veuicc_put_ppr_ids(out, 0x99, card->options.forbidden_pprs);
	esim_tlv_put(out, 0x04, "\x01\x00\x00", 3);
	esim_tlv_put_text(out, 0x0C, "CORE-ESIM-0001");
	if (release->tre)
		put_tre(out);
	esim_tlv_end(out, mark);
}

uint16_t veuicc_get_euicc_info1(struct veuicc *card, const struct veuicc_request *request,
				struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xBF20);

	(void)request;
	put_svn(card, out);
	put_ci_key_ids(card, out);
	esim_tlv_end(out, mark);
	return SW_OK;
}

uint16_t veuicc_get_euicc_info2(struct veuicc *card, const struct veuicc_request *request,
				struct esim_buf *out)
{
	(void)request;
	veuicc_put_euicc_info2(card, out);
	return SW_OK;
}

/* A new challenge ends whatever session there was. */
uint16_t veuicc_get_euicc_challenge(struct veuicc *card, const struct veuicc_request *request,
				    struct esim_buf *out)
{
	size_t mark;

	(void)request;
	veuicc_session_end(card);
	if (esim_random(card->session.challenge, sizeof(card->session.challenge)))
		return SW_MEMORY_FAILURE;
	card->session.stage = STAGE_CHALLENGED;
	mark = esim_tlv_begin(out, 0xBF2E);
	esim_tlv_put(out, 0x80, card->session.challenge, sizeof(card->session.challenge));
	esim_tlv_end(out, mark);
	return SW_OK;
}

uint16_t veuicc_get_rat(struct veuicc *card, const struct veuicc_request *request,
			struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xBF43), list = esim_tlv_begin(out, 0xA0);

	(void)request;
	veuicc_rat_put(&card->rat, out);
	esim_tlv_end(out, list);
	esim_tlv_end(out, mark);
	return SW_OK;
}
