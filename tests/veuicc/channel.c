/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logical channels: MANAGE CHANNEL, SELECT by AID, TERMINAL CAPABILITY (ETSI TS
 * 102 221, 11.1.1, 11.1.17, 11.1.19). A terminal that has not announced extended
 * channels gets 1-3 when the card chooses; 4-19 can always be asked for by number.
 */
#include "veuicc/card.h"

#include <string.h>

#define LAST_BASIC_CHANNEL 3

static void channel_start(struct veuicc_channel *channel)
{
	esim_buf_free(&channel->input);
	*channel = (struct veuicc_channel){
		.open = true,
		.input = ESIM_BUF_INIT_MAX(VEUICC_MAX_INPUT),
	};
}

void veuicc_channel_abandon(struct veuicc *card, unsigned channel)
{
	esim_buf_free(&card->channels[channel].input);
	card->channels[channel].next_block = 0;
	if (veuicc_bpp_under_way(card, channel))
		veuicc_bpp_abandon(card);
}

void veuicc_channels_reset(struct veuicc *card)
{
	for (unsigned i = 0; i < VEUICC_CHANNELS; i++) {
		veuicc_channel_abandon(card, i);
		card->channels[i] = (struct veuicc_channel){ 0 };
	}
	card->extended_channels = false;
	channel_start(&card->channels[0]);
}

static uint16_t channel_open(struct veuicc *card, uint8_t wanted, struct esim_buf *out)
{
	unsigned last = card->extended_channels ? ESIM_MAX_CHANNEL : LAST_BASIC_CHANNEL;

	if (wanted > ESIM_MAX_CHANNEL)
		return SW_WRONG_P1P2;
	if (wanted) {
		if (card->channels[wanted].open)
			return SW_NO_FUNCTION;
		channel_start(&card->channels[wanted]);
		return SW_OK;
	}
	for (unsigned i = 1; i <= last; i++) {
		if (card->channels[i].open)
			continue;
		channel_start(&card->channels[i]);
		esim_buf_append_byte(out, (uint8_t)i);
		return SW_OK;
	}
	return SW_NO_FUNCTION;
}

static uint16_t channel_close(struct veuicc *card, uint8_t wanted)
{
	if (wanted == 0 || wanted > ESIM_MAX_CHANNEL)
		return SW_WRONG_P1P2;
	if (!card->channels[wanted].open)
		return SW_NO_CHANNEL;
	veuicc_channel_abandon(card, wanted);
	card->channels[wanted] = (struct veuicc_channel){ 0 };
	return SW_OK;
}

uint16_t veuicc_manage_channel(struct veuicc *card, const struct veuicc_apdu *apdu,
			       struct esim_buf *out)
{
	if (apdu->data.len)
		return SW_WRONG_LENGTH;
	if (apdu->p1 == 0x00)
		return channel_open(card, apdu->p2, out);
	if (apdu->p1 == 0x80)
		return channel_close(card, apdu->p2);
	return SW_WRONG_P1P2;
}

static const struct {
	const uint8_t *aid;
	enum veuicc_app app;
} applications[] = {
	{ veuicc_isdr_aid, APP_ISDR },
	{ veuicc_ecasd_aid, APP_ECASD },
};

static uint16_t select_application(struct veuicc *card, const struct veuicc_apdu *apdu,
				   struct esim_buf *out)
{
	struct veuicc_channel *channel = &card->channels[apdu->channel];
	size_t mark;

	for (size_t i = 0; i < sizeof(applications) / sizeof(applications[0]); i++) {
		if (!esim_slice_is(apdu->data, applications[i].aid, VEUICC_AID_SIZE))
			continue;
		veuicc_channel_abandon(card, apdu->channel);
		channel->app = applications[i].app;
		channel->ef = 0;
		if (channel->app == APP_ISDR) {
			veuicc_isdr_fci(card, out);
			return SW_OK;
		}
		mark = esim_tlv_begin(out, 0x6F);
		esim_tlv_put(out, 0x84, applications[i].aid, VEUICC_AID_SIZE);
		esim_tlv_end(out, mark);
		return SW_OK;
	}
	return veuicc_fs_select_adf(card, apdu->channel, apdu->data, out);
}

uint16_t veuicc_select(struct veuicc *card, const struct veuicc_apdu *apdu, struct esim_buf *out)
{
	uint16_t sw;

	if (apdu->p1 != 0x04)
		return veuicc_fs_select_file(card, apdu, out);
	if (apdu->data.len < 5 || apdu->data.len > ESIM_MAX_AID)
		return SW_WRONG_LENGTH;
	sw = select_application(card, apdu, out);
	if (sw == SW_OK && (apdu->p2 & 0x0C) == 0x0C)
		esim_buf_reset(out);
	return sw;
}

uint16_t veuicc_terminal_capability(struct veuicc *card, const struct veuicc_apdu *apdu,
				    struct esim_buf *out)
{
	struct esim_slice in = apdu->data;
	struct esim_tlv template, child;

	(void)out;
	if (apdu->p1 || apdu->p2)
		return SW_WRONG_P1P2;
	if (esim_tlv_check(in, "TERMINAL CAPABILITY", &template, NULL) || template.tag != 0xA9)
		return SW_WRONG_DATA;
	card->extended_channels = esim_tlv_find(template.value, 0x81, &child) == 1;
	return SW_OK;
}
