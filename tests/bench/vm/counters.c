/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls, wake-ups and work items by histograms of tracepoints; context switches by /proc. */
#include "bench/vm/vm_bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS		"/sys/kernel/tracing/events/"
#define SYSCALLS	EVENTS "raw_syscalls/sys_enter/"
#define WAKEUPS		EVENTS "sched/sched_wakeup/"
#define WORKS		EVENTS "workqueue/workqueue_execute_start/"

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/*
 * The clock is left out: processors have one that a program reads without the kernel; an emulated one
 * has it sometimes.
 */
bool bench_counters_start(void)
{
	char syscalls[64];

	snprintf(syscalls, sizeof(syscalls), "hist:keys=common_pid if id != %d", SYS_clock_gettime);
	return put(SYSCALLS "trigger", syscalls) &&
	       put(WAKEUPS "trigger", "hist:keys=pid") &&
	       put(WORKS "trigger", "hist:keys=function.sym");
}

void bench_tasks_find(struct bench_tasks *tasks, pid_t server)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	tasks->tids[0] = gettid();
	tasks->count = 1;
	if (!server)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)server);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) && tasks->count < BENCH_MAX_TASKS)
		if (entry->d_name[0] != '.')
			tasks->tids[tasks->count++] = (pid_t)atoi(entry->d_name);
	if (dir)
		closedir(dir);
}

static bool is_one_of(const struct bench_tasks *tasks, unsigned long pid)
{
	for (size_t i = 0; i < tasks->count; i++)
		if ((unsigned long)tasks->tids[i] == pid)
			return true;
	return false;
}

/* A line is "{ KEY: VALUE } hitcount: COUNT". */
static uint64_t sum_of_tasks(const char *path, const struct bench_tasks *tasks)
{
	FILE *file = fopen(path, "re");
	char line[512];
	uint64_t sum = 0;

	while (file && fgets(line, sizeof(line), file)) {
		unsigned long pid;
		unsigned long long hits;

		if (sscanf(line, "{ %*[a-z_]: %lu } hitcount: %llu", &pid, &hits) == 2 &&
		    is_one_of(tasks, pid))
			sum += hits;
	}
	if (file)
		fclose(file);
	return sum;
}

static uint64_t sum_of_works(void)
{
	FILE *file = fopen(WORKS "hist", "re");
	char line[512], *hits;
	uint64_t sum = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, "euicc_") && (hits = strstr(line, "hitcount:")))
			sum += strtoull(hits + strlen("hitcount:"), NULL, 10);
	if (file)
		fclose(file);
	return sum;
}

static void add_switches(pid_t tid, struct bench_counts *counts)
{
	char path[64], line[256];
	unsigned long long value;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "voluntary_ctxt_switches: %llu", &value) == 1)
			counts->voluntary += value;
		else if (sscanf(line, "nonvoluntary_ctxt_switches: %llu", &value) == 1)
			counts->involuntary += value;
	}
	if (file)
		fclose(file);
}

void bench_counters_read(const struct bench_tasks *tasks, struct bench_counts *ret)
{
	*ret = (struct bench_counts){
		.syscalls = sum_of_tasks(SYSCALLS "hist", tasks),
		.wakeups = sum_of_tasks(WAKEUPS "hist", tasks),
		.works = sum_of_works(),
	};
	for (size_t i = 0; i < tasks->count; i++)
		add_switches(tasks->tids[i], ret);
}
