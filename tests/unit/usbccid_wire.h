/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A wire that plays a script: it expects the messages of the script in their order, and answers as
 * it says. A line is a word and bytes in hex; blanks between bytes are for people.
 *
 *   "> 6F 000000 00A4"     this message goes out to slot 0: type, three specific bytes, data
 *   ">1 62 010000"         the same to slot 1
 *   "x gone"               instead: the send fails, and nothing went out
 *   "x sent"               instead: the send fails, and something may have gone out
 *   "< 80 000000 9000"     the answer to it: type, bStatus, bError, byte 9, data
 *   "<f 80 000000 9000"    the same under a sequence number that nobody used
 *   "<s 80 000000 9000"    the same from another slot
 *   "= 8002"               these bytes as they are
 *   "! timeout"            no answer: timeout, cancel, gone, stall, io; unsent: it did not leave;
 *                          reset: by another program
 *   "! deadline"           no answer, and the time really goes by
 *   "abort ok"             the control request of Abort: ok, io, gone
 *   "recover", "reset ok"  ok, io, gone; busy: the device is another's too
 *   "notice 50 03"         from here on the wire has this from the interrupt endpoint
 *   "late 50 03"           the same, but only who asks the system gets it
 *   "interrupt gone"       from here on that endpoint fails so: gone, none, io; reset: once
 *   "readable"             from here on the descriptor of notice() can be read
 */
#ifndef UNIT_USBCCID_WIRE_H
#define UNIT_USBCCID_WIRE_H

#include <reader.h>

#define SCRIPT_LINES 600

struct scripted_wire {
	struct wire wire;
	const char *lines[SCRIPT_LINES];
	unsigned count, at;
	unsigned rounds;			/* the lines from the second on are played so often more */
	bool must_be_over;			/* close() checks that all lines were played */

	uint8_t last[CCID_MESSAGE_MAX];		/* that went out */
	size_t last_len;
	uint8_t in[CCID_MESSAGE_MAX];
	uint8_t abort_seq;
	bool abort_owed;			/* the message has to bear the same number */
	bool seq_used[USBCCID_MAX_SLOTS];
	uint8_t seq[USBCCID_MAX_SLOTS];		/* of the last message */

	uint8_t notices[64][8];
	size_t notice_len[64];
	unsigned notice_count, notice_late;	/* of them, at the end: late */
	bool endless;				/* the first notice comes again and again */
	int interrupt;				/* 0, or what notice() fails with */
	bool readable;

	uint64_t deadline;			/* of the last receive() */
	uint64_t notice_deadline;
	int cancel_fd;				/* of the last receive() */
	unsigned looks;				/* times that the system was asked for notices */
	bool *closed;
};

/* What a reader can do: T=0 and T=1, 5 V, 3 V and 1.8 V, all by itself; shape it from there. */
struct reader_setup setup_of(uint32_t level);

/* A reader over a new wire. The test ends in script_end(). */
int scripted_new(const struct reader_setup *setup, struct usbccid_reader **ret,
		 struct usbccid_error *err);
struct usbccid_reader *scripted_reader(const struct reader_setup *setup);
struct scripted_wire *wire_of(struct usbccid_reader *reader);

/* Append lines to the script; the last is NULL. */
void script(struct usbccid_reader *reader, ...) __attribute__((sentinel));
/* All lines were played. */
void script_done(struct usbccid_reader *reader);
/* Drops the power that the reader would see to, and closes it. */
void script_end(struct usbccid_reader *reader);

#define ATR_T0	"3B 00"
#define ATR_T1	"3B 80 81 31 20 45 55"	/* T=1, IFSC 32, BWI 4 */
#define ATR_T0_T1 "3B 80 80 01 01"

/* Power slot 0 on over the messages of a reader that does all by itself. */
void power_up(struct usbccid_reader *reader, const char *atr);

/* usbccid_transmit() of hex in slot 0; the response in hex, or NULL with @err set. */
const char *transmit_hex(struct usbccid_reader *reader, const char *command,
			 struct usbccid_error *err);

size_t from_hex(const char *hex, uint8_t *out, size_t size);

#endif
