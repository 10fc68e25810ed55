/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models that need something beside the standard. */
#ifndef USBCCID_QUIRKS_H
#define USBCCID_QUIRKS_H

#include <stddef.h>
#include <stdint.h>

struct quirk_row {
	uint16_t vendor, product;
	unsigned quirks;		/* enum quirk */
	const char *why;		/* what is wrong with this model */
};

extern const struct quirk_row quirk_table[];
extern const size_t quirk_count;

/* enum quirk; 0 for a model that is not listed. */
unsigned quirks_of(uint16_t vendor, uint16_t product);

#endif
