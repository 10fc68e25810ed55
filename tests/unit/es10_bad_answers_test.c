/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every ES10 function against a card that answers badly: error status words, no
 * answer, nothing, half, too much, something else. Always an error that names
 * the function; never a crash, a leak or a success.
 */
#include "es10_calls.h"

#include <atf-c.h>

static struct esim_error err;

/* Run function @f against @answer (data and status word) or a transport's failure. */
static int run(size_t f, struct esim_slice answer, int result)
{
	struct scripted s = { .answer = answer, .result = result };
	struct esim_card *card;
	int r;

	ATF_REQUIRE_EQ(esim_card_open(scripted_transport(&s), NULL, &card, &err), 0);
	esim_error_clear(&err);
	r = es10_calls[f].call(card, &err);
	ATF_CHECK_EQ_MSG(err.code, r, "%s: returns %d, records %d", es10_calls[f].name, r, err.code);
	if (r)
		ATF_CHECK_MSG(err.message[0] != '\0', "%s: no message", es10_calls[f].name);
	esim_card_free(&card);
	ATF_CHECK_EQ(s.closed, 1);
	scripted_clear(&s);
	return r;
}

/* @f's good answer with 9000. */
static struct esim_buf good_answer(size_t f)
{
	struct esim_buf answer = ESIM_BUF_INIT;

	scripted_put_hex(&answer, es10_calls[f].answer);
	scripted_put_hex(&answer, "9000");
	return answer;
}

ATF_TC_WITHOUT_HEAD(the_good_answers_are_good);
ATF_TC_BODY(the_good_answers_are_good, tc)
{
	for (size_t f = 0; f < ES10_CALL_COUNT; f++) {
		struct esim_buf answer = good_answer(f);

		ATF_CHECK_EQ_MSG(run(f, esim_buf_slice(&answer), 0), 0, "%s", err.message);
		esim_buf_free(&answer);
	}
}

ATF_TC_WITHOUT_HEAD(error_status_words_are_kept);
ATF_TC_BODY(error_status_words_are_kept, tc)
{
	static const uint16_t words[] = {
		0x6200, 0x6283, 0x6310, 0x6400, 0x6581, 0x6600, 0x6601, 0x6700, 0x6881, 0x6882, 0x6883,
		0x6900, 0x6981, 0x6982, 0x6985, 0x6999, 0x6A80, 0x6A81, 0x6A82, 0x6A84, 0x6A86, 0x6A88,
		0x6B00, 0x6D00, 0x6E00, 0x6F00, 0x9300, 0x0000, 0xFFFF,
	};

	for (size_t f = 0; f < ES10_CALL_COUNT; f++) {
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			const uint8_t sw[] = { (uint8_t)(words[i] >> 8), (uint8_t)words[i] };
			int r = run(f, esim_slice(sw, 2), 0);

			ATF_CHECK_EQ_MSG(r, ESIM_ESW, "%s, %04X: %d", es10_calls[f].name, words[i], r);
			ATF_CHECK_EQ(err.sw, words[i]);
			ATF_CHECK_EQ(err.domain, ESIM_DOMAIN_CARD);
			ATF_CHECK_STREQ(err.function, es10_calls[f].name);
		}
	}
}

ATF_TC_WITHOUT_HEAD(a_good_answer_with_an_error_status_word_is_an_error);
ATF_TC_BODY(a_good_answer_with_an_error_status_word_is_an_error, tc)
{
	for (size_t f = 0; f < ES10_CALL_COUNT; f++) {
		struct esim_buf answer = good_answer(f);

		answer.data[answer.len - 2] = 0x6F;
		ATF_CHECK_EQ_MSG(run(f, esim_buf_slice(&answer), 0), ESIM_ESW, "%s", es10_calls[f].name);
		esim_buf_free(&answer);
	}
}

ATF_TC_WITHOUT_HEAD(a_failing_transport_keeps_its_code);
ATF_TC_BODY(a_failing_transport_keeps_its_code, tc)
{
	static const int results[] = { ESIM_ETIMEDOUT, ESIM_ENODEV, ESIM_EIO, ESIM_ECANCELED };

	for (size_t f = 0; f < ES10_CALL_COUNT; f++)
		for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
			ATF_CHECK_EQ(run(f, esim_slice(NULL, 0), results[i]), results[i]);
			ATF_CHECK_STREQ(err.function, es10_calls[f].name);
		}
}

ATF_TC_WITHOUT_HEAD(an_empty_answer_is_an_error);
ATF_TC_BODY(an_empty_answer_is_an_error, tc)
{
	static const uint8_t ok[] = { 0x90, 0x00 }, pending[] = { 0x91, 0x0F };

	for (size_t f = 0; f < ES10_CALL_COUNT; f++) {
		ATF_CHECK_EQ_MSG(run(f, esim_slice(ok, 2), 0), ESIM_EPROTO, "%s", es10_calls[f].name);
		ATF_CHECK_EQ(run(f, esim_slice(pending, 2), 0), ESIM_EPROTO);
		ATF_CHECK_EQ(run(f, esim_slice(ok, 1), 0), ESIM_EPROTO);
		ATF_CHECK_EQ(run(f, esim_slice(NULL, 0), 0), ESIM_EPROTO);
	}
}

ATF_TC_WITHOUT_HEAD(an_answer_cut_at_any_byte_is_an_error);
ATF_TC_BODY(an_answer_cut_at_any_byte_is_an_error, tc)
{
	for (size_t f = 0; f < ES10_CALL_COUNT; f++) {
		struct esim_buf answer = good_answer(f);

		/* In a block of memory of its own, so that reading on is seen. */
		for (size_t len = 0; len + 2 < answer.len; len++) {
			uint8_t *cut = malloc(len + 2);

			memcpy(cut, answer.data, len);
			memcpy(cut + len, "\x90\x00", 2);
			ATF_CHECK_EQ_MSG(run(f, esim_slice(cut, len + 2), 0), ESIM_EPROTO,
					 "%s cut at %zu", es10_calls[f].name, len);
			free(cut);
		}
		esim_buf_free(&answer);
	}
}

ATF_TC_WITHOUT_HEAD(an_answer_with_something_after_it_is_an_error);
ATF_TC_BODY(an_answer_with_something_after_it_is_an_error, tc)
{
	for (size_t f = 0; f < ES10_CALL_COUNT; f++) {
		struct esim_buf answer = good_answer(f);

		esim_buf_insert(&answer, answer.len - 2, "\x00", 1);
		ATF_CHECK_EQ(run(f, esim_buf_slice(&answer), 0), ESIM_EPROTO);
		esim_buf_free(&answer);
	}
}

ATF_TC_WITHOUT_HEAD(an_oversized_answer_is_an_error);
ATF_TC_BODY(an_oversized_answer_is_an_error, tc)
{
	static const size_t sizes[] = { 65535, 65538, ESIM_MAX_RESPONSE + 2 };
	uint8_t *big = calloc(1, ESIM_MAX_RESPONSE + 2);

	for (size_t f = 0; f < ES10_CALL_COUNT; f++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			memset(big, 0, sizes[i]);
			big[sizes[i] - 2] = 0x90;
			ATF_CHECK_MSG(run(f, esim_slice(big, sizes[i]), 0) < 0, "%s, %zu bytes",
				      es10_calls[f].name, sizes[i]);
		}
	free(big);
}

ATF_TC_WITHOUT_HEAD(another_functions_answer_is_an_error);
ATF_TC_BODY(another_functions_answer_is_an_error, tc)
{
	for (size_t f = 0; f < ES10_CALL_COUNT; f++)
		for (size_t other = 0; other < ES10_CALL_COUNT; other++) {
			struct esim_buf answer = good_answer(other);

			if (strcmp(es10_calls[f].name, es10_calls[other].name) != 0)
				ATF_CHECK_EQ_MSG(run(f, esim_buf_slice(&answer), 0), ESIM_EPROTO,
						 "%s took the answer of %s", es10_calls[f].name,
						 es10_calls[other].name);
			esim_buf_free(&answer);
		}
}

/* The result may be either; what counts is that nothing breaks. */
ATF_TC_WITHOUT_HEAD(an_answer_with_any_one_byte_changed_breaks_nothing);
ATF_TC_BODY(an_answer_with_any_one_byte_changed_breaks_nothing, tc)
{
	static const uint8_t values[] = { 0x00, 0x7F, 0x80, 0xFF };

	for (size_t f = 0; f < ES10_CALL_COUNT; f++) {
		struct esim_buf answer = good_answer(f);

		for (size_t at = 0; at + 2 < answer.len; at++)
			for (size_t i = 0; i < sizeof(values); i++) {
				uint8_t old = answer.data[at];

				answer.data[at] = values[i];
				run(f, esim_buf_slice(&answer), 0);
				answer.data[at] = old;
			}
		esim_buf_free(&answer);
	}
}

/* A CHOICE's error alternative that says 0 is neither a success nor a result. */
ATF_TC_WITHOUT_HEAD(an_error_with_the_number_of_success_is_no_success);
ATF_TC_BODY(an_error_with_the_number_of_success_is_no_success, tc)
{
	static const struct {
		const char *name, *answer;
	} cases[] = {
		{ "ES10b.AuthenticateServer", "BF3808A1068001000201009000" },
		{ "ES10b.PrepareDownload", "BF2108A1068001000201009000" },
		{ "ES10b.CancelSession", "BF41038101009000" },
		{ "ES10b.LoadCRL", "BF35038101009000" },
		{ "ES10b.ListNotification", "BF28038101009000" },
		{ "ES10b.RetrieveNotificationsList", "BF2B038101009000" },
		{ "ES10c.GetProfilesInfo", "BF2D038101009000" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t f = 0; f < ES10_CALL_COUNT; f++) {
			struct esim_buf answer = ESIM_BUF_INIT;

			if (strcmp(cases[i].name, es10_calls[f].name) != 0)
				continue;
			scripted_put_hex(&answer, cases[i].answer);
			ATF_CHECK_EQ_MSG(run(f, esim_buf_slice(&answer), 0), ESIM_EPROTO, "%s: %s",
					 cases[i].name, err.message);
			esim_buf_free(&answer);
		}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, the_good_answers_are_good);
	ATF_TP_ADD_TC(tp, error_status_words_are_kept);
	ATF_TP_ADD_TC(tp, a_good_answer_with_an_error_status_word_is_an_error);
	ATF_TP_ADD_TC(tp, a_failing_transport_keeps_its_code);
	ATF_TP_ADD_TC(tp, an_empty_answer_is_an_error);
	ATF_TP_ADD_TC(tp, an_answer_cut_at_any_byte_is_an_error);
	ATF_TP_ADD_TC(tp, an_answer_with_something_after_it_is_an_error);
	ATF_TP_ADD_TC(tp, an_oversized_answer_is_an_error);
	ATF_TP_ADD_TC(tp, another_functions_answer_is_an_error);
	ATF_TP_ADD_TC(tp, an_answer_with_any_one_byte_changed_breaks_nothing);
	ATF_TP_ADD_TC(tp, an_error_with_the_number_of_success_is_no_success);
	return atf_no_error();
}
