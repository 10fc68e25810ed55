/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of hostile_vmtest: readers that lie. Whatever they say, a call ends in time, with an
 * errno or status of the table or with the right answer, and what comes after works.
 */
#ifndef COREESIM_TESTS_VM_HOSTILE_CASES_H
#define COREESIM_TESTS_VM_HOSTILE_CASES_H

#include <stdbool.h>

/* Every byte of the descriptors. */
void hostile_descriptor_cases(void);
/* Every field of the answers, at every step of a session; answers without end; silence. */
void hostile_answer_cases(void);
/* The interrupt pipe. */
void hostile_notice_cases(void);

/* What a call of this suite may take, clean-up of the reader included. */
#define HOSTILE_BOUND_MS 60000
/* What the calls are given. */
#define HOSTILE_TIMEOUT_MS 250

long hostile_now(void);

/*
 * Reset the card, open the ISD-R, ask for the EID, each with a short timeout. True where every result
 * is one that the ABI knows there, in bounded time, and where an EID that came is the card's. @NAME is
 * noted where not.
 */
bool hostile_session(int fd, const char *name);

/* The same on a reader that behaves: all of it must succeed. */
bool hostile_works(int fd);

#endif
