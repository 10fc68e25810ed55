/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counts of a process. */
#ifndef LPAD_BENCH_PROC_H
#define LPAD_BENCH_PROC_H

#include <stdint.h>
#include <sys/types.h>

struct proc_memory {
	long pss_kib, anonymous_kib;		/* all; of it what no file backs */
};
void proc_memory(pid_t pid, struct proc_memory *ret);

long proc_peak_kib(pid_t pid);			/* resident set, at its highest */
unsigned proc_threads(pid_t pid);

/* Voluntary context switches of all threads: each is a sleep that began. */
uint64_t proc_sleeps(pid_t pid);

uint64_t proc_cpu_us(pid_t pid);		/* user and system */

uint64_t now_us(void);				/* monotonic */

int by_value(const void *a, const void *b);	/* of uint64_t, for qsort */
uint64_t median(uint64_t *values, unsigned count);

#endif
