/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers that are reset, by this program or by another one, and those that must not be. */
#include "usbccid_transmit.h"

#include <atf-c.h>

static enum usbccid_event_type wait_event(struct usbccid_reader *reader)
{
	struct usbccid_event event = { .type = USBCCID_EVENT_GONE };
	struct usbccid_error err;

	ATF_CHECK_EQ_MSG(0, usbccid_wait(reader, -1, 1, &event, &err), "%s", err.message);
	return event.type;
}

ATF_TC_WITHOUT_HEAD(a_reader_that_another_program_reset_is_not_gone);
ATF_TC_BODY(a_reader_that_another_program_reset_is_not_gone, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "! reset", NULL);
	check_failure(reader, USBCCID_ESTALE, true);
	ATF_CHECK_EQ(USBCCID_CARD_OFF, reader->slots[0].card.state);
	/* Its card has no power: no command goes out, and Abort neither. */
	check_failure(reader, USBCCID_ESTALE, false);
	script_done(reader);
	power_up(reader, ATR_T0);
	script(reader, "x reset", NULL);
	check_failure(reader, USBCCID_ESTALE, false);
	power_up(reader, ATR_T0);
	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	script(reader, "abort ok", "> 72 000000", "! reset", NULL);
	check_failure(reader, USBCCID_ESTALE, false);
	power_up(reader, ATR_T0);
	script(reader, "interrupt reset", NULL);
	ATF_CHECK_EQ(USBCCID_EVENT_NONE, wait_event(reader));
	check_failure(reader, USBCCID_ESTALE, false);
	power_up(reader, ATR_T0);
	script(reader, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_device_that_others_use_too_is_not_reset);
ATF_TC_BODY(a_device_that_others_use_too_is_not_reset, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	script(reader, "abort ok", "x io", "recover", "abort ok", "x io", "reset busy", NULL);
	check_failure(reader, USBCCID_EBUSY, false);
	/* No card lost its power by that. */
	script(reader, ABORTED, SELECT_OUT, OK, NULL);
	require_response(reader, "9000");
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_reset_ends_the_sessions_of_all_slots);
ATF_TC_BODY(a_reset_ends_the_sessions_of_all_slots, tc)
{
	static const uint8_t command[] = { 0x00, 0xA4, 0x04, 0x00, 0x00 };
	struct reader_setup setup = setup_of(SHORT_LEVEL);
	struct usbccid_reader *reader;
	struct usbccid_error err;
	uint8_t response[10];
	size_t len;

	setup.descriptor.max_slot_index = 1;
	reader = scripted_reader(&setup);
	power_up(reader, ATR_T0);
	script(reader, ">1 62 000000", "< 80 000000" ATR_T0, NULL);
	ATF_REQUIRE_EQ(0, usbccid_power_on(reader, 1, USBCCID_COLD, 1000, &err));
	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	/* The command of slot 1 brings it to light, and does not go to a card without power. */
	script(reader, "abort ok", "x io", "recover", "abort ok", "x io", "reset ok", NULL);
	ATF_CHECK_EQ(USBCCID_ESTALE, usbccid_transmit(reader, 1, command, sizeof(command), response,
						      sizeof(response), &len, 1000, &err));
	ATF_CHECK(!err.sent);
	check_failure(reader, USBCCID_ESTALE, false);
	script_end(reader);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_reader_that_another_program_reset_is_not_gone);
	ATF_TP_ADD_TC(tp, a_device_that_others_use_too_is_not_reset);
	ATF_TP_ADD_TC(tp, a_reset_ends_the_sessions_of_all_slots);
	return atf_no_error();
}
