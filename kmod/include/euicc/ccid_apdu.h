/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* Command APDUs on the way to a reader: cases, T=0 TPDUs, chained messages. */
#ifndef _EUICC_CCID_APDU_H
#define _EUICC_CCID_APDU_H

#include <euicc/ccid_types.h>

#define CCID_SHORT_COMMAND_MAX	261	/* bytes of a short command APDU */
#define CCID_SHORT_RESPONSE_MAX	256	/* and of its response data */

/* ISO/IEC 7816-3, 12.1 */
enum ccid_apdu {
	CCID_APDU_INVALID,
	CCID_APDU_CASE1,	/* nothing either way */
	CCID_APDU_CASE2,	/* Le */
	CCID_APDU_CASE3,	/* Lc data */
	CCID_APDU_CASE4,	/* Lc data Le */
	CCID_APDU_EXTENDED,	/* any case with lengths of two bytes */
};

static inline enum ccid_apdu ccid_apdu_case(const __u8 *apdu, size_t len)
{
	size_t lc;

	if (len < 4)
		return CCID_APDU_INVALID;
	if (len == 4)
		return CCID_APDU_CASE1;
	if (len == 5)
		return CCID_APDU_CASE2;
	lc = apdu[4];
	if (lc > 0 && len == 5 + lc)
		return CCID_APDU_CASE3;
	if (lc > 0 && len == 6 + lc)
		return CCID_APDU_CASE4;
	if (lc > 0 || len < 7)
		return CCID_APDU_INVALID;
	if (len == 7)
		return CCID_APDU_EXTENDED;
	lc = (size_t)apdu[5] << 8 | apdu[6];
	if (lc > 0 && (len == 7 + lc || len == 9 + lc))
		return CCID_APDU_EXTENDED;
	return CCID_APDU_INVALID;
}

/*
 * A command APDU as a T=0 command TPDU (ISO/IEC 7816-3, 12.2): the first @*len bytes of it, and
 * a P3 of 00 after them where *@pad is set. What the card has to say to case 4 is fetched by GET
 * RESPONSE. -EINVAL: no command APDU; -EOPNOTSUPP: an extended one.
 */
static inline int ccid_t0_tpdu(const __u8 *apdu, size_t apdu_len, size_t *len, bool *pad)
{
	switch (ccid_apdu_case(apdu, apdu_len)) {
	case CCID_APDU_CASE1:
	case CCID_APDU_CASE2:
	case CCID_APDU_CASE3:
		*len = apdu_len;
		break;
	case CCID_APDU_CASE4:
		*len = apdu_len - 1;
		break;
	case CCID_APDU_EXTENDED:
		return -EOPNOTSUPP;
	case CCID_APDU_INVALID:
		return -EINVAL;
	}
	*pad = apdu_len == 4;
	return 0;
}

/* wLevelParameter of XfrBlock, and bChainParameter of DataBlock, at extended APDU level */
#define CCID_CHAIN_WHOLE	0x00
#define CCID_CHAIN_BEGIN	0x01
#define CCID_CHAIN_END		0x02
#define CCID_CHAIN_CONTINUE	0x03
#define CCID_CHAIN_NEXT		0x10	/* empty: the other side shall go on */

/* The next block of a command of @total bytes, @sent of which went out. Returns its parameter. */
static inline __u8 ccid_chain_out(size_t total, size_t sent, size_t payload_max, size_t *len)
{
	bool last = total - sent <= payload_max;

	*len = last ? total - sent : payload_max;
	if (sent == 0)
		return last ? CCID_CHAIN_WHOLE : CCID_CHAIN_BEGIN;
	return last ? CCID_CHAIN_END : CCID_CHAIN_CONTINUE;
}

enum ccid_chain {
	CCID_CHAIN_DONE,	/* with this block the response is whole */
	CCID_CHAIN_MORE,	/* ask for the next one */
	CCID_CHAIN_SEND,	/* the reader waits for the rest of the command */
	CCID_CHAIN_BAD,
};

/*
 * What a block from the reader means. @sent: the whole command went out; @begun: blocks of
 * the response were before it. A block that brings nothing and asks for more is bad: it could
 * go on for ever.
 */
static inline enum ccid_chain ccid_chain_in(__u8 parameter, size_t len, bool sent, bool begun)
{
	if (!sent)
		return parameter == CCID_CHAIN_NEXT && len == 0 ? CCID_CHAIN_SEND : CCID_CHAIN_BAD;
	switch (parameter) {
	case CCID_CHAIN_WHOLE:
		return begun ? CCID_CHAIN_BAD : CCID_CHAIN_DONE;
	case CCID_CHAIN_BEGIN:
		return begun || len == 0 ? CCID_CHAIN_BAD : CCID_CHAIN_MORE;
	case CCID_CHAIN_CONTINUE:
		return !begun || len == 0 ? CCID_CHAIN_BAD : CCID_CHAIN_MORE;
	case CCID_CHAIN_END:
		return begun ? CCID_CHAIN_DONE : CCID_CHAIN_BAD;
	default:
		return CCID_CHAIN_BAD;
	}
}

#endif /* _EUICC_CCID_APDU_H */
