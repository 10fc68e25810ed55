/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events that one open file keeps. Where its reader is too slow, one OVERFLOW stands in the
 * place of the oldest, counts them, and carries the number of the last of them: sequence numbers
 * never jump without a reason given.
 */
#ifndef _EUICC_RING_H
#define _EUICC_RING_H

#include <linux/types.h>
#include <linux/euicc.h>

struct euicc_event_ring {
	struct euicc_event events[EUICC_EVENTS_KEPT];
	unsigned int first;
	unsigned int count;
	u32 sequence;			/* of the last event */
};

static inline struct euicc_event *euicc_ring_at(struct euicc_event_ring *ring, unsigned int n)
{
	return &ring->events[(ring->first + n) % EUICC_EVENTS_KEPT];
}

/* Make room for one: the two oldest become one OVERFLOW, or one joins that which is there. */
static inline void euicc_ring_overflow(struct euicc_event_ring *ring)
{
	struct euicc_event *oldest = euicc_ring_at(ring, 0);
	struct euicc_event *next = euicc_ring_at(ring, 1);
	u32 dropped = oldest->type == EUICC_EVENT_OVERFLOW ? oldest->argument : 1;

	next->type = EUICC_EVENT_OVERFLOW;
	next->argument = dropped + 1;
	ring->first = (ring->first + 1) % EUICC_EVENTS_KEPT;
	ring->count--;
}

static inline void euicc_ring_push(struct euicc_event_ring *ring, u16 type, u32 generation,
				   u32 argument)
{
	if (ring->count == EUICC_EVENTS_KEPT)
		euicc_ring_overflow(ring);
	*euicc_ring_at(ring, ring->count) = (struct euicc_event){
		.sequence = ++ring->sequence,
		.type = type,
		.generation = generation,
		.argument = argument,
	};
	ring->count++;
}

/* Up to @max of them, oldest first: how many. */
static inline unsigned int euicc_ring_take(struct euicc_event_ring *ring,
					   struct euicc_event *events, unsigned int max)
{
	unsigned int taken = 0;

	while (taken < max && ring->count) {
		events[taken++] = *euicc_ring_at(ring, 0);
		ring->first = (ring->first + 1) % EUICC_EVENTS_KEPT;
		ring->count--;
	}
	return taken;
}

/* @count events that were taken and reached nobody: they are the oldest again. */
static inline void euicc_ring_put_back(struct euicc_event_ring *ring,
				       const struct euicc_event *events, unsigned int count)
{
	while (count--) {
		const struct euicc_event *event = &events[count];

		if (ring->count == EUICC_EVENTS_KEPT) {
			struct euicc_event *oldest = euicc_ring_at(ring, 0);
			u32 dropped = oldest->type == EUICC_EVENT_OVERFLOW ? oldest->argument : 1;

			dropped += event->type == EUICC_EVENT_OVERFLOW ? event->argument : 1;
			oldest->type = EUICC_EVENT_OVERFLOW;
			oldest->argument = dropped;
			continue;
		}
		ring->first = (ring->first + EUICC_EVENTS_KEPT - 1) % EUICC_EVENTS_KEPT;
		ring->events[ring->first] = *event;
		ring->count++;
	}
}

#endif /* _EUICC_RING_H */
