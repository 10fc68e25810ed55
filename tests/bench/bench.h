/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One download, measured in two ways: on a modelled link, and by lpactl on real sockets. */
#ifndef BENCH_H
#define BENCH_H

#include "bench/child.h"

#include <stdint.h>

#define BENCH_NAME "testsmdpplus1.example.com"

struct bench_setup {
	const char *bin, *pki, *scratch;
	const char *profiles;			/* directory of packages */
	struct child smdpp;
};

/* On the virtual clock of veuicc linked in-process. Times are those of reader and card. */
struct link_row {
	const char *link;			/* --link of veuicc(1) */
	uint64_t floor_us, time_us;
	uint64_t floor_apdus, apdus, floor_blocks, blocks, floor_bytes, bytes;
	unsigned requests, connections, tls_handshakes;
};
void bench_link(const struct bench_setup *setup, const char *link, const char *matching_id,
		struct link_row *ret);

/* lpactl, veuicc and smdpp as processes; the medians of @runs downloads. */
struct process_row {
	uint64_t wall_us, cpu_us;
	double card_ms, server_ms;		/* of the wall clock, spent waiting for them */
	long peak_kib;				/* the highest of all runs */
	unsigned requests, connections, tls_handshakes, apdus, blocks;
};
void bench_process(const struct bench_setup *setup, const char *matching_id, unsigned runs,
		   struct process_row *ret);

#endif
