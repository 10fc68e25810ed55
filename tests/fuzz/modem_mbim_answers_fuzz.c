/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every reader of an MBIM modem's answers, over any bytes: what is read is within its bounds, and what fails says so by an
 * error.
 *
 * Input: a byte that chooses the reader. With its highest bit, all that follows is the message as it came from the wire; without,
 * a status and an information buffer follow, in a message that is in order otherwise.
 */
#include "modem/mbim/answers.h"
#include "modem/mbim/capability.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAW 0x80
#define HEADER_SIZE 48
#define MAX_SIZE 4096

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static int read_open_channel(const MbimMessage *answer, struct esim_error *err)
{
	struct esim_buf fci = ESIM_BUF_INIT;
	uint32_t channel = 0;
	int r = mbim_answer_open_channel(answer, &channel, &fci, err);

	demand(r || (channel >= 1 && channel <= ESIM_MAX_CHANNEL));
	demand(channel <= ESIM_MAX_CHANNEL && fci.len <= 256);
	esim_buf_free(&fci);
	return r;
}

static int read_apdu(const MbimMessage *answer, struct esim_error *err)
{
	struct esim_buf response = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	int r = mbim_answer_apdu(answer, &response, err);

	demand(r || response.len >= 2);
	esim_buf_free(&response);
	return r;
}

static int read_atr(const MbimMessage *answer, struct esim_error *err)
{
	uint8_t atr[ESIM_MAX_ATR];
	size_t len = 0;
	int r = mbim_answer_atr(answer, atr, &len, err);

	demand(len <= sizeof(atr));
	return r;
}

/* What is to be set makes a message that is read in the same way. */
static int read_capability(const MbimMessage *answer, struct esim_error *err)
{
	struct esim_slice objects[MBIM_MAX_CAPABILITIES];
	size_t count = 0;
	int r = mbim_answer_terminal_capability(answer, objects, &count, err);

	if (!r && mbim_capability_missing(objects, &count)) {
		demand(count >= 1 && count <= MBIM_MAX_CAPABILITIES);
		mbim_message_unref(mbim_terminal_capability_request(objects, count));
		demand(!mbim_capability_missing(objects, &count));
	}
	return r;
}

static int read_services(const MbimMessage *answer, struct esim_error *err)
{
	unsigned has;

	return mbim_answer_services(answer, &has, err);
}

static int read_caps(const MbimMessage *answer, struct esim_error *err)
{
	struct esim_modem_facts facts = { 0 };
	int r = mbim_answer_device_caps(answer, &facts, err);

	demand(memchr(facts.imei, 0, sizeof(facts.imei)) && memchr(facts.model, 0, sizeof(facts.model)) &&
	       memchr(facts.firmware, 0, sizeof(facts.firmware)));
	return r;
}

static int read_ready(const MbimMessage *answer, struct esim_error *err)
{
	struct esim_iccid iccid;

	return mbim_answer_ready_status(answer, false, &iccid, err);
}

static int read_ready_v3(const MbimMessage *answer, struct esim_error *err)
{
	enum esim_modem_form form = ESIM_MODEM_FORM_UNKNOWN;
	struct esim_iccid iccid;
	int r = mbim_answer_ready_status(answer, true, &iccid, err);

	demand(mbim_answer_form(answer, &form, NULL) == 0 || form == ESIM_MODEM_FORM_UNKNOWN);
	return r;
}

static int read_radio(const MbimMessage *answer, struct esim_error *err)
{
	bool hardware, software;

	return mbim_answer_radio(answer, &hardware, &software, err);
}

static int read_sys_caps(const MbimMessage *answer, struct esim_error *err)
{
	struct mbim_slots slots = { 0 };
	int r = mbim_answer_sys_caps(answer, &slots, err);

	demand(slots.count <= ESIM_MODEM_MAX_SLOTS);
	return r;
}

static int read_slot_map(const MbimMessage *answer, struct esim_error *err)
{
	struct mbim_slots slots = { .count = 2 };
	int r = mbim_answer_slot_map(answer, &slots, err);

	demand(slots.executors <= ESIM_MODEM_MAX_SLOTS);
	if (!r)
		mbim_message_unref(mbim_slot_map_request(&slots));
	return r;
}

static int read_slot_state(const MbimMessage *answer, struct esim_error *err)
{
	MbimUiccSlotState state;

	return mbim_answer_slot_state(answer, &state, err);
}

static const struct reader {
	MbimService service;
	uint32_t cid;
	int (*read)(const MbimMessage *answer, struct esim_error *err);
} readers[] = {
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 2, read_open_channel },
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 3, mbim_answer_close_channel },
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 4, read_apdu },
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 1, read_atr },
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 5, read_capability },
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 6, mbim_answer_uicc_reset },
	{ MBIM_SERVICE_BASIC_CONNECT, 16, read_services },
	{ MBIM_SERVICE_BASIC_CONNECT, 1, read_caps },
	{ MBIM_SERVICE_BASIC_CONNECT, 2, read_ready },
	{ MBIM_SERVICE_BASIC_CONNECT, 2, read_ready_v3 },
	{ MBIM_SERVICE_BASIC_CONNECT, 3, read_radio },
	{ MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 5, read_sys_caps },
	{ MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 7, read_slot_map },
	{ MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 8, read_slot_state },
	{ MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 10, mbim_answer_device_reset },
};

static void put32(uint8_t *at, uint32_t value)
{
	value = GUINT32_TO_LE(value);
	memcpy(at, &value, sizeof(value));
}

static MbimMessage *wrap(const struct reader *reader, const uint8_t *data, size_t size)
{
	uint8_t message[HEADER_SIZE + MAX_SIZE] = { 0x03, 0, 0, 0x80 };
	size_t len = size < 4 ? 0 : size - 4;

	put32(message + 4, (uint32_t)(HEADER_SIZE + len));
	put32(message + 12, 1);
	memcpy(message + 20, mbim_uuid_from_service(reader->service), sizeof(MbimUuid));
	put32(message + 36, reader->cid);
	memcpy(message + 40, data, size < 4 ? size : 4);
	put32(message + 44, (uint32_t)len);
	if (len)
		memcpy(message + HEADER_SIZE, data + 4, len);
	return mbim_message_new(message, (guint32)(HEADER_SIZE + len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct reader *reader;
	struct esim_error err;
	MbimMessage *answer;
	int r;

	if (size < 1 || size > MAX_SIZE)
		return 0;
	reader = &readers[(data[0] & ~RAW) % G_N_ELEMENTS(readers)];
	answer = data[0] & RAW ? mbim_message_new(data + 1, (guint32)(size - 1)) : wrap(reader, data + 1, size - 1);
	esim_error_clear(&err);
	r = mbim_answer_fits(answer, "answer", reader->service, reader->cid, &err);
	if (!r)
		r = reader->read(answer, &err);
	demand(r <= 0 && err.code == r);
	mbim_message_unref(answer);
	return 0;
}
