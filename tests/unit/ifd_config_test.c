/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ifd: the configuration means what it says, and a mistake in it opens nothing. */
#include "ifd/config.h"

#include <atf-c.h>
#include <string.h>

static struct config read_bytes(const char *bytes, size_t len)
{
	struct config config;
	FILE *file = tmpfile();

	ATF_REQUIRE(file);
	fwrite(bytes, 1, len, file);
	config_read(&config, file, "test.conf");
	fclose(file);
	return config;
}

static struct config read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static bool all_empty(const struct config *config)
{
	for (unsigned i = 0; i < CONFIG_SLOTS_MAX; i++) {
		if (config->slot[i].device[0])
			return false;
	}
	return config->slots > 0;
}

ATF_TC_WITHOUT_HEAD(without_a_word_nothing_is_allowed);
ATF_TC_BODY(without_a_word_nothing_is_allowed, tc)
{
	struct config config, missing;

	config = read_text("");
	config_load(&missing, "/nonexistent/ifdeuicc.conf");
	ATF_CHECK_EQ(memcmp(&config, &missing, sizeof(config)), 0);
	ATF_CHECK_EQ(config.slots, 4);
	for (unsigned i = 0; i < CONFIG_SLOTS_MAX; i++) {
		char device[32];

		snprintf(device, sizeof(device), "/dev/euicc%u", i);
		ATF_CHECK_STREQ(config.slot[i].device, device);
		ATF_CHECK(!config.slot[i].policy.allow_isdr && !config.slot[i].policy.allow_ecasd);
		ATF_CHECK(!config.slot[i].policy.basic_channel);
		ATF_CHECK_EQ(config.slot[i].policy.refused_count, 0);
		ATF_CHECK_EQ(config.slot[i].policy.start.len, 7);
	}
}

ATF_TC_WITHOUT_HEAD(slots_differ_from_what_all_have);
ATF_TC_BODY(slots_differ_from_what_all_have, tc)
{
	struct config config = read_text("; a comment\n"
					 "[slot 1]\ndevice = /dev/euicc7\nallow_isdr = no\n"
					 "refuse_aids = a000000087\n"
					 "start_aid = none\n"
					 "[driver]\nslots = 2\nallow_isdr = yes\nbasic_channel = yes\n"
					 "refuse_aids = F000000001, F000000002F0\n  F000000003\n"
					 "[slot 0]\ndevice = none\nallow_ecasd = yes\n");

	ATF_CHECK_EQ(config.slots, 2);
	ATF_CHECK_STREQ(config.slot[0].device, "");
	ATF_CHECK_STREQ(config.slot[1].device, "/dev/euicc7");
	ATF_CHECK(config.slot[0].policy.allow_isdr);
	ATF_CHECK(config.slot[0].policy.allow_ecasd);
	ATF_CHECK(!config.slot[1].policy.allow_isdr);
	ATF_CHECK(config.slot[1].policy.basic_channel);
	ATF_CHECK_EQ(config.slot[1].policy.start.len, 0);
	ATF_CHECK_EQ(config.slot[0].policy.refused_count, 3);
	ATF_REQUIRE_EQ(config.slot[1].policy.refused_count, 4);
	ATF_CHECK_EQ(config.slot[1].policy.refused[1].len, 6);
	ATF_CHECK_EQ(memcmp(config.slot[1].policy.refused[3].bytes, "\xA0\x00\x00\x00\x87", 5), 0);
}

ATF_TC_WITHOUT_HEAD(a_mistake_in_a_slot_empties_it);
ATF_TC_BODY(a_mistake_in_a_slot_empties_it, tc)
{
	static const char *const mistakes[] = {
		"allow_isdr = maybe", "allow_isdr = YES", "allow_isdr =", "allow_idsr = yes", "slots = 2",
		"device = euicc0", "device = /etc/passwd", "device = /dev/../etc/passwd", "device = /dev/",
		"device = /dev/a-name-that-is-longer-than-any-device-of-this-driver-can-ever-have-in-dev",
		"refuse_aids = A0000000", "refuse_aids = A00000000", "refuse_aids = xyzxyzxyzx",
		"refuse_aids = A0000000871002A0000000871002A00000", "start_aid = A0", "start_aid = no",
		"allow_isdr = no\nallow_isdr = yes", "start_aid = A0000005591010FFFFFFFF8900000100",
		"refuse_aids = A00000008710",
	};

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		char text[256];
		struct config config;

		snprintf(text, sizeof(text), "[slot 2]\n%s\n", mistakes[i]);
		config = read_text(text);
		ATF_CHECK_STREQ_MSG(config.slot[2].device, "", "%s", mistakes[i]);
		ATF_CHECK_STREQ_MSG(config.slot[1].device, "/dev/euicc1", "%s", mistakes[i]);
	}
}

ATF_TC_WITHOUT_HEAD(a_mistake_for_all_empties_all);
ATF_TC_BODY(a_mistake_for_all_empties_all, tc)
{
	static const char *const mistakes[] = {
		"[driver]\nallow_isdr = perhaps\n", "[driver]\nslots = 0\n", "[driver]\nslots = 9\n",
		"[driver]\nslots = 2x\n", "[driver]\nslots = 2\nslots = 2\n", "[driver]\ndevice = /dev/euicc0\n",
		"[drivers]\nallow_isdr = no\n", "[slot 8]\nallow_isdr = no\n", "[slot 00]\nallow_isdr = no\n",
		"[slot]\nallow_isdr = no\n", "allow_isdr = no\n", "[driver\nallow_isdr = no\n",
		"[driver]\nallow_isdr\n", "[slot 0]\nallow_isdr\n",
		"[driver]\nrefuse_aids = A000000087 A000000087 A000000087 A000000087 A000000087 A000000087 "
		"A000000087 A000000087 A000000087 A000000087 A000000087 A000000087 A000000087 A000000087 "
		"A000000087 A000000087 A000000087\n",
		"[driver]\nrefuse_aids = A1000000000000000000000000000000 A1 A1 A1 A1\n",
		"[driver]\n; a line that inih would take for two, of which the second one is a setting: ............"
		"..............................................................................................."
		"..............................................................................................."
		"\nallow_isdr = yes\n",
	};

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct config config = read_text(mistakes[i]);

		ATF_CHECK_MSG(all_empty(&config), "%s", mistakes[i]);
	}
}

ATF_TC_WITHOUT_HEAD(only_roots_file_is_heeded);
ATF_TC_BODY(only_roots_file_is_heeded, tc)
{
	struct stat status = { .st_mode = S_IFREG | 0644 };

	ATF_CHECK(config_is_trusted(&status));
	status.st_mode = S_IFREG | 0600;
	ATF_CHECK(config_is_trusted(&status));
	status.st_mode = S_IFREG | 0664;
	ATF_CHECK(!config_is_trusted(&status));
	status.st_mode = S_IFREG | 0646;
	ATF_CHECK(!config_is_trusted(&status));
	status.st_mode = S_IFIFO | 0600;
	ATF_CHECK(!config_is_trusted(&status));
	status = (struct stat){ .st_mode = S_IFREG | 0600, .st_uid = 1000 };
	ATF_CHECK(!config_is_trusted(&status));
}

ATF_TC_WITHOUT_HEAD(what_cannot_be_trusted_empties_all);
ATF_TC_BODY(what_cannot_be_trusted_empties_all, tc)
{
	struct config config;
	FILE *file = fopen("writable.conf", "w");

	ATF_REQUIRE(file);
	fclose(file);
	chmod("writable.conf", 0666);
	config_load(&config, "writable.conf");
	ATF_CHECK(all_empty(&config));
	config_load(&config, ".");
	ATF_CHECK(all_empty(&config));
}

ATF_TC_WITHOUT_HEAD(what_a_crash_left_of_a_file_opens_nothing);
ATF_TC_BODY(what_a_crash_left_of_a_file_opens_nothing, tc)
{
	static const char zeros[500];
	static const char behind[] = "[driver]\nrefuse_aids = F000000001\0F000000002\n";
	struct config config = read_bytes(zeros, sizeof(zeros));

	ATF_CHECK(all_empty(&config));
	config = read_bytes(zeros, 1);
	ATF_CHECK(all_empty(&config));
	config = read_bytes(behind, sizeof(behind) - 1);
	ATF_CHECK(all_empty(&config));
	config = read_bytes(behind, 36);
	ATF_CHECK(all_empty(&config));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_a_crash_left_of_a_file_opens_nothing);
	ATF_TP_ADD_TC(tp, without_a_word_nothing_is_allowed);
	ATF_TP_ADD_TC(tp, slots_differ_from_what_all_have);
	ATF_TP_ADD_TC(tp, a_mistake_in_a_slot_empties_it);
	ATF_TP_ADD_TC(tp, a_mistake_for_all_empties_all);
	ATF_TP_ADD_TC(tp, only_roots_file_is_heeded);
	ATF_TP_ADD_TC(tp, what_cannot_be_trusted_empties_all);
	return atf_no_error();
}
