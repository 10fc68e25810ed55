/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power: voltages, answers to reset, and cards that are changed meanwhile. */
#include "usbccid_power.h"

#include <atf-c.h>
#include <stdio.h>

static struct usbccid_card card_now(struct usbccid_reader *reader, const char *answer)
{
	struct usbccid_card card;

	script(reader, "> 65 000000", answer, NULL);
	ATF_REQUIRE_EQ(0, usbccid_card(reader, 0, 1000, &card, &err));
	return card;
}

/* --- voltages --------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_reader_that_does_it_all_gets_one_message);
ATF_TC_BODY(a_reader_that_does_it_all_gets_one_message, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, 0, 0);
	struct usbccid_card card;

	script(reader, "> 62 000000", "< 80 000000 3B 02 14 50", NULL);
	require_power(reader);
	card = card_now(reader, "< 81 000000");
	ATF_CHECK_EQ(USBCCID_CARD_ON, card.state);
	ATF_CHECK_EQ(4, card.atr_len);
	ATF_CHECK_EQ(0, memcmp(card.atr, "\x3B\x02\x14\x50", 4));
	ATF_CHECK_EQ(0, card.protocol);
	ATF_CHECK_EQ(261, card.max_command);
	ATF_CHECK(!card.extended);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(voltages_go_up_until_the_card_answers);
ATF_TC_BODY(voltages_go_up_until_the_card_answers, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, CCID_AUTO_VOLTAGE, 0);

	script(reader, "> 62 030000", "< 80 41FE00", "> 62 020000", "< 80 41FE00", "> 62 010000",
	       "< 80 000000" ATR_T0, NULL);
	require_power(reader);
	/* Where the reader left power on, it is taken away in between. */
	script(reader, OFF, "> 62 030000", "< 80 40FE00", OFF, "> 62 020000", "< 80 000000" ATR_T0, NULL);
	require_power(reader);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(only_voltages_of_the_reader_are_tried);
ATF_TC_BODY(only_voltages_of_the_reader_are_tried, tc)
{
	struct reader_setup setup = setup_of(CCID_LEVEL_BIT_SHORT);
	struct usbccid_reader *reader;

	setup.descriptor.features &= ~(uint32_t)CCID_AUTO_VOLTAGE;
	setup.descriptor.voltages = CCID_VOLTAGE_3V;
	reader = scripted_reader(&setup);
	script(reader, "> 62 020000", "< 80 41FE00", NULL);
	check_no_power(reader, USBCCID_EMUTE);
	ATF_CHECK_EQ(0xFE, err.reader);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(readers_that_want_5_V_first_get_it);
ATF_TC_BODY(readers_that_want_5_V_first_get_it, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, CCID_AUTO_VOLTAGE,
						  QUIRK_POWER_5V_FIRST);

	script(reader, "> 62 010000", "< 80 41FE00", "> 62 020000", "< 80 41FE00", "> 62 030000",
	       "< 80 000000" ATR_T0, NULL);
	require_power(reader);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_mute_card_is_told_from_none);
ATF_TC_BODY(a_mute_card_is_told_from_none, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, CCID_AUTO_VOLTAGE, 0);

	script(reader, "> 62 030000", "< 80 42FE00", NULL);
	check_no_power(reader, USBCCID_ENOMEDIUM);
	ATF_CHECK_STREQ("3-1 slot 0: there is no card", err.message);
	script(reader, "> 62 030000", "< 80 41FE00", "> 62 020000", "< 80 410700", "> 62 010000",
	       "< 81 41FE00", NULL);
	check_no_power(reader, USBCCID_EMUTE);
	ATF_CHECK_STREQ("3-1 slot 0: the card gave no answer to reset: card is mute (FE)", err.message);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_warm_reset_keeps_voltage_and_power);
ATF_TC_BODY(a_warm_reset_keeps_voltage_and_power, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, CCID_AUTO_VOLTAGE, 0);

	/* Without a session there is nothing to be kept. */
	script(reader, "> 62 030000", "< 80 41FE00", "> 62 020000", "< 80 000000" ATR_T0, NULL);
	ATF_CHECK_EQ(0, power(reader, USBCCID_WARM));
	script(reader, "> 62 020000", "< 80 000000" ATR_T0, NULL);
	ATF_CHECK_EQ(0, power(reader, USBCCID_WARM));
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_warm_reset_that_had_to_reset_the_reader_begins_a_session_too);
ATF_TC_BODY(a_warm_reset_that_had_to_reset_the_reader_begins_a_session_too, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, CCID_AUTO_VOLTAGE, 0);

	script(reader, "> 62 030000", "< 80 000000" ATR_T0, NULL);
	require_power(reader);
	script(reader, "> 6F 000000 00A4040000", "! timeout", NULL);
	ATF_CHECK(!transmit_hex(reader, "00 A4 04 00 00", &err));
	script(reader, "abort ok", "x io", "recover", "abort ok", "x io", "reset ok", "> 62 030000",
	       "< 80 000000" ATR_T0, NULL);
	ATF_CHECK_EQ(0, power(reader, USBCCID_WARM));
	script(reader, "> 6F 000000 00A4040000", "< 80 000000 9000", NULL);
	ATF_CHECK_STREQ("9000", transmit_hex(reader, "00 A4 04 00 00", &err));
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reader_that_hangs_at_one_voltage_is_brought_back);
ATF_TC_BODY(a_reader_that_hangs_at_one_voltage_is_brought_back, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, CCID_AUTO_VOLTAGE, 0);

	script(reader, "> 62 030000", "! timeout", "abort ok", "> 72 000000", "< 81 000000", OFF,
	       "> 62 020000", "< 80 000000" ATR_T0, NULL);
	require_power(reader);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(power_on_keeps_to_its_deadline);
ATF_TC_BODY(power_on_keeps_to_its_deadline, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, CCID_AUTO_VOLTAGE, 0);
	const uint64_t begun = wire_now_ms();

	script(reader, "> 62 030000", "! deadline", NULL);
	ATF_CHECK_EQ(USBCCID_ETIMEDOUT, usbccid_power_on(reader, 0, USBCCID_COLD, 50, &err));
	ATF_CHECK(wire_of(reader)->deadline <= begun + 1000);
	script_done(reader);
	/* No single voltage gets all the time. */
	script(reader, "abort ok", "> 72 000000", "< 81 010000", "> 62 030000", "< 80 000000" ATR_T0,
	       NULL);
	require_power(reader);
	ATF_CHECK(wire_of(reader)->deadline < wire_now_ms() + 10000);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(cancel_leaves_the_rest_to_the_next_call);
ATF_TC_BODY(cancel_leaves_the_rest_to_the_next_call, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, 0, 0);

	script(reader, "> 62 000000", "! cancel", NULL);
	check_no_power(reader, USBCCID_ECANCELED);
	script(reader, "abort ok", "> 72 000000", "< 81 010000", "> 62 000000", "< 80 000000" ATR_T0, NULL);
	require_power(reader);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(power_off_ends_the_session);
ATF_TC_BODY(power_off_ends_the_session, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, 0, 0);

	power_up(reader, ATR_T0);
	script(reader, "> 63 000000", "< 81 410000", NULL);	/* refused, and told what is */
	ATF_CHECK_EQ(0, usbccid_power_off(reader, 0, 1000, &err));
	ATF_CHECK(!transmit_hex(reader, "00 A4 04 00", &err));
	ATF_CHECK_EQ(USBCCID_EINVAL, err.code);
	ATF_CHECK(!err.sent);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(card_says_what_the_reader_says);
ATF_TC_BODY(card_says_what_the_reader_says, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, 0, 0);
	struct usbccid_card card;

	ATF_CHECK_EQ(USBCCID_CARD_ABSENT, card_now(reader, "< 81 020000").state);
	ATF_CHECK_EQ(USBCCID_CARD_OFF, card_now(reader, "< 81 010000").state);
	/* It has power, but no session of ours. */
	ATF_CHECK_EQ(USBCCID_CARD_OFF, card_now(reader, "< 81 000000").state);
	power_up(reader, ATR_T0);
	ATF_CHECK_EQ(USBCCID_CARD_ON, card_now(reader, "< 81 000000").state);
	ATF_CHECK_EQ(USBCCID_CARD_ON, card_now(reader, "< 81 030000").state);
	ATF_CHECK_EQ(USBCCID_CARD_OFF, card_now(reader, "< 81 010000").state);
	ATF_CHECK_EQ(USBCCID_CARD_OFF, card_now(reader, "< 81 000000").state);
	ATF_CHECK_EQ(USBCCID_CARD_ABSENT, card_now(reader, "< 81 42FE00").state);
	script(reader, "> 65 000000", "< 81 420500", NULL);
	ATF_CHECK_EQ(USBCCID_ENOMEDIUM, usbccid_card(reader, 0, 1000, &card, &err));
	script_end(reader);
}

/* --- answers to reset ------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_malformed_answer_to_reset_is_as_good_as_none);
ATF_TC_BODY(a_malformed_answer_to_reset_is_as_good_as_none, tc)
{
	static const char *const answers[] = {
		"< 80 000000",
		"< 80 000000 3B",
		"< 80 000000 3B 01",			/* cut */
		"< 80 000000 3B 80 81 31 20 45 54",	/* TCK */
		"< 80 000000 3F 1F 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
		"00 00 00 00 00 00 00 00 00 00 00",	/* 35 bytes */
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct usbccid_reader *reader = reader_of(TPDU, CCID_AUTO_VOLTAGE, 0);

		script(reader, "> 62 030000", answers[i], OFF, "> 62 020000", answers[i], OFF,
		       "> 62 010000", answers[i], OFF, NULL);
		check_no_power(reader, USBCCID_EPROTO);
		script(reader, "> 62 030000", answers[i], OFF, "> 62 020000", "< 80 000000" ATR_T0, NULL);
		require_power(reader);
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(at_apdu_level_a_reader_may_know_better);
ATF_TC_BODY(at_apdu_level_a_reader_may_know_better, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, 0, 0);

	script(reader, "> 62 000000", "< 80 000000 3B 01", NULL);
	require_power(reader);
	/* But it is not believed that an answer to reset is longer than they can be. */
	script(reader, OFF, "> 62 000000", "< 80 000000 3B 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
	       "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", OFF, NULL);
	check_no_power(reader, USBCCID_EPROTO);
	script_end(reader);
}

/* --- cards that are changed meanwhile ---------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_card_that_is_changed_while_it_is_powered_has_no_session);
ATF_TC_BODY(a_card_that_is_changed_while_it_is_powered_has_no_session, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, 0, 0);

	power_up(reader, ATR_T0);
	script(reader, OFF, "> 62 000000", "notice 50 02", "notice 50 03", "< 80 000000" ATR_T0, OFF, NULL);
	check_no_power(reader, USBCCID_ESTALE);
	script(reader, "> 62 000000", "notice 50 02", "< 80 000000" ATR_T0, OFF, NULL);
	check_no_power(reader, USBCCID_ENOMEDIUM);
	/* What happened before is nothing to the session that begins. */
	script(reader, "late 50 03", "late 50 02", "late 50 03", NULL);
	power_up(reader, ATR_T0);
	script(reader, "> 6F 000000 00A40400", "< 80 000000 9000", NULL);
	ATF_CHECK_STREQ("9000", transmit_hex(reader, "00 A4 04 00", &err));
	script_end(reader);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_reader_that_does_it_all_gets_one_message);
	ATF_TP_ADD_TC(tp, voltages_go_up_until_the_card_answers);
	ATF_TP_ADD_TC(tp, only_voltages_of_the_reader_are_tried);
	ATF_TP_ADD_TC(tp, readers_that_want_5_V_first_get_it);
	ATF_TP_ADD_TC(tp, a_mute_card_is_told_from_none);
	ATF_TP_ADD_TC(tp, a_warm_reset_keeps_voltage_and_power);
	ATF_TP_ADD_TC(tp, a_warm_reset_that_had_to_reset_the_reader_begins_a_session_too);
	ATF_TP_ADD_TC(tp, a_reader_that_hangs_at_one_voltage_is_brought_back);
	ATF_TP_ADD_TC(tp, power_on_keeps_to_its_deadline);
	ATF_TP_ADD_TC(tp, cancel_leaves_the_rest_to_the_next_call);
	ATF_TP_ADD_TC(tp, power_off_ends_the_session);
	ATF_TP_ADD_TC(tp, card_says_what_the_reader_says);
	ATF_TP_ADD_TC(tp, a_malformed_answer_to_reset_is_as_good_as_none);
	ATF_TP_ADD_TC(tp, at_apdu_level_a_reader_may_know_better);
	ATF_TP_ADD_TC(tp, a_card_that_is_changed_while_it_is_powered_has_no_session);
	return atf_no_error();
}
