/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the journal, or of standard error; see log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define MAX_MESSAGE 1024
#define MAX_FIELD (MAX_MESSAGE + 32)

static bool to_journal, shows_debug;

/* systemd.exec(5): JOURNAL_STREAM names the device and inode of the stream that it made. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_start(bool verbose)
{
	shows_debug = verbose;
	to_journal = stderr_is_journal();
}

static size_t add_number(struct iovec *fields, size_t count, char *text, size_t size, const char *name,
			 unsigned number)
{
	int len;

	if (!number)
		return count;
	len = snprintf(text, size, "%s=%u", name, number);
	fields[count] = (struct iovec){ text, (size_t)len };
	return count + 1;
}

static void send_to_journal(int priority, unsigned euicc, unsigned job, const char *message)
{
	char text[MAX_FIELD], level[16], of_euicc[32], of_job[32];
	const int text_len = snprintf(text, sizeof(text), "MESSAGE=%s", message);
	const int level_len = snprintf(level, sizeof(level), "PRIORITY=%d", priority);
	struct iovec fields[5] = {
		{ text, (size_t)text_len },
		{ level, (size_t)level_len },
		{ (char *)(uintptr_t)"SYSLOG_IDENTIFIER=lpad", sizeof("SYSLOG_IDENTIFIER=lpad") - 1 },
	};
	size_t count = add_number(fields, 3, of_euicc, sizeof(of_euicc), "COREESIM_EUICC", euicc);

	count = add_number(fields, count, of_job, sizeof(of_job), "COREESIM_JOB", job);
	sd_journal_sendv(fields, (int)count);
}

static void send_to_stderr(unsigned euicc, unsigned job, const char *message)
{
	char about[64] = "";

	if (euicc && job)
		snprintf(about, sizeof(about), "eUICC %u, job %u: ", euicc, job);
	else if (euicc)
		snprintf(about, sizeof(about), "eUICC %u: ", euicc);
	else if (job)
		snprintf(about, sizeof(about), "job %u: ", job);
	fprintf(stderr, "lpad: %s%s\n", about, message);
}

/* A line stays one, whatever a card or a server put in it. */
static void make_printable(char *message)
{
	for (; *message; message++)
		if ((unsigned char)*message < ' ' || *message == 0x7F)
			*message = '?';
}

static void say(int priority, unsigned euicc, unsigned job, const char *fmt, va_list args)
	__attribute__((format(printf, 4, 0)));

static void say(int priority, unsigned euicc, unsigned job, const char *fmt, va_list args)
{
	char message[MAX_MESSAGE];

	if (priority >= LOG_DEBUG && !shows_debug)
		return;
	vsnprintf(message, sizeof(message), fmt, args);
	make_printable(message);
	if (to_journal)
		send_to_journal(priority, euicc, job, message);
	else
		send_to_stderr(euicc, job, message);
}

void log_say(int priority, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(priority, 0, 0, fmt, args);
	va_end(args);
}

void log_about(int priority, unsigned euicc, unsigned job, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(priority, euicc, job, fmt, args);
	va_end(args);
}
