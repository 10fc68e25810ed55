/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults in the calling thread, one at a time: the Nth allocation or user copy of what
 * follows fails (Documentation/fault-injection: fail-nth).
 */
#ifndef COREESIM_TESTS_VM_FAILNTH_H
#define COREESIM_TESTS_VM_FAILNTH_H

#include <stdbool.h>

/* False where this kernel injects no faults. */
bool failnth_setup(void);

/* From here on this thread must do nothing but the call under test. */
void failnth_arm(unsigned int nth);

/* Whether the fault was met. Keeps errno. */
bool failnth_disarm(void);

#endif
