/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device of /dev/euicc-proxy whose card is a script in this process: a thread answers the
 * kernel's requests, logs each in the order in which it came, and does with it what the test
 * said. An answer can be held until the test lets it go, so a test stops the kernel at any
 * point of an exchange without a clock.
 *
 * The card manages channels 1 to 19 as a UICC does: MANAGE CHANNEL, SELECT, and a response
 * that waits for GET RESPONSE and is lost when an APDU of another channel comes first.
 * fakecard_command() makes commands that say by themselves what they want for an answer.
 *
 * A fork()ed child has a copy of the transport's end, and the device goes only with the last
 * one: see fakecard_forked().
 */
#ifndef COREESIM_TESTS_VM_FAKECARD_H
#define COREESIM_TESTS_VM_FAKECARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/euicc.h>

struct fakecard;

struct fakecard_options {
	uint64_t features;		/* 0: all that a raw card has; see FAKECARD_FEATURES */
	uint32_t max_command, max_response;
	unsigned int channels;		/* beside the basic one; 0: 19 */
	const char *name;		/* NULL: "fake" */
	bool no_atr;			/* NEW_DEV gives none; it comes with the answer to RESET */
	bool terminal_capability;	/* the MF advertises it */
	bool direct;			/* data goes out at once where the command has Le, as at T=1 */
	bool get_response_8x;		/* GET RESPONSE with class 0x is 6E00 */
	unsigned int fci_len;		/* about so many bytes of FCI; 0: as few as there are */
};

#define FAKECARD_FEATURES (EUICC_FEATURE_FCI | EUICC_FEATURE_P2 | EUICC_FEATURE_BASIC | \
			   EUICC_FEATURE_WARM | EUICC_FEATURE_COLD | EUICC_FEATURE_EXTENDED)
/* For a transport that opens channels by itself: handles are FAKECARD_HANDLE + channel. */
#define FAKECARD_OWNED (EUICC_FEATURE_OWNED | EUICC_FEATURE_FCI | EUICC_FEATURE_P2)
#define FAKECARD_HANDLE 1000

/* What a request is. Bits, so that a rule can take several. */
enum fakecard_kind {
	FAKECARD_COMMAND = 1 << 0,	/* an APDU that is none of the next */
	FAKECARD_GET_RESPONSE = 1 << 1,
	FAKECARD_SELECT = 1 << 2,
	FAKECARD_MANAGE_OPEN = 1 << 3,
	FAKECARD_MANAGE_CLOSE = 1 << 4,
	FAKECARD_TERMINAL = 1 << 5,	/* TERMINAL CAPABILITY */
	FAKECARD_RESET = 1 << 6,
	FAKECARD_OPEN = 1 << 7,		/* the next two: with EUICC_FEATURE_OWNED alone */
	FAKECARD_CLOSE = 1 << 8,
	FAKECARD_CANCEL = 1 << 9,	/* logged; never answered, so never held */

	FAKECARD_APDU = (1 << 6) - 1,
	FAKECARD_ANY = (1 << 9) - 1,
};

/* A request that the card saw. */
struct fakecard_record {
	unsigned int order;		/* from 1, over the whole life of the card */
	uint32_t id;			/* of the kernel's message */
	enum fakecard_kind kind;
	unsigned int channel;		/* an APDU's, by its class byte, or by its handle */
	uint32_t handle;		/* of the kernel's message: RESET's kind, too */
	uint8_t head[24];		/* first bytes of the APDU */
	size_t len;			/* of the APDU */
	uint32_t tag;			/* of fakecard_command() and fakecard_read(), else 0 */
	bool answered;
	uint16_t sw;			/* where it was answered with one */
};

/* NULL, errno set and a line on stderr where there is no proxy or it refuses. OPTIONS may be
 * NULL. The ISD-R and all AIDs that begin with A0 are there; others are 6A82. */
struct fakecard *fakecard_new(const struct fakecard_options *options);
unsigned int fakecard_minor(const struct fakecard *card);

/* Its /dev/euiccN, opened; a test that cannot have it is over. */
int fakecard_client(const struct fakecard *card);

/* In a fork()ed child: its copy of the transport's end is closed. Nothing else of this header
 * works there. */
void fakecard_forked(struct fakecard *card);

/* Closes the transport's end: the device is gone when this returns. Once is enough. */
void fakecard_unplug(struct fakecard *card);
/* Unplugs, and frees. NULL is fine. */
void fakecard_free(struct fakecard *card);

/* --- rules: what happens to a request ------------------------------------------------- */

enum fakecard_action {
	FAKECARD_HOLD,			/* the card does it; the answer waits for fakecard_release() */
	FAKECARD_FAIL,			/* FAILED with errno VALUE; the card does nothing */
	FAKECARD_SILENT,		/* never answered */
	FAKECARD_SW,			/* the card does nothing, and answers VALUE */
	FAKECARD_BYTES,			/* the card does nothing, and answers BYTES */
	FAKECARD_UNPLUG,		/* the transport's end is closed with the request unanswered */
};

struct fakecard_rule {
	unsigned int kinds;		/* FAKECARD_*; 0: FAKECARD_ANY */
	uint32_t tag;			/* 0: any */
	unsigned int skip;		/* so many that match are let pass first */
	bool forever;			/* else the rule is gone when it was used */
	enum fakecard_action action;
	uint32_t value;
	const uint8_t *bytes;		/* BYTES: kept by the caller, SW1 SW2 included */
	size_t len;
};

/* The first rule that matches is used. At most 32 at a time. */
void fakecard_rule(struct fakecard *card, const struct fakecard_rule *rule);
void fakecard_no_rules(struct fakecard *card);

/* Holds the answer of the next request of KINDS after SKIP of them. */
void fakecard_hold(struct fakecard *card, unsigned int kinds, unsigned int skip);

/* Waits until an answer is held; false, with a line on stderr, after DEVICE_WAIT_MS.
 * RET may be NULL. */
bool fakecard_wait_held(struct fakecard *card, struct fakecard_record *ret);

/* Lets the oldest answer that is held go, or fails it with ERROR (0: as it was). False where
 * none was held. An answer that the kernel no longer wants goes as well: it must drop it. */
bool fakecard_release(struct fakecard *card, int error);

/* An event, with a payload (INSERTED: an ATR) or none. 0 or -errno. */
int fakecard_event(struct fakecard *card, uint32_t type, const void *payload, size_t len);

/* --- the log ------------------------------------------------------------------------- */

/* Requests seen so far. The log keeps the first 65536. */
unsigned int fakecard_count(struct fakecard *card);
/* Waits until so many have been seen. */
bool fakecard_wait_count(struct fakecard *card, unsigned int count);
/* Waits for the next request of KINDS after record FROM. RET may be NULL. */
bool fakecard_wait_record(struct fakecard *card, unsigned int from, unsigned int kinds,
			  struct fakecard_record *ret);

/* Record ORDER. False where there is none. */
bool fakecard_record(struct fakecard *card, unsigned int order, struct fakecard_record *ret);
/* How many records after FROM are of KINDS (0: any), and of TAG (0: any). RET, where it is not
 * NULL, is the last of them. */
unsigned int fakecard_seen(struct fakecard *card, unsigned int from, unsigned int kinds,
			   uint32_t tag, struct fakecard_record *ret);

/* Responses that were lost because another channel's APDU came before GET RESPONSE. */
unsigned int fakecard_lost(struct fakecard *card);
/* Channels that are open on the card, the basic one not counted. */
unsigned int fakecard_open_channels(struct fakecard *card);
/* The log on stdout, as comments. */
void fakecard_dump(struct fakecard *card);

/* --- commands that say what they want --------------------------------------------------- */

#define FAKECARD_COMMAND_MAX (10 + 65535)

/* 80 E2 with data: the card answers RESPONSE_LEN bytes that follow from TAG, and SW. PADDING
 * more bytes of data make it longer; LE adds an Le. Above 255 bytes of data it is an
 * extended-length APDU. The length of the APDU. */
size_t fakecard_command(uint8_t *apdu, uint32_t tag, uint16_t sw, uint16_t response_len,
			size_t padding, bool le);

/* 80 B0: LEN bytes (1 to 255) that follow from TAG (1 to 255); another LE than LEN is 6Cxx. */
size_t fakecard_read(uint8_t apdu[5], uint8_t tag, uint8_t len, uint8_t le);

/* Whether these are the bytes that TAG leads to. */
bool fakecard_is_response(uint32_t tag, const uint8_t *response, size_t len);

#endif
