/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/tap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Shared with forked children: the plan counts their lines too. */
static struct tally {
	unsigned lines;
	unsigned failed;
} *tally;

__attribute__((constructor)) static void tally_init(void)
{
	static struct tally own;

	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		tally = &own;
}

static void write_all(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(STDOUT_FILENO, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		length -= (size_t)n;
	}
}

/* One line: BEFORE, the formatted text with its line ends made blanks, AFTER. */
__attribute__((format(printf, 3, 0))) static void line(const char *before, const char *after,
						       const char *format, va_list list)
{
	char text[512], whole[1024];
	int length;

	vsnprintf(text, sizeof(text), format, list);
	for (char *p = text; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	length = snprintf(whole, sizeof(whole), "%.200s%s%.200s\n", before, text, after);
	if (length > 0)
		write_all(whole, (size_t)length);
}

static void count(bool ok)
{
	__atomic_add_fetch(&tally->lines, 1, __ATOMIC_RELAXED);
	if (!ok)
		__atomic_add_fetch(&tally->failed, 1, __ATOMIC_RELAXED);
}

bool tap_ok(bool ok, const char *name_format, ...)
{
	va_list list;

	count(ok);
	va_start(list, name_format);
	line(ok ? "ok - " : "not ok - ", "", name_format, list);
	va_end(list);
	return ok;
}

void tap_fail(const char *name, const char *why_format, ...)
{
	char before[160];
	va_list list;

	count(false);
	snprintf(before, sizeof(before), "not ok - %s: ", name);
	va_start(list, why_format);
	line(before, "", why_format, list);
	va_end(list);
}

void tap_skip(const char *name, const char *why_format, ...)
{
	char before[160];
	va_list list;

	count(true);
	snprintf(before, sizeof(before), "ok - %s # SKIP ", name);
	va_start(list, why_format);
	line(before, "", why_format, list);
	va_end(list);
}

void tap_note(const char *format, ...)
{
	char text[1024];
	va_list list;
	char *next = text;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	for (char *each; (each = strsep(&next, "\n"));) {
		char whole[sizeof(text) + 4];
		int length = snprintf(whole, sizeof(whole), "# %s\n", each);

		if (*each && length > 0)
			write_all(whole, (size_t)length);
	}
}

bool tap_check(bool ok, const char *condition, const char *file, int line_number)
{
	int error = errno;

	if (ok)
		return tap_ok(true, "%s", condition);
	tap_ok(false, "%s: %s:%d (errno %d, %s)", condition, file, line_number, error, strerror(error));
	return false;
}

int tap_exit(void)
{
	char plan[32];
	int length = snprintf(plan, sizeof(plan), "1..%u\n", tally->lines);

	write_all(plan, (size_t)length);
	return tally->failed ? 1 : 0;
}
