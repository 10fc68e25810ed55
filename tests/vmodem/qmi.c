/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The QMI front: QMUX frames, client ids, which service a message goes to, and what faults make of an answer. */
#include "vmodem/qmi.h"
#include "vmodem/inside.h"

#include <stdlib.h>
#include <string.h>

#define MARKER		0x01
#define FROM_SERVICE	0x80
#define FRAME_HEADER	6		/* marker, length (2), flags, service, client */
#define CTL_HEADER	6		/* flags, transaction, message (2), length (2) */
#define SERVICE_HEADER	7		/* flags, transaction (2), message (2), length (2) */
#define TLV_RESULT	0x02
#define TLV_CARD_RESULT	0x11

enum { CTL_RESPONSE = 1, SERVICE_RESPONSE = 2, SERVICE_INDICATION = 4 };

struct header {
	uint8_t service, client;
	uint16_t transaction, id;
};

/* --- clients ---------------------------------------------------------------------------------------------- */

struct qmi_client *vqmi_client(struct qmi *qmi, uint8_t service, uint8_t id)
{
	for (size_t i = 0; i < QMI_MAX_CLIENTS; i++)
		if (qmi->clients[i].used && qmi->clients[i].service == service && qmi->clients[i].id == id)
			return &qmi->clients[i];
	return NULL;
}

struct qmi_client *vqmi_allocate(struct qmi *qmi, uint8_t service)
{
	struct qmi_client *client = qmi->clients;

	while (client < qmi->clients + QMI_MAX_CLIENTS && client->used)
		client++;
	if (client == qmi->clients + QMI_MAX_CLIENTS)
		return NULL;
	do
		qmi->next_client = qmi->next_client >= QMI_BROADCAST - 1 ? QMI_FIRST_CLIENT :
						(uint8_t)(qmi->next_client + 1);
	while (vqmi_client(qmi, service, qmi->next_client));
	*client = (struct qmi_client){ .used = true, .service = service, .id = qmi->next_client };
	qmi->modem->counts[COUNT_CLIENTS]++;
	return client;
}

void vqmi_release(struct qmi *qmi, struct qmi_client *client)
{
	if (client->used)
		qmi->modem->counts[COUNT_CLIENTS]--;
	client->used = false;
}

void vqmi_release_all(struct qmi *qmi)
{
	for (size_t i = 0; i < QMI_MAX_CLIENTS; i++)
		vqmi_release(qmi, &qmi->clients[i]);
}

/* --- frames to the host -------------------------------------------------------------------------------------- */

static void put_frame(struct esim_buf *out, const struct header *header, uint8_t flags, struct esim_slice tlvs)
{
	const bool ctl = header->service == QMI_CTL;
	const size_t len = FRAME_HEADER - 1 + (size_t)(ctl ? CTL_HEADER : SERVICE_HEADER) + tlvs.len;

	esim_buf_append_byte(out, MARKER);
	vqmi_put_u16(out, (unsigned)len);
	esim_buf_append(out, (uint8_t[]){ FROM_SERVICE, header->service, header->client, flags }, 4);
	if (ctl)
		esim_buf_append_byte(out, (uint8_t)header->transaction);
	else
		vqmi_put_u16(out, header->transaction);
	vqmi_put_u16(out, header->id);
	vqmi_put_u16(out, (unsigned)tlvs.len);
	esim_buf_append_slice(out, tlvs);
}

/* What a fault makes of an answer's TLVs: junk, or the last one's length goes beyond the end. */
static void spoil(enum vmodem_fault fault, struct esim_buf *tlvs)
{
	if (esim_buf_failed(tlvs))
		return;
	if (fault == VMODEM_FAULT_GARBAGE)
		memset(tlvs->data, 0xA5, tlvs->len);
	if (fault == VMODEM_FAULT_TRUNCATED && tlvs->len >= 3) {
		tlvs->data[1] = 0xFF;
		tlvs->data[2] = 0x7F;
	}
}

static void send_noise(struct qmi *qmi)
{
	const struct header nobody = { .service = QMI_UIM, .client = 0xEE, .transaction = 0x5A5A, .id = 0x5A5A };
	struct esim_buf out = ESIM_BUF_INIT;

	put_frame(&out, &nobody, SERVICE_RESPONSE, esim_slice((const uint8_t *)"\x5A\x01\x00\x5A", 4));
	qmi->front->send(qmi->front, esim_buf_slice(&out));
	esim_buf_free(&out);
}

static void answer(struct qmi *qmi, const struct header *header, enum vmodem_fault fault, enum qmi_error error,
		   const struct qmi_message *in, struct esim_slice rest)
{
	struct esim_buf tlvs = ESIM_BUF_INIT, out = ESIM_BUF_INIT;
	const uint8_t result[] = { error != QMI_OK, 0, (uint8_t)error, (uint8_t)(error >> 8) };
	const uint8_t sw[] = { in->sw1, in->sw2 };

	vqmi_put_tlv(&tlvs, TLV_RESULT, result, sizeof(result));
	if (in->sw1)
		vqmi_put_tlv(&tlvs, TLV_CARD_RESULT, sw, sizeof(sw));
	if (error == QMI_OK)
		esim_buf_append_slice(&tlvs, rest);
	spoil(fault, &tlvs);
	if (fault == VMODEM_FAULT_NOISE)
		send_noise(qmi);
	put_frame(&out, header, header->service == QMI_CTL ? CTL_RESPONSE : SERVICE_RESPONSE, esim_buf_slice(&tlvs));
	if (!esim_buf_failed(&out))
		vmodem_answer(qmi->front, fault, esim_buf_slice(&out));
	esim_buf_free(&tlvs);
	esim_buf_free(&out);
}

void vqmi_indicate(struct qmi *qmi, const struct qmi_client *client, uint16_t id, struct esim_slice tlvs)
{
	const struct header header = { .service = client->service, .client = client->id, .id = id };
	struct esim_buf out = ESIM_BUF_INIT;

	put_frame(&out, &header, SERVICE_INDICATION, tlvs);
	if (!esim_buf_failed(&out))
		qmi->front->send(qmi->front, esim_buf_slice(&out));
	esim_buf_free(&out);
}

/* To each client of UIM that wants one of @events. */
static void indicate_uim(struct qmi *qmi, uint32_t events, uint16_t id, struct esim_slice tlvs)
{
	for (size_t i = 0; i < QMI_MAX_CLIENTS; i++)
		if (qmi->clients[i].used && qmi->clients[i].service == QMI_UIM && (qmi->clients[i].events & events))
			vqmi_indicate(qmi, &qmi->clients[i], id, tlvs);
}

/* --- messages of the host ----------------------------------------------------------------------------------------- */

static const struct qmi_command *find_in(const struct qmi_command *commands, uint16_t id)
{
	for (; commands->handler; commands++)
		if (commands->id == id)
			return commands;
	return NULL;
}

static const struct qmi_command *find(const struct qmi *qmi, uint8_t service, uint16_t id)
{
	const struct qmi_command *command = NULL;

	switch (service) {
	case QMI_CTL:
		return find_in(vqmi_ctl_commands, id);
	case QMI_DMS:
		return find_in(vqmi_dms_commands, id);
	case QMI_NAS:
		return find_in(vqmi_nas_commands, id);
	case QMI_WDS:
		return find_in(vqmi_wds_commands, id);
	case QMI_UIM:
		if (!vmodem_quirk(qmi->modem, VMODEM_NO_UICC))
			command = find_in(vqmi_channel_commands, id);
		return command ? command : find_in(vqmi_uim_commands, id);
	}
	return NULL;
}

static enum qmi_error run(struct qmi *qmi, const struct header *header, const struct qmi_command *command,
			  enum vmodem_fault fault, struct qmi_message *in, struct esim_buf *out)
{
	if (header->service != QMI_CTL && !in->client)
		return QMI_INVALID_CLIENT_ID;
	if (!command)
		return QMI_INVALID_COMMAND;
	if (!vqmi_tlvs_are_framed(in->tlvs))
		return QMI_MALFORMED;
	if (fault == VMODEM_FAULT_BUSY)
		return QMI_DEVICE_IN_USE;
	if (fault == VMODEM_FAULT_ERROR)
		return QMI_INTERNAL;
	return command->handler(qmi, in, out);
}

static void take_message(struct qmi *qmi, const struct header *header, struct esim_slice tlvs)
{
	struct qmi_message in = { .client = vqmi_client(qmi, header->service, header->client), .tlvs = tlvs };
	const struct qmi_command *command = find(qmi, header->service, header->id);
	const enum vmodem_fault fault = vmodem_next_fault(qmi->modem, command ? command->kind : "other");
	struct esim_buf out = ESIM_BUF_INIT;
	enum qmi_error error = run(qmi, header, command, fault, &in, &out);

	answer(qmi, header, fault, error, &in, esim_buf_slice(&out));
	esim_buf_free(&out);
	if (in.client)
		vqmi_send_pieces(qmi, in.client);
}

/* @frame from its marker on. A malformed one is dropped, as firmware does. */
static void take_frame(struct qmi *qmi, struct esim_slice frame)
{
	struct header header = { .service = frame.data[4], .client = frame.data[5] };
	const bool ctl = header.service == QMI_CTL;
	const size_t before = FRAME_HEADER + (size_t)(ctl ? CTL_HEADER : SERVICE_HEADER);
	const uint8_t *p = frame.data + FRAME_HEADER + 1;
	size_t len;

	if (frame.len < before || frame.data[3] != 0)
		return;
	header.transaction = (uint16_t)(ctl ? p[0] : p[0] | p[1] << 8);
	p += ctl ? 1 : 2;
	header.id = (uint16_t)(p[0] | p[1] << 8);
	len = (size_t)(p[2] | p[3] << 8);
	if (len == frame.len - before)
		take_message(qmi, &header, esim_slice(frame.data + before, len));
}

/* False: what is there is no whole frame. */
static bool next_frame(struct qmi *qmi)
{
	struct esim_buf *in = &qmi->in;
	size_t skip = 0, len;

	while (skip < in->len && in->data[skip] != MARKER)
		skip++;
	in->len -= skip;
	memmove(in->data, in->data + skip, in->len);
	if (in->len < FRAME_HEADER)
		return false;
	len = 1 + (size_t)(in->data[1] | in->data[2] << 8);
	if (len < FRAME_HEADER || len > QMI_MAX_FRAME) {
		in->data[0] = 0;		/* no frame begins here */
		return true;
	}
	if (in->len < len)
		return false;
	take_frame(qmi, esim_slice(in->data, len));
	if (in->len >= len) {			/* a restart has forgotten it */
		in->len -= len;
		memmove(in->data, in->data + len, in->len);
	}
	return true;
}

/* --- the front ---------------------------------------------------------------------------------------------------- */

static int front_open(struct vmodem *modem, struct vmodem_front *front)
{
	struct qmi *qmi = calloc(1, sizeof(*qmi));

	if (!qmi)
		return ESIM_ENOMEM;
	qmi->front = front;
	qmi->modem = modem;
	qmi->in = ESIM_BUF_INIT_MAX(16 * QMI_MAX_FRAME);
	front->priv = qmi;
	return 0;
}

static void forget(struct qmi *qmi)
{
	esim_buf_free(&qmi->in);
	esim_buf_free(&qmi->long_answer);
	vqmi_release_all(qmi);
	qmi->next_client = qmi->mode = 0;
}

static void front_close(struct vmodem_front *front)
{
	forget(front->priv);
	free(front->priv);
	front->priv = NULL;
}

static void front_feed(struct vmodem_front *front, struct esim_slice bytes)
{
	struct qmi *qmi = front->priv;

	esim_buf_append_slice(&qmi->in, bytes);
	if (esim_buf_failed(&qmi->in))
		esim_buf_reset(&qmi->in);
	while (next_frame(qmi) && vmodem_bus(qmi->modem) == VMODEM_BUS_THERE)
		continue;
}

static void front_news(struct vmodem_front *front, enum vmodem_news news)
{
	struct esim_buf card = ESIM_BUF_INIT, slots = ESIM_BUF_INIT;
	struct qmi *qmi = front->priv;

	if (news == VMODEM_NEWS_RESTART) {
		forget(qmi);
		return;
	}
	if (vmodem_quirk(qmi->modem, VMODEM_NO_INDICATIONS) || news == VMODEM_NEWS_RADIO)
		return;
	vqmi_put_card_status(qmi, &card);
	vqmi_put_slot_status(qmi, &slots);
	indicate_uim(qmi, QMI_EVENT_CARD, 0x0032, esim_buf_slice(&card));
	if (!vmodem_quirk(qmi->modem, VMODEM_NO_SLOTS))
		indicate_uim(qmi, QMI_EVENT_SLOT, 0x0048, esim_buf_slice(&slots));
	esim_buf_free(&card);
	esim_buf_free(&slots);
}

const struct vmodem_front_ops vmodem_qmi = {
	.name = "qmi",
	.protocol = VMODEM_QMI,
	.open = front_open,
	.close = front_close,
	.feed = front_feed,
	.news = front_news,
};
