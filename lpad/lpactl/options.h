/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of lpactl: one table of options, each with the verbs that take it. */
#ifndef LPACTL_OPTIONS_H
#define LPACTL_OPTIONS_H

#include <esim/error.h>
#include <esim/http.h>

#include <stdbool.h>
#include <stdint.h>

enum verb_bit {
	VERB_INFO = 1 << 0,
	VERB_PROFILES = 1 << 1,
	VERB_DOWNLOAD = 1 << 2,
	VERB_ENABLE = 1 << 3,
	VERB_DISABLE = 1 << 4,
	VERB_DELETE = 1 << 5,
	VERB_RENAME = 1 << 6,
	VERB_NOTIFICATIONS = 1 << 7,
	VERB_ADDRESS = 1 << 8,
	VERB_DISCOVER = 1 << 9,
	VERB_RESET = 1 << 10,
	VERB_APDU = 1 << 11,
	VERB_DEVICES = 1 << 12,
	VERB_ATTEST = 1 << 13,
	VERB_CHECK_EVENTS = 1 << 14,
	VERB_MONITOR = 1 << 15,
	VERB_SHOW_QR = 1 << 16,
};
#define VERB_ALL (~0u)
/* each that has a card */
#define VERB_CARD (~(unsigned)(VERB_DEVICES | VERB_CHECK_EVENTS | VERB_MONITOR | VERB_SHOW_QR))
#define VERB_DIRECT (VERB_CARD | VERB_DEVICES)			/* each that can go without lpad */
#define VERB_EUICC (VERB_CARD & ~(unsigned)VERB_APDU)		/* each that lpad does on one of its eUICCs */

#define MAX_CONNECT_TO 8

struct options {
	/* everywhere */
	const char *device, *euicc, *ci_roots, *trace;
	struct esim_connect_to connect_to[MAX_CONNECT_TO];
	size_t connect_to_count;
	bool direct, json, trace_secrets, stats, help, version;
	bool has_clock;
	int64_t clock;
	/* of single verbs */
	const char *code_file, *smdp, *matching_id, *smds, *confirmation_code_file, *imei;
	const char *default_address, *qr, *png, *nonce;
	bool yes, accept_ppr, discover, enable, refresh, send;
	bool has_remove;
	uint32_t remove;
	unsigned reset_options;		/* enum es10c_reset_options */
	/* what is no option: the verb, and what it is about */
	const char *verb;
	char **arguments;
	int argument_count;
};

/* ESIM_EINVAL with a sentence that names the argument; ret->json is right also then. Moves argv's elements. */
int options_parse(int argc, char **argv, struct options *ret, struct esim_error *err);

/* Does @word begin like an activation code? */
bool options_is_code(const char *word);

/*
 * @word of a command line that was refused, for a message: a mistyped line may hold
 * a code anywhere, so a word is repeated that looks like a verb or an option alone,
 * without the value after `=`.
 */
#define MAX_QUOTED 32
const char *options_quote(const char *word, char text[static MAX_QUOTED]);

/* The first option that was given and that only a direct run can follow; NULL: none. */
const char *options_direct(void);

/* Are all options that were given for the verb with @bit? */
int options_check_verb(unsigned bit, struct esim_error *err);

/* The part of a help text that lists the options of @bit, and those of every verb. */
void options_print(unsigned bit);

#endif
