/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem says of itself (TS 27.007, 5.1 to 5.4). What it does not say, or says wrongly, stays empty. */
#include "at.h"

#include "results.h"

#include <stdio.h>
#include <string.h>

#define IMEI_DIGITS 15

/* TS 23.003, annex B: the sum of the digits, every second one doubled, ends in 0. */
static bool is_imei(const char *digits)
{
	unsigned sum = 0;

	if (strlen(digits) != IMEI_DIGITS || strspn(digits, "0123456789") != IMEI_DIGITS ||
	    strspn(digits, "0") == IMEI_DIGITS)
		return false;
	for (int i = 0; i < IMEI_DIGITS; i++) {
		unsigned digit = (unsigned)(digits[i] - '0') << (i % 2);

		sum += digit > 9 ? digit - 9 : digit;
	}
	return sum % 10 == 0;
}

/* The modem's no is none of ours; a way that fails is. */
static int ask(struct at *at, const char *line, const char *name, enum at_shape shape, struct esim_error *err)
{
	const struct at_request request = { line, name, shape };
	int r = at_command(at, line, &request, AT_TIMEOUT_MS, err);

	return r == ESIM_ENODEV && !at_has_refused(at) ? r : r == ESIM_ECANCELED ? r : r ? ESIM_ENOENT : 0;
}

static int ask_text(struct at *at, const char *const lines[2], char *ret, size_t size, struct esim_error *err)
{
	int r = ESIM_ENOENT;

	for (int i = 0; r == ESIM_ENOENT && i < 2; i++)
		r = ask(at, lines[i], lines[i] + 2, AT_SHAPE_TEXT, err);
	if (!r)
		at_value_text(at_answer(at), ret, size);
	return r == ESIM_ENOENT ? 0 : r;
}

static int ask_imei(struct at *at, struct esim_error *err)
{
	static const char *const lines[] = { "AT+CGSN", "AT+GSN" };
	char digits[24];
	int r = ESIM_ENOENT;

	for (int i = 0; r == ESIM_ENOENT && i < 2; i++) {
		r = ask(at, lines[i], lines[i] + 2, AT_SHAPE_DIGITS, err);
		if (!r && (at_value_digits(at_answer(at), digits, sizeof(digits)) || !is_imei(digits)))
			r = ESIM_ENOENT;
	}
	if (!r)
		snprintf(at->facts.imei, sizeof(at->facts.imei), "%.15s", digits);
	return r == ESIM_ENOENT ? 0 : r;
}

int at_facts_read(struct at *at, struct esim_error *err)
{
	static const char *const maker[] = { "AT+CGMI", "AT+GMI" }, *const model[] = { "AT+CGMM", "AT+GMM" },
				*const firmware[] = { "AT+CGMR", "AT+GMR" };
	struct esim_modem_facts *facts = &at->facts;
	int r;

	modem_identity_facts(&at->identity, facts);
	r = ask_text(at, maker, facts->manufacturer, sizeof(facts->manufacturer), err);
	if (!r)
		r = ask_text(at, model, facts->model, sizeof(facts->model), err);
	if (!r)
		r = ask_text(at, firmware, facts->firmware, sizeof(facts->firmware), err);
	if (!r)
		r = ask_imei(at, err);
	return r ? r : quirks_load_of(&at->identity, QUIRK_AT, facts->firmware, &at->quirks, err);
}

int at_facts(void *priv, struct esim_modem_facts *ret, struct esim_error *err)
{
	struct at *at = priv;
	int r = at->facts.imei[0] ? 0 : ask_imei(at, err);

	if (!r)
		*ret = at->facts;
	return r;
}
