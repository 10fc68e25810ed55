/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card behind vpcd's framing: whatever a reader sends, cut anywhere. */
#include "fuzz_card.h"

#include "veuicc/vpcd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct esim_buf in = ESIM_BUF_INIT, out = ESIM_BUF_INIT;
	static struct veuicc *card;
	size_t half = size / 2;

	if (!card)
		card = fuzz_card_new();
	esim_buf_append(&in, data, half);
	if (!veuicc_vpcd_feed(card, &in, &out)) {
		esim_buf_append(&in, data + half, size - half);
		veuicc_vpcd_feed(card, &in, &out);
	}
	veuicc_power_off(card);
	esim_buf_free(&in);
	esim_buf_free(&out);
	return 0;
}
