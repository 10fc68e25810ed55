/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bench of lpad: what it takes while nothing happens, how fast it is there, what the bus costs,
 * and how many downloads it carries. Memory and wake-ups are gates (exit status 1 where one is
 * missed), times are reported beside theirs.
 */
#include "rows.h"

#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define GATE_PSS_KIB		(8 * 1024)
#define GATE_PSS_EACH_KIB	128
#define GATE_START_US		30000

static bool missed;

static const char *gate(bool reached)
{
	missed |= !reached;
	return reached ? "" : "  MISSED";
}

static double ms(uint64_t us)
{
	return (double)us / 1000;
}

static void print_start(struct machine *m, unsigned runs)
{
	struct start_row row;

	bench_start(m, runs, &row);
	printf("exec to the name on the bus: median %.1f ms of %u (%.1f to %.1f), CPU %.1f ms; to reach: %.0f ms%s\n",
	       ms(row.median_us), runs, ms(row.best_us), ms(row.worst_us), ms(row.cpu_us), ms(GATE_START_US),
	       row.median_us > GATE_START_US ? "  (over it)" : "");
}

static void print_idle(struct machine *m, unsigned cards, unsigned seconds)
{
	const unsigned counts[] = { 1, 51, cards };
	struct idle_row one, row;
	unsigned before = 0;

	machine_cards(m, cards);
	printf("\nidle: eUICCs   PSS KiB   anonymous   KiB for each further   sleeps in %u s\n", seconds);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (counts[i] > cards || counts[i] == before)
			continue;
		before = counts[i];
		bench_idle(m, counts[i], seconds, &row);
		if (i == 0) {
			one = row;
			printf("%12u %9ld %11ld %22s %16lu%s\n", counts[i], row.memory.pss_kib,
			       row.memory.anonymous_kib, "-", row.sleeps,
			       gate(row.memory.pss_kib <= GATE_PSS_KIB && row.sleeps == 0));
			continue;
		}
		printf("%12u %9ld %11ld %22.1f %16lu%s\n", counts[i], row.memory.pss_kib,
		       row.memory.anonymous_kib,
		       (double)(row.memory.pss_kib - one.memory.pss_kib) / (counts[i] - 1), row.sleeps,
		       gate(row.memory.pss_kib - one.memory.pss_kib <=
			    (long)(counts[i] - 1) * GATE_PSS_EACH_KIB && row.sleeps == 0));
	}
	printf("to reach: %d KiB, %d KiB for each further eUICC, no wake-up\n", GATE_PSS_KIB,
	       GATE_PSS_EACH_KIB);
}

static void print_ways(const char *operation, const uint64_t us[OVERHEAD_WAYS])
{
	printf("%-24s %14.2f %12.2f %8.1f %17.1f\n", operation, ms(us[BY_BUS]), ms(us[BY_LIBESIM]),
	       ms(us[BY_LPACTL]), ms(us[BY_LPACTL_DIRECT]));
}

static void print_overhead(struct machine *m, unsigned runs)
{
	struct overhead_row row;

	bench_overhead(m, runs, &row);
	printf("\nms, medians of %-4u        over the bus   by libesim   lpactl   lpactl --direct\n", runs);
	print_ways("Euicc1.GetDetails", row.details_us);
	print_ways("Profile1.SetNickname", row.nickname_us);
}

/* The first @count of those that the bench was given: this process and all that it starts from now on. */
static void take_cores(const cpu_set_t *given, unsigned count)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned i = 0; count > 0 && i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, given)) {
			CPU_SET(i, &set);
			count--;
		}
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "sched_setaffinity");
}

static void print_swarm(struct machine *m, unsigned cards, unsigned cores)
{
	struct swarm_row row;
	uint64_t cpu;

	machine_start(m);
	bench_swarm(m, cards, &row);
	machine_stop(m);
	cpu = row.lpad_cpu_us + row.cards_cpu_us + row.server_cpu_us + row.bus_cpu_us;
	printf("%5u %8u %6u %9.1f %11.1f %9.2f %6.0f %8.0f %7.0f %5.0f %9ld %9ld%s\n", cores, row.done,
	       row.failed, ms(row.wall_us), row.done * 1e6 / (double)row.wall_us,
	       ms(cpu) / cards, 100.0 * (double)row.lpad_cpu_us / (double)cpu,
	       100.0 * (double)row.server_cpu_us / (double)cpu,
	       100.0 * (double)row.cards_cpu_us / (double)cpu,
	       100.0 * (double)row.bus_cpu_us / (double)cpu, row.peak_kib, row.after.pss_kib,
	       gate(row.failed == 0));
}

static void print_swarms(struct machine *m, unsigned cards)
{
	cpu_set_t given;

	if (sched_getaffinity(0, sizeof(given), &given))
		err(1, "sched_getaffinity");
	printf("\n%u eUICCs, each with a download at once (CPU of lpad, SM-DP+, cards and bus):\n", cards);
	printf("cores     done failed   wall ms  downloads/s  CPU ms each   lpad%%  SM-DP+%%  cards%%  bus%% "
	       " peak KiB  PSS then\n");
	for (unsigned n = 1; n <= 2 && (int)n <= CPU_COUNT(&given); n++) {
		take_cores(&given, n);
		print_swarm(m, cards, n);
	}
}

/* One package under as many names as there are cards: each download is another order. */
static void make_orders(struct machine *m, const char *package, unsigned cards)
{
	char link[sizeof(m->profiles) + 32];

	snprintf(m->profiles, sizeof(m->profiles), "%s/profiles", m->scratch);
	if (mkdir(m->profiles, 0700))
		err(1, "%s", m->profiles);
	for (unsigned i = 0; i < cards; i++) {
		snprintf(link, sizeof(link), "%s/demo%u.der", m->profiles, i);
		if (symlink(package, link))
			err(1, "%s", link);
	}
}

/* What lpad trusts: the CI alone, as where it is installed. */
static void make_roots(const struct machine *m)
{
	char path[4096], ci[4096];

	snprintf(path, sizeof(path), "%s/roots", m->scratch);
	if (mkdir(path, 0700))
		err(1, "%s", path);
	snprintf(path, sizeof(path), "%s/roots/CERT_CI.der", m->scratch);
	snprintf(ci, sizeof(ci), "%s/CERT_CI.der", m->pki);
	if (symlink(ci, path))
		err(1, "%s", path);
}

static void usage(FILE *to)
{
	fputs("usage: lpad-bench --bin DIR --pki DIR --scratch DIR [--cards N] [--runs N] [--idle SECONDS]\n"
	      "                  [--log FILE] PACKAGE\n"
	      "Measure lpad, with up to N virtual eUICCs (1 to 200); PACKAGE and the directories are named\n"
	      "from the root. What lpad and the bus say goes to FILE. Exit status 1 where a gate is missed.\n",
	      to);
}

static unsigned number(const char *text, unsigned max)
{
	unsigned long value = strtoul(text, NULL, 10);

	if (!value || value > max) {
		usage(stderr);
		exit(2);
	}
	return (unsigned)value;
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "bin", required_argument, NULL, 'b' },   { "pki", required_argument, NULL, 'p' },
		{ "scratch", required_argument, NULL, 's' }, { "cards", required_argument, NULL, 'c' },
		{ "runs", required_argument, NULL, 'r' },  { "idle", required_argument, NULL, 'i' },
		{ "log", required_argument, NULL, 'l' },   { "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct machine m = { .log = -1 };
	unsigned cards = MACHINE_MAX_CARDS, runs = 20, seconds = 30;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b': m.bin = optarg; break;
		case 'p': m.pki = optarg; break;
		case 's': m.scratch = optarg; break;
		case 'c': cards = number(optarg, MACHINE_MAX_CARDS); break;
		case 'r': runs = number(optarg, 100); break;
		case 'i': seconds = number(optarg, 3600); break;
		case 'l':
			m.log = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
			if (m.log < 0)
				err(1, "%s", optarg);
			break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (!m.bin || !m.pki || !m.scratch || argc - optind != 1) {
		usage(stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_orders(&m, argv[optind], cards);
	make_roots(&m);
	machine_start(&m);
	print_start(&m, runs);
	print_idle(&m, cards, seconds);
	print_overhead(&m, runs);
	machine_stop(&m);
	print_swarms(&m, cards);
	printf("\nlpad-bench: %s\n", missed ? "a gate was MISSED" : "all gates reached");
	return missed;
}
