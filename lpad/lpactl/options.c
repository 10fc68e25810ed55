/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing the command line. What is unknown, misplaced or malformed is refused, never ignored. */
#include "options.h"

#include "lpad/common/clock.h"

#include <esim/es10c.h>

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind {
	FLAG,
	TEXT,
	SPECIAL,
};

struct option_row {
	const char *name, *argument;
	unsigned verbs;
	enum kind kind;
	size_t offset;			/* FLAG, TEXT: in struct options */
	int (*set)(struct options *o, const char *value, struct esim_error *err);
	const char *help;
};

static int set_connect_to(struct options *o, const char *value, struct esim_error *err)
{
	if (o->connect_to_count == MAX_CONNECT_TO)
		return esim_error_set(err, ESIM_EINVAL, "at most %d --connect-to", MAX_CONNECT_TO);
	return esim_connect_to_parse(value, &o->connect_to[o->connect_to_count++], err);
}

static int set_clock(struct options *o, const char *value, struct esim_error *err)
{
	o->has_clock = true;
	return clock_parse(value, &o->clock, err);
}

static int set_remove(struct options *o, const char *value, struct esim_error *err)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || errno || number > UINT32_MAX)
		return esim_error_set(err, ESIM_EINVAL, "--remove takes a sequence number");
	o->has_remove = true;
	o->remove = (uint32_t)number;
	return 0;
}

static int set_reset_operational(struct options *o, const char *value, struct esim_error *err)
{
	(void)value, (void)err;
	o->reset_options |= ES10C_RESET_OPERATIONAL_PROFILES;
	return 0;
}

static int set_reset_test(struct options *o, const char *value, struct esim_error *err)
{
	(void)value, (void)err;
	o->reset_options |= ES10C_RESET_FIELD_LOADED_TEST_PROFILES;
	return 0;
}

static int set_reset_address(struct options *o, const char *value, struct esim_error *err)
{
	(void)value, (void)err;
	o->reset_options |= ES10C_RESET_DEFAULT_SMDP_ADDRESS;
	return 0;
}

#define OFFSET(member) FLAG, offsetof(struct options, member), NULL
#define TEXT_OF(member) TEXT, offsetof(struct options, member), NULL

static const struct option_row rows[] = {
	{ "code-file", "FILE", VERB_DOWNLOAD | VERB_SHOW_QR, TEXT_OF(code_file),
	  "the activation code; - is standard input" },
	{ "qr", "FILE", VERB_DOWNLOAD, TEXT_OF(qr), "a picture (PNG) of the activation code's QR code" },
	{ "smdp", "HOST", VERB_DOWNLOAD, TEXT_OF(smdp), "address of the SM-DP+, in place of a code" },
	{ "matching-id", "ID", VERB_DOWNLOAD, TEXT_OF(matching_id),
	  "matching id or event id, with --smdp" },
	{ "discover", NULL, VERB_DOWNLOAD, OFFSET(discover),
	  "take the first event of the SM-DS" },
	{ "smds", "HOST", VERB_DOWNLOAD | VERB_DISCOVER, TEXT_OF(smds),
	  "the SM-DS to ask; default: the eUICC's root" },
	{ "confirmation-code-file", "FILE", VERB_DOWNLOAD, TEXT_OF(confirmation_code_file),
	  "the confirmation code; - is standard input" },
	{ "imei", "DIGITS", VERB_DOWNLOAD | VERB_DISCOVER, TEXT_OF(imei),
	  "the device's IMEI; default: the modem's, if any" },
	{ "accept-ppr", NULL, VERB_DOWNLOAD, OFFSET(accept_ppr),
	  "agree to the operator's policy rules (PPR)" },
	{ "enable", NULL, VERB_DOWNLOAD, OFFSET(enable), "enable the profile when it is installed" },
	{ "yes", NULL, VERB_DOWNLOAD | VERB_DELETE | VERB_NOTIFICATIONS | VERB_RESET, OFFSET(yes),
	  "consent unasked, but never to policy rules" },
	{ "refresh", NULL, VERB_ENABLE | VERB_DISABLE | VERB_DOWNLOAD, OFFSET(refresh),
	  "let the card raise REFRESH; default: reset" },
	{ "send", NULL, VERB_NOTIFICATIONS, OFFSET(send),
	  "send what is pending, remove what arrived" },
	{ "remove", "SEQ", VERB_NOTIFICATIONS, SPECIAL, 0, set_remove, "drop one unsent" },
	{ "default", "HOST", VERB_ADDRESS, TEXT_OF(default_address),
	  "set the default SM-DP+; \"\" removes it" },
	{ "operational", NULL, VERB_RESET, SPECIAL, 0, set_reset_operational,
	  "delete all operational profiles" },
	{ "test", NULL, VERB_RESET, SPECIAL, 0, set_reset_test,
	  "delete test profiles loaded in the field" },
	{ "default-address", NULL, VERB_RESET, SPECIAL, 0, set_reset_address,
	  "set the default SM-DP+ back" },
	{ "nonce", "HEX", VERB_ATTEST, TEXT_OF(nonce), "what is signed, 8 to 64 bytes; default: random" },
	{ "png", "FILE", VERB_SHOW_QR, TEXT_OF(png), "write a picture, in place of the terminal" },
	{ "euicc", "WHICH", VERB_EUICC, TEXT_OF(euicc),
	  "of lpad's eUICCs: number, EID, or its beginning" },
	{ "device", "URI", VERB_CARD, TEXT_OF(device), "the card: /dev/euiccN, usb:…, pcsc:…, mbim:DEV, qmi:DEV, at:TTY, unix:PATH …" },
	{ "direct", NULL, VERB_DIRECT, OFFSET(direct), "never use lpad; --device implies it" },
	{ "json", NULL, VERB_ALL, OFFSET(json), "one JSON document on standard output" },
	{ "ci-roots", "DIR", VERB_DIRECT, TEXT_OF(ci_roots),
	  "trust these CIs, not the built-in ones" },
	{ "connect-to", "HOST:PORT:HOST:PORT", VERB_DIRECT, SPECIAL, 0, set_connect_to,
	  "reach the first at the second; repeatable" },
	{ "clock", "TIME", VERB_DIRECT, SPECIAL, 0, set_clock,
	  "the time of certificate checks (RFC 3339)" },
	{ "trace", "FILE", VERB_DIRECT, TEXT_OF(trace),
	  "a line per APDU and HTTP message; - stderr" },
	{ "trace-secrets", NULL, VERB_DIRECT, OFFSET(trace_secrets),
	  "write their contents too, secrets included" },
	{ "stats", NULL, VERB_DIRECT, OFFSET(stats), "what each step cost" },
	{ "help", NULL, VERB_ALL, OFFSET(help), "this text; after a verb: about it" },
	{ "version", NULL, VERB_ALL, OFFSET(version), "version and build" },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static bool given[ROW_COUNT];

static int apply(const struct option_row *row, struct options *o, const char *value,
		 struct esim_error *err)
{
	char *base = (char *)o;

	switch (row->kind) {
	case FLAG:
		*(bool *)(void *)(base + row->offset) = true;
		return 0;
	case TEXT:
		*(const char **)(void *)(base + row->offset) = value;
		return 0;
	case SPECIAL:
		return row->set(o, value, err);
	}
	return 0;
}

bool options_is_code(const char *word)
{
	return strncasecmp(word, "LPA:", 4) == 0 || strncmp(word, "1$", 2) == 0;
}

const char *options_quote(const char *word, char text[static MAX_QUOTED])
{
	const size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz-");

	if (len == 0 || len >= MAX_QUOTED || (word[len] && word[len] != '='))
		return "(not repeated here, it may be a secret)";
	memcpy(text, word, len);
	text[len] = '\0';
	return text;
}

static int refuse(const char *word, int failed, struct esim_error *err)
{
	char text[MAX_QUOTED];

	/* A short option is known by its letter, and none is a secret. */
	if (optopt)
		esim_error_set(err, ESIM_EINVAL, "unknown option: -%c", optopt);
	else
		esim_error_set(err, ESIM_EINVAL, failed == ':' ? "%s wants a value" :
			       "unknown or wrongly used option: %s", options_quote(word, text));
	esim_error_advise(err, "lpactl --help lists the options; their names are not abbreviated");
	return ESIM_EINVAL;
}

/* The word that getopt_long() has just taken an option from. */
static const char *word_of_option(char **argv)
{
	return optarg && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
}

/* getopt_long() takes abbreviations: what was meant as one option would be taken for another. */
static bool is_whole_name(const char *word, const char *name)
{
	const size_t len = strlen(name);

	return strncmp(word + 2, name, len) == 0 && (!word[2 + len] || word[2 + len] == '=');
}

/* How an error of the command line itself is written hangs on one of its options. */
static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

int options_parse(int argc, char **argv, struct options *ret, struct esim_error *err)
{
	struct option table[ROW_COUNT + 1] = { 0 };
	struct options o = { 0 };
	int found, row, rc;

	*ret = (struct options){ .json = wants_json(argc, argv) };

	for (size_t i = 0; i < ROW_COUNT; i++) {
		table[i].name = rows[i].name;
		table[i].has_arg = rows[i].argument ? required_argument : no_argument;
		table[i].val = 0;
	}
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":h", table, &row)) != -1) {
		if (found == 'h') {
			o.help = true;
			continue;
		}
		if (found != 0)
			return refuse(argv[optind - 1], found, err);
		if (!is_whole_name(word_of_option(argv), rows[row].name))
			return refuse(word_of_option(argv), '?', err);
		if (optarg && options_is_code(optarg))
			return esim_error_set(err, ESIM_EINVAL, "--%s does not take an activation code",
					      rows[row].name);
		if (given[row] && rows[row].kind == TEXT)
			return esim_error_set(err, ESIM_EINVAL, "--%s was given twice",
					      rows[row].name);
		given[row] = true;
		rc = apply(&rows[row], &o, optarg, err);
		if (rc)
			return rc;
	}
	if (optind < argc)
		o.verb = argv[optind++];
	o.arguments = argv + optind;
	o.argument_count = argc - optind;
	*ret = o;
	return 0;
}

const char *options_direct(void)
{
	static const char *const names[] = {
		"direct", "device", "ci-roots", "connect-to", "clock", "trace", "trace-secrets", "imei",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t row = 0; row < ROW_COUNT; row++)
			if (given[row] && strcmp(rows[row].name, names[i]) == 0)
				return names[i];
	return NULL;
}

int options_check_verb(unsigned bit, struct esim_error *err)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (given[i] && !(rows[i].verbs & bit))
			return esim_error_set(err, ESIM_EINVAL, "--%s does not belong to this verb",
					      rows[i].name);
	return 0;
}

/* Of every verb that it can mean something to. */
static bool is_common(const struct option_row *row)
{
	return (row->verbs & VERB_EUICC) == VERB_EUICC;
}

static void print_row(const struct option_row *row)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", row->name, row->argument ? " " : "",
		 row->argument ? row->argument : "");
	printf("  %-33s %s\n", left, row->help);
}

void options_print(unsigned bit)
{
	bool any = false;

	for (size_t i = 0; bit && i < ROW_COUNT; i++) {
		if (is_common(&rows[i]) || !(rows[i].verbs & bit))
			continue;
		if (!any)
			printf("\nOptions of this verb:\n");
		any = true;
		print_row(&rows[i]);
	}
	printf("\nOptions of every verb:\n");
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (is_common(&rows[i]) && (!bit || rows[i].verbs & bit))
			print_row(&rows[i]);
}
