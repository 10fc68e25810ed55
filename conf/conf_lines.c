/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for inih; see conf.h. */
#include "conf.h"

#include <esim/text.h>

#include <ini.h>
#include <stdbool.h>
#include <string.h>

#define BLANKS " \t"

struct reading {
	const struct conf_keys *keys;
	const char *name;
	const char *text;
	size_t len, at;
	int line;
	int rc;				/* the first error's, which is in *err */
	struct esim_error *err;
};

static int fail(struct reading *reading, const char *why)
{
	if (!reading->rc)
		reading->rc = esim_error_set(reading->err, ESIM_EINVAL, "%s:%d: %s", reading->name, reading->line,
					     why);
	return reading->rc;
}

static bool has_control_character(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7F)
			return true;
	return false;
}

/* Of what is in it, of nothing behind it. */
static const char *check_section(const struct conf_keys *keys, const char *line, size_t len)
{
	const char *end = memchr(line, ']', len);
	size_t rest;

	if (!end)
		return "a section ends with ]";
	rest = strspn(end + 1, BLANKS);
	if (end + 1 + rest != line + len && !(rest > 0 && end[1 + rest] == ';'))
		return "nothing but a comment comes after a section";
	return keys->section(keys->context, line + 1, (size_t)(end - line - 1));
}

/* NULL, or what is wrong with @line; its end is not in it. */
static const char *check_line(const struct conf_keys *keys, const char *line, size_t len)
{
	const size_t indent = strspn(line, BLANKS);

	if (memchr(line, '\0', len))
		return "there is a NUL byte in the line";
	if (!esim_utf8_valid(line, len))
		return "the line is not UTF-8";
	if (has_control_character(line, len))
		return "there is a control character in the line";
	if (indent == len || line[indent] == ';' || line[indent] == '#')
		return NULL;
	if (indent > 0)
		return "a line begins with no blank";
	if (line[0] == '[')
		return check_section(keys, line, len);
	return line[strcspn(line, "=:")] == ':' ? "a key and its value are joined by =" : NULL;
}

/* One line for inih: with its newline and the final zero it takes @size bytes. */
static char *next_line(char *line, int size, void *stream)
{
	struct reading *reading = stream;
	const size_t left = reading->len - reading->at;
	const char *from, *newline, *why;
	size_t len;

	if (left == 0 || reading->rc)
		return NULL;
	from = reading->text + reading->at;
	newline = memchr(from, '\n', left);
	len = newline ? (size_t)(newline - from) : left;
	reading->at += newline ? len + 1 : len;
	reading->line++;
	if (len + 3 > (size_t)size) {
		fail(reading, "the line is too long");
		return NULL;
	}
	if (len > 0 && from[len - 1] == '\r')
		len--;
	memcpy(line, from, len);
	line[len] = '\0';
	why = check_line(reading->keys, line, len);
	if (why) {
		fail(reading, why);
		return NULL;
	}
	memcpy(line + len, "\n", 2);
	return line;
}

static int on_value(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;

	if (reading->rc)
		return 0;
	reading->rc = reading->keys->value(reading->keys->context, section, name, value, reading->err);
	if (reading->rc)
		esim_error_prefix(reading->err, "%s:%d: ", reading->name, reading->line);
	return !reading->rc;
}

int conf_parse(const char *name, const char *text, size_t len, const struct conf_keys *keys, struct esim_error *err)
{
	struct reading reading = {
		.keys = keys, .name = name, .text = text, .len = len, .err = err,
	};
	int line;

	/* Some editors begin a file with it. */
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		reading.at = 3;
	line = ini_parse_stream(next_line, &reading, on_value, &reading);
	if (line > 0 && !reading.rc) {
		reading.line = line;
		fail(&reading, "neither KEY=VALUE, nor [SECTION], nor a comment");
	} else if (line < 0 && !reading.rc) {
		reading.rc = esim_error_set(err, ESIM_ENOMEM, "out of memory");
	}
	return reading.rc;
}
