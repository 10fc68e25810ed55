/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of modem_manager.h share: one connection, and calls over it that end in time. */
#ifndef LPAD_MODEM_CLIENT_H
#define LPAD_MODEM_CLIENT_H

#include "modem_manager.h"

struct mm_client {
	sd_bus *bus;
	const struct esim_cancel *cancel;
	sd_bus_slot *watch;
	bool news;				/* ModemManager said something since this was cleared */
};

/* 1 or 0: somebody has that name on the bus. */
int mm_has_owner(struct mm_client *client, const char *name, struct esim_error *err);
/* A call with the arguments of @types, for @reply (which may be NULL) within so long. */
int mm_call(struct mm_client *client, unsigned timeout_ms, const char *name, const char *path, const char *interface,
	    const char *method, sd_bus_message **reply, struct esim_error *err, const char *types, ...);
/* From now on ModemManager's signals are news. */
int mm_watch(struct mm_client *client, struct esim_error *err);
/* Until there is news, which is taken, or @until (CLOCK_MONOTONIC, microseconds). ESIM_ETIMEDOUT: none came. */
int mm_wait(struct mm_client *client, uint64_t until, struct esim_error *err);
uint64_t mm_now(void);

/* network_manager.c: the state of the device that is ModemManager's @modem, by its name; "" where there is none. */
void nm_device_state(struct mm_client *client, const char *modem, char state[static 24]);
bool nm_is_running(struct mm_client *client);

#endif
