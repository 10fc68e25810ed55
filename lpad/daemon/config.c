/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lpad.conf(5), read by inih, which takes what it is given as far as it can: the rest of a line
 * that is too long for another line, what is indented for more of the value before it, nothing after a
 * NUL. So each line is looked at before inih has it, and the first that is not plain ends the reading.
 */
#include "config_internal.h"

#include <esim/text.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLANKS " \t"
#define SUFFIX ".conf"

struct reading {
	struct config *config;
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

/* --- lines -------------------------------------------------------------------------------------------- */

static bool has_control_character(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7F)
			return true;
	return false;
}

/* Of what is in it, of nothing behind it, and one that there is: inih does not tell of one without keys. */
static const char *check_section(const char *line, size_t len)
{
	const char *end = memchr(line, ']', len);
	size_t rest;

	if (!end)
		return "a section ends with ]";
	if (!config_has_section(line + 1, (size_t)(end - line - 1)))
		return "there is no such section";
	rest = strspn(end + 1, BLANKS);
	return end + 1 + rest == line + len || (rest > 0 && end[1 + rest] == ';') ?
	       NULL : "nothing but a comment comes after a section";
}

/* NULL, or what is wrong with @line; its end is not in it. */
static const char *check_line(const char *line, size_t len)
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
		return check_section(line, len);
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
	why = check_line(line, len);
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
	reading->rc = config_set(reading->config, section, name, value, reading->err);
	if (reading->rc)
		esim_error_prefix(reading->err, "%s:%d: ", reading->name, reading->line);
	return !reading->rc;
}

int config_parse(const char *name, const char *text, size_t len, struct config *config, struct esim_error *err)
{
	struct reading reading = {
		.config = config, .name = name, .text = text, .len = len, .err = err,
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

/* --- files ----------------------------------------------------------------------------------------------- */

static int read_text(int fd, const char *path, struct esim_buf *text, struct esim_error *err)
{
	char part[4096];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		return esim_error_set(err, ESIM_EINVAL, "%s is no regular file", path);
	while ((n = read(fd, part, sizeof(part))) > 0) {
		esim_buf_append(text, part, (size_t)n);
		if (text->len > CONFIG_MAX_BYTES)
			return esim_error_set(err, ESIM_EINVAL, "%s is longer than %d KiB", path,
					      CONFIG_MAX_BYTES / 1024);
	}
	if (n < 0)
		return esim_error_errno(err, ESIM_EINVAL, errno, "%s", path);
	return esim_buf_failed(text) ? esim_error_set(err, ESIM_ENOMEM, "out of memory") : 0;
}

static int load_file(const char *path, struct config *config, struct esim_error *err)
{
	struct esim_buf text = ESIM_BUF_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return esim_error_errno(err, ESIM_EINVAL, errno, "%s", path);
	rc = read_text(fd, path, &text, err);
	close(fd);
	if (!rc)
		rc = config_parse(path, (const char *)text.data, text.len, config, err);
	esim_buf_free(&text);
	return rc;
}

static int is_dropin(const struct dirent *entry)
{
	const size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
	       strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_dropins(const char *directory, struct config *config, struct esim_error *err)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_dropin, by_name), rc = 0;

	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return esim_error_errno(err, ESIM_EINVAL, errno, "%s", directory);
	if (count > CONFIG_MAX_FILES)
		rc = esim_error_set(err, ESIM_EINVAL, "%s has more than %d files", directory, CONFIG_MAX_FILES);
	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		if (!rc)
			rc = load_file(path, config, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int config_load(const char *path, const char *dropin_dir, struct config *ret, struct esim_error *err)
{
	struct config config;
	int rc;

	config_defaults(&config);
	rc = load_file(path, &config, err);
	if (!rc && dropin_dir)
		rc = load_dropins(dropin_dir, &config, err);
	if (!rc) {
		rc = config_check(&config, err);
		if (rc)
			esim_error_prefix(err, "%s: ", path);
	}
	if (rc)
		config_free(&config);
	else
		*ret = config;
	return rc;
}
