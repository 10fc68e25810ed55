/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A slot and the card in it: power, voltage, rates; see slot.h. */
#include "vreader/descriptors.h"
#include "vreader/slot.h"

#include <string.h>

#define DEFAULT_RATE 0x11		/* Fi 372, Di 1 */

uint8_t vreader_slot_state(const struct vreader_slot *slot)
{
	return !slot->present ? CCID_ICC_ABSENT : slot->powered ? CCID_ICC_ACTIVE : CCID_ICC_INACTIVE;
}

static void forget(struct vreader_slot *slot)
{
	esim_buf_free(&slot->again);
	esim_buf_free(&slot->chained);
	esim_buf_free(&slot->rest);
	slot->chaining = false;
}

void vreader_slot_reset_parameters(struct vreader_slot *slot)
{
	static const uint8_t parameters[VREADER_T0_PARAMETERS] = { DEFAULT_RATE, 0, 0, 10, 0 };

	memcpy(slot->parameters, parameters, sizeof(parameters));
}

/* --- the rate --------------------------------------------------------------- */

/* TA1 and whether TA2 says that the card is at that rate from the start. */
static void read_atr(struct esim_slice atr, uint8_t *ret_ta1, bool *ret_specific)
{
	size_t at = 2;
	uint8_t has;

	*ret_ta1 = DEFAULT_RATE;
	*ret_specific = false;
	if (atr.len < 2)
		return;
	has = atr.data[1];
	if (has & 0x10 && at < atr.len)
		*ret_ta1 = atr.data[at++];
	at += (size_t)!!(has & 0x20) + (size_t)!!(has & 0x40);
	if (has & 0x80 && at + 1 < atr.len && atr.data[at] & 0x10)
		*ret_specific = !(atr.data[at + 1] & 0x10);
}

static void start_rates(struct vreader_slot *slot, struct esim_slice atr)
{
	uint8_t ta1;
	bool specific;

	read_atr(atr, &ta1, &specific);
	vreader_slot_reset_parameters(slot);
	slot->card_rate = specific ? ta1 : DEFAULT_RATE;
	if (vreader_features(slot->options) & (CCID_AUTO_NEGOTIATION | CCID_AUTO_PPS))
		slot->parameters[0] = slot->card_rate = ta1;
}

/* PPSS PPS0 [PPS1] [PPS2] [PPS3] PCK; ISO/IEC 7816-3, 9. */
static bool pps_well_formed(struct esim_slice request)
{
	uint8_t check = 0;
	size_t len = 3;

	if (request.len < 3)
		return false;
	for (unsigned bit = 0x10; bit <= 0x40; bit <<= 1)
		len += (request.data[1] & bit) != 0;
	for (size_t i = 0; i < request.len; i++)
		check ^= request.data[i];
	return request.len == len && check == 0;
}

bool vreader_pps(struct vreader_slot *slot, struct esim_slice request, struct esim_buf *ret_data,
		 uint8_t *error)
{
	slot->stats->count[STAT_PPS]++;
	if (!pps_well_formed(request) || slot->spoken || (request.data[1] & 0x0F) != 0) {
		vreader_violation(slot->stats, "PPS malformed, too late, or for another protocol");
		slot->mute = true;
	}
	slot->spoken = true;
	if (slot->options->pps == VREADER_PPS_MUTE)
		slot->mute = true;
	if (slot->mute) {
		*error = CCID_ICC_MUTE;
		return false;
	}
	if (slot->options->pps == VREADER_PPS_DEFAULT) {
		esim_buf_append(ret_data, "\xFF\x00\xFF", 3);
	} else if (slot->options->pps == VREADER_PPS_GARBAGE) {
		esim_buf_append(ret_data, "\xFF\x10\x18\xF7", 4);
	} else {
		esim_buf_append_slice(ret_data, request);
		if (request.data[1] & 0x10)
			slot->card_rate = request.data[2];
	}
	return true;
}

bool vreader_slot_set(struct vreader_slot *slot, const struct ccid_command *command, uint8_t *error)
{
	if (command->specific[0] != 0 || command->length != VREADER_T0_PARAMETERS) {
		*error = command->specific[0] ? CCID_BAD_BYTE_7 : CCID_BAD_LENGTH;
		vreader_violation(slot->stats, "SetParameters for another protocol than T=0");
		return false;
	}
	memcpy(slot->parameters, command->data, VREADER_T0_PARAMETERS);
	return true;
}

/* --- power ------------------------------------------------------------------ */

/* bPowerSelect to a bit of bVoltageSupport; 0 for none. */
static unsigned voltage_bit(uint8_t select)
{
	static const uint8_t bits[] = { 0, VREADER_5V, VREADER_3V, VREADER_1V8 };

	return select < sizeof(bits) ? bits[select] : 0;
}

/* The class that a reader with automatic voltage finds: the lowest that the card answers at. */
static uint8_t find_voltage(const struct vreader_slot *slot, unsigned card)
{
	for (uint8_t select = 3; select > 0; select--)
		if (voltage_bit(select) & vreader_voltages(slot->options) & card)
			return select;
	return 0;
}

bool vreader_slot_on(struct vreader_slot *slot, uint8_t select, struct esim_slice *ret_atr,
		     uint8_t *error)
{
	unsigned card = slot->options->card_voltages;

	card = card ? card : VREADER_5V | VREADER_3V | VREADER_1V8;
	slot->stats->count[STAT_LAST_VOLTAGE] = select;
	if (select == 0 && vreader_features(slot->options) & CCID_AUTO_VOLTAGE)
		select = find_voltage(slot, card);
	else if (!(voltage_bit(select) & vreader_voltages(slot->options))) {
		vreader_violation(slot->stats, "power-on at a voltage that the reader has not (%u)", select);
		*error = CCID_BAD_BYTE_7;
		return false;
	}
	if (slot->voltage && slot->voltage != select) {
		vreader_violation(slot->stats, "another voltage without power-off");
		*error = CCID_BAD_BYTE_7;
		return false;
	}
	forget(slot);
	slot->voltage = select;
	slot->spoken = slot->mute = slot->powered = false;
	*error = CCID_ICC_MUTE;
	if (!slot->present || !(voltage_bit(select) & card) || veuicc_power_on(slot->card, ret_atr))
		return false;
	slot->powered = true;
	start_rates(slot, *ret_atr);
	return true;
}

void vreader_slot_off(struct vreader_slot *slot)
{
	forget(slot);
	veuicc_power_off(slot->card);
	slot->powered = slot->mute = false;
	slot->voltage = 0;
}

void vreader_slot_insert(struct vreader_slot *slot)
{
	slot->changed = slot->changed || !slot->present;
	slot->present = true;
}

void vreader_slot_remove(struct vreader_slot *slot)
{
	slot->changed = slot->changed || slot->present;
	vreader_slot_off(slot);
	slot->present = false;
}
