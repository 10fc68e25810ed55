/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers in the manner of T=0 and of case 4 alike: with Le the data comes at once, without it
 * 61xx says that there is some, and GET RESPONSE fetches it. The kernel has been through that with
 * the card already, so what the client has not taken yet is kept here.
 */
#ifndef IFD_ANSWER_H
#define IFD_ANSWER_H

#include "apdu.h"

/* Where an answer to the client is built: data and status word. */
struct answer {
	uint8_t *bytes;
	size_t size, len;
};

struct answer_kept {
	uint8_t *data;
	size_t len, taken;
	uint16_t sw;
	/* The answer to 6Cxx: given where the same command comes again, GET RESPONSE does not. */
	bool repeat;
	uint8_t header[4];
};

/* All return 0, -EMSGSIZE where the client's buffer is too small, or -ENOMEM. */
int answer_sw(struct answer *answer, uint16_t sw);
int answer_data(struct answer *answer, struct answer_kept *kept, const struct apdu *apdu,
		const uint8_t *data, size_t len, uint16_t sw);

/*
 * Does what is kept answer this command? Then true, and *ret is the result. Where it does not, it
 * is dropped: it can only be fetched by the next command.
 */
bool answer_from_kept(struct answer *answer, struct answer_kept *kept, const struct apdu *apdu, int *ret);

void answer_drop(struct answer_kept *kept);

#endif
