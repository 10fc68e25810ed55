/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a command ends; see results.h. */
#include "results.h"

#include <esim/text.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct cme {
	int number;
	const char *name;		/* TS 27.007, 9.2.1 to 9.2.3 */
	int code;
};

static const char busy_advice[] = "Try again in a moment; a modem that stays so needs a reset.";

static const struct cme cmes[] = {
	{ 0, "phone failure", ESIM_EIO },
	{ 1, "no connection to phone", ESIM_EIO },
	{ 2, "phone-adaptor link reserved", ESIM_EBUSY },
	{ 3, "operation not allowed", ESIM_EREFUSED },
	{ 4, "operation not supported", ESIM_ENOTSUP },
	{ 5, "PH-SIM PIN required", ESIM_EIO },
	{ 10, "SIM not inserted", ESIM_ENODEV },
	{ 11, "SIM PIN required", ESIM_EIO },
	{ 12, "SIM PUK required", ESIM_EIO },
	{ 13, "SIM failure", ESIM_ENODEV },
	{ 14, "SIM busy", ESIM_EBUSY },
	{ 15, "SIM wrong", ESIM_ENODEV },
	{ 16, "incorrect password", ESIM_EIO },
	{ 17, "SIM PIN2 required", ESIM_EIO },
	{ 18, "SIM PUK2 required", ESIM_EIO },
	{ 20, "memory full", ESIM_EBUSY },
	{ 21, "invalid index", ESIM_ESTALE },
	{ 22, "not found", ESIM_ENOENT },
	{ 23, "memory failure", ESIM_EIO },
	{ 24, "text string too long", ESIM_ETOOBIG },
	{ 25, "invalid characters in text string", ESIM_EIO },
	{ 26, "dial string too long", ESIM_ETOOBIG },
	{ 27, "invalid characters in dial string", ESIM_EIO },
	{ 30, "no network service", ESIM_EIO },
	{ 31, "network timeout", ESIM_EIO },
	{ 32, "network not allowed - emergency calls only", ESIM_EIO },
	{ 48, "hidden key required", ESIM_EIO },
	{ 49, "EAP method not supported", ESIM_EIO },
	{ 50, "incorrect parameters", ESIM_EIO },
	{ 51, "command implemented but currently disabled", ESIM_EREFUSED },
	{ 52, "command aborted by user", ESIM_EIO },
	{ 53, "not attached to network due to MT functionality restrictions", ESIM_EIO },
	{ 100, "unknown", ESIM_EIO },
};

static const struct cme *find_cme(int number)
{
	for (size_t i = 0; i < sizeof(cmes) / sizeof(cmes[0]); i++)
		if (cmes[i].number == number)
			return &cmes[i];
	return NULL;
}

const char *at_cme_name(int cme)
{
	const struct cme *known = find_cme(cme);

	return known ? known->name : NULL;
}

/* "14" or, from a modem that was told AT+CMEE=2, "SIM busy". */
static void parse_cme(const char *text, struct at_result *ret)
{
	const size_t digits = strspn(text, "0123456789");

	ret->final = AT_CME;
	if (digits > 0 && digits <= 5 && text[digits] == '\0') {
		ret->cme = atoi(text);
		return;
	}
	for (size_t i = 0; i < sizeof(cmes) / sizeof(cmes[0]); i++)
		if (strcasecmp(text, cmes[i].name) == 0)
			ret->cme = cmes[i].number;
	esim_text_printable(text, strlen(text), ret->text, sizeof(ret->text));
}

static const struct {
	const char *line;
	enum at_final final;
} words[] = {
	{ "OK", AT_OK },
	{ "ERROR", AT_ERROR },
	{ "BUSY", AT_BUSY },
	{ "COMMAND NOT SUPPORT", AT_UNKNOWN },
	{ "COMMAND NOT SUPPORTED", AT_UNKNOWN },
	{ "NOT SUPPORTED", AT_UNKNOWN },
	{ "UNKNOWN COMMAND", AT_UNKNOWN },
	{ "TOO MANY PARAMETERS", AT_ERROR },
};

bool at_result_parse(const char *line, struct at_result *ret)
{
	static const char *const names[] = { "+CME ERROR", "+CMS ERROR" };

	*ret = (struct at_result){ .cme = AT_CME_NONE };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(line, words[i].line) == 0) {
			ret->final = words[i].final;
			return true;
		}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = line + strlen(names[i]);

		if (strncasecmp(line, names[i], strlen(names[i])) != 0)
			continue;
		parse_cme(text + strspn(text, ": "), ret);
		/* CMS's numbers are others (TS 27.005, 3.2.5). */
		if (i == 1)
			*ret = (struct at_result){ .final = AT_ERROR, .cme = AT_CME_NONE };
		return true;
	}
	return false;
}

bool at_says_nothing(const struct at_parser *parser)
{
	return parser->final == AT_ERROR ||
	       (parser->final == AT_CME && (parser->cme == 100 || parser->cme == 0 || parser->cme == 50 ||
					    parser->cme == AT_CME_NONE));
}

static int refused_by_number(struct esim_error *err, const char *what, const struct at_parser *parser)
{
	const struct cme *known = find_cme(parser->cme);
	const int code = known ? known->code : ESIM_EIO;

	if (known)
		esim_error_set(err, code, "%s: the modem answers +CME ERROR: %d (%s)", what, parser->cme, known->name);
	else if (parser->cme != AT_CME_NONE)
		esim_error_set(err, code, "%s: the modem answers +CME ERROR: %d", what, parser->cme);
	else
		esim_error_set(err, code, "%s: the modem answers +CME ERROR: %s", what, parser->cme_text);
	if (code == ESIM_EBUSY)
		esim_error_advise(err, "%s", busy_advice);
	return code;
}

int at_refused(struct esim_error *err, const char *what, const struct at_parser *parser)
{
	switch (parser->final) {
	case AT_CME:
		return refused_by_number(err, what, parser);
	case AT_UNKNOWN:
		return esim_error_set(err, ESIM_ENOTSUP, "%s: the modem has no such command", what);
	case AT_BUSY:
		esim_error_set(err, ESIM_EBUSY, "%s: the modem is busy", what);
		esim_error_advise(err, "%s", busy_advice);
		return ESIM_EBUSY;
	case AT_OK:
		return esim_error_set(err, ESIM_EPROTO, "%s: the modem's answer cannot be understood", what);
	case AT_PENDING:
	case AT_ERROR:
		break;
	}
	return esim_error_set(err, ESIM_EIO, "%s: the modem answers ERROR and no more", what);
}
