/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One card at a time that gives one answer, and what it was sent. */
#ifndef UNIT_ES10_CARD_H
#define UNIT_ES10_CARD_H

#include "es10_results.h"

static struct esim_error err;

static struct scripted s;
static struct esim_buf answer;

static inline struct esim_card *answering(const char *hex)
{
	esim_error_clear(&err);
	return card_answering(&s, &answer, hex);
}

static inline void done(struct esim_card **card)
{
	esim_card_free(card);
	esim_buf_free(&answer);
	scripted_clear(&s);
}

#define CHECK_SENT(expected) \
	do { \
		char sent_[4096]; \
		sent_hex(&s, sent_, sizeof(sent_)); \
		ATF_CHECK_STREQ(sent_, expected); \
	} while (0)

#endif
