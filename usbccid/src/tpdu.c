/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers that take TPDUs: T=0, where the reader sees to procedure bytes, and T=1 blocks. */
#include "reader.h"

int transmit_t0(struct call *call, struct transmission *apdu)
{
	struct request request = {
		.type = CCID_XFR_BLOCK, .answer = CCID_DATA_BLOCK, .data = apdu->command,
	};
	struct ccid_answer answer;
	int r;

	if (ccid_t0_tpdu(apdu->command, apdu->len, &request.len, &request.pad))
		return call_fail(call, USBCCID_EINVAL, "no command for T=0");
	r = exchange_block(call, &request, NULL, &answer);
	return r ? r : gather(call, apdu, &answer);
}

/* What reader and bus take beside the card's own time. */
#define BLOCK_MARGIN_MS	2000

/* The block waiting time (ISO/IEC 7816-3, 11.4.3), twice, for readers keep the first one. */
static uint64_t block_patience(const struct call *call)
{
	const uint32_t clock = call->reader->setup.descriptor.default_clock;
	const uint64_t cycles = (uint64_t)960 * 372 << (call->slot->atr.bwi_cwi >> 4);

	return clock > 0 ? 2 * cycles * call->slot->t1.wait / clock + BLOCK_MARGIN_MS : 0;
}

/* One block; a garbled or missing answer is the protocol's to repair. */
static int exchange_t1_block(struct call *call, enum t1_next *next)
{
	struct t1 *t1 = &call->slot->t1;
	const struct request request = {
		.type = CCID_XFR_BLOCK,
		.answer = CCID_DATA_BLOCK,
		/* bBWI: 0 is the block waiting time as it is. */
		.specific = { (uint8_t)(t1->wait > 1 ? t1->wait : 0), 0, 0 },
		.data = t1->block,
		.len = t1->block_len,
	};
	struct ccid_answer answer;
	bool garbled = false;
	int r;

	call->patience = block_patience(call);
	r = exchange_block(call, &request, &garbled, &answer);
	call->patience = 0;
	if (r == USBCCID_ETIMEDOUT && wire_now_ms() < call->deadline)
		garbled = true;
	else if (r)
		return r;
	*next = garbled ? t1_take(t1, NULL, 0) : t1_take(t1, answer.data, answer.len);
	return 0;
}

/* Until the engine is done. What is broken off on the way the engine mends before the next command. */
int t1_exchange(struct call *call, enum t1_next next)
{
	const struct t1 *t1 = &call->slot->t1;
	int r;

	while (next == T1_SEND) {
		r = exchange_t1_block(call, &next);
		if (r)
			return r;
	}
	switch (next) {
	case T1_OVERFLOW:
		return call_fail(call, USBCCID_EOVERFLOW,
				 "the response of %zu bytes is longer than the room for it",
				 t1->response_len);
	case T1_ABORTED:
		return call_fail(call, USBCCID_EPROTO, "the card %s", t1->why);
	case T1_LOST:
		slot_lost(call->slot);
		return call_fail(call, USBCCID_EPROTO, "the card %s, and does not come back", t1->why);
	case T1_SEND:
	case T1_DONE:
		break;
	}
	return 0;
}

int transmit_t1(struct call *call, struct transmission *apdu)
{
	struct t1 *t1 = &call->slot->t1;
	int r = t1_exchange(call, t1_begin(t1, apdu->command, apdu->len, apdu->response, apdu->size));

	explicit_bzero(t1->block, sizeof(t1->block));
	if (!r)
		apdu->response_len = t1->response_len;
	return r;
}
