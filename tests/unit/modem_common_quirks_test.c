/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modem/common: modems.conf(5) gives a modem what is meant for it, key by key, and no mistake in it goes unsaid. */
#include "modem/common/quirks.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct quirk_subject ec25 = {
	.protocol = QUIRK_QMI, .usb_vendor = 0x2c7c, .usb_product = 0x0125, .firmware = "EC25EFAR06A01M4G",
};

static int parse(const char *text, const struct quirk_subject *subject, struct quirks *quirks, struct esim_error *err)
{
	memset(quirks, 0, sizeof(*quirks));
	return quirks_parse("test.conf", text, strlen(text), subject, quirks, err);
}

ATF_TC_WITHOUT_HEAD(every_key_reaches_its_place);
ATF_TC_BODY(every_key_reaches_its_place, tc)
{
	static const char text[] =
		"[*]\nLe=never\nClass=channel\nSlots=executor\nAtChannel=csim\nSegmentSize=120\nMaxChannels=3\n"
		"ApduTimeout=2min\nSettleTime=1500ms\nGroupClose=no\nProxy=no\nIndications=no\nRefresh=never\n"
		"Ladder=uim-power reset\nRefreshTimeout=1s\nUimPowerTimeout=2s\nAirplaneTimeout=3s\nResetTimeout=4s\n"
		"Note=Why it is so.\n";
	struct esim_error err = { 0 };
	struct quirks quirks;

	ATF_REQUIRE_EQ_MSG(0, parse(text, &ec25, &quirks, &err), "%s", err.message);
	ATF_CHECK_EQ(QUIRK_LE_NEVER, quirks.le);
	ATF_CHECK_EQ(QUIRK_CLASS_CHANNEL, quirks.cla);
	ATF_CHECK_EQ(QUIRK_SLOTS_EXECUTOR, quirks.slots);
	ATF_CHECK_EQ(QUIRK_AT_CSIM, quirks.at_channel);
	ATF_CHECK_EQ(120, quirks.segment_size);
	ATF_CHECK_EQ(3, quirks.max_channels);
	ATF_CHECK_EQ(120000, quirks.apdu_timeout_ms);
	ATF_CHECK_EQ(1500, quirks.settle_ms);
	ATF_CHECK(quirks.no_group_close && quirks.no_proxy && quirks.no_indications);
	ATF_CHECK_EQ(ESIM_MODEM_REFRESH_NEVER, quirks.policy.refresh);
	ATF_CHECK_EQ(1u << ESIM_MODEM_UIM_POWER | 1u << ESIM_MODEM_RESET, quirks.policy.steps);
	for (unsigned step = 0; step < ESIM_MODEM_STEPS; step++)
		ATF_CHECK_EQ(1000 * (step + 1), quirks.policy.step_timeout_ms[step]);
	ATF_CHECK_STREQ("Why it is so.", quirks.note);
}

ATF_TC_WITHOUT_HEAD(a_section_fits_by_id_firmware_and_protocol);
ATF_TC_BODY(a_section_fits_by_id_firmware_and_protocol, tc)
{
	static const struct {
		const char *text;
		struct quirk_subject subject;
		unsigned expected;
	} cases[] = {
		{ "[*]\nMaxChannels=4\n", { 0 }, 4 },
		{ "[usb 2c7c:0125]\nMaxChannels=4\n", { .usb_vendor = 0x2c7c, .usb_product = 0x125 }, 4 },
		{ "[usb 2C7C:0125]\nMaxChannels=4\n", { .usb_vendor = 0x2c7c, .usb_product = 0x125 }, 4 },
		{ "[usb 2c7c:0125]\nMaxChannels=4\n", { .usb_vendor = 0x2c7c, .usb_product = 0x126 }, 0 },
		{ "[usb 2c7c:*]\nMaxChannels=4\n", { .usb_vendor = 0x2c7c, .usb_product = 0x126 }, 4 },
		{ "[usb 2c7c:*]\nMaxChannels=4\n", { .usb_vendor = 0x2c7d }, 0 },
		{ "[usb 0000:*]\nMaxChannels=4\n", { 0 }, 0 },
		{ "[*]\nFirmware=EC25*\nMaxChannels=4\n", { .firmware = "EC25EFA" }, 4 },
		{ "[*]\nFirmware=EC25*\nMaxChannels=4\n", { .firmware = "EG25" }, 0 },
		{ "[*]\nFirmware=*\nMaxChannels=4\n", { .firmware = NULL }, 0 },
		{ "[*]\nProtocol=qmi\nMaxChannels=4\n", { .protocol = QUIRK_QMI }, 4 },
		{ "[*]\nProtocol=mbim at\nMaxChannels=4\n", { .protocol = QUIRK_AT }, 4 },
		{ "[*]\nProtocol=mbim at\nMaxChannels=4\n", { .protocol = QUIRK_QMI }, 0 },
		{ "[*]\nProtocol=qmi\nFirmware=A\nMaxChannels=4\n", { .protocol = QUIRK_QMI, .firmware = "B" }, 0 },
		/* A section that begins again is another one, with conditions of its own. */
		{ "[*]\nFirmware=A\nMaxChannels=4\n[*]\nFirmware=B\nMaxChannels=5\n", { .firmware = "A" }, 4 },
		{ "[*]\nFirmware=A\nMaxChannels=4\n[*]\nFirmware=B\nMaxChannels=5\n", { .firmware = "B" }, 5 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct esim_error err = { 0 };
		struct quirks quirks;

		ATF_REQUIRE_EQ_MSG(0, parse(cases[i].text, &cases[i].subject, &quirks, &err), "%s", err.message);
		ATF_CHECK_EQ_MSG(cases[i].expected, quirks.max_channels, "%zu: %u", i, quirks.max_channels);
	}
}

ATF_TC_WITHOUT_HEAD(the_later_line_wins_key_by_key);
ATF_TC_BODY(the_later_line_wins_key_by_key, tc)
{
	struct esim_error err = { 0 };
	struct quirks quirks;

	ATF_REQUIRE_EQ(0, parse("[usb 2c7c:0125]\nLe=always\nMaxChannels=3\nProxy=no\n"
				"[*]\nMaxChannels=4\nProxy=yes\n[usb 2c7c:0126]\nLe=never\n", &ec25, &quirks, &err));
	ATF_CHECK_EQ(QUIRK_LE_ALWAYS, quirks.le);
	ATF_CHECK_EQ(4, quirks.max_channels);
	ATF_CHECK(!quirks.no_proxy);
}

/* Also in sections of other modems: a mistake is found before the modem is bought. */
ATF_TC_WITHOUT_HEAD(a_mistake_is_an_error_with_its_line_and_takes_nothing_over);
ATF_TC_BODY(a_mistake_is_an_error_with_its_line_and_takes_nothing_over, tc)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "[*]\nLe=always\nlE=never\n", "test.conf:3: there is no key lE" },
		{ "[usb 9999:*]\nLe=sometimes\n", "test.conf:2: Le is one of auto, always, never, not 'sometimes'" },
		{ "[*]\nLe=\n", "test.conf:2: Le is one of" },
		{ "[*]\nMaxChannels=0\n", "test.conf:2: MaxChannels is a number from 1 to 19" },
		{ "[*]\nMaxChannels=20\n", "from 1 to 19" },
		{ "[*]\nMaxChannels=3x\n", "from 1 to 19" },
		{ "[*]\nSegmentSize=256\n", "from 1 to 255" },
		{ "[*]\nSegmentSize=99999999999999999999\n", "from 1 to 255" },
		{ "[*]\nApduTimeout=120\n", "with ms, s or min" },
		{ "[*]\nApduTimeout=31min\n", "with ms, s or min" },
		{ "[*]\nApduTimeout=0s\n", "with ms, s or min" },
		{ "[*]\nApduTimeout=-1s\n", "with ms, s or min" },
		{ "[*]\nProxy=maybe\n", "test.conf:2: Proxy is yes or no" },
		{ "[*]\nLadder=refresh elevator\n", "Ladder is one of refresh, uim-power, airplane, reset, not 'elevator'" },
		{ "[*]\nLadder=\n", "one rung at least" },
		{ "[*]\nProtocol=pcsc\n", "Protocol is one of mbim, qmi, at, not 'pcsc'" },
		{ "[*]\nProtocol=\n", "Protocol is one of" },
		{ "[*]\nFirmware=\n", "Firmware is a pattern" },
		{ "[*]\nLe=always\nFirmware=X\n", "test.conf:3: Firmware and Protocol come before all other keys" },
		{ "[usb 2c7c]\n", "test.conf:1: a section is [usb VVVV:PPPP], [usb VVVV:*] or [*]" },
		{ "[usb 2c7c:01]\n", "a section is" },
		{ "[usb 2c7c:01255]\n", "a section is" },
		{ "[pci 2c7c:0125]\n", "a section is" },
		{ "[usb 2c7c:012g]\n", "a section is" },
		{ "[]\n", "a section is" },
		{ "[*\n", "a section ends with ]" },
		{ "[*] Le=always\n", "nothing but a comment" },
		{ "Le=always\n", "test.conf:1: a key comes after a section" },
		{ "[*]\nLe\n", "test.conf:2: neither KEY=VALUE" },
		{ "[*]\nLe: always\n", "joined by =" },
		{ "[*]\nNote=a\n more\n", "test.conf:3: a line begins with no blank" },
		{ "[*]\nNote=\x1B[31m\n", "control character" },
		{ "[*]\nNote=\xFF\n", "not UTF-8" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct esim_error err = { 0 };
		struct quirks quirks, none = { 0 };

		ATF_CHECK_EQ_MSG(ESIM_EINVAL, parse(bad[i].text, &ec25, &quirks, &err), "%zu", i);
		ATF_CHECK_MSG(strncmp(err.message, "test.conf:", 10) == 0 && strstr(err.message, bad[i].message),
			      "%zu: %s", i, err.message);
		ATF_CHECK_EQ(0, memcmp(&none, &quirks, sizeof(none)));
	}
}

ATF_TC_WITHOUT_HEAD(a_line_too_long_or_with_a_nul_is_no_shorter_one);
ATF_TC_BODY(a_line_too_long_or_with_a_nul_is_no_shorter_one, tc)
{
	static const char nul[] = "[*]\nLe=always\0x\nMaxChannels=3\n";
	struct esim_error err = { 0 };
	struct quirks quirks = { 0 };
	char text[600] = "[*]\nNote=";

	memset(text + 9, 'x', 500);
	ATF_CHECK_EQ(ESIM_EINVAL, quirks_parse("test.conf", text, 509, &ec25, &quirks, &err));
	ATF_CHECK_MSG(strstr(err.message, "test.conf:2: the line is too long"), "%s", err.message);
	ATF_CHECK_EQ(ESIM_EINVAL, quirks_parse("test.conf", nul, sizeof(nul) - 1, &ec25, &quirks, &err));
	ATF_CHECK_MSG(strstr(err.message, "test.conf:2: there is a NUL byte"), "%s", err.message);
	/* The note's own bound, below the line's. */
	text[9 + 160] = '\0';
	ATF_CHECK_EQ(ESIM_EINVAL, quirks_parse("test.conf", text, strlen(text), &ec25, &quirks, &err));
	ATF_CHECK_EQ(0, quirks_parse("test.conf", text, strlen(text) - 1, &ec25, &quirks, &err));
}

/* --- files ---------------------------------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ATF_REQUIRE(file);
	fputs(text, file);
	fclose(file);
}

ATF_TC_WITHOUT_HEAD(one_file_stands_for_all_where_the_environment_says_so);
ATF_TC_BODY(one_file_stands_for_all_where_the_environment_says_so, tc)
{
	struct esim_error err = { 0 };
	struct quirks quirks;

	setenv("COREESIM_MODEMS_CONF", "one.conf", 1);
	ATF_CHECK_EQ(0, quirks_load(&ec25, &quirks, &err));
	ATF_CHECK_EQ(0, quirks.max_channels);
	write_file("one.conf", "[*]\nMaxChannels=7\n");
	ATF_CHECK_EQ(0, quirks_load(&ec25, &quirks, &err));
	ATF_CHECK_EQ(7, quirks.max_channels);
	write_file("one.conf", "[*]\nMaxChannels=7\nX=1\n");
	ATF_CHECK_EQ(ESIM_EINVAL, quirks_load(&ec25, &quirks, &err));
	ATF_CHECK_MSG(strstr(err.message, "one.conf:3: "), "%s", err.message);
	ATF_CHECK_EQ(0, quirks.max_channels);
	ATF_REQUIRE_EQ(0, mkdir("directory", 0755));
	setenv("COREESIM_MODEMS_CONF", "directory", 1);
	ATF_CHECK_EQ(ESIM_EINVAL, quirks_load(&ec25, &quirks, &err));
}

ATF_TC(our_own_table_is_read_without_a_complaint);
ATF_TC_HEAD(our_own_table_is_read_without_a_complaint, tc)
{
	atf_tc_set_md_var(tc, "descr", "the file that is installed as modems.conf");
}
ATF_TC_BODY(our_own_table_is_read_without_a_complaint, tc)
{
	static const struct quirk_subject eg25 = {
		.protocol = QUIRK_AT, .usb_vendor = 0x2c7c, .usb_product = 0x0125, .firmware = "EG25GGBR07A08M2G",
	};
	const char *source = getenv("COREESIM_SRC");
	struct esim_error err = { 0 };
	struct quirks quirks;
	char path[4096];

	if (!source)
		atf_tc_skip("COREESIM_SRC does not say where the sources are");
	snprintf(path, sizeof(path), "%s/modem/modems.conf", source);
	setenv("COREESIM_MODEMS_CONF", path, 1);
	ATF_REQUIRE_EQ_MSG(0, quirks_load(&eg25, &quirks, &err), "%s", err.message);
	ATF_CHECK_EQ(QUIRK_AT_CCHO, quirks.at_channel);
	ATF_CHECK_EQ(ESIM_MODEM_REFRESH_NEVER, quirks.policy.refresh);
	ATF_REQUIRE_EQ_MSG(0, quirks_load(&ec25, &quirks, &err), "%s", err.message);
	ATF_CHECK_EQ(ESIM_MODEM_REFRESH_ALWAYS, quirks.policy.refresh);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_key_reaches_its_place);
	ATF_TP_ADD_TC(tp, a_section_fits_by_id_firmware_and_protocol);
	ATF_TP_ADD_TC(tp, the_later_line_wins_key_by_key);
	ATF_TP_ADD_TC(tp, a_mistake_is_an_error_with_its_line_and_takes_nothing_over);
	ATF_TP_ADD_TC(tp, a_line_too_long_or_with_a_nul_is_no_shorter_one);
	ATF_TP_ADD_TC(tp, one_file_stands_for_all_where_the_environment_says_so);
	ATF_TP_ADD_TC(tp, our_own_table_is_read_without_a_complaint);
	return atf_no_error();
}
