/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a poster, for poster.c and lane.c. */
#ifndef LPAD_POSTER_H
#define LPAD_POSTER_H

#include "lane.h"

#include <pthread.h>

struct poster {
	sd_event_source *source;
	int fd;				/* an eventfd: not zero while something waits */
	pthread_mutex_t lock;
	struct post *first, **last;	/* under the lock */
	size_t threads;			/* of lanes; the loop's */
};

#endif
