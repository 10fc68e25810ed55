/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command and response APDUs; see apdu.h. */
#include "apdu.h"

#include <esim/error.h>
#include <esim/limits.h>

#define HEADER 4
#define FURTHER_INTERINDUSTRY 0x40
#define FIRST_FURTHER_CHANNEL 4
#define SECURE_MESSAGING 0x0C			/* in the first form */
#define SECURE_MESSAGING_FURTHER 0x20

static void put16(struct esim_buf *out, unsigned value)
{
	esim_buf_append_byte(out, (uint8_t)(value >> 8));
	esim_buf_append_byte(out, (uint8_t)value);
}

int apdu_build(const struct apdu *apdu, struct esim_buf *out)
{
	bool extended = apdu->data.len > APDU_SHORT_DATA || apdu->le > APDU_SHORT_LE;
	const uint8_t header[HEADER] = { apdu->cla, apdu->ins, apdu->p1, apdu->p2 };

	if (apdu->data.len > 65535 || apdu->le > APDU_EXTENDED_LE)
		return ESIM_EINVAL;
	esim_buf_append(out, header, sizeof(header));
	if (extended)
		esim_buf_append_byte(out, 0);
	if (apdu->data.len > 0) {
		if (extended)
			put16(out, (unsigned)apdu->data.len);
		else
			esim_buf_append_byte(out, (uint8_t)apdu->data.len);
		esim_buf_append_slice(out, apdu->data);
	}
	/* 256 and 65536 are coded as zero: the cast does it. */
	if (apdu->le && extended)
		put16(out, apdu->le);
	else if (apdu->le)
		esim_buf_append_byte(out, (uint8_t)apdu->le);
	return esim_buf_failed(out);
}

/* What follows the header, in the short form. */
static int parse_short(struct esim_slice body, struct apdu *apdu)
{
	size_t lc;

	if (body.len == 1) {
		apdu->le = body.data[0] ? body.data[0] : APDU_SHORT_LE;
		return 0;
	}
	lc = body.data[0];
	if (lc == 0 || (body.len != 1 + lc && body.len != 2 + lc))
		return ESIM_EINVAL;
	apdu->data = esim_slice(body.data + 1, lc);
	if (body.len == 2 + lc)
		apdu->le = body.data[1 + lc] ? body.data[1 + lc] : APDU_SHORT_LE;
	return 0;
}

static unsigned extended_le(const uint8_t *p)
{
	unsigned le = (unsigned)p[0] << 8 | p[1];

	return le ? le : APDU_EXTENDED_LE;
}

/* What follows the header and the zero that announces the extended form. */
static int parse_extended(struct esim_slice body, struct apdu *apdu)
{
	size_t lc;

	if (body.len == 2) {
		apdu->le = extended_le(body.data);
		return 0;
	}
	lc = (size_t)body.data[0] << 8 | body.data[1];
	if (lc == 0 || (body.len != 2 + lc && body.len != 4 + lc))
		return ESIM_EINVAL;
	apdu->data = esim_slice(body.data + 2, lc);
	if (body.len == 4 + lc)
		apdu->le = extended_le(body.data + 2 + lc);
	return 0;
}

int apdu_parse(struct esim_slice in, struct apdu *ret)
{
	struct apdu apdu = { 0 };
	struct esim_slice body;
	int r = 0;

	if (in.len < HEADER)
		return ESIM_EINVAL;
	apdu.cla = in.data[0];
	apdu.ins = in.data[1];
	apdu.p1 = in.data[2];
	apdu.p2 = in.data[3];
	body = esim_slice(in.data + HEADER, in.len - HEADER);
	if (body.len >= 3 && body.data[0] == 0)
		r = parse_extended(esim_slice(body.data + 1, body.len - 1), &apdu);
	else if (body.len > 0)
		r = parse_short(body, &apdu);
	if (r)
		return r;
	*ret = apdu;
	return 0;
}

int apdu_class(uint8_t cla, unsigned channel)
{
	uint8_t further = (uint8_t)((cla & 0x90) | FURTHER_INTERINDUSTRY);

	if (channel == 0)
		return cla;
	if ((cla & 0x63) || channel > ESIM_MAX_CHANNEL)
		return ESIM_EINVAL;
	if (channel < FIRST_FURTHER_CHANNEL)
		return cla | (int)channel;
	if (cla & SECURE_MESSAGING)
		further |= SECURE_MESSAGING_FURTHER;
	return further | (int)(channel - FIRST_FURTHER_CHANNEL);
}

int apdu_response(struct esim_slice in, struct esim_slice *ret_data, uint16_t *ret_sw)
{
	if (in.len < 2)
		return ESIM_EPROTO;
	*ret_sw = (uint16_t)(in.data[in.len - 2] << 8 | in.data[in.len - 1]);
	*ret_data = esim_slice(in.data, in.len - 2);
	return 0;
}
