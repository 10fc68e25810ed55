/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The block protocol T=1 (ISO/IEC 7816-3, 11), the interface device's end. No I/O, no clock, no
 * allocation: t1_begin() gives a block to send; each block that came, or its absence, is handed to
 * t1_take(), which says what is next. Whatever the card sends, an exchange comes to its end.
 *
 * What goes wrong is mended in the standard's steps (11.6.3): the block is asked for again, then
 * both ends are set to their beginning (RESYNCH), then the card is given up. After RESYNCH a
 * command is sent once more only where its last block never left: else the card may have done
 * already what it says.
 */
#ifndef USBCCID_T1_H
#define USBCCID_T1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define T1_INF_MAX	254
#define T1_BLOCK_MAX	(3 + T1_INF_MAX + 2)	/* prologue, information field, CRC */
#define T1_INF_DEFAULT	32			/* IFSC and IFSD, where nobody said otherwise */

/* What a card may do in one exchange. */
#define T1_TRIES	3	/* of a block, and of RESYNCH */
#define T1_RESTARTS	1	/* of the command, after RESYNCH */
#define T1_WTX_MAX	4096	/* requests for more time; the owner's deadline comes first as a rule */
#define T1_IFS_MAX	8	/* changes of IFSC */
#define T1_ABORT_MAX	3	/* S(ABORT request), the same again included */
#define T1_EMPTY_MAX	8	/* blocks of a chained response that bring nothing */
#define T1_RESPONSE_MAX	65538	/* bytes: the longest response APDU */

enum t1_next {
	T1_SEND,	/* t1->block, t1->block_len; wait t1->wait times the block waiting time */
	T1_DONE,	/* the response is whole: t1->response_len */
	T1_OVERFLOW,	/* it is longer than the room; the exchange came to its end all the same */
	/*
	 * The exchange was broken off, by the card (S(ABORT)) or for its errors, and the protocol is in
	 * step: t1->why. The card may have executed the command.
	 */
	T1_ABORTED,
	T1_LOST,	/* no way back into step: the card has to be reset. t1->why */
};

enum t1_state {
	T1_AT_REST,
	T1_COMMAND,	/* a block of the command is out, and more follow: R-block expected */
	T1_EXECUTION,	/* the last one is out: I-block expected */
	T1_RESPONSE,	/* a part of the response is here, and more follow */
	T1_ABANDONED,	/* the card's S(ABORT request) was answered: R-block expected */
	T1_IFSD,	/* S(IFS request) is out */
	T1_RESYNCH,	/* S(RESYNCH request) is out */
	T1_DEAD,
};

/* The owner sets it up by t1_init() after each reset of the card, and looks at the first half. */
struct t1 {
	uint8_t nad;			/* of our blocks; 0 */
	uint8_t ifsc;			/* most bytes of an information field to the card */
	/* From it, at most. The owner sets it where the reader announces it by itself (CCID_AUTO_IFSD). */
	uint8_t ifsd;
	bool crc;			/* else LRC */

	uint8_t block[T1_BLOCK_MAX];	/* what to send now */
	size_t block_len;
	unsigned wait;			/* waiting time multiplier, 1 but after S(WTX request) */
	size_t response_len;		/* after T1_OVERFLOW: how long it would have been */
	const char *why;		/* ABORTED, LOST: a clause for people, about the card; never NULL */

	/* --- the engine's own --- */
	enum t1_state state;
	uint8_t ns, nr;			/* of our block that is out, or next; of the card's next one */
	uint8_t ifsc_first;		/* as the ATR had it */
	const uint8_t *command;		/* the caller's, for the exchange */
	size_t command_len, command_sent, part;	/* @part: bytes of the block that is out */
	uint8_t *response;
	size_t response_size;
	uint8_t announced;		/* IFSD; 0: the exchange is a command's */
	bool may_have_run;		/* the card may have executed the command */
	bool broken_off;		/* by S(ABORT request) */
	unsigned tries, restarts;
	unsigned wtx, ifs, aborts, empty;	/* so far, in this exchange */
};

/* After a reset; @ifsc (1 to T1_INF_MAX) and @crc from the ATR. */
void t1_init(struct t1 *t1, uint8_t ifsc, bool crc);

/*
 * The block S(IFS request) that announces @ifsd (1 to T1_INF_MAX); its answer goes to t1_take(),
 * which ends in T1_DONE. After T1_ABORTED the card holds to it or to what was before, and can be
 * used all the same.
 */
enum t1_next t1_announce_ifsd(struct t1 *t1, uint8_t ifsd);

/*
 * Borrow @command and @response until the exchange is over. An exchange that its owner gave up (a
 * deadline, a cancel) is no hindrance: RESYNCH goes first then.
 */
enum t1_next t1_begin(struct t1 *t1, const uint8_t *command, size_t len, uint8_t *response, size_t size);

/* What came: @len 0 for nothing in time, or for what the reader called garbled. */
enum t1_next t1_take(struct t1 *t1, const uint8_t *block, size_t len);

/* --- t1_block.c: blocks (11.3) --- */

/* PCB */
#define T1_PCB_MORE	0x20	/* I-block: M */
#define T1_PCB_R	0x80
#define T1_PCB_S	0xC0
#define T1_PCB_ANSWER	0x20	/* S-block: response */
#define T1_S_RESYNCH	0x00
#define T1_S_IFS	0x01
#define T1_S_ABORT	0x02
#define T1_S_WTX	0x03

/* What is wrong with a block, as R-blocks tell it. */
enum t1_fault {
	T1_SOUND = 0,
	T1_FAULT_EDC = 1,
	T1_FAULT_OTHER = 2,
};

/* Makes t1->block. */
void t1_block_put(struct t1 *t1, uint8_t pcb, const uint8_t *inf, size_t len);

/* Is this a block that the standard knows, of a length we announced? Else t1->why says what it is. */
enum t1_fault t1_block_check(struct t1 *t1, const uint8_t *block, size_t len);

static inline bool t1_is_information(uint8_t pcb)
{
	return !(pcb & 0x80);
}

static inline bool t1_is_receipt(uint8_t pcb)
{
	return (pcb & 0xC0) == T1_PCB_R;
}

#endif
