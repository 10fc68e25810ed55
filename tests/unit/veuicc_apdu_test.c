/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual eUICC's APDU layer: classes, channels, lengths, GET RESPONSE, files, REFRESH. */
#include "veuicc_fixture.h"

#include <stdio.h>
#include <string.h>

#define SELECT_ISDR "A4040010A0000005591010FFFFFFFF8900000100"
#define ICCID_1 "89000123456789012341"
#define ICCID_1_WIRE "98001032547698103214"

static const struct profile_spec plain = { .iccid = ICCID_1 };

/* Commands in hex with the status word that each gets, in order. */
struct step {
	const char *command;
	uint16_t sw;
};

static void run(struct fixture *f, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint16_t sw = fixture_apdu(f, steps[i].command, NULL);

		ATF_CHECK_MSG(steps[i].sw == sw, "%s: %04X, not %04X", steps[i].command, sw, steps[i].sw);
	}
}

#define RUN(f, steps) run(f, steps, sizeof(steps) / sizeof((steps)[0]))

ATF_TC_WITHOUT_HEAD(malformed_commands_get_their_status_words);
ATF_TC_BODY(malformed_commands_get_their_status_words, tc)
{
	static const struct step steps[] = {
		{ "00A4", 0x6700 },
		{ "00A4040005A000", 0x6700 },
		{ "00A404000000", 0x6700 },
		{ "81E2910003BF2E000000", 0x6700 },
		{ "FFA4000C023F00", 0x6E00 },
		{ "20A4000C023F00", 0x6E00 },
		{ "04A4000C023F00", 0x6882 },
		{ "60A4000C023F00", 0x6882 },
		{ "10A4000C023F00", 0x6884 },
		{ "80A4000C023F00", 0x6E00 },
		{ "01E2910003BF2E00", 0x6E00 },
		{ "0020000100", 0x6D00 },
		{ "02A4000C023F00", 0x6881 },
		{ "4FA4000C023F00", 0x6881 },
		{ "00A4040CFF", 0x6700 },
		{ "00A4040C05A000000099", 0x6A82 },
		{ "00A4000C022FFF", 0x6A82 },
		{ "00A4020C022F00", 0x6A86 },
		{ "00A4000C012F", 0x6700 },
		{ "80E2910003BF2E00", 0x6D00 },
		{ "81E2900003BF2E00", 0x6A86 },
		{ "81E2910103BF2E00", 0x6A86 },
		{ "81E29100", 0x6700 },
		{ "81E2910003BF7F00", 0x6A88 },
		{ "81E2910004BF2E0500", 0x6A80 },
		{ "81E2910001BF", 0x6A80 },
		{ "81E2910002A000", 0x6985 },
		{ "80AA000001A9", 0x6A80 },
		{ "8012000000", 0x6985 },
		{ "8014000000", 0x6985 },
	};
	struct fixture f;

	fixture_open(&f, NULL);
	RUN(&f, steps);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(channels_open_and_close);
ATF_TC_BODY(channels_open_and_close, tc)
{
	static const struct step steps[] = {
		{ "0070800100", 0x9000 },	/* the fixture's */
		{ "0070800100", 0x6881 },
		{ "0070800000", 0x6A86 },
		{ "0070001400", 0x6A86 },
		{ "0070000500", 0x9000 },
		{ "0070000500", 0x6A81 },
		{ "41" SELECT_ISDR "00", 0x9000 },
		{ "C1E2910003BF2E00", 0x6115 },
		{ "0070800500", 0x9000 },
		{ "C1E2910003BF2E00", 0x6881 },
		{ "0070000001", 0x9000 },
		{ "0070000001", 0x9000 },
		{ "0070000001", 0x9000 },
		{ "0070000001", 0x6A81 },	/* 1-3 only: no extended channels were announced */
		{ "80AA000005A903810100", 0x9000 },
		{ "0070000001", 0x9000 },
	};
	struct esim_buf out = ESIM_BUF_INIT;
	struct fixture f;

	fixture_open(&f, NULL);
	RUN(&f, steps);
	for (unsigned i = 5; i <= 19; i++) {
		ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "0070000001", &out));
		ATF_CHECK(out.len == 1 && out.data[0] == i);
	}
	ATF_CHECK_EQ(0x6A81, fixture_apdu(&f, "0070000001", &out));
	esim_buf_free(&out);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(isdr_answers_on_every_channel);
ATF_TC_BODY(isdr_answers_on_every_channel, tc)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct fixture f;

	fixture_open(&f, NULL);
	for (f.channel = 1; f.channel <= 19; f.channel++) {
		fixture_select(&f);
		ATF_CHECK_EQ(0x9000, fixture_es10_hex(&f, "BF3E035C015A", &out));
		ATF_CHECK_EQ(21, out.len);
	}
	esim_buf_free(&out);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(two_channels_keep_their_own_segments);
ATF_TC_BODY(two_channels_keep_their_own_segments, tc)
{
	static const struct step steps[] = {
		{ "0070000200", 0x9000 },
		{ "02" SELECT_ISDR "00", 0x9000 },
		{ "81E2110002BF3E", 0x9000 },
		{ "82E2110003BF3E03", 0x9000 },
		{ "81E2910104035C015A", 0x6115 },
		{ "82E29101035C015A", 0x6115 },
		/* A block out of order ends the sequence. */
		{ "81E2110002BF3E", 0x9000 },
		{ "81E2910204035C015A", 0x6A86 },
		{ "81E2910104035C015A", 0x6A86 },
	};
	struct fixture f;

	fixture_open(&f, NULL);
	RUN(&f, steps);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(more_than_256_blocks_are_refused);
ATF_TC_BODY(more_than_256_blocks_are_refused, tc)
{
	struct fixture f;
	char command[32];

	fixture_open(&f, NULL);
	for (unsigned i = 0; i < 256; i++) {
		snprintf(command, sizeof(command), "81E211%02X0100", i);
		ATF_REQUIRE_EQ(0x9000, fixture_apdu(&f, command, NULL));
	}
	ATF_CHECK_EQ(0x6A86, fixture_apdu(&f, "81E291000100", NULL));
	ATF_CHECK_EQ(0x6115, fixture_apdu(&f, "81E2910003BF2E00", NULL));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(get_response_is_lost_to_any_other_command);
ATF_TC_BODY(get_response_is_lost_to_any_other_command, tc)
{
	static const struct step steps[] = {
		{ "81E2910003BF2E00", 0x6115 },
		{ "00A4000C023F00", 0x9000 },	/* another channel's */
		{ "01C0000015", 0x6985 },
		{ "81E2910003BF2E00", 0x6115 },
		{ "00C0000015", 0x6985 },	/* from another channel */
		{ "01C0000015", 0x6985 },
		{ "81E2910003BF2E00", 0x6115 },
		{ "01C0000016", 0x6C15 },	/* too much, and it is still there */
		{ "01C0000005", 0x6110 },
		{ "81C0000010", 0x9000 },	/* the class byte may be either */
		{ "01C0000000", 0x6985 },
		{ "81E2910003BF2E0000", 0x9000 },	/* with Le at once */
		{ "81E2910003BF2E0008", 0x610D },
		{ "01C0000000", 0x9000 },
	};
	struct fixture f;

	fixture_open(&f, NULL);
	RUN(&f, steps);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(extended_lengths_are_understood);
ATF_TC_BODY(extended_lengths_are_understood, tc)
{
	static const struct step steps[] = {
		{ "81E29100000006BF3E035C015A", 0x6115 },
		{ "81E29100000006BF3E035C015A0000", 0x9000 },
		{ "81E29100000006BF3E035C015A00", 0x6700 },
		{ "01C00000000000", 0x6985 },
	};
	struct fixture f;

	fixture_open(&f, NULL);
	RUN(&f, steps);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(long_answers_come_in_pieces);
ATF_TC_BODY(long_answers_come_in_pieces, tc)
{
	struct profile_spec spec = { .iccid = ICCID_1, .events = EVENT_ENABLE_BIT };
	struct esim_buf in_pieces = ESIM_BUF_INIT, at_once = ESIM_BUF_INIT;
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(-1, rsp_download(&f, &spec));
	ATF_REQUIRE_EQ(0, fixture_result(&f, "BF3111A00C5A0A" ICCID_1_WIRE "810100"));
	ATF_CHECK_EQ(0x9000, fixture_es10_hex(&f, "BF2B00", &in_pieces));
	ATF_CHECK(in_pieces.len > 512);
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "81E29100000003BF2B000000", &at_once));
	ATF_CHECK(esim_slice_equal(esim_buf_slice(&in_pieces), esim_buf_slice(&at_once)));
	esim_buf_free(&in_pieces);
	esim_buf_free(&at_once);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(large_segments_can_be_refused);
ATF_TC_BODY(large_segments_can_be_refused, tc)
{
	struct veuicc_options options = { .segment_limit = 4 };
	struct esim_buf out = ESIM_BUF_INIT;
	struct fixture f;

	fixture_open(&f, &options);
	ATF_CHECK_EQ(0x6601, fixture_apdu(&f, "81E2910006BF3E035C015A", NULL));
	f.block = 4;
	ATF_CHECK_EQ(0x9000, fixture_es10_hex(&f, "BF3E035C015A", &out));
	esim_buf_free(&out);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(files_of_the_enabled_profile_are_read_as_a_modem_does);
ATF_TC_BODY(files_of_the_enabled_profile_are_read_as_a_modem_does, tc)
{
	static const struct step empty[] = {
		{ "00A4000C023F00", 0x9000 },
		{ "00A4000C022FE2", 0x6A82 },
		{ "00A4040C07A0000000871002", 0x6A82 },
		{ "00B000000A", 0x6986 },
	};
	static const struct step steps[] = {
		{ "00A4000C022FE2", 0x9000 },
		{ "00B0000014", 0x6C0A },
		{ "00B000000A", 0x9000 },
		{ "00B0000A01", 0x6B00 },
		{ "00B2010426", 0x6981 },
		{ "00A4080C022F00", 0x9000 },
		{ "00B2010400", 0x9000 },
		{ "00B2630400", 0x6A83 },
		{ "00B0000000", 0x6981 },
		{ "00B0820000", 0x9000 },	/* EF.ICCID by its short identifier */
		{ "00A4040C07A0000000871002", 0x9000 },
		{ "00A4000C026F07", 0x9000 },
		{ "00B0000000", 0x9000 },
		{ "00A4080C047FFF6F07", 0x9000 },
		{ "00A4080C047FFF2FE2", 0x6A82 },
		{ "80F2000000", 0x9000 },
	};
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_tlv fcp, proprietary, commands;
	struct fixture f;

	fixture_open(&f, NULL);
	RUN(&f, empty);
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "00A40004023F0000", &out));
	ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&out), "FCP", &fcp, NULL));
	ATF_REQUIRE_EQ(1, esim_tlv_find(fcp.value, 0xA5, &proprietary));
	ATF_REQUIRE_EQ_MSG(1, esim_tlv_find(proprietary.value, 0x87, &commands),
			   "TERMINAL CAPABILITY is announced");
	ATF_CHECK(commands.value.data[0] & 1);

	ATF_REQUIRE_EQ(-1, rsp_download(&f, &plain));
	ATF_REQUIRE_EQ(0, fixture_result(&f, "BF3111A00C5A0A" ICCID_1_WIRE "810100"));
	ATF_CHECK_EQ_MSG(0x6A82, fixture_apdu(&f, "00A4000C022FE2", NULL), "not before the reset");
	ATF_REQUIRE_EQ(0, veuicc_reset(f.card));
	RUN(&f, steps);
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "00B0870000", &out));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&out), "\x08\x09\x10\x10\x10\x32\x54\x76\x98", 9));
	esim_buf_free(&out);
	fixture_close(&f);
}

static void require_state(struct fixture *f, const char *state)
{
	char answer[64];

	snprintf(answer, sizeof(answer), "BF2D08A006E3049F7001%s", state);
	fixture_expect(f, "BF2D045C029F70", answer);
}

ATF_TC_WITHOUT_HEAD(refresh_switches_when_the_terminal_has_done_it);
ATF_TC_BODY(refresh_switches_when_the_terminal_has_done_it, tc)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(-1, rsp_download(&f, &plain));
	ATF_CHECK_EQ(0, fixture_result(&f, "BF3111A00C5A0A" ICCID_1_WIRE "8101FF"));
	ATF_CHECK_EQ_MSG(0x910B, f.sw, "91xx: a proactive command waits");
	ATF_CHECK_EQ_MSG(5, fixture_result(&f, "BF3111A00C5A0A" ICCID_1_WIRE "810100"), "catBusy");
	ATF_CHECK_EQ(0x6C0B, fixture_apdu(&f, "8012000005", NULL));
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "801200000B", &out));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&out), "\xD0\x09\x81\x03\x01\x01\x04\x82\x02\x81\x82", 11));
	require_state(&f, "00");
	/* "Terminal currently unable": nothing has happened, the command is offered again. */
	ATF_CHECK_EQ(0x910B, fixture_apdu(&f, "801400000C810301010482028281830120", NULL));
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "801200000B", &out));
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "801400000C810301010482028281830100", NULL));
	ATF_CHECK_EQ_MSG(0x6881, fixture_apdu(&f, "81E2910003BF2E00", NULL), "channels are gone");
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "00A4000C022FE2", NULL));
	fixture_select(&f);
	require_state(&f, "01");
	esim_buf_free(&out);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(reset_carries_out_a_switch_that_waits);
ATF_TC_BODY(reset_carries_out_a_switch_that_waits, tc)
{
	struct veuicc_options options = { .state_dir = "state" };
	struct fixture f;

	fixture_open(&f, &options);
	ATF_REQUIRE_EQ(-1, rsp_download(&f, &plain));
	ATF_CHECK_EQ(0, fixture_result(&f, "BF3111A00C5A0A" ICCID_1_WIRE "8101FF"));
	require_state(&f, "00");
	fixture_restart(&f);
	require_state(&f, "01");
	fixture_close(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, malformed_commands_get_their_status_words);
	ATF_TP_ADD_TC(tp, channels_open_and_close);
	ATF_TP_ADD_TC(tp, isdr_answers_on_every_channel);
	ATF_TP_ADD_TC(tp, two_channels_keep_their_own_segments);
	ATF_TP_ADD_TC(tp, more_than_256_blocks_are_refused);
	ATF_TP_ADD_TC(tp, get_response_is_lost_to_any_other_command);
	ATF_TP_ADD_TC(tp, extended_lengths_are_understood);
	ATF_TP_ADD_TC(tp, long_answers_come_in_pieces);
	ATF_TP_ADD_TC(tp, large_segments_can_be_refused);
	ATF_TP_ADD_TC(tp, files_of_the_enabled_profile_are_read_as_a_modem_does);
	ATF_TP_ADD_TC(tp, refresh_switches_when_the_terminal_has_done_it);
	ATF_TP_ADD_TC(tp, reset_carries_out_a_switch_that_waits);
	return atf_no_error();
}
