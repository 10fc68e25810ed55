/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statuses, Basic Connect and its extensions: what a modem says, read. */
#include "modem_mbim_messages.h"

#include <esim/hex.h>

#include <atf-c.h>
#include <stdio.h>

#define BASIC MBIM_SERVICE_BASIC_CONNECT
#define EXTENSIONS MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS

/* --- statuses ------------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(every_status_is_named_with_its_number);
ATF_TC_BODY(every_status_is_named_with_its_number, tc)
{
	static const struct {
		uint32_t status;
		int code;
		const char *name, *number;
	} cases[] = {
		{ 1, ESIM_EBUSY, "BUSY", "MBIM status 1" },
		{ 2, ESIM_EIO, "FAILURE", "MBIM status 2" },
		{ 3, ESIM_ENODEV, "SIM_NOT_INSERTED", "MBIM status 3" },
		{ 4, ESIM_ENODEV, "BAD_SIM", "MBIM status 4" },
		{ 9, ESIM_ENOTSUP, "NO_DEVICE_SUPPORT", "MBIM status 9" },
		{ 14, ESIM_EBUSY, "NOT_INITIALIZED", "MBIM status 14" },
		{ 28, ESIM_ENOTSUP, "OPERATION_NOT_ALLOWED", "MBIM status 28" },
		{ 30, ESIM_EIO, "InvalidMemoryIndex", "MBIM status 30" },
		{ 4711, ESIM_EIO, "", "MBIM status 0x00001267" },
		{ 0x87430003, ESIM_ESTALE, "MS_INVALID_LOGICAL_CHANNEL", "MBIM status 0x87430003" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		MbimMessage *answer = done(BASIC, 1, cases[i].status, NULL);
		struct esim_error err;

		ATF_CHECK_EQ(cases[i].code, mbim_answer_status(answer, "the request", &err));
		ATF_CHECK_MSG(strstr(err.message, cases[i].name), "%s", err.message);
		ATF_CHECK_MSG(strstr(err.message, cases[i].number), "%s", err.message);
		ATF_CHECK_MSG(strstr(err.message, "the request: "), "%s", err.message);
		mbim_message_unref(answer);
	}
}

ATF_TC_WITHOUT_HEAD(only_the_answer_to_the_request_fits);
ATF_TC_BODY(only_the_answer_to_the_request_fits, tc)
{
	MbimMessage *answer = done(BASIC, 2, 0, NULL);

	ATF_CHECK_EQ(0, mbim_answer_fits(answer, "x", BASIC, 2, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, mbim_answer_fits(answer, "x", BASIC, 3, NULL));
	ATF_CHECK_EQ(ESIM_EPROTO, mbim_answer_fits(answer, "x", EXTENSIONS, 2, NULL));
	mbim_message_unref(answer);
}

ATF_TC_WITHOUT_HEAD(a_protocol_error_is_named);
ATF_TC_BODY(a_protocol_error_is_named, tc)
{
	static const struct {
		uint32_t number;
		int code;
		const char *name;
	} cases[] = {
		{ 5, ESIM_ENODEV, "NOT_OPENED" }, { 7, ESIM_EIO, "CANCEL" }, { 3, ESIM_EPROTO, "LENGTH_MISMATCH" },
		{ 99, ESIM_EIO, "MBIM protocol error 99" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct info bytes = { .len = 0 };
		struct esim_error err;
		MbimMessage *answer;

		put32(&bytes, FUNCTION_ERROR);
		put32(&bytes, 16);
		put32(&bytes, 7);
		put32(&bytes, cases[i].number);
		answer = mbim_message_new(bytes.bytes, (guint32)bytes.len);
		ATF_CHECK_EQ(cases[i].code, mbim_answer_fits(answer, "x", BASIC, 2, &err));
		ATF_CHECK_MSG(strstr(err.message, cases[i].name), "%s", err.message);
		mbim_message_unref(answer);
	}
}

/* Lengths that go beyond the end, a part of a message alone, and a host's message. */
ATF_TC_WITHOUT_HEAD(what_is_no_answer_is_a_protocol_error);
ATF_TC_BODY(what_is_no_answer_is_a_protocol_error, tc)
{
	static const struct {
		size_t at;
		uint32_t value;
	} bad[] = { { 0, 3 }, { 0, 0x80000007 }, { 4, 49 }, { 4, 20 }, { 12, 2 }, { 12, 0 }, { 44, 1 }, { 44, 0xFFFFFFFF } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		MbimMessage *good = done(BASIC, 2, 0, NULL), *answer;
		struct info bytes = { .len = 0 };
		guint32 len;
		const guint8 *raw = mbim_message_get_raw(good, &len, NULL);

		memcpy(bytes.bytes, raw, len);
		bytes.len = bad[i].at;
		put32(&bytes, bad[i].value);
		answer = mbim_message_new(bytes.bytes, len);
		ATF_CHECK_EQ_MSG(ESIM_EPROTO, mbim_answer_fits(answer, "x", BASIC, 2, NULL), "%zu", i);
		mbim_message_unref(answer);
		mbim_message_unref(good);
	}
}

/* --- Basic Connect ------------------------------------------------------------------------------------- */

static void put_text(struct info *fixed, struct info *data, uint32_t fixed_size, const char *text)
{
	uint8_t wide[128];
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		wide[2 * i] = (uint8_t)text[i];
		wide[2 * i + 1] = 0;
	}
	put32(fixed, len ? fixed_size + (uint32_t)data->len : 0);
	put32(fixed, (uint32_t)(2 * len));
	put(data, wide, 2 * len);
}

static struct info caps(uint32_t classes, const char *custom, const char *id)
{
	struct info fixed = { .len = 0 }, data = { .len = 0 };

	put32(&fixed, 1);
	put32(&fixed, 1);
	put32(&fixed, 1);
	put32(&fixed, 2);
	put32(&fixed, classes);
	put32(&fixed, 3);
	put32(&fixed, 1);
	put32(&fixed, 8);
	put_text(&fixed, &data, 64, custom);
	put_text(&fixed, &data, 64, id);
	put_text(&fixed, &data, 64, "FW1.2");
	put_text(&fixed, &data, 64, "Model 9");
	put(&fixed, data.bytes, data.len);
	return fixed;
}

static int read_caps(uint32_t classes, const char *custom, const char *id, struct esim_modem_facts *facts)
{
	struct info info = caps(classes, custom, id);
	MbimMessage *answer = done(BASIC, MBIM_CID_BASIC_CONNECT_DEVICE_CAPS, 0, &info);
	int r;

	memset(facts, 0, sizeof(*facts));
	r = mbim_answer_device_caps(answer, facts, NULL);
	mbim_message_unref(answer);
	return r;
}

ATF_TC_WITHOUT_HEAD(facts_are_what_the_modem_says_and_no_more);
ATF_TC_BODY(facts_are_what_the_modem_says_and_no_more, tc)
{
	struct esim_modem_facts facts;

	ATF_REQUIRE_EQ(0, read_caps(0x3F, "", "490154203237518", &facts));
	ATF_CHECK_STREQ("490154203237518", facts.imei);
	ATF_CHECK_STREQ("FW1.2", facts.firmware);
	ATF_CHECK_STREQ("Model 9", facts.model);
	ATF_CHECK_STREQ("", facts.manufacturer);
	ATF_CHECK_EQ(3, facts.gsm);
	ATF_CHECK_EQ(6, facts.utran);
	ATF_CHECK_EQ(8, facts.eutran);
	ATF_CHECK_EQ(0, facts.nr);
	ATF_CHECK_EQ(ESIM_MODEM_FORM_UNKNOWN, facts.form);

	/* A wrong check digit, an ESN, nothing: no IMEI. */
	ATF_REQUIRE_EQ(0, read_caps(0x20, "", "490154203237519", &facts));
	ATF_CHECK_STREQ("", facts.imei);
	ATF_CHECK_EQ(0, facts.gsm);
	ATF_CHECK_EQ(0, facts.utran);
	ATF_REQUIRE_EQ(0, read_caps(0x20, "", "80A1B2C3", &facts));
	ATF_CHECK_STREQ("", facts.imei);
	ATF_REQUIRE_EQ(0, read_caps(0, "", "", &facts));
	ATF_CHECK_STREQ("", facts.imei);
	ATF_CHECK_EQ(0, facts.eutran);

	/* 5G has a class of its own only since MBIMEx 2; before, a text. */
	ATF_REQUIRE_EQ(0, read_caps(0x80000020, "5G/TDS", "490154203237518", &facts));
	ATF_CHECK_EQ(15, facts.nr);
	ATF_REQUIRE_EQ(0, read_caps(0x60, "", "490154203237518", &facts));
	ATF_CHECK_EQ(15, facts.nr);
}

static MbimMessage *ready_status(uint32_t state, const char *text, bool v3, uint32_t flags)
{
	struct info fixed = { .len = 0 }, data = { .len = 0 };
	uint32_t size = v3 ? 32 : 28;

	put32(&fixed, state);
	if (v3)
		put32(&fixed, flags);
	put_text(&fixed, &data, size, "001010123456789");
	put_text(&fixed, &data, size, text);
	put32(&fixed, 0);
	put32(&fixed, 0);
	put(&fixed, data.bytes, data.len);
	return done(BASIC, MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS, 0, &fixed);
}

static int read_ready(uint32_t state, const char *text, struct esim_iccid *iccid, bool v3)
{
	MbimMessage *answer = ready_status(state, text, v3, 0);
	int r = mbim_answer_ready_status(answer, v3, iccid, NULL);

	mbim_message_unref(answer);
	return r;
}

ATF_TC_WITHOUT_HEAD(the_iccid_is_what_the_modem_takes_its_card_for);
ATF_TC_BODY(the_iccid_is_what_the_modem_takes_its_card_for, tc)
{
	char digits[ESIM_ICCID_DIGITS + 1];
	struct esim_iccid iccid;

	/* Padded as in EF.ICCID, or not; locked by a PIN, it has one as well. */
	ATF_REQUIRE_EQ(0, read_ready(1, "8988211000000000001F", &iccid, false));
	ATF_REQUIRE_EQ(0, esim_iccid_format(&iccid, digits));
	ATF_CHECK_STREQ("8988211000000000001", digits);
	ATF_REQUIRE_EQ(0, read_ready(6, "89882110000000000019", &iccid, false));
	ATF_REQUIRE_EQ(0, read_ready(5, "898821100000000000", &iccid, false));
	/* In MBIMEx 3.0, which another client of the proxy agreed on, there is a field more. */
	ATF_REQUIRE_EQ(0, read_ready(1, "8988211000000000001", &iccid, true));

	ATF_CHECK_EQ(ESIM_EBUSY, read_ready(0, "", &iccid, false));
	ATF_CHECK_EQ(ESIM_ENOENT, read_ready(2, "", &iccid, false));
	ATF_CHECK_EQ(ESIM_ENOENT, read_ready(3, "", &iccid, false));
	ATF_CHECK_EQ(ESIM_ENOENT, read_ready(7, "8988211000000000001", &iccid, false));
	ATF_CHECK_EQ(ESIM_ENOENT, read_ready(1, "", &iccid, false));
	ATF_CHECK_EQ(ESIM_ENOENT, read_ready(1, "FFFFFFFFFFFFFFFFFFFF", &iccid, false));
	ATF_CHECK_EQ(ESIM_EPROTO, read_ready(1, "no digits", &iccid, false));
	ATF_CHECK_EQ(ESIM_EPROTO, read_ready(1, "898821100000000000012345", &iccid, false));
	ATF_CHECK_EQ(ESIM_EPROTO, read_ready(77, "8988211000000000001", &iccid, false));
}

static enum esim_modem_form form_of(uint32_t flags)
{
	MbimMessage *answer = ready_status(1, "8988211000000000001", true, flags);
	enum esim_modem_form form = ESIM_MODEM_FORM_UNKNOWN;
	int r = mbim_answer_form(answer, &form, NULL);

	mbim_message_unref(answer);
	ATF_REQUIRE_EQ(0, r);
	return form;
}

ATF_TC_WITHOUT_HEAD(a_form_is_what_the_modem_knows);
ATF_TC_BODY(a_form_is_what_the_modem_knows, tc)
{
	enum esim_modem_form form = ESIM_MODEM_FORM_UNKNOWN;
	struct info cut = { .len = 0 };
	MbimMessage *answer;

	ATF_CHECK_EQ(ESIM_MODEM_FORM_UNKNOWN, form_of(0));
	ATF_CHECK_EQ(ESIM_MODEM_FORM_UNKNOWN, form_of(1 | 4));
	ATF_CHECK_EQ(ESIM_MODEM_FORM_EMBEDDED, form_of(2 | 8));
	ATF_CHECK_EQ(ESIM_MODEM_FORM_REMOVABLE, form_of(2 | 4));
	/* The flags alone are no ready status. */
	put32(&cut, 1);
	put32(&cut, 2);
	answer = done(BASIC, MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS, 0, &cut);
	ATF_CHECK_EQ(ESIM_EPROTO, mbim_answer_form(answer, &form, NULL));
	ATF_CHECK_EQ(ESIM_MODEM_FORM_UNKNOWN, form);
	mbim_message_unref(answer);
}

ATF_TC_WITHOUT_HEAD(services_are_those_that_the_modem_lists);
ATF_TC_BODY(services_are_those_that_the_modem_lists, tc)
{
	struct info info = { .len = 0 };
	unsigned has = 0;
	MbimMessage *answer;

	put32(&info, 1);
	put32(&info, 0);
	put32(&info, 16);
	put32(&info, 28 + 12);
	put(&info, mbim_uuid_from_service(MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS), 16);
	put32(&info, 0);
	put32(&info, 0);
	put32(&info, 3);
	put32(&info, 2);
	put32(&info, 4);
	put32(&info, 6);
	answer = done(BASIC, MBIM_CID_BASIC_CONNECT_DEVICE_SERVICES, 0, &info);
	ATF_REQUIRE_EQ(0, mbim_answer_services(answer, &has, NULL));
	ATF_CHECK_EQ(MBIM_HAS_UICC | MBIM_HAS_RESET, has);
	mbim_message_unref(answer);

	/* A list that is not there. */
	info.bytes[0] = 200;
	answer = done(BASIC, MBIM_CID_BASIC_CONNECT_DEVICE_SERVICES, 0, &info);
	ATF_CHECK_EQ(ESIM_EPROTO, mbim_answer_services(answer, &has, NULL));
	mbim_message_unref(answer);
}

/* --- slots ----------------------------------------------------------------------------------------------- */

static int read_map(uint32_t count, uint32_t first, struct mbim_slots *slots)
{
	struct info info = { .len = 0 };
	MbimMessage *answer;
	int r;

	put32(&info, count);
	for (uint32_t i = 0; i < count && i < 20; i++) {
		put32(&info, 4 + 8 * count + 4 * i);
		put32(&info, 4);
	}
	for (uint32_t i = 0; i < count && i < 20; i++)
		put32(&info, first + i);
	answer = done(EXTENSIONS, MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_DEVICE_SLOT_MAPPINGS, 0, &info);
	r = mbim_answer_slot_map(answer, slots, NULL);
	mbim_message_unref(answer);
	return r;
}

ATF_TC_WITHOUT_HEAD(slots_are_within_bounds);
ATF_TC_BODY(slots_are_within_bounds, tc)
{
	struct mbim_slots slots = { .count = 2 };
	struct info info = { .len = 0 };
	MbimMessage *answer;

	ATF_REQUIRE_EQ(0, read_map(2, 1, &slots));
	ATF_CHECK_EQ(2, slots.executors);
	ATF_CHECK_EQ(1, slots.map[0]);
	ATF_CHECK_EQ(2, slots.map[1]);
	ATF_CHECK_EQ(ESIM_EPROTO, read_map(0, 0, &slots));
	ATF_CHECK_EQ(ESIM_EPROTO, read_map(ESIM_MODEM_MAX_SLOTS + 1, 0, &slots));
	ATF_CHECK_EQ(ESIM_EPROTO, read_map(1, ESIM_MODEM_MAX_SLOTS, &slots));
	ATF_CHECK_EQ(ESIM_EPROTO, read_map(0x20000000, 0, &slots));

	for (uint32_t i = 0; i < 5; i++)
		put32(&info, i < 2 ? 200 : 1);
	answer = done(EXTENSIONS, MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SYS_CAPS, 0, &info);
	ATF_CHECK_EQ(ESIM_EPROTO, mbim_answer_sys_caps(answer, &slots, NULL));
	mbim_message_unref(answer);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_status_is_named_with_its_number);
	ATF_TP_ADD_TC(tp, only_the_answer_to_the_request_fits);
	ATF_TP_ADD_TC(tp, a_protocol_error_is_named);
	ATF_TP_ADD_TC(tp, what_is_no_answer_is_a_protocol_error);
	ATF_TP_ADD_TC(tp, facts_are_what_the_modem_says_and_no_more);
	ATF_TP_ADD_TC(tp, the_iccid_is_what_the_modem_takes_its_card_for);
	ATF_TP_ADD_TC(tp, a_form_is_what_the_modem_knows);
	ATF_TP_ADD_TC(tp, services_are_those_that_the_modem_lists);
	ATF_TP_ADD_TC(tp, slots_are_within_bounds);
	return atf_no_error();
}
