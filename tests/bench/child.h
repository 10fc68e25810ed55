/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that the bench starts: servers that say "listening ADDRESS", and lpactl. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define CHILD_MAX_ADDRESS 256

struct child {
	pid_t pid;				/* 0: none */
	char address[CHILD_MAX_ADDRESS];
};

/*
 * Standard output of the new program is *@ret_output, its standard error @errors, or where that is
 * negative the bench's own. It ends with the bench, however that ends.
 */
pid_t child_spawn(const char *const argv[], int errors, FILE **ret_output);

/* Start and wait for the address. Ends the bench with a message where that fails. */
void child_start_server(struct child *child, const char *const argv[]);

/* SIGTERM, and wait for the end. */
void child_stop(struct child *child);

struct child_cost {
	uint64_t wall_us, cpu_us;
	long peak_kib;
};

/* Run to the end, standard output in @output (of @size, zero-terminated). Its exit status. */
int child_run(const char *const argv[], char *output, size_t size, struct child_cost *ret);

#endif
