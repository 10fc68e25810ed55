/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted: URBs by endpoint, CCID messages by kind, and what the host did wrong. */
#ifndef VREADER_STATS_H
#define VREADER_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vreader_stat {
	STAT_CONTROL_URBS,
	STAT_BULK_OUT_URBS,
	STAT_BULK_IN_URBS,
	STAT_INTERRUPT_URBS,
	STAT_UNLINKED,
	STAT_COMMANDS,			/* CCID messages of the host */
	STAT_ON,
	STAT_OFF,
	STAT_STATUS,
	STAT_XFR,
	STAT_GET,
	STAT_SET,
	STAT_ABORT,
	STAT_OTHER,
	STAT_ANSWERS,			/* CCID messages of the reader, extensions included */
	STAT_EXTENSIONS,
	STAT_NOTIFICATIONS,
	STAT_PPS,
	STAT_T1_I,			/* T=1 blocks of the host */
	STAT_T1_R,
	STAT_T1_S,
	STAT_T1_RESYNCHS,
	STAT_FAULTS,
	STAT_HALTS_CLEARED,
	STAT_SUSPENDS,			/* seen as SET_FEATURE(DEVICE_REMOTE_WAKEUP) */
	STAT_RESUMES,			/* seen as GET_STATUS of the device */
	STAT_CONFIGURED,		/* SET_CONFIGURATION: the first, and one per port reset */
	STAT_ATTACHED,			/* enumerated so many times */
	STAT_DETACHED,
	STAT_LAST_VOLTAGE,		/* bPowerSelect of the last power-on: 1 5 V, 2 3 V, 3 1.8 V */
	STAT_READS_WAITING,		/* bulk-in URBs that wait, now */
	STAT_HELD,			/* answers held back, now */
	STAT_VIOLATIONS,		/* what a host must not do */
	STAT_COUNT,
};

struct vreader_stats {
	uint64_t count[STAT_COUNT];
	char violation[128];		/* the last one, for people */
};

/* -1: there is no such figure. */
int vreader_stat_find(const char *name);
void vreader_stats_print(const struct vreader_stats *stats, char *text, size_t size);
void vreader_stats_clear(struct vreader_stats *stats);
void vreader_violation(struct vreader_stats *stats, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
