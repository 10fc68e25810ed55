/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks of T=1: prologue, information field, error detection code (ISO/IEC 7816-3, 11.3 and 11.4). */
#include "t1.h"

#include <string.h>

#define PROLOGUE 3

/*
 * x^16 + x^12 + x^5 + 1, lowest bit first, beginning with FFFF. ISO/IEC 13239 would send its
 * complement, low byte first; cards and readers in the field send it plain, high byte first.
 */
static size_t crc_put(const uint8_t *data, size_t len, uint8_t *out)
{
	unsigned crc = 0xFFFF;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1;
	}
	out[0] = (uint8_t)(crc >> 8);
	out[1] = (uint8_t)(crc & 0xFF);
	return 2;
}

static size_t lrc_put(const uint8_t *data, size_t len, uint8_t *out)
{
	out[0] = 0;
	for (size_t i = 0; i < len; i++)
		out[0] ^= data[i];
	return 1;
}

static size_t edc_put(const struct t1 *t1, const uint8_t *data, size_t len, uint8_t *out)
{
	return t1->crc ? crc_put(data, len, out) : lrc_put(data, len, out);
}

void t1_block_put(struct t1 *t1, uint8_t pcb, const uint8_t *inf, size_t len)
{
	t1->block[0] = t1->nad;
	t1->block[1] = pcb;
	t1->block[2] = (uint8_t)len;
	if (len > 0)
		memcpy(t1->block + PROLOGUE, inf, len);
	len += PROLOGUE;
	t1->block_len = len + edc_put(t1, t1->block, len, t1->block + len);
	t1->wait = 1;
}

/* Length and value of the information field as the type has it. */
static bool fields_fit(const struct t1 *t1, const uint8_t *block)
{
	uint8_t pcb = block[1], len = block[2];

	if (t1_is_information(pcb))
		return !(pcb & 0x1F) && len <= t1->ifsd;
	if (t1_is_receipt(pcb))
		return !(pcb & 0x2C) && (pcb & 3) != 3 && len == 0;
	switch (pcb & 0x1F) {
	case T1_S_RESYNCH:
	case T1_S_ABORT:
		return len == 0;
	case T1_S_IFS:
		return len == 1 && block[PROLOGUE] >= 1 && block[PROLOGUE] <= T1_INF_MAX;
	case T1_S_WTX:
		return len == 1 && block[PROLOGUE] >= 1;
	default:
		return false;
	}
}

enum t1_fault t1_block_check(struct t1 *t1, const uint8_t *block, size_t len)
{
	size_t edc_len = t1->crc ? 2 : 1;
	uint8_t edc[2];

	if (len == 0) {
		t1->why = "sent no block";
		return T1_FAULT_OTHER;
	}
	if (len < PROLOGUE + edc_len || len != PROLOGUE + block[2] + edc_len) {
		t1->why = "sent a block of another length than it says";
		return T1_FAULT_OTHER;
	}
	edc_put(t1, block, len - edc_len, edc);
	if (memcmp(edc, block + len - edc_len, edc_len) != 0) {
		t1->why = "sent a block with a wrong checksum";
		return T1_FAULT_EDC;
	}
	/* Source and destination change places. */
	if (block[0] != (uint8_t)(t1->nad << 4 | t1->nad >> 4)) {
		t1->why = "sent a block from another node address";
		return T1_FAULT_OTHER;
	}
	if (!fields_fit(t1, block)) {
		t1->why = "sent a block that T=1 does not know, or longer than announced";
		return T1_FAULT_OTHER;
	}
	return T1_SOUND;
}
