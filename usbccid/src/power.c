/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Power: from nothing to a card's session, and back. */
#include "reader.h"

#define POWER_ON_MS	5000		/* a card that says nothing in it is mute */
#define POWER_OFF_MS	2000

/* Of the next activation: no card, or none at this voltage. */
#define RETRY_HIGHER 3

/* The call's own time, but not more than @ms of it. Returns what to put back. */
static uint64_t shorten(struct call *call, unsigned ms)
{
	const uint64_t whole = call->deadline, limit = wire_now_ms() + ms;

	if (limit < whole)
		call->deadline = limit;
	return whole;
}

/* A reader that refuses it has told so. */
int power_off(struct call *call)
{
	const struct request request = { .type = CCID_ICC_POWER_OFF, .answer = CCID_SLOT_STATUS };
	const uint64_t whole = shorten(call, POWER_OFF_MS);
	struct ccid_answer answer;
	int r;

	if (call->slot->card.state == USBCCID_CARD_ON)
		call->slot->card.state = USBCCID_CARD_OFF;
	r = exchange(call, &request, &answer);
	call->deadline = whole;
	if (r < 0)
		return r;
	call->slot->powered = false;
	return 0;
}

static int take_atr(struct call *call, const struct ccid_answer *answer)
{
	const struct usbccid_reader *reader = call->reader;
	struct slot *slot = call->slot;

	if (answer->len < 2 || answer->len > USBCCID_ATR_MAX) {
		call_fail(call, USBCCID_EPROTO, "an answer to reset of %zu bytes", answer->len);
		return RETRY_HIGHER;
	}
	if (atr_parse(answer->data, answer->len, &slot->atr)) {
		/* Where the reader does it all it understood more of it. */
		if (!(reader->setup.descriptor.features & CCID_AUTO_PARAMETERS) ||
		    reader->setup.info.level == USBCCID_TPDU) {
			call_fail(call, USBCCID_EPROTO, "the answer to reset is malformed");
			return RETRY_HIGHER;
		}
		slot->atr = (struct atr){ .rate = ATR_DEFAULT_RATE, .protocols = 1 };
	}
	memcpy(slot->card.atr, answer->data, answer->len);
	slot->card.atr_len = answer->len;
	return 0;
}

/* IccPowerOn. RETRY_HIGHER: nothing usable at this voltage, and call->err says what. */
static int power_on(struct call *call, uint8_t voltage)
{
	const struct request request = {
		.type = CCID_ICC_POWER_ON, .answer = CCID_DATA_BLOCK, .specific = { voltage, 0, 0 },
	};
	const uint64_t whole = shorten(call, POWER_ON_MS);
	struct ccid_answer answer;
	int r;

	/* First, for a reset of the device on the way takes the power from all cards. */
	r = settle(call);
	if (!r) {
		call->slot->powered = true;
		r = exchange(call, &request, &answer);
	}
	call->deadline = whole;
	if (r == USBCCID_ETIMEDOUT && wire_now_ms() < whole)
		return RETRY_HIGHER;
	if (r < 0)
		return r;
	if (r == REFUSED && answer.icc == CCID_ICC_ABSENT)
		return call_fail(call, USBCCID_ENOMEDIUM, "there is no card");
	if (r == REFUSED) {
		call->err.reader = answer.error;
		call_fail(call, USBCCID_EMUTE, "the card gave no answer to reset: %s (%02X)",
			  ccid_error_name(answer.error), answer.error);
		return RETRY_HIGHER;
	}
	call->slot->voltage = voltage;
	return take_atr(call, &answer);
}

/* From the lowest voltage upwards, off in between, until the card answers. */
static int cold_reset(struct call *call, const uint8_t *ladder, unsigned steps)
{
	int r = RETRY_HIGHER;

	for (unsigned i = 0; i < steps && r == RETRY_HIGHER; i++) {
		/* By what is said to that the card may be known to be off. */
		r = settle(call);
		if (!r && call->slot->powered)
			r = power_off(call);
		if (!r)
			r = power_on(call, ladder[i]);
	}
	return r;
}

static unsigned make_ladder(const struct usbccid_reader *reader, uint8_t ladder[CCID_POWER_STEPS])
{
	unsigned steps = ccid_power_ladder(&reader->setup.descriptor, ladder);

	if (reader->setup.quirks & QUIRK_POWER_5V_FIRST)
		for (unsigned i = 0; i < steps / 2; i++) {
			const uint8_t low = ladder[i];

			ladder[i] = ladder[steps - 1 - i];
			ladder[steps - 1 - i] = low;
		}
	return steps;
}

static int bring_up(struct call *call, enum usbccid_reset kind)
{
	struct slot *slot = call->slot;
	const bool warm = kind == USBCCID_WARM && slot->card.state == USBCCID_CARD_ON;
	uint8_t ladder[CCID_POWER_STEPS];
	unsigned steps = make_ladder(call->reader, ladder);
	int r;

	/* What comes from here on is of the new session. */
	slot->stale = false;
	slot->card.state = USBCCID_CARD_OFF;
	r = warm ? power_on(call, slot->voltage) : cold_reset(call, ladder, steps);
	if (!r)
		r = session_set_up(call, false);
	if (r == RETRY_PLAIN) {
		r = cold_reset(call, &slot->voltage, 1);
		if (!r)
			r = session_set_up(call, true);
	}
	notices_take(call->reader, false);
	if (!r && slot->stale)
		r = slot->card.state == USBCCID_CARD_ABSENT ?
		    call_fail(call, USBCCID_ENOMEDIUM, "the card was taken out") :
		    call_fail(call, USBCCID_ESTALE, "the card was changed meanwhile");
	return r == RETRY_HIGHER || r == RETRY_PLAIN ? call->err.code : r;
}

/* Off again, as far as there is time; what went wrong before is what the caller hears. */
static void undo(struct call *call)
{
	const struct usbccid_error why = call->err;

	if (call->slot->powered && !call->reader->gone && why.code != USBCCID_ECANCELED &&
	    wire_now_ms() < call->deadline)
		power_off(call);
	call->err = why;
}

int usbccid_power_on(struct usbccid_reader *reader, unsigned slot, enum usbccid_reset kind,
		     unsigned timeout_ms, struct usbccid_error *err)
{
	struct call call;
	int r = call_begin(&call, reader, slot, timeout_ms);

	if (r)
		return call_end(&call, r, err);
	/* Cards that came and went until now are nothing to the session that begins. */
	notices_take(reader, true);
	r = bring_up(&call, kind);
	if (r)
		undo(&call);
	else
		call.slot->card.state = USBCCID_CARD_ON;
	return call_end(&call, r, err);
}

int usbccid_power_off(struct usbccid_reader *reader, unsigned slot, unsigned timeout_ms,
		      struct usbccid_error *err)
{
	struct call call;
	int r = call_begin(&call, reader, slot, timeout_ms);

	if (!r)
		r = power_off(&call);
	return call_end(&call, r, err);
}
