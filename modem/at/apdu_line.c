/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An APDU as a line of text, and back: what AT+CGLA and AT+CSIM have in common. Hex alone gets into the line. */
#include "at.h"

#include "results.h"

#include <esim/hex.h>

#include <stdio.h>
#include <string.h>

#define LINE_MAX_HEAD	48
#define SHORT_LINE	64		/* a line that every modem takes */

/* What a modem says that passes a command on and finds it too long: libesim then tries shorter ones. */
static const uint8_t sw_too_long[] = { 0x66, 0x01 };

static char *make_line(const char *prefix, struct esim_slice command, struct esim_buf *buf)
{
	const size_t size = LINE_MAX_HEAD + 2 * command.len + 2;
	char *line = (char *)esim_buf_extend(buf, size);
	int head;

	if (!line)
		return NULL;
	head = snprintf(line, LINE_MAX_HEAD, "%s%zu,\"", prefix, 2 * command.len);
	if (head < 0 || head >= LINE_MAX_HEAD)
		return NULL;
	esim_hex_encode(command, line + head);
	strcat(line + head, "\"");
	return line;
}

/*
 * A modem with room for short lines alone cuts the long ones, and the rest is an error to it. Seen from here, it takes
 * no line so long, and took shorter ones.
 */
static bool is_too_long(const struct at *at, size_t len)
{
	return at_says_nothing(&at->parser) && len > SHORT_LINE && at->longest_line && len > at->longest_line;
}

int at_apdu_line(struct at *at, const char *prefix, const char *name, struct esim_slice command,
		 struct esim_buf *response, unsigned timeout_ms, struct esim_error *err)
{
	struct esim_buf text = ESIM_BUF_INIT;
	struct at_request request = { .name = name, .shape = AT_SHAPE_APDU };
	char what[16];
	size_t len;
	int r;

	request.line = make_line(prefix, command, &text);
	if (!request.line)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	len = strlen(request.line);
	snprintf(what, sizeof(what), "AT%s", name);
	r = at_command(at, what, &request, timeout_ms, err);
	esim_buf_free(&text);
	if (!r && at_value_apdu(at_answer(at), response)) {
		at->out_of_step = true;
		esim_error_set(err, ESIM_EPROTO, "%s: the modem's answer is malformed: \"%.40s\"", what, at_answer(at));
		return esim_error_outcome(err, ESIM_EPROTO, ESIM_OUTCOME_UNKNOWN);
	}
	if (!r && len > at->longest_line)
		at->longest_line = len;
	if (r && at_has_refused(at) && is_too_long(at, len)) {
		esim_buf_append(response, sw_too_long, sizeof(sw_too_long));
		return esim_buf_failed(response);
	}
	return r;
}
