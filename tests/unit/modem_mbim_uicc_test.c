/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MS UICC Low Level Access: what is sent, what is read, and what is not believed. */
#include "modem_mbim_messages.h"

#include "modem/mbim/capability.h"

#include <atf-c.h>

#define OPEN MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_OPEN_CHANNEL
#define CLOSE MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_CLOSE_CHANNEL
#define APDU MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_APDU
#define ATR MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_ATR
#define CAPABILITY MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_TERMINAL_CAPABILITY

/* --- opening --------------------------------------------------------------------------------- */

static int open_answer(uint32_t status, uint32_t sw, uint32_t channel, uint32_t len, uint32_t offset,
		       uint32_t *ret_channel, struct esim_buf *fci, struct esim_error *err)
{
	static const uint8_t bytes[300] = { 0x6F, 2, 0x84, 0 };
	struct info info = { .len = 0 };
	MbimMessage *answer;
	int r;

	put32(&info, sw);
	put32(&info, channel);
	put32(&info, len);
	put32(&info, offset);
	put(&info, bytes, len < sizeof(bytes) ? len : sizeof(bytes));
	answer = uicc_done(OPEN, status, &info);
	*ret_channel = 0;
	r = mbim_answer_open_channel(answer, ret_channel, fci, err);
	mbim_message_unref(answer);
	return r;
}

ATF_TC_WITHOUT_HEAD(a_channel_and_its_fci_are_read);
ATF_TC_BODY(a_channel_and_its_fci_are_read, tc)
{
	struct esim_buf fci = ESIM_BUF_INIT;
	uint32_t channel;

	ATF_REQUIRE_EQ(0, open_answer(0, 0x0090, 3, 4, 16, &channel, &fci, NULL));
	ATF_CHECK_EQ(3, channel);
	ATF_CHECK(esim_slice_is(esim_buf_slice(&fci), "\x6F\x02\x84\x00", 4));
	esim_buf_reset(&fci);
	/* 91xx, a REFRESH pending, is success as well; an FCI need not be there. */
	ATF_REQUIRE_EQ(0, open_answer(0, 0x0B91, 19, 0, 0, &channel, &fci, NULL));
	ATF_CHECK_EQ(19, channel);
	ATF_CHECK_EQ(0, fci.len);
	esim_buf_free(&fci);
}

ATF_TC_WITHOUT_HEAD(an_open_channel_answer_that_lies_is_not_believed);
ATF_TC_BODY(an_open_channel_answer_that_lies_is_not_believed, tc)
{
	struct esim_buf fci = ESIM_BUF_INIT;
	uint32_t channel;

	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(0, 0x0090, 0, 4, 16, &channel, &fci, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(0, 0x0090, 20, 4, 16, &channel, &fci, NULL));
	ATF_CHECK_EQ(0, channel);
	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(0, 0x0090, 1, 4, 17, &channel, &fci, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(0, 0x0090, 1, 4, 0xFFFFFFF0, &channel, &fci, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(0, 0x0090, 1, 0xFFFFFFFF, 16, &channel, &fci, NULL));
	/* An FCI of more than 256 bytes is none; the channel is known all the same, so that it is closed. */
	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(0, 0x0090, 2, 257, 16, &channel, &fci, NULL));
	ATF_CHECK_EQ(2, channel);
	ATF_CHECK_EQ(0, fci.len);
	esim_buf_free(&fci);
}

ATF_TC_WITHOUT_HEAD(a_refused_channel_says_why);
ATF_TC_BODY(a_refused_channel_says_why, tc)
{
	struct esim_error err;
	uint32_t channel;

	ATF_CHECK_EQ(ESIM_EBUSY, open_answer(0x87430001, 0x816A, 0, 0, 0, &channel, NULL, &err));
	ATF_CHECK_EQ(0x6A81, err.sw);
	ATF_CHECK(strstr(err.message, "NO_LOGICAL_CHANNELS") && strstr(err.message, "0x87430001"));
	ATF_CHECK(err.advice[0]);
	/* The application is not there: the status word says so, and the next AID is tried. */
	ATF_CHECK_EQ(ESIM_ESW, open_answer(0x87430002, 0x826A, 0, 0, 0, &channel, NULL, &err));
	ATF_CHECK_EQ(0x6A82, err.sw);
	ATF_CHECK_EQ(ESIM_ENOENT, open_answer(0x87430002, 0, 0, 0, 0, &channel, NULL, &err));
	ATF_CHECK_EQ(ESIM_DOMAIN_CARD, err.domain);
	ATF_CHECK_EQ(ESIM_ESW, open_answer(0, 0x826A, 0, 0, 0, &channel, NULL, &err));
	ATF_CHECK_EQ(0x6A82, err.sw);
	ATF_CHECK_EQ(ESIM_ENOTSUP, open_answer(28, 0, 0, 0, 0, &channel, NULL, &err));
	ATF_CHECK_EQ(ESIM_DOMAIN_CARD, err.domain);
	ATF_CHECK(strstr(err.message, "the modem's firmware forbids the ISD-R"));
	ATF_CHECK(err.advice[0]);
}

/* --- APDUs --------------------------------------------------------------------------------------- */

static int apdu_answer(uint32_t status, uint32_t sw, uint32_t len, uint32_t offset, struct esim_buf *response,
		       struct esim_error *err)
{
	static const uint8_t bytes[700] = { 0xBF, 0x3E };
	struct info info = { .len = 0 };
	MbimMessage *answer;
	int r;

	put32(&info, sw);
	put32(&info, len);
	put32(&info, offset);
	put(&info, bytes, len < sizeof(bytes) ? len : sizeof(bytes));
	answer = uicc_done(APDU, status, &info);
	r = mbim_answer_apdu(answer, response, err);
	mbim_message_unref(answer);
	return r;
}

ATF_TC_WITHOUT_HEAD(a_response_ends_with_its_status_word);
ATF_TC_BODY(a_response_ends_with_its_status_word, tc)
{
	struct esim_buf response = ESIM_BUF_INIT_MAX(600);

	ATF_REQUIRE_EQ(0, apdu_answer(0, 0x1091, 2, 12, &response, NULL));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&response), "\xBF\x3E\x91\x10", 4));
	esim_buf_reset(&response);
	ATF_REQUIRE_EQ(0, apdu_answer(0, 0x0090, 512, 12, &response, NULL));
	ATF_CHECK_EQ(514, response.len);
	ATF_CHECK_EQ(0x90, response.data[512]);
	esim_buf_reset(&response);
	ATF_REQUIRE_EQ(0, apdu_answer(0, 0x826A, 0, 0, &response, NULL));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&response), "\x6A\x82", 2));
	esim_buf_reset(&response);
	ATF_CHECK_EQ(ESIM_EPROTO, apdu_answer(0, 0x0090, 8, 16, &response, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, apdu_answer(0, 0x0090, 0x80000000, 12, &response, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, apdu_answer(0, 0, 2, 12, &response, NULL));
	ATF_CHECK_EQ(0, response.len);
	ATF_CHECK_EQ(ESIM_ETOOBIG, apdu_answer(0, 0x0090, 700, 12, &response, NULL));
	esim_buf_free(&response);
}

ATF_TC_WITHOUT_HEAD(a_channel_that_the_modem_lost_is_stale);
ATF_TC_BODY(a_channel_that_the_modem_lost_is_stale, tc)
{
	struct esim_buf response = ESIM_BUF_INIT;
	MbimMessage *answer = uicc_done(CLOSE, 0x87430003, NULL);

	ATF_CHECK_EQ(ESIM_ESTALE, apdu_answer(0x87430003, 0, 0, 0, &response, NULL));
	ATF_CHECK_EQ(ESIM_ESTALE, mbim_answer_close_channel(answer, NULL));
	mbim_message_unref(answer);
}

/* The type of class byte tells the modem which definition it makes anew: 80 is ETSI's, 00 ISO's. */
ATF_TC_WITHOUT_HEAD(a_command_says_whose_class_byte_it_has);
ATF_TC_BODY(a_command_says_whose_class_byte_it_has, tc)
{
	static const struct {
		uint8_t cla;
		uint8_t type;
	} cases[] = { { 0x80, 1 }, { 0x00, 0 }, { 0x40, 0 }, { 0xC1, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t command[] = { cases[i].cla, 0xE2, 0x91, 0, 0 };
		MbimMessage *request = mbim_apdu_request(3, esim_slice(command, sizeof(command)));
		guint32 len;
		const guint8 *info = mbim_message_command_get_raw_information_buffer(request, &len);

		ATF_REQUIRE_EQ(28, len);
		ATF_CHECK_EQ(3, info[0]);
		ATF_CHECK_EQ(0, info[4]);
		ATF_CHECK_EQ(cases[i].type, info[8]);
		/* Size, then offset. */
		ATF_CHECK_EQ(5, info[12]);
		ATF_CHECK_EQ(20, info[16]);
		ATF_CHECK_EQ(0, memcmp(info + 20, command, 5));
		mbim_message_unref(request);
	}
}

/* --- the card --------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(an_atr_has_at_most_33_bytes);
ATF_TC_BODY(an_atr_has_at_most_33_bytes, tc)
{
	static const uint8_t bytes[40] = { 0x3B, 0x9F };
	uint8_t atr[ESIM_MAX_ATR];

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		struct info info = { .len = 0 };
		MbimMessage *answer;
		size_t got = 99;

		put32(&info, len);
		put32(&info, 8);
		put(&info, bytes, len);
		answer = uicc_done(ATR, 0, &info);
		if (len <= ESIM_MAX_ATR) {
			ATF_CHECK_EQ(0, mbim_answer_atr(answer, atr, &got, NULL));
			ATF_CHECK_EQ(len, got);
		} else {
			ATF_CHECK_EQ(ESIM_EPROTO, mbim_answer_atr(answer, atr, &got, NULL));
		}
		mbim_message_unref(answer);
	}
}

/* --- terminal capability ------------------------------------------------------------------------------- */

static int capability_answer(const struct info *info, struct esim_slice objects[static MBIM_MAX_CAPABILITIES],
			     size_t *count, MbimMessage **ret)
{
	*ret = uicc_done(CAPABILITY, 0, info);
	*count = 99;
	return mbim_answer_terminal_capability(*ret, objects, count, NULL);
}

ATF_TC_WITHOUT_HEAD(terminal_capability_is_told_once_and_keeps_what_others_told);
ATF_TC_BODY(terminal_capability_is_told_once_and_keeps_what_others_told, tc)
{
	struct esim_slice objects[MBIM_MAX_CAPABILITIES];
	struct info info = { .len = 0 };
	MbimMessage *answer, *request;
	const guint8 *sent;
	size_t count;
	guint32 len;

	put32(&info, 1);
	put32(&info, 12);
	put32(&info, 3);
	put(&info, "\x82\x01\x33", 3);
	ATF_REQUIRE_EQ(0, capability_answer(&info, objects, &count, &answer));
	ATF_REQUIRE_EQ(1, count);
	ATF_REQUIRE(mbim_capability_missing(objects, &count));
	ATF_REQUIRE_EQ(2, count);
	request = mbim_terminal_capability_request(objects, count);
	mbim_message_unref(answer);
	sent = mbim_message_command_get_raw_information_buffer(request, &len);
	/* Offset, then size, here; and the sizes are the objects' own. */
	ATF_REQUIRE_EQ(28, len);
	ATF_CHECK_EQ(0, memcmp(sent, "\2\0\0\0\x14\0\0\0\3\0\0\0\x18\0\0\0\3\0\0\0\x82\1\x33\0\x83\1\7\0", 28));

	/* What the modem then answers says that there is no need to tell it again. */
	memcpy(info.bytes, sent, len);
	info.len = len;
	mbim_message_unref(request);
	ATF_REQUIRE_EQ(0, capability_answer(&info, objects, &count, &answer));
	ATF_CHECK(!mbim_capability_missing(objects, &count));
	ATF_CHECK_EQ(2, count);
	mbim_message_unref(answer);
}

ATF_TC_WITHOUT_HEAD(another_lpa_support_is_replaced);
ATF_TC_BODY(another_lpa_support_is_replaced, tc)
{
	struct esim_slice objects[MBIM_MAX_CAPABILITIES] = { esim_slice("\x83\x01\x00", 3) };
	size_t count = 1;

	ATF_REQUIRE(mbim_capability_missing(objects, &count));
	ATF_CHECK_EQ(1, count);
	ATF_CHECK(esim_slice_is(objects[0], "\x83\x01\x07", 3));
	ATF_CHECK(!mbim_capability_missing(objects, &count));
}

ATF_TC_WITHOUT_HEAD(objects_outside_of_the_answer_are_not_read);
ATF_TC_BODY(objects_outside_of_the_answer_are_not_read, tc)
{
	static const uint32_t bad[][3] = {
		{ 9, 12, 3 }, { 2, 12, 3 }, { 1, 13, 4 }, { 1, 0xFFFFFFFF, 3 }, { 1, 12, 0xFFFFFFFF },
		{ 0xFFFFFFFF, 12, 3 },
	};
	struct esim_slice objects[MBIM_MAX_CAPABILITIES];
	MbimMessage *answer;
	size_t count;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct info info = { .len = 0 };

		for (int j = 0; j < 3; j++)
			put32(&info, bad[i][j]);
		put(&info, "\x83\x01\x07", 3);
		ATF_CHECK_EQ_MSG(ESIM_EPROTO, capability_answer(&info, objects, &count, &answer), "%zu", i);
		mbim_message_unref(answer);
	}
	/* Nothing at all is no objects. */
	ATF_CHECK_EQ(0, capability_answer(NULL, objects, &count, &answer));
	ATF_CHECK_EQ(0, count);
	mbim_message_unref(answer);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_channel_and_its_fci_are_read);
	ATF_TP_ADD_TC(tp, an_open_channel_answer_that_lies_is_not_believed);
	ATF_TP_ADD_TC(tp, a_refused_channel_says_why);
	ATF_TP_ADD_TC(tp, a_response_ends_with_its_status_word);
	ATF_TP_ADD_TC(tp, a_channel_that_the_modem_lost_is_stale);
	ATF_TP_ADD_TC(tp, a_command_says_whose_class_byte_it_has);
	ATF_TP_ADD_TC(tp, an_atr_has_at_most_33_bytes);
	ATF_TP_ADD_TC(tp, terminal_capability_is_told_once_and_keeps_what_others_told);
	ATF_TP_ADD_TC(tp, another_lpa_support_is_replaced);
	ATF_TP_ADD_TC(tp, objects_outside_of_the_answer_are_not_read);
	return atf_no_error();
}
