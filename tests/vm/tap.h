/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a suite of the VM bench says on stdout: a line for each behaviour (TAP without
 * numbers). tests/vm/run.sh counts them. Lines go out by one write(2) each, so threads
 * and forked children may speak, and nothing is lost when a suite is killed.
 */
#ifndef COREESIM_TESTS_VM_TAP_H
#define COREESIM_TESTS_VM_TAP_H

#include <stdbool.h>

/* "ok - NAME" or "not ok - NAME". Returns OK, so that a test can stop where it makes no
 * sense to go on. */
bool tap_ok(bool ok, const char *name_format, ...) __attribute__((format(printf, 2, 3)));

/* "not ok - NAME: WHY". */
void tap_fail(const char *name, const char *why_format, ...) __attribute__((format(printf, 2, 3)));

/* "ok - NAME # SKIP WHY". Fit for what this kernel lacks, never for a behaviour that is
 * merely absent. */
void tap_skip(const char *name, const char *why_format, ...) __attribute__((format(printf, 2, 3)));

/* "# ...": for the reader of a log; each line of the text gets the mark. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A condition that is its own name; where it fails, file, line and errno are added. */
#define TAP_CHECK(condition) tap_check((condition), #condition, __FILE__, __LINE__)
bool tap_check(bool ok, const char *condition, const char *file, int line);

/* Prints the plan ("1..N"), by which a suite that ended early is told from one that came
 * to its end. Returns the exit status for main: 0 when every line was "ok". */
int tap_exit(void);

#endif
