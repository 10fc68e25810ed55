/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When things are sent by themselves, on the loop: the outboxes, at the earliest time that one has,
 * and at once when the network comes up (a route appears, rtnetlink); the SM-DS, on its schedule with
 * jitter. No timer stands where nothing is owed and no schedule is set.
 */
#ifndef LPAD_COURIER_H
#define LPAD_COURIER_H

#include "model.h"

struct courier;

int courier_new(struct daemon *daemon, struct courier **ret, struct esim_error *err);
void courier_free(struct courier **courier);
/* An outbox changed, an eUICC came or went, the configuration is new: count again. */
void courier_update(struct courier *courier);
/* Anything owed, to be waited for? (no idle exit) */
bool courier_owes(const struct courier *courier);

#endif
