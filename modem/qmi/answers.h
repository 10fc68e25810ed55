/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests, and what a modem answers, read. libqmi 1.32 has nothing generated for logical channels, and what it has
 * for the rest can be had by a device alone; so all are made of libqmi's plain messages, in one way, which a fuzzer
 * reaches. Each reader takes a whole QMI message of whatever contents and gives 0, or an error with what the modem said
 * in its place: an error with its name and number, or ESIM_EPROTO where the answer is none. No I/O. The numbers of TLVs
 * are those of libqmi's data/qmi-service-uim.json and qmi-service-dms.json.
 */
#ifndef QMI_ANSWERS_H
#define QMI_ANSWERS_H

#include "qmi.h"

#define QMI_MAX_APDU 261			/* short case 4: a modem's channel takes no other */

enum qmi_uim_message {
	QMI_UIM_READ_TRANSPARENT = 0x0020,
	QMI_UIM_REGISTER_EVENTS = 0x002E,
	QMI_UIM_GET_CARD_STATUS = 0x002F,
	QMI_UIM_POWER_OFF = 0x0030,
	QMI_UIM_POWER_ON = 0x0031,
	QMI_UIM_SEND_APDU = 0x003B,		/* and the indication of a long answer's pieces */
	QMI_UIM_LOGICAL_CHANNEL = 0x003F,
	QMI_UIM_GET_ATR = 0x0041,
	QMI_UIM_OPEN_LOGICAL_CHANNEL = 0x0042,
	QMI_UIM_SWITCH_SLOT = 0x0046,
	QMI_UIM_GET_SLOT_STATUS = 0x0047,
};

enum qmi_dms_message {
	QMI_DMS_GET_CAPABILITIES = 0x0020,
	QMI_DMS_GET_MANUFACTURER = 0x0021,
	QMI_DMS_GET_MODEL = 0x0022,
	QMI_DMS_GET_REVISION = 0x0023,
	QMI_DMS_GET_IDS = 0x0025,
	QMI_DMS_GET_MODE = 0x002D,
	QMI_DMS_SET_MODE = 0x002E,
};

/* --- message.c: TLVs ------------------------------------------------------------------------------------- */

/* Where reading went beyond the end: what is read is 0, and all later reading too. */
struct qmi_tlv {
	const uint8_t *data;
	size_t left;
	bool there, bad;
};

struct qmi_tlv qmi_tlv_of(QmiMessage *message, uint8_t type);
uint8_t qmi_tlv_u8(struct qmi_tlv *tlv);
uint16_t qmi_tlv_u16(struct qmi_tlv *tlv);
uint32_t qmi_tlv_u32(struct qmi_tlv *tlv);
struct esim_slice qmi_tlv_bytes(struct qmi_tlv *tlv, size_t len);

void qmi_put(QmiMessage *request, uint8_t type, struct esim_slice value);
void qmi_put_u8(QmiMessage *request, uint8_t type, uint8_t value);
void qmi_put_u32(QmiMessage *request, uint8_t type, uint32_t value);

/* --- status.c ----------------------------------------------------------------------------------------------- */

/* A response to @service's message @id, whatever its result. */
int qmi_answer_fits(QmiMessage *answer, const char *what, QmiService service, uint16_t id, struct esim_error *err);
/* Its error; 0 for success. UINT32_MAX: it has no result. */
uint32_t qmi_answer_error(QmiMessage *answer);
int qmi_answer_result(QmiMessage *answer, const char *what, struct esim_error *err);
/* "NotSupported (QMI error 94)" as an error. */
int qmi_error_failed(struct esim_error *err, const char *what, uint32_t error);
int qmi_malformed(struct esim_error *err, const char *what);
/* "SW 6A82" of a card result TLV; 0: not told. */
uint16_t qmi_answer_sw(QmiMessage *answer, uint8_t type);

/* --- uim_channel.c: channels and APDUs ------------------------------------------------------------------------ */

void qmi_open_channel_request(QmiMessage *request, unsigned slot, struct esim_slice aid, uint8_t p2);
int qmi_answer_open_channel(QmiMessage *answer, unsigned *ret_channel, struct esim_buf *fci, struct esim_error *err);
void qmi_close_channel_request(QmiMessage *request, unsigned slot, unsigned channel);
/* ESIM_ESTALE: no such channel is open. */
int qmi_answer_close_channel(QmiMessage *answer, struct esim_error *err);
/* @channel 0: the basic one. */
void qmi_apdu_request(QmiMessage *request, unsigned slot, unsigned channel, struct esim_slice command);
/* The response and its status word, appended; or *@ret_long: it comes in pieces, @token and @total of *@pieces are theirs. */
int qmi_answer_apdu(QmiMessage *answer, struct esim_buf *response, bool *ret_long, uint32_t *ret_token,
		    size_t *ret_total, struct esim_error *err);
/* An indication's piece is added to its like; what fits nowhere is left out. */
void qmi_pieces_add(struct qmi_pieces *pieces, QmiMessage *indication);
void qmi_atr_request(QmiMessage *request, unsigned slot);
int qmi_answer_atr(QmiMessage *answer, uint8_t ret[static ESIM_MAX_ATR], size_t *ret_len, struct esim_error *err);

/* --- uim.c: slots, card, files ----------------------------------------------------------------------------------- */

int qmi_answer_slots(QmiMessage *answer, struct qmi_slots *ret, struct esim_error *err);
/* @logical as UIM's messages count; @physical from 1. */
void qmi_switch_slot_request(QmiMessage *request, unsigned logical, unsigned physical);
/* As qmi_card_ready() has it. */
int qmi_answer_card_status(QmiMessage *answer, unsigned slot, struct esim_error *err);
void qmi_read_iccid_request(QmiMessage *request, unsigned slot);
/* As the modem op iccid() has it. */
int qmi_answer_iccid(QmiMessage *answer, struct esim_iccid *ret, struct esim_error *err);

/* --- dms.c ----------------------------------------------------------------------------------------------------------- */

/* IMEI, checked, into @facts. */
int qmi_answer_ids(QmiMessage *answer, struct esim_modem_facts *facts, struct esim_error *err);
/* A text, made printable. */
int qmi_answer_text(QmiMessage *answer, const char *what, char *ret, size_t size, struct esim_error *err);
/* The first release of each technology that it has. */
int qmi_answer_capabilities(QmiMessage *answer, struct esim_modem_facts *facts, struct esim_error *err);
int qmi_answer_mode(QmiMessage *answer, QmiDmsOperatingMode *ret, struct esim_error *err);

#endif
