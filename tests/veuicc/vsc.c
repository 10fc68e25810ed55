/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's ccid-card-passthru, card side; see vsc.h. QEMU answers our Init, we add a
 * reader, QEMU says it is added (an Error message with code 0), and the ATR inserts
 * the card. A new ATR later is how the guest's power-on and reset come through.
 */
#include "veuicc/vsc.h"

#include <string.h>

#define HEADER		12
#define MAX_PAYLOAD	(ESIM_MAX_COMMAND + 16)
#define NO_READER	0xFFFFFFFFu
#define READER		0
#define VERSION		2		/* 0.0.2 */

enum vsc_type {
	VSC_INIT = 1,
	VSC_ERROR,
	VSC_READER_ADD,
	VSC_READER_REMOVE,
	VSC_ATR,
	VSC_CARD_REMOVE,
	VSC_APDU,
	VSC_FLUSH,
	VSC_FLUSH_COMPLETE,
};

static void put_word(struct esim_buf *out, uint32_t word)
{
	uint8_t bytes[] = { (uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8),
			    (uint8_t)word };

	esim_buf_append(out, bytes, sizeof(bytes));
}

static uint32_t get_word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_message(struct esim_buf *out, enum vsc_type type, uint32_t reader,
			struct esim_slice payload)
{
	put_word(out, type);
	put_word(out, reader);
	put_word(out, (uint32_t)payload.len);
	esim_buf_append_slice(out, payload);
}

void veuicc_vsc_hello(struct esim_buf *out)
{
	put_word(out, VSC_INIT);
	put_word(out, NO_READER);
	put_word(out, 12);
	esim_buf_append(out, "VSCD", 4);
	put_word(out, VERSION);
	put_word(out, 0);		/* no capabilities */
}

static int insert(struct veuicc *card, struct esim_buf *out)
{
	struct esim_slice atr;
	int r = veuicc_power_on(card, &atr);

	if (!r)
		put_message(out, VSC_ATR, READER, atr);
	return r;
}

/* A mute card sends nothing; one that lost its power is taken out of the reader. */
static int exchange(struct veuicc *card, struct esim_slice command, struct esim_buf *out)
{
	struct esim_buf response = ESIM_BUF_INIT;
	int r = veuicc_transmit(card, command, &response);

	if (r == 0)
		put_message(out, VSC_APDU, READER, esim_buf_slice(&response));
	else if (r == ESIM_ENODEV)
		put_message(out, VSC_CARD_REMOVE, READER, esim_slice(NULL, 0));
	esim_buf_free(&response);
	return 0;
}

static int handle(struct veuicc_vsc *vsc, struct veuicc *card, uint32_t type,
		  struct esim_slice payload, struct esim_buf *out)
{
	static const char name[] = "veuicc";

	switch ((enum vsc_type)type) {
	case VSC_INIT:
		put_message(out, VSC_READER_ADD, NO_READER, esim_slice(name, sizeof(name)));
		return 0;
	case VSC_ERROR:
		if (payload.len >= 4 && get_word(payload.data) != 0)
			return ESIM_EPROTO;
		if (vsc->inserted)
			return 0;
		vsc->inserted = true;
		return insert(card, out);
	case VSC_APDU:
		return payload.len < 4 ? ESIM_EPROTO : exchange(card, payload, out);
	case VSC_FLUSH:
		put_message(out, VSC_FLUSH_COMPLETE, READER, esim_slice(NULL, 0));
		return 0;
	case VSC_READER_ADD:
	case VSC_READER_REMOVE:
	case VSC_ATR:
	case VSC_CARD_REMOVE:
	case VSC_FLUSH_COMPLETE:
		return 0;
	}
	return ESIM_EPROTO;
}

int veuicc_vsc_feed(struct veuicc_vsc *vsc, struct veuicc *card, struct esim_buf *in,
		    struct esim_buf *out)
{
	while (in->len >= HEADER) {
		uint32_t type = get_word(in->data), len = get_word(in->data + 8);
		int r;

		if (len > MAX_PAYLOAD)
			return ESIM_EPROTO;
		if (in->len < HEADER + len)
			break;
		r = handle(vsc, card, type, esim_slice(in->data + HEADER, len), out);
		if (r)
			return r;
		in->len -= HEADER + len;
		memmove(in->data, in->data + HEADER + len, in->len);
	}
	return esim_buf_failed(out);
}
