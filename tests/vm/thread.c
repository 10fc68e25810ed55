/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/thread.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vm/device.h"

static void *run(void *argument)
{
	struct thread *thread = argument;

	thread->tid = gettid();
	thread->result = thread->call(thread->argument);
	return NULL;
}

void thread_start(struct thread *thread, int (*call)(void *argument), void *argument)
{
	thread->tid = 0;
	thread->call = call;
	thread->argument = argument;
	if (pthread_create(&thread->id, NULL, run, thread) != 0) {
		fprintf(stderr, "thread: pthread_create\n");
		_exit(1);
	}
}

/* The letter of proc(5), or 0. */
static char state(int pid, int tid)
{
	char path[64], line[256] = "";
	const char *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	end = strrchr(line, ')');
	return end && end[1] == ' ' ? end[2] : 0;
}

bool thread_wait_asleep_tid(int pid, int tid)
{
	struct timespec begun, now;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		if (state(pid, tid) == 'S')
			return true;
		sched_yield();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begun.tv_sec) * 1000 < DEVICE_WAIT_MS);
	fprintf(stderr, "thread %d never slept\n", tid);
	return false;
}

bool thread_wait_asleep(struct thread *thread)
{
	while (thread->tid == 0)
		sched_yield();
	return thread_wait_asleep_tid(getpid(), thread->tid);
}

int thread_join(struct thread *thread)
{
	pthread_join(thread->id, NULL);
	return thread->result;
}
