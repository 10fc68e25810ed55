/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a modem says on an AT port (ITU-T V.250; 3GPP TS 27.007), line by line: which line answers the command
 * under way, which ends it, which comes unasked. No I/O and no clock. Modems differ in echo, line ends, blanks,
 * quotes, and whether an answer has its command's name before it; all of that is taken.
 */
#ifndef AT_PARSER_H
#define AT_PARSER_H

#include <esim/bytes.h>
#include <esim/limits.h>

#define AT_MAX_LINE	(2 * ESIM_MAX_RESPONSE + 64)	/* the longest answer of a card, in hex */
#define AT_MAX_TOTAL	(4 * AT_MAX_LINE)		/* between a command and its end */
#define AT_LATE_SIZE	64

/* What an answer looks like, by which it is known where its name is not there. */
enum at_shape {
	AT_SHAPE_NONE,			/* no line; one with the name alone is taken */
	AT_SHAPE_NUMBER,		/* 1 */
	AT_SHAPE_APDU,			/* 4,"9000" */
	AT_SHAPE_FILE,			/* 144,0,"98…" */
	AT_SHAPE_DIGITS,		/* 490154203237518, an ICCID with its F */
	AT_SHAPE_TEXT,
};

struct at_expect {
	const char *command;		/* as it was sent, for its echo; borrowed */
	const char *name;		/* "+CCHO"; NULL: it has none */
	enum at_shape shape;
};

enum at_final {
	AT_PENDING,
	AT_OK,
	AT_ERROR,			/* no more than that */
	AT_CME,				/* with a number, or a text */
	AT_UNKNOWN,			/* the modem says that there is no such command */
	AT_BUSY,
};

#define AT_CME_NONE (-1)

struct at_parser {
	struct esim_buf line;		/* what has come of one */
	bool too_long;			/* and is skipped to its end */
	size_t total;

	struct at_expect expect;
	bool listening;			/* a command is under way */
	enum at_final final;
	int cme;			/* of AT_CME; AT_CME_NONE: a text of the modem's own */
	char cme_text[48];		/* printable */
	unsigned answers;
	struct esim_buf answer;		/* the first, without its name */

	/* Came though nothing of the kind was asked: an answer that is late, or twice. */
	bool stray;
	/* An answer of this kind is still owed by a command that was given up; what came of it. */
	const char *late_name;
	enum at_shape late_shape;
	char late[AT_LATE_SIZE];	/* "": it has not come */
	bool card_news;			/* a line that comes unasked when something is new with the card */
};

void at_parser_init(struct at_parser *parser);
void at_parser_clear(struct at_parser *parser);

/* A command goes out: its answer is expected. NULL: none is, all that comes is unasked. */
void at_parser_begin(struct at_parser *parser, const struct at_expect *expect);

/*
 * Take bytes, in whatever pieces, until the command has its end (parser->final); returns how many. What is
 * behind belongs to the next. ESIM_ETOOBIG: more came than any answer has.
 */
int at_parser_feed(struct at_parser *parser, struct esim_slice bytes, size_t *ret_taken);

/* --- values.c: what an answer says, its name taken off. ESIM_EPROTO: it is not of that shape ------------------- */

/* Does @text look like that? */
bool at_has_shape(const char *text, enum at_shape shape);

int at_value_number(const char *text, unsigned max, unsigned *ret);
/* Appended to @response, two bytes at least. The length counts characters. */
int at_value_apdu(const char *text, struct esim_buf *response);
int at_value_file(const char *text, uint16_t *ret_sw, struct esim_buf *data);
/* Digits with their quotes taken off, and what may follow (",1"); ESIM_ETOOBIG. */
int at_value_digits(const char *text, char *ret, size_t size);
/* Quotes taken off, printable. */
void at_value_text(const char *text, char *ret, size_t size);

#endif
