/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UIM's messages on slots, on the card's state, and on files that need no channel. */
#include "answers.h"

#include <string.h>

enum {					/* Get Slot Status */
	/* u8 count; of each: u32 card, u32 slot's state, u8 logical slot, u8 length and bytes of the ICCID as on the card */
	SLOTS = 0x10,
};

enum {					/* Switch Slot */
	SWITCH_LOGICAL = 0x01,		/* u8 */
	SWITCH_PHYSICAL = 0x02,		/* u32 */
};

enum {					/* Get Card Status */
	/* 4 u16: indices of the provisioning sessions' applications; u8 count of cards */
	CARDS = 0x10,
	CARDS_INDICES = 8,
	/* of each card: u8 state, UPIN's state and two counters, u8 error, u8 count of applications */
	/* of each application: u8 type, u8 state, 4 u8 of personalization, u8 length and AID, 7 u8 of PINs */
	APPLICATION_PERSONALIZATION = 4,
	APPLICATION_PINS = 7,
	APPLICATION_USIM = 2,		/* type */
};

enum {					/* Read Transparent */
	READ_SESSION = 0x01,		/* u8 type, u8 length and AID */
	READ_FILE = 0x02,		/* u16 file, u8 length and path, each file's low byte first */
	READ_RANGE = 0x03,		/* u16 offset, u16 length; 0: all */
	READ_SW = 0x10,			/* SW1, SW2 */
	READ_DATA = 0x11,		/* u16 length, bytes */
};

/* --- slots ------------------------------------------------------------------------------------------------- */

static void read_slot(struct qmi_tlv *tlv, struct qmi_slot *slot)
{
	const uint32_t card = qmi_tlv_u32(tlv);
	struct esim_slice iccid;

	slot->card = card == QMI_UIM_PHYSICAL_CARD_STATE_PRESENT ? QMI_CARD_PRESENT :
		     card == QMI_UIM_PHYSICAL_CARD_STATE_ABSENT ? QMI_CARD_ABSENT : QMI_CARD_UNKNOWN;
	slot->active = qmi_tlv_u32(tlv) == QMI_UIM_SLOT_STATE_ACTIVE;
	slot->logical = qmi_tlv_u8(tlv);
	iccid = qmi_tlv_bytes(tlv, qmi_tlv_u8(tlv));
	slot->iccid_len = iccid.len <= sizeof(slot->iccid) ? iccid.len : 0;
	if (slot->iccid_len > 0)
		memcpy(slot->iccid, iccid.data, slot->iccid_len);
}

int qmi_answer_slots(QmiMessage *answer, struct qmi_slots *ret, struct esim_error *err)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, SLOTS);
	int r = qmi_answer_result(answer, "slot status", err);
	struct qmi_slots slots = { 0 };

	if (r)
		return r;
	slots.count = qmi_tlv_u8(&tlv);
	if (tlv.bad || slots.count == 0)
		return qmi_malformed(err, "slot status");
	if (slots.count > ESIM_MODEM_MAX_SLOTS)
		return esim_error_set(err, ESIM_EPROTO, "slot status: the modem answers %u slots", slots.count);
	for (unsigned i = 0; i < slots.count; i++)
		read_slot(&tlv, &slots.slots[i]);
	if (tlv.bad)
		return qmi_malformed(err, "slot status");
	*ret = slots;
	return 0;
}

void qmi_switch_slot_request(QmiMessage *request, unsigned logical, unsigned physical)
{
	qmi_put_u8(request, SWITCH_LOGICAL, (uint8_t)logical);
	qmi_put_u32(request, SWITCH_PHYSICAL, physical);
}

/* --- the card's state ---------------------------------------------------------------------------------------- */

struct card {
	uint8_t state, error;
	bool reading;				/* an application of it is not yet read */
};

static void read_application(struct qmi_tlv *tlv, struct card *card)
{
	const uint8_t type = qmi_tlv_u8(tlv), state = qmi_tlv_u8(tlv);

	qmi_tlv_bytes(tlv, APPLICATION_PERSONALIZATION);
	qmi_tlv_bytes(tlv, qmi_tlv_u8(tlv));
	qmi_tlv_bytes(tlv, APPLICATION_PINS);
	if (type == APPLICATION_USIM && (state == QMI_UIM_CARD_APPLICATION_STATE_UNKNOWN ||
					 state == QMI_UIM_CARD_APPLICATION_STATE_DETECTED))
		card->reading = true;
}

static void read_card(struct qmi_tlv *tlv, struct card *card)
{
	unsigned applications;

	card->state = qmi_tlv_u8(tlv);
	qmi_tlv_bytes(tlv, 3);
	card->error = qmi_tlv_u8(tlv);
	applications = qmi_tlv_u8(tlv);
	for (unsigned i = 0; i < applications && !tlv->bad; i++)
		read_application(tlv, card);
}

/* What the modem found no application on, it cannot name: that is for who asks for the ICCID. */
static int judge(const struct card *card, struct esim_error *err)
{
	if (card->state == QMI_UIM_CARD_STATE_ABSENT)
		return esim_error_set(err, ESIM_ENOENT, "the modem sees no card");
	if (card->state == QMI_UIM_CARD_STATE_ERROR && card->error == QMI_UIM_CARD_ERROR_POWER_DOWN)
		return esim_error_set(err, ESIM_EBUSY, "the card is without power");
	if (card->state == QMI_UIM_CARD_STATE_ERROR && card->error == QMI_UIM_CARD_ERROR_UNKNOWN)
		return esim_error_set(err, ESIM_EBUSY, "the modem is still reading its card");
	if (card->state == QMI_UIM_CARD_STATE_ERROR)
		return esim_error_set(err, ESIM_ENOENT, "the modem cannot use its card: %s (QMI card error %u)",
				      qmi_uim_card_error_get_string((QmiUimCardError)card->error) ?: "no name",
				      card->error);
	if (card->reading)
		return esim_error_set(err, ESIM_EBUSY, "the modem is still reading its card");
	return 0;
}

int qmi_answer_card_status(QmiMessage *answer, unsigned slot, struct esim_error *err)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, CARDS);
	int r = qmi_answer_result(answer, "card status", err);
	struct card card = { 0 };
	unsigned count;

	if (r)
		return r;
	qmi_tlv_bytes(&tlv, CARDS_INDICES);
	count = qmi_tlv_u8(&tlv);
	for (unsigned i = 0; i < count && i < slot && !tlv.bad; i++) {
		card = (struct card){ 0 };
		read_card(&tlv, &card);
	}
	if (tlv.bad)
		return qmi_malformed(err, "card status");
	if (count < slot)
		return esim_error_set(err, ESIM_ENOENT, "the modem sees no card");
	return judge(&card, err);
}

/* --- EF.ICCID (TS 102 221, 13.2) ---------------------------------------------------------------------------------- */

void qmi_read_iccid_request(QmiMessage *request, unsigned slot)
{
	static const uint8_t iccid[] = { 0xE2, 0x2F, 2, 0x00, 0x3F }, all[] = { 0, 0, 0, 0 };
	uint8_t session[] = { slot == 2 ? QMI_UIM_SESSION_TYPE_CARD_SLOT_2 : QMI_UIM_SESSION_TYPE_CARD_SLOT_1, 0 };

	qmi_put(request, READ_SESSION, esim_slice(session, sizeof(session)));
	qmi_put(request, READ_FILE, esim_slice(iccid, sizeof(iccid)));
	qmi_put(request, READ_RANGE, esim_slice(all, sizeof(all)));
}

static int no_profile(struct esim_error *err)
{
	return esim_error_set(err, ESIM_ENOENT, "the modem sees a card without an enabled profile");
}

/* As a file is that nobody has written. */
static bool is_blank(struct esim_slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i] != 0xFF)
			return false;
	return bytes.len > 0;
}

int qmi_answer_iccid(QmiMessage *answer, struct esim_iccid *ret, struct esim_error *err)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, READ_DATA);
	const uint32_t error = qmi_answer_error(answer);
	const uint16_t sw = qmi_answer_sw(answer, READ_SW);
	struct esim_slice bytes;
	int r;

	if (error == QMI_PROTOCOL_ERROR_NO_SIM)
		return esim_error_set(err, ESIM_ENOENT, "the modem sees no card");
	if (error == QMI_PROTOCOL_ERROR_SIM_FILE_NOT_FOUND || sw == 0x6A82 || sw == 0x6A83)
		return no_profile(err);
	r = qmi_answer_result(answer, "EF.ICCID", err);
	if (r)
		return r;
	if (sw && sw != 0x9000 && sw >> 8 != 0x91)
		return esim_error_sw(err, "READ BINARY of EF.ICCID", sw);
	bytes = qmi_tlv_bytes(&tlv, qmi_tlv_u16(&tlv));
	if (tlv.bad)
		return qmi_malformed(err, "EF.ICCID");
	if (is_blank(bytes))
		return no_profile(err);
	return esim_iccid_from_wire(bytes, ret) ?
		esim_error_set(err, ESIM_EPROTO, "the modem's ICCID is none: it has %zu bytes", bytes.len) : 0;
}
