/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's user identity module: the card, its files as the modem reads them, and slots. */
#include "vmodem/qmi.h"

#include <string.h>

#define TLV_SLOT 0x01
#define LOGICAL_SLOT 1
#define EF_ICCID 0x2FE2
#define EF_IMSI 0x6F07
#define EF_AD 0x6FAD

static const uint8_t usim_aid[] = { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0x89,
				    0x07, 0x09, 0x00, 0x00 };

static bool is_ready(struct qmi *qmi)
{
	return vmodem_card_state(qmi->modem, 0) == VMODEM_CARD_READY;
}

/* --- the card --------------------------------------------------------------------------------------------- */

static void put_application(struct esim_buf *out)
{
	enum { USIM = 2, READY = 7, NO_PERSONALISATION = 2, PIN_DISABLED = 3 };

	esim_buf_append(out, (uint8_t[]){ USIM, READY, NO_PERSONALISATION, 0, 0, 0, sizeof(usim_aid) }, 7);
	esim_buf_append(out, usim_aid, sizeof(usim_aid));
	/* no universal PIN; PIN1 and PIN2, retries of each and of its PUK */
	esim_buf_append(out, (uint8_t[]){ 0, PIN_DISABLED, 3, 10, PIN_DISABLED, 3, 10 }, 7);
}

void vqmi_put_card_status(struct qmi *qmi, struct esim_buf *out)
{
	enum { ABSENT = 0, PRESENT = 1, FAILED = 2, POWER_DOWN = 1 };
	const enum vmodem_card_state state = vmodem_card_state(qmi->modem, 0);
	struct esim_iccid iccid;
	const bool application = state == VMODEM_CARD_READY && vmodem_iccid(qmi->modem, &iccid);
	const size_t mark = vqmi_begin_tlv(out, 0x10);

	vqmi_put_u16(out, application ? 0x0000 : 0xFFFF);	/* primary, GSM's family: card 0, application 0 */
	vqmi_put_u16(out, 0xFFFF);
	vqmi_put_u16(out, 0xFFFF);
	vqmi_put_u16(out, 0xFFFF);
	esim_buf_append_byte(out, 1);				/* cards */
	esim_buf_append_byte(out, state == VMODEM_CARD_ABSENT ? ABSENT : state == VMODEM_CARD_OFF ? FAILED : PRESENT);
	esim_buf_append(out, (uint8_t[]){ 0, 0, 0 }, 3);	/* UPIN */
	esim_buf_append_byte(out, state == VMODEM_CARD_OFF ? POWER_DOWN : 0);
	esim_buf_append_byte(out, application);
	if (application)
		put_application(out);
	vqmi_end_tlv(out, mark);
}

static enum qmi_error card_status(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)in;
	if (vmodem_card_state(qmi->modem, 0) == VMODEM_CARD_NOT_READY)
		return QMI_DEVICE_NOT_READY;
	vqmi_put_card_status(qmi, out);
	return QMI_OK;
}

static enum qmi_error power(struct qmi *qmi, struct qmi_message *in, bool on)
{
	if (vqmi_u8(in->tlvs, TLV_SLOT) != LOGICAL_SLOT)
		return QMI_INVALID_ARGUMENT;
	if (vmodem_quirk(qmi->modem, VMODEM_NO_POWER))
		return QMI_NOT_SUPPORTED;
	vmodem_uim_power(qmi->modem, vmodem_active_slot(qmi->modem), on);
	return QMI_OK;
}

static enum qmi_error power_off(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)out;
	return power(qmi, in, false);
}

static enum qmi_error power_on(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)out;
	return power(qmi, in, true);
}

/* --- files ---------------------------------------------------------------------------------------------------- */

/* EF.IMSI: its length, then digits with a parity nibble before them, swapped. */
static void put_imsi(const char *digits, uint8_t file[static 9])
{
	const size_t count = strlen(digits);

	memset(file, 0xFF, 9);
	file[0] = 8;
	file[1] = (uint8_t)((digits[0] - '0') << 4 | 9);
	for (size_t i = 1; i < count; i++) {
		uint8_t *byte = &file[1 + (i + 1) / 2];
		const uint8_t digit = (uint8_t)(digits[i] - '0');

		*byte = (uint8_t)(i % 2 ? 0xF0 | digit : (*byte & 0x0F) | digit << 4);
	}
}

static enum qmi_error read_transparent(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	static const uint8_t ad[] = { 0, 0, 0, 2 };	/* two digits of MNC */
	struct esim_iccid iccid;
	struct esim_slice file;
	uint8_t contents[10];
	char imsi[16];
	size_t len, mark;

	if (!vqmi_find_tlv(in->tlvs, 0x02, &file) || file.len < 3 || !is_ready(qmi))
		return is_ready(qmi) ? QMI_MALFORMED : QMI_DEVICE_NOT_READY;
	switch (file.data[0] | file.data[1] << 8) {
	case EF_ICCID:
		if (!vmodem_iccid(qmi->modem, &iccid))
			return QMI_FILE_NOT_FOUND;
		memcpy(contents, iccid.bytes, sizeof(contents));
		len = sizeof(contents);
		break;
	case EF_IMSI:
		if (!vmodem_imsi(qmi->modem, imsi))
			return QMI_FILE_NOT_FOUND;
		put_imsi(imsi, contents);
		len = 9;
		break;
	case EF_AD:
		memcpy(contents, ad, len = sizeof(ad));
		break;
	default:
		return QMI_FILE_NOT_FOUND;
	}
	mark = vqmi_begin_tlv(out, 0x11);
	vqmi_put_u16(out, (unsigned)len);
	esim_buf_append(out, contents, len);
	vqmi_end_tlv(out, mark);
	vqmi_put_tlv(out, 0x10, (uint8_t[]){ 0x90, 0x00 }, 2);
	return QMI_OK;
}

/* --- slots ----------------------------------------------------------------------------------------------------- */

static void put_slot(struct qmi *qmi, unsigned slot, struct esim_buf *out)
{
	const bool active = vmodem_slot_in_use(qmi->modem, slot);
	const bool present = vmodem_card_state(qmi->modem, slot) != VMODEM_CARD_ABSENT;
	struct esim_iccid iccid;

	vqmi_put_u32(out, present ? 2 : 1);
	vqmi_put_u32(out, active);
	esim_buf_append_byte(out, active ? LOGICAL_SLOT : 0xFF);
	if (active && vmodem_iccid(qmi->modem, &iccid)) {
		esim_buf_append_byte(out, sizeof(iccid.bytes));
		esim_buf_append(out, iccid.bytes, sizeof(iccid.bytes));
	} else {
		esim_buf_append_byte(out, 0);
	}
}

static void put_information(struct qmi *qmi, unsigned slot, struct esim_buf *out)
{
	const struct esim_slice atr = vmodem_atr(qmi->modem, slot);

	vqmi_put_u32(out, 2);				/* UICC */
	esim_buf_append_byte(out, 1);			/* applications */
	esim_buf_append_byte(out, (uint8_t)atr.len);
	esim_buf_append_slice(out, atr);
	esim_buf_append_byte(out, vmodem_eid(qmi->modem, slot) != NULL);
}

static void put_eid(struct qmi *qmi, unsigned slot, struct esim_buf *out)
{
	const struct esim_eid *eid = vmodem_eid(qmi->modem, slot);

	esim_buf_append_byte(out, eid ? sizeof(eid->bytes) : 0);
	if (eid)
		esim_buf_append(out, eid->bytes, sizeof(eid->bytes));
}

void vqmi_put_slot_status(struct qmi *qmi, struct esim_buf *out)
{
	static void (*const parts[])(struct qmi *qmi, unsigned slot, struct esim_buf *out) = {
		put_slot, put_information, put_eid,
	};
	const unsigned slots = vmodem_slots(qmi->modem);

	for (unsigned part = 0; part < 3; part++) {
		const size_t mark = vqmi_begin_tlv(out, (uint8_t)(0x10 + part));

		esim_buf_append_byte(out, (uint8_t)slots);
		for (unsigned slot = 1; slot <= slots; slot++)
			parts[part](qmi, slot, out);
		vqmi_end_tlv(out, mark);
	}
}

static enum qmi_error slot_status(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)in;
	if (vmodem_quirk(qmi->modem, VMODEM_NO_SLOTS))
		return QMI_INVALID_COMMAND;
	vqmi_put_slot_status(qmi, out);
	return QMI_OK;
}

static enum qmi_error switch_slot(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	struct esim_slice value;
	unsigned slot;

	(void)out;
	if (vmodem_quirk(qmi->modem, VMODEM_NO_SLOTS))
		return QMI_INVALID_COMMAND;
	if (!vqmi_find_tlv(in->tlvs, 0x02, &value) || value.len != 4 || value.data[1] || value.data[2] || value.data[3])
		return QMI_MALFORMED;
	slot = value.data[0];
	if (slot == 0 || slot > vmodem_slots(qmi->modem))
		return QMI_INVALID_ARGUMENT;
	return vmodem_switch_slot(qmi->modem, slot) ? QMI_INTERNAL : QMI_OK;
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static enum qmi_error register_events(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	struct esim_slice mask;

	(void)qmi;
	if (!vqmi_find_tlv(in->tlvs, 0x01, &mask) || mask.len != 4)
		return QMI_MALFORMED;
	if (vmodem_quirk(qmi->modem, VMODEM_NO_INDICATIONS))
		return QMI_NOT_SUPPORTED;
	in->client->events = mask.data[0] | (uint32_t)mask.data[1] << 8;
	vqmi_put_tlv(out, 0x10, mask.data, mask.len);
	return QMI_OK;
}

static enum qmi_error reset(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)qmi, (void)out;
	in->client->events = 0;
	return QMI_OK;
}

static enum qmi_error change_session(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)in, (void)out;
	return is_ready(qmi) ? QMI_OK : QMI_DEVICE_NOT_READY;
}

const struct qmi_command vqmi_uim_commands[] = {
	{ 0x0000, "sync", reset },
	{ 0x0020, "ready", read_transparent },
	{ 0x002E, "other", register_events },
	{ 0x002F, "ready", card_status },
	{ 0x0030, "power", power_off },
	{ 0x0031, "power", power_on },
	{ 0x0038, "other", change_session },
	{ 0x0046, "switch", switch_slot },
	{ 0x0047, "slots", slot_status },
	{ 0 },
};
