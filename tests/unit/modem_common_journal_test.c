/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modem/common: a modem has one owner, and who comes after a crash finds exactly the channels that it left open. */
#include "modem/common/journal_text.h"

#include <atf-c.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct modem_identity modem = {
	.port = "/dev/cdc-wdm0", .bus_port = "1-2", .devnum = 7, .key = "usb-1-2",
};

static struct journal_channel left[JOURNAL_MAX_CHANNELS];
static size_t left_count;

static void use_directory(const char *path)
{
	mkdir(path, 0700);
	setenv("COREESIM_MODEMS_STATE", path, 1);
}

static struct journal *open_one(const struct modem_identity *identity)
{
	struct esim_error err = { 0 };
	struct journal *journal = NULL;

	ATF_REQUIRE_EQ_MSG(0, journal_open(identity, &journal, left, &left_count, &err), "%s", err.message);
	return journal;
}

/* In another process, which is killed with the modem open. */
static void crash_with(void (*work)(struct journal *journal))
{
	int status;
	pid_t pid = fork();

	ATF_REQUIRE(pid >= 0);
	if (pid == 0) {
		struct journal *journal = open_one(&modem);

		work(journal);
		raise(SIGKILL);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE(WIFSIGNALED(status));
}

static void open_channels(struct journal *journal)
{
	struct journal_channel one = { .channel = 1, .group = 77, .slot = 2 }, two = { .channel = 4000000000u };

	ATF_REQUIRE_EQ(0, journal_opening(journal, &one, NULL));
	ATF_REQUIRE_EQ(0, journal_opened(journal, &one, NULL));
	ATF_REQUIRE_EQ(0, journal_opening(journal, &two, NULL));
	ATF_REQUIRE_EQ(0, journal_opened(journal, &two, NULL));
}

static void open_and_close(struct journal *journal)
{
	open_channels(journal);
	journal_closed(journal, 1);
	journal_closed(journal, 99);
}

static void be_opening(struct journal *journal)
{
	const struct journal_channel one = { .channel = 5, .group = 3, .slot = 1 };

	ATF_REQUIRE_EQ(0, journal_opening(journal, &one, NULL));
}

static void open_then_reset(struct journal *journal)
{
	struct modem_identity now = modem;

	open_channels(journal);
	now.devnum = 8;
	journal_all_closed(journal, &now);
}

ATF_TC_WITHOUT_HEAD(what_a_dead_owner_left_open_is_told_to_the_next);
ATF_TC_BODY(what_a_dead_owner_left_open_is_told_to_the_next, tc)
{
	struct journal *journal;

	use_directory("state");
	crash_with(open_channels);
	journal = open_one(&modem);
	ATF_REQUIRE_EQ(2, left_count);
	ATF_CHECK_EQ(1, left[0].channel);
	ATF_CHECK_EQ(77, left[0].group);
	ATF_CHECK_EQ(2, left[0].slot);
	ATF_CHECK_EQ(4000000000u, left[1].channel);
	/* One is closed now; the other waits for who comes after this one. */
	journal_closed(journal, 1);
	journal_close(&journal);
	ATF_CHECK_EQ(NULL, journal);
	journal = open_one(&modem);
	ATF_REQUIRE_EQ(1, left_count);
	ATF_CHECK_EQ(4000000000u, left[0].channel);
	journal_close(&journal);
}

ATF_TC_WITHOUT_HEAD(what_was_closed_is_not_closed_again);
ATF_TC_BODY(what_was_closed_is_not_closed_again, tc)
{
	struct journal *journal;

	use_directory("state");
	crash_with(open_and_close);
	journal = open_one(&modem);
	ATF_REQUIRE_EQ(1, left_count);
	ATF_CHECK_EQ(4000000000u, left[0].channel);
	journal_close(&journal);
}

ATF_TC_WITHOUT_HEAD(a_channel_that_was_being_opened_is_told_as_such);
ATF_TC_BODY(a_channel_that_was_being_opened_is_told_as_such, tc)
{
	struct journal *journal;

	use_directory("state");
	crash_with(be_opening);
	journal = open_one(&modem);
	ATF_REQUIRE_EQ(1, left_count);
	ATF_CHECK_EQ(JOURNAL_PENDING, left[0].channel);
	ATF_CHECK_EQ(3, left[0].group);
	journal_closed(journal, JOURNAL_PENDING);
	journal_close(&journal);
	journal = open_one(&modem);
	ATF_CHECK_EQ(0, left_count);
	journal_close(&journal);
}

/* A modem that left the bus has closed them, and their numbers may be another program's by now. */
ATF_TC_WITHOUT_HEAD(a_re_enumeration_or_a_boot_has_closed_them_all);
ATF_TC_BODY(a_re_enumeration_or_a_boot_has_closed_them_all, tc)
{
	struct modem_identity again = modem;
	struct journal *journal;

	use_directory("state");
	crash_with(open_channels);
	again.devnum = 8;
	journal = open_one(&again);
	ATF_CHECK_EQ(0, left_count);
	journal_close(&journal);

	crash_with(open_then_reset);
	journal = open_one(&again);
	ATF_CHECK_EQ(0, left_count);
	journal_close(&journal);

	crash_with(open_channels);
	ATF_REQUIRE_EQ(0, system("sed -i 's/^boot ./boot x/' state/usb-1-2"));
	journal = open_one(&modem);
	ATF_CHECK_EQ(0, left_count);
	journal_close(&journal);
}

ATF_TC_WITHOUT_HEAD(a_second_owner_is_told_who_the_first_is);
ATF_TC_BODY(a_second_owner_is_told_who_the_first_is, tc)
{
	struct journal *journal, *second = NULL;
	struct modem_identity other = modem;
	struct esim_error err = { 0 };
	char expected[64];
	int ready[2], status;
	pid_t pid;
	char byte;

	use_directory("state");
	ATF_REQUIRE_EQ(0, pipe2(ready, O_CLOEXEC));
	pid = fork();
	ATF_REQUIRE(pid >= 0);
	if (pid == 0) {
		journal = open_one(&modem);
		ATF_REQUIRE_EQ(1, write(ready[1], "", 1));
		pause();
	}
	ATF_REQUIRE_EQ(1, read(ready[0], &byte, 1));
	ATF_CHECK_EQ(ESIM_EBUSY, journal_open(&modem, &second, left, &left_count, &err));
	snprintf(expected, sizeof(expected), "(process %d)", (int)pid);
	ATF_CHECK_MSG(strstr(err.message, "modem_common_journal_test") && strstr(err.message, expected) &&
		      strstr(err.message, "/dev/cdc-wdm0"), "%s", err.message);
	ATF_CHECK(err.advice[0]);
	/* Another modem is nobody's. */
	snprintf(other.key, sizeof(other.key), "usb-1-3");
	second = open_one(&other);
	journal_close(&second);
	kill(pid, SIGKILL);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	journal = open_one(&modem);
	ATF_CHECK_EQ(ESIM_EBUSY, journal_open(&modem, &second, left, &left_count, &err));
	ATF_CHECK_MSG(strstr(err.message, "this program"), "%s", err.message);
	journal_close(&journal);
	journal = open_one(&modem);
	journal_close(&journal);
}

ATF_TC_WITHOUT_HEAD(more_channels_than_there_can_be_are_refused);
ATF_TC_BODY(more_channels_than_there_can_be_are_refused, tc)
{
	struct journal *journal;
	struct esim_error err = { 0 };

	use_directory("state");
	journal = open_one(&modem);
	for (uint32_t i = 1; i <= JOURNAL_MAX_CHANNELS + 1; i++) {
		struct journal_channel channel = { .channel = i, .group = UINT32_MAX, .slot = 255 };

		ATF_CHECK_EQ(i <= JOURNAL_MAX_CHANNELS ? 0 : ESIM_ETOOBIG, journal_opened(journal, &channel, &err));
	}
	journal_close(&journal);
	journal = open_one(&modem);
	ATF_CHECK_EQ(JOURNAL_MAX_CHANNELS, left_count);
	journal_close(&journal);
}

/* --- a directory that another user can write to ----------------------------------------------------------- */

static void expect_refused(const char *what)
{
	struct esim_error err = { 0 };
	struct journal *journal = NULL;

	ATF_CHECK_EQ_MSG(ESIM_EIO, journal_open(&modem, &journal, left, &left_count, &err), "%s", what);
	ATF_CHECK_EQ(NULL, journal);
}

ATF_TC_WITHOUT_HEAD(no_link_is_followed_and_nothing_but_a_file_is_touched);
ATF_TC_BODY(no_link_is_followed_and_nothing_but_a_file_is_touched, tc)
{
	use_directory("state");
	ATF_REQUIRE_EQ(0, symlink("../elsewhere", "state/usb-1-2"));
	expect_refused("a link");
	ATF_CHECK(access("elsewhere", F_OK) != 0);
	ATF_REQUIRE_EQ(0, unlink("state/usb-1-2"));
	ATF_REQUIRE_EQ(0, system("echo precious >elsewhere"));
	ATF_REQUIRE_EQ(0, link("elsewhere", "state/usb-1-2"));
	expect_refused("a second name of a file");
	ATF_CHECK_EQ(0, system("grep -qx precious elsewhere"));
	ATF_REQUIRE_EQ(0, unlink("state/usb-1-2"));
	ATF_REQUIRE_EQ(0, mkfifo("state/usb-1-2", 0600));
	expect_refused("a fifo");
	ATF_REQUIRE_EQ(0, unlink("state/usb-1-2"));
	ATF_REQUIRE_EQ(0, mkdir("state/usb-1-2", 0700));
	expect_refused("a directory");
}

ATF_TC(a_file_of_roots_belongs_to_whom_the_directory_does);
ATF_TC_HEAD(a_file_of_roots_belongs_to_whom_the_directory_does, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(a_file_of_roots_belongs_to_whom_the_directory_does, tc)
{
	struct journal *journal;
	struct stat st;

	use_directory("state");
	ATF_REQUIRE_EQ(0, chown("state", 12345, 12346));
	journal = open_one(&modem);
	ATF_REQUIRE_EQ(0, stat("state/usb-1-2", &st));
	ATF_CHECK_EQ(12345, st.st_uid);
	ATF_CHECK_EQ(12346, st.st_gid);
	ATF_CHECK_EQ(0600, st.st_mode & 07777);
	journal_close(&journal);
	/* A third user's file, though, is none of ours. */
	ATF_REQUIRE_EQ(0, chown("state/usb-1-2", 54321, 54321));
	expect_refused("a third user's");
}

ATF_TC_WITHOUT_HEAD(without_a_place_there_is_no_journal_and_no_error);
ATF_TC_BODY(without_a_place_there_is_no_journal_and_no_error, tc)
{
	const struct journal_channel channel = { .channel = 1 };
	struct journal *journal;

	setenv("COREESIM_MODEMS_STATE", "nowhere/at/all", 1);
	journal = open_one(&modem);
	ATF_CHECK_EQ(0, left_count);
	ATF_CHECK_EQ(0, journal_opening(journal, &channel, NULL));
	ATF_CHECK_EQ(0, journal_opened(journal, &channel, NULL));
	journal_closed(journal, 1);
	journal_all_closed(journal, &modem);
	journal_close(&journal);
	journal_close(NULL);
}

/* --- the text --------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(of_a_damaged_text_the_good_lines_count_or_none);
ATF_TC_BODY(of_a_damaged_text_the_good_lines_count_or_none, tc)
{
	static const struct {
		const char *text;
		size_t count;
	} cases[] = {
		{ "", 0 },
		{ "coreesim-modem 1\nchannel 1 0 0\nend\n", 1 },
		{ "coreesim-modem 1\nchannel 1 0 0\nend\nchannel 2 0 0\nend\n", 1 },
		{ "coreesim-modem 1\nchannel 1 0 0\nend", 0 },
		{ "coreesim-modem 1\nchannel 1 0 0\nen", 0 },
		{ "coreesim-modem 2\nchannel 1 0 0\nend\n", 0 },
		{ "coreesim-modem 1\nchannel 1 0 0\nchannel 1 5 5\nend\n", 1 },
		{ "coreesim-modem 1\nchannel -1 0 0\nchannel 4294967295 0 0\nchannel 4294967296 0 0\nchannel 1 0\n"
		  "channel 1 0 0 0\nchannel x 0 0\nchannel 1 0 256\nchannel\nchannel 99999999999 0 0\n"
		  "pending 1\nowner\nboot\ndevnum x\n\nend\n", 0 },
		{ "coreesim-modem 1\npending 7 1\nend\n", 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct journal_state state;

		journal_text_parse(cases[i].text, strlen(cases[i].text), &state);
		ATF_CHECK_EQ_MSG(cases[i].count, state.count, "%zu: %zu", i, state.count);
	}
}

ATF_TC_WITHOUT_HEAD(the_longest_state_comes_back_whole);
ATF_TC_BODY(the_longest_state_comes_back_whole, tc)
{
	struct journal_state state = { .devnum = UINT32_MAX, .owner = UINT32_MAX }, back;
	char text[JOURNAL_MAX_BYTES];

	memset(state.boot, 'b', sizeof(state.boot) - 1);
	memset(state.program, 'p', sizeof(state.program) - 1);
	for (uint32_t i = 0; i < JOURNAL_MAX_CHANNELS; i++)
		journal_state_add(&state, &(struct journal_channel){ UINT32_MAX - i, UINT32_MAX, 255 });
	journal_text_parse(text, journal_text_format(&state, text), &back);
	ATF_CHECK_STREQ(state.boot, back.boot);
	ATF_CHECK_STREQ(state.program, back.program);
	ATF_CHECK_EQ(state.owner, back.owner);
	ATF_CHECK_EQ(state.devnum, back.devnum);
	ATF_CHECK_EQ(0, memcmp(state.channels, back.channels, sizeof(state.channels)));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_a_dead_owner_left_open_is_told_to_the_next);
	ATF_TP_ADD_TC(tp, what_was_closed_is_not_closed_again);
	ATF_TP_ADD_TC(tp, a_channel_that_was_being_opened_is_told_as_such);
	ATF_TP_ADD_TC(tp, a_re_enumeration_or_a_boot_has_closed_them_all);
	ATF_TP_ADD_TC(tp, a_second_owner_is_told_who_the_first_is);
	ATF_TP_ADD_TC(tp, more_channels_than_there_can_be_are_refused);
	ATF_TP_ADD_TC(tp, no_link_is_followed_and_nothing_but_a_file_is_touched);
	ATF_TP_ADD_TC(tp, a_file_of_roots_belongs_to_whom_the_directory_does);
	ATF_TP_ADD_TC(tp, without_a_place_there_is_no_journal_and_no_error);
	ATF_TP_ADD_TC(tp, of_a_damaged_text_the_good_lines_count_or_none);
	ATF_TP_ADD_TC(tp, the_longest_state_comes_back_whole);
	return atf_no_error();
}
