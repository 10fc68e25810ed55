/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* Messages on the bulk and interrupt pipes (CCID 1.1, 6). */
#ifndef _EUICC_CCID_MSG_H
#define _EUICC_CCID_MSG_H

#include <euicc/ccid_types.h>

#define CCID_HEADER_SIZE	10

/* bulk-out */
#define CCID_SET_PARAMETERS	0x61
#define CCID_ICC_POWER_ON	0x62
#define CCID_ICC_POWER_OFF	0x63
#define CCID_GET_SLOT_STATUS	0x65
#define CCID_ESCAPE		0x6B
#define CCID_GET_PARAMETERS	0x6C
#define CCID_RESET_PARAMETERS	0x6D
#define CCID_XFR_BLOCK		0x6F
#define CCID_ABORT		0x72
#define CCID_SET_DATA_RATE	0x73

/* bulk-in */
#define CCID_DATA_BLOCK		0x80
#define CCID_SLOT_STATUS	0x81
#define CCID_PARAMETERS		0x82

/* interrupt-in */
#define CCID_NOTIFY_SLOT_CHANGE	0x50
#define CCID_HARDWARE_ERROR	0x51

/* control requests to the interface (CCID 1.1, 5.3) */
#define CCID_CONTROL_ABORT	0x01	/* wValue: bSeq << 8 | bSlot */

/* bmICCStatus */
#define CCID_ICC_ACTIVE		0
#define CCID_ICC_INACTIVE	1
#define CCID_ICC_ABSENT		2

/* bError, where it is no index of a bad field */
#define CCID_ERROR_NOT_SUPPORTED	0x00
#define CCID_ERROR_BAD_SLOT		0x05
#define CCID_ERROR_BAD_POWER_SELECT	0x07
#define CCID_ERROR_SLOT_BUSY		0xE0
#define CCID_ERROR_PIN_CANCELLED	0xEF
#define CCID_ERROR_PIN_TIMEOUT		0xF0
#define CCID_ERROR_AUTO_SEQUENCE	0xF2
#define CCID_ERROR_DEACTIVATED		0xF3
#define CCID_ERROR_PROCEDURE_BYTE	0xF4
#define CCID_ERROR_CLASS		0xF5
#define CCID_ERROR_PROTOCOL		0xF6
#define CCID_ERROR_ATR_TCK		0xF7
#define CCID_ERROR_ATR_TS		0xF8
#define CCID_ERROR_HARDWARE		0xFB
#define CCID_ERROR_OVERRUN		0xFC
#define CCID_ERROR_PARITY		0xFD
#define CCID_ERROR_MUTE			0xFE
#define CCID_ERROR_ABORTED		0xFF

struct ccid_header {
	__u8 type;
	__u32 length;			/* bytes that follow */
	__u8 slot;
	__u8 seq;
	__u8 specific[3];
};

static inline void ccid_header_put(__u8 *out, const struct ccid_header *header)
{
	out[0] = header->type;
	ccid_put_le32(out + 1, header->length);
	out[5] = header->slot;
	out[6] = header->seq;
	memcpy(out + 7, header->specific, 3);
}

static inline int ccid_header_get(const __u8 *in, size_t len, struct ccid_header *header)
{
	if (len < CCID_HEADER_SIZE)
		return -EBADMSG;
	header->type = in[0];
	header->length = ccid_get_le32(in + 1);
	header->slot = in[5];
	header->seq = in[6];
	memcpy(header->specific, in + 7, 3);
	return 0;
}

enum ccid_verdict {
	CCID_VERDICT_OK,
	CCID_VERDICT_EXTENSION,		/* not ready yet: struct ccid_answer.error times the time */
	CCID_VERDICT_FAILED,		/* struct ccid_answer.error says why */
	CCID_VERDICT_FOREIGN,		/* the answer to something else: read again */
	CCID_VERDICT_MALFORMED,
};

struct ccid_answer {
	__u8 icc;			/* CCID_ICC_*, or 3 */
	__u8 error;			/* bError */
	__u8 specific;			/* byte 9: bChainParameter, bProtocolNum, bClockStatus */
	const __u8 *data;
	size_t len;
};

/*
 * Is this the answer to the command that waits for a message of @type with this slot and sequence
 * number? A command that the reader does not know is answered by a failed SlotStatus whatever its
 * type (CCID 1.1, 6.1). @answer is set for OK, EXTENSION and FAILED.
 */
static inline enum ccid_verdict ccid_answer_get(const __u8 *in, size_t len, __u8 type, __u8 slot,
						__u8 seq, struct ccid_answer *answer)
{
	struct ccid_header header;
	unsigned int status;

	if (ccid_header_get(in, len, &header))
		return CCID_VERDICT_MALFORMED;
	status = header.specific[0] >> 6;
	if (header.slot != slot || header.seq != seq)
		return CCID_VERDICT_FOREIGN;
	if (header.type != type && (header.type != CCID_SLOT_STATUS || status != 1))
		return CCID_VERDICT_FOREIGN;
	if (header.length != len - CCID_HEADER_SIZE || status == 3)
		return CCID_VERDICT_MALFORMED;
	answer->icc = header.specific[0] & 3;
	answer->error = header.specific[1];
	answer->specific = header.specific[2];
	answer->data = in + CCID_HEADER_SIZE;
	answer->len = header.length;
	switch (status) {
	case 0:
		return CCID_VERDICT_OK;
	case 1:
		return CCID_VERDICT_FAILED;
	default:
		return CCID_VERDICT_EXTENSION;
	}
}

/* For messages to people. */
static inline const char *ccid_error_name(__u8 error)
{
	switch (error) {
	case CCID_ERROR_NOT_SUPPORTED:
		return "command not supported";
	case CCID_ERROR_BAD_SLOT:
		return "no such slot";
	case CCID_ERROR_BAD_POWER_SELECT:
		return "no such voltage";
	case CCID_ERROR_SLOT_BUSY:
		return "slot busy";
	case CCID_ERROR_PIN_CANCELLED:
		return "PIN entry cancelled";
	case CCID_ERROR_PIN_TIMEOUT:
		return "PIN entry timed out";
	case CCID_ERROR_AUTO_SEQUENCE:
		return "busy with an automatic sequence";
	case CCID_ERROR_DEACTIVATED:
		return "protocol deactivated";
	case CCID_ERROR_PROCEDURE_BYTE:
		return "procedure byte conflict";
	case CCID_ERROR_CLASS:
		return "class of the card not supported";
	case CCID_ERROR_PROTOCOL:
		return "protocol of the card not supported";
	case CCID_ERROR_ATR_TCK:
		return "bad TCK in the ATR";
	case CCID_ERROR_ATR_TS:
		return "bad TS in the ATR";
	case CCID_ERROR_HARDWARE:
		return "hardware error";
	case CCID_ERROR_OVERRUN:
		return "overrun";
	case CCID_ERROR_PARITY:
		return "parity error";
	case CCID_ERROR_MUTE:
		return "card is mute";
	case CCID_ERROR_ABORTED:
		return "aborted";
	default:
		break;
	}
	if (error < 0x80)
		return "bad field in the message";
	return error >= 0x81 && error <= 0xC0 ? "vendor's error" : "reserved error";
}

/*
 * What a message on the interrupt pipe says of a slot. False: it is no NotifySlotChange, or
 * does not reach as far as this slot.
 */
static inline bool ccid_slot_change(const __u8 *in, size_t len, unsigned int slot, bool *present,
				    bool *changed)
{
	unsigned int bits;

	if (len < 2 || in[0] != CCID_NOTIFY_SLOT_CHANGE || slot / 4 >= len - 1)
		return false;
	bits = (unsigned int)in[1 + slot / 4] >> (slot % 4 * 2);
	*present = bits & 1;
	*changed = bits & 2;
	return true;
}

#endif /* _EUICC_CCID_MSG_H */
