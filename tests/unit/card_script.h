/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A card opened on a script: what tests of the card's own work share. */
#ifndef UNIT_CARD_SCRIPT_H
#define UNIT_CARD_SCRIPT_H

#include "scripted.h"

#include <atf-c.h>

#define ISDR "A0000005591010FFFFFFFF8900000100"
#define SELECT_MF "00A40004023F0000"
#define OPEN_CHANNEL "0070000001"
#define SELECT_ISDR_1 "01A4040010" ISDR "00"

#define OPENING(channel) \
	{ SELECT_MF, "9000", 0 }, { OPEN_CHANNEL, channel "9000", 0 }
#define OPENED \
	OPENING("01"), { SELECT_ISDR_1, "6F008408" "A0000005591010FF" "9000", 0 }
#define CLOSING { "00708001", "9000", 0 }

static struct esim_error err;

static inline void check_script(struct scripted *s)
{
	ATF_CHECK_MSG(s->wrong[0] == '\0', "%s", s->wrong);
	if (s->steps)
		ATF_CHECK_MSG(s->steps[s->at].result == 1, "step %zu (%s) was never reached", s->at,
			      s->steps[s->at].command);
	ATF_CHECK_EQ(s->closed, 1);
	scripted_clear(s);
}

static inline struct esim_card *open_with(struct scripted *s, const struct esim_card_options *options)
{
	struct esim_card *card = NULL;
	int r = esim_card_open(scripted_transport(s), options, &card, &err);

	ATF_REQUIRE_EQ_MSG(r, 0, "%s %s", err.message, s->wrong);
	return card;
}

static inline void finish(struct scripted *s, struct esim_card *card)
{
	esim_card_free(&card);
	check_script(s);
}

/* Open, send @data as one ES10 command, check the answer in hex (NULL: none wanted). */
static inline int store(struct esim_card *card, const char *data_hex, char *answer, size_t size)
{
	struct esim_buf data = ESIM_BUF_INIT, response = ESIM_BUF_INIT;
	int r;

	scripted_put_hex(&data, data_hex);
	esim_error_clear(&err);
	r = esim_card_store_data(card, "ES10x.Test", esim_buf_slice(&data),
				 answer ? &response : NULL, &err);
	if (answer) {
		ATF_REQUIRE(2 * response.len < size);
		esim_hex_encode(esim_buf_slice(&response), answer);
	}
	esim_buf_free(&data);
	esim_buf_free(&response);
	return r;
}

#endif
