/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one struct daemon: what its parts share. Only main.c and the parts named here look inside. */
#ifndef LPAD_DAEMON_H
#define LPAD_DAEMON_H

#include "bus.h"
#include "model.h"

struct monitor;				/* monitor.h: devices that come and go */
struct courier;				/* courier.h: when the outboxes are sent, the network, the SM-DS schedule */

struct daemon {
	sd_event *event;
	struct poster *poster;
	struct session_context *context;	/* configuration, store, trust */
	struct store *store;
	struct bus *bus;
	struct monitor *monitor;
	struct courier *courier;
	struct device *devices;
	struct euicc *euiccs;
	struct job *jobs;
	unsigned next_job;
	bool stopping;
};

/* systemd.c: readiness, watchdog while something runs, idle exit. To be called whenever work begins or ends. */
void daemon_activity(struct daemon *daemon);

#endif
