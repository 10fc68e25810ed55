/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of modems.conf(5), read by inih. That takes what it is given as far as it can, and tells neither
 * of a section that begins again nor of one without keys: so each line is looked at before inih has it.
 */
#include "quirk_keys.h"

#include <esim/text.h>

#include <ini.h>
#include <string.h>

#define BLANKS " \t"

struct reading {
	struct quirks quirks;
	const struct quirk_subject *subject;
	const char *name;
	const char *text;
	size_t len, at;
	int line;
	bool in_section, fits;			/* the section's, conditions included */
	bool has_keys;				/* a key was there: no condition can follow */
	int rc;					/* the first error's, which is in *err */
	struct esim_error *err;
};

static void fail(struct reading *reading, int rc)
{
	if (!reading->rc)
		reading->rc = rc;
	esim_error_prefix(reading->err, "%s:%d: ", reading->name, reading->line);
}

static void refuse(struct reading *reading, const char *why)
{
	fail(reading, esim_error_set(reading->err, ESIM_EINVAL, "%s", why));
}

/* --- lines ------------------------------------------------------------------------------------------- */

static const char *enter_section(struct reading *reading, const char *line, size_t len)
{
	const char *end = memchr(line, ']', len);
	int fits;
	size_t rest;

	if (!end)
		return "a section ends with ]";
	rest = strspn(end + 1, BLANKS);
	if (end + 1 + rest != line + len && !(rest > 0 && end[1 + rest] == ';'))
		return "nothing but a comment comes after a section";
	fits = quirk_section_fits(line + 1, (size_t)(end - line - 1), reading->subject);
	if (fits < 0)
		return "a section is [usb VVVV:PPPP], [usb VVVV:*] or [*]";
	reading->in_section = true;
	reading->fits = fits;
	reading->has_keys = false;
	return NULL;
}

/* NULL, or what is wrong with @line, whose end is a zero. */
static const char *check_line(struct reading *reading, const char *line, size_t len)
{
	const size_t indent = strspn(line, BLANKS);

	if (memchr(line, '\0', len))
		return "there is a NUL byte in the line";
	if (!esim_utf8_valid(line, len))
		return "the line is not UTF-8";
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7F)
			return "there is a control character in the line";
	if (indent == len || line[indent] == ';' || line[indent] == '#')
		return NULL;
	if (indent > 0)
		return "a line begins with no blank";
	if (line[0] == '[')
		return enter_section(reading, line, len);
	if (line[strcspn(line, "=:")] == ':')
		return "a key and its value are joined by =";
	return reading->in_section ? NULL : "a key comes after a section";
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
		refuse(reading, "the line is too long");
		return NULL;
	}
	memcpy(line, from, len);
	line[len] = '\0';
	why = check_line(reading, line, len);
	if (why) {
		refuse(reading, why);
		return NULL;
	}
	memcpy(line + len, "\n", 2);
	return line;
}

/* --- keys ---------------------------------------------------------------------------------------------- */

static int on_condition(struct reading *reading, int fits)
{
	if (reading->has_keys)
		return esim_error_set(reading->err, ESIM_EINVAL, "Firmware and Protocol come before all other keys");
	reading->fits = reading->fits && fits;
	return 0;
}

static int on_value(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;
	struct quirks scratch;
	int rc;

	(void)section;
	if (reading->rc)
		return 0;
	rc = quirk_condition_fits(name, value, reading->subject, reading->err);
	if (rc == 0 || rc == 1) {
		rc = on_condition(reading, rc);
	} else if (rc == ESIM_ENOENT) {
		/* What is another modem's is checked all the same. */
		reading->has_keys = true;
		rc = quirk_set(reading->fits ? &reading->quirks : &scratch, name, value, reading->err);
	}
	if (rc)
		fail(reading, rc);
	return !rc;
}

int quirks_parse(const char *name, const char *text, size_t len, const struct quirk_subject *subject,
		 struct quirks *quirks, struct esim_error *err)
{
	struct reading reading = {
		.quirks = *quirks, .subject = subject, .name = name, .text = text, .len = len, .err = err,
	};
	int line = ini_parse_stream(next_line, &reading, on_value, &reading);

	if (line > 0 && !reading.rc) {
		reading.line = line;
		refuse(&reading, "neither KEY=VALUE, nor [SECTION], nor a comment");
	} else if (line < 0 && !reading.rc) {
		reading.rc = esim_error_set(err, ESIM_ENOMEM, "out of memory");
	}
	if (!reading.rc)
		*quirks = reading.quirks;
	return reading.rc;
}
