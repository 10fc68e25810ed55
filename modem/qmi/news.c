/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem takes its card for, and its news of it. */
#include "answers.h"

#include "libesim/src/deadline.h"

#define EVENTS_MASK 0x01		/* Register Events: u32 */

int qmi_news_subscribe(struct qmi *qmi, struct esim_error *err)
{
	QmiMessage *request;
	int r;

	if (qmi->quirks.no_indications)
		return 0;
	request = qmi_uim_request(qmi, QMI_UIM_REGISTER_EVENTS);
	qmi_put_u32(request, EVENTS_MASK, QMI_UIM_EVENT_REGISTRATION_FLAG_CARD_STATUS |
					  QMI_UIM_EVENT_REGISTRATION_FLAG_PHYSICAL_SLOT_STATUS);
	r = qmi_command(qmi, "register events", request, QMI_TIMEOUT_MS, err);
	return r && glib_call_can_do_without(r) ? 0 : r;
}

int qmi_card_ready(struct qmi *qmi, unsigned timeout_ms, struct esim_error *err)
{
	QmiMessage *answer = NULL;
	int r = qmi_exchange(qmi, "card status", qmi_uim_request(qmi, QMI_UIM_GET_CARD_STATUS), timeout_ms, &answer, err);

	if (r)
		return r;
	r = qmi_answer_card_status(answer, qmi->logical, err);
	qmi_message_unref(answer);
	return r;
}

/* Of what the slot's status tells; ESIM_ENOTSUP: it does not tell. */
static int from_slot(struct qmi *qmi, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err)
{
	struct qmi_slots slots;
	const struct qmi_slot *slot;
	int r = qmi->told ? qmi_slots_read(qmi, &slots, timeout_ms, err) : ESIM_ENOTSUP;

	if (r)
		return r;
	if (qmi->told > slots.count)
		return ESIM_ENOTSUP;
	slot = &slots.slots[qmi->told - 1];
	return slot->iccid_len && !esim_iccid_from_wire(esim_slice(slot->iccid, slot->iccid_len), ret) ? 0 : ESIM_ENOTSUP;
}

/* The modem reads it on the basic channel, and never on one of the eUICC's. */
static int from_file(struct qmi *qmi, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err)
{
	QmiMessage *request = qmi_uim_request(qmi, QMI_UIM_READ_TRANSPARENT), *answer = NULL;
	int r;

	qmi_read_iccid_request(request, qmi->logical);
	r = qmi_exchange(qmi, "EF.ICCID", request, timeout_ms, &answer, err);
	if (r)
		return r;
	r = qmi_answer_iccid(answer, ret, err);
	qmi_message_unref(answer);
	return r;
}

int qmi_iccid(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err)
{
	struct qmi *qmi = priv;
	const uint64_t deadline = deadline_in(timeout_ms);
	int r = qmi_card_ready(qmi, timeout_ms, err);

	if (r && r != ESIM_ENOTSUP)
		return r;
	r = from_slot(qmi, ret, (unsigned)deadline_left_ms(deadline), err);
	if (!r || !glib_call_can_do_without(r))
		return r;
	return from_file(qmi, ret, (unsigned)deadline_left_ms(deadline), err);
}

int qmi_wait(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	struct qmi *qmi = priv;

	return glib_call_wait_news(&qmi->call, qmi->device, timeout_ms, err);
}
