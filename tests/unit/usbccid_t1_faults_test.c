/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * T=1 where something goes wrong (ISO/IEC 7816-3, 11.6.3, and the scenarios of its annex A): what is
 * lost is asked for again, nothing is done twice, and nothing goes on for ever.
 */
#include "t1_script.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- one fault, and on it goes ------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(response_that_came_garbled_is_asked_for_again);
ATF_TC_BODY(response_that_came_garbled_is_asked_for_again, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 00 02 9000 93", ">00 81 00 81",
	     "<00 00 02 9000 92", "=DONE");
	check_response(&t1, "9000");
	/* Nothing came, or the reader says that it was garbled; and the numbers are 1 now. */
	PLAY(&t1, command(&t1, "0A"), ">00 40 01 0A 4B", "<", ">00 92 00 92", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "9000");
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 20 02 AABB 33", ">00 90 00 90",
	     "<00 40 02 9000 00", ">00 91 00 91", "<", ">00 92 00 92", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "AABB9000");
}

ATF_TC_WITHOUT_HEAD(block_that_the_card_received_wrongly_is_sent_again);
ATF_TC_BODY(block_that_the_card_received_wrongly_is_sent_again, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 81 00 81", ">00 00 01 0A 0B", "<00 82 00 82",
	     ">00 00 01 0A 0B", "<00 00 02 9000 92", "=DONE");
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 60 03 010203 63", "<00 91 00 91", ">00 60 03 010203 63",
	     "<00 80 00 80", ">00 00 01 04 05", "<00 80 00 80", ">00 00 01 04 05", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "9000");
}

/* Card and we both lost a block: the card has the command, and hears again what we ask for. */
ATF_TC_WITHOUT_HEAD(question_that_was_lost_is_asked_again);
ATF_TC_BODY(question_that_was_lost_is_asked_again, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 00 02 9000 FF", ">00 81 00 81", "<00 91 00 91",
	     ">00 82 00 82", "<00 00 02 9000 92", "=DONE");
	/* The card has not got the command, and its question was lost first. */
	PLAY(&t1, command(&t1, "0A"), ">00 40 01 0A 4B", "<00 91 00 FF", ">00 91 00 91", "<00 91 00 91",
	     ">00 40 01 0A 4B", "<00 40 02 9000 D2", "=DONE");
	/* In a chain of the card's. */
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 20 01 AA 8B", ">00 90 00 90", "<00 91 00 91",
	     ">00 90 00 90", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "AA9000");
}

ATF_TC_WITHOUT_HEAD(receipt_that_came_garbled_is_asked_for_again);
ATF_TC_BODY(receipt_that_came_garbled_is_asked_for_again, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 20 03 010203 23", "<00 90 00 91", ">00 81 00 81",
	     "<00 90 00 90", ">00 40 01 04 45", "<00 00 02 9000 92", "=DONE");
}

ATF_TC_WITHOUT_HEAD(supervision_that_was_lost_is_repeated);
ATF_TC_BODY(supervision_that_was_lost_is_repeated, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, t1_announce_ifsd(&t1, 64), ">00 C1 01 40 80", "<", ">00 C1 01 40 80",
	     "<00 E1 01 41 A1", ">00 C1 01 40 80", "<00 E1 01 40 A0", "=DONE");
	ATF_CHECK_EQ(64, t1.ifsd);
	/* The card did not hear our answer: it asks once more. */
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 C3 01 02 C0", ">00 E3 01 02 E0 x2",
	     "<00 C3 01 02 C0", ">00 E3 01 02 E0 x2", "<00 C1 01 10 D0", ">00 E1 01 10 F0", "<00 C1 01 10 D0",
	     ">00 E1 01 10 F0", "<00 00 02 9000 92", "=DONE");
	/* What came after our answer was lost (rule 7.3): an R-block, and no longer time for it. */
	PLAY(&t1, command(&t1, "0A"), ">00 40 01 0A 4B", "<00 C3 01 09 CB", ">00 E3 01 09 EB x9", "<",
	     ">00 92 00 92", "<00 40 02 9000 D2", "=DONE");
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 C2 00 C2", ">00 E2 00 E2", "<00 C2 00 C2",
	     ">00 E2 00 E2", "<00 90 00 90", "=ABORTED");
}

/* The answer to the command before is not that to this one. */
ATF_TC_WITHOUT_HEAD(block_that_comes_twice_is_taken_once);
ATF_TC_BODY(block_that_comes_twice_is_taken_once, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 00 02 6A82 EA", "=DONE");
	PLAY(&t1, command(&t1, "0B"), ">00 40 01 0B 4A", "<00 00 02 6A82 EA", ">00 92 00 92",
	     "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "9000");
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 20 01 AA 8B", ">00 90 00 90", "<00 20 01 AA 8B",
	     ">00 92 00 92", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "AA9000");
}

/* --- blocks that are none ---------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(malformed_blocks_are_refused);
ATF_TC_BODY(malformed_blocks_are_refused, tc)
{
	static const struct {
		const char *name, *block;
		bool edc;
	} cases[] = {
		{ "nothing", "<", false },
		{ "one byte", "<00", false },
		{ "no checksum", "<00 00 00", false },
		{ "LEN too big", "<00 00 03 9000 93", false },
		{ "LEN too small", "<00 00 01 9000 91", false },
		{ "LEN of FF", "<00 00 FF 9000 6F", false },
		{ "checksum", "<00 00 02 9000 00", true },
		{ "R-block's checksum", "<00 80 00 81", true },
		{ "node address of the source", "<10 00 02 9000 82", false },
		{ "node address of the destination", "<01 00 02 9000 93", false },
		{ "programming voltage", "<80 00 02 9000 12", false },
		{ "I-block, reserved bit 1", "<00 01 02 9000 93", false },
		{ "I-block, reserved bit 5", "<00 10 02 9000 82", false },
		{ "I-block out of sequence", "<00 40 02 9000 D2", false },
		{ "R-block with bit 6", "<00 A0 00 A0", false },
		{ "R-block with a reserved error", "<00 83 00 83", false },
		{ "R-block with a reserved error", "<00 84 00 84", false },
		{ "R-block with a reserved error", "<00 88 00 88", false },
		{ "R-block with information", "<00 80 01 00 81", false },
		{ "R-block for what was not sent", "<00 90 00 90", false },
		{ "S-block, reserved type", "<00 C4 00 C4", false },
		{ "S-block, reserved type", "<00 D0 00 D0", false },
		{ "S-block, reserved type", "<00 FF 00 FF", false },
		{ "RESYNCH, which is ours to ask for", "<00 C0 00 C0", false },
		{ "ABORT with information", "<00 C2 01 00 C3", false },
		{ "IFS of nothing", "<00 C1 00 C1", false },
		{ "IFS of two bytes", "<00 C1 02 2020 C3", false },
		{ "IFS of 0", "<00 C1 01 00 C0", false },
		{ "IFS of FF", "<00 C1 01 FF 3F", false },
		{ "WTX of nothing", "<00 C3 00 C3", false },
		{ "WTX of two bytes", "<00 C3 02 0101 C1", false },
		{ "WTX of 0", "<00 C3 01 00 C2", false },
		{ "RESYNCH response unasked", "<00 E0 00 E0", false },
		{ "IFS response unasked", "<00 E1 01 20 C0", false },
		{ "ABORT response unasked", "<00 E2 00 E2", false },
		{ "WTX response unasked", "<00 E3 01 01 E3", false },
		{ "INF longer than IFSD", "<00 00 04 AABB9000 85", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct t1 t1;

		printf("%s\n", cases[i].name);
		t1_init(&t1, 32, false);
		t1.ifsd = 3;
		PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", cases[i].block,
		     cases[i].edc ? ">00 81 00 81" : ">00 82 00 82", "<00 00 02 9000 92", "=DONE");
		check_response(&t1, "9000");
		ATF_CHECK_EQ(32, t1.ifsc);
	}
}

/* Any byte of a block may be any other: check bytes see that. */
ATF_TC_WITHOUT_HEAD(one_wrong_byte_never_makes_a_response);
ATF_TC_BODY(one_wrong_byte_never_makes_a_response, tc)
{
	struct bytes good[] = { bytes("00 00 05 AABBCC9000 48"), bytes("00 00 05 AABBCC9000 D98A") };
	static const uint8_t sent[] = { 0x0A };
	uint8_t block[sizeof(good[0].data)];

	for (unsigned crc = 0; crc < 2; crc++) {
		for (size_t at = 0; at < good[crc].len; at++) {
			for (unsigned change = 1; change < 256; change++) {
				struct t1 t1;

				t1_init(&t1, 32, crc);
				ATF_REQUIRE_EQ(T1_SEND, t1_begin(&t1, sent, 1, response, sizeof(response)));
				memcpy(block, good[crc].data, good[crc].len);
				block[at] ^= (uint8_t)change;
				ATF_REQUIRE_EQ(T1_SEND, t1_take(&t1, block, good[crc].len));
				ATF_REQUIRE_EQ(T1_DONE, t1_take(&t1, good[crc].data, good[crc].len));
			}
		}
	}
}

/* --- the ladder of recovery ---------------------------------------------------------------------- */

/* The card may have done it: RESYNCH brings the protocol in step, and the command is not repeated. */
ATF_TC_WITHOUT_HEAD(command_that_may_have_been_executed_is_not_repeated);
ATF_TC_BODY(command_that_may_have_been_executed_is_not_repeated, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 00 02 9000 92", "=DONE");
	PLAY(&t1, command(&t1, "0A"), ">00 40 01 0A 4B", "<", ">00 92 00 92", "<", ">00 92 00 92", "<",
	     ">00 C0 00 C0", "<00 E0 00 E0", "=ABORTED");
	ATF_CHECK_STREQ("sent no block", t1.why);
	/* Numbers begin anew. */
	PLAY(&t1, command(&t1, "0B"), ">00 00 01 0B 0A", "<00 00 02 9000 92", "=DONE");
	check_response(&t1, "9000");
	/* The last part of a chain, be it that the card says it never had it. */
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 60 03 010203 63", "<00 80 00 80", ">00 00 01 04 05",
	     "<00 80 00 80", ">00 00 01 04 05", "<00 80 00 80", ">00 00 01 04 05", "<00 80 00 80",
	     ">00 C0 00 C0", "<00 E0 00 E0", "=ABORTED");
	/* Half a response. */
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 20 01 AA 8B", ">00 90 00 90", "<", ">00 92 00 92",
	     "<", ">00 92 00 92", "<", ">00 C0 00 C0", "<00 E0 00 E0", "=ABORTED");
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 00 02 9000 92", "=DONE");
	check_response(&t1, "9000");
}

/* What never was whole was never executed: it may begin anew, once. */
ATF_TC_WITHOUT_HEAD(command_whose_end_never_left_is_sent_once_more);
ATF_TC_BODY(command_whose_end_never_left_is_sent_once_more, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	/* IFSC goes back to that of the ATR. */
	PLAY(&t1, command(&t1, "01 02 03 04 05 06 07"), ">00 20 03 010203 23", "<00 C1 01 05 C5", ">00 E1 01 05 E5",
	     "<00 81 00 81", ">00 20 03 010203 23", "<", ">00 82 00 82", "<", ">00 C0 00 C0", "<00 E0 00 E0",
	     ">00 20 03 010203 23", "<00 90 00 90", ">00 60 03 040506 64",
	     "<00 80 00 80", ">00 00 01 07 06", "<00 00 02 9000 92", "=DONE");
	check_response(&t1, "9000");
	/* RESYNCH has tries of its own, and so has the command after it. */
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 60 03 010203 63", "<", ">00 92 00 92", "<", ">00 92 00 92",
	     "<", ">00 C0 00 C0", "<", ">00 C0 00 C0", "<", ">00 C0 00 C0", "<00 E0 00 E0", ">00 20 03 010203 23", "<", ">00 82 00 82", "<",
	     ">00 82 00 82", "<", ">00 C0 00 C0", "<00 E0 00 E0", "=ABORTED");
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 00 02 9000 92", "=DONE");
}

/* Who knows what a card did that answers half a command. */
ATF_TC_WITHOUT_HEAD(command_that_was_answered_too_early_is_not_repeated);
ATF_TC_BODY(command_that_was_answered_too_early_is_not_repeated, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 20 03 010203 23", "<00 00 02 6700 65", ">00 82 00 82",
	     "<00 00 02 6700 65", ">00 82 00 82", "<00 00 02 6700 65", ">00 C0 00 C0", "<00 E0 00 E0",
	     "=ABORTED");
	ATF_CHECK_STREQ("answered before it had the whole command", t1.why);
}

ATF_TC_WITHOUT_HEAD(card_that_does_not_resynchronise_is_lost_until_reset);
ATF_TC_BODY(card_that_does_not_resynchronise_is_lost_until_reset, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<", ">00 82 00 82", "<", ">00 82 00 82", "<",
	     ">00 C0 00 C0", "<", ">00 C0 00 C0", "<00 80 00 80", ">00 C0 00 C0", "<00 00 02 9000 92", "=LOST");
	ATF_CHECK_EQ(T1_LOST, command(&t1, "0A"));
	ATF_CHECK_EQ(T1_LOST, t1_announce_ifsd(&t1, 254));
	ATF_CHECK_EQ(T1_LOST, t1_take(&t1, NULL, 0));
	t1_init(&t1, 32, false);
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 00 02 9000 92", "=DONE");
}

/* A card that knows nothing of S(IFS) can be used all the same. */
ATF_TC_WITHOUT_HEAD(card_that_ignores_ifsd_can_be_used);
ATF_TC_BODY(card_that_ignores_ifsd_can_be_used, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, t1_announce_ifsd(&t1, 254), ">00 C1 01 FE 3E", "<00 82 00 82", ">00 C1 01 FE 3E", "<",
	     ">00 C1 01 FE 3E", "<00 E1 01 20 C0", ">00 C0 00 C0", "<00 E0 00 E0", ">00 C1 01 FE 3E", "<",
	     ">00 C1 01 FE 3E", "<", ">00 C1 01 FE 3E", "<", ">00 C0 00 C0", "<00 E0 00 E0", "=ABORTED");
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 00 02 9000 92", "=DONE");
}

ATF_TC_WITHOUT_HEAD(ifsd_holds_for_a_card_whose_answer_was_lost);
ATF_TC_BODY(ifsd_holds_for_a_card_whose_answer_was_lost, tc)
{
	uint8_t block[3 + 254 + 1] = { 0x00, 0x00, 254 };
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, t1_announce_ifsd(&t1, 254), ">00 C1 01 FE 3E", "<", ">00 C1 01 FE 3E", "<",
	     ">00 C1 01 FE 3E", "<", ">00 C0 00 C0", "<00 E0 00 E0", ">00 C1 01 FE 3E", "<",
	     ">00 C1 01 FE 3E", "<", ">00 C1 01 FE 3E", "<", ">00 C0 00 C0", "<00 E0 00 E0", "=ABORTED");
	ATF_REQUIRE_EQ(T1_SEND, command(&t1, "0A"));
	block[sizeof(block) - 1] = 254;
	ATF_CHECK_EQ(T1_DONE, t1_take(&t1, block, sizeof(block)));
	ATF_CHECK_EQ(254, t1.response_len);
}

ATF_TC_WITHOUT_HEAD(faults_are_counted_in_succession);
ATF_TC_BODY(faults_are_counted_in_succession, tc)
{
	struct t1 t1;

	t1_init(&t1, 1, false);
	PLAY(&t1, command(&t1, "01 02"), ">00 20 01 01 20", "<", ">00 82 00 82", "<", ">00 82 00 82",
	     "<00 90 00 90", ">00 40 01 02 43", "<", ">00 82 00 82", "<", ">00 82 00 82", "<00 C3 01 01 C3",
	     ">00 E3 01 01 E3", "<", ">00 82 00 82", "<", ">00 82 00 82", "<00 20 01 AA 8B", ">00 90 00 90",
	     "<", ">00 92 00 92", "<", ">00 92 00 92", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "AA9000");
}

/* A deadline or a cancel: the owner never took what came. */
ATF_TC_WITHOUT_HEAD(exchange_that_was_given_up_is_followed_by_resynch);
ATF_TC_BODY(exchange_that_was_given_up_is_followed_by_resynch, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	ATF_REQUIRE_EQ(T1_SEND, command(&t1, "0A"));
	/* A response of the exchange before must not be this one's. */
	PLAY(&t1, command(&t1, "0B"), ">00 C0 00 C0", "<00 00 02 6A82 EA", ">00 C0 00 C0", "<00 E0 00 E0",
	     ">00 00 01 0B 0A", "<00 00 02 9000 92", "=DONE");
	check_response(&t1, "9000");
	ATF_REQUIRE_EQ(T1_SEND, command(&t1, "0A"));
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 C0 00 C0", "<00 E0 00 E0", ">00 20 03 010203 23", "<",
	     ">00 82 00 82", "<", ">00 82 00 82", "<", ">00 C0 00 C0", "<00 E0 00 E0", ">00 20 03 010203 23",
	     "<00 90 00 90", ">00 40 01 04 45", "<00 00 02 9000 92", "=DONE");
	ATF_REQUIRE_EQ(T1_SEND, command(&t1, "0A"));
	PLAY(&t1, command(&t1, "0B"), ">00 C0 00 C0", "<", ">00 C0 00 C0", "<", ">00 C0 00 C0", "<", "=LOST");
}

/* --- cards that never come to an end ------------------------------------------------------------- */

/* Says the same for ever; how many blocks went out until the engine had enough? */
static size_t blocks_until(struct t1 *t1, enum t1_next next, const char *text, enum t1_next *ret)
{
	struct bytes answer = bytes(text);
	size_t count = 0;

	while (next == T1_SEND && count < 1000000) {
		count++;
		next = t1_take(t1, answer.data, answer.len);
	}
	*ret = next;
	return count;
}

ATF_TC_WITHOUT_HEAD(card_that_repeats_itself_comes_to_an_end);
ATF_TC_BODY(card_that_repeats_itself_comes_to_an_end, tc)
{
	static const struct {
		const char *block;
		size_t most;
	} cases[] = {
		{ "00 C3 01 01 C3", T1_WTX_MAX + 4 }, { "00 C1 01 20 E0", T1_IFS_MAX + 4 },
		{ "00 C2 00 C2", T1_ABORT_MAX + 4 }, { "00 80 00 80", 6 }, { "00 90 00 90", 6 },
		{ "00 40 02 9000 D2", 6 }, { "00 20 00 20", 7 }, { "00 20 01 AA 8B", 7 },
		{ "00 C0 00 C0", 6 }, { "00 E1 01 FE 1E", 6 }, { "00", 6 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		enum t1_next end;
		struct t1 t1;
		size_t count;

		t1_init(&t1, 32, false);
		count = blocks_until(&t1, command(&t1, "0A"), cases[i].block, &end);
		ATF_CHECK_EQ_MSG(T1_LOST, end, "%s: %s", cases[i].block, end_name(end));
		ATF_CHECK_MSG(count <= cases[i].most, "%s: %zu blocks", cases[i].block, count);
	}
}

/* Alternating numbers, as a good card: in step all along, but without end. RESYNCH is answered. */
static size_t chain_until(struct t1 *t1, const char *even, const char *odd, enum t1_next *ret)
{
	struct bytes blocks[2] = { bytes(even), bytes(odd) }, resynched = bytes("00 E0 00 E0");
	enum t1_next next = command(t1, "0A");
	size_t count = 0, chained = 0;

	while (next == T1_SEND && count < 1000000) {
		const struct bytes *block = &blocks[chained % 2];

		if (t1->block[1] == 0xC0)
			block = &resynched;
		else
			chained++;
		count++;
		next = t1_take(t1, block->data, block->len);
	}
	*ret = next;
	return count;
}

ATF_TC_WITHOUT_HEAD(response_without_end_comes_to_an_end);
ATF_TC_BODY(response_without_end_comes_to_an_end, tc)
{
	enum t1_next end;
	struct t1 t1;

	t1_init(&t1, 32, false);
	ATF_CHECK_EQ(T1_EMPTY_MAX + 2, chain_until(&t1, "00 20 00 20", "00 60 00 60", &end));
	ATF_CHECK_EQ(T1_ABORTED, end);
	ATF_CHECK_STREQ("sent a response without end", t1.why);
	ATF_CHECK_EQ(T1_RESPONSE_MAX + 2, chain_until(&t1, "00 20 01 AA 8B", "00 60 01 AA CB", &end));
	ATF_CHECK_EQ(T1_ABORTED, end);
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 00 02 9000 92", "=DONE");
	check_response(&t1, "9000");
}

ATF_TC_WITHOUT_HEAD(card_that_goes_on_after_its_abort_is_brought_in_step);
ATF_TC_BODY(card_that_goes_on_after_its_abort_is_brought_in_step, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	/* Nothing of a command that was broken off is repeated, and no response to it is taken. */
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 20 03 010203 23", "<00 C2 00 C2", ">00 E2 00 E2",
	     "<00 00 02 9000 92", ">00 82 00 82", "<00 00 02 9000 92", ">00 82 00 82", "<00 00 02 9000 92",
	     ">00 C0 00 C0", "<00 E0 00 E0", "=ABORTED");
	ATF_CHECK_STREQ("went on after it had aborted the exchange", t1.why);
	/* The next one is broken off by nobody. */
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 20 03 010203 23", "<", ">00 82 00 82", "<", ">00 82 00 82",
	     "<", ">00 C0 00 C0", "<00 E0 00 E0", ">00 20 03 010203 23", "<00 90 00 90", ">00 40 01 04 45",
	     "<00 00 02 9000 92", "=DONE");
}

/* What a card may do is counted for each exchange. */
ATF_TC_WITHOUT_HEAD(limits_are_those_of_one_exchange);
ATF_TC_BODY(limits_are_those_of_one_exchange, tc)
{
	struct bytes ifs = bytes("00 C1 01 20 E0"), done[2] = { bytes("00 00 02 9000 92"), bytes("00 40 02 9000 D2") };
	struct t1 t1;

	t1_init(&t1, 32, false);
	for (unsigned round = 0; round < 4; round++) {
		ATF_REQUIRE_EQ(T1_SEND, command(&t1, "0A"));
		for (unsigned i = 0; i < T1_IFS_MAX; i++) {
			ATF_REQUIRE_EQ(T1_SEND, t1_take(&t1, ifs.data, ifs.len));
			ATF_REQUIRE_EQ(0xE1, t1.block[1]);
		}
		ATF_REQUIRE_EQ(T1_DONE, t1_take(&t1, done[round % 2].data, done[round % 2].len));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, response_that_came_garbled_is_asked_for_again);
	ATF_TP_ADD_TC(tp, block_that_the_card_received_wrongly_is_sent_again);
	ATF_TP_ADD_TC(tp, question_that_was_lost_is_asked_again);
	ATF_TP_ADD_TC(tp, receipt_that_came_garbled_is_asked_for_again);
	ATF_TP_ADD_TC(tp, supervision_that_was_lost_is_repeated);
	ATF_TP_ADD_TC(tp, block_that_comes_twice_is_taken_once);
	ATF_TP_ADD_TC(tp, malformed_blocks_are_refused);
	ATF_TP_ADD_TC(tp, one_wrong_byte_never_makes_a_response);
	ATF_TP_ADD_TC(tp, command_that_may_have_been_executed_is_not_repeated);
	ATF_TP_ADD_TC(tp, command_whose_end_never_left_is_sent_once_more);
	ATF_TP_ADD_TC(tp, command_that_was_answered_too_early_is_not_repeated);
	ATF_TP_ADD_TC(tp, card_that_does_not_resynchronise_is_lost_until_reset);
	ATF_TP_ADD_TC(tp, card_that_ignores_ifsd_can_be_used);
	ATF_TP_ADD_TC(tp, ifsd_holds_for_a_card_whose_answer_was_lost);
	ATF_TP_ADD_TC(tp, faults_are_counted_in_succession);
	ATF_TP_ADD_TC(tp, exchange_that_was_given_up_is_followed_by_resynch);
	ATF_TP_ADD_TC(tp, card_that_repeats_itself_comes_to_an_end);
	ATF_TP_ADD_TC(tp, response_without_end_comes_to_an_end);
	ATF_TP_ADD_TC(tp, card_that_goes_on_after_its_abort_is_brought_in_step);
	ATF_TP_ADD_TC(tp, limits_are_those_of_one_exchange);
	return atf_no_error();
}
