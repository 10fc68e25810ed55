/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The APDU layer: class bytes and lengths (ISO/IEC 7816-4, ETSI TS 102 221),
 * which handler a command goes to, and how its response comes back: at once, or
 * by GET RESPONSE, which any other command on the way makes too late.
 */
#include "veuicc/card.h"

#include <string.h>

#define SHORT_NE	256
#define EXTENDED_NE	65536

/* --- the command ----------------------------------------------------------- */

/* Channels 0-3 in the first interindustry form, 4-19 in the further one. */
static uint16_t parse_class(uint8_t cla, struct veuicc_apdu *apdu)
{
	apdu->proprietary = cla & 0x80;
	if (cla == 0xFF)
		return SW_NO_CLA;
	if (cla & 0x40) {
		apdu->channel = (cla & 0x0Fu) + 4;
		if (cla & 0x20)
			return SW_NO_SECURE_MESSAGING;
	} else {
		apdu->channel = cla & 0x03;
		if (cla & 0x60)
			return SW_NO_CLA;
		if (cla & 0x0C)
			return SW_NO_SECURE_MESSAGING;
	}
	return cla & 0x10 ? SW_NO_CHAINING : SW_OK;
}

/* Le of one, two or three bytes; zero stands for the most. */
static void take_le(struct veuicc_apdu *apdu, const uint8_t *le, size_t len)
{
	size_t n = len == 1 ? le[0] : (size_t)le[len - 2] << 8 | le[len - 1];

	apdu->has_le = true;
	apdu->extended = len > 1;
	apdu->ne = n ? n : len == 1 ? SHORT_NE : EXTENDED_NE;
}

static uint16_t parse_body(struct esim_slice body, struct veuicc_apdu *apdu)
{
	const uint8_t *p = body.data;
	size_t lc, head = 1, rest;

	if (body.len == 0)
		return SW_OK;
	if (body.len == 1 || (body.len == 3 && p[0] == 0)) {
		take_le(apdu, p, body.len);
		return SW_OK;
	}
	lc = p[0];
	if (lc == 0) {
		if (body.len < 3)
			return SW_WRONG_LENGTH;
		lc = (size_t)p[1] << 8 | p[2];
		head = 3;
	}
	if (lc == 0 || body.len < head + lc)
		return SW_WRONG_LENGTH;
	apdu->data = esim_slice(p + head, lc);
	apdu->extended = head == 3;
	rest = body.len - head - lc;
	if (rest == 0)
		return SW_OK;
	if (rest != (head == 3 ? 2u : 1u))
		return SW_WRONG_LENGTH;
	take_le(apdu, p + head + lc, rest);
	return SW_OK;
}

/* SW_OK, or the status word that the malformed command gets. */
static uint16_t parse(struct esim_slice command, struct veuicc_apdu *ret)
{
	struct veuicc_apdu apdu = { 0 };
	uint16_t sw;

	if (command.len < 4)
		return SW_WRONG_LENGTH;
	apdu.cla = command.data[0];
	apdu.ins = command.data[1];
	apdu.p1 = command.data[2];
	apdu.p2 = command.data[3];
	sw = parse_class(apdu.cla, &apdu);
	if (sw == SW_OK)
		sw = parse_body(esim_slice(command.data + 4, command.len - 4), &apdu);
	*ret = apdu;
	return sw;
}

/* --- who carries it out ---------------------------------------------------- */

enum class_wanted { ISO = 1, PROPRIETARY = 2, EITHER = 3 };

static const struct {
	uint8_t ins;
	enum class_wanted class;
	veuicc_handler *handler;
} commands[] = {
	{ 0x10, PROPRIETARY, veuicc_terminal_profile },
	{ 0x12, PROPRIETARY, veuicc_fetch },
	{ 0x14, PROPRIETARY, veuicc_terminal_response },
	{ 0x70, ISO, veuicc_manage_channel },
	{ 0xA4, ISO, veuicc_select },
	{ 0xAA, PROPRIETARY, veuicc_terminal_capability },
	{ 0xB0, ISO, veuicc_read_binary },
	{ 0xB2, ISO, veuicc_read_record },
	{ 0xE2, PROPRIETARY, veuicc_store_data },
	{ 0xF2, PROPRIETARY, veuicc_status },
};

static uint16_t dispatch(struct veuicc *card, const struct veuicc_apdu *apdu, struct esim_buf *out)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].ins != apdu->ins)
			continue;
		if (!(commands[i].class & (apdu->proprietary ? PROPRIETARY : ISO)))
			return SW_NO_CLA;
		return commands[i].handler(card, apdu, out);
	}
	return SW_NO_INS;
}

/* --- the response ---------------------------------------------------------- */

static void append_sw(struct esim_buf *response, uint16_t sw)
{
	esim_buf_append_byte(response, (uint8_t)(sw >> 8));
	esim_buf_append_byte(response, (uint8_t)sw);
}

/* Success says so: 91xx where a proactive command waits. */
static uint16_t final_sw(const struct veuicc *card, uint16_t sw)
{
	size_t waiting = veuicc_proactive_waiting(card);

	return sw == SW_OK && waiting ? (uint16_t)(0x9100 | (uint16_t)waiting) : sw;
}

static void forget_waiting(struct veuicc *card)
{
	card->waiting.any = false;
	card->waiting.sent = 0;
	esim_buf_reset(&card->waiting.data);
}

/* Up to @ne bytes of what waits; 61xx while there is more. */
static void send_waiting(struct veuicc *card, size_t ne, struct esim_buf *response)
{
	struct veuicc_waiting *waiting = &card->waiting;
	size_t left = waiting->data.len - waiting->sent;
	size_t n = left < ne ? left : ne;

	esim_buf_append(response, waiting->data.data + waiting->sent, n);
	waiting->sent += n;
	left -= n;
	if (left > 0) {
		append_sw(response, (uint16_t)(0x6100 | (left > 0xFF ? 0 : left)));
		return;
	}
	append_sw(response, final_sw(card, waiting->sw));
	forget_waiting(card);
}

static void get_response(struct veuicc *card, const struct veuicc_apdu *apdu,
			 struct esim_buf *response)
{
	const struct veuicc_waiting *waiting = &card->waiting;
	size_t left = waiting->data.len - waiting->sent;

	if (!waiting->any || waiting->channel != apdu->channel) {
		forget_waiting(card);
		append_sw(response, SW_CONDITIONS);
	} else if (apdu->p1 || apdu->p2) {
		append_sw(response, SW_WRONG_P1P2);
	} else if (!apdu->has_le || apdu->data.len) {
		append_sw(response, SW_WRONG_LENGTH);
	} else if (apdu->ne > left && apdu->ne != SHORT_NE && apdu->ne != EXTENDED_NE) {
		append_sw(response, (uint16_t)(SW_WRONG_LE | left));
	} else {
		send_waiting(card, apdu->ne, response);
	}
}

static void keep_waiting(struct veuicc *card, unsigned channel, struct esim_buf *data, uint16_t sw)
{
	forget_waiting(card);
	esim_buf_append_slice(&card->waiting.data, esim_buf_slice(data));
	card->waiting.channel = channel;
	card->waiting.sw = sw;
	card->waiting.any = !esim_buf_failed(&card->waiting.data);
}

static void answer(struct veuicc *card, const struct veuicc_apdu *apdu, struct esim_buf *data,
		   uint16_t sw, struct esim_buf *response)
{
	if (esim_buf_failed(data)) {
		append_sw(response, SW_NO_SPACE);
		return;
	}
	if (data->len == 0) {
		append_sw(response, final_sw(card, sw));
		return;
	}
	keep_waiting(card, apdu->channel, data, sw);
	send_waiting(card, apdu->has_le ? apdu->ne : 0, response);
}

void veuicc_apdu_execute(struct veuicc *card, struct esim_slice command, struct esim_buf *response)
{
	struct esim_buf data = ESIM_BUF_INIT;
	struct veuicc_apdu apdu;
	uint16_t sw;

	sw = parse(command, &apdu);
	if (sw == SW_OK && !card->channels[apdu.channel].open)
		sw = SW_NO_CHANNEL;
	if (sw == SW_OK && apdu.ins == 0xC0) {
		get_response(card, &apdu, response);
		return;
	}

	/* TS 102 221, 12.1.1: whatever comes in between, a waiting response is lost. */
	forget_waiting(card);
	if (sw == SW_OK)
		sw = dispatch(card, &apdu, &data);
	answer(card, &apdu, &data, sw, response);
	esim_buf_free(&data);
}
