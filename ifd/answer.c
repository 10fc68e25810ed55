/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_MAX 256

void answer_drop(struct answer_kept *kept)
{
	if (kept->data)
		explicit_bzero(kept->data, kept->len);
	free(kept->data);
	*kept = (struct answer_kept){ 0 };
}

static int put(struct answer *answer, const uint8_t *data, size_t len, uint16_t sw)
{
	if (answer->size < 2 || len > answer->size - 2)
		return -EMSGSIZE;
	if (len)
		memcpy(answer->bytes, data, len);
	answer->bytes[len] = (uint8_t)(sw >> 8);
	answer->bytes[len + 1] = (uint8_t)sw;
	answer->len = len + 2;
	return 0;
}

int answer_sw(struct answer *answer, uint16_t sw)
{
	return put(answer, NULL, 0, sw);
}

/* 61xx for what is left; 6100 stands for 256 and more. */
static uint16_t more(size_t left)
{
	return (uint16_t)(0x6100 | (left < SHORT_MAX ? left : 0));
}

static int keep(struct answer_kept *kept, const uint8_t *data, size_t len, uint16_t sw)
{
	kept->data = malloc(len);
	if (!kept->data)
		return -ENOMEM;
	memcpy(kept->data, data, len);
	kept->len = len;
	kept->sw = sw;
	return 0;
}

/* The next part of what is kept, of @most bytes. */
static int give(struct answer *answer, struct answer_kept *kept, size_t most)
{
	size_t left = kept->len - kept->taken, n = left < most ? left : most;
	int r = put(answer, kept->data + kept->taken, n, n < left ? more(left - n) : kept->sw);

	if (r)
		return r;
	kept->taken += n;
	if (kept->taken == kept->len)
		answer_drop(kept);
	return 0;
}

int answer_data(struct answer *answer, struct answer_kept *kept, const struct apdu *apdu,
		const uint8_t *data, size_t len, uint16_t sw)
{
	if (len <= apdu->ne)
		return put(answer, data, len, sw);
	if (keep(kept, data, len, sw))
		return -ENOMEM;
	if (!apdu->has_le)
		return answer_sw(answer, more(len));
	/* Case 2 with another length than there is: the card's word was 6Cxx, before the kernel's. */
	if (!apdu->lc && len <= SHORT_MAX) {
		kept->repeat = true;
		memcpy(kept->header, apdu->bytes, sizeof(kept->header));
		return answer_sw(answer, (uint16_t)(0x6C00 | (len & 0xFF)));
	}
	return give(answer, kept, apdu->ne);
}

bool answer_from_kept(struct answer *answer, struct answer_kept *kept, const struct apdu *apdu, int *ret)
{
	bool fits;

	if (kept->repeat)
		fits = !apdu->lc && apdu->ne >= kept->len &&
		       memcmp(kept->header, apdu->bytes, sizeof(kept->header)) == 0;
	else
		fits = kept->data && apdu->ins == INS_GET_RESPONSE && !apdu->lc && !apdu->p1 && !apdu->p2;
	if (fits)
		*ret = give(answer, kept, apdu->has_le ? apdu->ne : SHORT_MAX);
	else
		answer_drop(kept);
	return fits;
}
