/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every reader of a QMI modem's answers, over any bytes: what is read is within its bounds, and what fails says so by an
 * error.
 *
 * Input: a byte that chooses the reader. With its highest bit, all that follows is the message as it came from the wire;
 * without, TLVs follow, in a response that is in order otherwise.
 */
#include "modem/qmi/answers.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAW 0x80
#define HEADER_SIZE 13
#define MAX_SIZE 4096

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static int read_open_channel(QmiMessage *answer, struct esim_error *err)
{
	struct esim_buf fci = ESIM_BUF_INIT;
	unsigned channel = 0;
	int r = qmi_answer_open_channel(answer, &channel, &fci, err);

	demand(r || (channel >= 1 && channel <= ESIM_MAX_CHANNEL));
	demand(channel <= ESIM_MAX_CHANNEL && fci.len <= UINT8_MAX);
	esim_buf_free(&fci);
	return r;
}

static int read_apdu(QmiMessage *answer, struct esim_error *err)
{
	struct esim_buf response = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	bool is_long;
	uint32_t token;
	size_t total;
	int r = qmi_answer_apdu(answer, &response, &is_long, &token, &total, err);

	demand(r || (is_long ? total >= 2 && response.len == 0 : response.len >= 2));
	esim_buf_free(&response);
	return r;
}

/* After a piece that is in order, so that both the beginning and what follows are reached. */
static int read_piece(QmiMessage *indication, struct esim_error *err)
{
	struct qmi_pieces pieces = { .token = 7, .total = 5, .bytes = ESIM_BUF_INIT };

	(void)err;
	esim_buf_append(&pieces.bytes, "abc", 3);
	qmi_pieces_add(&pieces, indication);
	demand(pieces.bytes.len <= pieces.total);
	demand(!pieces.complete || pieces.bytes.len == pieces.total);
	esim_buf_free(&pieces.bytes);
	return 0;
}

static int read_atr(QmiMessage *answer, struct esim_error *err)
{
	uint8_t atr[ESIM_MAX_ATR];
	size_t len = 0;
	int r = qmi_answer_atr(answer, atr, &len, err);

	demand(len <= sizeof(atr));
	return r;
}

static int read_slots(QmiMessage *answer, struct esim_error *err)
{
	struct qmi_slots slots = { 0 };
	int r = qmi_answer_slots(answer, &slots, err);

	demand(slots.count <= ESIM_MODEM_MAX_SLOTS);
	for (unsigned i = 0; i < slots.count; i++)
		demand(slots.slots[i].iccid_len <= sizeof(slots.slots[i].iccid));
	return r;
}

static int read_card_status(QmiMessage *answer, struct esim_error *err)
{
	return qmi_answer_card_status(answer, 1, err);
}

static int read_iccid(QmiMessage *answer, struct esim_error *err)
{
	struct esim_iccid iccid;

	return qmi_answer_iccid(answer, &iccid, err);
}

static int read_ids(QmiMessage *answer, struct esim_error *err)
{
	struct esim_modem_facts facts = { 0 };
	int r = qmi_answer_ids(answer, &facts, err);

	demand(strlen(facts.imei) == 0 || strlen(facts.imei) == 15);
	return r;
}

static int read_model(QmiMessage *answer, struct esim_error *err)
{
	char model[64] = "";
	int r = qmi_answer_text(answer, "model", model, sizeof(model), err);

	demand(memchr(model, 0, sizeof(model)) != NULL);
	return r;
}

static int read_capabilities(QmiMessage *answer, struct esim_error *err)
{
	struct esim_modem_facts facts = { 0 };

	return qmi_answer_capabilities(answer, &facts, err);
}

static int read_mode(QmiMessage *answer, struct esim_error *err)
{
	QmiDmsOperatingMode mode;

	return qmi_answer_mode(answer, &mode, err);
}

static const struct reader {
	QmiService service;
	uint16_t id;
	int (*read)(QmiMessage *answer, struct esim_error *err);
} readers[] = {
	{ QMI_SERVICE_UIM, QMI_UIM_OPEN_LOGICAL_CHANNEL, read_open_channel },
	{ QMI_SERVICE_UIM, QMI_UIM_LOGICAL_CHANNEL, qmi_answer_close_channel },
	{ QMI_SERVICE_UIM, QMI_UIM_SEND_APDU, read_apdu },
	{ QMI_SERVICE_UIM, QMI_UIM_SEND_APDU, read_piece },
	{ QMI_SERVICE_UIM, QMI_UIM_GET_ATR, read_atr },
	{ QMI_SERVICE_UIM, QMI_UIM_GET_SLOT_STATUS, read_slots },
	{ QMI_SERVICE_UIM, QMI_UIM_GET_CARD_STATUS, read_card_status },
	{ QMI_SERVICE_UIM, QMI_UIM_READ_TRANSPARENT, read_iccid },
	{ QMI_SERVICE_DMS, QMI_DMS_GET_IDS, read_ids },
	{ QMI_SERVICE_DMS, QMI_DMS_GET_MODEL, read_model },
	{ QMI_SERVICE_DMS, QMI_DMS_GET_CAPABILITIES, read_capabilities },
	{ QMI_SERVICE_DMS, QMI_DMS_GET_MODE, read_mode },
};

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

/* A QMUX header, and that of a response. */
static GByteArray *wrap(const struct reader *reader, const uint8_t *data, size_t size)
{
	uint8_t header[HEADER_SIZE] = { 0x01, 0, 0, 0x80, (uint8_t)reader->service, 1, 0x02, 7, 0 };
	GByteArray *bytes = g_byte_array_new();

	put16(header + 1, HEADER_SIZE - 1 + size);
	put16(header + 9, reader->id);
	put16(header + 11, size);
	g_byte_array_append(bytes, header, sizeof(header));
	g_byte_array_append(bytes, data, (guint)size);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct reader *reader;
	GByteArray *bytes;
	QmiMessage *answer;
	struct esim_error err;
	int r;

	if (size < 1 || size > MAX_SIZE)
		return 0;
	reader = &readers[(data[0] & ~RAW) % G_N_ELEMENTS(readers)];
	bytes = data[0] & RAW ? g_byte_array_append(g_byte_array_new(), data + 1, (guint)(size - 1)) :
				wrap(reader, data + 1, size - 1);
	answer = qmi_message_new_from_raw(bytes, NULL);
	g_byte_array_unref(bytes);
	if (!answer)
		return 0;
	esim_error_clear(&err);
	r = qmi_answer_fits(answer, "answer", reader->service, reader->id, &err);
	if (!r)
		r = reader->read(answer, &err);
	demand(r <= 0 && err.code == r);
	qmi_message_unref(answer);
	return 0;
}
