/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * APDUs as far as the core must understand them (ISO/IEC 7816-3, 12; 7816-4, 5): their shape, the
 * class byte of a channel, and what a client may send. Pure functions.
 */
#ifndef _EUICC_APDU_H
#define _EUICC_APDU_H

#include <linux/errno.h>
#include <linux/types.h>

#define EUICC_CHANNEL_MAX	19	/* the last logical channel, TS 102 221, 11.1.17 */

#define EUICC_INS_MANAGE_CHANNEL	0x70
#define EUICC_INS_SELECT		0xA4
#define EUICC_INS_TERMINAL_CAPABILITY	0xAA
#define EUICC_INS_GET_RESPONSE		0xC0
#define EUICC_INS_ENVELOPE		0xC2	/* and C3 */

#define EUICC_CLA_SM		0x0C	/* secure messaging, channels 0 to 3 */
#define EUICC_CLA_FURTHER	0x40	/* the form for channels 4 to 19 */
#define EUICC_CLA_FURTHER_SM	0x20	/* secure messaging there */
#define EUICC_CLA_CHANNEL	0x43	/* all that may name a channel */
#define EUICC_CLA_PROPRIETARY	0x80	/* not ISO/IEC 7816's meaning of INS */

static inline u8 euicc_sw1(u16 sw)
{
	return sw >> 8;
}

/* 9000, a proactive command waiting, or a warning: the command was carried out. */
static inline bool euicc_sw_ok(u16 sw)
{
	return sw == 0x9000 || euicc_sw1(sw) == 0x91 || euicc_sw1(sw) == 0x62 ||
	       euicc_sw1(sw) == 0x63;
}

/* The class byte on a channel; @cla must carry none (no bit of EUICC_CLA_CHANNEL). */
static inline u8 euicc_apdu_cla(u8 cla, unsigned int channel)
{
	u8 further;

	if (channel < 4)
		return cla | channel;
	further = (cla & ~EUICC_CLA_SM) | EUICC_CLA_FURTHER | (channel - 4);
	return cla & EUICC_CLA_SM ? further | EUICC_CLA_FURTHER_SM : further;
}

/* How a command is laid out. */
struct euicc_apdu {
	size_t lc;	/* bytes of data */
	u8 le_size;	/* bytes of the Le field: 0, 1, or 2 (3 without data) where extended */
	bool extended;
};

static inline int euicc_apdu_parse_extended(const u8 *apdu, size_t len, struct euicc_apdu *out)
{
	out->extended = true;
	if (len == 7) {
		out->lc = 0;
		out->le_size = 3;
		return 0;
	}
	if (len < 8)
		return -EINVAL;
	out->lc = apdu[5] << 8 | apdu[6];
	if (!out->lc)
		return -EINVAL;
	if (len == 7 + out->lc)
		out->le_size = 0;
	else if (len == 9 + out->lc)
		out->le_size = 2;
	else
		return -EINVAL;
	return 0;
}

/* -EINVAL: not a command APDU. */
static inline int euicc_apdu_parse(const u8 *apdu, size_t len, struct euicc_apdu *out)
{
	out->lc = 0;
	out->le_size = 0;
	out->extended = false;
	if (len < 4 || (apdu[1] & 0xF0) == 0x60 || (apdu[1] & 0xF0) == 0x90)
		return -EINVAL;
	if (len == 4)
		return 0;
	if (len == 5) {
		out->le_size = 1;
		return 0;
	}
	if (!apdu[4])
		return euicc_apdu_parse_extended(apdu, len, out);
	out->lc = apdu[4];
	if (len == 5 + out->lc)
		return 0;
	out->le_size = 1;
	return len == 6 + out->lc ? 0 : -EINVAL;
}

/*
 * The same command with another Le, after 6Cxx, in place. Gives the new length: @room must be two
 * bytes more than the command has. @le 0 stands for 256.
 */
static inline size_t euicc_apdu_set_le(u8 *apdu, size_t len, size_t room, u8 le)
{
	struct euicc_apdu shape;

	if (euicc_apdu_parse(apdu, len, &shape) || room < len + 2)
		return 0;
	if (!shape.extended) {
		len -= shape.le_size;
		apdu[len] = le;
		return len + 1;
	}
	if (!shape.le_size)
		len += 2;
	apdu[len - 2] = le ? 0 : 1;
	apdu[len - 1] = le;
	return len;
}

/* P1 of SELECT by file: identifier, child, parent, path; never by name (x4 to x7). */
static inline bool euicc_apdu_selects_file(u8 p1)
{
	return p1 <= 0x03 || p1 == 0x08 || p1 == 0x09;
}

/* ENVELOPE of ISO/IEC 7816-4 has another command inside; that of the toolkit, class 80, has not. */
static inline bool euicc_apdu_is_envelope(const u8 *apdu)
{
	return !(apdu[0] & EUICC_CLA_PROPRIETARY) && (apdu[1] & ~0x01) == EUICC_INS_ENVELOPE;
}

/*
 * May a client send this on its channel? The class byte names no channel, the channels are the
 * kernel's to open and to close, and the application is what the file was opened for. @basic: the
 * basic channel, where SELECT and classes of old cards (Ax) are the holder's own affair.
 */
static inline int euicc_apdu_permitted(const u8 *apdu, bool basic, bool file_select)
{
	if (apdu[0] & EUICC_CLA_CHANNEL)
		return -EPERM;
	if (!basic && (apdu[0] & EUICC_CLA_FURTHER_SM))
		return -EPERM;
	if (apdu[1] == EUICC_INS_MANAGE_CHANNEL)
		return -EPERM;
	if (!basic && euicc_apdu_is_envelope(apdu))
		return -EPERM;
	if (apdu[1] == EUICC_INS_SELECT && !basic &&
	    !(file_select && euicc_apdu_selects_file(apdu[2])))
		return -EPERM;
	return 0;
}

/*
 * A data object in a list of BER-TLV objects: one-byte tag, length of up to 65535. Gives its value
 * and the length of that, or NULL.
 */
static inline const u8 *euicc_tlv_find(const u8 *data, size_t len, u8 tag, size_t *value_len)
{
	while (len >= 2) {
		size_t head = 2, n = data[1];
		u8 found = data[0];

		if (n == 0x81 && len >= 3) {
			n = data[2];
			head = 3;
		} else if (n == 0x82 && len >= 4) {
			n = data[2] << 8 | data[3];
			head = 4;
		} else if (n >= 0x80) {
			return NULL;
		}
		if (n > len - head)
			return NULL;
		if (found == tag) {
			*value_len = n;
			return data + head;
		}
		data += head + n;
		len -= head + n;
	}
	return NULL;
}

/* Does the MF's FCP say that TERMINAL CAPABILITY is understood? TS 102 221, 11.1.1.4.6.8. */
static inline bool euicc_fcp_wants_terminal_capability(const u8 *fcp, size_t len)
{
	const u8 *at = euicc_tlv_find(fcp, len, 0x62, &len);

	if (at)
		at = euicc_tlv_find(at, len, 0xA5, &len);
	if (at)
		at = euicc_tlv_find(at, len, 0x87, &len);
	return at && len && (at[0] & 0x01);
}

#endif /* _EUICC_APDU_H */
