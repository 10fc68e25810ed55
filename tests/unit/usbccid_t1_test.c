/* SPDX-License-Identifier: GPL-2.0-or-later */
/* T=1 where nothing goes wrong (ISO/IEC 7816-3, 11.6.2, and the scenarios of its annex A). */
#include "t1_script.h"

#define SELECT "00 A4 00 00 00"

ATF_TC_WITHOUT_HEAD(one_block_each_way_and_numbers_that_alternate);
ATF_TC_BODY(one_block_each_way_and_numbers_that_alternate, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, command(&t1, SELECT), ">00 00 05 00A4000000 A1", "<00 00 02 9000 92", "=DONE");
	check_response(&t1, "9000");
	PLAY(&t1, command(&t1, SELECT), ">00 40 05 00A4000000 E1", "<00 40 03 AA6A82 01", "=DONE");
	check_response(&t1, "AA6A82");
	PLAY(&t1, command(&t1, SELECT), ">00 00 05 00A4000000 A1", "<00 00 02 9000 92", "=DONE");
}

ATF_TC_WITHOUT_HEAD(long_command_goes_out_in_parts_of_ifsc);
ATF_TC_BODY(long_command_goes_out_in_parts_of_ifsc, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	PLAY(&t1, command(&t1, "01 02 03 04 05 06 07 08"),
	     ">00 20 03 010203 23", "<00 90 00 90", ">00 60 03 040506 64", "<00 80 00 80",
	     ">00 00 02 0708 0D", "<00 00 02 9000 92", "=DONE");
	check_response(&t1, "9000");
	/* A whole number of parts: no empty one after them. Numbers go on: ours is 1, the card's 1. */
	PLAY(&t1, command(&t1, "01 02 03 04 05 06"),
	     ">00 60 03 010203 63", "<00 80 00 80", ">00 00 03 040506 04", "<00 40 02 9000 D2", "=DONE");
	PLAY(&t1, command(&t1, "01 02 03"), ">00 40 03 010203 43", "<00 00 02 9000 92", "=DONE");
}

ATF_TC_WITHOUT_HEAD(long_response_is_put_together);
ATF_TC_BODY(long_response_is_put_together, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, command(&t1, SELECT), ">00 00 05 00A4000000 A1", "<00 20 03 AABBCC FE", ">00 90 00 90",
	     "<00 60 02 DDEE 51", ">00 80 00 80", "<00 00 02 9000 92", "=DONE");
	check_response(&t1, "AABBCCDDEE9000");
	PLAY(&t1, command(&t1, SELECT), ">00 40 05 00A4000000 E1", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "9000");
}

ATF_TC_WITHOUT_HEAD(both_directions_are_chained_in_one_exchange);
ATF_TC_BODY(both_directions_are_chained_in_one_exchange, tc)
{
	struct t1 t1;

	t1_init(&t1, 4, false);
	PLAY(&t1, command(&t1, "01 02 03 04 05"), ">00 20 04 01020304 20", "<00 90 00 90",
	     ">00 40 01 05 44", "<00 20 01 AA 8B", ">00 90 00 90", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "AA9000");
}

/* Scenario 7: a block of a chain may be empty, and the first one too. */
ATF_TC_WITHOUT_HEAD(blocks_of_a_chain_may_be_empty);
ATF_TC_BODY(blocks_of_a_chain_may_be_empty, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, command(&t1, SELECT), ">00 00 05 00A4000000 A1", "<00 20 00 20", ">00 90 00 90",
	     "<00 60 02 9000 F2", ">00 80 00 80", "<00 00 00 00", "=DONE");
	check_response(&t1, "9000");
	PLAY(&t1, command(&t1, ""), ">00 40 00 40", "<00 40 02 9000 D2", "=DONE");
}

ATF_TC_WITHOUT_HEAD(card_that_needs_more_time_gets_it_for_one_block);
ATF_TC_BODY(card_that_needs_more_time_gets_it_for_one_block, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 20 03 010203 23", "<00 C3 01 02 C0", ">00 E3 01 02 E0 x2",
	     "<00 90 00 90", ">00 40 01 04 45", "<00 C3 01 05 C7", ">00 E3 01 05 E7 x5",
	     "<00 C3 01 FF 3D", ">00 E3 01 FF 1D x255", "<00 20 01 AA 8B", ">00 90 00 90",
	     "<00 C3 01 01 C3", ">00 E3 01 01 E3", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "AA9000");
}

ATF_TC_WITHOUT_HEAD(card_changes_ifsc_in_midst_of_an_exchange);
ATF_TC_BODY(card_changes_ifsc_in_midst_of_an_exchange, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	/* The part that is out already stays as it is; the next one is of the new size. */
	PLAY(&t1, command(&t1, "01 02 03 04 05 06 07 08"), ">00 20 03 010203 23", "<00 C1 01 04 C4",
	     ">00 E1 01 04 E4", "<00 90 00 90", ">00 60 04 04050607 64", "<00 C1 01 01 C1", ">00 E1 01 01 E1",
	     "<00 80 00 80", ">00 00 01 08 09", "<00 20 01 AA 8B", ">00 90 00 90", "<00 C1 01 FE 3E",
	     ">00 E1 01 FE 1E", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "AA9000");
	ATF_CHECK_EQ(254, t1.ifsc);
	PLAY(&t1, command(&t1, "01 02 03 04 05 06 07 08"), ">00 40 08 0102030405060708 40",
	     "<00 00 02 9000 92", "=DONE");
}

ATF_TC_WITHOUT_HEAD(ifsd_is_announced_and_holds_from_then_on);
ATF_TC_BODY(ifsd_is_announced_and_holds_from_then_on, tc)
{
	uint8_t block[3 + 254 + 1] = { 0x00, 0x00, 254 };
	struct t1 t1;

	t1_init(&t1, 32, false);
	ATF_CHECK_EQ(32, t1.ifsd);
	PLAY(&t1, t1_announce_ifsd(&t1, 254), ">00 C1 01 FE 3E", "<00 E1 01 FE 1E", "=DONE");
	ATF_CHECK_EQ(254, t1.ifsd);
	PLAY(&t1, command(&t1, SELECT), ">00 00 05 00A4000000 A1", "<00 20 01 AA 8B", ">00 90 00 90",
	     "<00 40 02 9000 D2", "=DONE");
	ATF_REQUIRE_EQ(T1_SEND, command(&t1, SELECT));
	block[sizeof(block) - 1] = 254;
	ATF_CHECK_EQ(T1_DONE, t1_take(&t1, block, sizeof(block)));
	ATF_CHECK_EQ(254, t1.response_len);
}

/* As readers and cards in the field have it: what a Linux host, a reader and a card said. */
ATF_TC_WITHOUT_HEAD(crc_is_what_cards_in_the_field_send);
ATF_TC_BODY(crc_is_what_cards_in_the_field_send, tc)
{
	struct t1 t1;

	t1_init(&t1, 254, true);
	PLAY(&t1, t1_announce_ifsd(&t1, 254), ">00 C1 01 FE 54 4E", "<00 E1 01 FE 57 75", "=DONE");
	PLAY(&t1, command(&t1, SELECT), ">00 00 05 00A4000000 B8 DA",
	     "<00 20 14 6F1781027FFF8201388302 3F00860311 3FFF8502 1029", ">00 90 00 20 6E",
	     "<00 60 07 00028A01AA9000 A6 33", ">00 80 00 B5 FF", "<00 00 00 39 33", "=DONE");
	check_response(&t1, "6F1781027FFF82013883023F008603113FFF850200028A01AA9000");
}

/* Scenario: the card breaks off the command that it is being sent. */
ATF_TC_WITHOUT_HEAD(card_aborts_the_command);
ATF_TC_BODY(card_aborts_the_command, tc)
{
	struct t1 t1;

	t1_init(&t1, 3, false);
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 20 03 010203 23", "<00 C2 00 C2", ">00 E2 00 E2",
	     "<00 90 00 90", "=ABORTED");
	ATF_CHECK_STREQ("aborted the exchange", t1.why);
	/* The card took the block that it answered by the abort: it expects number 1. */
	PLAY(&t1, command(&t1, "0A"), ">00 40 01 0A 4B", "<00 00 02 9000 92", "=DONE");
	/* Or it did not. */
	PLAY(&t1, command(&t1, "01 02 03 04"), ">00 20 03 010203 23", "<00 C2 00 C2", ">00 E2 00 E2",
	     "<00 80 00 80", "=ABORTED");
	PLAY(&t1, command(&t1, "0A"), ">00 00 01 0A 0B", "<00 40 02 9000 D2", "=DONE");
}

/* Scenario: the card breaks off its own response. */
ATF_TC_WITHOUT_HEAD(card_aborts_the_response);
ATF_TC_BODY(card_aborts_the_response, tc)
{
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, command(&t1, SELECT), ">00 00 05 00A4000000 A1", "<00 20 02 AABB 33", ">00 90 00 90",
	     "<00 C2 00 C2", ">00 E2 00 E2", "<00 90 00 90", "=ABORTED");
	PLAY(&t1, command(&t1, SELECT), ">00 40 05 00A4000000 E1", "<00 40 02 9000 D2", "=DONE");
	check_response(&t1, "9000");
}

ATF_TC_WITHOUT_HEAD(response_longer_than_the_room_ends_in_step);
ATF_TC_BODY(response_longer_than_the_room_ends_in_step, tc)
{
	static const uint8_t sent[] = { 0x0A };
	uint8_t room[5] = { 0 };
	struct t1 t1;

	t1_init(&t1, 32, false);
	PLAY(&t1, t1_begin(&t1, sent, sizeof(sent), room, 4), ">00 00 01 0A 0B", "<00 20 03 AABBCC FE",
	     ">00 90 00 90", "<00 60 02 DDEE 51", ">00 80 00 80", "<00 00 02 9000 92", "=OVERFLOW");
	ATF_CHECK_EQ(7, t1.response_len);
	ATF_CHECK_EQ(0, room[4]);
	PLAY(&t1, t1_begin(&t1, sent, sizeof(sent), room, 4), ">00 40 01 0A 4B", "<00 60 03 AABB90 E2",
	     ">00 80 00 80", "<00 00 01 00 01", "=DONE");
	ATF_CHECK_EQ(4, t1.response_len);
	PLAY(&t1, t1_begin(&t1, sent, sizeof(sent), NULL, 0), ">00 00 01 0A 0B", "<00 40 02 9000 D2",
	     "=OVERFLOW");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, one_block_each_way_and_numbers_that_alternate);
	ATF_TP_ADD_TC(tp, long_command_goes_out_in_parts_of_ifsc);
	ATF_TP_ADD_TC(tp, long_response_is_put_together);
	ATF_TP_ADD_TC(tp, both_directions_are_chained_in_one_exchange);
	ATF_TP_ADD_TC(tp, blocks_of_a_chain_may_be_empty);
	ATF_TP_ADD_TC(tp, card_that_needs_more_time_gets_it_for_one_block);
	ATF_TP_ADD_TC(tp, card_changes_ifsc_in_midst_of_an_exchange);
	ATF_TP_ADD_TC(tp, ifsd_is_announced_and_holds_from_then_on);
	ATF_TP_ADD_TC(tp, crc_is_what_cards_in_the_field_send);
	ATF_TP_ADD_TC(tp, card_aborts_the_command);
	ATF_TP_ADD_TC(tp, card_aborts_the_response);
	ATF_TP_ADD_TC(tp, response_longer_than_the_room_ends_in_step);
	return atf_no_error();
}
