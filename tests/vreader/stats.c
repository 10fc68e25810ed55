/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted; see stats.h. */
#include "vreader/stats.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[STAT_COUNT] = {
	[STAT_CONTROL_URBS] = "control-urbs",
	[STAT_BULK_OUT_URBS] = "bulk-out-urbs",
	[STAT_BULK_IN_URBS] = "bulk-in-urbs",
	[STAT_INTERRUPT_URBS] = "interrupt-urbs",
	[STAT_UNLINKED] = "unlinked",
	[STAT_COMMANDS] = "commands",
	[STAT_ON] = "on",
	[STAT_OFF] = "off",
	[STAT_STATUS] = "status",
	[STAT_XFR] = "xfr",
	[STAT_GET] = "get",
	[STAT_SET] = "set",
	[STAT_ABORT] = "abort",
	[STAT_OTHER] = "other",
	[STAT_ANSWERS] = "answers",
	[STAT_EXTENSIONS] = "extensions",
	[STAT_NOTIFICATIONS] = "notifications",
	[STAT_PPS] = "pps",
	[STAT_T1_I] = "t1-i",
	[STAT_T1_R] = "t1-r",
	[STAT_T1_S] = "t1-s",
	[STAT_T1_RESYNCHS] = "t1-resynchs",
	[STAT_FAULTS] = "faults",
	[STAT_HALTS_CLEARED] = "halts-cleared",
	[STAT_SUSPENDS] = "suspends",
	[STAT_RESUMES] = "resumes",
	[STAT_CONFIGURED] = "configured",
	[STAT_ATTACHED] = "attached",
	[STAT_DETACHED] = "detached",
	[STAT_LAST_VOLTAGE] = "last-voltage",
	[STAT_READS_WAITING] = "reads-waiting",
	[STAT_HELD] = "held",
	[STAT_VIOLATIONS] = "violations",
};

int vreader_stat_find(const char *name)
{
	for (int i = 0; i < STAT_COUNT; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

void vreader_stats_print(const struct vreader_stats *stats, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < STAT_COUNT && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s %llu\n", names[i],
					 (unsigned long long)stats->count[i]);
	if (stats->violation[0] && used < size)
		snprintf(text + used, size - used, "last-violation %s\n", stats->violation);
}

/* What is so now stays; what happened is forgotten. */
void vreader_stats_clear(struct vreader_stats *stats)
{
	uint64_t reads = stats->count[STAT_READS_WAITING], held = stats->count[STAT_HELD];

	*stats = (struct vreader_stats){ 0 };
	stats->count[STAT_READS_WAITING] = reads;
	stats->count[STAT_HELD] = held;
}

void vreader_violation(struct vreader_stats *stats, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(stats->violation, sizeof(stats->violation), format, list);
	va_end(list);
	stats->count[STAT_VIOLATIONS]++;
}
