/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * euicc-selftest: does a /dev/euiccN do what euicc(4) says? What the groups of tests share.
 * Every group opens files of its own and leaves none behind. None but RESET's changes the
 * card, or ends what others do with it.
 */
#ifndef SELFTEST_H
#define SELFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/euicc.h>

#include "vm/device.h"
#include "vm/tap.h"

struct selftest {
	const char *path;
	struct euicc_info info;		/* as it was at the start */
};

/* GET EID, GetEUICCInfo1 and GetEUICCInfo2 as STORE DATA, with Le. */
struct command {
	const uint8_t *bytes;
	size_t len;
	uint8_t tag[2];			/* the answer begins with it */
};
extern const struct command get_eid, get_info1, get_info2;

/* A new file of the device; ends the program where there is none. */
int selftest_open(const struct selftest *t, int flags);

/* The same with a channel to the ISD-R; -errno where the card has none left. */
int selftest_open_isdr(const struct selftest *t);

/* Append COMMAND to BATCH. The entry, to set more in it. */
struct euicc_xfer_entry *selftest_add(struct device_batch *batch, const struct command *command);

/* Is entry INDEX answered, with 9000 and with data that is COMMAND's? */
bool selftest_answered(const struct device_batch *batch, unsigned int index,
		       const struct command *command);

/* Does COMMAND work on FD? */
bool selftest_works(int fd, const struct command *command);

/* The groups, in their order. */
void selftest_info(const struct selftest *t);
void selftest_channel(const struct selftest *t);
void selftest_refusals(const struct selftest *t);
void selftest_batch(const struct selftest *t);
void selftest_sharing(const struct selftest *t);
void selftest_reset(const struct selftest *t);

#endif
