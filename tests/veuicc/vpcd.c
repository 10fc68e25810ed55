/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vpcd's framing, card side; see vpcd.h. */
#include "veuicc/vpcd.h"

#include <string.h>

#define HEADER 2
#define MAX_REPLY 0xFFFF

enum control { POWER_OFF = 0, POWER_ON = 1, RESET = 2, GET_ATR = 4 };

/* The first message of @in: 1 and its bytes, with the bytes used up; 0 where more must come. */
static int next_message(struct esim_slice in, struct esim_slice *ret_message, size_t *ret_used)
{
	size_t len;

	if (in.len < HEADER)
		return 0;
	len = (size_t)in.data[0] << 8 | in.data[1];
	if (len == 0 || len == 2 || len == 3)
		return ESIM_EPROTO;
	if (in.len < HEADER + len)
		return 0;
	*ret_message = esim_slice(in.data + HEADER, len);
	*ret_used = HEADER + len;
	return 1;
}

static void put_message(struct esim_buf *out, struct esim_slice message)
{
	esim_buf_append_byte(out, (uint8_t)(message.len >> 8));
	esim_buf_append_byte(out, (uint8_t)message.len);
	esim_buf_append_slice(out, message);
}

static int handle_control(struct veuicc *card, uint8_t code, struct esim_buf *out)
{
	struct esim_slice atr;

	switch (code) {
	case POWER_OFF:
		veuicc_power_off(card);
		return 0;
	case POWER_ON:
	case RESET:
		return veuicc_power_on(card, NULL);
	case GET_ATR:
		atr = veuicc_atr(card);
		put_message(out, atr);
		return 0;
	default:
		return ESIM_EPROTO;
	}
}

/* A mute card sends nothing; one that lost its power is gone, and so is the connection. */
static int handle_apdu(struct veuicc *card, struct esim_slice command, struct esim_buf *out)
{
	struct esim_buf response = ESIM_BUF_INIT_MAX(MAX_REPLY);
	int r = veuicc_transmit(card, command, &response);

	if (r == 0)
		put_message(out, esim_buf_slice(&response));
	esim_buf_free(&response);
	return r == ESIM_ETIMEDOUT ? 0 : r;
}

/* Act on one message and append the reply, if there is one. */
static int handle(struct veuicc *card, struct esim_slice message, struct esim_buf *out)
{
	return message.len == 1 ? handle_control(card, message.data[0], out) :
				  handle_apdu(card, message, out);
}

int veuicc_vpcd_feed(struct veuicc *card, struct esim_buf *in, struct esim_buf *out)
{
	struct esim_slice message;
	size_t used;
	int r;

	while ((r = next_message(esim_buf_slice(in), &message, &used)) > 0) {
		r = handle(card, message, out);
		if (r)
			return r;
		in->len -= used;
		memmove(in->data, in->data + used, in->len);
	}
	return r ? r : esim_buf_failed(out);
}
