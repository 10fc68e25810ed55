/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After the answer to reset: rates, PPS, parameters, protocols, and the size of T=1 blocks. */
#include "usbccid_power.h"

#include <atf-c.h>

#define ATR_FAST	"3B 10 94"		/* T=0, 512/8 */
#define SET_FAST	"> 61 000000 94 00 00 0A 00", "< 82 000000 94 00 00 0A 00"
#define SET_T0		"> 61 000000 11 00 00 0A 00", "< 82 000000 11 00 00 0A 00"
#define SET_T1		"> 61 010000 11 10 00 4D 00 20 00", "< 82 000001 11 10 00 4D 00 20 00"
#define SET_T1_BWI4	"> 61 010000 11 10 00 45 00 20 00", "< 82 000001 11 10 00 45 00 20 00"

/* --- rates ------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(pps_and_parameters_are_the_hosts_where_the_reader_leaves_them);
ATF_TC_BODY(pps_and_parameters_are_the_hosts_where_the_reader_leaves_them, tc)
{
	struct usbccid_reader *reader = reader_of(TPDU, CCID_AUTO_PARAMETERS, 0);

	script(reader, "> 62 000000", "< 80 000000" ATR_FAST, "> 6F 000000 FF 10 94 7B",
	       "< 80 000000 FF 10 94 7B", SET_FAST, NULL);
	require_power(reader);
	/* A card that leaves PPS1 out stays at the default rate. */
	script(reader, OFF, "> 62 000000", "< 80 000000" ATR_FAST, "> 6F 000000 FF 10 94 7B",
	       "< 80 000000 FF 00 FF", SET_T0, NULL);
	require_power(reader);
	/* Nothing to negotiate: no PPS. */
	script(reader, OFF, "> 62 000000", "< 80 000000" ATR_T0, SET_T0, NULL);
	require_power(reader);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(after_a_failed_pps_the_card_goes_on_at_its_default);
ATF_TC_BODY(after_a_failed_pps_the_card_goes_on_at_its_default, tc)
{
	static const char *const answers[] = {
		"< 80 40FE00", "< 80 41FE00", "< 80 000000 FF 10 94 7A", "< 80 000000 FF 10 95 7A",
		"< 80 000000", "< 80 000000 FF 01 FE",
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct usbccid_reader *reader = reader_of(TPDU, CCID_AUTO_PARAMETERS, 0);

		script(reader, "> 62 000000", "< 80 000000" ATR_FAST, "> 6F 000000 FF 10 94 7B",
		       answers[i], NULL);
		if (i != 1)
			script(reader, OFF, NULL);
		script(reader, "> 62 000000", "< 80 000000" ATR_FAST, SET_T0, NULL);
		require_power(reader);
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(a_card_that_goes_during_pps_is_not_tried_again);
ATF_TC_BODY(a_card_that_goes_during_pps_is_not_tried_again, tc)
{
	struct usbccid_reader *reader = reader_of(TPDU, CCID_AUTO_PARAMETERS, 0);

	script(reader, "> 62 000000", "< 80 000000" ATR_FAST, "> 6F 000000 FF 10 94 7B", "< 80 42FE00",
	       NULL);
	check_no_power(reader, USBCCID_ENOMEDIUM);
	script(reader, "> 62 000000", "< 80 000000" ATR_FAST, "> 6F 000000 FF 10 94 7B", "! gone", NULL);
	check_no_power(reader, USBCCID_ENODEV);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(quirks_leave_out_what_a_reader_cannot_do);
ATF_TC_BODY(quirks_leave_out_what_a_reader_cannot_do, tc)
{
	struct usbccid_reader *reader = reader_of(TPDU, CCID_AUTO_PARAMETERS, QUIRK_NO_PPS);

	script(reader, "> 62 000000", "< 80 000000" ATR_FAST, SET_T0, NULL);
	require_power(reader);
	script_end(reader);

	reader = reader_of(TPDU, CCID_AUTO_PARAMETERS, QUIRK_NO_SET_PARAMETERS);
	script(reader, "> 62 000000", "< 80 000000" ATR_FAST, NULL);
	require_power(reader);
	script_end(reader);
}

static struct usbccid_reader *reader_with_pps(uint32_t level)
{
	struct reader_setup setup = setup_of(level);

	setup.descriptor.features &= ~(uint32_t)CCID_AUTO_PARAMETERS;
	setup.descriptor.features |= CCID_AUTO_PPS;
	return scripted_reader(&setup);
}

ATF_TC_WITHOUT_HEAD(a_reader_that_does_pps_is_told_the_rate);
ATF_TC_BODY(a_reader_that_does_pps_is_told_the_rate, tc)
{
	static const uint32_t levels[] = { TPDU, CCID_LEVEL_BIT_SHORT, CCID_LEVEL_BIT_EXTENDED };

	for (size_t i = 0; i < 3; i++) {
		struct usbccid_reader *reader = reader_with_pps(levels[i]);

		script(reader, "> 62 000000", "< 80 000000" ATR_FAST, SET_FAST, NULL);
		require_power(reader);
		/* It fails: activated anew, at the default rate. */
		script(reader, OFF, "> 62 000000", "< 80 000000" ATR_FAST, "> 61 000000 94 00 00 0A 00",
		       "< 82 40F600", OFF, "> 62 000000", "< 80 000000" ATR_FAST, SET_T0, NULL);
		require_power(reader);
		script_end(reader);
	}
}

ATF_TC_WITHOUT_HEAD(at_apdu_level_pps_is_never_the_hosts);
ATF_TC_BODY(at_apdu_level_pps_is_never_the_hosts, tc)
{
	struct usbccid_reader *reader = reader_of(CCID_LEVEL_BIT_SHORT, CCID_AUTO_PARAMETERS, 0);

	script(reader, "> 62 000000", "< 80 000000" ATR_FAST, SET_T0, NULL);
	require_power(reader);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reader_without_parameters_works_at_the_default_rate);
ATF_TC_BODY(a_reader_without_parameters_works_at_the_default_rate, tc)
{
	struct usbccid_reader *reader = reader_of(TPDU, CCID_AUTO_PARAMETERS, 0);

	script(reader, "> 62 000000", "< 80 000000" ATR_T0, "> 61 000000 11 00 00 0A 00", "< 81 400000",
	       NULL);
	require_power(reader);
	/* At another rate that is a failure, and so is a card that went. */
	script(reader, OFF, "> 62 000000", "< 80 000000 3B 90 94 10 00", "> 61 000000 94 00 00 0A 00",
	       "< 81 400000", OFF, "> 62 000000", "< 80 000000 3B 90 94 10 00",
	       "> 61 000000 94 00 00 0A 00", "< 81 400000", OFF, NULL);
	check_no_power(reader, USBCCID_ENOTSUP);
	script(reader, "> 62 000000", "< 80 000000" ATR_T0, "> 61 000000 11 00 00 0A 00", "< 81 420000",
	       NULL);
	check_no_power(reader, USBCCID_ENOMEDIUM);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reader_that_stays_at_another_protocol_is_not_used);
ATF_TC_BODY(a_reader_that_stays_at_another_protocol_is_not_used, tc)
{
	struct usbccid_reader *reader = reader_of(TPDU, CCID_AUTO_PARAMETERS, 0);

	script(reader, "> 62 000000", "< 80 000000" ATR_T0, "> 61 000000 11 00 00 0A 00",
	       "< 82 000001 11 10 00 4D 00 20 00", OFF, "> 62 000000", "< 80 000000" ATR_T0,
	       "> 61 000000 11 00 00 0A 00", "< 82 000001 11 10 00 4D 00 20 00", OFF, NULL);
	check_no_power(reader, USBCCID_EPROTO);
	ATF_CHECK_STREQ("3-1 slot 0: the reader stays at T=1", err.message);
	/* Some answer without the parameters. */
	script(reader, "> 62 000000", "< 80 000000" ATR_T0, "> 61 000000 11 00 00 0A 00", "< 82 000001",
	       NULL);
	require_power(reader);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_card_of_one_mode_is_not_asked_for_another);
ATF_TC_BODY(a_card_of_one_mode_is_not_asked_for_another, tc)
{
	struct usbccid_reader *reader = reader_of(TPDU, CCID_AUTO_PARAMETERS, 0);

	script(reader, "> 62 000000", "< 80 000000 3B 90 94 10 00", SET_FAST, NULL);
	require_power(reader);
	script(reader, OFF, "> 62 000000", "< 80 000000 3B 90 94 10 10", SET_T0, NULL);
	require_power(reader);
	script(reader, OFF, "> 62 000000", "< 80 000000 3B 90 94 10 02", OFF, NULL);
	check_no_power(reader, USBCCID_ENOTSUP);
	ATF_CHECK_STREQ("3-1 slot 0: the card wants T=2, which the reader has not", err.message);
	script_end(reader);
}

/* --- protocols ---------------------------------------------------------------------------------- */

static struct usbccid_reader *reader_with(uint32_t level, uint32_t protocols, uint32_t host)
{
	struct reader_setup setup = setup_of(level);

	setup.descriptor.features &= ~host;
	setup.descriptor.protocols = protocols;
	return scripted_reader(&setup);
}

ATF_TC_WITHOUT_HEAD(the_cards_first_protocol_is_taken_where_the_reader_has_it);
ATF_TC_BODY(the_cards_first_protocol_is_taken_where_the_reader_has_it, tc)
{
	struct usbccid_reader *reader = reader_with(TPDU, 3, CCID_AUTO_PARAMETERS);

	script(reader, "> 62 000000", "< 80 000000" ATR_T0_T1, SET_T0, NULL);
	require_power(reader);
	ATF_CHECK_EQ(0, reader->slots[0].card.protocol);
	script(reader, OFF, "> 62 000000", "< 80 000000" ATR_T1, SET_T1_BWI4, NULL);
	require_power(reader);
	ATF_CHECK_EQ(1, reader->slots[0].card.protocol);
	ATF_CHECK(reader->slots[0].card.extended);
	ATF_CHECK_EQ(65544, reader->slots[0].card.max_command);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(pps_takes_the_card_to_the_readers_protocol);
ATF_TC_BODY(pps_takes_the_card_to_the_readers_protocol, tc)
{
	struct usbccid_reader *reader = reader_with(TPDU, CCID_PROTOCOL_T1, CCID_AUTO_PARAMETERS);

	script(reader, "> 62 000000", "< 80 000000" ATR_T0_T1, "> 6F 000000 FF 01 FE",
	       "< 80 000000 FF 01 FE", SET_T1, NULL);
	require_power(reader);
	ATF_CHECK_EQ(1, reader->slots[0].card.protocol);
	/* Without PPS there is no way from the first to the other. */
	script(reader, OFF, "> 62 000000", "< 80 000000" ATR_T0_T1, "> 6F 000000 FF 01 FE", "< 80 40FE00",
	       OFF, "> 62 000000", "< 80 000000" ATR_T0_T1, OFF, NULL);
	check_no_power(reader, USBCCID_ENOTSUP);
	script(reader, "> 62 000000", "< 80 000000" ATR_T0, OFF, NULL);
	check_no_power(reader, USBCCID_ENOTSUP);
	ATF_CHECK_STREQ("3-1 slot 0: the card wants T=0, which the reader has not", err.message);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(reserved_values_for_t1_are_refused);
ATF_TC_BODY(reserved_values_for_t1_are_refused, tc)
{
	struct usbccid_reader *reader = reader_with(TPDU, 3, CCID_AUTO_PARAMETERS);

	script(reader, "> 62 000000", "< 80 000000 3B 80 81 11 FF EF", OFF, NULL);
	check_no_power(reader, USBCCID_EPROTO);
	script_end(reader);

	reader = reader_with(TPDU, CCID_PROTOCOL_T1, 0);
	script(reader, "> 62 000000", "< 80 000000 3B 80 81 11 00 10", OFF, NULL);
	check_no_power(reader, USBCCID_EPROTO);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reader_that_chose_is_asked_what_where_there_was_a_choice);
ATF_TC_BODY(a_reader_that_chose_is_asked_what_where_there_was_a_choice, tc)
{
	static const struct {
		const char *answer;
		unsigned protocol;
	} cases[] = {
		{ "< 82 000001 11 10 00 4D 00 20 00", 1 },
		{ "< 82 000000 11 00 00 0A 00", 0 },
		{ "< 82 400000", 0 },
		{ "< 82 000080", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct usbccid_reader *reader = reader_with(TPDU, 3, 0);

		script(reader, "> 62 000000", "< 80 000000" ATR_T0_T1, "> 6C 000000", cases[i].answer,
		       NULL);
		require_power(reader);
		ATF_CHECK_EQ(cases[i].protocol, reader->slots[0].card.protocol);
		script_end(reader);
	}
	/* No choice: no message. */
	struct usbccid_reader *reader = reader_with(TPDU, CCID_PROTOCOL_T0, 0);

	script(reader, "> 62 000000", "< 80 000000" ATR_T0_T1, NULL);
	require_power(reader);
	script_end(reader);
	reader = reader_with(TPDU, 3, 0);
	script(reader, "> 62 000000", "< 80 000000 3B 80 90 01 01 10", NULL);
	require_power(reader);
	ATF_CHECK_EQ(1, reader->slots[0].card.protocol);
	script_end(reader);
	/* At APDU level a protocol that the reader does not own up to is its own affair. */
	reader = reader_with(CCID_LEVEL_BIT_SHORT, CCID_PROTOCOL_T0, 0);
	script(reader, "> 62 000000", "< 80 000000" ATR_T1, NULL);
	require_power(reader);
	script_end(reader);
}

/* --- T=1: how long blocks may be ------------------------------------------------------------------- */

#define IFS_254		"> 6F 000000 00 C1 01 FE 3E"

ATF_TC_WITHOUT_HEAD(the_host_announces_the_blocks_it_takes);
ATF_TC_BODY(the_host_announces_the_blocks_it_takes, tc)
{
	struct usbccid_reader *reader = reader_with(TPDU, CCID_PROTOCOL_T1, CCID_AUTO_IFSD);

	script(reader, "> 62 000000", "< 80 000000" ATR_T1, IFS_254, "< 80 000000 00 E1 01 FE 1E", NULL);
	require_power(reader);
	ATF_CHECK_EQ(254, reader->slots[0].t1.ifsd);
	/* A card that does not answer to it is no card of T=1's. */
	script(reader, OFF, "> 62 000000", "< 80 000000" ATR_T1, IFS_254, "< 80 40FE00", IFS_254,
	       "< 80 40FE00", IFS_254, "< 80 40FE00", "> 6F 000000 00 C0 00 C0", "< 80 40FE00",
	       "> 6F 000000 00 C0 00 C0", "< 80 40FE00", "> 6F 000000 00 C0 00 C0", "< 80 40FE00", OFF,
	       NULL);
	check_no_power(reader, USBCCID_EPROTO);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(blocks_fit_into_the_readers_messages);
ATF_TC_BODY(blocks_fit_into_the_readers_messages, tc)
{
	struct reader_setup setup = setup_of(TPDU);
	struct usbccid_reader *reader;

	setup.descriptor.protocols = CCID_PROTOCOL_T1;
	setup.descriptor.max_message = 43;
	reader = scripted_reader(&setup);
	power_up(reader, ATR_T1);
	ATF_CHECK_EQ(28, reader->slots[0].t1.ifsc);
	ATF_CHECK_EQ(28, reader->slots[0].t1.ifsd);
	script_end(reader);

	/* What is the default need not be announced. */
	setup = setup_of(TPDU);
	setup.descriptor.features &= ~(uint32_t)CCID_AUTO_IFSD;
	setup.descriptor.protocols = CCID_PROTOCOL_T1;
	setup.descriptor.max_ifsd = 32;
	reader = scripted_reader(&setup);
	power_up(reader, ATR_T1);
	ATF_CHECK_EQ(32, reader->slots[0].t1.ifsd);
	script_end(reader);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pps_and_parameters_are_the_hosts_where_the_reader_leaves_them);
	ATF_TP_ADD_TC(tp, after_a_failed_pps_the_card_goes_on_at_its_default);
	ATF_TP_ADD_TC(tp, a_card_that_goes_during_pps_is_not_tried_again);
	ATF_TP_ADD_TC(tp, quirks_leave_out_what_a_reader_cannot_do);
	ATF_TP_ADD_TC(tp, a_reader_that_does_pps_is_told_the_rate);
	ATF_TP_ADD_TC(tp, at_apdu_level_pps_is_never_the_hosts);
	ATF_TP_ADD_TC(tp, a_reader_without_parameters_works_at_the_default_rate);
	ATF_TP_ADD_TC(tp, a_reader_that_stays_at_another_protocol_is_not_used);
	ATF_TP_ADD_TC(tp, a_card_of_one_mode_is_not_asked_for_another);
	ATF_TP_ADD_TC(tp, the_cards_first_protocol_is_taken_where_the_reader_has_it);
	ATF_TP_ADD_TC(tp, pps_takes_the_card_to_the_readers_protocol);
	ATF_TP_ADD_TC(tp, reserved_values_for_t1_are_refused);
	ATF_TP_ADD_TC(tp, a_reader_that_chose_is_asked_what_where_there_was_a_choice);
	ATF_TP_ADD_TC(tp, the_host_announces_the_blocks_it_takes);
	ATF_TP_ADD_TC(tp, blocks_fit_into_the_readers_messages);
	return atf_no_error();
}
