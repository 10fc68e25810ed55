/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A slot and the card in it: power, voltage, rates; see slot.h. */
#include "vreader/descriptors.h"
#include "vreader/slot.h"

#include <string.h>

#define DEFAULT_RATE 0x11		/* Fi 372, Di 1 */
#define DEFAULT_IFSD 32
#define READER_IFSD 254			/* dwMaxIFSD */

uint8_t vreader_slot_state(const struct vreader_slot *slot)
{
	return !slot->present ? CCID_ICC_ABSENT : slot->powered ? CCID_ICC_ACTIVE : CCID_ICC_INACTIVE;
}

static void forget(struct vreader_slot *slot)
{
	esim_buf_free(&slot->again);
	esim_buf_free(&slot->chained);
	esim_buf_free(&slot->rest);
	vreader_t1_free(&slot->t1);
	slot->chaining = false;
}

size_t vreader_slot_parameters(const struct vreader_slot *slot)
{
	return slot->protocol == 1 ? VREADER_T1_PARAMETERS : VREADER_T0_PARAMETERS;
}

/* T=0 at the default rate; what is set automatically is the card's. */
void vreader_slot_reset_parameters(struct vreader_slot *slot)
{
	static const uint8_t parameters[VREADER_T1_PARAMETERS] = { DEFAULT_RATE, 0, 0, 10, 0 };

	memcpy(slot->parameters, parameters, sizeof(parameters));
	slot->protocol = 0;
}

/* --- the rate and the protocol ------------------------------------------------ */

/* A reader that sets its parameters by itself: those of the card's answer to reset. */
static void set_itself(struct vreader_slot *slot)
{
	const struct vreader_atr *atr = &slot->atr;
	const uint8_t t1[VREADER_T1_PARAMETERS] = { 0, (uint8_t)(0x10 | atr->crc), 0, atr->waiting, 0,
						    atr->ifsc, 0 };

	if (atr->protocol == 1)
		memcpy(slot->parameters, t1, sizeof(t1));
	slot->protocol = atr->protocol;
	slot->parameters[0] = slot->card_rate = atr->ta1;
}

static void start(struct vreader_slot *slot, struct esim_slice atr)
{
	uint32_t features = vreader_features(slot->options);

	vreader_atr_parse(atr, &slot->atr);
	vreader_slot_reset_parameters(slot);
	slot->card_rate = slot->atr.specific ? slot->atr.ta1 : DEFAULT_RATE;
	slot->card_protocol = slot->atr.protocol;
	if (features & (CCID_AUTO_NEGOTIATION | CCID_AUTO_PPS))
		set_itself(slot);
	vreader_t1_start(&slot->t1, &slot->atr, features & CCID_AUTO_IFSD ? READER_IFSD : DEFAULT_IFSD);
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
	if (!pps_well_formed(request) || slot->spoken ||
	    !(slot->atr.offered & 1u << (request.data[1] & 0x0F))) {
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
	slot->card_protocol = request.data[1] & 0x0F;
	if (slot->options->pps == VREADER_PPS_DEFAULT) {
		esim_buf_append(ret_data, (uint8_t[]){ 0xFF, slot->card_protocol,
						       0xFF ^ slot->card_protocol }, 3);
	} else if (slot->options->pps == VREADER_PPS_GARBAGE) {
		esim_buf_append(ret_data, "\xFF\x10\x18\xF7", 4);
	} else {
		esim_buf_append_slice(ret_data, request);
		if (request.data[1] & 0x10)
			slot->card_rate = request.data[2];
	}
	return true;
}

/* What would keep card and reader from understanding each other is the host's mistake. */
static void check_t1_parameters(struct vreader_slot *slot, const uint8_t *p)
{
	if ((p[1] & ~2u) != (slot->atr.crc ? 0x11 : 0x10))
		vreader_violation(slot->stats, "SetParameters: bmTCCKST1 %02X is not the card's", p[1]);
	if (p[3] != slot->atr.waiting)
		vreader_violation(slot->stats, "SetParameters: waiting integers %02X are not the card's", p[3]);
	if (p[5] != slot->atr.ifsc || p[6])
		vreader_violation(slot->stats, "SetParameters: bIFSC %u, bNadValue %02X", p[5], p[6]);
}

bool vreader_slot_set(struct vreader_slot *slot, const struct ccid_command *command, uint8_t *error)
{
	uint8_t protocol = command->specific[0];
	size_t len = protocol == 1 ? VREADER_T1_PARAMETERS : VREADER_T0_PARAMETERS;

	if (protocol > 1 || !(vreader_protocols(slot->options) & 1u << protocol) || command->length != len) {
		*error = command->length == len ? CCID_BAD_BYTE_7 : CCID_BAD_LENGTH;
		vreader_violation(slot->stats, "SetParameters for a protocol that the reader has not");
		return false;
	}
	if (protocol == 1)
		check_t1_parameters(slot, command->data);
	memcpy(slot->parameters, command->data, len);
	slot->protocol = protocol;
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
	start(slot, *ret_atr);
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
