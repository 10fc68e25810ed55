/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one proactive command of this card: REFRESH in "UICC reset" mode (ETSI TS
 * 102 223, 6.4.7), after a profile switch that was asked for with refreshFlag.
 * The switch happens when the terminal answers it, or at the reset.
 */
#include "veuicc/card.h"

#include <string.h>

static const uint8_t refresh[] = {
	0xD0, 0x09,
	0x81, 0x03, 0x01, 0x01, 0x04,	/* command details: REFRESH, UICC reset */
	0x82, 0x02, 0x81, 0x82,		/* UICC to terminal */
};

#define RESULT_TAG		0x03	/* without the comprehension bit */
#define FIRST_FAILURE		0x20	/* TS 102 223, 8.12: below, the command was performed */

size_t veuicc_proactive_waiting(const struct veuicc *card)
{
	return card->proactive.refresh && !card->proactive.fetched ? sizeof(refresh) : 0;
}

uint16_t veuicc_terminal_profile(struct veuicc *card, const struct veuicc_apdu *apdu,
				 struct esim_buf *out)
{
	(void)card;
	(void)out;
	return apdu->data.len ? SW_OK : SW_WRONG_LENGTH;
}

uint16_t veuicc_fetch(struct veuicc *card, const struct veuicc_apdu *apdu, struct esim_buf *out)
{
	if (!veuicc_proactive_waiting(card))
		return SW_CONDITIONS;
	if (!apdu->has_le || apdu->data.len)
		return SW_WRONG_LENGTH;
	if (apdu->ne < sizeof(refresh))
		return (uint16_t)(SW_WRONG_LE | sizeof(refresh));
	esim_buf_append(out, refresh, sizeof(refresh));
	card->proactive.fetched = true;
	return SW_OK;
}

static bool performed(struct esim_slice in)
{
	struct esim_tlv tlv;

	while (esim_tlv_next(&in, &tlv) == 1)
		if ((tlv.tag & 0x7F) == RESULT_TAG && tlv.value.len > 0)
			return tlv.value.data[0] < FIRST_FAILURE;
	return false;
}

uint16_t veuicc_terminal_response(struct veuicc *card, const struct veuicc_apdu *apdu,
				  struct esim_buf *out)
{
	(void)out;
	if (!card->proactive.fetched)
		return SW_CONDITIONS;
	if (!performed(apdu->data)) {
		card->proactive.fetched = false;
		return SW_OK;
	}
	if (veuicc_switch_apply(card))
		return SW_MEMORY_FAILURE;
	card->proactive = (struct veuicc_proactive){ 0 };
	veuicc_channels_reset(card);
	veuicc_session_end(card);
	veuicc_fs_load(card);
	return SW_OK;
}
