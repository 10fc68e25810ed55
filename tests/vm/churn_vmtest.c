/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices come and go by the thousand while clients are in every call: no hang, no minor and no
 * channel leaks, and no client is told what is not true. The kernel's own checks (KASAN, lockdep,
 * KCSAN, kmemleak) are read by the guest's init.
 *
 *   churn_vmtest proxy|bind|detach|modules CYCLES
 */
#include "vm/churn.h"
#include "vm/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/euicc.h>

#define HANG_SECONDS 300
#define MINORS_MAX 300

static _Atomic(const char *) under_way = "the start";

static void on_alarm(int number)
{
	(void)number;
	/* The process hangs and ends here: what the handler interrupts never goes on. */
	/* NOLINTNEXTLINE(bugprone-signal-handler) */
	tap_fail("nothing hangs", "%s made no progress for %d s", atomic_load(&under_way), HANG_SECONDS);
	_exit(1);
}

void churn_progress(const char *what)
{
	atomic_store(&under_way, what);
	alarm(HANG_SECONDS);
}

uint32_t churn_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

unsigned int churn_free_minors(int control)
{
	static int fds[MINORS_MAX];
	unsigned int count = 0;

	while (count < MINORS_MAX) {
		struct euicc_proxy_new_dev args = { .name = "minor" };

		if (ioctl(control, EUICC_PROXY_NEW_DEV, &args))
			break;
		fds[count++] = args.fd;
		churn_progress("counting minors");
	}
	if (errno != ENOSPC)
		tap_note("counting minors ended with %s", strerror(errno));
	for (unsigned int i = 0; i < count; i++) {
		close(fds[i]);
		churn_progress("counting minors");
	}
	return count;
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*run)(unsigned int cycles);
	} parts[] = {
		{ "proxy", churn_proxy }, { "bind", churn_bind }, { "detach", churn_detach },
		{ "modules", churn_modules },
	};
	unsigned int cycles = argc == 3 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;

	signal(SIGALRM, on_alarm);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!cycles || strcmp(argv[1], parts[i].name))
			continue;
		churn_progress(parts[i].name);
		parts[i].run(cycles);
		return tap_exit();
	}
	fprintf(stderr, "usage: churn_vmtest proxy|bind|detach|modules CYCLES\n");
	return 2;
}
