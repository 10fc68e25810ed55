/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UIM's messages on logical channels and APDUs. */
#include "answers.h"

#include <string.h>

#define P2_NO_DATA 0x0C			/* of SELECT: no FCI is wanted */
#define NO_DATA 0			/* of the file control information that is wanted */

enum {					/* Open Logical Channel */
	OPEN_SLOT = 0x01,		/* u8, logical */
	OPEN_AID = 0x10,		/* u8 length, bytes */
	OPEN_FCI = 0x11,		/* u8 */
	OPENED_CHANNEL = 0x10,		/* u8 */
	OPENED_SW = 0x11,		/* SW1, SW2 */
	OPENED_FCI = 0x12,		/* u8 length, bytes */
};

enum {					/* Logical Channel, which closes one here */
	CLOSE_SLOT = 0x01,		/* u8, logical */
	CLOSE_CHANNEL = 0x11,		/* u8 */
	CLOSED_SW = 0x11,		/* SW1, SW2 */
};

enum {					/* Send APDU */
	APDU_SLOT = 0x01,		/* u8, logical */
	APDU_COMMAND = 0x02,		/* u16 length, bytes */
	APDU_CHANNEL = 0x10,		/* u8; without it the basic channel */
	APDU_RESPONSE = 0x10,		/* u16 length, bytes, SW1 SW2 the last two */
	APDU_LONG = 0x11,		/* u16 total length, u32 token: the response comes in pieces */
	APDU_PIECE = 0x01,		/* in the indication: u32 token, u16 total length, u16 offset, u16 length, bytes */
};

enum {					/* Get ATR */
	ATR_SLOT = 0x01,		/* u8, logical */
	ATR_VALUE = 0x10,		/* u8 length, bytes */
};

static bool sw_is_good(uint16_t sw)
{
	return sw == 0x9000 || sw >> 8 == 0x91 || sw >> 8 == 0x61;
}

/* --- channels ------------------------------------------------------------------------------------------ */

void qmi_open_channel_request(QmiMessage *request, unsigned slot, struct esim_slice aid, uint8_t p2)
{
	uint8_t bytes[1 + ESIM_MAX_AID];

	bytes[0] = (uint8_t)aid.len;
	memcpy(bytes + 1, aid.data, aid.len);
	qmi_put_u8(request, OPEN_SLOT, (uint8_t)slot);
	qmi_put(request, OPEN_AID, esim_slice(bytes, 1 + aid.len));
	/* Without this the card's own choice for SELECT comes, which the ISD-R's FCI is. */
	if ((p2 & P2_NO_DATA) == P2_NO_DATA)
		qmi_put_u8(request, OPEN_FCI, NO_DATA);
}

/* It was not opened. @sw: what the card said to MANAGE CHANNEL or SELECT; 0: not told. */
static int not_opened(uint32_t error, uint16_t sw, struct esim_error *err)
{
	int r;

	if (error == QMI_PROTOCOL_ERROR_ACCESS_DENIED) {
		esim_error_set(err, ESIM_ENOTSUP, "the modem's firmware forbids the ISD-R: it answers AccessDenied "
			       "(QMI error %u)", error);
		esim_error_advise(err, "Another firmware or another way to this modem (mbim:, at:) may allow it; "
				       "else this eUICC is the modem's own to manage.");
		if (err)
			err->domain = ESIM_DOMAIN_CARD;
		return ESIM_ENOTSUP;
	}
	if (error == QMI_PROTOCOL_ERROR_INSUFFICIENT_RESOURCES || sw == 0x6A81) {
		qmi_error_failed(err, "open channel", error);
		esim_error_set(err, ESIM_EBUSY, "open channel: no logical channel is free: the modem answers "
			       "InsufficientResources (QMI error %u)", error);
		esim_error_advise(err, "Other programs hold them all: try again when one has ended, or reset the modem.");
		if (err)
			err->sw = sw;
		return ESIM_EBUSY;
	}
	if (sw && !sw_is_good(sw))
		return esim_error_sw(err, "SELECT ISD-R", sw);
	r = qmi_error_failed(err, "open channel", error);
	if (r == ESIM_ENOTSUP)
		esim_error_advise(err, "Try mbim: or at: with another port of this modem.");
	return r;
}

int qmi_answer_open_channel(QmiMessage *answer, unsigned *ret_channel, struct esim_buf *fci, struct esim_error *err)
{
	struct qmi_tlv channel = qmi_tlv_of(answer, OPENED_CHANNEL), select = qmi_tlv_of(answer, OPENED_FCI);
	uint32_t error = qmi_answer_error(answer);
	uint16_t sw = qmi_answer_sw(answer, OPENED_SW);
	struct esim_slice bytes;
	uint8_t number = qmi_tlv_u8(&channel);

	if (error == UINT32_MAX)
		return qmi_malformed(err, "open channel");
	if (error)
		return not_opened(error, sw, err);
	if (sw && !sw_is_good(sw))
		return esim_error_sw(err, "SELECT ISD-R", sw);
	if (channel.bad || number == 0 || number > ESIM_MAX_CHANNEL)
		return esim_error_set(err, ESIM_EPROTO, "open channel: the modem answers channel %u", number);
	*ret_channel = number;
	bytes = qmi_tlv_bytes(&select, qmi_tlv_u8(&select));
	if (select.there && select.bad)
		return qmi_malformed(err, "open channel");
	if (fci && bytes.len > 0)
		esim_buf_append(fci, bytes.data, bytes.len);
	if (fci && esim_buf_failed(fci))
		return esim_error_set(err, esim_buf_failed(fci), "no room for the FCI");
	return 0;
}

void qmi_close_channel_request(QmiMessage *request, unsigned slot, unsigned channel)
{
	qmi_put_u8(request, CLOSE_SLOT, (uint8_t)slot);
	qmi_put_u8(request, CLOSE_CHANNEL, (uint8_t)channel);
}

/* Modems do not agree on what they say of a channel that is none. */
static bool means_no_channel(uint32_t error)
{
	return error == QMI_PROTOCOL_ERROR_INVALID_ARGUMENT || error == QMI_PROTOCOL_ERROR_NO_EFFECT ||
	       error == QMI_PROTOCOL_ERROR_INVALID_HANDLE;
}

static int no_channel(struct esim_error *err, const char *what, uint32_t error)
{
	qmi_error_failed(err, what, error);
	esim_error_prefix(err, "the channel is gone: ");
	esim_error_advise(err, "Begin anew.");
	if (err)
		err->code = ESIM_ESTALE;
	return ESIM_ESTALE;
}

int qmi_answer_close_channel(QmiMessage *answer, struct esim_error *err)
{
	uint32_t error = qmi_answer_error(answer);
	uint16_t sw = qmi_answer_sw(answer, CLOSED_SW);

	if (means_no_channel(error))
		return no_channel(err, "close channel", error);
	if (error)
		return qmi_answer_result(answer, "close channel", err);
	return !sw || sw_is_good(sw) ? 0 : esim_error_sw(err, "MANAGE CHANNEL", sw);
}

/* --- APDUs ------------------------------------------------------------------------------------------------ */

void qmi_apdu_request(QmiMessage *request, unsigned slot, unsigned channel, struct esim_slice command)
{
	uint8_t bytes[2 + QMI_MAX_APDU];

	g_assert(command.len <= QMI_MAX_APDU);
	bytes[0] = (uint8_t)command.len;
	bytes[1] = (uint8_t)(command.len >> 8);
	memcpy(bytes + 2, command.data, command.len);
	qmi_put_u8(request, APDU_SLOT, (uint8_t)slot);
	qmi_put(request, APDU_COMMAND, esim_slice(bytes, 2 + command.len));
	if (channel)
		qmi_put_u8(request, APDU_CHANNEL, (uint8_t)channel);
}

/* A long answer may be announced beside an error: what the card said counts. */
int qmi_answer_apdu(QmiMessage *answer, struct esim_buf *response, bool *ret_long, uint32_t *ret_token,
		    size_t *ret_total, struct esim_error *err)
{
	struct qmi_tlv data = qmi_tlv_of(answer, APDU_RESPONSE), pieces = qmi_tlv_of(answer, APDU_LONG);
	uint32_t error = qmi_answer_error(answer);
	struct esim_slice bytes;
	int r;

	*ret_total = qmi_tlv_u16(&pieces);
	*ret_token = qmi_tlv_u32(&pieces);
	*ret_long = pieces.there && !pieces.bad && *ret_total >= 2;
	if (*ret_long && (error == 0 || error == QMI_PROTOCOL_ERROR_INSUFFICIENT_RESOURCES))
		return 0;
	*ret_long = false;
	if (means_no_channel(error))
		return no_channel(err, "APDU", error);
	r = qmi_answer_result(answer, "APDU", err);
	if (r)
		return r;
	bytes = qmi_tlv_bytes(&data, qmi_tlv_u16(&data));
	if (data.bad || bytes.len < 2)
		return esim_error_set(err, ESIM_EPROTO, "APDU: the modem answers no status word");
	esim_buf_append(response, bytes.data, bytes.len);
	r = esim_buf_failed(response);
	return r ? esim_error_set(err, r, "APDU: the modem answers %zu bytes, which is more than a card may",
				  bytes.len) : 0;
}

void qmi_pieces_add(struct qmi_pieces *pieces, QmiMessage *indication)
{
	struct qmi_tlv tlv = qmi_tlv_of(indication, APDU_PIECE);
	uint32_t token = qmi_tlv_u32(&tlv);
	size_t total = qmi_tlv_u16(&tlv), offset = qmi_tlv_u16(&tlv);
	struct esim_slice bytes = qmi_tlv_bytes(&tlv, qmi_tlv_u16(&tlv));

	if (tlv.bad || total < 2)
		return;
	if (offset == 0) {
		esim_buf_reset(&pieces->bytes);
		pieces->token = token;
		pieces->total = total;
		pieces->complete = FALSE;
	}
	if (token != pieces->token || total != pieces->total || offset != pieces->bytes.len ||
	    bytes.len > total - offset)
		return;
	if (bytes.len > 0)
		esim_buf_append(&pieces->bytes, bytes.data, bytes.len);
	pieces->complete = pieces->bytes.len == total && !esim_buf_failed(&pieces->bytes);
}

/* --- the card ---------------------------------------------------------------------------------------------- */

void qmi_atr_request(QmiMessage *request, unsigned slot)
{
	qmi_put_u8(request, ATR_SLOT, (uint8_t)slot);
}

int qmi_answer_atr(QmiMessage *answer, uint8_t ret[static ESIM_MAX_ATR], size_t *ret_len, struct esim_error *err)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, ATR_VALUE);
	int r = qmi_answer_result(answer, "ATR", err);
	struct esim_slice bytes;

	if (r)
		return r;
	bytes = qmi_tlv_bytes(&tlv, qmi_tlv_u8(&tlv));
	if (tlv.bad || bytes.len > ESIM_MAX_ATR)
		return qmi_malformed(err, "ATR");
	if (bytes.len > 0)
		memcpy(ret, bytes.data, bytes.len);
	*ret_len = bytes.len;
	return 0;
}
