/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a modem does with its card by itself: it brings it up, reads who it is, and does what the card
 * asks for (ETSI TS 102 221, 14; TS 102 223). It knows of a profile switch only from reading again.
 */
#include "vmodem/inside.h"

#include <string.h>

#define MAX_LINKS	64	/* of one answer by GET RESPONSE */

struct vmodem_slot *vmodem_active(struct vmodem *modem)
{
	return &modem->slots[modem->active];
}

/* --- commands ------------------------------------------------------------------------------------- */

static uint16_t take_sw(struct esim_buf *response)
{
	const uint8_t *end = response->data + response->len;

	return (uint16_t)(end[-2] << 8 | end[-1]);
}

static int once(struct veuicc *card, struct esim_slice command, struct esim_buf *response, uint16_t *ret_sw)
{
	int r = veuicc_transmit(card, command, response);

	if (!r && response->len < 2)
		r = ESIM_ENODEV;
	if (!r)
		*ret_sw = take_sw(response);
	return r;
}

/* 6Cxx: the same with that Le. */
static int again(struct veuicc *card, struct esim_slice command, size_t from, struct esim_buf *response,
		 uint16_t *ret_sw)
{
	struct esim_buf sent = ESIM_BUF_INIT;
	int r;

	esim_buf_append(&sent, command.data, command.len - 1);
	esim_buf_append_byte(&sent, (uint8_t)*ret_sw);
	response->len = from;
	r = once(card, esim_buf_slice(&sent), response, ret_sw);
	esim_buf_free(&sent);
	return r;
}

int vmodem_card_command(struct vmodem *modem, struct esim_slice command, bool follow, struct esim_buf *response,
			uint16_t *ret_sw)
{
	struct vmodem_slot *slot = vmodem_active(modem);
	const size_t from = response->len;
	int r;

	*ret_sw = 0;
	if (!slot->card || !slot->answers)
		return ESIM_ENODEV;
	r = once(slot->card, command, response, ret_sw);
	if (!r && follow && *ret_sw >> 8 == 0x6C && command.len == 5)
		r = again(slot->card, command, from, response, ret_sw);
	for (unsigned i = 0; !r && follow && *ret_sw >> 8 == 0x61 && i < MAX_LINKS; i++) {
		const uint8_t cla = (uint8_t)(command.data[0] & (command.data[0] & 0x40 ? 0x4F : 0x03));
		uint8_t get_response[] = { cla, 0xC0, 0x00, 0x00, (uint8_t)*ret_sw };

		response->len -= 2;
		r = once(slot->card, esim_slice(get_response, sizeof(get_response)), response, ret_sw);
	}
	if (r) {
		response->len = from;
		*ret_sw = 0;
	}
	return r;
}

/* A command of the modem's own, with the answer's data in @data. */
static bool ask(struct vmodem *modem, const uint8_t *command, size_t len, struct esim_buf *data)
{
	uint16_t sw;

	esim_buf_reset(data);
	if (vmodem_card_command(modem, esim_slice(command, len), true, data, &sw))
		return false;
	data->len -= 2;
	return sw == 0x9000 || sw >> 8 == 0x91;
}

/* --- who the card is -------------------------------------------------------------------------------- */

static bool read_file(struct vmodem *modem, uint16_t id, uint8_t size, struct esim_buf *data)
{
	const uint8_t select[] = { 0x00, 0xA4, 0x00, 0x0C, 0x02, (uint8_t)(id >> 8), (uint8_t)id };
	const uint8_t read[] = { 0x00, 0xB0, 0x00, 0x00, size };

	return ask(modem, select, sizeof(select), data) && ask(modem, read, sizeof(read), data) && data->len == size;
}

/* Nibbles swapped behind a length; the first is parity and kind (TS 31.102, 4.2.2). */
static bool take_imsi(const struct esim_buf *file, char digits[static 16])
{
	size_t count = 0, nibbles = file->len ? 2u * file->data[0] : 0;

	if (nibbles < 2 || nibbles > 16 || nibbles / 2 >= file->len)
		return false;
	for (size_t i = 1; i < nibbles; i++) {
		uint8_t nibble = (file->data[1 + i / 2] >> (i % 2 ? 4 : 0)) & 0x0F;

		if (nibble > 9)
			break;
		digits[count++] = (char)('0' + nibble);
	}
	digits[count] = '\0';
	return count >= 6;
}

void vmodem_identify(struct vmodem *modem)
{
	static const uint8_t master[] = { 0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00 };
	static const uint8_t usim[] = { 0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 };
	struct esim_buf data = ESIM_BUF_INIT;

	modem->has_iccid = ask(modem, master, sizeof(master), &data) && read_file(modem, 0x2FE2, ESIM_ICCID_SIZE, &data) &&
			   !esim_iccid_from_wire(esim_buf_slice(&data), &modem->iccid);
	modem->has_imsi = modem->has_iccid && ask(modem, usim, sizeof(usim), &data) &&
			  read_file(modem, 0x6F07, 9, &data) && take_imsi(&data, modem->imsi);
	ask(modem, master, sizeof(master), &data);
	esim_buf_free(&data);
	vmodem_tell(modem, VMODEM_NEWS_CARD);
}

/* --- power -------------------------------------------------------------------------------------------- */

/* TERMINAL CAPABILITY with extended channels where the modem has more than three; then TERMINAL PROFILE. */
static void activate(struct vmodem *modem)
{
	static const uint8_t capability[] = { 0x80, 0xAA, 0x00, 0x00, 0x04, 0xA9, 0x02, 0x81, 0x00 };
	static const uint8_t profile[] = { 0x80, 0x10, 0x00, 0x00, 0x04, 0xFF, 0xFF, 0xFF, 0xFF };
	struct esim_buf data = ESIM_BUF_INIT;

	if (vmodem_quirk_value(modem, VMODEM_CHANNELS) > 3)
		ask(modem, capability, sizeof(capability), &data);
	ask(modem, profile, sizeof(profile), &data);
	esim_buf_free(&data);
}

void vmodem_card_on(struct vmodem *modem, struct vmodem_slot *slot)
{
	slot->on = true;
	slot->answers = slot->card && !veuicc_power_on(slot->card, NULL);
	if (slot != vmodem_active(modem))
		return;
	vmodem_channels_forget(modem);
	modem->not_ready = vmodem_quirk_value(modem, VMODEM_READY_AFTER);
	if (slot->answers)
		activate(modem);
}

void vmodem_card_off(struct vmodem *modem, struct vmodem_slot *slot)
{
	slot->on = slot->answers = false;
	if (slot->card)
		veuicc_power_off(slot->card);
	if (slot == vmodem_active(modem))
		vmodem_channels_forget(modem);
	vmodem_tell(modem, VMODEM_NEWS_CARD);
}

void vmodem_uim_power(struct vmodem *modem, unsigned number, bool on)
{
	struct vmodem_slot *slot = number ? &modem->slots[number - 1] : vmodem_active(modem);

	if (number > modem->options.slots || slot->on == on)
		return;
	if (!on) {
		vmodem_card_off(modem, slot);
		return;
	}
	vmodem_card_on(modem, slot);
	if (slot == vmodem_active(modem) && vmodem_quirk_value(modem, VMODEM_FOLLOWS) <= ESIM_MODEM_UIM_POWER)
		vmodem_identify(modem);
	vmodem_tell(modem, VMODEM_NEWS_CARD);
}

/* --- what the card asks for --------------------------------------------------------------------------- */

/* D0 { 81 command details, 82 device identities, … }: REFRESH is 01 (TS 102 223, 9.4). */
static bool is_refresh(const struct esim_buf *command)
{
	return command->len >= 7 && command->data[0] == 0xD0 && (command->data[2] & 0x7F) == 0x01 &&
	       command->data[5] == 0x01;
}

static void respond(struct vmodem *modem, const struct esim_buf *command, uint8_t result)
{
	uint8_t response[] = { 0x80, 0x14, 0x00, 0x00, 0x0C, 0x81, 0x03, 0, 0, 0, 0x82, 0x02, 0x82, 0x81,
			       0x83, 0x01, result };
	struct esim_buf data = ESIM_BUF_INIT;

	memcpy(response + 7, command->data + 4, 3);
	ask(modem, response, sizeof(response), &data);
	esim_buf_free(&data);
}

/* "UICC reset": the card comes up anew, its channels are gone. A modem that loses them thinks they are there. */
static void refreshed(struct vmodem *modem)
{
	modem->counts[COUNT_REFRESHES]++;
	if (!vmodem_quirk(modem, VMODEM_LOSES_CHANNELS))
		vmodem_channels_forget(modem);
	modem->not_ready = vmodem_quirk_value(modem, VMODEM_READY_AFTER);
	activate(modem);
	vmodem_identify(modem);
	if (vmodem_quirk(modem, VMODEM_REENUMERATES))
		vmodem_restart(modem);
}

/* 0x20: the terminal is currently unable to process the command (TS 102 223, 8.12). */
void vmodem_proactive(struct vmodem *modem, uint16_t sw)
{
	const uint8_t fetch[] = { 0x80, 0x12, 0x00, 0x00, (uint8_t)sw };
	const bool performs = vmodem_quirk_value(modem, VMODEM_FOLLOWS) == ESIM_MODEM_REFRESH ||
			      vmodem_quirk(modem, VMODEM_REENUMERATES);
	struct esim_buf command = ESIM_BUF_INIT;

	if (sw >> 8 != 0x91)
		return;
	if (ask(modem, fetch, sizeof(fetch), &command) && command.len >= 7) {
		respond(modem, &command, is_refresh(&command) && performs ? 0x00 : 0x20);
		if (is_refresh(&command) && performs)
			refreshed(modem);
	}
	esim_buf_free(&command);
}
