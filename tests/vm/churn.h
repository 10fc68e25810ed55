/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of churn_vmtest share. */
#ifndef COREESIM_TESTS_VM_CHURN_H
#define COREESIM_TESTS_VM_CHURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Something went on. Where nothing does for five minutes, the suite fails and names @what. */
void churn_progress(const char *what);

/* Devices that can be made until ENOSPC: fewer than before is a minor that leaked. */
unsigned int churn_free_minors(int control);

/* Pseudo-random; each thread has a state of its own, not 0. */
uint32_t churn_random(uint32_t *state);

/* The parts. @cycles is how many to do. */
void churn_proxy(unsigned int cycles);
void churn_bind(unsigned int cycles);
void churn_detach(unsigned int cycles);
void churn_modules(unsigned int cycles);

#endif
