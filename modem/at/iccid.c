/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the modem takes its card for. Each maker has a command of its own for that, which tells the digits as they are
 * printed; AT+CRSM (TS 27.007, 8.18) reads EF.ICCID itself, whose digits are swapped. The one that works is kept.
 */
#include "at.h"

#include "results.h"

#include "libesim/src/deadline.h"

#include <ctype.h>
#include <string.h>

static const struct way {
	const char *line, *name;
	enum at_shape shape;
} ways[] = {
	{ "AT+CCID", "+CCID", AT_SHAPE_DIGITS },
	{ "AT+ICCID", "+ICCID", AT_SHAPE_DIGITS },
	{ "AT^ICCID?", "^ICCID", AT_SHAPE_DIGITS },
	{ "AT+QCCID", "+QCCID", AT_SHAPE_DIGITS },
	{ "AT#CCID", "#CCID", AT_SHAPE_DIGITS },
	/* Last, since it tells for sure that there is none. */
	{ "AT+CRSM=176,12258,0,0,10", "+CRSM", AT_SHAPE_FILE },
};

#define COUNT (sizeof(ways) / sizeof(ways[0]))

/* ICCIDs begin with 89 (ITU-T E.118): one that begins with 98 has its nibbles swapped. */
static int take_digits(const char *value, struct esim_iccid *ret)
{
	char digits[ESIM_ICCID_DIGITS + 2];
	uint8_t wire[ESIM_ICCID_SIZE];
	size_t len;

	if (at_value_digits(value, digits, sizeof(digits)))
		return ESIM_EPROTO;
	len = strlen(digits);
	if (len == 2 * ESIM_ICCID_SIZE && strncmp(digits, "98", 2) == 0 &&
	    !esim_hex_decode(digits, wire, sizeof(wire), &len))
		return esim_iccid_from_wire(esim_slice(wire, len), ret);
	while (len > 0 && toupper((unsigned char)digits[len - 1]) == 'F')
		digits[--len] = '\0';
	return esim_iccid_parse(digits, ret) ? ESIM_EPROTO : 0;
}

/* Of what is not swapped though it should be, its first digits tell. */
static int take_file(const char *value, struct esim_iccid *ret)
{
	struct esim_buf data = ESIM_BUF_INIT;
	char digits[ESIM_ICCID_DIGITS + 1];
	struct esim_iccid iccid;
	uint16_t sw;
	int r = at_value_file(value, &sw, &data);

	if (!r && sw != 0x9000 && sw >> 8 != 0x91)
		r = ESIM_ENOENT;
	else if (!r)
		r = esim_iccid_from_wire(esim_buf_slice(&data), &iccid);
	if (!r && data.data[0] == 0x89) {
		char text[2 * ESIM_ICCID_SIZE + 1];

		esim_hex_encode(esim_buf_slice(&data), text);
		r = take_digits(text, &iccid);
	}
	if (!r && esim_iccid_format(&iccid, digits))
		r = ESIM_EPROTO;
	/* A card without a profile may have the file, and nothing in it. */
	else if (!r && !digits[0])
		r = ESIM_ENOENT;
	if (!r)
		*ret = iccid;
	esim_buf_free(&data);
	return r;
}

static int ask(struct at *at, const struct way *way, struct esim_iccid *ret, unsigned timeout_ms,
	       struct esim_error *err)
{
	const struct at_request request = { way->line, way->name, way->shape };
	int r = at_command(at, way->line, &request, timeout_ms, err);

	if (r)
		return r;
	r = way->shape == AT_SHAPE_FILE ? take_file(at_answer(at), ret) : take_digits(at_answer(at), ret);
	if (r == ESIM_ENOENT)
		return esim_error_set(err, r, "the modem finds no ICCID on its card: no profile is enabled");
	return r ? esim_error_set(err, ESIM_EPROTO, "%s: the modem's answer is malformed: \"%.40s\"", way->line,
				  at_answer(at)) : 0;
}

/* Not the way, nor the card's absence: another command may know more. */
static bool asks_on(const struct at *at, int code)
{
	return code && code != ESIM_EBUSY && at_has_refused(at) && !(code == ESIM_ENODEV && at->parser.cme == 10);
}

/* None of the commands has told: does the modem take the card for ready? */
static int judge(struct at *at, unsigned timeout_ms, struct esim_error *err)
{
	static const struct at_request pin = { "AT+CPIN?", "+CPIN", AT_SHAPE_TEXT };
	int r = at_command(at, "AT+CPIN?", &pin, timeout_ms, err);

	if (!r)
		return esim_error_set(err, ESIM_ENOENT, "the modem tells no ICCID of its card");
	return r == ESIM_EBUSY || (at_has_refused(at) && at_says_nothing(&at->parser)) ?
		esim_error_set(err, ESIM_EBUSY, "the modem is not ready with its card") : r;
}

/* ESIM_ENODEV is for a modem that left; a card that it does not see is no news of that. */
static int say(const struct at *at, int code, struct esim_error *err)
{
	if (!code || !at_has_refused(at))
		return code;
	if (at->parser.cme == 13)
		code = ESIM_EBUSY;
	else if (code == ESIM_ENODEV)
		code = ESIM_ENOENT;
	if (err)
		err->code = code;
	return code;
}

int at_iccid(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err)
{
	struct at *at = priv;
	const uint64_t deadline = deadline_in(timeout_ms);
	int r = ESIM_ENOENT;

	for (size_t i = 0; i < COUNT; i++) {
		if (at->iccid_command && strcmp(at->iccid_command, ways[i].line) != 0)
			continue;
		r = ask(at, &ways[i], ret, (unsigned)deadline_left_ms(deadline), err);
		if (!r)
			at->iccid_command = ways[i].line;
		if (!r || !asks_on(at, r))
			return say(at, r, err);
	}
	if (at->iccid_command) {
		/* It worked before: without a profile it may be what fails, and AT+CRSM says so. */
		r = ask(at, &ways[COUNT - 1], ret, (unsigned)deadline_left_ms(deadline), err);
		if (!r || !asks_on(at, r))
			return say(at, r, err);
	}
	return say(at, judge(at, (unsigned)deadline_left_ms(deadline), err), err);
}

int at_wait(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	return at_listen(priv, timeout_ms, err);
}
