/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/fakecard_uicc.h"

#include <string.h>

enum {
	INS_MANAGE_CHANNEL = 0x70,
	INS_SELECT = 0xA4,
	INS_TERMINAL_CAPABILITY = 0xAA,
	INS_READ = 0xB0,
	INS_GET_RESPONSE = 0xC0,
	INS_STORE_DATA = 0xE2,
};

#define SCRIPT_LEN 8	/* of fakecard_command(): tag, SW, length of the response */

/* --- commands that say what they want --------------------------------------------------- */

static uint8_t pattern(uint32_t tag, size_t i)
{
	return (uint8_t)((tag >> (8 * (3 - i % 4))) + i / 4);
}

static void fill(uint8_t *out, uint32_t tag, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = pattern(tag, i);
}

bool fakecard_is_response(uint32_t tag, const uint8_t *response, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (response[i] != pattern(tag, i))
			return false;
	}
	return true;
}

size_t fakecard_command(uint8_t *apdu, uint32_t tag, uint16_t sw, uint16_t response_len,
			size_t padding, bool le)
{
	size_t data_len = SCRIPT_LEN + padding, at = 0;
	bool extended = data_len > 255;

	memcpy(apdu, (const uint8_t[]){ 0x80, INS_STORE_DATA, 0x91, 0x00 }, 4);
	at = 4;
	if (extended) {
		apdu[at++] = 0;
		apdu[at++] = (uint8_t)(data_len >> 8);
	}
	apdu[at++] = (uint8_t)data_len;
	for (int shift = 24; shift >= 0; shift -= 8)
		apdu[at++] = (uint8_t)(tag >> shift);
	apdu[at++] = (uint8_t)(sw >> 8);
	apdu[at++] = (uint8_t)sw;
	apdu[at++] = (uint8_t)(response_len >> 8);
	apdu[at++] = (uint8_t)response_len;
	memset(apdu + at, 0x5A, padding);
	at += padding;
	if (le)
		apdu[at++] = 0;
	if (le && extended)
		apdu[at++] = 0;
	return at;
}

size_t fakecard_read(uint8_t apdu[5], uint8_t tag, uint8_t len, uint8_t le)
{
	memcpy(apdu, (const uint8_t[]){ 0x80, INS_READ, tag, len, le }, 5);
	return 5;
}

/* --- what an APDU is ---------------------------------------------------------------------- */

struct apdu {
	uint8_t cla, ins, p1, p2;
	const uint8_t *data;
	size_t data_len;
	bool le;
	size_t le_value;	/* 256 or 65536 for 0 */
};

/* ISO/IEC 7816-4, 5.1: the seven cases. */
static bool parse(const uint8_t *bytes, size_t len, struct apdu *ret)
{
	const uint8_t *at, *end = bytes + len;

	if (len < 4)
		return false;
	*ret = (struct apdu){ .cla = bytes[0], .ins = bytes[1], .p1 = bytes[2], .p2 = bytes[3] };
	if (len == 4)
		return true;
	if (len == 5) {
		ret->le = true;
		ret->le_value = bytes[4] ? bytes[4] : 256;
		return true;
	}
	if (bytes[4] != 0) {
		ret->data_len = bytes[4];
		at = bytes + 5;
	} else if (len == 7) {
		ret->le = true;
		ret->le_value = (size_t)(bytes[5] << 8 | bytes[6]);
		ret->le_value = ret->le_value ? ret->le_value : 65536;
		return true;
	} else {
		if (len < 7)
			return false;
		ret->data_len = (size_t)(bytes[5] << 8 | bytes[6]);
		at = bytes + 7;
	}
	if (ret->data_len == 0 || (size_t)(end - at) < ret->data_len)
		return false;
	ret->data = at;
	at += ret->data_len;
	if (at == end)
		return true;
	ret->le = true;
	if (bytes[4] != 0) {
		ret->le_value = *at ? *at : 256;
		return end - at == 1;
	}
	if (end - at != 2)
		return false;
	ret->le_value = (size_t)(at[0] << 8 | at[1]);
	ret->le_value = ret->le_value ? ret->le_value : 65536;
	return true;
}

unsigned int fakecard_uicc_channel(uint8_t cla)
{
	return cla & 0x40 ? 4u + (cla & 0x0Fu) : cla & 0x03u;
}

enum fakecard_kind fakecard_uicc_kind(const uint8_t *apdu, size_t len)
{
	if (len < 4)
		return FAKECARD_COMMAND;
	switch (apdu[1]) {
	case INS_GET_RESPONSE:
		return FAKECARD_GET_RESPONSE;
	case INS_SELECT:
		return FAKECARD_SELECT;
	case INS_MANAGE_CHANNEL:
		return apdu[2] & 0x80 ? FAKECARD_MANAGE_CLOSE : FAKECARD_MANAGE_OPEN;
	case INS_TERMINAL_CAPABILITY:
		return FAKECARD_TERMINAL;
	}
	return FAKECARD_COMMAND;
}

uint32_t fakecard_uicc_tag(const uint8_t *bytes, size_t len)
{
	struct apdu apdu;
	uint32_t tag = 0;

	if (!parse(bytes, len, &apdu))
		return 0;
	if (apdu.ins == INS_READ)
		return apdu.p1;
	if (apdu.ins != INS_STORE_DATA || apdu.data_len < SCRIPT_LEN)
		return 0;
	for (size_t i = 0; i < 4; i++)
		tag = tag << 8 | apdu.data[i];
	return tag;
}

/* --- answers ------------------------------------------------------------------------------- */

static size_t put_sw(uint8_t *answer, size_t len, unsigned int sw)
{
	answer[len] = (uint8_t)(sw >> 8);
	answer[len + 1] = (uint8_t)sw;
	return len + 2;
}

static uint16_t sw_61(size_t left)
{
	return (uint16_t)(0x6100 | (left > 255 ? 0 : left));
}

/* LEN bytes of uicc->waiting and SW: at once where card and command allow it, by way of
 * GET RESPONSE where not. */
static size_t answer_data(struct fakecard_uicc *uicc, unsigned int channel, const struct apdu *apdu,
			  size_t len, uint16_t sw, uint8_t *answer)
{
	if (len == 0)
		return put_sw(answer, 0, sw);
	if (uicc->options->direct && apdu->le && apdu->le_value >= len) {
		memcpy(answer, uicc->waiting, len);
		return put_sw(answer, len, sw);
	}
	uicc->waiting_channel = channel;
	uicc->waiting_at = 0;
	uicc->waiting_len = len;
	uicc->waiting_sw = sw;
	return put_sw(answer, 0, sw_61(len));
}

static size_t get_response(struct fakecard_uicc *uicc, const struct apdu *apdu, uint8_t *answer)
{
	size_t n = uicc->waiting_len, most;

	if (uicc->options->get_response_8x && !(apdu->cla & 0x80))
		return put_sw(answer, 0, 0x6E00);
	if (n == 0)
		return put_sw(answer, 0, 0x6985);
	most = apdu->le ? apdu->le_value : 256;
	if (n > most)
		n = most;
	memcpy(answer, uicc->waiting + uicc->waiting_at, n);
	uicc->waiting_at += n;
	uicc->waiting_len -= n;
	return put_sw(answer, n, uicc->waiting_len > 0 ? sw_61(uicc->waiting_len) : uicc->waiting_sw);
}

unsigned int fakecard_uicc_take(struct fakecard_uicc *uicc)
{
	unsigned int most = uicc->options->channels ? uicc->options->channels : FAKECARD_CHANNELS - 1;

	for (unsigned int i = 1; i < FAKECARD_CHANNELS && i <= most; i++) {
		if (!uicc->open[i]) {
			uicc->open[i] = true;
			return i;
		}
	}
	return 0;
}

static size_t manage_channel(struct fakecard_uicc *uicc, unsigned int channel,
			     const struct apdu *apdu, uint8_t *answer)
{
	unsigned int n;

	if (apdu->p1 == 0x80) {
		n = apdu->p2 ? apdu->p2 : channel;
		if (n == 0 || n >= FAKECARD_CHANNELS || !uicc->open[n])
			return put_sw(answer, 0, 0x6A86);
		uicc->open[n] = false;
		return put_sw(answer, 0, 0x9000);
	}
	if (apdu->p1 != 0 || apdu->p2 != 0)
		return put_sw(answer, 0, 0x6A86);
	if (apdu->le_value != 1)
		return put_sw(answer, 0, 0x6C01);
	n = fakecard_uicc_take(uicc);
	if (n == 0)
		return put_sw(answer, 0, 0x6A81);
	answer[0] = (uint8_t)n;
	return put_sw(answer, 1, 0x9000);
}

/* --- SELECT ---------------------------------------------------------------------------------- */

/* 6F { 84 AID, 85 padding }. Bytes in OUT. */
static size_t fci(const struct fakecard_uicc *uicc, const uint8_t *aid, size_t aid_len, uint8_t *out)
{
	size_t want = uicc->options->fci_len, at = 0, inner = aid_len ? 2 + aid_len : 0, padding;

	padding = want > inner + 7 ? want - inner - 7 : 0;
	if (padding > 0)
		inner += 4 + padding;
	out[at++] = 0x6F;
	if (inner > 127) {
		out[at++] = 0x82;
		out[at++] = (uint8_t)(inner >> 8);
	}
	out[at++] = (uint8_t)inner;
	if (aid_len > 0) {
		out[at++] = 0x84;
		out[at++] = (uint8_t)aid_len;
		memcpy(out + at, aid, aid_len);
		at += aid_len;
	}
	if (padding > 0) {
		out[at++] = 0x85;
		out[at++] = 0x82;
		out[at++] = (uint8_t)(padding >> 8);
		out[at++] = (uint8_t)padding;
		memset(out + at, 0x5A, padding);
		at += padding;
	}
	return at;
}

static bool is_here(const uint8_t *aid, size_t aid_len)
{
	return aid_len == 0 || aid[0] == 0xA0;
}

/* FCP of the MF, with the bit for TERMINAL CAPABILITY (ETSI TS 102 221, 11.1.1.4.6.8), or of
 * any other file. */
static size_t fcp(const struct fakecard_uicc *uicc, const uint8_t *fid, uint8_t *out)
{
	const uint8_t mf[] = { 0x62, 0x10, 0x82, 0x02, 0x78, 0x21, 0x83, 0x02, 0x3F, 0x00,
			       0xA5, 0x03, 0x87, 0x01, uicc->options->terminal_capability, 0x8A,
			       0x01, 0x05 };
	const uint8_t ef[] = { 0x62, 0x08, 0x82, 0x02, 0x41, 0x21, 0x83, 0x02, fid[0], fid[1] };

	if (fid[0] == 0x3F && fid[1] == 0x00) {
		memcpy(out, mf, sizeof(mf));
		return sizeof(mf);
	}
	memcpy(out, ef, sizeof(ef));
	return sizeof(ef);
}

static size_t select_file(struct fakecard_uicc *uicc, unsigned int channel, const struct apdu *apdu,
			  uint8_t *answer)
{
	size_t len;

	if (apdu->p1 == 0x04 && !is_here(apdu->data, apdu->data_len))
		return put_sw(answer, 0, 0x6A82);
	if (apdu->p1 != 0x04 && apdu->data_len != 2)
		return put_sw(answer, 0, 0x6A86);
	if ((apdu->p2 & 0x0C) == 0x0C)
		return put_sw(answer, 0, 0x9000);
	len = apdu->p1 == 0x04 ? fci(uicc, apdu->data, apdu->data_len, uicc->waiting) :
				 fcp(uicc, apdu->data, uicc->waiting);
	return answer_data(uicc, channel, apdu, len, 0x9000, answer);
}

size_t fakecard_uicc_select(struct fakecard_uicc *uicc, const uint8_t *aid, size_t aid_len,
			    uint8_t p2, uint8_t *answer)
{
	if (!is_here(aid, aid_len))
		return put_sw(answer, 0, 0x6A82);
	return put_sw(answer, p2 == 0x0C ? 0 : fci(uicc, aid, aid_len, answer), 0x9000);
}

/* --- one APDU -------------------------------------------------------------------------------- */

static size_t store_data(struct fakecard_uicc *uicc, unsigned int channel, const struct apdu *apdu,
			 uint8_t *answer)
{
	const uint8_t *script = apdu->data;
	uint16_t sw, len;
	uint32_t tag;

	if (apdu->data_len < SCRIPT_LEN)
		return put_sw(answer, 0, 0x9000);
	tag = (uint32_t)script[0] << 24 | (uint32_t)script[1] << 16 | (uint32_t)script[2] << 8 |
	      script[3];
	sw = (uint16_t)(script[4] << 8 | script[5]);
	len = (uint16_t)(script[6] << 8 | script[7]);
	fill(uicc->waiting, tag, len);
	return answer_data(uicc, channel, apdu, len, sw, answer);
}

static size_t read_binary(const struct apdu *apdu, uint8_t *answer)
{
	if (apdu->le_value != apdu->p2)
		return put_sw(answer, 0, 0x6C00u | apdu->p2);
	fill(answer, apdu->p1, apdu->p2);
	return put_sw(answer, apdu->p2, 0x9000);
}

size_t fakecard_uicc_apdu(struct fakecard_uicc *uicc, unsigned int channel, const uint8_t *bytes,
			  size_t len, uint8_t *answer)
{
	struct apdu apdu;

	if (!parse(bytes, len, &apdu))
		return put_sw(answer, 0, 0x6700);
	if (apdu.ins != INS_GET_RESPONSE || channel != uicc->waiting_channel) {
		if (uicc->waiting_len > 0 && channel != uicc->waiting_channel)
			uicc->lost++;
		uicc->waiting_len = 0;
	}
	if (channel >= FAKECARD_CHANNELS || (channel > 0 && !uicc->open[channel]))
		return put_sw(answer, 0, 0x6881);
	switch (apdu.ins) {
	case INS_MANAGE_CHANNEL:
		return manage_channel(uicc, channel, &apdu, answer);
	case INS_SELECT:
		return select_file(uicc, channel, &apdu, answer);
	case INS_GET_RESPONSE:
		return get_response(uicc, &apdu, answer);
	case INS_TERMINAL_CAPABILITY:
		return put_sw(answer, 0, 0x9000);
	case INS_READ:
		return read_binary(&apdu, answer);
	case INS_STORE_DATA:
		return store_data(uicc, channel, &apdu, answer);
	}
	return put_sw(answer, 0, 0x6D00);
}

void fakecard_uicc_reset(struct fakecard_uicc *uicc)
{
	memset(uicc->open, 0, sizeof(uicc->open));
	uicc->waiting_len = 0;
}
