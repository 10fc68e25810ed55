/* SPDX-License-Identifier: GPL-2.0-or-later */
/* News of the network: a link or a route that is there now, told by the kernel over rtnetlink. */
#ifndef LPAD_NETWORK_H
#define LPAD_NETWORK_H

#include <esim/bytes.h>

#include <systemd/sd-event.h>

#define NETWORK_REST_USEC (UINT64_C(10) * 1000000)	/* the shortest time between two calls of up() */

struct network;

/* @up on the loop: at once at the first news, then once in NETWORK_REST_USEC at most. 0 or a negative errno. */
int network_watch(sd_event *event, void (*up)(void *context), void *context, struct network **ret);
void network_free(struct network **network);

/* Does one of the rtnetlink messages say that something can be reached which could not be? */
bool network_is_news(struct esim_slice messages);

#endif
