/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STORE DATA: how a command is cut into blocks, and how the size is negotiated. */
#include "card_script.h"

/* --- segmentation --------------------------------------------------------------------------- */

static char *hex_of(size_t bytes)
{
	char *hex = malloc(2 * bytes + 1);

	for (size_t i = 0; i < bytes; i++)
		snprintf(hex + 2 * i, 3, "%02X", (unsigned)(i & 0xFF));
	return hex;
}

/* The number of blocks is the one of the arithmetic, and the card gets the bytes in order. */
ATF_TC_WITHOUT_HEAD(blocks_are_as_few_as_the_length_asks);
ATF_TC_BODY(blocks_are_as_few_as_the_length_asks, tc)
{
	static const uint8_t good[] = { 0xAA, 0x90, 0x00 };
	static const struct {
		size_t bytes;
		unsigned size;
		size_t blocks;
	} cases[] = {
		{ 1, 255, 1 }, { 255, 255, 1 }, { 256, 255, 2 }, { 510, 255, 2 }, { 511, 255, 3 },
		{ 120, 120, 1 }, { 121, 120, 2 }, { 255 * 256, 255, 256 }, { 256, 1, 256 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct esim_card_options options = { .segment_size = cases[i].size };
		struct scripted s = { .answer = { good, sizeof(good) } };
		struct esim_card *card = open_with(&s, &options);
		struct esim_card_stats before, after;
		char answer[64], *hex = hex_of(cases[i].bytes);

		esim_card_stats(card, &before);
		ATF_CHECK_EQ(store(card, hex, answer, sizeof(answer)), 0);
		esim_card_stats(card, &after);
		ATF_CHECK_EQ(after.blocks, cases[i].blocks);
		ATF_CHECK_EQ(after.apdus - before.apdus, cases[i].blocks);
		ATF_CHECK_EQ(s.data.len, cases[i].bytes);
		for (size_t j = 0; j < s.data.len; j++)
			ATF_REQUIRE_EQ(s.data.data[j], j & 0xFF);
		free(hex);
		finish(&s, card);
	}
}

ATF_TC_WITHOUT_HEAD(block_headers_count_and_the_last_asks_for_the_answer);
ATF_TC_BODY(block_headers_count_and_the_last_asks_for_the_answer, tc)
{
	static const struct scripted_step steps[] = {
		OPENED,
		{ "81E21100020102", "9000", 0 }, { "81E21101020304", "9000", 0 },
		{ "81E29102010500", "AA9000", 0 },
		CLOSING, SCRIPTED_END,
	};
	struct esim_card_options options = { .segment_size = 2 };
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, &options);
	char answer[64];

	ATF_CHECK_EQ(store(card, "0102030405", answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "AA");
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(more_than_256_blocks_are_refused_before_the_card_sees_any);
ATF_TC_BODY(more_than_256_blocks_are_refused_before_the_card_sees_any, tc)
{
	static const struct scripted_step steps[] = { OPENED, CLOSING, SCRIPTED_END };
	struct esim_card_options options = { .segment_size = 2 };
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, &options);
	char *hex = hex_of(513);

	ATF_CHECK_EQ(store(card, hex, NULL, 0), ESIM_ETOOBIG);
	ATF_CHECK_EQ(store(card, "", NULL, 0), ESIM_EINVAL);
	free(hex);
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(an_error_in_the_middle_ends_the_command);
ATF_TC_BODY(an_error_in_the_middle_ends_the_command, tc)
{
	static const struct scripted_step steps[] = {
		OPENED,
		{ "81E21100020102", "9000", 0 }, { "81E21101020304", "6985", 0 },
		CLOSING, SCRIPTED_END,
	};
	struct esim_card_options options = { .segment_size = 2 };
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, &options);
	char answer[64];

	ATF_CHECK_EQ(store(card, "0102030405", answer, sizeof(answer)), ESIM_ESW);
	ATF_CHECK_EQ(err.sw, 0x6985);
	ATF_CHECK(err.advice[0] != '\0');
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(an_early_answer_ends_the_command);
ATF_TC_BODY(an_early_answer_ends_the_command, tc)
{
	static const struct scripted_step steps[] = {
		OPENED, { "81E21100020102", "BF37009000", 0 }, CLOSING, SCRIPTED_END,
	};
	struct esim_card_options options = { .segment_size = 2 };
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, &options);
	char answer[64];

	ATF_CHECK_EQ(store(card, "0102030405", answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "BF3700");
	finish(&s, card);
}

/* A transport that refuses data above a limit with 6601, as some modems do. */
struct modem {
	size_t limit;
	unsigned refusals;
	uint16_t sw;
	bool refuses_le;
};

static int modem_transmit(void *priv, struct esim_slice command, struct esim_buf *response,
			  unsigned timeout_ms, struct esim_error *e)
{
	struct modem *m = priv;

	(void)timeout_ms, (void)e;
	if (command.data[1] == 0x70 && command.data[2] == 0) {
		scripted_put_hex(response, "019000");
	} else if (command.data[1] == 0xE2 &&
		   (command.data[4] > m->limit ||
		    (m->refuses_le && command.len > 5u + command.data[4]))) {
		esim_buf_append_byte(response, (uint8_t)(m->sw >> 8));
		esim_buf_append_byte(response, (uint8_t)m->sw);
		m->refusals++;
	} else {
		scripted_put_hex(response, "9000");
	}
	return 0;
}

static void modem_describe(void *priv, struct esim_transport_info *ret)
{
	(void)priv;
	ret->features = ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_CASE4;
}

static void modem_close(void *priv)
{
	(void)priv;
}

static struct esim_card *open_modem(struct modem *m)
{
	static const struct esim_transport_ops ops = {
		.close = modem_close, .describe = modem_describe, .transmit = modem_transmit,
	};
	struct esim_transport *transport;
	struct esim_card *card;

	ATF_REQUIRE_EQ(esim_transport_new(&ops, m, &transport), 0);
	ATF_REQUIRE_EQ(esim_card_open(transport, NULL, &card, &err), 0);
	return card;
}

ATF_TC_WITHOUT_HEAD(a_refused_block_makes_the_size_smaller_and_it_is_remembered);
ATF_TC_BODY(a_refused_block_makes_the_size_smaller_and_it_is_remembered, tc)
{
	static const struct {
		size_t limit;
		uint16_t sw;
		unsigned size;
	} cases[] = {
		{ 254, 0x6601, 240 }, { 200, 0x6601, 128 }, { 127, 0x6700, 120 }, { 64, 0x6700, 64 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct modem m = { .limit = cases[i].limit, .sw = cases[i].sw };
		struct esim_card *card = open_modem(&m);
		struct esim_card_stats before, after;
		char *hex = hex_of(600), answer[8];
		unsigned learnt;

		ATF_CHECK_EQ_MSG(store(card, hex, answer, sizeof(answer)), 0, "%s", err.message);
		ATF_CHECK_EQ(esim_card_segment_size(card), cases[i].size);
		learnt = m.refusals;
		esim_card_stats(card, &before);
		ATF_CHECK_EQ(store(card, hex, answer, sizeof(answer)), 0);
		esim_card_stats(card, &after);
		ATF_CHECK_EQ(m.refusals, learnt);
		ATF_CHECK_EQ(after.blocks - before.blocks, (600 + cases[i].size - 1) / cases[i].size);
		free(hex);
		esim_card_free(&card);
	}
}

ATF_TC_WITHOUT_HEAD(a_reader_that_takes_no_le_is_remembered_and_the_size_kept);
ATF_TC_BODY(a_reader_that_takes_no_le_is_remembered_and_the_size_kept, tc)
{
	struct modem m = { .limit = 255, .sw = 0x6700, .refuses_le = true };
	struct esim_card *card = open_modem(&m);
	char answer[8];

	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), 0);
	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), 0);
	ATF_CHECK_EQ(m.refusals, 1);
	ATF_CHECK_EQ(esim_card_segment_size(card), 255);
	esim_card_free(&card);
}

ATF_TC_WITHOUT_HEAD(a_refusal_at_every_size_is_reported_and_the_size_kept);
ATF_TC_BODY(a_refusal_at_every_size_is_reported_and_the_size_kept, tc)
{
	struct modem m = { .limit = 0, .sw = 0x6601 };
	struct esim_card *card = open_modem(&m);
	char *hex = hex_of(600), answer[8];

	ATF_CHECK_EQ(store(card, hex, answer, sizeof(answer)), ESIM_ESW);
	ATF_CHECK_EQ(err.sw, 0x6601);
	ATF_CHECK_EQ(esim_card_segment_size(card), 255);
	free(hex);
	esim_card_free(&card);
}

ATF_TC_WITHOUT_HEAD(the_transport_limits_the_first_size);
ATF_TC_BODY(the_transport_limits_the_first_size, tc)
{
	struct scripted s = { .max_data = 100 };
	struct esim_card *card = open_with(&s, NULL);

	ATF_CHECK_EQ(esim_card_segment_size(card), 100);
	finish(&s, card);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, blocks_are_as_few_as_the_length_asks);
	ATF_TP_ADD_TC(tp, block_headers_count_and_the_last_asks_for_the_answer);
	ATF_TP_ADD_TC(tp, more_than_256_blocks_are_refused_before_the_card_sees_any);
	ATF_TP_ADD_TC(tp, an_error_in_the_middle_ends_the_command);
	ATF_TP_ADD_TC(tp, an_early_answer_ends_the_command);
	ATF_TP_ADD_TC(tp, a_refused_block_makes_the_size_smaller_and_it_is_remembered);
	ATF_TP_ADD_TC(tp, a_reader_that_takes_no_le_is_remembered_and_the_size_kept);
	ATF_TP_ADD_TC(tp, a_refusal_at_every_size_is_reported_and_the_size_kept);
	ATF_TP_ADD_TC(tp, the_transport_limits_the_first_size);
	return atf_no_error();
}
