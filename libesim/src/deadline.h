/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A point on the monotonic clock, and what is left until then. */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t deadline_in(unsigned timeout_ms)
{
	return monotonic_ns() + (uint64_t)timeout_ms * 1000000u;
}

/* Milliseconds for poll(2), rounded up; 0 when it has passed. */
static inline int deadline_left_ms(uint64_t deadline)
{
	uint64_t now = monotonic_ns(), ms;

	if (now >= deadline)
		return 0;
	ms = (deadline - now + 999999u) / 1000000u;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

#endif
