/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ifd: a PC/SC client's command taken apart: its channel, its shape, what is no command. */
#include "ifd/apdu.h"

#include <atf-c.h>
#include <string.h>

ATF_TC_WITHOUT_HEAD(the_channel_is_taken_out_of_the_class);
ATF_TC_BODY(the_channel_is_taken_out_of_the_class, tc)
{
	static const struct {
		uint8_t cla;
		unsigned channel;
		uint8_t left;
	} classes[] = {
		{ 0x00, 0, 0x00 }, { 0x03, 3, 0x00 }, { 0x0C, 0, 0x0C }, { 0x1E, 2, 0x1C },
		{ 0x80, 0, 0x80 }, { 0x81, 1, 0x80 }, { 0x86, 2, 0x84 }, { 0xA0, 0, 0xA0 },
		{ 0x40, 4, 0x00 }, { 0x4F, 19, 0x00 }, { 0x61, 5, 0x08 }, { 0x52, 6, 0x10 },
		{ 0xC0, 4, 0x80 }, { 0xCF, 19, 0x80 }, { 0xE3, 7, 0x84 }, { 0xD4, 8, 0x90 },
	};
	static const uint8_t none[] = { 0xFF, 0x20, 0x3F, 0xA1, 0xB0, 0xBF };
	struct apdu apdu;

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		uint8_t command[] = { classes[i].cla, 0xB0, 0, 0 };

		ATF_REQUIRE_EQ(ifd_apdu_parse(command, 4, &apdu), 0);
		ATF_CHECK_EQ_MSG(apdu.channel, classes[i].channel, "%02X", classes[i].cla);
		ATF_CHECK_EQ_MSG(apdu.cla, classes[i].left, "%02X", classes[i].cla);
	}
	for (size_t i = 0; i < sizeof(none); i++) {
		uint8_t command[] = { none[i], 0xB0, 0, 0 };

		ATF_CHECK_EQ_MSG(ifd_apdu_parse(command, 4, &apdu), SW_WRONG_CLA, "%02X", none[i]);
	}
}

ATF_TC_WITHOUT_HEAD(each_case_has_its_shape);
ATF_TC_BODY(each_case_has_its_shape, tc)
{
	static const struct {
		const char *bytes;
		size_t len, lc;
		bool has_le;
		size_t ne;
	} cases[] = {
		{ "\x00\xB0\x00\x00", 4, 0, false, 0 },
		{ "\x00\xB0\x00\x00\x05", 5, 0, true, 5 },
		{ "\x00\xB0\x00\x00\x00", 5, 0, true, 256 },
		{ "\x00\xB0\x00\x00\x02xy", 7, 2, false, 0 },
		{ "\x00\xB0\x00\x00\x02xy\x07", 8, 2, true, 7 },
		{ "\x00\xB0\x00\x00\x00\x01\x02", 7, 0, true, 258 },
		{ "\x00\xB0\x00\x00\x00\x00\x00", 7, 0, true, 65536 },
		{ "\x00\xB0\x00\x00\x00\x00\x01x", 8, 1, false, 0 },
		{ "\x00\xB0\x00\x00\x00\x00\x01x\x00\x09", 10, 1, true, 9 },
	};
	struct apdu apdu;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ATF_REQUIRE_EQ_MSG(ifd_apdu_parse((const uint8_t *)cases[i].bytes, cases[i].len, &apdu), 0, "%zu", i);
		ATF_CHECK_EQ_MSG(apdu.lc, cases[i].lc, "%zu", i);
		ATF_CHECK_EQ_MSG(apdu.has_le, cases[i].has_le, "%zu", i);
		ATF_CHECK_EQ_MSG(apdu.ne, cases[i].ne, "%zu", i);
	}
}

ATF_TC_WITHOUT_HEAD(what_does_not_add_up_is_no_command);
ATF_TC_BODY(what_does_not_add_up_is_no_command, tc)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint16_t sw;
	} cases[] = {
		{ "", 0, SW_WRONG_LENGTH },
		{ "\x00\xB0\x00", 3, SW_WRONG_LENGTH },
		{ "\x00\xB0\x00\x00\x02x", 6, SW_WRONG_LENGTH },
		{ "\x00\xB0\x00\x00\x01xyz", 8, SW_WRONG_LENGTH },
		{ "\x00\xB0\x00\x00\x00\x01", 6, SW_WRONG_LENGTH },
		{ "\x00\xB0\x00\x00\x00\x00\x02x", 8, SW_WRONG_LENGTH },
		{ "\x00\xB0\x00\x00\x00\x00\x01xy", 9, SW_WRONG_LENGTH },
		{ "\x00\xB0\x00\x00\x00\x00\x00x", 8, SW_WRONG_LENGTH },
		{ "\x00\x61\x00\x00", 4, SW_WRONG_INS },
		{ "\x00\x90\x00\x00", 4, SW_WRONG_INS },
	};
	struct apdu apdu;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ATF_CHECK_EQ_MSG(ifd_apdu_parse((const uint8_t *)cases[i].bytes, cases[i].len, &apdu),
				 cases[i].sw, "%zu", i);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, the_channel_is_taken_out_of_the_class);
	ATF_TP_ADD_TC(tp, each_case_has_its_shape);
	ATF_TP_ADD_TC(tp, what_does_not_add_up_is_no_command);
	return atf_no_error();
}
