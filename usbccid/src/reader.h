/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside: a reader and its slots. From the outside in:
 *
 *   reader.c     the public calls on a reader
 *   power.c      voltage ladder, ATR, PPS, parameters
 *   transmit.c   a command APDU at the reader's level: apdu.c, tpdu.c, t1.c
 *   exchange.c   a message and its answer: sequence numbers, time extensions, recovery
 *   wire.h       the pipes
 */
#ifndef USBCCID_READER_H
#define USBCCID_READER_H

#include "t1.h"
#include "wire.h"

#include <euicc/ccid.h>

/* What a model needs beside the standard; see quirks.c. */
enum quirk {
	QUIRK_NONE = 0,
	QUIRK_NO_PPS = 1 << 0,		/* says it leaves PPS to the host, and loses the card by it */
	QUIRK_NO_SET_PARAMETERS = 1 << 1,
	QUIRK_NO_INTERRUPT = 1 << 2,	/* its interrupt endpoint never tells, or tells lies */
	QUIRK_POWER_5V_FIRST = 1 << 3,
	QUIRK_DESCRIPTOR_ELSEWHERE = 1 << 4,	/* class FF, but a CCID reader */
};

/* What is known of a reader before a message goes out. */
struct reader_setup {
	struct usbccid_info info;
	struct ccid_descriptor descriptor;
	unsigned quirks;		/* enum quirk */
};

struct slot {
	struct usbccid_card card;
	bool stale;			/* the session ended since power_on(); told once by ESTALE */
	uint8_t seq;			/* of the next message */
	bool out_of_step;		/* an answer is owed: recover before the next message */
	uint8_t owed_seq;
	uint8_t voltage;		/* bPowerSelect that worked */
	struct atr atr;			/* taken apart, valid while ON */
	struct t1 t1;
};

#define READER_EVENTS 16

struct usbccid_reader {
	struct wire *wire;		/* owned */
	struct reader_setup setup;
	int cancel_fd;
	bool gone;
	usbccid_trace *trace;
	void *trace_context;
	unsigned slot_count;
	struct slot slots[USBCCID_MAX_SLOTS];
	struct usbccid_event events[READER_EVENTS];	/* not told yet, oldest first */
	unsigned event_count;
	size_t payload_max;
	uint8_t *message;		/* room for one message, header included */
};

/* Takes @wire over, also where it fails. What usbccid_open() ends in, and tests begin with. */
int reader_new(struct wire *wire, const struct reader_setup *setup, struct usbccid_reader **ret,
	       struct usbccid_error *err);

/* --- error.c --- */
void error_clear(struct usbccid_error *err);
int error_set(struct usbccid_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
