/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of a download: what no LPA could save on this link. Computed from
 * the exchange itself: each ES10 command that SGP.22 asks for once, in
 * ceil(length / 255) blocks; each answer in the command's own response and as
 * few GET RESPONSE as its length asks; MANAGE CHANNEL twice, SELECT, and where
 * the card advertises it TERMINAL CAPABILITY with the SELECT MF that tells.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <esim/card.h>

#include <stdint.h>

struct bench_floor {
	uint64_t apdus, blocks, bytes;		/* bytes: both ways, status words included */
	uint64_t seen_apdus, seen_blocks, seen_bytes;
	/* the command that is being sent */
	uint32_t tag;
	size_t command_len, response_len;
	uint64_t tags_seen;			/* commands that are needed once: a bit each */
};

/* A struct esim_card_options.trace; @context is a struct bench_floor. */
void bench_floor_apdu(void *context, const struct esim_apdu_trace *apdu);

/* The last command is complete: count it. Call when the card is closed. */
void bench_floor_end(struct bench_floor *floor);

#endif
