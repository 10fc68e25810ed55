/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bench in the guest. Counts are gates ("not ok" where one is missed); times are reported and
 * say little more than each other, since the machine is emulated.
 */
#include "bench/vm/vm_bench.h"
#include "vm/churn_reader.h"
#include "vm/tap.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINK	"baud=223214,apdu-us=2000"	/* as in tests/bench/main.c; no crypto, no writes here */
#define UNITS	16	/* measured, where the card costs nothing */
#define SLOW_UNITS 2	/* and where it costs its time */
#define MAX_LOAD 16
#define CALIBRATIONS 16
#define MOST_SYSCALLS	8
#define MOST_WAKEUPS	2

/* One that libccid drives without quirks. */
#define VENDOR	0x08E6
#define PRODUCT	0x3437

static const struct bench_client *const clients[] = {
	&bench_device_batch, &bench_device_single, &bench_libusb, &bench_usbccid, &bench_esim_usb,
	&bench_pcsc, &bench_esim_pcsc,
};

struct row {
	struct bench_counts counts;
	struct bench_urbs urbs;
	uint64_t blocks, wall_us;
};

void bench_block(uint8_t apdu[BENCH_BLOCK], unsigned number)
{
	const uint8_t header[] = { 0x80, 0xE2, 0x11, (uint8_t)number, 0xFF };

	memset(apdu, 0x5A, BENCH_BLOCK);
	memcpy(apdu, header, sizeof(header));
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- the reader ------------------------------------------------------------------------------ */

static struct vreader_thread *start_reader(const char *link)
{
	const struct vreader_options options = {
		.level = VREADER_SHORT, .vendor = VENDOR, .product = PRODUCT,
		.card = { .pki_dirs = { "/pki/nist" }, .pki_count = 1, .link = link, .real_time = link },
	};
	struct vreader_thread *reader = NULL;
	struct esim_error err = { 0 };

	if (vreader_start(&options, &reader, &err))
		tap_note("the reader: %s", err.message);
	return reader;
}

/* Readers of the machine's own are no part of this: pcscd would take them. */
static void put_others_away(void)
{
	glob_t found;

	if (glob("/sys/bus/usb/devices/*-*/authorized", 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		/* A colon is in names of interfaces: root hubs have them too. */
		int fd = strchr(found.gl_pathv[i], ':') ? -1 :
							  open(found.gl_pathv[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && write(fd, "0", 1) < 0)
			tap_note("%s", found.gl_pathv[i]);
		if (fd >= 0)
			close(fd);
	}
	globfree(&found);
}

/* --- load -------------------------------------------------------------------------------------- */

static pid_t load[MAX_LOAD];

static void start_load(void)
{
	long count = 2 * sysconf(_SC_NPROCESSORS_ONLN);

	for (long i = 0; i < count && i < MAX_LOAD; i++) {
		load[i] = fork();
		if (load[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (volatile unsigned spin = 0;; spin++)
			;
	}
}

static void stop_load(void)
{
	for (int i = 0; i < MAX_LOAD; i++) {
		if (load[i] <= 0)
			continue;
		kill(load[i], SIGKILL);
		waitpid(load[i], NULL, 0);
		load[i] = 0;
	}
}

/* --- a row ----------------------------------------------------------------------------------------- */

static void add(struct bench_counts *sum, const struct bench_counts *before,
		const struct bench_counts *after)
{
	sum->syscalls += after->syscalls - before->syscalls;
	sum->wakeups += after->wakeups - before->wakeups;
	sum->voluntary += after->voluntary - before->voluntary;
	sum->involuntary += after->involuntary - before->involuntary;
	sum->works += after->works - before->works;
}

/* What the reading of the counters counts of itself: the least, for now and then memory is asked for. */
static uint64_t own_syscalls(const struct bench_tasks *tasks)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < CALIBRATIONS; i++) {
		struct bench_counts before, after;

		bench_counters_read(tasks, &before);
		bench_counters_read(tasks, &after);
		if (after.syscalls - before.syscalls < least)
			least = after.syscalls - before.syscalls;
	}
	return least;
}

static bool measure(const struct bench_client *client, unsigned units, struct row *row)
{
	struct bench_counts before, after;
	struct bench_tasks tasks;
	uint64_t own;

	*row = (struct row){ .urbs = { .gap_room = units * BENCH_UNIT } };
	row->urbs.gaps_us = calloc(row->urbs.gap_room, sizeof(*row->urbs.gaps_us));
	if (!client->unit() || !bench_usbmon_drain(NULL))
		return false;
	bench_tasks_find(&tasks, client->server ? client->server() : 0);
	own = own_syscalls(&tasks);
	for (unsigned i = 0; i < units; i++) {
		uint64_t start;

		bench_counters_read(&tasks, &before);
		start = now_us();
		if (!client->unit())
			return false;
		row->wall_us += now_us() - start;
		bench_counters_read(&tasks, &after);
		add(&row->counts, &before, &after);
		row->counts.syscalls -= own;
		if (!bench_usbmon_drain(&row->urbs))
			return false;
		row->blocks += BENCH_UNIT;
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t percentile(struct bench_urbs *urbs, unsigned percent)
{
	if (!urbs->gap_count)
		return 0;
	qsort(urbs->gaps_us, urbs->gap_count, sizeof(urbs->gaps_us[0]), by_value);
	return urbs->gaps_us[(urbs->gap_count - 1) * percent / 100];
}

static void print_row(const char *name, const char *how, struct row *row)
{
	double blocks = (double)row->blocks;

	tap_note("%-28s %-10s %9.3f %9.3f %9.3f %9.3f %7.3f %7u %7u %8.1f", name, how,
		 (double)row->counts.syscalls / blocks, (double)row->counts.wakeups / blocks,
		 (double)row->counts.voluntary / blocks, (double)row->counts.involuntary / blocks,
		 (double)(row->urbs.out + row->urbs.in) / blocks, percentile(&row->urbs, 50),
		 percentile(&row->urbs, 99), 100 * (double)row->urbs.inside_us / (double)row->wall_us);
}

static void gate_batches(const struct row *row)
{
	uint64_t batches = row->blocks / BENCH_UNIT;

	tap_ok(row->counts.syscalls == batches, "one system call a batch (%llu of %llu)",
	       (unsigned long long)row->counts.syscalls, (unsigned long long)batches);
	tap_ok(row->counts.wakeups <= batches, "one wake-up of the client a batch (%llu of %llu)",
	       (unsigned long long)row->counts.wakeups, (unsigned long long)batches);
}

/*
 * Two submissions; and for each of the two completions, where they come apart, a poll() that sleeps,
 * libusb's own, and the reaping. Fewer where they come together.
 */
static void gate_program(const struct bench_client *client, const struct row *row)
{
	tap_ok(row->counts.syscalls <= MOST_SYSCALLS * row->blocks, "%s: at most %d system calls a block (%.3f)",
	       client->name, MOST_SYSCALLS, (double)row->counts.syscalls / (double)row->blocks);
	tap_ok(row->counts.wakeups <= MOST_WAKEUPS * row->blocks, "%s: at most %d wake-ups a block (%.3f)",
	       client->name, MOST_WAKEUPS, (double)row->counts.wakeups / (double)row->blocks);
}

/*
 * How much of a block is the reader's and the card's. The emulated processors wait for those of the
 * machine below; the shorter gaps are those in which they did not.
 */
static void gate_share(struct row *row)
{
	double inside = (double)row->urbs.inside_us / (double)row->blocks;
	double share = 100 * inside / (inside + percentile(&row->urbs, 10));

	tap_ok(share >= 98, "98 %% of a block's time are the reader's and the card's (%.2f %%; all waits "
	       "of this machine counted %.2f %%)", share,
	       100 * (double)row->urbs.inside_us / (double)row->wall_us);
}

/* A channel is open, and nobody asks for anything. */
static void gate_idle(void)
{
	const struct timespec while_idle = { .tv_sec = 3 };
	struct bench_tasks tasks;
	struct bench_counts before, after;
	struct bench_urbs urbs = { 0 };

	bench_tasks_find(&tasks, 0);
	bench_usbmon_drain(NULL);
	bench_counters_read(&tasks, &before);
	nanosleep(&while_idle, NULL);
	bench_counters_read(&tasks, &after);
	bench_usbmon_drain(&urbs);
	tap_ok(after.works == before.works && !urbs.out && !urbs.in,
	       "an idle device wakes nobody (%llu work items, %llu URBs in 3 s)",
	       (unsigned long long)(after.works - before.works),
	       (unsigned long long)(urbs.out + urbs.in));
}

static void run_client(const struct bench_client *client, const char *bus_port, bool slow)
{
	struct row row;
	char text[64];

	snprintf(text, sizeof(text), "del %s", bus_port);
	if (!client->kernel)
		churn_driver_write("match", text);
	if (!client->open(bus_port)) {
		tap_skip(client->name, "cannot be had in this guest");
		client->close();
		return;
	}
	if (!measure(client, slow ? SLOW_UNITS : UNITS, &row)) {
		tap_fail(client->name, "a block failed, or usbmon lost count");
	} else {
		print_row(client->name, slow ? "card" : "free", &row);
		if (client->kernel || client->program)
			tap_ok(row.urbs.out + row.urbs.in == 2 * row.blocks, "%s%s: two data URBs a block",
			       client->name, slow ? ", card's time" : "");
		if (client->program)
			gate_program(client, &row);
		if (client == &bench_device_batch && !slow)
			gate_batches(&row);
		if (client == &bench_device_batch && slow)
			gate_share(&row);
		free(row.urbs.gaps_us);
	}
	if (client == &bench_device_batch && !slow)
		gate_idle();
	if (!slow) {
		start_load();
		if (measure(client, UNITS / 4, &row))
			print_row(client->name, "free, load", &row);
		free(row.urbs.gaps_us);
		stop_load();
	}
	client->close();
}

static void run(const char *link)
{
	char bus_port[VREADER_BUS_PORT_SIZE];
	struct vreader_thread *reader = start_reader(link);

	if (!tap_ok(reader && bench_usbmon_open(vreader_bus_port(reader, bus_port)), "a reader%s%s",
		    link ? " with " : "", link ? link : ""))
		return;
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		run_client(clients[i], bus_port, link);
	bench_usbmon_close();
	vreader_stop(&reader);
}

int main(void)
{
	put_others_away();
	if (!tap_ok(bench_counters_start(), "tracepoints can be counted"))
		return tap_exit();
	tap_note("%-28s %-10s %9s %9s %9s %9s %7s %7s %7s %8s", "per block", "card", "syscalls", "wake-ups",
		 "voluntary", "involunt.", "URBs", "p50 us", "p99 us", "inside %");
	run(NULL);
	run(LINK);
	return tap_exit();
}
