/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hundreds of eUICCs in one daemon, each with a download at the same moment. */
#include "rows.h"

#include "bus.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_US (900 * UINT64_C(1000000))

static int note_end(sd_bus_message *signal, void *context, sd_bus_error *error)
{
	struct swarm_row *row = context;
	int success = 0;

	(void)error;
	if (sd_bus_message_read(signal, "b", &success) >= 0 && success)
		row->done++;
	else
		row->failed++;
	return 0;
}

/* Comes back with the job under way, which is as soon as polkit has answered. */
static void order(struct machine *m, const char *path, unsigned number)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL;
	char matching_id[24];
	int r = sd_bus_message_new_method_call(m->bus, &call, MACHINE_SERVICE, path,
					       MACHINE_SERVICE ".Euicc1", "Download");

	snprintf(matching_id, sizeof(matching_id), "demo%u", number);
	if (r >= 0)
		r = sd_bus_message_append(call, "a{sv}", 2, "smdp_address", "s", BENCH_NAME, "matching_id",
					  "s", matching_id);
	if (r >= 0)
		r = sd_bus_call(m->bus, call, PATIENCE_US, &error, NULL);
	if (r < 0)
		errx(1, "Download: %s", error.message ? error.message : strerror(-r));
	sd_bus_message_unref(call);
}

static uint64_t cards_cpu_us(const struct machine *m)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < m->card_count; i++)
		sum += proc_cpu_us(m->cards[i].pid);
	return sum;
}

static void read_cpu(const struct machine *m, struct swarm_row *ret)
{
	ret->lpad_cpu_us = proc_cpu_us(m->lpad) - ret->lpad_cpu_us;
	ret->cards_cpu_us = cards_cpu_us(m) - ret->cards_cpu_us;
	ret->server_cpu_us = proc_cpu_us(m->smdpp.pid) - ret->server_cpu_us;
	ret->bus_cpu_us = proc_cpu_us(m->bus_daemon) - ret->bus_cpu_us;
}

void bench_swarm(struct machine *m, unsigned cards, struct swarm_row *ret)
{
	static char paths[MACHINE_MAX_CARDS][BUS_PATH_SIZE];
	sd_bus_slot *slot = NULL;
	uint64_t start;

	memset(ret, 0, sizeof(*ret));
	machine_cards(m, cards);
	machine_start_lpad(m, cards);
	machine_settle(m, cards);
	bus_objects(m->bus, MACHINE_SERVICE ".Euicc1", "ready", paths, cards);
	if (sd_bus_match_signal(m->bus, &slot, MACHINE_SERVICE, NULL, MACHINE_SERVICE ".Job1", "Finished",
				note_end, ret) < 0)
		errx(1, "Finished cannot be waited for");
	read_cpu(m, ret);
	start = now_us();
	for (unsigned i = 0; i < cards; i++)
		order(m, paths[i], i);
	while (ret->done + ret->failed < cards) {
		if (now_us() - start > PATIENCE_US)
			errx(1, "%u of %u downloads did not end", cards - ret->done - ret->failed, cards);
		bus_turn(m->bus, PATIENCE_US);
	}
	ret->wall_us = now_us() - start;
	read_cpu(m, ret);
	ret->peak_kib = proc_peak_kib(m->lpad);
	machine_settle(m, cards);
	proc_memory(m->lpad, &ret->after);
	sd_bus_slot_unref(slot);
	machine_stop_lpad(m);
}
