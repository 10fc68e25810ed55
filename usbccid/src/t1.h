/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The block protocol T=1 (ISO/IEC 7816-3, 11), the interface device's end. No I/O, no clock, no
 * allocation: t1_begin() gives a block to send; each block that came, or its absence, is handed to
 * t1_take(), which says what is next.
 */
#ifndef USBCCID_T1_H
#define USBCCID_T1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define T1_INF_MAX	254
#define T1_BLOCK_MAX	(3 + T1_INF_MAX + 2)	/* prologue, information field, CRC */

enum t1_next {
	T1_SEND,	/* t1->block, t1->block_len; wait t1->wait times the block waiting time */
	T1_DONE,	/* the response is whole: t1->response_len */
	T1_OVERFLOW,	/* it is longer than the room; the exchange came to its end all the same */
	T1_ABORTED,	/* the card broke the exchange off (S(ABORT)); the protocol is in step */
	T1_LOST,	/* no way back into step: the card has to be reset */
};

/* The owner sets it up by t1_init() after each reset of the card, and looks at the rest. */
struct t1 {
	uint8_t nad;			/* of our blocks; 0 */
	uint8_t ifsc, ifsd;		/* most bytes of an information field to the card, and from it */
	bool crc;			/* else LRC */
	uint8_t ns, nr;			/* of our next I-block; of the card's that we expect */

	uint8_t block[T1_BLOCK_MAX];	/* what to send now */
	size_t block_len;
	unsigned wait;			/* waiting time multiplier, 1 but after S(WTX request) */

	const uint8_t *command;		/* the caller's, for the exchange */
	size_t command_len, command_sent;
	uint8_t *response;
	size_t response_size, response_len;

	/* how far recovery went (11.6.3) */
	unsigned tries;
	/* the engine's own state beside these is its owner's to shape */
	int state;
};

/* After a reset; @ifsc and @crc from the ATR. */
void t1_init(struct t1 *t1, uint8_t ifsc, bool crc);

/* The block S(IFS request) that announces @ifsd; its answer goes to t1_take(), which ends in T1_DONE. */
enum t1_next t1_announce_ifsd(struct t1 *t1, uint8_t ifsd);

/* Borrow @command and @response until the exchange is over. */
enum t1_next t1_begin(struct t1 *t1, const uint8_t *command, size_t len, uint8_t *response, size_t size);

/* What came: @len 0 for nothing in time, or for what the reader called garbled. */
enum t1_next t1_take(struct t1 *t1, const uint8_t *block, size_t len);

#endif
