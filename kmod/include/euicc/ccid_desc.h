/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* The class descriptor of a CCID interface (CCID 1.1, 5.1): what a reader can do by itself. */
#ifndef _EUICC_CCID_DESC_H
#define _EUICC_CCID_DESC_H

#include <euicc/ccid_types.h>

#define CCID_INTERFACE_CLASS	0x0B
#define CCID_DESCRIPTOR_TYPE	0x21
#define CCID_DESCRIPTOR_SIZE	54

/* bVoltageSupport */
#define CCID_VOLTAGE_5V		0x01
#define CCID_VOLTAGE_3V		0x02
#define CCID_VOLTAGE_1V8	0x04

/* dwProtocols */
#define CCID_PROTOCOL_T0	0x00000001
#define CCID_PROTOCOL_T1	0x00000002

/* dwFeatures */
#define CCID_AUTO_ATR		0x00000002	/* parameters from the ATR */
#define CCID_AUTO_ACTIVATION	0x00000004
#define CCID_AUTO_VOLTAGE	0x00000008
#define CCID_AUTO_CLOCK		0x00000010
#define CCID_AUTO_BAUD		0x00000020
#define CCID_AUTO_PARAMETERS	0x00000040	/* PPS and parameters: nothing left for the host */
#define CCID_AUTO_PPS		0x00000080	/* PPS, as the host sets the parameters */
#define CCID_AUTO_IFSD		0x00000400
#define CCID_LEVEL_MASK		0x00070000
#define CCID_LEVEL_BIT_TPDU	0x00010000
#define CCID_LEVEL_BIT_SHORT	0x00020000
#define CCID_LEVEL_BIT_EXTENDED	0x00040000

/* dwMaxCCIDMessageLength: more than an extended APDU needs is of no use; less is no reader */
#define CCID_MESSAGE_MAX	(10 + 65544)
#define CCID_MESSAGE_MIN	(10 + 33)	/* an answer to reset */

enum ccid_level {
	CCID_LEVEL_CHARACTER,
	CCID_LEVEL_TPDU,
	CCID_LEVEL_SHORT_APDU,
	CCID_LEVEL_EXTENDED_APDU,
	CCID_LEVEL_INVALID,		/* more than one is claimed */
};

struct ccid_descriptor {
	__u16 release;			/* bcdCCID */
	__u8 max_slot_index;
	__u8 voltages;			/* CCID_VOLTAGE_* */
	__u32 protocols;		/* CCID_PROTOCOL_* */
	__u32 default_clock;		/* kHz */
	__u32 max_clock;		/* kHz */
	__u32 max_data_rate;		/* bit/s */
	__u32 max_ifsd;			/* bytes, T=1 */
	__u32 features;			/* CCID_AUTO_*, level */
	__u32 max_message;		/* bytes, header included; as the reader says it */
	__u8 max_busy_slots;
};

/*
 * Look for the class descriptor in the bytes that follow an interface descriptor, or an endpoint
 * descriptor: some readers put it behind their last endpoint. -ENOENT: it is not there; -EINVAL:
 * these bytes are no list of descriptors, or it has another size.
 */
static inline int ccid_descriptor_parse(const __u8 *extra, size_t len,
					struct ccid_descriptor *desc)
{
	while (len > 0) {
		if (len < 2 || extra[0] < 2 || extra[0] > len)
			return -EINVAL;
		if (extra[1] == CCID_DESCRIPTOR_TYPE)
			break;
		len -= extra[0];
		extra += extra[0];
	}
	if (len == 0)
		return -ENOENT;
	if (extra[0] != CCID_DESCRIPTOR_SIZE)
		return -EINVAL;
	desc->release = ccid_get_le16(extra + 2);
	desc->max_slot_index = extra[4];
	desc->voltages = extra[5];
	desc->protocols = ccid_get_le32(extra + 6);
	desc->default_clock = ccid_get_le32(extra + 10);
	desc->max_clock = ccid_get_le32(extra + 14);
	desc->max_data_rate = ccid_get_le32(extra + 23);
	desc->max_ifsd = ccid_get_le32(extra + 28);
	desc->features = ccid_get_le32(extra + 40);
	desc->max_message = ccid_get_le32(extra + 44);
	desc->max_busy_slots = extra[53];
	return 0;
}

static inline enum ccid_level ccid_level(__u32 features)
{
	switch (features & CCID_LEVEL_MASK) {
	case 0:
		return CCID_LEVEL_CHARACTER;
	case CCID_LEVEL_BIT_TPDU:
		return CCID_LEVEL_TPDU;
	case CCID_LEVEL_BIT_SHORT:
		return CCID_LEVEL_SHORT_APDU;
	case CCID_LEVEL_BIT_EXTENDED:
		return CCID_LEVEL_EXTENDED_APDU;
	default:
		return CCID_LEVEL_INVALID;
	}
}

static inline const char *ccid_level_name(enum ccid_level level)
{
	switch (level) {
	case CCID_LEVEL_CHARACTER:
		return "character";
	case CCID_LEVEL_TPDU:
		return "TPDU";
	case CCID_LEVEL_SHORT_APDU:
		return "short APDU";
	case CCID_LEVEL_EXTENDED_APDU:
		return "extended APDU";
	case CCID_LEVEL_INVALID:
		break;
	}
	return "contradictory";
}

/* Most bytes that follow the header of one message, either way; 0 where the reader has no room. */
static inline size_t ccid_payload_max(const struct ccid_descriptor *desc)
{
	if (desc->max_message < CCID_MESSAGE_MIN)
		return 0;
	if (desc->max_message > CCID_MESSAGE_MAX)
		return CCID_MESSAGE_MAX - 10;
	return desc->max_message - 10;
}

#endif /* _EUICC_CCID_DESC_H */
