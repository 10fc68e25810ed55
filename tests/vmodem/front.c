/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fronts have in common: which there are, how bytes get in, answers out, and news to each. */
#include "vmodem/inside.h"

#include <string.h>

#define MAX_ROUNDS 4

const struct vmodem_front_ops *vmodem_front_ops(enum vmodem_protocol protocol)
{
	switch (protocol) {
	case VMODEM_MBIM:
		return &vmodem_mbim;
	case VMODEM_QMI:
		return &vmodem_qmi;
	case VMODEM_AT:
		return &vmodem_at;
	}
	return NULL;
}

int vmodem_front_add(struct vmodem *modem, struct vmodem_front *front)
{
	int r;

	if (modem->front_count == VMODEM_MAX_FRONTS)
		return ESIM_ETOOBIG;
	front->modem = modem;
	r = front->ops->open(modem, front);
	if (!r)
		modem->fronts[modem->front_count++] = front;
	return r;
}

/* --- news ------------------------------------------------------------------------------------------- */

void vmodem_tell(struct vmodem *modem, enum vmodem_news news)
{
	modem->news |= 1u << news;
}

static void tell_all(struct vmodem *modem, unsigned news)
{
	for (unsigned i = 0; news >> i; i++)
		for (size_t k = 0; (news >> i & 1) && k < modem->front_count; k++)
			modem->fronts[k]->ops->news(modem->fronts[k], (enum vmodem_news)i);
}

/* A front that looks, to tell what is new, may be the one that has asked often enough: then there is more. */
void vmodem_deliver(struct vmodem *modem)
{
	for (unsigned rounds = 0; modem->news && rounds < MAX_ROUNDS; rounds++) {
		unsigned news = modem->news;

		modem->news = 0;
		if (!vmodem_quirk(modem, VMODEM_NO_INDICATIONS) && modem->bus == VMODEM_BUS_THERE)
			tell_all(modem, news);
	}
}

void vmodem_feed(struct vmodem_front *front, struct esim_slice bytes)
{
	front->ops->feed(front, bytes);
	vmodem_deliver(front->modem);
}

/* --- answers ------------------------------------------------------------------------------------------ */

/* Each behind its length. */
static void keep(struct vmodem_front *front, struct esim_slice message)
{
	uint32_t len = (uint32_t)message.len;

	esim_buf_append(&front->late, &len, sizeof(len));
	esim_buf_append_slice(&front->late, message);
}

static void send_late(struct vmodem_front *front)
{
	struct esim_buf late = front->late;
	uint32_t len;

	front->late = ESIM_BUF_INIT;
	for (size_t at = 0; !esim_buf_failed(&late) && at + sizeof(len) <= late.len; at += sizeof(len) + len) {
		memcpy(&len, late.data + at, sizeof(len));
		front->send(front, esim_slice(late.data + at + sizeof(len), len));
	}
	esim_buf_free(&late);
}

void vmodem_answer(struct vmodem_front *front, enum vmodem_fault fault, struct esim_slice message)
{
	switch (fault) {
	case VMODEM_FAULT_MUTE:
	case VMODEM_FAULT_RESET:
	case VMODEM_FAULT_VANISH:
		return;
	case VMODEM_FAULT_LATE:
		keep(front, message);
		return;
	case VMODEM_FAULT_TWICE:
		front->send(front, message);
		break;
	case VMODEM_FAULT_GARBAGE:
	case VMODEM_FAULT_NOISE:
	case VMODEM_FAULT_TRUNCATED:
	case VMODEM_FAULT_BUSY:
	case VMODEM_FAULT_ERROR:
	case VMODEM_FAULT_CLOSES:
	case VMODEM_FAULTS:
		break;
	}
	front->send(front, message);
	send_late(front);
}

void vmodem_release(struct vmodem *modem)
{
	for (size_t i = 0; i < modem->front_count; i++)
		send_late(modem->fronts[i]);
}
