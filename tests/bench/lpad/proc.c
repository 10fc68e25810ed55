/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc, read; see proc.h. */
#include "proc.h"

#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Sum of the lines "NAME: VALUE …" of /proc/PID/@file. */
static long read_value(pid_t pid, const char *file, const char *name)
{
	char path[300], line[256];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "r");
	while (f && value < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			value = strtol(line + strlen(name) + 1, NULL, 10);
	if (f)
		fclose(f);
	if (value < 0)
		errx(1, "%s has no %s", path, name);
	return value;
}

void proc_memory(pid_t pid, struct proc_memory *ret)
{
	ret->pss_kib = read_value(pid, "smaps_rollup", "Pss");
	ret->anonymous_kib = read_value(pid, "smaps_rollup", "Pss_Anon");
}

long proc_peak_kib(pid_t pid)
{
	return read_value(pid, "status", "VmHWM");
}

unsigned proc_threads(pid_t pid)
{
	return (unsigned)read_value(pid, "status", "Threads");
}

uint64_t proc_sleeps(pid_t pid)
{
	struct dirent *entry;
	char path[64], file[300];
	uint64_t sum = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (!tasks)
		err(1, "%s", path);
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "task/%s/status", entry->d_name);
		sum += (uint64_t)read_value(pid, file, "voluntary_ctxt_switches");
	}
	closedir(tasks);
	return sum;
}

static uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		err(1, "clock_gettime");
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t proc_cpu_us(pid_t pid)
{
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock))
		errx(1, "process %d has no clock", (int)pid);
	return clock_us(clock);
}

uint64_t now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t median(uint64_t *values, unsigned count)
{
	qsort(values, count, sizeof(values[0]), by_value);
	return values[count / 2];
}
