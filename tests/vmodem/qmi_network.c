/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's network access and data services, as far as a modem manager asks before it uses the modem. */
#include "vmodem/qmi.h"

static bool is_registered(struct qmi *qmi)
{
	struct esim_iccid iccid;

	return vmodem_radio(qmi->modem) && vmodem_iccid(qmi->modem, &iccid);
}

static enum qmi_error nothing(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)qmi, (void)in, (void)out;
	return QMI_OK;
}

static enum qmi_error serving_system(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	const bool registered = is_registered(qmi);
	size_t mark = vqmi_begin_tlv(out, 0x01);

	(void)in;
	esim_buf_append_byte(out, registered ? 1 : 0);		/* registered, or not */
	esim_buf_append_byte(out, registered ? 1 : 2);		/* circuits: attached, detached */
	esim_buf_append_byte(out, registered ? 1 : 2);		/* packets */
	esim_buf_append_byte(out, 2);				/* 3GPP */
	esim_buf_append(out, (uint8_t[]){ 1, 8 }, 2);		/* one radio: LTE */
	vqmi_end_tlv(out, mark);
	vqmi_put_tlv(out, 0x10, (uint8_t[]){ 1 }, 1);		/* not roaming */
	mark = vqmi_begin_tlv(out, 0x12);
	vqmi_put_u16(out, 1);					/* MCC 001, MNC 01 */
	vqmi_put_u16(out, 1);
	esim_buf_append(out, (uint8_t[]){ 4, 'T', 'e', 's', 't' }, 5);
	vqmi_end_tlv(out, mark);
	return QMI_OK;
}

static enum qmi_error signal_info(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	const size_t mark = vqmi_begin_tlv(out, 0x14);		/* LTE: RSSI, RSRQ, RSRP, SNR */

	(void)qmi, (void)in;
	esim_buf_append(out, (uint8_t[]){ (uint8_t)-60, (uint8_t)-10 }, 2);
	vqmi_put_u16(out, (unsigned)-90);
	vqmi_put_u16(out, 100);
	vqmi_end_tlv(out, mark);
	return QMI_OK;
}

static enum qmi_error system_selection(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)qmi, (void)in;
	vqmi_put_tlv(out, 0x11, (uint8_t[]){ 0x1C, 0 }, 2);	/* GSM, UMTS, LTE */
	return QMI_OK;
}

const struct qmi_command vqmi_nas_commands[] = {
	{ 0x0000, "sync", nothing },
	{ 0x0002, "other", nothing },			/* Set Event Report */
	{ 0x0003, "other", nothing },			/* Register Indications */
	{ 0x0022, "other", nothing },			/* Initiate Network Register */
	{ 0x0024, "other", serving_system },
	{ 0x0033, "other", nothing },			/* Set System Selection Preference */
	{ 0x0034, "other", system_selection },
	{ 0x004F, "other", signal_info },
	{ 0x0050, "other", nothing },			/* Config Signal Info */
	{ 0 },
};

const struct qmi_command vqmi_wds_commands[] = {
	{ 0x0000, "sync", nothing },
	{ 0x0001, "other", nothing },			/* Set Event Report */
	{ 0 },
};
