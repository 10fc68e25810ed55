/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots: which of them the modem's executor uses (MS Basic Connect Extensions, Device Slot Mappings). One that is not in
 * use is taken for as long as the transport is open, and what was there before comes back.
 */
#include "answers.h"

#include "libesim/src/deadline.h"

#define READY_TIMEOUT_MS 30000u
#define EMPTY_PATIENCE_MS 3000u		/* a modem may find the card of a slot only after a while */
#define POLL_MS 500u			/* where it does not tell by itself */

/* --- exchanges -------------------------------------------------------------------------------------------- */

/* @request asks for the map or sets it; @slots gets what it is now. */
static int exchange_map(struct mbim *mbim, MbimMessage *request, unsigned timeout_ms, struct mbim_slots *slots,
			struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r = mbim_exchange(mbim, "slot mappings", request, timeout_ms, &answer, err);

	if (r)
		return r;
	r = mbim_answer_slot_map(answer, slots, err);
	mbim_message_unref(answer);
	return r;
}

int mbim_slots_read(struct mbim *mbim, struct mbim_slots *ret, struct esim_error *err)
{
	MbimMessage *answer = NULL;
	struct mbim_slots slots = { 0 };
	int r;

	if (mbim->quirks.slots == QUIRK_SLOTS_NONE || !(mbim->services & MBIM_HAS_SLOTS))
		return esim_error_set(err, ESIM_ENOTSUP, "the modem's firmware can neither name nor switch slots");
	r = mbim_exchange(mbim, "system capabilities", mbim_message_ms_basic_connect_extensions_sys_caps_query_new(NULL),
			  MBIM_TIMEOUT_MS, &answer, err);
	if (!r) {
		r = mbim_answer_sys_caps(answer, &slots, err);
		mbim_message_unref(answer);
	}
	if (!r)
		r = exchange_map(mbim, mbim_message_ms_basic_connect_extensions_device_slot_mappings_query_new(NULL),
				 MBIM_TIMEOUT_MS, &slots, err);
	if (!r)
		*ret = slots;
	return r;
}

static int read_state(struct mbim *mbim, uint32_t slot, MbimUiccSlotState *ret, struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r = mbim_exchange(mbim, "slot state", mbim_message_ms_basic_connect_extensions_slot_info_status_query_new(
						 slot, NULL), MBIM_TIMEOUT_MS, &answer, err);

	if (r)
		return r;
	r = mbim_answer_slot_state(answer, ret, err);
	mbim_message_unref(answer);
	return r;
}

/* --- numbers: from 1 for people, from 0 on the wire -------------------------------------------------------------- */

static uint32_t wire_of(const struct mbim *mbim, unsigned slot)
{
	return mbim->quirks.slots == QUIRK_SLOTS_SWAPPED && slot <= 2 ? 2 - slot : slot - 1;
}

unsigned mbim_slot_of(const struct mbim *mbim, const struct mbim_slots *slots)
{
	for (unsigned slot = 1; slot <= slots->count; slot++)
		if (wire_of(mbim, slot) == slots->map[0])
			return slot;
	return 0;
}

/* --- readiness ---------------------------------------------------------------------------------------------------- */

enum readiness { READY, NOT_YET, EMPTY };

static enum readiness readiness_of(MbimUiccSlotState state)
{
	switch (state) {
	case MBIM_UICC_SLOT_STATE_ACTIVE:
	case MBIM_UICC_SLOT_STATE_ACTIVE_ESIM:
	case MBIM_UICC_SLOT_STATE_ACTIVE_ESIM_NO_PROFILES:
		return READY;
	case MBIM_UICC_SLOT_STATE_EMPTY:
	case MBIM_UICC_SLOT_SATE_OFF_EMPTY:
		return EMPTY;
	case MBIM_UICC_SLOT_STATE_UNKNOWN:
	case MBIM_UICC_SLOT_STATE_OFF:
	case MBIM_UICC_SLOT_STATE_NOT_READY:
	case MBIM_UICC_SLOT_STATE_ERROR:
		break;
	}
	return NOT_YET;
}

static int ask_readiness(struct mbim *mbim, unsigned slot, enum readiness *ret, struct esim_error *err)
{
	MbimUiccSlotState state = MBIM_UICC_SLOT_STATE_UNKNOWN;
	struct esim_iccid iccid;
	int r;

	if (mbim->services & MBIM_HAS_SLOT_STATE) {
		r = read_state(mbim, wire_of(mbim, slot), &state, err);
		*ret = readiness_of(state);
		return r;
	}
	r = mbim_iccid(mbim, &iccid, MBIM_TIMEOUT_MS, err);
	*ret = r == ESIM_EBUSY ? NOT_YET : READY;
	return r == ESIM_EBUSY || r == ESIM_ENOENT ? 0 : r;
}

static int wait_ready(struct mbim *mbim, unsigned slot, struct esim_error *err)
{
	uint64_t deadline = deadline_in(READY_TIMEOUT_MS), patience = deadline_in(EMPTY_PATIENCE_MS);
	enum readiness readiness = NOT_YET;
	int r;

	for (;;) {
		mbim->call.news = FALSE;
		r = ask_readiness(mbim, slot, &readiness, err);
		if (r || readiness == READY)
			return r;
		if (readiness == EMPTY && deadline_left_ms(patience) == 0)
			return esim_error_set(err, ESIM_ENODEV, "no card is in slot %u", slot);
		if (deadline_left_ms(deadline) == 0)
			return esim_error_set(err, ESIM_ETIMEDOUT, "the card in slot %u is not ready after %u s", slot,
					      READY_TIMEOUT_MS / 1000);
		r = glib_call_wait(&mbim->call, &mbim->call.news, POLL_MS, err);
		if (r)
			return r;
	}
}

/* --- taking and giving back -------------------------------------------------------------------------------------------- */

/* Another executor that has the slot gets ours in exchange. */
static void map_first_to(struct mbim_slots *slots, uint32_t wire)
{
	for (unsigned i = 1; i < slots->executors; i++)
		if (slots->map[i] == wire)
			slots->map[i] = slots->map[0];
	slots->map[0] = wire;
}

/* So that who comes after a crash can put it back. */
static int note_switch(struct mbim *mbim, const struct mbim_slots *slots, unsigned slot, struct esim_error *err)
{
	struct journal_slots noted = { .now = slot };

	if (!mbim->slot_switched)
		mbim->before = *slots;
	mbim->slot_switched = true;
	noted.before = mbim_slot_of(mbim, &mbim->before);
	return noted.before == 0 ? 0 : journal_slot_switching(mbim->journal, &noted, err);
}

static int switch_to(struct mbim *mbim, const struct mbim_slots *slots, unsigned slot, struct esim_error *err)
{
	struct mbim_slots wanted = *slots, now = *slots;
	int r;

	map_first_to(&wanted, wire_of(mbim, slot));
	r = note_switch(mbim, slots, slot, err);
	if (!r)
		r = exchange_map(mbim, mbim_slot_map_request(&wanted), MBIM_TIMEOUT_MS, &now, err);
	if (r)
		return r;
	if (now.map[0] != wanted.map[0])
		return esim_error_set(err, ESIM_EIO, "the modem stays at slot %u", mbim_slot_of(mbim, &now));
	return wait_ready(mbim, slot, err);
}

void mbim_slot_restore(struct mbim *mbim)
{
	const struct esim_cancel *cancel = mbim->call.cancel;
	struct mbim_slots now = mbim->before;

	if (!mbim->slot_switched)
		return;
	mbim->slot_switched = false;
	mbim->call.cancel = NULL;
	if (exchange_map(mbim, mbim_slot_map_request(&now), MBIM_END_TIMEOUT_MS, &now, NULL) == 0 &&
	    now.map[0] == mbim->before.map[0])
		journal_slot_restored(mbim->journal);
	mbim->call.cancel = cancel;
}

/* A killed owner left the modem at another slot than it found. Where somebody has chosen one since, that one stays. */
static int put_back(struct mbim *mbim, const struct mbim_slots *slots, struct esim_error *err)
{
	struct journal_slots left;

	if (mbim->slot_switched || !journal_slot_left(mbim->journal, &left))
		return 0;
	if (mbim_slot_of(mbim, slots) != left.now || left.before > slots->count) {
		journal_slot_restored(mbim->journal);
		return 0;
	}
	mbim->before = *slots;
	map_first_to(&mbim->before, wire_of(mbim, left.before));
	mbim->slot_switched = true;
	/* Else it is put back when the one that is wanted now is given up. */
	if (mbim->address.slot != 0)
		return 0;
	mbim_slot_restore(mbim);
	mbim->facts.slot = left.before;
	return wait_ready(mbim, left.before, err) == ESIM_ECANCELED ? ESIM_ECANCELED : 0;
}

int mbim_slot_take(struct mbim *mbim, struct esim_error *err)
{
	unsigned slot = mbim->address.slot;
	struct journal_slots left;
	struct mbim_slots slots;
	int r;

	if (slot == 0 && !journal_slot_left(mbim->journal, &left))
		return 0;
	r = mbim_slots_read(mbim, &slots, err);
	if (!r)
		r = put_back(mbim, &slots, err);
	if (slot == 0)
		return r == ESIM_ECANCELED ? r : 0;
	if (r) {
		if (r == ESIM_ENOTSUP)
			esim_error_advise(err, "Leave ?slot= out to use the slot that the modem uses.");
		return r;
	}
	mbim->facts.slots = slots.count;
	if (slot > slots.count)
		return esim_error_set(err, ESIM_ENODEV, "the modem has no slot %u: it has %u", slot, slots.count);
	if (mbim->quirks.slots == QUIRK_SLOTS_EXECUTOR && slot > 1)
		return esim_error_set(err, ESIM_ENOTSUP, "the modem's firmware switches no slots over MBIM, and uses the first");
	if (mbim_slot_of(mbim, &slots) != slot)
		r = switch_to(mbim, &slots, slot, err);
	if (!r)
		mbim->facts.slot = slot;
	return r;
}
