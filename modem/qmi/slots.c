/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots (see qmi.h for the two kinds). A physical slot that is not in use is switched to for as long as the transport is
 * open, and the one before it comes back.
 */
#include "answers.h"

#include "libesim/src/deadline.h"

#define READY_TIMEOUT_MS 30000u
#define EMPTY_PATIENCE_MS 3000u		/* a modem may find the card of a slot only after a while */
#define POLL_MS 500u			/* where it does not tell by itself */

int qmi_slots_read(struct qmi *qmi, struct qmi_slots *ret, unsigned timeout_ms, struct esim_error *err)
{
	QmiMessage *answer = NULL;
	int r;

	if (qmi->quirks.slots == QUIRK_SLOTS_NONE)
		return esim_error_set(err, ESIM_ENOTSUP, "the modem's firmware can neither name nor switch slots");
	r = qmi_exchange(qmi, "slot status", qmi_uim_request(qmi, QMI_UIM_GET_SLOT_STATUS), timeout_ms, &answer, err);
	if (r)
		return r;
	r = qmi_answer_slots(answer, ret, err);
	qmi_message_unref(answer);
	return r;
}

/* --- numbers --------------------------------------------------------------------------------------------------- */

/* What is told of as @slot is switched to by this number, and the other way round. */
static unsigned mapped(const struct qmi *qmi, unsigned slot)
{
	return qmi->quirks.slots == QUIRK_SLOTS_SWAPPED && slot <= 2 ? 3 - slot : slot;
}

/* The slot that our logical one has, as it is told of; 0: none. */
static unsigned in_use(const struct qmi_slots *slots, unsigned logical)
{
	for (unsigned i = 0; i < slots->count; i++)
		if (slots->slots[i].active && slots->slots[i].logical == logical)
			return i + 1;
	return 0;
}

/* --- readiness ---------------------------------------------------------------------------------------------------- */

static int wait_ready(struct qmi *qmi, unsigned slot, struct esim_error *err)
{
	const uint64_t deadline = deadline_in(READY_TIMEOUT_MS), patience = deadline_in(EMPTY_PATIENCE_MS);
	int r;

	for (;;) {
		qmi->call.news = FALSE;
		r = qmi_card_ready(qmi, QMI_TIMEOUT_MS, err);
		if (r != ESIM_EBUSY && r != ESIM_ENOENT)
			return r;
		if (r == ESIM_ENOENT && deadline_left_ms(patience) == 0)
			return esim_error_set(err, ESIM_ENODEV, "no card is in slot %u", slot);
		if (deadline_left_ms(deadline) == 0)
			return esim_error_set(err, ESIM_ETIMEDOUT, "the card in slot %u is not ready after %u s", slot,
					      READY_TIMEOUT_MS / 1000);
		r = glib_call_wait(&qmi->call, &qmi->call.news, POLL_MS, err);
		if (r)
			return r;
	}
}

/* --- taking and giving back ------------------------------------------------------------------------------------------- */

static int switch_to(struct qmi *qmi, unsigned slot, unsigned timeout_ms, struct esim_error *err)
{
	QmiMessage *request = qmi_uim_request(qmi, QMI_UIM_SWITCH_SLOT), *answer = NULL;
	int r;

	qmi_switch_slot_request(request, qmi->logical, mapped(qmi, slot));
	r = qmi_exchange(qmi, "switch slot", request, timeout_ms, &answer, err);
	if (r)
		return r;
	/* It is there already. */
	if (qmi_answer_error(answer) != QMI_PROTOCOL_ERROR_NO_EFFECT)
		r = qmi_answer_result(answer, "switch slot", err);
	qmi_message_unref(answer);
	return r;
}

static void is_as_before(struct qmi *qmi)
{
	qmi->slot_switched = false;
	journal_slot_restored(qmi->journal);
}

/* So that who comes after a crash can put it back. */
static int note_switch(struct qmi *qmi, unsigned slot, struct esim_error *err)
{
	if (!qmi->slot_switched)
		qmi->slot_before = qmi->told;
	qmi->slot_switched = true;
	return qmi->slot_before == 0 ? 0 : journal_slot_switching(
		qmi->journal, &(struct journal_slots){ .before = qmi->slot_before, .now = slot }, err);
}

static int switch_and_wait(struct qmi *qmi, unsigned slot, struct esim_error *err)
{
	struct qmi_slots slots;
	int r = note_switch(qmi, slot, err);

	if (!r)
		r = switch_to(qmi, slot, QMI_TIMEOUT_MS, err);
	if (!r)
		r = wait_ready(qmi, slot, err);
	if (!r)
		r = qmi_slots_read(qmi, &slots, QMI_TIMEOUT_MS, err);
	if (r || in_use(&slots, qmi->logical) == slot)
		return r;
	/* By a number that means another slot, what was before would not come back. */
	if (in_use(&slots, qmi->logical) == qmi->slot_before)
		is_as_before(qmi);
	esim_error_set(err, ESIM_EIO, "the modem stays at slot %u", in_use(&slots, qmi->logical));
	esim_error_advise(err, "Does its firmware mix up the numbers of its slots? See Slots=swapped in modems.conf(5).");
	return ESIM_EIO;
}

/* The slot is used by another part of the modem: our messages go there, and nothing is switched. */
static bool is_ours_elsewhere(struct qmi *qmi, const struct qmi_slots *slots, unsigned slot)
{
	const struct qmi_slot *wanted = &slots->slots[slot - 1];

	if (!wanted->active || wanted->logical == 0)
		return false;
	qmi->logical = wanted->logical;
	return true;
}

static int take(struct qmi *qmi, const struct qmi_slots *slots, unsigned slot, struct esim_error *err)
{
	int r = 0;

	if (slot > slots->count)
		return esim_error_set(err, ESIM_ENODEV, "the modem has no slot %u: it has %u", slot, slots->count);
	if (!is_ours_elsewhere(qmi, slots, slot))
		r = switch_and_wait(qmi, slot, err);
	return r;
}

int qmi_slot_find(struct qmi *qmi, struct esim_error *err)
{
	struct qmi_slots slots;
	int r = qmi_slots_read(qmi, &slots, QMI_TIMEOUT_MS, err);

	qmi->told = 0;
	if (!r) {
		qmi->facts.slots = slots.count;
		qmi->told = in_use(&slots, qmi->logical);
	}
	qmi->facts.slot = qmi->told;
	return r && glib_call_can_do_without(r) ? 0 : r;
}

void qmi_slot_restore(struct qmi *qmi)
{
	const struct esim_cancel *cancel = qmi->call.cancel;

	if (!qmi->slot_switched || qmi->slot_before == 0)
		return;
	qmi->call.cancel = NULL;
	if (switch_to(qmi, qmi->slot_before, QMI_END_TIMEOUT_MS, NULL) == 0)
		is_as_before(qmi);
	qmi->slot_switched = false;
	qmi->call.cancel = cancel;
}

/* A killed owner left the modem at another slot than it found. Where somebody has chosen one since, that one stays. */
static int put_back(struct qmi *qmi, struct esim_error *err)
{
	struct journal_slots left;

	if (qmi->slot_switched || qmi->told == 0 || !journal_slot_left(qmi->journal, &left))
		return 0;
	if (qmi->told != left.now) {
		journal_slot_restored(qmi->journal);
		return 0;
	}
	qmi->slot_before = left.before;
	qmi->slot_switched = true;
	/* Else it is put back when the one that is wanted now is given up. */
	if (qmi->address.slot != 0)
		return 0;
	qmi_slot_restore(qmi);
	return wait_ready(qmi, left.before, err) == ESIM_ECANCELED ? ESIM_ECANCELED : qmi_slot_find(qmi, err);
}

int qmi_slot_take(struct qmi *qmi, struct esim_error *err)
{
	const unsigned slot = qmi->address.slot;
	struct qmi_slots slots;
	int r = put_back(qmi, err);

	if (r || slot == 0 || slot == qmi->told)
		return r;
	r = qmi_slots_read(qmi, &slots, QMI_TIMEOUT_MS, err);
	if (r == ESIM_ENOTSUP)
		esim_error_advise(err, "Leave ?slot= out to use the slot that the modem uses.");
	if (!r)
		r = take(qmi, &slots, slot, err);
	if (!r)
		qmi->facts.slot = qmi->told = slot;
	return r;
}
