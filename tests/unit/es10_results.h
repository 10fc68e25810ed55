/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named results: an answer with a code, and the name that the error must carry. */
#ifndef UNIT_ES10_RESULTS_H
#define UNIT_ES10_RESULTS_H

#include "es10_calls.h"

#include <atf-c.h>

struct es10_result_case {
	int (*call)(struct esim_card *card, struct esim_error *err);
	const char *function;
	const char *format;		/* the answer in hex, %02X where the code goes */
	struct {
		int code;
		const char *name;
	} results[12];			/* ends with code 0 */
};

/* A card that gives @hex as the answer to every command, with 9000. */
static inline struct esim_card *card_answering(struct scripted *s, struct esim_buf *answer,
					       const char *hex)
{
	struct esim_card *card;
	struct esim_error err;

	*answer = ESIM_BUF_INIT;
	scripted_put_hex(answer, hex);
	scripted_put_hex(answer, "9000");
	*s = (struct scripted){ .answer = esim_buf_slice(answer) };
	ATF_REQUIRE_EQ(esim_card_open(scripted_transport(s), NULL, &card, &err), 0);
	return card;
}

static inline void check_results(const struct es10_result_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; cases[i].results[j].code; j++) {
			struct esim_error err;
			struct esim_buf answer;
			struct scripted s;
			struct esim_card *card;
			char hex[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(hex, sizeof(hex), cases[i].format, (unsigned)cases[i].results[j].code);
#pragma GCC diagnostic pop
			card = card_answering(&s, &answer, hex);
			esim_error_clear(&err);
			ATF_CHECK_EQ_MSG(cases[i].call(card, &err), ESIM_ERESULT, "%s %d: %s",
					 cases[i].function, cases[i].results[j].code, err.message);
			ATF_CHECK_EQ(err.es10_result, cases[i].results[j].code);
			ATF_CHECK_STREQ(err.result_name, cases[i].results[j].name);
			ATF_CHECK_STREQ(err.function, cases[i].function);
			ATF_CHECK_EQ(err.domain, ESIM_DOMAIN_CARD);
			esim_card_free(&card);
			esim_buf_free(&answer);
			scripted_clear(&s);
		}
}

/* What the card got as STORE DATA, in hex, in @hex. */
static inline void sent_hex(const struct scripted *s, char *hex, size_t size)
{
	ATF_REQUIRE(2 * s->data.len < size);
	esim_hex_encode(esim_buf_slice(&s->data), hex);
}

#endif
