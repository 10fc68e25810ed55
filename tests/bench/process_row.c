/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A download by lpactl between veuicc and smdpp, all as processes on real sockets. */
#include "bench/bench.h"

#include <err.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RUNS 100
#define MAX_OUTPUT (256 * 1024)
#define MAX_PATH 4096

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t *values, unsigned count)
{
	qsort(values, count, sizeof(values[0]), by_value);
	return values[count / 2];
}

/* Sum a member of every step in lpactl's "stats". */
static double sum(const json_t *stats, const char *member)
{
	double total = 0;
	size_t i;
	json_t *step;

	json_array_foreach(stats, i, step)
		total += json_number_value(json_object_get(step, member));
	return total;
}

static void read_stats(const char *output, struct process_row *row)
{
	json_error_t error;
	json_t *document = json_loads(output, 0, &error);
	const json_t *stats = json_object_get(document, "stats");

	if (!json_array_size(stats))
		errx(1, "lpactl gave no stats: %s", output);
	row->card_ms = sum(stats, "cardMilliseconds");
	row->server_ms = sum(stats, "httpMilliseconds");
	row->requests = (unsigned)sum(stats, "requests");
	row->connections = (unsigned)sum(stats, "connections");
	row->tls_handshakes = (unsigned)sum(stats, "tlsHandshakes");
	row->apdus = (unsigned)sum(stats, "apdus");
	row->blocks = (unsigned)sum(stats, "blocks");
	json_decref(document);
}

/* One download onto a fresh card. */
static void run(const struct bench_setup *setup, const char *matching_id, unsigned number,
		struct process_row *row, struct child_cost *cost)
{
	static char output[MAX_OUTPUT];
	char veuicc_path[MAX_PATH], lpactl_path[MAX_PATH], state[MAX_PATH], socket[MAX_PATH];
	char connect_to[sizeof(BENCH_NAME) + CHILD_MAX_ADDRESS + 8];
	struct child veuicc;

	snprintf(veuicc_path, sizeof(veuicc_path), "%s/veuicc", setup->bin);
	snprintf(lpactl_path, sizeof(lpactl_path), "%s/lpactl", setup->bin);
	snprintf(state, sizeof(state), "%s/%s.%u", setup->scratch, matching_id, number);
	snprintf(socket, sizeof(socket), "unix:%s/card", setup->scratch);
	snprintf(connect_to, sizeof(connect_to), BENCH_NAME ":443:%s", setup->smdpp.address);

	child_start_server(&veuicc, (const char *const[]){ veuicc_path, "--state", state, "--listen",
							   socket, "--pki", setup->pki, NULL });
	if (child_run((const char *const[]){ lpactl_path, "--device", socket, "--ci-roots",
					     setup->pki, "--connect-to", connect_to, "--json",
					     "--stats", "download", "--smdp", BENCH_NAME,
					     "--matching-id", matching_id, "--imei",
					     "004401230000008", "--yes", NULL },
		      output, sizeof(output), cost))
		errx(1, "lpactl failed: %s", output);
	child_stop(&veuicc);
	read_stats(output, row);
}

void bench_process(const struct bench_setup *setup, const char *matching_id, unsigned runs,
		   struct process_row *ret)
{
	uint64_t wall[MAX_RUNS] = { 0 }, cpu[MAX_RUNS] = { 0 };
	uint64_t card[MAX_RUNS] = { 0 }, server[MAX_RUNS] = { 0 };
	long peak = 0;

	if (runs > MAX_RUNS)
		runs = MAX_RUNS;
	for (unsigned i = 0; i < runs; i++) {
		struct child_cost cost;

		run(setup, matching_id, i, ret, &cost);
		wall[i] = cost.wall_us;
		cpu[i] = cost.cpu_us;
		card[i] = (uint64_t)(ret->card_ms * 1000);
		server[i] = (uint64_t)(ret->server_ms * 1000);
		if (cost.peak_kib > peak)
			peak = cost.peak_kib;
	}
	ret->wall_us = median(wall, runs);
	ret->cpu_us = median(cpu, runs);
	ret->card_ms = (double)median(card, runs) / 1000;
	ret->server_ms = (double)median(server, runs) / 1000;
	ret->peak_kib = peak;
}
