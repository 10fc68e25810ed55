/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card: the order of the opening, logical channels, status words, reset, and
 * what is sent to the card, byte for byte.
 */
#include "card_script.h"

/* --- opening -------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(opening_without_terminal_capability_is_three_apdus);
ATF_TC_BODY(opening_without_terminal_capability_is_three_apdus, tc)
{
	static const struct scripted_step steps[] = { OPENED, CLOSING, SCRIPTED_END };
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);
	struct esim_card_stats stats;

	ATF_CHECK_EQ(esim_card_channel(card), 1);
	ATF_CHECK_EQ(esim_card_aid(card)->len, 16);
	ATF_CHECK_EQ(esim_card_segment_size(card), 255);
	esim_card_stats(card, &stats);
	ATF_CHECK_EQ(stats.apdus, 3);
	ATF_CHECK_EQ(stats.blocks, 0);
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(terminal_capability_goes_before_the_first_application_where_advertised);
ATF_TC_BODY(terminal_capability_goes_before_the_first_application_where_advertised, tc)
{
	static const struct scripted_step steps[] = {
		{ SELECT_MF, "620A8202782183023F00A5009000", 0 },
		{ OPEN_CHANNEL, "019000", 0 },
		{ SELECT_ISDR_1, "9000", 0 },
		CLOSING,
		SCRIPTED_END,
	};
	static const struct scripted_step supported[] = {
		{ SELECT_MF, "620D8202782183023F00A503870101" "9000", 0 },
		{ "80AA000007A9058100830107", "6D00", 0 },
		{ OPEN_CHANNEL, "019000", 0 },
		{ SELECT_ISDR_1, "9000", 0 },
		CLOSING,
		SCRIPTED_END,
	};
	static const struct scripted_step other_bits[] = {
		{ SELECT_MF, "620D8202782183023F00A503870101" "9000", 0 },
		{ "80AA000007A9058100830117", "9000", 0 },
		{ OPEN_CHANNEL, "019000", 0 },
		{ SELECT_ISDR_1, "9000", 0 },
		CLOSING,
		SCRIPTED_END,
	};
	struct esim_card_options options = { .lpa_support = 0x17 };
	struct scripted without = { .steps = steps }, with = { .steps = supported },
			lpa = { .steps = other_bits };

	finish(&without, open_with(&without, NULL));
	finish(&with, open_with(&with, NULL));
	finish(&lpa, open_with(&lpa, &options));
}

ATF_TC_WITHOUT_HEAD(aids_are_tried_in_order);
ATF_TC_BODY(aids_are_tried_in_order, tc)
{
	static const struct scripted_step steps[] = {
		OPENING("02"),
		{ "02A4040010" ISDR "00", "6A82", 0 },
		{ "02A4040010A0000005591010FFFFFFFF890005050000", "9000", 0 },
		{ "00708002", "9000", 0 },
		SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);

	ATF_CHECK_EQ(esim_card_aid(card)->bytes[13], 0x05);
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(no_isdr_is_no_euicc_and_closes_the_channel);
ATF_TC_BODY(no_isdr_is_no_euicc_and_closes_the_channel, tc)
{
	static const struct scripted_step steps[] = {
		OPENING("01"),
		{ SELECT_ISDR_1, "6A82", 0 },
		{ NULL, "6999", 0 },
		CLOSING,
		SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = NULL;

	ATF_CHECK_EQ(esim_card_open(scripted_transport(&s), NULL, &card, &err), ESIM_ENOENT);
	ATF_CHECK_EQ(err.sw, 0x6999);
	ATF_CHECK(card == NULL);
	check_script(&s);
}

ATF_TC_WITHOUT_HEAD(no_free_channel_is_told_with_the_status_word);
ATF_TC_BODY(no_free_channel_is_told_with_the_status_word, tc)
{
	static const struct {
		const char *answer;
		int code;
	} answers[] = {
		{ "6A81", ESIM_ESW }, { "6881", ESIM_ESW }, { "9000", ESIM_EPROTO },
		{ "009000", ESIM_EPROTO }, { "149000", ESIM_EPROTO }, { "01029000", ESIM_EPROTO },
		{ "90", ESIM_EPROTO }, { "", ESIM_EPROTO },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct scripted_step steps[] = {
			{ SELECT_MF, "9000", 0 }, { OPEN_CHANNEL, answers[i].answer, 0 }, SCRIPTED_END,
		};
		struct scripted s = { .steps = steps };
		struct esim_card *card = NULL;

		ATF_CHECK_EQ_MSG(esim_card_open(scripted_transport(&s), NULL, &card, &err),
				 answers[i].code, "%s: %s", answers[i].answer, err.message);
		check_script(&s);
	}
}

ATF_TC_WITHOUT_HEAD(channels_above_three_use_the_further_class);
ATF_TC_BODY(channels_above_three_use_the_further_class, tc)
{
	static const struct scripted_step steps[] = {
		OPENING("13"),
		{ "4FA4040010" ISDR "00", "9000", 0 },
		{ "CFE2910003BF2E0000", "6102", 0 },
		{ "4FC0000002", "AABB9000", 0 },
		{ "00708013", "9000", 0 },
		SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);
	char answer[64];

	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "AABB");
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(the_basic_channel_opens_and_closes_none);
ATF_TC_BODY(the_basic_channel_opens_and_closes_none, tc)
{
	static const struct scripted_step steps[] = {
		{ SELECT_MF, "9000", 0 },
		{ "00A4040010" ISDR "00", "9000", 0 },
		{ "80E2910003BF2E0000", "AA9000", 0 },
		SCRIPTED_END,
	};
	struct esim_card_options options = { .basic_channel = true };
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, &options);
	char answer[64];

	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), 0);
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(unusable_options_are_refused_before_the_card_is_touched);
ATF_TC_BODY(unusable_options_are_refused_before_the_card_is_touched, tc)
{
	static const struct esim_aid short_aid = { { 0xA0 }, 1 };
	static const struct scripted_step none[] = { SCRIPTED_END };
	size_t known;
	const struct esim_aid *aids = esim_isdr_aids(&known);
	const struct esim_card_options bad[] = {
		{ .segment_size = 256 },
		{ .aids = &short_aid, .aid_count = 1 },
		{ .aids = aids, .aid_count = 0 },
		{ .aids = aids, .aid_count = ESIM_MAX_ISDR_AIDS + 1 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct scripted s = { .steps = none };
		struct esim_card *card = NULL;

		ATF_CHECK_EQ(esim_card_open(scripted_transport(&s), &bad[i], &card, &err), ESIM_EINVAL);
		check_script(&s);
	}
}

/* --- status words ------------------------------------------------------------------------ */

/* One command on an opened card, and what must come of it. */
static const struct {
	const char *name;
	unsigned features;
	struct scripted_step steps[8];
	int code;
	uint16_t sw;
	const char *answer;
} exchanges[] = {
	{ "Le brings the data at once", 0,
	  { { "81E2910003BF2E0000", "AABB9000", 0 } }, 0, 0, "AABB" },
	{ "without such a transport no Le is sent, and 61xx followed", ESIM_TRANSPORT_RAW,
	  { { "81E2910003BF2E00", "6102", 0 }, { "01C0000002", "AABB9000", 0 } }, 0, 0, "AABB" },
	{ "61xx is followed to its end", 0,
	  { { "81E2910003BF2E0000", "6100", 0 }, { "01C0000000", "AA6101", 0 },
	    { "01C0000001", "BB9000", 0 } }, 0, 0, "AABB" },
	{ "GET RESPONSE falls back to the proprietary class", 0,
	  { { "81E2910003BF2E0000", "6101", 0 }, { "01C0000001", "6E00", 0 },
	    { "81C0000001", "AA6101", 0 }, { "81C0000001", "BB9000", 0 } }, 0, 0, "AABB" },
	{ "a GET RESPONSE with the wrong Le is repeated", 0,
	  { { "81E2910003BF2E0000", "6100", 0 }, { "01C0000000", "6C02", 0 },
	    { "01C0000002", "AABB9000", 0 } }, 0, 0, "AABB" },
	{ "6Cxx repeats the command with the right Le", 0,
	  { { "81E2910003BF2E0000", "6C02", 0 }, { "81E2910003BF2E0002", "AABB9000", 0 } },
	  0, 0, "AABB" },
	{ "6Cxx for ever is an error", 0,
	  { { "81E2910003BF2E0000", "6C02", 0 }, { "81E2910003BF2E0002", "6C02", 0 } },
	  ESIM_ESW, 0x6C02, "" },
	{ "Le missing on some modems", ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_NEEDS_LE,
	  { { "81E2910003BF2E0000", "AA9000", 0 } }, 0, 0, "AA" },
	{ "an error status word is kept", 0,
	  { { "81E2910003BF2E0000", "6A80", 0 } }, ESIM_ESW, 0x6A80, "" },
	{ "an error after 61xx is kept", 0,
	  { { "81E2910003BF2E0000", "6110", 0 }, { "01C0000010", "6F00", 0 } },
	  ESIM_ESW, 0x6F00, "" },
	{ "data with an error status word is no answer", 0,
	  { { "81E2910003BF2E0000", "AABB6985", 0 } }, ESIM_ESW, 0x6985, "" },
	{ "an answer without a status word", 0,
	  { { "81E2910003BF2E0000", "90", 0 } }, ESIM_EPROTO, 0, "" },
	{ "no answer at all", 0, { { "81E2910003BF2E0000", "", 0 } }, ESIM_EPROTO, 0, "" },
	{ "a warning is no success", 0,
	  { { "81E2910003BF2E0000", "6283", 0 } }, ESIM_ESW, 0x6283, "" },
};

ATF_TC_WITHOUT_HEAD(status_words_are_followed_or_reported);
ATF_TC_BODY(status_words_are_followed_or_reported, tc)
{
	static const struct scripted_step opened[] = { OPENED };
	const size_t steps_max = sizeof(exchanges[0].steps) / sizeof(exchanges[0].steps[0]);
	char answer[256];

	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		struct scripted_step steps[16] = { opened[0], opened[1], opened[2] };
		struct scripted s = { .steps = steps, .features = exchanges[i].features };
		struct esim_card *card;
		size_t n = 3;

		if (exchanges[i].features) /* SELECT MF and ISD-R: Le as the transport wants it */
			steps[0].command = steps[2].command = NULL;
		for (size_t j = 0; j < steps_max && exchanges[i].steps[j].command; j++)
			steps[n++] = exchanges[i].steps[j];
		steps[n++] = (struct scripted_step)CLOSING;
		steps[n] = (struct scripted_step)SCRIPTED_END;
		card = open_with(&s, NULL);
		ATF_CHECK_EQ_MSG(store(card, "BF2E00", answer, sizeof(answer)), exchanges[i].code,
				 "%s: %s %s", exchanges[i].name, err.message, s.wrong);
		ATF_CHECK_EQ_MSG(err.sw, exchanges[i].sw, "%s: %04X", exchanges[i].name, err.sw);
		ATF_CHECK_STREQ(answer, exchanges[i].answer);
		if (exchanges[i].code)
			ATF_CHECK_STREQ(err.function, "ES10x.Test");
		finish(&s, card);
	}
}

ATF_TC_WITHOUT_HEAD(the_class_of_get_response_is_remembered);
ATF_TC_BODY(the_class_of_get_response_is_remembered, tc)
{
	static const struct scripted_step steps[] = {
		OPENED,
		{ "81E2910003BF2E0000", "6101", 0 }, { "01C0000001", "6D00", 0 },
		{ "81C0000001", "AA9000", 0 },
		{ "81E2910003BF2E0000", "6101", 0 }, { "81C0000001", "BB9000", 0 },
		CLOSING, SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);
	char answer[64];

	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), 0);
	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "BB");
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(a_pending_proactive_command_is_success_and_told_once);
ATF_TC_BODY(a_pending_proactive_command_is_success_and_told_once, tc)
{
	static const struct scripted_step steps[] = {
		OPENED, { "81E2910003BF2E0000", "AA910F", 0 }, CLOSING, SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);
	char answer[64];

	ATF_CHECK(!esim_card_proactive(card));
	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "AA");
	ATF_CHECK(esim_card_proactive(card));
	ATF_CHECK(!esim_card_proactive(card));
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(an_answer_without_end_is_bounded);
ATF_TC_BODY(an_answer_without_end_is_bounded, tc)
{
	static const uint8_t more[] = { 0xAA, 0x61, 0x00 };
	struct scripted s = { .answer = { more, sizeof(more) } };
	struct esim_card *card = open_with(&s, NULL);
	char answer[8];

	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), ESIM_ETOOBIG);
	ATF_CHECK_STREQ(answer, "");
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(an_answer_above_the_limit_is_refused);
ATF_TC_BODY(an_answer_above_the_limit_is_refused, tc)
{
	static uint8_t huge[ESIM_MAX_RESPONSE + 2];
	struct scripted s = { .answer = { huge, sizeof(huge) } };
	struct esim_card *card = open_with(&s, NULL);
	char answer[8];

	huge[sizeof(huge) - 2] = 0x90;
	ATF_CHECK_MSG(store(card, "BF2E00", answer, sizeof(answer)) < 0, "an answer of %zu bytes",
		      sizeof(huge));
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(data_where_none_belongs_is_an_error);
ATF_TC_BODY(data_where_none_belongs_is_an_error, tc)
{
	static const struct scripted_step steps[] = {
		OPENED, { "81E2910003BF2E00", "9000", 0 }, { "81E2910003BF2E00", "AA9000", 0 },
		CLOSING, SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);

	ATF_CHECK_EQ(store(card, "BF2E00", NULL, 0), 0);
	ATF_CHECK_EQ(store(card, "BF2E00", NULL, 0), ESIM_EPROTO);
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(a_mute_card_is_not_waited_for_twice);
ATF_TC_BODY(a_mute_card_is_not_waited_for_twice, tc)
{
	static const struct scripted_step steps[] = {
		OPENED, { "81E2910003BF2E0000", NULL, ESIM_ETIMEDOUT }, SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);
	char answer[64];

	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), ESIM_ETIMEDOUT);
	ATF_CHECK_STREQ(err.function, "ES10x.Test");
	ATF_CHECK_EQ(err.domain, ESIM_DOMAIN_TRANSPORT);
	/* No MANAGE CHANNEL to a card that does not answer. */
	finish(&s, card);
}

/* --- owned channels ---------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(an_owned_channel_has_no_channel_bits_and_no_manage_channel);
ATF_TC_BODY(an_owned_channel_has_no_channel_bits_and_no_manage_channel, tc)
{
	static const struct scripted_step steps[] = {
		{ "80E2910003BF2E00", "6101", 0 }, { "00C0000001", "AA9000", 0 }, SCRIPTED_END,
	};
	struct scripted s = { .features = ESIM_TRANSPORT_OWNED, .steps = steps };
	struct esim_card *card = open_with(&s, NULL);
	struct esim_buf out = ESIM_BUF_INIT;
	char answer[64];
	uint16_t sw;

	ATF_CHECK_EQ(s.sent.len, 16);
	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "AA");
	ATF_CHECK_EQ(esim_card_transmit_basic(card, esim_slice("\x00\x70\x00\x00", 4), &out, &sw, &err),
		     ESIM_ENOTSUP);
	esim_card_free(&card);
	ATF_CHECK_EQ(s.channels_closed, 1);
	check_script(&s);
}

ATF_TC_WITHOUT_HEAD(an_owned_transport_without_isdr_is_no_euicc);
ATF_TC_BODY(an_owned_transport_without_isdr_is_no_euicc, tc)
{
	static const struct {
		int result, code;
	} cases[] = {
		{ ESIM_ENOENT, ESIM_ENOENT }, { ESIM_ESW, ESIM_ENOENT }, { ESIM_ENODEV, ESIM_ENODEV },
		{ ESIM_EBUSY, ESIM_EBUSY },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scripted s = { .features = ESIM_TRANSPORT_OWNED, .result = cases[i].result };
		struct esim_card *card = NULL;

		ATF_CHECK_EQ(esim_card_open(scripted_transport(&s), NULL, &card, &err), cases[i].code);
		ATF_CHECK_EQ(s.channels_closed, 0);
		check_script(&s);
	}
}

ATF_TC_WITHOUT_HEAD(an_owned_transport_gives_no_basic_channel);
ATF_TC_BODY(an_owned_transport_gives_no_basic_channel, tc)
{
	struct esim_card_options options = { .basic_channel = true };
	struct scripted s = { .features = ESIM_TRANSPORT_OWNED };
	struct esim_card *card = NULL;

	ATF_CHECK_EQ(esim_card_open(scripted_transport(&s), &options, &card, &err), ESIM_ENOTSUP);
	check_script(&s);
}

/* --- reset and REFRESH ----------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_reset_opens_a_channel_and_selects_the_same_aid_first);
ATF_TC_BODY(a_reset_opens_a_channel_and_selects_the_same_aid_first, tc)
{
	static const struct scripted_step steps[] = {
		OPENING("01"), { NULL, "6A82", 0 },
		{ "01A4040010A0000005591010FFFFFFFF890005050000", "9000", 0 },
		{ SELECT_MF, "9000", 0 }, { OPEN_CHANNEL, "029000", 0 },
		{ "02A4040010A0000005591010FFFFFFFF890005050000", "9000", 0 },
		{ "00708002", "9000", 0 },
		SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);

	ATF_CHECK_EQ(esim_card_reset(card, &err), 0);
	ATF_CHECK_EQ(s.resets, 1);
	ATF_CHECK_EQ(esim_card_channel(card), 2);
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(reselect_uses_the_channel_or_opens_a_fresh_one);
ATF_TC_BODY(reselect_uses_the_channel_or_opens_a_fresh_one, tc)
{
	static const struct scripted_step steps[] = {
		OPENED,
		{ SELECT_ISDR_1, "9000", 0 },
		{ SELECT_ISDR_1, "6881", 0 }, { "00708001", "6881", 0 },
		{ SELECT_MF, "9000", 0 }, { OPEN_CHANNEL, "019000", 0 }, { SELECT_ISDR_1, "9000", 0 },
		{ SELECT_ISDR_1, NULL, ESIM_ENODEV },
		SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);

	ATF_CHECK_EQ(esim_card_reselect(card, &err), 0);
	ATF_CHECK_EQ(esim_card_reselect(card, &err), 0);
	ATF_CHECK_EQ(esim_card_reselect(card, &err), ESIM_ENODEV);
	finish(&s, card);
}

/* --- for tools -------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(tools_transmit_on_the_channel_and_on_the_basic_one);
ATF_TC_BODY(tools_transmit_on_the_channel_and_on_the_basic_one, tc)
{
	static const uint8_t command[] = { 0x80, 0xCA, 0x00, 0x5A, 0x00 };
	static const struct scripted_step steps[] = {
		OPENED,
		{ "81CA005A00", "AA9000", 0 }, { "80CA005A00", "6102", 0 }, { "00C0000002", "BBCC6985", 0 },
		CLOSING, SCRIPTED_END,
	};
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, NULL);
	struct esim_buf out = ESIM_BUF_INIT;
	uint16_t sw = 0;

	ATF_CHECK_EQ(esim_card_transmit(card, esim_slice(command, 5), &out, &sw, &err), 0);
	ATF_CHECK_EQ(sw, 0x9000);
	ATF_CHECK_EQ(esim_card_transmit_basic(card, esim_slice(command, 5), &out, &sw, &err), 0);
	ATF_CHECK_EQ(sw, 0x6985);
	ATF_CHECK(esim_slice_is(esim_buf_slice(&out), "\xAA\xBB\xCC", 3));
	ATF_CHECK_EQ(esim_card_transmit(card, esim_slice(command, 3), &out, &sw, &err), ESIM_EINVAL);
	ATF_CHECK_EQ(esim_card_transmit(card, esim_slice("\x81\xCA\x00\x5A", 4), &out, &sw, &err),
		     ESIM_EINVAL);
	esim_buf_free(&out);
	finish(&s, card);
}

struct seen {
	unsigned count, failed;
	uint64_t bytes;
};

static void count_trace(void *context, const struct esim_apdu_trace *apdu)
{
	struct seen *seen = context;

	seen->count++;
	seen->failed += apdu->result != 0;
	seen->bytes += apdu->command.len + apdu->response.len;
}

ATF_TC_WITHOUT_HEAD(the_trace_sees_every_apdu_and_the_statistics_agree);
ATF_TC_BODY(the_trace_sees_every_apdu_and_the_statistics_agree, tc)
{
	static const struct scripted_step steps[] = {
		OPENED,
		{ "81E2910003BF2E0000", "6102", 0 }, { "01C0000002", "AABB9000", 0 },
		{ "81E2910003BF2E0000", NULL, ESIM_ETIMEDOUT },
		SCRIPTED_END,
	};
	struct seen seen = { 0 };
	struct esim_card_options options = { .trace = count_trace, .trace_context = &seen };
	struct scripted s = { .steps = steps };
	struct esim_card *card = open_with(&s, &options);
	struct esim_card_stats stats;
	char answer[64];

	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), 0);
	ATF_CHECK_EQ(store(card, "BF2E00", answer, sizeof(answer)), ESIM_ETIMEDOUT);
	esim_card_stats(card, &stats);
	ATF_CHECK_EQ(stats.apdus, 6);
	ATF_CHECK_EQ(stats.blocks, 2);
	ATF_CHECK_EQ(seen.count, 6);
	ATF_CHECK_EQ(seen.failed, 1);
	ATF_CHECK_EQ(seen.bytes, stats.bytes_sent + stats.bytes_received);
	finish(&s, card);
}

ATF_TC_WITHOUT_HEAD(the_cancel_handle_reaches_the_transport_and_is_gone_at_the_end);
ATF_TC_BODY(the_cancel_handle_reaches_the_transport_and_is_gone_at_the_end, tc)
{
	struct esim_cancel *cancel;
	struct esim_card_options options = { 0 };
	struct scripted s = { 0 };
	struct esim_card *card;

	ATF_REQUIRE_EQ(esim_cancel_new(&cancel), 0);
	options.cancel = cancel;
	card = open_with(&s, &options);
	ATF_CHECK(s.cancel == cancel);
	esim_card_set_cancel(card, NULL);
	ATF_CHECK(s.cancel == NULL);
	esim_card_set_cancel(card, cancel);
	finish(&s, card);
	ATF_CHECK(s.cancel == NULL);

	ATF_CHECK(!esim_cancel_triggered(cancel));
	esim_cancel_trigger(cancel);
	esim_cancel_trigger(cancel);
	ATF_CHECK(esim_cancel_triggered(cancel));
	ATF_CHECK(esim_cancel_triggered(cancel));
	esim_cancel_clear(cancel);
	ATF_CHECK(!esim_cancel_triggered(cancel));
	esim_cancel_free(&cancel);
	esim_cancel_free(&cancel);
	ATF_CHECK(!esim_cancel_triggered(NULL));
	ATF_CHECK_EQ(esim_cancel_fd(NULL), -1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, opening_without_terminal_capability_is_three_apdus);
	ATF_TP_ADD_TC(tp, terminal_capability_goes_before_the_first_application_where_advertised);
	ATF_TP_ADD_TC(tp, aids_are_tried_in_order);
	ATF_TP_ADD_TC(tp, no_isdr_is_no_euicc_and_closes_the_channel);
	ATF_TP_ADD_TC(tp, no_free_channel_is_told_with_the_status_word);
	ATF_TP_ADD_TC(tp, channels_above_three_use_the_further_class);
	ATF_TP_ADD_TC(tp, the_basic_channel_opens_and_closes_none);
	ATF_TP_ADD_TC(tp, unusable_options_are_refused_before_the_card_is_touched);
	ATF_TP_ADD_TC(tp, status_words_are_followed_or_reported);
	ATF_TP_ADD_TC(tp, the_class_of_get_response_is_remembered);
	ATF_TP_ADD_TC(tp, a_pending_proactive_command_is_success_and_told_once);
	ATF_TP_ADD_TC(tp, an_answer_without_end_is_bounded);
	ATF_TP_ADD_TC(tp, an_answer_above_the_limit_is_refused);
	ATF_TP_ADD_TC(tp, data_where_none_belongs_is_an_error);
	ATF_TP_ADD_TC(tp, a_mute_card_is_not_waited_for_twice);
	ATF_TP_ADD_TC(tp, an_owned_channel_has_no_channel_bits_and_no_manage_channel);
	ATF_TP_ADD_TC(tp, an_owned_transport_without_isdr_is_no_euicc);
	ATF_TP_ADD_TC(tp, an_owned_transport_gives_no_basic_channel);
	ATF_TP_ADD_TC(tp, a_reset_opens_a_channel_and_selects_the_same_aid_first);
	ATF_TP_ADD_TC(tp, reselect_uses_the_channel_or_opens_a_fresh_one);
	ATF_TP_ADD_TC(tp, tools_transmit_on_the_channel_and_on_the_basic_one);
	ATF_TP_ADD_TC(tp, the_trace_sees_every_apdu_and_the_statistics_agree);
	ATF_TP_ADD_TC(tp, the_cancel_handle_reaches_the_transport_and_is_gone_at_the_end);
	return atf_no_error();
}
