/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A USB reader that is held: what it is, what is traced, and how it is given back. */
#include "usbccid_transmit.h"

#include <transfer.h>

#include <atf-c.h>
#include <stdio.h>
#include <unistd.h>

/* --- the end ------------------------------------------------------------------------------------- */

static void close_and_check(struct usbccid_reader *reader)
{
	struct scripted_wire *wire = wire_of(reader);
	const uint64_t begun = wire_now_ms();
	bool closed = false;

	wire->closed = &closed;
	wire->must_be_over = true;
	usbccid_close(&reader);
	ATF_CHECK(closed);
	ATF_CHECK(!reader);
	ATF_CHECK(wire_now_ms() - begun < 1500);
	usbccid_close(&reader);
	usbccid_close(NULL);
}

ATF_TC_WITHOUT_HEAD(close_powers_off_what_was_powered_on_and_nothing_else);
ATF_TC_BODY(close_powers_off_what_was_powered_on_and_nothing_else, tc)
{
	struct reader_setup setup = setup_of(SHORT_LEVEL);
	struct usbccid_reader *reader;

	setup.descriptor.max_slot_index = 2;
	reader = scripted_reader(&setup);
	power_up(reader, ATR_T0);
	script(reader, "> 63 000000", "< 81 010000", NULL);
	close_and_check(reader);

	reader = powered();
	script(reader, "> 63 000000", "< 81 010000", NULL);
	ATF_CHECK_EQ(0, usbccid_power_off(reader, 0, 1000, NULL));
	close_and_check(reader);
}

ATF_TC_WITHOUT_HEAD(close_waits_no_longer_than_a_second);
ATF_TC_BODY(close_waits_no_longer_than_a_second, tc)
{
	struct usbccid_reader *reader = powered();

	script(reader, SELECT_OUT, "! timeout", NULL);
	check_failure(reader, USBCCID_ETIMEDOUT, true);
	script(reader, "abort ok", "> 72 000000", "! deadline", "recover", "> 63 000000",
	       "! deadline", NULL);
	close_and_check(reader);
}

ATF_TC_WITHOUT_HEAD(close_heeds_no_cancel);
ATF_TC_BODY(close_heeds_no_cancel, tc)
{
	struct usbccid_reader *reader = powered();
	int fds[2];

	ATF_REQUIRE_EQ(0, pipe(fds));
	usbccid_set_cancel_fd(reader, fds[0]);
	ATF_REQUIRE_EQ(1, write(fds[1], "", 1));
	script(reader, SELECT_OUT, "! cancel", NULL);
	usbccid_set_cancel_fd(reader, -1);
	check_failure(reader, USBCCID_ECANCELED, true);
	usbccid_set_cancel_fd(reader, fds[0]);
	script(reader, ABORTED, "> 63 000000", "< 81 010000", NULL);
	close_and_check(reader);
	close(fds[0]);
	close(fds[1]);
}

/* --- a reader that cannot be driven ---------------------------------------------------------------- */

static int open_with(uint32_t features, uint32_t protocols, uint32_t max_message,
		     struct usbccid_error *err)
{
	struct reader_setup setup = setup_of(features);
	struct usbccid_reader *reader;
	int r;

	setup.descriptor.protocols = protocols;
	setup.descriptor.max_message = max_message;
	r = scripted_new(&setup, &reader, err);
	if (!r)
		usbccid_close(&reader);
	return r;
}

ATF_TC_WITHOUT_HEAD(what_cannot_be_driven_is_refused_with_the_reason);
ATF_TC_BODY(what_cannot_be_driven_is_refused_with_the_reason, tc)
{
	struct usbccid_error err;

	ATF_CHECK_EQ(USBCCID_ENOTSUP, open_with(0, 3, 271, &err));
	ATF_CHECK_STREQ("3-1: the reader works at character level, which is not supported", err.message);
	ATF_CHECK_EQ(USBCCID_EPROTO, open_with(0x30000, 3, 271, &err));
	ATF_CHECK_EQ(USBCCID_ENOTSUP, open_with(SHORT_LEVEL, 0, 271, &err));
	ATF_CHECK_EQ(USBCCID_EPROTO, open_with(SHORT_LEVEL, 3, 42, &err));
	ATF_CHECK_EQ(0, open_with(SHORT_LEVEL, 3, 43, &err));
	ATF_CHECK_EQ(0, open_with(SHORT_LEVEL, 1, 0xFFFFFFFF, &err));
}

ATF_TC_WITHOUT_HEAD(a_reader_describes_itself);
ATF_TC_BODY(a_reader_describes_itself, tc)
{
	struct reader_setup setup = setup_of(CCID_LEVEL_BIT_EXTENDED);
	struct usbccid_reader *reader;
	struct usbccid_info info;

	setup.descriptor.max_slot_index = 200;
	reader = scripted_reader(&setup);
	usbccid_describe(reader, &info);
	ATF_CHECK_STREQ("3-1", info.bus_port);
	ATF_CHECK_EQ(USBCCID_EXTENDED_APDU, info.level);
	ATF_CHECK_EQ(USBCCID_MAX_SLOTS, info.slots);
	script_end(reader);
}

static void record(void *context, bool out, const uint8_t *message, size_t len)
{
	char *lines = context;
	const size_t used = strlen(lines);

	snprintf(lines + used, 200 - used, "%c%02X/%zu ", out ? '>' : '<', message[0], len);
}

ATF_TC_WITHOUT_HEAD(a_trace_sees_all_that_goes_either_way);
ATF_TC_BODY(a_trace_sees_all_that_goes_either_way, tc)
{
	struct usbccid_reader *reader = powered();
	char lines[200] = "";

	usbccid_set_trace(reader, record, lines);
	script(reader, SELECT_OUT, "<f 81 000000", "notice 50 01", OK, NULL);
	require_response(reader, "9000");
	ATF_CHECK_STREQ(">6F/15 <81/10 <80/12 <50/2 ", lines);
	usbccid_set_trace(reader, NULL, NULL);
	script_end(reader);
}

/* Eight readers that begin with the same number by chance are not to be lived to see. */
ATF_TC_WITHOUT_HEAD(what_a_reader_owes_to_an_earlier_program_is_not_taken_for_ours);
ATF_TC_BODY(what_a_reader_owes_to_an_earlier_program_is_not_taken_for_ours, tc)
{
	bool differ = false;
	uint8_t first = 0;

	for (unsigned i = 0; i < 8; i++) {
		struct reader_setup setup = setup_of(CCID_LEVEL_BIT_SHORT);
		struct usbccid_reader *reader = scripted_reader(&setup);

		power_up(reader, ATR_T0);
		differ |= i > 0 && wire_of(reader)->seq[0] != first;
		first = wire_of(reader)->seq[0];
		script_end(reader);
	}
	ATF_CHECK(differ);
}

ATF_TC_WITHOUT_HEAD(a_command_does_not_stay_in_memory);
ATF_TC_BODY(a_command_does_not_stay_in_memory, tc)
{
	static const uint8_t secret[] = { 0x5E, 0xC2, 0xE7 };
	struct usbccid_error error;

	for (unsigned t1 = 0; t1 < 2; t1++) {
		struct reader_setup setup = setup_of(t1 ? CCID_LEVEL_BIT_TPDU : CCID_LEVEL_BIT_SHORT);
		struct usbccid_reader *reader = scripted_reader(&setup);
		const uint8_t *block = reader->slots[0].t1.block;

		power_up(reader, t1 ? ATR_T1 : ATR_T0);
		if (t1)
			script(reader, "> 6F 000000 0000 08 00D60000035EC2E7 A6",
			       "< 80 000000 0000 02 9000 92", NULL);
		else
			script(reader, "> 6F 000000 00D60000035EC2E7", "< 80 000000 9000", NULL);
		ATF_CHECK_STREQ("9000", transmit_hex(reader, "00 D6 00 00 03 5EC2E7", &error));
		ATF_CHECK(!memmem(reader->message, CCID_HEADER_SIZE + 261, secret, sizeof(secret)));
		ATF_CHECK(!memmem(block, T1_BLOCK_MAX, secret, sizeof(secret)));
		script_end(reader);
	}
}

/* A command that is sent once more is carried out twice: where nobody knows, it has left. */
ATF_TC_WITHOUT_HEAD(a_message_has_not_left_only_where_the_system_knows_it);
ATF_TC_BODY(a_message_has_not_left_only_where_the_system_knows_it, tc)
{
	static const struct {
		enum transfer_state state;
		enum libusb_transfer_status status;
		int taken;
		bool left;
	} cases[] = {
		{ TRANSFER_IDLE, LIBUSB_TRANSFER_CANCELLED, 0, false },
		{ TRANSFER_IDLE, LIBUSB_TRANSFER_STALL, 0, false },
		{ TRANSFER_IDLE, LIBUSB_TRANSFER_CANCELLED, 1, true },
		{ TRANSFER_IDLE, LIBUSB_TRANSFER_STALL, 64, true },
		{ TRANSFER_IDLE, LIBUSB_TRANSFER_ERROR, 0, true },
		{ TRANSFER_IDLE, LIBUSB_TRANSFER_NO_DEVICE, 0, true },
		{ TRANSFER_PENDING, LIBUSB_TRANSFER_CANCELLED, 0, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct libusb_transfer usb = {
			.status = cases[i].status, .actual_length = cases[i].taken,
		};
		const struct transfer transfer = { .usb = &usb, .state = cases[i].state };

		ATF_CHECK_EQ_MSG(cases[i].left, transfer_may_have_left(&transfer), "case %zu", i);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_message_has_not_left_only_where_the_system_knows_it);
	ATF_TP_ADD_TC(tp, a_command_does_not_stay_in_memory);
	ATF_TP_ADD_TC(tp, what_a_reader_owes_to_an_earlier_program_is_not_taken_for_ours);
	ATF_TP_ADD_TC(tp, close_powers_off_what_was_powered_on_and_nothing_else);
	ATF_TP_ADD_TC(tp, close_waits_no_longer_than_a_second);
	ATF_TP_ADD_TC(tp, close_heeds_no_cancel);
	ATF_TP_ADD_TC(tp, what_cannot_be_driven_is_refused_with_the_reason);
	ATF_TP_ADD_TC(tp, a_reader_describes_itself);
	ATF_TP_ADD_TC(tp, a_trace_sees_all_that_goes_either_way);
	return atf_no_error();
}
