/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLVs of QMI messages, whose numbers have their low byte first. */
#include "answers.h"

struct qmi_tlv qmi_tlv_of(QmiMessage *message, uint8_t type)
{
	guint16 len = 0;
	const guint8 *data = qmi_message_get_raw_tlv(message, type, &len);

	return (struct qmi_tlv){ .data = data, .left = data ? len : 0, .there = data != NULL, .bad = data == NULL };
}

struct esim_slice qmi_tlv_bytes(struct qmi_tlv *tlv, size_t len)
{
	struct esim_slice bytes = { 0 };

	if (tlv->bad || len > tlv->left) {
		tlv->bad = true;
		return bytes;
	}
	bytes = esim_slice(tlv->data, len);
	tlv->data += len;
	tlv->left -= len;
	return bytes;
}

static uint32_t number(struct qmi_tlv *tlv, size_t size)
{
	struct esim_slice bytes = qmi_tlv_bytes(tlv, size);
	uint32_t value = 0;

	for (size_t i = bytes.len; i > 0; i--)
		value = value << 8 | bytes.data[i - 1];
	return value;
}

uint8_t qmi_tlv_u8(struct qmi_tlv *tlv)
{
	return (uint8_t)number(tlv, 1);
}

uint16_t qmi_tlv_u16(struct qmi_tlv *tlv)
{
	return (uint16_t)number(tlv, 2);
}

uint32_t qmi_tlv_u32(struct qmi_tlv *tlv)
{
	return number(tlv, 4);
}

/* Requests are ours and fit: what goes into them has been measured before. */
void qmi_put(QmiMessage *request, uint8_t type, struct esim_slice value)
{
	gboolean added = qmi_message_add_raw_tlv(request, type, value.data, value.len, NULL);

	g_assert(added);
}

void qmi_put_u8(QmiMessage *request, uint8_t type, uint8_t value)
{
	qmi_put(request, type, esim_slice(&value, 1));
}

void qmi_put_u32(QmiMessage *request, uint8_t type, uint32_t value)
{
	uint8_t bytes[] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	qmi_put(request, type, esim_slice(bytes, sizeof(bytes)));
}
