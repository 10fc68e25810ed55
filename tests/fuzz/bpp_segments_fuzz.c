/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bound profile packages: whatever is cut follows one another and is the whole. */
#include "bpp_segments.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpp_segments segments;
	struct esim_error err;
	const uint8_t *at = data;

	if (bpp_segments_cut(esim_slice(data, size), &segments, &err))
		return 0;
	for (size_t i = 0; i < segments.count; i++) {
		if (segments.items[i].data != at || segments.items[i].len == 0)
			abort();
		at += segments.items[i].len;
	}
	if (at != data + size)
		abort();
	bpp_segments_free(&segments);
	return 0;
}
