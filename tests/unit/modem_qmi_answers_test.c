/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a QMI modem says, read: errors, channels, APDUs in one piece and in many, slots, card, ICCID, facts. */
#include "modem/qmi/answers.h"

#include <esim/hex.h>

#include <atf-c.h>
#include <string.h>

#define UIM QMI_SERVICE_UIM
#define DMS QMI_SERVICE_DMS

/* A response with its result, as libqmi would have it from the wire. Freed with qmi_message_unref(). */
static QmiMessage *answer_of(QmiService service, uint16_t id, unsigned error)
{
	QmiMessage *request = qmi_message_new(service, 1, 7, id);
	QmiMessage *answer = qmi_message_response_new(request, (QmiProtocolError)error);

	qmi_message_unref(request);
	return answer;
}

static void add(QmiMessage *message, uint8_t type, const char *hex)
{
	uint8_t bytes[1024];
	size_t len = 0;

	ATF_REQUIRE_EQ(0, esim_hex_decode(hex, bytes, sizeof(bytes), &len));
	qmi_put(message, type, esim_slice(bytes, len));
}

static QmiMessage *with(QmiService service, uint16_t id, uint8_t type, const char *hex)
{
	QmiMessage *answer = answer_of(service, id, 0);

	add(answer, type, hex);
	return answer;
}

/* --- errors ------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(every_error_is_named_with_its_number);
ATF_TC_BODY(every_error_is_named_with_its_number, tc)
{
	static const struct {
		unsigned error;
		int code;
		const char *name;
	} cases[] = {
		{ 3, ESIM_EIO, "Internal (QMI error 3)" },
		{ 5, ESIM_EBUSY, "ClientIdsExhausted (QMI error 5)" },
		{ 7, ESIM_ENODEV, "InvalidClientId (QMI error 7)" },
		{ 26, ESIM_EIO, "NoEffect (QMI error 26)" },
		{ 48, ESIM_EIO, "InvalidArgument (QMI error 48)" },
		{ 52, ESIM_EBUSY, "DeviceNotReady (QMI error 52)" },
		{ 68, ESIM_EBUSY, "InsufficientResources (QMI error 68)" },
		{ 71, ESIM_ENOTSUP, "InvalidQmiCommand (QMI error 71)" },
		{ 82, ESIM_ENOTSUP, "AccessDenied (QMI error 82)" },
		{ 94, ESIM_ENOTSUP, "NotSupported (QMI error 94)" },
		{ 11, ESIM_EIO, "InvalidPinId (QMI error 11)" },
		{ 4711, ESIM_EIO, "(QMI error 4711)" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		QmiMessage *answer = answer_of(UIM, QMI_UIM_GET_ATR, cases[i].error);
		struct esim_error err;

		ATF_CHECK_EQ(cases[i].code, qmi_answer_result(answer, "the request", &err));
		ATF_CHECK_MSG(strstr(err.message, cases[i].name), "%s", err.message);
		ATF_CHECK_MSG(strstr(err.message, "the request: "), "%s", err.message);
		qmi_message_unref(answer);
	}
}

ATF_TC_WITHOUT_HEAD(only_the_answer_to_the_request_fits);
ATF_TC_BODY(only_the_answer_to_the_request_fits, tc)
{
	QmiMessage *answer = answer_of(UIM, QMI_UIM_SEND_APDU, 0), *request = qmi_message_new(UIM, 1, 7, QMI_UIM_SEND_APDU);

	ATF_CHECK_EQ(0, qmi_answer_fits(answer, "x", UIM, QMI_UIM_SEND_APDU, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, qmi_answer_fits(answer, "x", UIM, QMI_UIM_GET_ATR, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, qmi_answer_fits(answer, "x", DMS, QMI_UIM_SEND_APDU, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, qmi_answer_fits(request, "x", UIM, QMI_UIM_SEND_APDU, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, qmi_answer_result(request, "x", NULL));
	qmi_message_unref(request);
	qmi_message_unref(answer);
}

/* --- channels -------------------------------------------------------------------------------------------- */

static int open_answer(QmiMessage *answer, unsigned *ret_channel, struct esim_buf *fci, struct esim_error *err)
{
	int r = qmi_answer_open_channel(answer, ret_channel, fci, err);

	qmi_message_unref(answer);
	return r;
}

ATF_TC_WITHOUT_HEAD(a_channel_is_the_number_and_the_fci);
ATF_TC_BODY(a_channel_is_the_number_and_the_fci, tc)
{
	QmiMessage *answer = with(UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, 0x10, "02");
	struct esim_buf fci = ESIM_BUF_INIT;
	unsigned channel = 0;

	add(answer, 0x11, "9000");
	add(answer, 0x12, "036F0100");
	ATF_CHECK_EQ(0, open_answer(answer, &channel, &fci, NULL));
	ATF_CHECK_EQ(2, channel);
	ATF_REQUIRE_EQ(3, fci.len);
	ATF_CHECK_EQ(0, memcmp(fci.data, "\x6F\x01\x00", 3));
	esim_buf_free(&fci);
}

ATF_TC_WITHOUT_HEAD(what_hinders_a_channel_is_told);
ATF_TC_BODY(what_hinders_a_channel_is_told, tc)
{
	struct esim_error err;
	unsigned channel = 0;
	QmiMessage *answer;

	ATF_CHECK_EQ(ESIM_ENOTSUP, open_answer(answer_of(UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, 82), &channel, NULL, &err));
	ATF_CHECK_MSG(strstr(err.message, "the modem's firmware forbids the ISD-R"), "%s", err.message);
	ATF_CHECK_EQ(ESIM_DOMAIN_CARD, err.domain);
	ATF_CHECK(err.advice[0]);

	ATF_CHECK_EQ(ESIM_EBUSY, open_answer(answer_of(UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, 68), &channel, NULL, &err));
	ATF_CHECK_MSG(strstr(err.message, "no logical channel is free"), "%s", err.message);

	answer = answer_of(UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, 3);
	add(answer, 0x11, "6A82");
	ATF_CHECK_EQ(ESIM_ESW, open_answer(answer, &channel, NULL, &err));
	ATF_CHECK_EQ(0x6A82, err.sw);

	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(with(UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, 0x10, "14"), &channel, NULL, &err));
	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(with(UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, 0x10, "00"), &channel, NULL, &err));
	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(answer_of(UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, 0), &channel, NULL, &err));
	ATF_CHECK_EQ(0, channel);

	/* An FCI that goes beyond its end: the channel is open, and the caller is to close it. */
	answer = with(UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, 0x10, "03");
	add(answer, 0x12, "206F01");
	ATF_CHECK_EQ(ESIM_EPROTO, open_answer(answer, &channel, NULL, &err));
	ATF_CHECK_EQ(3, channel);
}

ATF_TC_WITHOUT_HEAD(a_channel_that_is_none_is_gone);
ATF_TC_BODY(a_channel_that_is_none_is_gone, tc)
{
	static const unsigned errors[] = { 9, 26, 48 };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		QmiMessage *answer = answer_of(UIM, QMI_UIM_LOGICAL_CHANNEL, errors[i]);
		struct esim_error err;

		ATF_CHECK_EQ(ESIM_ESTALE, qmi_answer_close_channel(answer, &err));
		ATF_CHECK_EQ(ESIM_ESTALE, err.code);
		qmi_message_unref(answer);
	}
}

/* --- APDUs ----------------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(an_apdu_names_slot_and_channel);
ATF_TC_BODY(an_apdu_names_slot_and_channel, tc)
{
	static const uint8_t command[] = { 0x80, 0xE2, 0x91, 0x00, 0x00 };
	QmiMessage *request = qmi_message_new(UIM, 1, 7, QMI_UIM_SEND_APDU), *basic = qmi_message_new(UIM, 1, 7,
													QMI_UIM_SEND_APDU);
	struct qmi_tlv tlv;

	qmi_apdu_request(request, 1, 2, esim_slice(command, sizeof(command)));
	tlv = qmi_tlv_of(request, 0x01);
	ATF_CHECK_EQ(1, qmi_tlv_u8(&tlv));
	tlv = qmi_tlv_of(request, 0x02);
	ATF_CHECK_EQ(sizeof(command), qmi_tlv_u16(&tlv));
	ATF_CHECK_EQ(sizeof(command), tlv.left);
	tlv = qmi_tlv_of(request, 0x10);
	ATF_CHECK_EQ(2, qmi_tlv_u8(&tlv));
	qmi_apdu_request(basic, 1, 0, esim_slice(command, sizeof(command)));
	ATF_CHECK(!qmi_tlv_of(basic, 0x10).there);
	qmi_message_unref(basic);
	qmi_message_unref(request);
}

ATF_TC_WITHOUT_HEAD(a_response_has_a_status_word);
ATF_TC_BODY(a_response_has_a_status_word, tc)
{
	static const struct {
		const char *tlv;
		int code;
		size_t len;
	} cases[] = {
		{ "02009000", 0, 2 }, { "0400BF3E9000", 0, 4 }, { "010090", ESIM_EPROTO, 0 }, { "0000", ESIM_EPROTO, 0 },
		{ "05009000", ESIM_EPROTO, 0 }, { "02", ESIM_EPROTO, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		QmiMessage *answer = with(UIM, QMI_UIM_SEND_APDU, 0x10, cases[i].tlv);
		struct esim_buf response = ESIM_BUF_INIT;
		uint32_t token;
		size_t total;
		bool is_long;

		ATF_CHECK_EQ(cases[i].code, qmi_answer_apdu(answer, &response, &is_long, &token, &total, NULL));
		ATF_CHECK(!is_long);
		ATF_CHECK_EQ(cases[i].len, response.len);
		esim_buf_free(&response);
		qmi_message_unref(answer);
	}
}

static void piece(struct qmi_pieces *pieces, const char *hex)
{
	QmiMessage *indication = with(UIM, QMI_UIM_SEND_APDU, 0x01, hex);

	qmi_pieces_add(pieces, indication);
	qmi_message_unref(indication);
}

ATF_TC_WITHOUT_HEAD(a_long_response_is_put_together_from_its_own_pieces);
ATF_TC_BODY(a_long_response_is_put_together_from_its_own_pieces, tc)
{
	QmiMessage *answer = with(UIM, QMI_UIM_SEND_APDU, 0x11, "050007000000");
	struct qmi_pieces pieces = { .bytes = ESIM_BUF_INIT };
	uint32_t token = 0;
	size_t total = 0;
	bool is_long = false;

	ATF_CHECK_EQ(0, qmi_answer_apdu(answer, NULL, &is_long, &token, &total, NULL));
	ATF_CHECK(is_long);
	ATF_CHECK_EQ(7, token);
	ATF_CHECK_EQ(5, total);

	piece(&pieces, "07000000" "0500" "0000" "0300" "AABBCC");
	ATF_CHECK(!pieces.complete);
	/* Another's, one that is there already, one that leaves a gap, one that is too long, one without its bytes. */
	piece(&pieces, "08000000" "0500" "0300" "0200" "1111");
	piece(&pieces, "07000000" "0500" "0100" "0200" "1111");
	piece(&pieces, "07000000" "0500" "0400" "0100" "11");
	piece(&pieces, "07000000" "0500" "0300" "0300" "111111");
	piece(&pieces, "07000000" "0500" "0300" "0200" "11");
	ATF_CHECK(!pieces.complete);
	ATF_CHECK_EQ(3, pieces.bytes.len);
	piece(&pieces, "07000000" "0500" "0300" "0200" "9000");
	ATF_CHECK(pieces.complete);
	ATF_CHECK_EQ(0, memcmp(pieces.bytes.data, "\xAA\xBB\xCC\x90\x00", 5));
	esim_buf_free(&pieces.bytes);
	qmi_message_unref(answer);
}

/* --- slots and card ----------------------------------------------------------------------------------------------- */

#define SLOT_ONE "02000000" "01000000" "01" "0A" "98943002000000000010"
#define SLOT_TWO "02000000" "00000000" "00" "00"

ATF_TC_WITHOUT_HEAD(slots_are_within_bounds);
ATF_TC_BODY(slots_are_within_bounds, tc)
{
	static const char *const bad[] = { "00", "02" SLOT_ONE, "09" SLOT_ONE, "010200", "FF" SLOT_ONE SLOT_TWO };
	QmiMessage *answer = with(UIM, QMI_UIM_GET_SLOT_STATUS, 0x10, "02" SLOT_ONE SLOT_TWO);
	struct qmi_slots slots;

	ATF_REQUIRE_EQ(0, qmi_answer_slots(answer, &slots, NULL));
	ATF_CHECK_EQ(2, slots.count);
	ATF_CHECK(slots.slots[0].active && slots.slots[0].logical == 1 && slots.slots[0].iccid_len == 10);
	ATF_CHECK(!slots.slots[1].active && slots.slots[1].card == QMI_CARD_PRESENT && slots.slots[1].iccid_len == 0);
	qmi_message_unref(answer);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		answer = with(UIM, QMI_UIM_GET_SLOT_STATUS, 0x10, bad[i]);
		ATF_CHECK_EQ_MSG(ESIM_EPROTO, qmi_answer_slots(answer, &slots, NULL), "%s", bad[i]);
		qmi_message_unref(answer);
	}
}

#define INDICES "0000FFFFFFFFFFFF"
#define USIM(state) "02" state "00000000" "02A000" "00" "000000000000"

ATF_TC_WITHOUT_HEAD(a_card_is_ready_when_the_modem_has_read_it);
ATF_TC_BODY(a_card_is_ready_when_the_modem_has_read_it, tc)
{
	static const struct {
		const char *cards;
		unsigned slot;
		int code;
	} cases[] = {
		{ INDICES "01" "0100000000" "01" USIM("07"), 1, 0 },
		{ INDICES "01" "0100000000" "01" USIM("01"), 1, ESIM_EBUSY },
		{ INDICES "01" "0100000000" "00", 1, 0 },
		{ INDICES "01" "0000000000" "00", 1, ESIM_ENOENT },
		{ INDICES "01" "0200000001" "00", 1, ESIM_EBUSY },
		{ INDICES "01" "0200000003" "00", 1, ESIM_ENOENT },
		{ INDICES "01" "0100000000" "00", 2, ESIM_ENOENT },
		{ INDICES "02" "0000000000" "00" "0100000000" "00", 2, 0 },
		{ INDICES "01" "0100000000" "02" USIM("07"), 1, ESIM_EPROTO },
		{ INDICES "01" "01000000", 1, ESIM_EPROTO },
		{ "0000", 1, ESIM_EPROTO },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		QmiMessage *answer = with(UIM, QMI_UIM_GET_CARD_STATUS, 0x10, cases[i].cards);

		ATF_CHECK_EQ_MSG(cases[i].code, qmi_answer_card_status(answer, cases[i].slot, NULL), "case %zu", i);
		qmi_message_unref(answer);
	}
}

ATF_TC_WITHOUT_HEAD(the_iccid_is_what_the_modem_reads);
ATF_TC_BODY(the_iccid_is_what_the_modem_reads, tc)
{
	QmiMessage *answer = with(UIM, QMI_UIM_READ_TRANSPARENT, 0x11, "0A0098943002000000000010");
	struct esim_iccid iccid;
	char digits[ESIM_ICCID_DIGITS + 1];

	ATF_REQUIRE_EQ(0, qmi_answer_iccid(answer, &iccid, NULL));
	ATF_REQUIRE_EQ(0, esim_iccid_format(&iccid, digits));
	ATF_CHECK_STREQ("89490320000000000001", digits);
	qmi_message_unref(answer);

	answer = with(UIM, QMI_UIM_READ_TRANSPARENT, 0x11, "0900989430020000000000");
	ATF_CHECK_EQ(ESIM_EPROTO, qmi_answer_iccid(answer, &iccid, NULL));
	qmi_message_unref(answer);
	answer = answer_of(UIM, QMI_UIM_READ_TRANSPARENT, QMI_PROTOCOL_ERROR_SIM_FILE_NOT_FOUND);
	ATF_CHECK_EQ(ESIM_ENOENT, qmi_answer_iccid(answer, &iccid, NULL));
	qmi_message_unref(answer);
	answer = answer_of(UIM, QMI_UIM_READ_TRANSPARENT, QMI_PROTOCOL_ERROR_UIM_UNINITIALIZED);
	ATF_CHECK_EQ(ESIM_EBUSY, qmi_answer_iccid(answer, &iccid, NULL));
	qmi_message_unref(answer);
}

/* --- facts -------------------------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(facts_are_what_the_modem_says_and_no_more);
ATF_TC_BODY(facts_are_what_the_modem_says_and_no_more, tc)
{
	QmiMessage *ids = with(DMS, QMI_DMS_GET_IDS, 0x11, "343930313534323033323337353138");
	QmiMessage *wrong = with(DMS, QMI_DMS_GET_IDS, 0x11, "343930313534323033323337353139");
	QmiMessage *text = with(DMS, QMI_DMS_GET_MODEL, 0x01, "4D1B31202000");
	QmiMessage *caps = with(DMS, QMI_DMS_GET_CAPABILITIES, 0x01, "00000000000000000000" "0304080A");
	struct esim_modem_facts facts = { 0 };

	ATF_CHECK_EQ(0, qmi_answer_ids(wrong, &facts, NULL));
	ATF_CHECK_STREQ("", facts.imei);
	ATF_CHECK_EQ(0, qmi_answer_ids(ids, &facts, NULL));
	ATF_CHECK_STREQ("490154203237518", facts.imei);
	ATF_CHECK_EQ(0, qmi_answer_text(text, "model", facts.model, sizeof(facts.model), NULL));
	ATF_CHECK_MSG(!strchr(facts.model, 0x1B), "%s", facts.model);
	ATF_CHECK_EQ(0, qmi_answer_capabilities(caps, &facts, NULL));
	ATF_CHECK(facts.gsm == 3 && facts.utran == 0 && facts.eutran == 8 && facts.nr == 15);
	qmi_message_unref(ids);
	qmi_message_unref(wrong);
	qmi_message_unref(text);
	qmi_message_unref(caps);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_error_is_named_with_its_number);
	ATF_TP_ADD_TC(tp, only_the_answer_to_the_request_fits);
	ATF_TP_ADD_TC(tp, a_channel_is_the_number_and_the_fci);
	ATF_TP_ADD_TC(tp, what_hinders_a_channel_is_told);
	ATF_TP_ADD_TC(tp, a_channel_that_is_none_is_gone);
	ATF_TP_ADD_TC(tp, an_apdu_names_slot_and_channel);
	ATF_TP_ADD_TC(tp, a_response_has_a_status_word);
	ATF_TP_ADD_TC(tp, a_long_response_is_put_together_from_its_own_pieces);
	ATF_TP_ADD_TC(tp, slots_are_within_bounds);
	ATF_TP_ADD_TC(tp, a_card_is_ready_when_the_modem_has_read_it);
	ATF_TP_ADD_TC(tp, the_iccid_is_what_the_modem_reads);
	ATF_TP_ADD_TC(tp, facts_are_what_the_modem_says_and_no_more);
	return atf_no_error();
}
