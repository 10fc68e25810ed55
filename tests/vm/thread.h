/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that makes one call, and how to know that it sleeps in it. */
#ifndef COREESIM_TESTS_VM_THREAD_H
#define COREESIM_TESTS_VM_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct thread {
	pthread_t id;
	atomic_int tid;
	int (*call)(void *argument);
	void *argument;
	int result;
};

/* THREAD stays where it is until thread_join(). */
void thread_start(struct thread *thread, int (*call)(void *argument), void *argument);

/* Waits until it sleeps: CALL must sleep nowhere but where the test wants it. False, with a line
 * on stderr, when it never did. */
bool thread_wait_asleep(struct thread *thread);
/* The same for a process or thread by its number. */
bool thread_wait_asleep_tid(int pid, int tid);

/* What CALL gave. */
int thread_join(struct thread *thread);

#endif
