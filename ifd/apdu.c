/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apdu.h"

#define CLA_PROPRIETARY 0x80
#define CLA_FURTHER 0x40		/* channels 4 to 19 */
#define CLA_RESERVED 0x20		/* without CLA_FURTHER */
#define CLA_FURTHER_SM 0x20		/* with it */
#define CLA_CHAINED 0x10
#define CLA_SM 0x0C
#define CLA_SM_ISO 0x08			/* header not authenticated: what CLA_FURTHER_SM means */
#define CLA_SM_PROPRIETARY 0x04
#define CLA_GSM 0xA0			/* TS 51.011: no channels */

/* Split the class byte into the channel and what is left. */
static bool parse_class(uint8_t cla, struct apdu *out)
{
	if (cla == 0xFF)
		return false;
	if (cla == CLA_GSM) {
		out->cla = cla;
		out->channel = 0;
		return true;
	}
	if (!(cla & CLA_FURTHER)) {
		out->cla = cla & 0xFC;
		out->channel = cla & 0x03;
		return !(cla & CLA_RESERVED);
	}
	out->channel = 4 + (cla & 0x0F);
	out->cla = cla & (CLA_PROPRIETARY | CLA_CHAINED);
	if (cla & CLA_FURTHER_SM)
		out->cla |= cla & CLA_PROPRIETARY ? CLA_SM_PROPRIETARY : CLA_SM_ISO;
	return true;
}

static bool parse_extended(const uint8_t *bytes, size_t len, struct apdu *out)
{
	size_t end;

	if (len == 7) {
		out->has_le = true;
	} else {
		if (len < 8)
			return false;
		out->lc = (size_t)(bytes[5] << 8 | bytes[6]);
		out->data = bytes + 7;
		end = 7 + out->lc;
		if (!out->lc || (len != end && len != end + 2))
			return false;
		out->has_le = len == end + 2;
	}
	if (out->has_le) {
		out->ne = (size_t)(bytes[len - 2] << 8 | bytes[len - 1]);
		if (!out->ne)
			out->ne = 65536;
	}
	return true;
}

static bool parse_body(const uint8_t *bytes, size_t len, struct apdu *out)
{
	if (len == 4)
		return true;
	if (len > 5 && bytes[4] == 0)
		return parse_extended(bytes, len, out);
	if (len > 5) {
		out->lc = bytes[4];
		out->data = bytes + 5;
		if (len != 5 + out->lc && len != 6 + out->lc)
			return false;
	}
	out->has_le = len == 5 || len == 6 + out->lc;
	if (out->has_le)
		out->ne = bytes[len - 1] ? bytes[len - 1] : 256;
	return true;
}

uint16_t ifd_apdu_parse(const uint8_t *bytes, size_t len, struct apdu *out)
{
	if (len < 4)
		return SW_WRONG_LENGTH;
	*out = (struct apdu){
		.bytes = bytes, .len = len, .ins = bytes[1], .p1 = bytes[2], .p2 = bytes[3],
		.data = bytes + 4,
	};
	if (!parse_class(bytes[0], out))
		return SW_WRONG_CLA;
	if ((out->ins & 0xF0) == 0x60 || (out->ins & 0xF0) == 0x90)
		return SW_WRONG_INS;
	return parse_body(bytes, len, out) ? 0 : SW_WRONG_LENGTH;
}

bool ifd_apdu_is_interindustry(const struct apdu *apdu)
{
	return !(apdu->cla & CLA_PROPRIETARY);
}

bool ifd_apdu_is_chained(const struct apdu *apdu)
{
	return apdu->cla & CLA_CHAINED;
}

bool ifd_apdu_is_secure(const struct apdu *apdu)
{
	return apdu->cla & CLA_SM;
}
