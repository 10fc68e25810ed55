/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cards that come and go: what the interrupt endpoint tells, and what it means for sessions. */
#include "usbccid_wire.h"

#include <atf-c.h>

#define SELECT		"00 A4 04 00"
#define SELECT_OUT	"> 6F 000000 00A40400"
#define OK		"< 80 000000 9000"

static struct usbccid_error err;

static struct usbccid_reader *reader_of(uint8_t max_slot_index, uint32_t features, unsigned quirks)
{
	struct reader_setup setup = setup_of(CCID_LEVEL_BIT_SHORT | features);

	setup.descriptor.max_slot_index = max_slot_index;
	setup.quirks = quirks;
	return scripted_reader(&setup);
}

static void check_event(struct usbccid_reader *reader, enum usbccid_event_type type, unsigned slot)
{
	struct usbccid_event event;

	ATF_REQUIRE_EQ_MSG(0, usbccid_wait(reader, -1, 1000, &event, &err), "%s", err.message);
	ATF_CHECK_EQ(type, event.type);
	if (type == USBCCID_EVENT_INSERTED || type == USBCCID_EVENT_REMOVED)
		ATF_CHECK_EQ(slot, event.slot);
}

static void check_state(struct usbccid_reader *reader, const char *answer,
			enum usbccid_card_state state)
{
	struct usbccid_card card;

	script(reader, "> 65 000000", answer, NULL);
	ATF_REQUIRE_EQ(0, usbccid_card(reader, 0, 1000, &card, &err));
	ATF_CHECK_EQ(state, card.state);
}

static void check_failure(struct usbccid_reader *reader, int code, bool sent)
{
	ATF_CHECK(!transmit_hex(reader, SELECT, &err));
	ATF_CHECK_MSG(err.code == code, "%s: %s", usbccid_code_name(err.code), err.message);
	ATF_CHECK_EQ(sent, err.sent);
	script_done(reader);
}

static void check_works(struct usbccid_reader *reader)
{
	const char *hex;

	script(reader, SELECT_OUT, OK, NULL);
	hex = transmit_hex(reader, SELECT, &err);
	ATF_REQUIRE_MSG(hex, "%s", err.message);
	ATF_CHECK_STREQ("9000", hex);
}

/* --- what is told ------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(cards_are_told_in_the_order_in_which_they_come_and_go);
ATF_TC_BODY(cards_are_told_in_the_order_in_which_they_come_and_go, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);

	check_state(reader, "< 81 020000", USBCCID_CARD_ABSENT);
	script(reader, "late 50 03", "late 50 02", "late 50 03", NULL);
	check_event(reader, USBCCID_EVENT_INSERTED, 0);
	check_event(reader, USBCCID_EVENT_REMOVED, 0);
	check_event(reader, USBCCID_EVENT_INSERTED, 0);
	check_event(reader, USBCCID_EVENT_NONE, 0);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(who_asked_nothing_is_told_what_changed);
ATF_TC_BODY(who_asked_nothing_is_told_what_changed, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);

	script(reader, "late 50 00", "late 50 00", "late 50 01", NULL);
	check_event(reader, USBCCID_EVENT_INSERTED, 0);
	script_end(reader);

	reader = reader_of(0, 0, 0);
	script(reader, "late 50 01", NULL);
	check_event(reader, USBCCID_EVENT_NONE, 0);
	script(reader, "late 50 02", NULL);
	check_event(reader, USBCCID_EVENT_REMOVED, 0);
	script_end(reader);

	reader = reader_of(0, 0, 0);
	script(reader, "late 50 03", NULL);
	check_event(reader, USBCCID_EVENT_INSERTED, 0);
	script_end(reader);

	reader = reader_of(0, 0, 0);
	script(reader, "late 50 02", NULL);
	check_event(reader, USBCCID_EVENT_REMOVED, 0);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(the_card_that_a_reader_woke_up_with_is_no_new_one);
ATF_TC_BODY(the_card_that_a_reader_woke_up_with_is_no_new_one, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);

	power_up(reader, ATR_T0);
	script(reader, "notice 50 03", NULL);
	check_works(reader);
	check_event(reader, USBCCID_EVENT_NONE, 0);
	/* The same once more is one. */
	script(reader, "notice 50 03", NULL);
	check_failure(reader, USBCCID_ESTALE, false);
	check_event(reader, USBCCID_EVENT_REMOVED, 0);
	check_event(reader, USBCCID_EVENT_INSERTED, 0);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(each_slot_is_told_of_by_its_number);
ATF_TC_BODY(each_slot_is_told_of_by_its_number, tc)
{
	struct usbccid_reader *reader = reader_of(5, 0, 0);

	script(reader, "late 50 C0 0C", NULL);		/* slots 3 and 5 */
	check_event(reader, USBCCID_EVENT_INSERTED, 3);
	check_event(reader, USBCCID_EVENT_INSERTED, 5);
	script(reader, "late 50 40 08", NULL);		/* 3 still there; 5 went */
	check_event(reader, USBCCID_EVENT_REMOVED, 5);
	check_event(reader, USBCCID_EVENT_NONE, 0);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(messages_that_tell_nothing_are_no_events);
ATF_TC_BODY(messages_that_tell_nothing_are_no_events, tc)
{
	struct usbccid_reader *reader = reader_of(15, 0, 0);

	script(reader, "late ", "late 50", "late 51 00 00 01", "late 40 03", "late FF FF FF FF FF FF", NULL);
	check_event(reader, USBCCID_EVENT_NONE, 0);
	ATF_CHECK_EQ(0, wire_of(reader)->notice_count);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(events_nobody_waits_for_are_bounded_and_the_last_ones_stay);
ATF_TC_BODY(events_nobody_waits_for_are_bounded_and_the_last_ones_stay, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);

	check_state(reader, "< 81 020000", USBCCID_CARD_ABSENT);
	for (unsigned i = 0; i < 15; i++)
		script(reader, "notice 50 03", "notice 50 02", NULL);
	script(reader, "notice 50 03", NULL);
	check_state(reader, "< 81 010000", USBCCID_CARD_OFF);
	ATF_CHECK_EQ(READER_EVENTS, reader->event_count);
	for (unsigned i = 0; i < READER_EVENTS; i++)
		check_event(reader, i % 2 ? USBCCID_EVENT_INSERTED : USBCCID_EVENT_REMOVED, 0);
	check_event(reader, USBCCID_EVENT_NONE, 0);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_flood_of_notices_holds_nobody_up);
ATF_TC_BODY(a_flood_of_notices_holds_nobody_up, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);

	power_up(reader, ATR_T0);
	for (unsigned i = 0; i < 64; i++)
		script(reader, "notice 50 01", NULL);
	script(reader, SELECT_OUT, OK, NULL);
	wire_of(reader)->endless = true;
	ATF_CHECK(transmit_hex(reader, SELECT, &err));
	/* Nor does it keep who waits. */
	check_event(reader, USBCCID_EVENT_NONE, 0);
	script_end(reader);
}

/* --- what ends a wait ------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(a_wait_ends_by_time_descriptor_cancel_or_unplugging);
ATF_TC_BODY(a_wait_ends_by_time_descriptor_cancel_or_unplugging, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);
	struct usbccid_event event;

	ATF_CHECK_EQ(0, usbccid_wait(reader, 0, -1, &event, &err));
	ATF_CHECK_EQ(WIRE_FOREVER, wire_of(reader)->notice_deadline);
	ATF_CHECK_EQ(0, usbccid_wait(reader, 0, 0, &event, &err));
	ATF_CHECK_EQ(USBCCID_EVENT_NONE, event.type);
	ATF_CHECK(wire_of(reader)->notice_deadline > 0);
	ATF_CHECK(wire_of(reader)->notice_deadline <= wire_now_ms());
	script(reader, "readable", NULL);
	ATF_CHECK_EQ(0, usbccid_wait(reader, 0, 1000, &event, &err));
	ATF_CHECK_EQ(USBCCID_EVENT_FD, event.type);
	script(reader, "interrupt cancel", NULL);
	ATF_CHECK_EQ(USBCCID_ECANCELED, usbccid_wait(reader, 0, 1000, &event, &err));
	ATF_CHECK_EQ(USBCCID_ECANCELED, err.code);
	script(reader, "interrupt io", NULL);
	ATF_CHECK_EQ(USBCCID_EIO, usbccid_wait(reader, 0, 1000, &event, &err));
	script(reader, "interrupt none", NULL);
	ATF_CHECK_EQ(USBCCID_ENOTSUP, usbccid_wait(reader, -1, 1000, &event, &err));
	/* What was told before comes first. */
	script(reader, "interrupt gone", "notice 50 03", NULL);
	check_event(reader, USBCCID_EVENT_INSERTED, 0);
	check_event(reader, USBCCID_EVENT_GONE, 0);
	check_event(reader, USBCCID_EVENT_GONE, 0);
	check_failure(reader, USBCCID_ENODEV, false);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(unplugging_seen_by_a_command_is_told_to_who_waits);
ATF_TC_BODY(unplugging_seen_by_a_command_is_told_to_who_waits, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);

	power_up(reader, ATR_T0);
	script(reader, SELECT_OUT, "! gone", NULL);
	check_failure(reader, USBCCID_ENODEV, true);
	check_event(reader, USBCCID_EVENT_GONE, 0);
	script_end(reader);
}

/* --- what it means for sessions --------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_card_changed_between_two_commands_is_never_taken_for_the_old_one);
ATF_TC_BODY(a_card_changed_between_two_commands_is_never_taken_for_the_old_one, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);

	power_up(reader, ATR_T0);
	script(reader, "notice 50 02", "notice 50 03", NULL);
	check_failure(reader, USBCCID_ESTALE, false);
	check_failure(reader, USBCCID_ESTALE, false);
	script(reader, "> 63 000000", "< 81 010000", NULL);
	power_up(reader, ATR_T0);
	check_works(reader);
	script(reader, "notice 50 02", NULL);
	check_failure(reader, USBCCID_ENOMEDIUM, false);
	script(reader, "notice 50 03", NULL);
	check_failure(reader, USBCCID_ESTALE, false);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(the_answer_of_a_card_that_was_changed_meanwhile_is_dropped);
ATF_TC_BODY(the_answer_of_a_card_that_was_changed_meanwhile_is_dropped, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);

	power_up(reader, ATR_T0);
	script(reader, SELECT_OUT, "notice 50 02", "notice 50 03", OK, NULL);
	check_failure(reader, USBCCID_ESTALE, true);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(where_the_reader_powers_new_cards_by_itself_the_system_is_asked_first);
ATF_TC_BODY(where_the_reader_powers_new_cards_by_itself_the_system_is_asked_first, tc)
{
	struct usbccid_reader *reader = reader_of(0, CCID_AUTO_ACTIVATION, 0);

	power_up(reader, ATR_T0);
	script(reader, "late 50 02", "late 50 03", NULL);
	check_failure(reader, USBCCID_ESTALE, false);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(another_slots_card_is_no_concern);
ATF_TC_BODY(another_slots_card_is_no_concern, tc)
{
	struct usbccid_reader *reader = reader_of(1, 0, 0);

	power_up(reader, ATR_T0);
	script(reader, "notice 50 0D", "notice 50 09", NULL);
	check_works(reader);
	check_event(reader, USBCCID_EVENT_INSERTED, 1);
	check_event(reader, USBCCID_EVENT_REMOVED, 1);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(an_endpoint_that_tells_lies_is_not_listened_to);
ATF_TC_BODY(an_endpoint_that_tells_lies_is_not_listened_to, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, QUIRK_NO_INTERRUPT);

	power_up(reader, ATR_T0);
	script(reader, "notice 50 02", "notice 50 03", NULL);
	check_works(reader);
	check_event(reader, USBCCID_EVENT_NONE, 0);
	script_end(reader);
}

ATF_TC_WITHOUT_HEAD(a_removal_seen_by_a_command_is_told_once_by_the_endpoint);
ATF_TC_BODY(a_removal_seen_by_a_command_is_told_once_by_the_endpoint, tc)
{
	struct usbccid_reader *reader = reader_of(0, 0, 0);

	power_up(reader, ATR_T0);
	script(reader, SELECT_OUT, "< 80 42FE00", NULL);
	check_failure(reader, USBCCID_ENOMEDIUM, true);
	check_event(reader, USBCCID_EVENT_NONE, 0);
	script(reader, "late 50 02", NULL);
	check_event(reader, USBCCID_EVENT_REMOVED, 0);
	check_event(reader, USBCCID_EVENT_NONE, 0);
	script_end(reader);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cards_are_told_in_the_order_in_which_they_come_and_go);
	ATF_TP_ADD_TC(tp, who_asked_nothing_is_told_what_changed);
	ATF_TP_ADD_TC(tp, the_card_that_a_reader_woke_up_with_is_no_new_one);
	ATF_TP_ADD_TC(tp, each_slot_is_told_of_by_its_number);
	ATF_TP_ADD_TC(tp, messages_that_tell_nothing_are_no_events);
	ATF_TP_ADD_TC(tp, events_nobody_waits_for_are_bounded_and_the_last_ones_stay);
	ATF_TP_ADD_TC(tp, a_flood_of_notices_holds_nobody_up);
	ATF_TP_ADD_TC(tp, a_wait_ends_by_time_descriptor_cancel_or_unplugging);
	ATF_TP_ADD_TC(tp, unplugging_seen_by_a_command_is_told_to_who_waits);
	ATF_TP_ADD_TC(tp, a_card_changed_between_two_commands_is_never_taken_for_the_old_one);
	ATF_TP_ADD_TC(tp, the_answer_of_a_card_that_was_changed_meanwhile_is_dropped);
	ATF_TP_ADD_TC(tp, where_the_reader_powers_new_cards_by_itself_the_system_is_asked_first);
	ATF_TP_ADD_TC(tp, another_slots_card_is_no_concern);
	ATF_TP_ADD_TC(tp, an_endpoint_that_tells_lies_is_not_listened_to);
	ATF_TP_ADD_TC(tp, a_removal_seen_by_a_command_is_told_once_by_the_endpoint);
	return atf_no_error();
}
