/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bound profile package cut into its STORE DATA sequences (SGP.22, 2.5.5): each
 * segment is a slice of the received bytes, for the MACs cover the length fields.
 */
#ifndef BPP_SEGMENTS_H
#define BPP_SEGMENTS_H

#include <esim/bytes.h>
#include <esim/error.h>

struct bpp_segments {
	struct esim_slice *items;	/* owned; they point into the package */
	size_t count;
};

/*
 * In this order: BF36's header with the whole BF23; A0's header with its first
 * 87; A1's header; each 88; A2's header with its first 87 where there is one;
 * A3's header; each 86. Together they are the package without a gap.
 * ESIM_EPROTO names what is missing or out of place; ESIM_ETOOBIG.
 */
int bpp_segments_cut(struct esim_slice bpp, struct bpp_segments *ret, struct esim_error *err);
void bpp_segments_free(struct bpp_segments *segments);

#endif
