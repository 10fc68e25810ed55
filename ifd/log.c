/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <debuglog.h>

#include <stdarg.h>
#include <stdio.h>

#define LINE_SIZE 512

/* pcscd has it for its drivers; a test that links the parts has not. */
#pragma weak log_msg

static void write_line(int priority, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void write_line(int priority, const char *format, va_list args)
{
	char line[LINE_SIZE];

	vsnprintf(line, sizeof(line), format, args);
	if (log_msg)
		log_msg(priority, "ifdeuicc: %s", line);
	else
		fprintf(stderr, "ifdeuicc: %s\n", line);
}

void ifd_log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(PCSC_LOG_ERROR, format, args);
	va_end(args);
}

void ifd_log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(PCSC_LOG_INFO, format, args);
	va_end(args);
}
