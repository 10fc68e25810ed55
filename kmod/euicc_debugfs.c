// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/euicc/euiccN: what was counted, and how long exchanges took.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "euicc.h"

static struct dentry *euicc_debugfs_root;

static int counters_show(struct seq_file *seq, void *unused)
{
	static const char * const names[EUICC_COUNTERS] = {
		[EUICC_COUNT_EXCHANGES] = "exchanges",
		[EUICC_COUNT_GET_RESPONSES] = "get_responses",
		[EUICC_COUNT_WRONG_LENGTHS] = "wrong_lengths",
		[EUICC_COUNT_UNKNOWN] = "unknown_outcomes",
		[EUICC_COUNT_TIMEOUTS] = "timeouts",
		[EUICC_COUNT_ACTIVATIONS] = "activations",
		[EUICC_COUNT_DEACTIVATIONS] = "deactivations",
		[EUICC_COUNT_SESSIONS_LOST] = "sessions_lost",
		[EUICC_COUNT_OPENS] = "opens",
		[EUICC_COUNT_CLOSES] = "closes",
		[EUICC_COUNT_BATCHES] = "batches",
		[EUICC_COUNT_ENTRIES] = "entries",
		[EUICC_COUNT_RESETS] = "resets",
		[EUICC_COUNT_ABANDONED] = "abandoned",
	};
	struct euicc_device *edev = seq->private;
	unsigned int i;

	for (i = 0; i < EUICC_COUNTERS; i++)
		seq_printf(seq, "%s %lld\n", names[i], atomic64_read(&edev->counters[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

/* A line a bucket that is not empty: shorter than so many microseconds, so many exchanges. */
static int latency_show(struct seq_file *seq, void *unused)
{
	struct euicc_device *edev = seq->private;
	unsigned int i;

	for (i = 0; i < EUICC_LATENCY_BUCKETS; i++) {
		s64 count = atomic64_read(&edev->latency[i]);

		if (count)
			seq_printf(seq, "<%llu %lld\n", 1ULL << i, count);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(latency);

void euicc_debugfs_add(struct euicc_device *edev)
{
	edev->debugfs = debugfs_create_dir(dev_name(&edev->dev), euicc_debugfs_root);
	debugfs_create_file("counters", 0400, edev->debugfs, edev, &counters_fops);
	debugfs_create_file("latency", 0400, edev->debugfs, edev, &latency_fops);
}

void euicc_debugfs_remove(struct euicc_device *edev)
{
	debugfs_remove_recursive(edev->debugfs);
}

void euicc_debugfs_init(void)
{
	euicc_debugfs_root = debugfs_create_dir("euicc", NULL);
}

void euicc_debugfs_exit(void)
{
	debugfs_remove_recursive(euicc_debugfs_root);
}
