/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a modem says on an AT port, and the values in it. The first byte chooses what is asked for, the second how large
 * the pieces are that the rest comes in: in whatever pieces, it says the same.
 */
#include "modem/at/results.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct at_expect expectations[] = {
	{ "AT+CCHO=\"A000\"", "+CCHO", AT_SHAPE_NUMBER }, { "AT+CGLA=1,4,\"00A4\"", "+CGLA", AT_SHAPE_APDU },
	{ "AT+CSIM=4,\"00A4\"", "+CSIM", AT_SHAPE_APDU }, { "AT+CRSM=176,12258,0,0,10", "+CRSM", AT_SHAPE_FILE },
	{ "AT+CGSN", "+CGSN", AT_SHAPE_DIGITS }, { "AT+CGMM", "+CGMM", AT_SHAPE_TEXT }, { "AT+CCHC=1", "+CCHC", AT_SHAPE_NONE },
	{ .command = "AT" },
};

#define require(what) do { if (!(what)) abort(); } while (0)

static void read_values(const char *text)
{
	struct esim_buf bytes = ESIM_BUF_INIT;
	char digits[24], line[40];
	unsigned number;
	uint16_t sw;

	if (!at_value_number(text, 19, &number))
		require(number <= 19);
	if (!at_value_apdu(text, &bytes))
		require(bytes.len >= 2 && 2 * bytes.len <= strlen(text));
	at_value_file(text, &sw, &bytes);
	if (!at_value_digits(text, digits, sizeof(digits)))
		require(strlen(digits) >= 14);
	at_value_text(text, line, sizeof(line));
	for (int shape = AT_SHAPE_NONE; shape <= AT_SHAPE_TEXT; shape++)
		at_has_shape(text, (enum at_shape)shape);
	esim_buf_free(&bytes);
}

static void hear(struct at_parser *parser, const struct at_expect *expect, const uint8_t *data, size_t size, size_t piece)
{
	struct esim_error err;
	size_t taken = 0;

	at_parser_init(parser);
	parser->late_name = "+CCHO";
	parser->late_shape = AT_SHAPE_NUMBER;
	at_parser_begin(parser, expect);
	for (size_t at = 0; at < size && parser->final == AT_PENDING; at += taken) {
		const size_t len = size - at < piece ? size - at : piece;

		if (at_parser_feed(parser, esim_slice(data + at, len), &taken))
			break;
		require(taken == len || parser->final != AT_PENDING);
	}
	require(strlen(parser->late) < AT_LATE_SIZE);
	if (parser->final != AT_PENDING)
		at_refused(&err, "AT", parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct at_expect *expect;
	struct at_parser whole, pieces;

	if (size < 2)
		return 0;
	expect = &expectations[data[0] % (sizeof(expectations) / sizeof(expectations[0]))];
	hear(&whole, expect, data + 2, size - 2, SIZE_MAX);
	hear(&pieces, expect, data + 2, size - 2, 1 + data[1] % 16);
	require(whole.final == pieces.final && whole.answers == pieces.answers && whole.cme == pieces.cme);
	require(whole.stray == pieces.stray && whole.card_news == pieces.card_news);
	require(esim_slice_equal(esim_buf_slice(&whole.answer), esim_buf_slice(&pieces.answer)));
	if (whole.answer.len)
		read_values((const char *)whole.answer.data);
	at_parser_clear(&whole);
	at_parser_clear(&pieces);
	return 0;
}
