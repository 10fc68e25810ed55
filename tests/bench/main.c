/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bench: what a download costs against the floor that link, card and protocol
 * set. Counts are gates (exit status 1 where one is missed), times are reported.
 */
#include "bench/bench.h"

#include <err.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define PEAK_GATE_KIB (8 * 1024)

/* What readers and cards are like: T=0 at usual rates, a USB reader's latency, the card's crypto. */
static const char *const links[] = {
	"baud=9600,apdu-us=0,crypto-us=60000,write-us=10000",
	"baud=223214,apdu-us=2000,crypto-us=60000,write-us=10000",
	"apdu-us=100,crypto-us=20000,write-us=5000",
};
#define LINKS (sizeof(links) / sizeof(links[0]))

static bool missed;

static void gate(bool reached, const char *what, const char *package)
{
	if (reached)
		return;
	printf("  MISSED (%s): %s\n", package, what);
	missed = true;
}

static void print_links(const struct bench_setup *setup, char *const packages[], int count)
{
	printf("%-24s %-52s %9s %9s %6s %11s %11s %13s %5s %4s %4s\n", "modelled link: package",
	       "link", "floor ms", "time ms", "ratio", "APDUs/floor", "blocks/ceil", "bytes/floor",
	       "HTTP", "TCP", "TLS");
	for (int p = 0; p < count; p++) {
		for (size_t l = 0; l < LINKS; l++) {
			struct link_row row;

			bench_link(setup, links[l], packages[p], &row);
			printf("%-24.24s %-52s %9.1f %9.1f %6.3f %5lu/%-5lu %5lu/%-5lu %6lu/%-6lu %5u %4u %4u\n",
			       packages[p], links[l], (double)row.floor_us / 1000,
			       (double)row.time_us / 1000, (double)row.time_us / (double)row.floor_us,
			       row.apdus, row.floor_apdus, row.blocks, row.floor_blocks, row.bytes,
			       row.floor_bytes, row.requests, row.connections, row.tls_handshakes);
			gate(row.blocks == row.floor_blocks, "blocks = sum of ceil(length/255)",
			     packages[p]);
			gate(row.connections == 1 && row.tls_handshakes == 1,
			     "one handshake per server", packages[p]);
		}
	}
}

static void print_processes(const struct bench_setup *setup, char *const packages[], int count,
			    unsigned runs)
{
	printf("\n%-24s %9s %9s %9s %6s %8s %8s %6s %6s %5s %4s %4s\n", "real sockets: package",
	       "wall ms", "card ms", "server ms", "own %", "CPU ms", "peak KiB", "APDUs", "blocks",
	       "HTTP", "TCP", "TLS");
	for (int p = 0; p < count; p++) {
		struct process_row row;
		double wall, own;

		bench_process(setup, packages[p], runs, &row);
		wall = (double)row.wall_us / 1000;
		own = wall - row.card_ms - row.server_ms;
		printf("%-24.24s %9.1f %9.1f %9.1f %6.1f %8.1f %8ld %6u %6u %5u %4u %4u\n", packages[p],
		       wall, row.card_ms, row.server_ms, 100 * own / wall,
		       (double)row.cpu_us / 1000, row.peak_kib, row.apdus, row.blocks, row.requests,
		       row.connections, row.tls_handshakes);
		gate(row.peak_kib < PEAK_GATE_KIB, "peak memory of lpactl under 8 MiB", packages[p]);
		gate(row.connections == 1 && row.tls_handshakes == 1, "one handshake per server",
		     packages[p]);
	}
}

static void usage(FILE *to)
{
	fputs("usage: bench --bin DIR --pki DIR --profiles DIR --scratch DIR [--runs N] PACKAGE...\n"
	      "Measure downloads of PACKAGE (the name of DIR/PACKAGE.der) and compare them with\n"
	      "the floor; exit status 1 where a count misses its gate.\n", to);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "bin", required_argument, NULL, 'b' },   { "pki", required_argument, NULL, 'p' },
		{ "profiles", required_argument, NULL, 'd' }, { "scratch", required_argument, NULL, 's' },
		{ "runs", required_argument, NULL, 'r' },  { "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct bench_setup setup = { 0 };
	unsigned runs = 11;
	char smdpp[4096];
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b': setup.bin = optarg; break;
		case 'p': setup.pki = optarg; break;
		case 'd': setup.profiles = optarg; break;
		case 's': setup.scratch = optarg; break;
		case 'r': runs = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (!setup.bin || !setup.pki || !setup.profiles || !setup.scratch || !runs || optind == argc) {
		usage(stderr);
		return 2;
	}
	snprintf(smdpp, sizeof(smdpp), "%s/smdpp", setup.bin);
	child_start_server(&setup.smdpp,
			   (const char *const[]){ smdpp, "--listen", "127.0.0.1:0", "--profiles",
						  setup.profiles, "--name", BENCH_NAME, "--pki",
						  setup.pki, NULL });
	/* Processes first: a child's peak memory counts that of its parent before exec. */
	print_processes(&setup, argv + optind, argc - optind, runs);
	printf("\n");
	print_links(&setup, argv + optind, argc - optind);
	child_stop(&setup.smdpp);
	printf("\nbench: %s\n", missed ? "a gate was MISSED" : "all gates reached");
	return missed;
}
