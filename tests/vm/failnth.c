/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/failnth.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int control = -1;

/* Where it is there: not every kernel injects every kind. */
static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		warn("%s", path);
	close(fd);
}

bool failnth_setup(void)
{
	/* Allocations that may sleep are the ones that we make; and no stack trace for each. */
	set("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/failslab/verbose", "0");
	set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	set("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	set("/sys/kernel/debug/fail_usercopy/verbose", "0");
	/* A page fault of our own must not be what fails. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		warn("mlockall");
	control = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return control >= 0;
}

void failnth_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(control, text, (size_t)len, 0) != len)
		err(1, "fail-nth");
}

bool failnth_disarm(void)
{
	char text[16] = "";
	int error = errno;
	/* Reading copies to us: where the fault is still to come, it may come here. */
	bool met = pread(control, text, sizeof(text) - 1, 0) > 0 && text[0] == '0';

	while (pwrite(control, "0", 1, 0) != 1)
		;
	errno = error;
	return met;
}
