/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hexadecimal text, and the two identifiers that are written as digits: ICCID
 * (ITU-T E.118, nibble-swapped on the wire) and EID (SGP.02, SGP.29).
 */
#ifndef ESIM_HEX_H
#define ESIM_HEX_H

#include <esim/bytes.h>
#include <esim/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ESIM_ICCID_SIZE		10
#define ESIM_ICCID_DIGITS	20	/* most digits, without the final zero */
#define ESIM_EID_SIZE		16
#define ESIM_EID_DIGITS		32

struct esim_iccid {
	uint8_t bytes[ESIM_ICCID_SIZE];	/* nibble-swapped, F-padded: as in EF.ICCID and SGP.22 */
};

struct esim_eid {
	uint8_t bytes[ESIM_EID_SIZE];	/* BCD, not swapped: as in tag 5A of GetEID */
};

/* Upper-case hex of @in; @out takes 2 * in.len + 1 bytes. */
void esim_hex_encode(struct esim_slice in, char *out);

/*
 * Decode exactly strlen(@text) / 2 bytes. Upper and lower case, no separators.
 * Returns 0 and sets *@ret_len; ESIM_EINVAL (odd count or a character that is
 * no hex digit) or ESIM_ETOOBIG (more than @size) leave both outputs untouched.
 */
int esim_hex_decode(const char *text, uint8_t *out, size_t size, size_t *ret_len);

/*
 * 18 to 20 decimal digits into the ten bytes of the wire, and back. A digit
 * string that is too short, too long or holds anything else: ESIM_EINVAL. On
 * the way back a filler in the middle or a non-decimal nibble: ESIM_EPROTO.
 */
int esim_iccid_parse(const char *digits, struct esim_iccid *ret);
int esim_iccid_format(const struct esim_iccid *iccid, char digits[ESIM_AT_LEAST(ESIM_ICCID_DIGITS + 1)]);

/* Copy ten bytes of the wire; any other length is ESIM_EPROTO. */
int esim_iccid_from_wire(struct esim_slice wire, struct esim_iccid *ret);

/*
 * 32 decimal digits, checked: modulo 97 equals 1 (SGP.29, 4.2). Parsing and
 * formatting alone do not check; an all-zero EID is a card of which nothing can
 * be said.
 */
int esim_eid_parse(const char *digits, struct esim_eid *ret);
int esim_eid_format(const struct esim_eid *eid, char digits[ESIM_AT_LEAST(ESIM_EID_DIGITS + 1)]);
bool esim_eid_valid(const struct esim_eid *eid);
bool esim_eid_is_zero(const struct esim_eid *eid);

#ifdef __cplusplus
}
#endif
#endif
