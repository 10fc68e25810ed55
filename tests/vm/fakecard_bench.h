/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where most tests begin: a scripted card, a file with a channel to the ISD-R, a batch. */
#ifndef COREESIM_TESTS_VM_FAKECARD_BENCH_H
#define COREESIM_TESTS_VM_FAKECARD_BENCH_H

#include "vm/device.h"
#include "vm/fakecard.h"

struct bench {
	struct fakecard *card;
	int fd;
	struct device_batch *batch;
	unsigned int before;		/* requests of the opening: all later ones are the test's */
};

/* OPTIONS may be NULL. */
void bench_begin(struct bench *bench, const struct fakecard_options *options);
void bench_end(struct bench *bench);

/* Another file of the same device, with a channel to the ISD-R. */
int bench_client(struct bench *bench);

/* Adds a command that asks for LEN bytes and SW to the batch, without Le. */
struct euicc_xfer_entry *bench_add(struct bench *bench, uint32_t tag, uint16_t sw, uint16_t len);

/* One command of TAG over FD, LEN bytes of answer: 0 where the answer is TAG's with 9000, -EBADMSG
 * where it is another, else what XFER gave. */
int bench_exchange(int fd, uint32_t tag, uint16_t len);

/* Whether entry INDEX is done with SW and the LEN bytes that TAG leads to. */
bool bench_answered(const struct bench *bench, unsigned int index, uint32_t tag, uint16_t sw,
		    size_t len);

/* How often the card saw the command of TAG since the test began. */
unsigned int bench_saw(struct bench *bench, uint32_t tag);

#endif
