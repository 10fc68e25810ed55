/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is measured of lpad, each on a machine of its own. */
#ifndef LPAD_BENCH_ROWS_H
#define LPAD_BENCH_ROWS_H

#include "machine.h"
#include "proc.h"

/* From exec to the name on the bus, with one eUICC to look after. */
struct start_row {
	uint64_t median_us, best_us, worst_us;
	uint64_t cpu_us;			/* median of lpad's own, until then */
};
void bench_start(struct machine *m, unsigned runs, struct start_row *ret);

/* Every eUICC ready, nothing under way. */
struct idle_row {
	struct proc_memory memory;
	uint64_t sleeps;			/* in @seconds of watching; each was a wake-up before */
};
void bench_idle(struct machine *m, unsigned cards, unsigned seconds, struct idle_row *ret);

/* One operation in four ways; by libesim in this process the card is opened and closed for it. */
enum overhead_way { BY_BUS, BY_LIBESIM, BY_LPACTL, BY_LPACTL_DIRECT, OVERHEAD_WAYS };
struct overhead_row {
	uint64_t details_us[OVERHEAD_WAYS], nickname_us[OVERHEAD_WAYS];
};
void bench_overhead(struct machine *m, unsigned runs, struct overhead_row *ret);

/* A download onto each of so many eUICCs, asked for at once. */
struct swarm_row {
	uint64_t wall_us, lpad_cpu_us, cards_cpu_us, server_cpu_us, bus_cpu_us;
	long peak_kib;				/* of lpad */
	struct proc_memory after;		/* when all is quiet again */
	unsigned done, failed;
};
void bench_swarm(struct machine *m, unsigned cards, struct swarm_row *ret);

/* The object path of the eUICC; there is one. */
void one_object(struct machine *m, const char *interface, char path[]);

/* Ask for a job by @call (consumed), wait for its end: did it succeed? */
bool run_job(struct machine *m, sd_bus_message *call);

#endif
