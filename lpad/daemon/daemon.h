/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one struct daemon: what its parts share, all of it the loop's but next_euicc. */
#ifndef LPAD_DAEMON_H
#define LPAD_DAEMON_H

#include "bus.h"
#include "model.h"

#include <stdatomic.h>

struct daemon_options;
struct monitor;				/* monitor.h: devices that come and go */
struct modem_board;			/* modem_board.h: what lanes and loop tell each other of modems */
struct courier;				/* courier.h: when the outboxes are sent, the network, the SM-DS schedule */

struct daemon {
	const struct daemon_options *options;
	sd_event *event;
	struct poster *poster;
	struct session_context *context;	/* configuration, store, trust */
	struct store *store;
	struct bus *bus;
	struct monitor *monitor;
	struct courier *courier;
	struct modem_board *modems;
	struct device *devices;
	struct euicc *euiccs;
	struct job *jobs;
	unsigned next_job;
	uint64_t jobs_ended;
	atomic_uint next_euicc;			/* probes give numbers on their lanes */
	struct activity *activity;		/* systemd.c */
	bool stopping;
};

/* systemd.c: readiness, watchdog while something runs, idle exit. To be called whenever work begins or ends. */
void daemon_activity(struct daemon *daemon);

/* --- daemon.c ------------------------------------------------------------------------------- */

struct daemon_options {
	const char *config;			/* NULL: lpad.conf and lpad.conf.d of LPAD_SYSCONFDIR */
	const char *state;			/* directory */
	const char *bus;			/* address; NULL: the system bus */
	bool has_clock;
	int64_t clock;
	bool verbose;				/* say "ready" on standard error */
};
/* Until SIGTERM, SIGINT or the idle exit. 0, or why it could not begin or go on. */
int daemon_run(const struct daemon_options *options, struct esim_error *err);
/* End: running jobs are called off as postponed, then the loop ends. */
void daemon_stop(struct daemon *daemon);

/* known.c: eUICCs whose numbers are on disk; those that owe something are there from the start, gone. */
int known_load(struct daemon *daemon, struct esim_error *err);

#endif
