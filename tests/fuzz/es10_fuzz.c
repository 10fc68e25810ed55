/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of the card to each ES10 function. The first byte selects the
 * function, the second how the answer comes: bit 0 appends 9000, bit 1 gives it
 * to every block, bit 2 takes Le away, so that 61xx and GET RESPONSE are used.
 */
#include "unit/es10_calls.h"

#define HEADER 2
#define APPEND_SUCCESS 0x01
#define EVERYWHERE 0x02
#define NO_LE 0x04

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scripted s = { 0 };
	struct esim_buf answer = ESIM_BUF_INIT;
	struct esim_card *card;
	struct esim_error err;

	if (size < HEADER || size > 65536)
		return 0;
	esim_buf_append(&answer, data + HEADER, size - HEADER);
	if (data[1] & APPEND_SUCCESS)
		esim_buf_append(&answer, "\x90\x00", 2);
	s.answer = esim_buf_slice(&answer);
	s.everywhere = data[1] & EVERYWHERE;
	s.features = data[1] & NO_LE ? ESIM_TRANSPORT_RAW : 0;
	if (esim_card_open(scripted_transport(&s), NULL, &card, &err) == 0) {
		int r = es10_calls[data[0] % ES10_CALL_COUNT].call(card, &err);

		if (r > 0)
			abort();
		esim_card_free(&card);
	}
	scripted_clear(&s);
	esim_buf_free(&answer);
	return 0;
}
