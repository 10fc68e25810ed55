/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client's command APDU, taken apart (ISO/IEC 7816-3, 12.1; 7816-4, 5.1; ETSI TS 102 221, 10.1.1).
 * Pure functions.
 */
#ifndef IFD_APDU_H
#define IFD_APDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APDU_CHANNELS 20		/* the basic channel and 1 to 19 */

#define INS_MANAGE_CHANNEL 0x70
#define INS_SELECT 0xA4
#define INS_GET_RESPONSE 0xC0
#define INS_ENVELOPE 0xC2

#define SELECT_BY_NAME 0x04		/* P1 */

#define SW_OK 0x9000
#define SW_WRONG_LENGTH 0x6700
#define SW_NO_CHANNEL 0x6881
#define SW_NO_SECURE_MESSAGING 0x6882
#define SW_NO_CHAINING 0x6884
#define SW_CONDITIONS 0x6985		/* conditions of use not satisfied */
#define SW_NO_FUNCTION 0x6A81
#define SW_NOT_FOUND 0x6A82
#define SW_WRONG_P1P2 0x6A86
#define SW_WRONG_INS 0x6D00
#define SW_WRONG_CLA 0x6E00
#define SW_UNKNOWN 0x6F00

struct apdu {
	const uint8_t *bytes;		/* the whole command */
	size_t len;
	uint8_t cla;			/* without the channel, as it goes to the kernel */
	uint8_t ins, p1, p2;
	unsigned channel;
	const uint8_t *data;
	size_t lc;
	bool has_le;
	size_t ne;			/* most bytes wanted; 0 without Le */
};

/* Gives 0, or the status word that answers what is no command. @out points into @bytes. */
uint16_t ifd_apdu_parse(const uint8_t *bytes, size_t len, struct apdu *out);

/* A class of ISO/IEC 7816-4, not a proprietary one. */
bool ifd_apdu_is_interindustry(const struct apdu *apdu);
bool ifd_apdu_is_chained(const struct apdu *apdu);
bool ifd_apdu_is_secure(const struct apdu *apdu);

#endif
