/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lpad says: to the journal with fields of its own (COREESIM_EUICC, COREESIM_JOB: the numbers of
 * the objects) where standard error is the journal's, else a line on standard error. No EID, ICCID,
 * code or address in anything below LOG_DEBUG, which only --verbose shows. Any thread.
 */
#ifndef LPAD_LOG_H
#define LPAD_LOG_H

#include <stdbool.h>
#include <syslog.h>

void log_start(bool verbose);
void log_say(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* @euicc, @job: numbers of objects, 0: none. */
void log_about(int priority, unsigned euicc, unsigned job, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
