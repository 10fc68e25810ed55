/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card's whole command set: the input is a row of APDUs, each after one byte
 * of length, sent to a card whose ISD-R is selected on channel 1.
 */
#include "fuzz_card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void start(struct veuicc *card, struct esim_buf *out)
{
	static const uint8_t open[] = { 0x00, 0x70, 0x00, 0x01 };
	static const uint8_t select[] = {
		0x01, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
		0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00,
	};

	veuicc_power_on(card, NULL);
	veuicc_transmit(card, esim_slice(open, sizeof(open)), out);
	veuicc_transmit(card, esim_slice(select, sizeof(select)), out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct esim_buf out = ESIM_BUF_INIT;
	static struct veuicc *card;

	if (!card)
		card = fuzz_card_new();
	start(card, &out);
	while (size > 1 && size > data[0]) {
		size_t n = data[0];

		esim_buf_reset(&out);
		veuicc_transmit(card, esim_slice(data + 1, n), &out);
		data += n + 1;
		size -= n + 1;
	}
	veuicc_power_off(card);
	esim_buf_free(&out);
	return 0;
}
