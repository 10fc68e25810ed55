/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* The answer to reset, and protocol and parameters selection (ISO/IEC 7816-3, 8 and 9). */
#ifndef _EUICC_ATR_H
#define _EUICC_ATR_H

#include <euicc/ccid_types.h>

#define ATR_MAX			33
#define ATR_DEFAULT_RATE	0x11	/* Fd = 372, Dd = 1 */
#define PPS_MAX			6

struct atr {
	bool inverse;			/* convention, TS */
	__u8 rate;			/* TA1: Fi and Di; ATR_DEFAULT_RATE where absent */
	__u8 guard;			/* TC1: extra guard time */
	bool specific;			/* TA2: the card is in one mode, and takes no PPS */
	__u8 mode;			/* TA2: bits 1-4 the protocol, bit 5 implicit parameters */
	__u8 waiting;			/* TC2: waiting integer of T=0 */
	__u16 protocols;		/* bit n: T=n is offered; never empty, T=15 is none */
	__u8 first_protocol;
	__u8 ifsc;			/* T=1: bytes of an information field; see atr_t1_sound() */
	__u8 bwi_cwi;			/* T=1 */
	bool crc;			/* T=1 */
	__u8 classes;			/* T=15: 01 5 V, 02 3 V, 04 1.8 V; 0 where absent */
	__u8 historical;		/* offset */
	__u8 historical_len;
};

/* One group of interface bytes: TAi TBi TCi, which belong to @protocol from the third group on. */
static inline void atr_group(struct atr *atr, unsigned int i, __u8 protocol, const __u8 *ta,
			     const __u8 *tb, const __u8 *tc)
{
	if (i == 1) {
		if (ta)
			atr->rate = *ta;
		if (tc)
			atr->guard = *tc;
	} else if (i == 2) {
		if (ta) {
			atr->specific = true;
			atr->mode = *ta;
		}
		if (tc)
			atr->waiting = *tc;
	} else if (protocol == 1) {
		if (ta)
			atr->ifsc = *ta;
		if (tb)
			atr->bwi_cwi = *tb;
		if (tc)
			atr->crc = *tc & 1;
	} else if (protocol == 15 && ta) {
		atr->classes = *ta & 0x3F;
	}
}

/*
 * Take an answer to reset apart. -EINVAL: it is truncated, goes on after its end, or begins with
 * no TS; -EBADMSG: TCK does not fit.
 */
static inline int atr_parse(const __u8 *in, size_t len, struct atr *out)
{
	struct atr found = {
		.rate = ATR_DEFAULT_RATE, .waiting = 10, .ifsc = 32, .bwi_cwi = 0x4D,
	};
	bool first = true, t1_seen = false, tck = false;
	__u8 protocol = 0, present, sum = 0;
	const __u8 *group[4];
	unsigned int i, k;
	size_t at = 2;

	if (len < 2 || len > ATR_MAX || (in[0] != 0x3B && in[0] != 0x3F))
		return -EINVAL;
	found.inverse = in[0] == 0x3F;
	present = in[1] >> 4;
	for (i = 1; present; i++) {
		for (k = 0; k < 4; k++) {
			group[k] = NULL;
			if (!(present & 1u << k))
				continue;
			if (at >= len)
				return -EINVAL;
			group[k] = in + at++;
		}
		/* Only the first bytes for T=1 count. */
		if (i < 3 || protocol != 1 || !t1_seen)
			atr_group(&found, i, protocol, group[0], group[1], group[2]);
		if (i >= 3 && protocol == 1)
			t1_seen = true;
		if (!group[3])
			break;
		protocol = *group[3] & 0x0F;
		present = *group[3] >> 4;
		if (protocol != 0)
			tck = true;
		if (protocol == 15)
			continue;
		if (first)
			found.first_protocol = protocol;
		first = false;
		found.protocols |= (__u16)(1u << protocol);
	}
	if (!found.protocols)
		found.protocols = 1;
	found.historical = (__u8)at;
	found.historical_len = in[1] & 0x0F;
	if (len != at + found.historical_len + tck)
		return -EINVAL;
	for (at = 1; tck && at < len; at++)
		sum ^= in[at];
	if (sum)
		return -EBADMSG;
	*out = found;
	return 0;
}

/* Are the parameters of T=1 such that ISO/IEC 7816-3, 11.4, gives them a meaning? */
static inline bool atr_t1_sound(const struct atr *atr)
{
	return atr->ifsc >= 1 && atr->ifsc <= 254 && atr->bwi_cwi >> 4 <= 9;
}

/* Clock rate conversion and baud rate adjustment integers; 0: reserved. */
static inline unsigned int atr_fi(__u8 rate)
{
	static const __u16 fi[16] = {
		372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0,
	};

	return fi[rate >> 4];
}

static inline unsigned int atr_di(__u8 rate)
{
	static const __u8 di[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0 };

	return di[rate & 0x0F];
}

/* PPS request for T=@protocol at @rate. Returns its length. */
static inline size_t pps_request(__u8 protocol, __u8 rate, __u8 out[PPS_MAX])
{
	size_t len = 0, i;
	__u8 sum = 0;

	out[len++] = 0xFF;
	out[len++] = protocol & 0x0F;
	if (rate != ATR_DEFAULT_RATE) {
		out[1] |= 0x10;
		out[len++] = rate;
	}
	for (i = 0; i < len; i++)
		sum ^= out[i];
	out[len++] = sum;
	return len;
}

/*
 * Does the card's answer agree? @rate: what is in force then, which is the default where the card
 * leaves PPS1 out. -EBADMSG: it is no answer to this request.
 */
static inline int pps_check(const __u8 *request, const __u8 *in, size_t len, __u8 *rate)
{
	size_t i, expected;
	__u8 sum = 0;

	if (len < 3 || len > PPS_MAX || in[0] != 0xFF)
		return -EBADMSG;
	expected = in[1] & 0x10 ? 4 : 3;
	if (len != expected || (in[1] & ~0x10) != (request[1] & 0x0F))
		return -EBADMSG;
	if (in[1] & 0x10 && (!(request[1] & 0x10) || in[2] != request[2]))
		return -EBADMSG;
	for (i = 0; i < len; i++)
		sum ^= in[i];
	if (sum)
		return -EBADMSG;
	*rate = in[1] & 0x10 ? in[2] : ATR_DEFAULT_RATE;
	return 0;
}

#endif /* _EUICC_ATR_H */
