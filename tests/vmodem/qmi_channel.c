/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's user identity module: logical channels, APDUs, the ATR. */
#include "vmodem/qmi.h"

#include <string.h>

#define TLV_SLOT	0x01
#define LOGICAL_SLOT	1
#define LONGEST_ANSWER	1024		/* of one message; a longer one comes in pieces */
#define SEND_APDU	0x003B

static enum qmi_error failed(int r)
{
	switch (r) {
	case ESIM_EBUSY:
		return QMI_NO_RESOURCES;
	case ESIM_EREFUSED:
		return QMI_ACCESS_DENIED;
	case ESIM_ENOENT:
	case ESIM_EINVAL:
		return QMI_INVALID_ARGUMENT;
	case ESIM_ENODEV:
		return QMI_NO_SIM;
	}
	return QMI_INTERNAL;
}

static bool is_here(const struct qmi_message *in)
{
	return vqmi_u8(in->tlvs, TLV_SLOT) == LOGICAL_SLOT;
}

static enum qmi_error open_channel(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	struct esim_buf fci = ESIM_BUF_INIT;
	struct esim_slice aid;
	unsigned channel = 0;
	uint16_t sw = 0;
	size_t mark;
	uint8_t number;
	int r;

	if (!is_here(in) || !vqmi_counted(in->tlvs, 0x10, 1, &aid) || aid.len > ESIM_MAX_AID)
		return QMI_INVALID_ARGUMENT;
	r = vmodem_channel_open(qmi->modem, aid, 0x00, &channel, &fci, &sw);
	if (sw) {
		in->sw1 = (uint8_t)(sw >> 8);
		in->sw2 = (uint8_t)sw;
	}
	number = (uint8_t)channel;
	if (channel)
		vqmi_put_tlv(out, 0x10, &number, 1);
	if (channel && fci.len > 0 && fci.len < 254) {
		mark = vqmi_begin_tlv(out, 0x12);
		esim_buf_append_byte(out, (uint8_t)fci.len);
		esim_buf_append_slice(out, esim_buf_slice(&fci));
		vqmi_end_tlv(out, mark);
	}
	esim_buf_free(&fci);
	return r ? failed(r) : channel ? QMI_OK : QMI_INTERNAL;
}

static enum qmi_error close_channel(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	const uint8_t channel = vqmi_u8(in->tlvs, 0x11);
	int r;

	(void)out;
	if (!is_here(in) || channel == 0 || channel > ESIM_MAX_CHANNEL)
		return QMI_INVALID_ARGUMENT;
	r = vmodem_channel_close(qmi->modem, channel);
	return r ? failed(r) : QMI_OK;
}

static void put_response(struct qmi *qmi, struct esim_buf *response, struct esim_buf *out)
{
	const bool is_long = response->len > LONGEST_ANSWER;
	const size_t mark = vqmi_begin_tlv(out, is_long ? 0x11 : 0x10);

	vqmi_put_u16(out, (unsigned)response->len);
	if (is_long) {
		vqmi_put_u32(out, ++qmi->token);
		qmi->long_answer = *response;
		*response = (struct esim_buf)ESIM_BUF_INIT;
	} else {
		esim_buf_append_slice(out, esim_buf_slice(response));
	}
	vqmi_end_tlv(out, mark);
}

static enum qmi_error send_apdu(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	struct esim_buf response = ESIM_BUF_INIT_MAX(UINT16_MAX);
	const uint8_t channel = vqmi_u8(in->tlvs, 0x10);
	struct esim_slice command;
	int r;

	if (!is_here(in) || !vqmi_counted(in->tlvs, 0x02, 2, &command) || command.len < 4)
		return QMI_INVALID_ARGUMENT;
	r = vmodem_transmit(qmi->modem, channel, command, &response);
	if (!r)
		put_response(qmi, &response, out);
	esim_buf_free(&response);
	return r ? failed(r) : QMI_OK;
}

void vqmi_send_pieces(struct qmi *qmi, const struct qmi_client *client)
{
	const size_t total = qmi->long_answer.len;

	for (size_t at = 0; at < total; at += LONGEST_ANSWER) {
		const size_t len = total - at < LONGEST_ANSWER ? total - at : LONGEST_ANSWER;
		struct esim_buf piece = ESIM_BUF_INIT;
		const size_t mark = vqmi_begin_tlv(&piece, 0x01);

		vqmi_put_u32(&piece, qmi->token);
		vqmi_put_u16(&piece, (unsigned)total);
		vqmi_put_u16(&piece, (unsigned)at);
		vqmi_put_u16(&piece, (unsigned)len);
		esim_buf_append(&piece, qmi->long_answer.data + at, len);
		vqmi_end_tlv(&piece, mark);
		vqmi_indicate(qmi, client, SEND_APDU, esim_buf_slice(&piece));
		esim_buf_free(&piece);
	}
	esim_buf_free(&qmi->long_answer);
}

static enum qmi_error atr(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	const struct esim_slice bytes = vmodem_atr(qmi->modem, 0);
	size_t mark;

	if (!is_here(in))
		return QMI_INVALID_ARGUMENT;
	if (vmodem_quirk(qmi->modem, VMODEM_NO_ATR))
		return QMI_NOT_SUPPORTED;
	if (vmodem_card_state(qmi->modem, 0) == VMODEM_CARD_ABSENT)
		return QMI_NO_SIM;
	mark = vqmi_begin_tlv(out, 0x10);
	esim_buf_append_byte(out, (uint8_t)bytes.len);
	esim_buf_append_slice(out, bytes);
	vqmi_end_tlv(out, mark);
	return QMI_OK;
}

const struct qmi_command vqmi_channel_commands[] = {
	{ SEND_APDU, "apdu", send_apdu },
	{ 0x003F, "close", close_channel },
	{ 0x0041, "atr", atr },
	{ 0x0042, "open", open_channel },
	{ 0 },
};
