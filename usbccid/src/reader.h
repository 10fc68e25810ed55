/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside: a reader and its slots. From the outside in:
 *
 *   reader.c     the public calls on a reader
 *   power.c      voltage ladder; session.c: ATR, PPS, parameters
 *   transmit.c   a command APDU at the reader's level: apdu.c, tpdu.c, t1.c
 *   event.c      cards that come and go
 *   exchange.c   a message and its answer: sequence numbers, time extensions; recover.c
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

/* What the interrupt endpoint made known. */
enum presence {
	PRESENCE_UNKNOWN,
	PRESENCE_ABSENT,
	PRESENCE_PRESENT,
};

struct slot {
	struct usbccid_card card;	/* never ON while stale */
	bool stale;			/* the session ended since power_on(), or the card was changed */
	bool powered;			/* the card may have power by our doing */
	uint8_t seq;			/* of the next message */
	bool out_of_step;		/* an answer is owed: settle() before the next message */
	uint8_t voltage;		/* bPowerSelect that worked */
	struct atr atr;			/* taken apart, valid while ON */
	struct t1 t1;
	enum presence told;
	bool heard;			/* the interrupt endpoint spoke of this slot */
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

/* dwFeatures as callers see it; contradictions are USBCCID_CHARACTER. */
enum usbccid_level public_level(uint32_t features);

/* A public call on a slot: its time, and why it fails. */
struct call {
	struct usbccid_reader *reader;
	struct slot *slot;
	uint8_t index;
	int cancel_fd;
	uint64_t deadline;		/* wire_now_ms() */
	uint64_t patience;		/* ms for an answer, or for each extension; 0: until @deadline */
	bool reached;			/* the caller's command may have reached the card */
	struct usbccid_error err;
};

struct request {
	uint8_t type, answer;		/* CCID_* */
	uint8_t specific[3];
	const uint8_t *data;
	size_t len;
	bool pad;			/* a 00 follows @data */
};

/* --- reader.c --- */
/* What every call on a slot begins with; 0, or its failure. */
int call_begin(struct call *call, struct usbccid_reader *reader, unsigned slot, unsigned timeout_ms);
/* Hands the error over. Returns @code. */
int call_end(const struct call *call, int code, struct usbccid_error *err);

/* --- exchange.c --- */
/* The reader says that it failed: answer->error. No enum usbccid_code. */
#define REFUSED 1

/*
 * One message and its answer, which is valid until the next one. 0, REFUSED, or what went wrong:
 * then call->err is set, and err.sent is honest for this message.
 */
int exchange(struct call *call, const struct request *request, struct ccid_answer *answer);
/* The same without settle() before it. */
int exchange_unsettled(struct call *call, const struct request *request, uint8_t seq,
		       struct ccid_answer *answer);
/* One XfrBlock; never REFUSED. With @garbled that is where the reader says the block was lost. */
int exchange_block(struct call *call, const struct request *request, bool *garbled,
		   struct ccid_answer *answer);
/* The reader's refusal in words, and in call->err. */
int refusal(struct call *call, const struct ccid_answer *answer, const char *what);
int call_fail(struct call *call, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What an answer says of the card. */
void slot_seen(struct slot *slot, uint8_t icc);
/* The session is over without the caller's doing. */
void slot_lost(struct slot *slot);

/* --- recover.c --- */
/* Bring what was broken off to an end. */
int settle(struct call *call);
int abort_command(struct call *call, uint8_t index, uint64_t deadline);
/* The device was reset: no card has power, and no answer is owed. */
void reader_was_reset(struct usbccid_reader *reader);

/* --- power.c, session.c --- */
int power_off(struct call *call);
/* After the answer to reset. RETRY_PLAIN: switch it off and on, and come back with @plain. */
#define RETRY_PLAIN 2
int session_set_up(struct call *call, bool plain);

/* --- apdu.c, tpdu.c --- */
struct transmission {
	const uint8_t *command;
	size_t len;
	uint8_t *response;
	size_t size;
	size_t response_len;
};

int transmit_short(struct call *call, struct transmission *apdu);
int transmit_extended(struct call *call, struct transmission *apdu);
int transmit_t0(struct call *call, struct transmission *apdu);
int transmit_t1(struct call *call, struct transmission *apdu);
int t1_exchange(struct call *call, enum t1_next next);
int gather(struct call *call, struct transmission *apdu, const struct ccid_answer *answer);

/* --- event.c --- */
/* Take in what the interrupt endpoint told. @look: ask the system; else what the wire has already. */
void notices_take(struct usbccid_reader *reader, bool look);

/* --- error.c --- */
void error_clear(struct usbccid_error *err);
int error_set(struct usbccid_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
