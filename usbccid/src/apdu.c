/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers that take APDUs: short ones in one block each way, extended ones in as many as it takes. */
#include "reader.h"

int transmit_short(struct call *call, struct transmission *apdu)
{
	const struct request request = {
		.type = CCID_XFR_BLOCK,
		.answer = CCID_DATA_BLOCK,
		.data = apdu->command,
		.len = apdu->len,
	};
	struct ccid_answer answer;
	int r = exchange_block(call, &request, NULL, &answer);

	return r ? r : gather(call, apdu, &answer);
}

/* The reader stands in the middle of an exchange that goes no further. */
static int break_off(struct call *call, int r)
{
	call->slot->out_of_step = true;
	return r;
}

/* The command in blocks that the reader has room for, then the response. */
int transmit_extended(struct call *call, struct transmission *apdu)
{
	struct request request = { .type = CCID_XFR_BLOCK, .answer = CCID_DATA_BLOCK };
	enum ccid_chain chain = CCID_CHAIN_SEND;
	struct ccid_answer answer;
	bool begun = false;
	size_t sent = 0;
	int r;

	while (chain != CCID_CHAIN_DONE) {
		request.len = 0;
		request.specific[1] = CCID_CHAIN_NEXT;
		if (chain == CCID_CHAIN_SEND)
			request.specific[1] = ccid_chain_out(apdu->len, sent,
							     call->reader->payload_max, &request.len);
		request.data = apdu->command + sent;
		r = exchange_block(call, &request, NULL, &answer);
		if (r)
			return r;
		sent += request.len;
		chain = ccid_chain_in(answer.specific, answer.len, sent == apdu->len, begun);
		if (chain == CCID_CHAIN_BAD)
			return break_off(call, call_fail(call, USBCCID_EPROTO,
							 "the reader chains blocks in a wrong way (%02X)",
							 answer.specific));
		r = gather(call, apdu, &answer);
		if (r)
			return chain == CCID_CHAIN_DONE ? r : break_off(call, r);
		begun = chain == CCID_CHAIN_MORE;
	}
	return 0;
}
