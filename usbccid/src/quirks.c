/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The quirk table. A row is there for a fact that descriptors of the model show. */
#include "quirks.h"
#include "reader.h"

const struct quirk_row quirk_table[] = {
	{ 0x04E6, 0x5120, QUIRK_DESCRIPTOR_ELSEWHERE,
	  "SCR331-DI: bInterfaceClass is FF, with the descriptor of a CCID reader of two slots" },
	{ 0x04E6, 0x5292, QUIRK_DESCRIPTOR_ELSEWHERE,
	  "SCL01x: bInterfaceClass is FF, with the descriptor of a CCID reader" },
};

const size_t quirk_count = sizeof(quirk_table) / sizeof(quirk_table[0]);

unsigned quirks_of(uint16_t vendor, uint16_t product)
{
	for (size_t i = 0; i < quirk_count; i++)
		if (quirk_table[i].vendor == vendor && quirk_table[i].product == product)
			return quirk_table[i].quirks;
	return QUIRK_NONE;
}
