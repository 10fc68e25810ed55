/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of DMS: what the modem is, and its operating mode. */
#include "answers.h"

#include <esim/lpa.h>
#include <esim/text.h>

#include <string.h>

#define TLV_TEXT 0x01			/* bytes without a length: manufacturer, model, revision */
#define TLV_IMEI 0x11			/* of Get IDs: bytes */
#define TLV_MODE 0x01			/* u8 */
/* u32, u32: rates; u8 data service, u8 SIM; u8 count and u8 each: radio interfaces */
#define TLV_CAPABILITIES 0x01
#define CAPABILITIES_BEFORE_RADIO 10

static struct esim_slice all_of(struct qmi_tlv *tlv)
{
	return qmi_tlv_bytes(tlv, tlv->left);
}

int qmi_answer_ids(QmiMessage *answer, struct esim_modem_facts *facts, struct esim_error *err)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, TLV_IMEI);
	int r = qmi_answer_result(answer, "identities", err);
	struct esim_slice imei = all_of(&tlv);
	struct es10b_device_info checked;
	char digits[sizeof(facts->imei)];

	if (r)
		return r;
	/* Some pad it, and one without its check digit is no IMEI. */
	while (imei.len > 0 && imei.data[imei.len - 1] == '\0')
		imei.len--;
	if (imei.len != sizeof(digits) - 1)
		return 0;
	memcpy(digits, imei.data, imei.len);
	digits[imei.len] = '\0';
	if (lpa_device_info_from_imei(digits, &checked, NULL) == 0)
		memcpy(facts->imei, digits, sizeof(digits));
	return 0;
}

int qmi_answer_text(QmiMessage *answer, const char *what, char *ret, size_t size, struct esim_error *err)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, TLV_TEXT);
	int r = qmi_answer_result(answer, what, err);
	struct esim_slice text = all_of(&tlv);

	if (r)
		return r;
	if (tlv.bad)
		return qmi_malformed(err, what);
	while (text.len > 0 && (text.data[text.len - 1] == '\0' || text.data[text.len - 1] == ' '))
		text.len--;
	esim_text_printable((const char *)text.data, text.len, ret, size);
	return 0;
}

/* The first release that has the technology: what the modem does beyond it, it does not tell here. */
static void take_interface(uint8_t interface, struct esim_modem_facts *facts)
{
	switch (interface) {
	case QMI_DMS_RADIO_INTERFACE_GSM:
		facts->gsm = 3;
		break;
	case QMI_DMS_RADIO_INTERFACE_UMTS:
		facts->utran = 3;
		break;
	case QMI_DMS_RADIO_INTERFACE_LTE:
		facts->eutran = 8;
		break;
	case QMI_DMS_RADIO_INTERFACE_5GNR:
		facts->nr = 15;
		break;
	}
}

int qmi_answer_capabilities(QmiMessage *answer, struct esim_modem_facts *facts, struct esim_error *err)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, TLV_CAPABILITIES);
	int r = qmi_answer_result(answer, "capabilities", err);
	struct esim_slice interfaces;

	if (r)
		return r;
	qmi_tlv_bytes(&tlv, CAPABILITIES_BEFORE_RADIO);
	interfaces = qmi_tlv_bytes(&tlv, qmi_tlv_u8(&tlv));
	if (tlv.bad)
		return qmi_malformed(err, "capabilities");
	for (size_t i = 0; i < interfaces.len; i++)
		take_interface(interfaces.data[i], facts);
	return 0;
}

int qmi_answer_mode(QmiMessage *answer, QmiDmsOperatingMode *ret, struct esim_error *err)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, TLV_MODE);
	int r = qmi_answer_result(answer, "operating mode", err);
	const uint8_t mode = qmi_tlv_u8(&tlv);

	if (r)
		return r;
	if (tlv.bad)
		return qmi_malformed(err, "operating mode");
	*ret = (QmiDmsOperatingMode)mode;
	return 0;
}
