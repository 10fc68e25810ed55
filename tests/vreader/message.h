/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CCID messages as a reader knows them (USB smart-card class 1.1, chapter 6). Written
 * from the reader's side, apart from the coders of the drivers that it tests.
 */
#ifndef VREADER_MESSAGE_H
#define VREADER_MESSAGE_H

#include <stdint.h>

#define CCID_HEADER 10

enum ccid_message_type {
	CCID_SET_PARAMETERS = 0x61,
	CCID_POWER_ON = 0x62,
	CCID_POWER_OFF = 0x63,
	CCID_GET_SLOT_STATUS = 0x65,
	CCID_GET_PARAMETERS = 0x6C,
	CCID_RESET_PARAMETERS = 0x6D,
	CCID_XFR_BLOCK = 0x6F,
	CCID_ABORT = 0x72,
	CCID_NOTIFY_SLOT_CHANGE = 0x50,
	CCID_DATA_BLOCK = 0x80,
	CCID_SLOT_STATUS = 0x81,
	CCID_PARAMETERS = 0x82,
};

/* bStatus: bits 0-1 the card, bits 6-7 the command */
enum ccid_status {
	CCID_ICC_ACTIVE = 0x00,
	CCID_ICC_INACTIVE = 0x01,
	CCID_ICC_ABSENT = 0x02,
	CCID_FAILED = 0x40,
	CCID_TIME_EXTENSION = 0x80,
};

/* bError; 1 to 127: the offset of the byte of the command that is bad */
enum ccid_error {
	CCID_NOT_SUPPORTED = 0x00,
	CCID_BAD_LENGTH = 0x01,
	CCID_BAD_SLOT = 0x05,
	CCID_BAD_BYTE_7 = 0x07,
	CCID_BAD_LEVEL = 0x08,
	CCID_BAD_DATA = 0x0A,
	CCID_SLOT_BUSY = 0xE0,
	CCID_ICC_MUTE = 0xFE,
	CCID_ABORTED = 0xFF,
};

/* wLevelParameter and bChainParameter */
enum ccid_chain {
	CCID_WHOLE = 0x00,
	CCID_BEGINS = 0x01,
	CCID_ENDS = 0x02,
	CCID_CONTINUES = 0x03,
	CCID_MORE = 0x10,
};

/* dwFeatures */
enum ccid_feature {
	CCID_AUTO_VOLTAGE = 0x08,
	CCID_AUTO_NEGOTIATION = 0x40,
	CCID_AUTO_PPS = 0x80,
	CCID_AUTO_IFSD = 0x400,
	CCID_LEVELS = 0x70000,
};

struct ccid_command {
	uint8_t type, slot, seq;
	uint8_t specific[3];
	const uint8_t *data;
	uint32_t length;
};

static inline uint32_t ccid_get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void ccid_put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

#endif
