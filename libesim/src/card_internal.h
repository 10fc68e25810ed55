/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the card share; see esim/card.h. */
#ifndef CARD_INTERNAL_H
#define CARD_INTERNAL_H

#include "apdu.h"

#include <esim/card.h>

#define CLA_INTERINDUSTRY 0x00
#define CLA_PROPRIETARY 0x80

#define INS_STORE_DATA 0xE2

struct esim_card {
	struct esim_transport *transport;
	struct esim_transport_info info;
	struct esim_aid aids[ESIM_MAX_ISDR_AIDS];	/* candidates, in the order tried */
	size_t aid_count;
	bool basic_channel;
	unsigned port;
	unsigned apdu_timeout_ms, usual_timeout_ms;
	uint8_t lpa_support;
	void (*trace)(void *context, const struct esim_apdu_trace *apdu);
	void *trace_context;

	bool owned;			/* the transport opened the channel */
	bool channel_open;		/* there is a channel to close */
	bool unreachable;		/* the last APDU got no answer: do not wait for another */
	unsigned channel;		/* raw access */
	uint32_t handle;		/* owned access */
	struct esim_aid aid;		/* the one that answered; len 0: none yet */

	unsigned segment_size;
	bool le_refused;		/* STORE DATA with Le was refused, without was taken */
	uint8_t get_response_class;	/* CLA_INTERINDUSTRY until the card wants the other */
	bool proactive;
	struct esim_card_stats stats;
};

/* On the card's own channel, whoever opened it; else a channel's number, for raw access. */
#define CARD_OWN_CHANNEL UINT32_MAX

/*
 * One command on @channel and all that belongs to it: 6Cxx is repeated with the right Le, 61xx
 * followed to its end before anything else is sent. The data is appended to
 * @response (NULL: discarded). Le is left out where the transport cannot take
 * it together with data. @timeout_ms is for each link of the chain.
 */
int card_exchange(struct esim_card *card, unsigned channel, const struct apdu *command,
		  struct esim_buf *response, uint16_t *ret_sw, unsigned timeout_ms,
		  struct esim_error *err);

/*
 * Commands on the card's own channel, without gap, up to *@count, which becomes how many were
 * answered: all up to the first whose status word is not good, or that is answered with
 * data, which is appended to @response. *@ret_sw is the last status word. On failure the
 * command that follows the last answered one is what failed. More than one at a time only where
 * card_batch_limit() says so; @err is not NULL.
 */
int card_exchange_all(struct esim_card *card, const struct apdu *commands, size_t *count,
		      struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err);

/* Most commands that card_exchange_all() takes: 1 where the transport has no batches. */
size_t card_batch_limit(const struct esim_card *card);

/* 9000 or 91xx. */
bool card_sw_good(uint16_t sw);

#endif
