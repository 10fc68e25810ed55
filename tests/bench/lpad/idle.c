/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpad with nothing to do: how fast it is there, what it takes, whether it sleeps. */
#include "rows.h"

#include <stdlib.h>
#include <unistd.h>

#define MAX_RUNS 100
#define QUIET_US 200000
#define QUIET_TRIES 25

void bench_start(struct machine *m, unsigned runs, struct start_row *ret)
{
	uint64_t values[MAX_RUNS], cpu[MAX_RUNS];

	if (runs > MAX_RUNS)
		runs = MAX_RUNS;
	machine_cards(m, 1);
	/* The first one makes its directories, on disk before it goes on: that is not what a boot waits for. */
	machine_start_lpad(m, 1);
	machine_settle(m, 1);
	machine_stop_lpad(m);
	for (unsigned i = 0; i < runs; i++) {
		values[i] = machine_start_lpad(m, 1);
		cpu[i] = proc_cpu_us(m->lpad);
		machine_settle(m, 1);
		machine_stop_lpad(m);
	}
	ret->median_us = median(values, runs);
	ret->best_us = values[0];
	ret->worst_us = values[runs - 1];
	ret->cpu_us = median(cpu, runs);
}

/* Our own last question is answered and forgotten; one that never sleeps is measured as it is. */
static uint64_t await_quiet(const struct machine *m)
{
	uint64_t before, after = proc_sleeps(m->lpad);

	for (int i = 0; i < QUIET_TRIES; i++) {
		before = after;
		usleep(QUIET_US);
		after = proc_sleeps(m->lpad);
		if (after == before)
			break;
	}
	return after;
}

void bench_idle(struct machine *m, unsigned cards, unsigned seconds, struct idle_row *ret)
{
	uint64_t before;

	machine_forget(m);
	machine_start_lpad(m, cards);
	machine_settle(m, cards);
	proc_memory(m->lpad, &ret->memory);
	before = await_quiet(m);
	sleep(seconds);
	ret->sleeps = proc_sleeps(m->lpad) - before;
	machine_stop_lpad(m);
}
