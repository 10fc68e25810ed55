/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's control service: client ids, versions. */
#include "vmodem/qmi.h"

#define TLV_VALUE 0x01

static enum qmi_error version_info(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	static const uint8_t services[] = { QMI_CTL, QMI_WDS, QMI_DMS, QMI_NAS, QMI_UIM };
	const size_t mark = vqmi_begin_tlv(out, TLV_VALUE);

	(void)qmi, (void)in;
	esim_buf_append_byte(out, sizeof(services));
	for (size_t i = 0; i < sizeof(services); i++) {
		esim_buf_append_byte(out, services[i]);
		vqmi_put_u16(out, 1);
		vqmi_put_u16(out, 60);
	}
	vqmi_end_tlv(out, mark);
	return QMI_OK;
}

static enum qmi_error allocate(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	const uint8_t service = vqmi_u8(in->tlvs, TLV_VALUE);
	const struct qmi_client *client;

	if (service != QMI_WDS && service != QMI_DMS && service != QMI_NAS && service != QMI_UIM)
		return QMI_NOT_SUPPORTED;
	client = vqmi_allocate(qmi, service);
	if (!client)
		return QMI_CLIENT_IDS_EXHAUSTED;
	vqmi_put_tlv(out, TLV_VALUE, (uint8_t[]){ service, client->id }, 2);
	return QMI_OK;
}

static enum qmi_error release(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	struct qmi_client *client;
	struct esim_slice value;

	if (!vqmi_find_tlv(in->tlvs, TLV_VALUE, &value) || value.len != 2)
		return QMI_MALFORMED;
	client = vqmi_client(qmi, value.data[0], value.data[1]);
	if (!client)
		return QMI_INVALID_CLIENT_ID;
	vqmi_release(qmi, client);
	vqmi_put_tlv(out, TLV_VALUE, value.data, value.len);
	return QMI_OK;
}

static enum qmi_error set_data_format(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)qmi, (void)in;
	vqmi_put_tlv(out, 0x10, (uint8_t[]){ 1, 0 }, 2);	/* link protocol: 802.3 */
	return QMI_OK;
}

static enum qmi_error set_instance(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)qmi, (void)in;
	vqmi_put_tlv(out, TLV_VALUE, (uint8_t[]){ 0, 0 }, 2);
	return QMI_OK;
}

/* The host begins anew: nobody's client id is left. */
static enum qmi_error sync(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out)
{
	(void)in, (void)out;
	vqmi_release_all(qmi);
	return QMI_OK;
}

const struct qmi_command vqmi_ctl_commands[] = {
	{ 0x0020, "sync", set_instance },
	{ 0x0021, "sync", version_info },
	{ 0x0022, "sync", allocate },
	{ 0x0023, "sync", release },
	{ 0x0026, "sync", set_data_format },
	{ 0x0027, "sync", sync },
	{ 0 },
};
