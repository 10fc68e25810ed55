/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* From what reader and card say to what is set: voltage, rate, parameters of the protocol. */
#ifndef _EUICC_CCID_PARAMS_H
#define _EUICC_CCID_PARAMS_H

#include <euicc/atr.h>
#include <euicc/ccid_desc.h>

/* bPowerSelect of IccPowerOn */
#define CCID_POWER_AUTO		0
#define CCID_POWER_5V		1
#define CCID_POWER_3V		2
#define CCID_POWER_1V8		3
#define CCID_POWER_STEPS	3

/*
 * The voltages to try, lowest first, as a UICC wants it (ETSI TS 102 221, 6.2). Returns how many:
 * at least one.
 */
static inline unsigned int ccid_power_ladder(const struct ccid_descriptor *desc,
					     __u8 out[CCID_POWER_STEPS])
{
	unsigned int n = 0;

	if (!(desc->features & CCID_AUTO_VOLTAGE)) {
		if (desc->voltages & CCID_VOLTAGE_1V8)
			out[n++] = CCID_POWER_1V8;
		if (desc->voltages & CCID_VOLTAGE_3V)
			out[n++] = CCID_POWER_3V;
		if (desc->voltages & CCID_VOLTAGE_5V)
			out[n++] = CCID_POWER_5V;
	}
	if (n == 0)
		out[n++] = CCID_POWER_AUTO;
	return n;
}

/* Can the reader do this rate at its usual clock? */
static inline bool ccid_rate_fits(const struct ccid_descriptor *desc, __u8 rate)
{
	__u64 bits = (__u64)desc->default_clock * 1000 * atr_di(rate);

	return bits > 0 && atr_fi(rate) > 0 && bits <= (__u64)desc->max_data_rate * atr_fi(rate);
}

/*
 * The fastest rate that card and reader share: Fi of the card, any Di up to the card's. The
 * default where there is none that is faster.
 */
static inline __u8 ccid_rate_choose(const struct ccid_descriptor *desc, __u8 card)
{
	__u8 best = ATR_DEFAULT_RATE, rate, i;

	for (i = 1; i < 16; i++) {
		rate = (__u8)((card & 0xF0) | i);
		if (atr_di(rate) > atr_di(card) || !ccid_rate_fits(desc, rate))
			continue;
		if (atr_di(rate) * atr_fi(best) > atr_di(best) * atr_fi(rate))
			best = rate;
	}
	return best;
}

#define CCID_PARAMETERS_T0_SIZE	5
#define CCID_PARAMETERS_T1_SIZE	7
#define CCID_PARAMETERS_T0	0	/* bProtocolNum */
#define CCID_PARAMETERS_T1	1

/* abProtocolDataStructure of SetParameters for T=0 (CCID 1.1, 6.1.7); the clock never stops. */
static inline void ccid_parameters_t0(const struct atr *atr, __u8 rate,
				      __u8 out[CCID_PARAMETERS_T0_SIZE])
{
	out[0] = rate;
	out[1] = atr->inverse ? 0x02 : 0x00;
	out[2] = atr->guard;
	out[3] = atr->waiting;
	out[4] = 0x00;
}

/*
 * The same for T=1: bmFindexDindex, bmTCCKST1, bGuardTimeT1, bmWaitingIntegersT1, bClockStop, bIFSC
 * and bNadValue. -EINVAL: the ATR has values in it that ISO/IEC 7816-3, 11.4, reserves.
 */
static inline int ccid_parameters_t1(const struct atr *atr, __u8 rate,
				     __u8 out[CCID_PARAMETERS_T1_SIZE])
{
	if (!atr_t1_sound(atr))
		return -EINVAL;
	out[0] = rate;
	out[1] = (__u8)(0x10 | (atr->inverse ? 0x02 : 0x00) | (atr->crc ? 0x01 : 0x00));
	out[2] = atr->guard;
	out[3] = atr->bwi_cwi;
	out[4] = 0x00;
	out[5] = atr->ifsc;
	out[6] = 0x00;
	return 0;
}

#endif /* _EUICC_CCID_PARAMS_H */
