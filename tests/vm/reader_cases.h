/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of reader_vmtest: euicc_ccid on readers that are as they should be, of every kind. */
#ifndef COREESIM_TESTS_VM_READER_CASES_H
#define COREESIM_TESTS_VM_READER_CASES_H

/* Every exchange level gives the answers that the card itself gives. */
void reader_level_cases(void);
/* Slow cards, stale answers, what a block costs. */
void reader_time_cases(void);
/* Voltages, rates, PPS. */
void reader_power_cases(void);
/* Cards that come and go, readers that go. */
void reader_event_cases(void);
/* Which readers are taken, and which are left alone. */
void reader_binding_cases(void);

#endif
