/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ifd: a PC/SC client's logical channels against files of the device, and the manner of answers. */
#include "fake_kernel.h"

#include "ifd/channels.h"

#include <atf-c.h>
#include <dirent.h>
#include <string.h>

#define USIM "\xA0\x00\x00\x00\x87\x10\x02"
#define OTHER "\xA0\x00\x00\x00\x87\x10\x04"
#define ISDR "\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x01\x00"

static struct policy policy;
static struct channels channels;
static uint8_t buffer[EUICC_AREA_MAX + 2];
static struct answer answer;

/* The fake's files are pipes, and the test may have others. */
static unsigned open_pipes(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	struct stat status;
	unsigned count = 0;

	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.' && fstatat(dirfd(dir), entry->d_name, &status, 0) == 0 &&
			 S_ISFIFO(status.st_mode);
	closedir(dir);
	return count;
}

static unsigned others;

/* Files of the device that are open. */
static unsigned open_files(void)
{
	return open_pipes() - others;
}

static void begin(void)
{
	others = open_pipes();
	fake_kernel_reset();
	fake.info.generation = 1;
	policy = (struct policy){ .start = { .bytes = USIM, .len = 7 } };
	ATF_REQUIRE_EQ(channels_init(&channels, FAKE_DEVICE, &policy), 0);
}

static int send_bytes(const char *command, size_t len)
{
	answer = (struct answer){ .bytes = buffer, .size = sizeof(buffer) };
	return channels_transmit(&channels, (const uint8_t *)command, len, &answer);
}

static void check_answer(const char *command, size_t len, const char *expected, size_t expected_len)
{
	int r = send_bytes(command, len);

	ATF_REQUIRE_EQ_MSG(r, 0, "%d", r);
	ATF_CHECK_EQ_MSG(answer.len, expected_len, "%zu bytes", answer.len);
	ATF_CHECK_MSG(answer.len == expected_len && memcmp(buffer, expected, expected_len) == 0,
		      "it ends with %02X%02X", buffer[answer.len - 2], buffer[answer.len - 1]);
}
#define ANSWERS(command, expected) \
	check_answer(command, sizeof(command) - 1, expected, sizeof(expected) - 1)
#define FAILS(command, error) ATF_CHECK_EQ(send_bytes(command, sizeof(command) - 1), error)

static struct esim_buf seen;		/* the last command that the card got */
static struct esim_slice card_answer;

static void card(struct esim_slice command, struct esim_buf *out)
{
	esim_buf_reset(&seen);
	esim_buf_append(&seen, command.data, command.len);
	esim_buf_append(out, card_answer.data, card_answer.len);
}

static void card_gives(const char *data, size_t len)
{
	card_answer = esim_slice(data, len);
	fake.card = card;
}

ATF_TC_WITHOUT_HEAD(manage_channel_never_reaches_the_card);
ATF_TC_BODY(manage_channel_never_reaches_the_card, tc)
{
	char command[] = "\x00\x70\x00\x00\x01", expected[] = "\x01\x90\x00";

	begin();
	for (char i = 1; i < APDU_CHANNELS; i++) {
		expected[0] = i;
		check_answer(command, 5, expected, 3);
	}
	ANSWERS("\x00\x70\x00\x00\x01", "\x6A\x81");
	ANSWERS("\x00\x70\x80\x05", "\x90\x00");
	ANSWERS("\x00\x70\x80\x05", "\x68\x81");
	ANSWERS("\x00\x70\x00\x05\x00", "\x90\x00");
	ANSWERS("\x00\x70\x00\x05\x00", "\x6A\x81");
	ANSWERS("\x00\x70\x00\x14\x00", "\x6A\x86");
	ANSWERS("\x00\x70\x80\x14", "\x6A\x86");
	ANSWERS("\x00\x70\x80\x00", "\x6A\x86");
	ANSWERS("\x00\x70\x40\x01", "\x6A\x86");
	ANSWERS("\x80\x70\x00\x00\x01", "\x6D\x00");
	ANSWERS("\x00\x70\x00\x00\x01x", "\x67\x00");
	/* The one that the class names closes itself. */
	ANSWERS("\x03\x70\x80\x00", "\x90\x00");
	ANSWERS("\x03\xB0\x00\x00\x00", "\x68\x81");
	ATF_CHECK_EQ(fake.files, 0);
	ATF_CHECK_EQ(fake_count(EUICC_OPEN_CHANNEL), 0);
	channels_free(&channels);
}

ATF_TC_WITHOUT_HEAD(select_by_name_opens_a_file_of_its_own);
ATF_TC_BODY(select_by_name_opens_a_file_of_its_own, tc)
{
	begin();
	ANSWERS("\x00\x70\x00\x00\x01", "\x01\x90\x00");
	ANSWERS("\x01\xB0\x00\x00\x00", "\x69\x85");
	ANSWERS("\x01\xA4\x04\x04\x07" USIM "\x00", "\x6F\x00\x90\x00");
	ATF_CHECK_EQ(fake.opened.p2, 0x04);
	ATF_CHECK_EQ(fake.opened.flags, EUICC_OPEN_FILE_SELECT);
	ATF_CHECK_EQ(fake.opened.aid_len, 7);
	ATF_CHECK_EQ(memcmp(fake.opened.aid, USIM, 7), 0);
	ATF_CHECK_EQ(open_files(), 1);
	/* The channel is not the card's: the class goes without it, secure messaging stays. */
	card_gives("\x90\x00", 2);
	ANSWERS("\x8D\x20\x00\x01\x02xy", "\x90\x00");
	ATF_CHECK(esim_slice_is(esim_buf_slice(&seen), "\x8C\x20\x00\x01\x02xy", 7));
	/* Another application is another file, and the former goes. */
	ANSWERS("\x01\xA4\x04\x0C\x07" OTHER, "\x61\x02");
	ATF_CHECK_EQ(fake.opened.p2, 0x0C);
	ATF_CHECK_EQ(open_files(), 1);
	ANSWERS("\x01\x70\x80\x01", "\x90\x00");
	ATF_CHECK_EQ(open_files(), 0);
	ATF_CHECK_EQ(channels.generation, 0);
	channels_free(&channels);
}

ATF_TC_WITHOUT_HEAD(a_select_that_fails_leaves_the_application);
ATF_TC_BODY(a_select_that_fails_leaves_the_application, tc)
{
	begin();
	ANSWERS("\x00\xA4\x04\x00\x07" USIM "\x00", "\x6F\x00\x90\x00");
	fake.channel_errno = ENOENT;
	ANSWERS("\x00\xA4\x04\x00\x07" OTHER "\x00", "\x6A\x82");
	fake.channel_errno = EREMOTEIO;
	fake.channel_sw = 0x6A80;
	ANSWERS("\x00\xA4\x04\x00\x05\xF0\x00\x00\x00\x01", "\x6A\x80");
	ATF_CHECK_EQ(open_files(), 0);
	fake.channel_errno = 0;
	fake.channel_sw = 0x6283;
	ANSWERS("\x00\xA4\x04\x00\x07" USIM "\x00", "\x6F\x00\x62\x83");
	fake.channel_errno = ENOENT;
	ANSWERS("\x00\xA4\x04\x00\x07" OTHER "\x00", "\x6A\x82");
	ATF_CHECK_EQ(open_files(), 1);
	ANSWERS("\x00\xB0\x00\x00\x00", "\x90\x00");
	channels_free(&channels);
	ATF_CHECK_EQ(open_files(), 0);
}

ATF_TC_WITHOUT_HEAD(what_the_kernel_refuses_is_a_status_word);
ATF_TC_BODY(what_the_kernel_refuses_is_a_status_word, tc)
{
	static const struct {
		int errnum, result;
		const char *sw;
	} cases[] = {
		{ ENOSPC, 0, "\x68\x81" }, { EBUSY, 0, "\x69\x85" }, { ENODEV, -ENODEV, NULL },
		{ ENOMEDIUM, -ENOMEDIUM, NULL }, { ETIMEDOUT, -ETIMEDOUT, NULL }, { EINTR, -EIO, NULL },
		{ EIO, -EIO, NULL }, { EREMOTEIO, 0, "\x6F\x00" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake.channel_errno = cases[i].errnum;
		FAILS("\x00\xA4\x04\x00\x07" USIM "\x00", cases[i].result);
		ATF_CHECK(cases[i].result || (answer.len == 2 && memcmp(buffer, cases[i].sw, 2) == 0));
		ATF_CHECK_EQ(open_files(), 0);
	}
	fake.open_errno = EBUSY;
	ANSWERS("\x00\xA4\x04\x00\x07" USIM "\x00", "\x68\x81");
	fake.open_errno = ENOENT;
	FAILS("\x00\xA4\x04\x00\x07" USIM "\x00", -ENODEV);
	fake.open_errno = EACCES;
	FAILS("\x00\xA4\x04\x00\x07" USIM "\x00", -EIO);
	channels_free(&channels);
}

ATF_TC_WITHOUT_HEAD(answers_come_with_le_or_by_get_response);
ATF_TC_BODY(answers_come_with_le_or_by_get_response, tc)
{
	begin();
	ANSWERS("\x00\xA4\x04\x00\x07" USIM "\x00", "\x6F\x00\x90\x00");
	card_gives("abcdef\x91\x10", 8);
	ANSWERS("\x80\xE2\x00\x00\x01x\x00", "abcdef\x91\x10");
	ANSWERS("\x80\xE2\x00\x00\x01x", "\x61\x06");
	ANSWERS("\x00\xC0\x00\x00\x04", "abcd\x61\x02");
	ANSWERS("\x80\xC0\x00\x00\x00", "ef\x91\x10");
	ANSWERS("\x00\xC0\x00\x00\x00", "\x69\x85");
	/* Less than there is: the rest waits. */
	ANSWERS("\x80\xE2\x00\x00\x01x\x02", "ab\x61\x04");
	ANSWERS("\x00\xC0\x00\x00", "cdef\x91\x10");
	/* It waits for the next command only. */
	ANSWERS("\x80\xE2\x00\x00\x01x", "\x61\x06");
	ANSWERS("\x00\xB2\x01\x04\x06", "abcdef\x91\x10");
	ANSWERS("\x00\xC0\x00\x00\x06", "\x69\x85");
	/* Case 2 with the wrong length: the right one, and the answer to the same command with it. */
	ANSWERS("\x00\xB2\x01\x04\x04", "\x6C\x06");
	fake.commands = 0;
	ANSWERS("\x00\xB2\x01\x04\x06", "abcdef\x91\x10");
	ATF_CHECK_EQ(fake.commands, 0);
	ANSWERS("\x00\xB2\x01\x04\x04", "\x6C\x06");
	ANSWERS("\x00\xB2\x02\x04\x06", "abcdef\x91\x10");
	ATF_CHECK_EQ(fake.commands, 2);
	channels_free(&channels);
}

ATF_TC_WITHOUT_HEAD(long_answers_come_in_pieces);
ATF_TC_BODY(long_answers_come_in_pieces, tc)
{
	static char data[1002];

	begin();
	ANSWERS("\x00\xA4\x04\x00\x07" USIM "\x00", "\x6F\x00\x90\x00");
	for (size_t i = 0; i < 1000; i++)
		data[i] = (char)i;
	memcpy(data + 1000, "\x90\x00", 2);
	card_gives(data, sizeof(data));
	ANSWERS("\x80\xE2\x00\x00\x01x", "\x61\x00");
	for (size_t at = 0; at < 1000; at += 256) {
		ATF_REQUIRE_EQ(send_bytes("\x00\xC0\x00\x00\x00", 5), 0);
		ATF_CHECK_EQ(answer.len, (at + 256 < 1000 ? 256 : 1000 - at) + 2);
		ATF_CHECK_EQ(memcmp(buffer, data + at, answer.len - 2), 0);
		ATF_CHECK_EQ(buffer[answer.len - 2], at + 256 < 1000 ? 0x61 : 0x90);
	}
	check_answer("\x80\xE2\x00\x00\x00\x00\x01x\x00\x00", 10, data, sizeof(data));
	answer = (struct answer){ .bytes = buffer, .size = 100 };
	ATF_CHECK_EQ(channels_transmit(&channels, (const uint8_t *)"\x80\xE2\x00\x00\x01x\x00", 7, &answer), -EMSGSIZE);
	channels_free(&channels);
}

ATF_TC_WITHOUT_HEAD(channel_0_begins_where_the_administrator_says);
ATF_TC_BODY(channel_0_begins_where_the_administrator_says, tc)
{
	begin();
	card_gives("\x90\x00", 2);
	ANSWERS("\x00\xB0\x00\x00\x00", "\x90\x00");
	ATF_CHECK_EQ(fake.opened.flags, EUICC_OPEN_FILE_SELECT);
	ATF_CHECK_EQ(memcmp(fake.opened.aid, USIM, 7), 0);
	ATF_CHECK_EQ(fake.commands, 2);		/* the MF before it */
	channels_reset(&channels);
	fake.channel_errno = ENOENT;
	ANSWERS("\x00\xB0\x00\x00\x00", "\x69\x85");
	fake.channel_errno = 0;
	policy.start.len = 0;
	ANSWERS("\x00\xB0\x00\x00\x00", "\x69\x85");
	policy.basic_channel = true;
	ANSWERS("\x00\xA4\x04\x00\x07" USIM, "\x90\x00");
	ATF_CHECK_EQ(fake.opened.flags, EUICC_OPEN_BASIC);
	ATF_CHECK(esim_slice_is(esim_buf_slice(&seen), "\x00\xA4\x04\x00\x07" USIM, 12));
	fake.commands = 0;
	ANSWERS("\x00\xA4\x04\x00\x10" ISDR, "\x6A\x82");
	ATF_CHECK_EQ(fake.commands, 0);
	channels_reset(&channels);
	fake.basic_errno = EPERM;
	ANSWERS("\x00\xB0\x00\x00\x00", "\x69\x85");
	channels_free(&channels);
}

ATF_TC_WITHOUT_HEAD(a_refused_application_is_never_asked_for);
ATF_TC_BODY(a_refused_application_is_never_asked_for, tc)
{
	begin();
	ANSWERS("\x00\xA4\x04\x00\x10" ISDR "\x00", "\x6A\x82");
	ANSWERS("\x00\xA4\x04\x00\x05\xA0\x00\x00\x05\x59", "\x6A\x82");
	ANSWERS("\x00\xA4\x04\x00", "\x6A\x82");
	ANSWERS("\x10\xA4\x04\x00\x05\xA0\x00\x00\x05\x59", "\x68\x84");
	ANSWERS("\x00\xA4\x04\x02\x07" USIM, "\x6A\x86");
	ATF_CHECK_EQ(fake.files, 0);
	/* The card selects it by another name, and says so. */
	fake.fci = esim_slice("\x6F\x12\x84\x10" ISDR, 20);
	ANSWERS("\x00\xA4\x04\x00\x07" USIM "\x00", "\x6A\x82");
	ATF_CHECK_EQ(open_files(), 0);
	channels_free(&channels);
}

ATF_TC_WITHOUT_HEAD(a_session_that_is_over_is_no_answer);
ATF_TC_BODY(a_session_that_is_over_is_no_answer, tc)
{
	begin();
	ANSWERS("\x00\x70\x00\x00\x01", "\x01\x90\x00");
	ANSWERS("\x00\xA4\x04\x00\x07" USIM "\x00", "\x6F\x00\x90\x00");
	ATF_CHECK_EQ(channels.generation, 1);
	fake.xfer_errno = ESTALE;
	FAILS("\x00\xB0\x00\x00\x00", -ESTALE);
	fake.xfer_errno = ENODEV;
	FAILS("\x00\xB0\x00\x00\x00", -ENODEV);
	fake.fail_at = fake.commands + 1;
	fake.fail_status = -ETIMEDOUT;
	FAILS("\x00\xB0\x00\x00\x00", -ETIMEDOUT);
	fake.fail_at = fake.commands + 1;
	fake.fail_status = -EINTR;
	FAILS("\x00\xB0\x00\x00\x00", -EIO);
	fake.xfer_errno = E2BIG;
	ANSWERS("\x00\xB0\x00\x00\x00", "\x67\x00");
	/* A new channel of another session: what the others were is gone. */
	fake.info.generation = 2;
	FAILS("\x01\xA4\x04\x00\x07" USIM "\x00", -ESTALE);
	channels_free(&channels);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, manage_channel_never_reaches_the_card);
	ATF_TP_ADD_TC(tp, select_by_name_opens_a_file_of_its_own);
	ATF_TP_ADD_TC(tp, a_select_that_fails_leaves_the_application);
	ATF_TP_ADD_TC(tp, what_the_kernel_refuses_is_a_status_word);
	ATF_TP_ADD_TC(tp, answers_come_with_le_or_by_get_response);
	ATF_TP_ADD_TC(tp, long_answers_come_in_pieces);
	ATF_TP_ADD_TC(tp, channel_0_begins_where_the_administrator_says);
	ATF_TP_ADD_TC(tp, a_refused_application_is_never_asked_for);
	ATF_TP_ADD_TC(tp, a_session_that_is_over_is_no_answer);
	return atf_no_error();
}
