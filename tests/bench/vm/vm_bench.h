/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a block costs between a program and a USB reader, counted in a guest: the same emulated
 * reader and card for each way to them.
 */
#ifndef BENCH_VM_BENCH_H
#define BENCH_VM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_UNIT	64	/* blocks at a time: one batch */
#define BENCH_BLOCK	260	/* STORE DATA with 255 bytes */
#define BENCH_MAX_TASKS	64

/* STORE DATA number @number of a sequence that is never closed: the card answers 9000. */
void bench_block(uint8_t apdu[BENCH_BLOCK], unsigned number);

/* --- ways to the reader ----------------------------------------------------------------- */

struct bench_client {
	const char *name;
	bool kernel;			/* through euicc_ccid */
	bool program;			/* CCID in the program, by usbccid */
	/* Ready to send blocks to the ISD-R. False, with a note, where it cannot be had. */
	bool (*open)(const char *bus_port);
	bool (*unit)(void);		/* BENCH_UNIT blocks, each answered 9000 */
	void (*close)(void);
	pid_t (*server)(void);		/* the process that works for it; NULL: none */
};

extern const struct bench_client bench_device_single, bench_device_batch, bench_libusb, bench_usbccid,
	bench_esim_usb, bench_pcsc, bench_esim_pcsc;

/* pcscd, with its readers there. False where this guest has none. */
bool bench_pcscd_start(void);
void bench_pcscd_stop(void);
pid_t bench_pcscd(void);

/* --- counters ------------------------------------------------------------------------------ */

struct bench_tasks {
	pid_t tids[BENCH_MAX_TASKS];
	size_t count;
};

/* The calling thread, and all threads of @server where it is not 0. */
void bench_tasks_find(struct bench_tasks *tasks, pid_t server);

/* So far. */
struct bench_counts {
	uint64_t syscalls, wakeups, voluntary, involuntary;
	uint64_t works;			/* runs of the core's worker, all devices */
};

/* Tracepoints are counted from here on. False: this kernel cannot. */
bool bench_counters_start(void);
void bench_counters_read(const struct bench_tasks *tasks, struct bench_counts *ret);

/* --- URBs, as usbmon sees them ----------------------------------------------------------- */

struct bench_urbs {
	uint64_t out, in;		/* data URBs */
	uint64_t inside_us;		/* from a command's submission to its answer's completion */
	uint32_t *gaps_us;		/* from an answer's completion to the next submission */
	size_t gap_count, gap_room;
};

bool bench_usbmon_open(const char *bus_port);
/* What came since the last call; added to @urbs, or dropped where it is NULL. */
bool bench_usbmon_drain(struct bench_urbs *urbs);
void bench_usbmon_close(void);

#endif
