/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a card in a slot, and has its session ended? A file of the device hears of events: it
 * has no channel and powers nothing. While there is no device, /dev is watched for it. The thread
 * of pcscd's that looks after the slot sleeps in presence_wait(); all else may be called from any.
 */
#ifndef IFD_PRESENCE_H
#define IFD_PRESENCE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct presence {
	pthread_mutex_t lock;
	const char *device;		/* empty: there never is one */
	int fd;				/* the device's, for events; -1: there is none */
	int watch;			/* inotify's, while there is none; -1: not to be had */
	int wake;			/* eventfd that ends presence_wait() */
	bool changed;			/* pcscd's thread has to see the slot empty once */
	bool told;			/* the log has why the device cannot be opened */
	bool waits;			/* pcscd's thread is known: */
	pthread_t waiter;
	const _Atomic uint32_t *generation;	/* of the session that there is something to lose of */
	_Atomic bool lost;		/* that session is over, and the client has not been told */
};

/* 0 or a negative errno. What the pointers lead to must outlive it. */
int presence_init(struct presence *presence, const char *device, const _Atomic uint32_t *generation);
void presence_free(struct presence *presence);

/*
 * Is there a card? A session that was lost, or a card that went and came, is told by "no", once,
 * to the thread that waits: that is how pcscd learns of it.
 */
bool presence_check(struct presence *presence);

/* Wait until presence_check() may say something else, for @timeout_ms at most. */
void presence_wait(struct presence *presence, int timeout_ms);

/* End the wait under way, or else the next one. */
void presence_wake(struct presence *presence);

/* The session was found to be over; a new one has begun, and nothing was lost of it. */
void presence_session_lost(struct presence *presence);
void presence_session_new(struct presence *presence);

#endif
