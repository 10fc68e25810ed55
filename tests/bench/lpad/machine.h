/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lpad is measured in: a bus of its own with a stand-in for polkit, virtual eUICCs that are
 * processes on sockets, the test SM-DP+, and lpad. All of it ends with the bench. A failure ends
 * the bench with a message.
 */
#ifndef LPAD_BENCH_MACHINE_H
#define LPAD_BENCH_MACHINE_H

#include "bench/bench.h"

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#define MACHINE_MAX_CARDS 200
#define MACHINE_SERVICE "org.coreesim.Lpa1"
#define MACHINE_ROOT "/org/coreesim/Lpa1"
#define MACHINE_ICCID "8944476500001224158"	/* of the package */

struct machine {
	const char *bin, *pki, *scratch;
	char profiles[256];			/* packages: demo0 …, one for each card */
	int log;				/* what bus and lpad say on standard error; -1: shown */
	char address[300];			/* of the bus */
	pid_t bus_daemon, lpad;
	sd_bus *bus;
	struct child smdpp;
	struct child cards[MACHINE_MAX_CARDS];
	unsigned card_count;
	unsigned generation, states;		/* of cards, of lpad */
	bool owned;				/* lpad's name is on the bus */
};

/* Bus, polkit's stand-in, SM-DP+. @bin, @pki and @scratch are set. */
void machine_start(struct machine *m);
void machine_stop(struct machine *m);

/* Fresh virtual eUICCs, each with an EID of its own. */
void machine_cards(struct machine *m, unsigned count);
void machine_socket(const struct machine *m, unsigned card, char *uri, size_t size);

/* An empty state from now on; else lpad finds what it left. */
void machine_forget(struct machine *m);

/* lpad on the first @cards of them; microseconds from exec to its name on the bus. */
uint64_t machine_start_lpad(struct machine *m, unsigned cards);
void machine_stop_lpad(struct machine *m);

/* Every eUICC is ready and lpad has no thread but its first: nothing is under way. */
void machine_settle(struct machine *m, unsigned cards);

/* Call and wait; the reply is the caller's. */
sd_bus_message *machine_call(struct machine *m, const char *path, const char *interface,
			     const char *method, const char *types, ...);

#endif
