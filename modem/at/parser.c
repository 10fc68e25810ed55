/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a modem, told apart; see parser.h. */
#include "parser.h"

#include "results.h"

#include <esim/error.h>
#include <esim/text.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void at_parser_init(struct at_parser *parser)
{
	*parser = (struct at_parser){
		.line = ESIM_BUF_INIT_MAX(AT_MAX_LINE + 1), .answer = ESIM_BUF_INIT_MAX(AT_MAX_LINE + 1),
	};
}

void at_parser_clear(struct at_parser *parser)
{
	esim_buf_free(&parser->line);
	esim_buf_free(&parser->answer);
}

void at_parser_begin(struct at_parser *parser, const struct at_expect *expect)
{
	static const struct at_expect none;

	parser->expect = expect ? *expect : none;
	parser->listening = expect != NULL;
	parser->final = AT_PENDING;
	parser->cme = AT_CME_NONE;
	parser->cme_text[0] = '\0';
	parser->answers = 0;
	parser->total = 0;
	esim_buf_reset(&parser->answer);
}

/* --- what a line is ---------------------------------------------------------------------------------- */

/* Behind "NAME", blanks, a colon and blanks; NULL: @line is not of that name. */
static const char *behind_name(const char *line, const char *name)
{
	if (!name || strncasecmp(line, name, strlen(name)) != 0)
		return NULL;
	line += strlen(name);
	line += strspn(line, " ");
	if (*line == '\0')
		return line;
	return *line == ':' ? line + 1 + strspn(line + 1, " ") : NULL;
}

/* What modems say by themselves, without a mark at its beginning. */
static bool is_announcement(const char *line)
{
	static const char *const words[] = {
		"RING", "NO CARRIER", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE", "RDY", "READY", "CALL READY",
		"SMS READY", "PB DONE", "SMS DONE", "SIM READY", "POWERED DOWN", "NORMAL POWER DOWN", "OK READY",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(line, words[i]) == 0)
			return true;
	return strncasecmp(line, "CONNECT", 7) == 0;
}

static bool is_marked(const char *line)
{
	return strchr("+^*#%!$&@_", line[0]) != NULL;
}

static bool is_card_news(const char *line)
{
	static const char *const parts[] = { "CPIN", "SIM", "UICC", "STK", "USAT", "STIN", "+STC" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcasestr(line, parts[i]))
			return true;
	return false;
}

/* Answers that no modem gives unasked. */
static bool is_card_answer(const char *line)
{
	static const char *const names[] = { "+CCHO", "+CCHC", "+CGLA", "+CSIM", "+CRSM" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (behind_name(line, names[i]))
			return true;
	return at_has_shape(line, AT_SHAPE_APDU);
}

/* The value, where @line is of that @name and @shape, or of the shape alone. */
static const char *answer_of(const char *line, const char *name, enum at_shape shape)
{
	const char *value = behind_name(line, name);

	if (value)
		return value;
	return !is_marked(line) && !is_announcement(line) && at_has_shape(line, shape) ? line : NULL;
}

/* --- one line ----------------------------------------------------------------------------------------- */

static void take_final(struct at_parser *parser, const struct at_result *result)
{
	parser->final = result->final;
	parser->cme = result->cme;
	esim_text_printable(result->text, strlen(result->text), parser->cme_text, sizeof(parser->cme_text));
}

static void take_answer(struct at_parser *parser, const char *value)
{
	/* A line with the name alone answers nothing where a value is expected, and all where none is. */
	if (parser->expect.shape == AT_SHAPE_NONE)
		return;
	if (parser->answers++ == 0)
		esim_buf_append(&parser->answer, value, strlen(value) + 1);
}

static void take_late(struct at_parser *parser, const char *line)
{
	const char *value = parser->late_name ? answer_of(line, parser->late_name, parser->late_shape) : NULL;

	if (value && strlen(value) < sizeof(parser->late))
		strcpy(parser->late, value);
}

/* An echo that was cut, by a modem that cuts lines, is one too. */
static bool is_echo(const struct at_parser *parser, const char *line)
{
	const char *command = parser->expect.command;

	return parser->listening && command && strlen(line) >= 2 && strncasecmp(line, command, strlen(line)) == 0;
}

static void take_unasked(struct at_parser *parser, const char *line)
{
	if (is_card_answer(line)) {
		parser->stray = true;
		take_late(parser, line);
	} else if (is_card_news(line)) {
		parser->card_news = true;
	} else {
		take_late(parser, line);
	}
}

static void take_line(struct at_parser *parser, const char *line)
{
	const char *value;
	struct at_result result;

	if (is_echo(parser, line))
		return;
	if (at_result_parse(line, &result)) {
		if (parser->listening)
			take_final(parser, &result);
		else
			parser->stray = true;
		return;
	}
	value = parser->listening ? answer_of(line, parser->expect.name, parser->expect.shape) : NULL;
	if (value)
		take_answer(parser, value);
	else
		take_unasked(parser, line);
}

/* --- bytes ----------------------------------------------------------------------------------------------- */

static void end_line(struct at_parser *parser)
{
	const bool usable = !parser->too_long && parser->line.len > 0;

	if (usable)
		esim_buf_append_byte(&parser->line, '\0');
	if (usable && !esim_buf_failed(&parser->line)) {
		char *line = (char *)parser->line.data;

		line += strspn(line, " \t");
		for (size_t len = strlen(line); len > 0 && strchr(" \t", line[len - 1]); len--)
			line[len - 1] = '\0';
		if (*line)
			take_line(parser, line);
	}
	parser->too_long = false;
	esim_buf_reset(&parser->line);
}

static void take_byte(struct at_parser *parser, uint8_t byte)
{
	if (byte == '\r' || byte == '\n') {
		end_line(parser);
	} else if (byte && !parser->too_long) {
		if (parser->line.len < AT_MAX_LINE)
			esim_buf_append_byte(&parser->line, byte);
		else
			parser->too_long = true;
	}
}

int at_parser_feed(struct at_parser *parser, struct esim_slice bytes, size_t *ret_taken)
{
	size_t taken = 0;

	while (taken < bytes.len && !(parser->listening && parser->final != AT_PENDING)) {
		take_byte(parser, bytes.data[taken++]);
		if (esim_buf_failed(&parser->line))
			break;
	}
	*ret_taken = taken;
	parser->total += taken;
	if (esim_buf_failed(&parser->line) || esim_buf_failed(&parser->answer))
		return ESIM_ENOMEM;
	return parser->listening && parser->total > AT_MAX_TOTAL ? ESIM_ETOOBIG : 0;
}
