/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the modules' code the calls of a thread ran through, as KCOV counts it. */
#include "vm/ioctlfuzz.h"

#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define COVER_WORDS	(64u << 10)
#define EDGES		(1u << 16)
#define MAX_MODULES	8

struct fuzz_coverage {
	int fd;
	unsigned long *words;		/* [0]: how many follow */
	struct {
		unsigned long start, end;
	} modules[MAX_MODULES];
	unsigned module_count;
};

static atomic_uchar seen[EDGES];
static atomic_uint seen_count;

/* Where our modules lie. Code of the rest of the kernel says nothing about them. */
static void find_modules(struct fuzz_coverage *coverage)
{
	FILE *file = fopen("/proc/modules", "re");
	char name[64];
	unsigned long size, start;

	while (file && coverage->module_count < MAX_MODULES &&
	       fscanf(file, "%63s %lu %*s %*s %*s %lx%*[^\n]", name, &size, &start) == 3) {
		if (strncmp(name, "euicc", 5) || !start)
			continue;
		coverage->modules[coverage->module_count].start = start;
		coverage->modules[coverage->module_count++].end = start + size;
	}
	if (file)
		fclose(file);
}

struct fuzz_coverage *fuzz_coverage_new(void)
{
	struct fuzz_coverage *coverage = calloc(1, sizeof(*coverage));
	size_t bytes = COVER_WORDS * sizeof(unsigned long);

	if (!coverage)
		return NULL;
	coverage->words = MAP_FAILED;
	coverage->fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (coverage->fd >= 0 && !ioctl(coverage->fd, KCOV_INIT_TRACE, (unsigned long)COVER_WORDS))
		coverage->words = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, coverage->fd, 0);
	find_modules(coverage);
	if (coverage->words == MAP_FAILED || !coverage->module_count ||
	    ioctl(coverage->fd, KCOV_ENABLE, (unsigned long)KCOV_TRACE_PC))
		fuzz_coverage_free(&coverage);
	return coverage;
}

void fuzz_coverage_free(struct fuzz_coverage **coverage)
{
	if (!*coverage)
		return;
	if ((*coverage)->fd >= 0)
		close((*coverage)->fd);
	if ((*coverage)->words != MAP_FAILED)
		munmap((*coverage)->words, COVER_WORDS * sizeof(unsigned long));
	free(*coverage);
	*coverage = NULL;
}

void fuzz_coverage_begin(struct fuzz_coverage *coverage)
{
	if (coverage)
		__atomic_store_n(&coverage->words[0], 0, __ATOMIC_RELAXED);
}

static bool is_ours(const struct fuzz_coverage *coverage, unsigned long pc)
{
	for (unsigned i = 0; i < coverage->module_count; i++)
		if (pc >= coverage->modules[i].start && pc < coverage->modules[i].end)
			return true;
	return false;
}

bool fuzz_coverage_end(struct fuzz_coverage *coverage)
{
	unsigned long count, before = 0;
	bool new_edge = false;

	if (!coverage)
		return false;
	count = __atomic_load_n(&coverage->words[0], __ATOMIC_RELAXED);
	for (unsigned long i = 1; i <= count && i < COVER_WORDS; i++) {
		unsigned long pc = coverage->words[i];
		uint64_t hash;

		if (!is_ours(coverage, pc))
			continue;
		hash = (before * 31 ^ pc) * 0x9E3779B97F4A7C15u;
		before = pc;
		if (atomic_exchange(&seen[hash >> 48], 1) == 0) {
			atomic_fetch_add(&seen_count, 1);
			new_edge = true;
		}
	}
	return new_edge;
}

unsigned fuzz_coverage_total(void)
{
	return atomic_load(&seen_count);
}
