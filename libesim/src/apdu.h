/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command and response APDUs (ISO/IEC 7816-3, 12.1; ISO/IEC 7816-4, 5.4): the one
 * builder and the one parser.
 */
#ifndef APDU_H
#define APDU_H

#include <esim/bytes.h>

#define APDU_SHORT_DATA 255
#define APDU_SHORT_LE 256	/* coded 00 */
#define APDU_EXTENDED_LE 65536

#define SW_OK 0x9000

struct apdu {
	uint8_t cla, ins, p1, p2;
	struct esim_slice data;		/* empty: case 1 or 2 */
	unsigned le;			/* 0: none (case 1 or 3), to APDU_EXTENDED_LE */
};

/* Append @apdu's bytes: the short form where it fits. ESIM_EINVAL beyond the extended form. */
int apdu_build(const struct apdu *apdu, struct esim_buf *out);

/* Any of the seven forms; the data is a slice of @in. ESIM_EINVAL: a length that does not add up. */
int apdu_parse(struct esim_slice in, struct apdu *ret);

/*
 * @cla, which has no channel bits, for @channel: channels 0-3 in the low two
 * bits, 4-19 in the further interindustry form (ISO/IEC 7816-4, 5.4.1). Returns
 * ESIM_EINVAL where the class cannot carry the channel, else the class byte.
 */
int apdu_class(uint8_t cla, unsigned channel);

/* Split off the status word. ESIM_EPROTO: fewer than two bytes. */
int apdu_response(struct esim_slice in, struct esim_slice *ret_data, uint16_t *ret_sw);

#endif
