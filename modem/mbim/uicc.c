/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of MS UICC Low Level Access. Its byte arrays are size, then offset, elsewhere in MBIM it is the other
 * way round; a status word is SW1 and SW2 in the first two bytes of a field.
 */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FCI 256			/* SIZE(0..256) of the specification */
#define CLASS_PROPRIETARY 0x80
#define WORD 4u

static uint16_t sw_of(uint32_t field)
{
	return (uint16_t)((field & 0xFF) << 8 | (field >> 8 & 0xFF));
}

static bool sw_is_good(uint16_t sw)
{
	return sw == 0x9000 || sw >> 8 == 0x91 || sw >> 8 == 0x61;
}

/* --- channels ---------------------------------------------------------------------------------------- */

MbimMessage *mbim_open_channel_request(struct esim_slice aid, uint8_t p2, uint32_t group)
{
	return mbim_message_ms_uicc_low_level_access_open_channel_set_new((guint32)aid.len, aid.data, p2, group, NULL);
}

MbimMessage *mbim_close_channel_request(uint32_t channel, uint32_t group)
{
	return mbim_message_ms_uicc_low_level_access_close_channel_set_new(channel, group, NULL);
}

/* It was not opened. @sw: what the card said to MANAGE CHANNEL or SELECT; 0: not told. */
static int not_opened(uint32_t status, uint16_t sw, struct esim_error *err)
{
	int r;

	if (status == MBIM_STATUS_ERROR_OPERATION_NOT_ALLOWED) {
		esim_error_set(err, ESIM_ENOTSUP, "the modem's firmware forbids the ISD-R: it answers "
			       "OPERATION_NOT_ALLOWED (MBIM status %u)", status);
		esim_error_advise(err, "Another firmware or another way to this modem (qmi:, at:) may allow it; "
				       "else this eUICC is the modem's own to manage.");
		if (err)
			err->domain = ESIM_DOMAIN_CARD;
		return ESIM_ENOTSUP;
	}
	if (status == MBIM_STATUS_SELECT_FAILED && sw)
		return esim_error_sw(err, "SELECT ISD-R", sw);
	r = mbim_status_failed(err, "open channel", status);
	if (err)
		err->sw = sw;
	return r;
}

int mbim_answer_open_channel(const MbimMessage *answer, uint32_t *ret_channel, struct esim_buf *fci,
			     struct esim_error *err)
{
	uint32_t status = (uint32_t)mbim_message_command_done_get_status_code(answer);
	guint32 sw_field = 0, channel = 0, len = 0;
	const guint8 *response = NULL;
	GError *error = NULL;
	gboolean read = mbim_message_ms_uicc_low_level_access_open_channel_response_parse(
		answer, &sw_field, &channel, &len, &response, &error);

	if (status) {
		g_clear_error(&error);
		return not_opened(status, read ? sw_of(sw_field) : 0, err);
	}
	if (!read)
		return mbim_malformed(err, "open channel", &error);
	if (!sw_is_good(sw_of(sw_field)))
		return esim_error_sw(err, "SELECT ISD-R", sw_of(sw_field));
	if (channel == 0 || channel > ESIM_MAX_CHANNEL)
		return esim_error_set(err, ESIM_EPROTO, "open channel: the modem answers channel %u", channel);
	*ret_channel = channel;
	if (len > MAX_FCI)
		return esim_error_set(err, ESIM_EPROTO, "open channel: the modem answers %u bytes of FCI", len);
	if (fci && len > 0)
		esim_buf_append(fci, response, len);
	if (fci && esim_buf_failed(fci))
		return esim_error_set(err, esim_buf_failed(fci), "no room for the FCI");
	return 0;
}

int mbim_answer_close_channel(const MbimMessage *answer, struct esim_error *err)
{
	GError *error = NULL;
	guint32 sw_field = 0;
	int r = mbim_answer_status(answer, "close channel", err);

	if (r)
		return r;
	if (!mbim_message_ms_uicc_low_level_access_close_channel_response_parse(answer, &sw_field, &error))
		return mbim_malformed(err, "close channel", &error);
	return sw_is_good(sw_of(sw_field)) ? 0 : esim_error_sw(err, "MANAGE CHANNEL", sw_of(sw_field));
}

/* --- APDUs ----------------------------------------------------------------------------------------------- */

/* The modem makes the class byte anew; of ours it is told by @type alone which definition it keeps to. */
MbimMessage *mbim_apdu_request(uint32_t channel, struct esim_slice command)
{
	MbimUiccClassByteType type = command.len > 0 && command.data[0] & CLASS_PROPRIETARY ?
		MBIM_UICC_CLASS_BYTE_TYPE_EXTENDED : MBIM_UICC_CLASS_BYTE_TYPE_INTER_INDUSTRY;

	return mbim_message_ms_uicc_low_level_access_apdu_set_new(channel, MBIM_UICC_SECURE_MESSAGING_NONE, type,
								  (guint32)command.len, command.data, NULL);
}

int mbim_answer_apdu(const MbimMessage *answer, struct esim_buf *response, struct esim_error *err)
{
	guint32 sw_field = 0, len = 0;
	const guint8 *data = NULL;
	GError *error = NULL;
	uint16_t sw;
	int r = mbim_answer_status(answer, "APDU", err);

	if (r)
		return r;
	if (!mbim_message_ms_uicc_low_level_access_apdu_response_parse(answer, &sw_field, &len, &data, &error))
		return mbim_malformed(err, "APDU", &error);
	sw = sw_of(sw_field);
	if (sw == 0)
		return esim_error_set(err, ESIM_EPROTO, "APDU: the modem answers no status word");
	if (len > 0)
		esim_buf_append(response, data, len);
	esim_buf_append_byte(response, (uint8_t)(sw >> 8));
	esim_buf_append_byte(response, (uint8_t)sw);
	r = esim_buf_failed(response);
	return r ? esim_error_set(err, r, "APDU: the modem answers %u bytes, which is more than a card may", len) : 0;
}

/* --- the card ---------------------------------------------------------------------------------------------- */

int mbim_answer_atr(const MbimMessage *answer, uint8_t ret[static ESIM_MAX_ATR], size_t *ret_len,
		    struct esim_error *err)
{
	const guint8 *atr = NULL;
	GError *error = NULL;
	guint32 len = 0;
	int r = mbim_answer_status(answer, "ATR", err);

	if (r)
		return r;
	if (!mbim_message_ms_uicc_low_level_access_atr_response_parse(answer, &len, &atr, &error))
		return mbim_malformed(err, "ATR", &error);
	if (len > ESIM_MAX_ATR)
		return esim_error_set(err, ESIM_EPROTO, "ATR: the modem answers %u bytes", len);
	if (len > 0)
		memcpy(ret, atr, len);
	*ret_len = len;
	return 0;
}

int mbim_answer_uicc_reset(const MbimMessage *answer, struct esim_error *err)
{
	return mbim_answer_status(answer, "UICC reset", err);
}

/* --- TERMINAL CAPABILITY: by hand, since libmbim rounds the objects' sizes up to words ------------------------ */

static void append_word(GByteArray *bytes, uint32_t word)
{
	word = GUINT32_TO_LE(word);
	g_byte_array_append(bytes, (const guint8 *)&word, sizeof(word));
}

MbimMessage *mbim_terminal_capability_request(const struct esim_slice *objects, size_t count)
{
	MbimMessage *request = mbim_message_command_new(0, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS,
							MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_TERMINAL_CAPABILITY,
							MBIM_MESSAGE_COMMAND_TYPE_SET);
	static const guint8 padding[WORD];
	GByteArray *bytes = g_byte_array_new();
	uint32_t offset = WORD + 2 * WORD * (uint32_t)count;

	append_word(bytes, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		append_word(bytes, offset);
		append_word(bytes, (uint32_t)objects[i].len);
		offset += ((uint32_t)objects[i].len + WORD - 1) / WORD * WORD;
	}
	for (size_t i = 0; i < count; i++) {
		g_byte_array_append(bytes, objects[i].data, (guint)objects[i].len);
		g_byte_array_append(bytes, padding, (guint)(-objects[i].len % WORD));
	}
	mbim_message_command_append(request, bytes->data, bytes->len);
	g_byte_array_unref(bytes);
	return request;
}

static uint32_t word_at(struct esim_slice bytes, size_t at)
{
	uint32_t word;

	memcpy(&word, bytes.data + at, sizeof(word));
	return GUINT32_FROM_LE(word);
}

int mbim_answer_terminal_capability(const MbimMessage *answer, struct esim_slice ret[static MBIM_MAX_CAPABILITIES],
				    size_t *ret_count, struct esim_error *err)
{
	struct esim_slice info = { 0 };
	guint32 len = 0, count;
	int r = mbim_answer_status(answer, "TERMINAL CAPABILITY", err);

	if (r)
		return r;
	info.data = mbim_message_command_done_get_raw_information_buffer(answer, &len);
	info.len = info.data ? len : 0;
	count = info.len < WORD ? 0 : word_at(info, 0);
	if (count > MBIM_MAX_CAPABILITIES || WORD + 2 * WORD * (size_t)count > (info.len ? info.len : WORD))
		return esim_error_set(err, ESIM_EPROTO, "TERMINAL CAPABILITY: the modem answers %u objects", count);
	for (guint32 i = 0; i < count; i++) {
		size_t offset = word_at(info, WORD + 2 * WORD * i), size = word_at(info, 2 * WORD + 2 * WORD * i);

		if (offset > info.len || size > info.len - offset)
			return esim_error_set(err, ESIM_EPROTO, "TERMINAL CAPABILITY: an object is not in the answer");
		ret[i] = esim_slice(info.data + offset, size);
	}
	*ret_count = count;
	return 0;
}
