/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's device management: what the modem is, and its operating mode. */
#include "vmodem/qmi.h"

#include <string.h>

#define TLV_VALUE 0x01

enum { MODE_ONLINE = 0, MODE_LOW_POWER = 1, MODE_OFFLINE = 3, MODE_RESET = 4 };

static enum qmi_error put_text(struct esim_buf *out, uint8_t type, const char *text)
{
	vqmi_put_tlv(out, type, text, strlen(text));
	return QMI_OK;
}

static enum qmi_error capabilities(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	static const uint8_t radios[] = { 4, 5, 8 };	/* GSM, UMTS, LTE */
	const size_t mark = vqmi_begin_tlv(out, TLV_VALUE);

	(void)qmi, (void)in;
	vqmi_put_u32(out, 50000000);
	vqmi_put_u32(out, 100000000);
	esim_buf_append_byte(out, 2);			/* data alone */
	esim_buf_append_byte(out, 2);			/* it has a SIM */
	esim_buf_append_byte(out, sizeof(radios));
	esim_buf_append(out, radios, sizeof(radios));
	vqmi_end_tlv(out, mark);
	return QMI_OK;
}

static enum qmi_error manufacturer(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)in;
	return put_text(out, TLV_VALUE, vmodem_options(qmi->modem)->manufacturer);
}

static enum qmi_error model(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)in;
	return put_text(out, TLV_VALUE, vmodem_options(qmi->modem)->model);
}

static enum qmi_error revision(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)in;
	return put_text(out, TLV_VALUE, vmodem_options(qmi->modem)->firmware);
}

static enum qmi_error hardware_revision(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)qmi, (void)in;
	return put_text(out, TLV_VALUE, "10000");
}

static enum qmi_error ids(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)in;
	put_text(out, 0x10, "0");			/* ESN */
	if (!vmodem_quirk(qmi->modem, VMODEM_NO_IMEI))
		put_text(out, 0x11, vmodem_options(qmi->modem)->imei);
	return QMI_OK;
}

static enum qmi_error get_mode(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	const uint8_t mode = qmi->mode ? qmi->mode : vmodem_radio(qmi->modem) ? MODE_ONLINE : MODE_LOW_POWER;

	(void)in;
	vqmi_put_tlv(out, TLV_VALUE, &mode, 1);
	return QMI_OK;
}

static enum qmi_error set_mode(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	struct esim_slice value;

	(void)out;
	if (!vqmi_find_tlv(in->tlvs, TLV_VALUE, &value) || value.len != 1)
		return QMI_MALFORMED;
	switch (value.data[0]) {
	case MODE_ONLINE:
	case MODE_LOW_POWER:
		qmi->mode = 0;
		vmodem_set_radio(qmi->modem, value.data[0] == MODE_ONLINE);
		return QMI_OK;
	case MODE_OFFLINE:
		if (vmodem_quirk(qmi->modem, VMODEM_NO_RESET))
			return QMI_NOT_SUPPORTED;
		qmi->mode = MODE_OFFLINE;
		return QMI_OK;
	case MODE_RESET:
		if (vmodem_quirk(qmi->modem, VMODEM_NO_RESET))
			return QMI_NOT_SUPPORTED;
		vmodem_restart(qmi->modem);
		return QMI_OK;
	}
	return QMI_INVALID_ARGUMENT;
}

static enum qmi_error band_capabilities(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	static const uint8_t bands[8] = { 0x80, 0, 0, 0, 0, 0, 0x40, 0 }, lte[8] = { 0x45 };

	(void)qmi, (void)in;
	vqmi_put_tlv(out, TLV_VALUE, bands, sizeof(bands));
	vqmi_put_tlv(out, 0x10, lte, sizeof(lte));
	return QMI_OK;
}

static enum qmi_error nothing(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)qmi, (void)in, (void)out;
	return QMI_OK;
}

const struct qmi_command vqmi_dms_commands[] = {
	{ 0x0000, "sync", nothing },
	{ 0x0001, "other", nothing },			/* Set Event Report */
	{ 0x0020, "info", capabilities },
	{ 0x0021, "info", manufacturer },
	{ 0x0022, "info", model },
	{ 0x0023, "info", revision },
	{ 0x0025, "info", ids },
	{ 0x002C, "info", hardware_revision },
	{ 0x002D, "radio", get_mode },
	{ 0x002E, "radio", set_mode },
	{ 0x0045, "info", band_capabilities },
	{ 0 },
};
