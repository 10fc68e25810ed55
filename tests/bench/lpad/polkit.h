/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stand-in for polkit that says yes to everything, for measuring alone: what polkitd itself takes
 * to judge (its rules are JavaScript) is no cost of lpad's.
 */
#ifndef LPAD_BENCH_POLKIT_H
#define LPAD_BENCH_POLKIT_H

/* On the bus at @address, on a thread that lives as long as the bench. */
void polkit_start(const char *address);

#endif
