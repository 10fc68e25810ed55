/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each allocation and each user copy of a call fails once: the call says ENOMEM or EFAULT and
 * that is the truth about the card, or it does what it should; nothing is left half done, and
 * the next call works. tests/vm/failnth_calls.c has the calls of /dev/euiccN,
 * failnth_transport.c those of transports.
 *
 *   failnth_vmtest [CALL [FIRST]]	one call alone, from that fault on
 */
#include "vm/failnth.h"
#include "vm/failnth_call.h"
#include "vm/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SITES_MAX 4000

static void run(const struct failnth_call *call, unsigned int first)
{
	unsigned int nth, failed = 0;

	for (nth = first; nth < SITES_MAX; nth++) {
		const char *why = NULL;
		bool met;
		int rc;

		if (call->prepare && !call->prepare()) {
			tap_fail(call->name, "what goes before it fails after fault %u", nth - 1);
			return;
		}
		failnth_arm(nth);
		rc = call->run();
		met = failnth_disarm();
		if (rc < 0 && !met)
			why = "fails without a fault";
		else if (rc < 0 && rc != -ENOMEM && rc != -EFAULT && !call->any_errno)
			why = "an errno that is none of a fault";
		if (!why)
			why = call->check(rc);
		else
			call->check(rc);
		if (why) {
			tap_fail(call->name, "fault %u, %s: %s", nth, rc < 0 ? strerror(-rc) : "success",
				 why);
			return;
		}
		failed += rc < 0;
		if (!met)
			break;
	}
	tap_ok(nth < SITES_MAX,
	       "%s tells the truth whatever fails in it (%u faults, %u of them errors)", call->name,
	       nth - 1, failed);
}

int main(int argc, char *argv[])
{
	unsigned int first = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 1;
	const struct failnth_call *const *calls;

	if (!failnth_setup()) {
		tap_skip("faults", "this kernel injects none");
		return tap_exit();
	}
	if (!failnth_begin())
		return tap_ok(false, "a device to work with"), tap_exit();
	for (calls = failnth_calls; *calls; calls++)
		if (argc < 2 || !strcmp(argv[1], (*calls)->name))
			run(*calls, first);
	for (calls = failnth_transport_calls; *calls; calls++)
		if (argc < 2 || !strcmp(argv[1], (*calls)->name))
			run(*calls, first);
	failnth_end();
	if (argc >= 2 && strcmp(argv[1], failnth_probe.name))
		return tap_exit();
	if (failnth_probe_begin())
		run(&failnth_probe, first);
	else
		tap_skip(failnth_probe.name, "there is no reader behind xHCI");
	failnth_probe_end();
	return tap_exit();
}
