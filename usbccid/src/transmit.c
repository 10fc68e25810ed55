/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command APDU and its response, as the level of the reader wants it. */
#include "reader.h"

int gather(struct call *call, struct transmission *apdu, const struct ccid_answer *answer)
{
	if (answer->len > apdu->size - apdu->response_len)
		return call_fail(call, USBCCID_EOVERFLOW,
				 "the response is longer than the room of %zu bytes", apdu->size);
	memcpy(apdu->response + apdu->response_len, answer->data, answer->len);
	apdu->response_len += answer->len;
	return 0;
}

/* What can go out at all; the rest is refused before anything does. */
static int check_command(struct call *call, const struct transmission *apdu)
{
	const struct usbccid_card *card = &call->slot->card;
	const enum ccid_apdu form = ccid_apdu_case(apdu->command, apdu->len);

	if (form == CCID_APDU_INVALID)
		return call_fail(call, USBCCID_EINVAL, "%zu bytes that are no command APDU",
				 apdu->len);
	if (form == CCID_APDU_EXTENDED && !card->extended)
		return call_fail(call, USBCCID_ENOTSUP, "the reader takes no extended-length APDUs%s",
				 call->reader->setup.info.level == USBCCID_TPDU ?
				 " for a card of T=0" : "");
	if (apdu->len > card->max_command)
		return call_fail(call, USBCCID_ENOTSUP,
				 "the reader takes commands of at most %zu bytes",
				 card->max_command);
	return 0;
}

/* A session that is over is not begun anew behind the caller's back. */
static int check_session(struct call *call)
{
	const struct slot *slot = call->slot;

	if (slot->card.state == USBCCID_CARD_ON)
		return 0;
	if (slot->card.state == USBCCID_CARD_ABSENT && slot->told != PRESENCE_UNKNOWN)
		return call_fail(call, USBCCID_ENOMEDIUM, "there is no card");
	if (slot->stale)
		return call_fail(call, USBCCID_ESTALE,
				 "the session of the card is over: power on anew");
	return call_fail(call, USBCCID_EINVAL, "the card has no power");
}

static int transmit(struct call *call, struct transmission *apdu)
{
	switch (call->reader->setup.info.level) {
	case USBCCID_TPDU:
		return call->slot->card.protocol == 1 ? transmit_t1(call, apdu) :
							transmit_t0(call, apdu);
	case USBCCID_SHORT_APDU:
		return transmit_short(call, apdu);
	case USBCCID_EXTENDED_APDU:
		return transmit_extended(call, apdu);
	case USBCCID_CHARACTER:
		break;
	}
	return call_fail(call, USBCCID_ENOTSUP, "the reader's level of exchange is not supported");
}

/*
 * A card that was changed has no power, so that the reader refuses the command. Not so where the
 * reader powers on by itself what is put in: there the interrupt endpoint is asked first.
 */
static void look_for_change(struct call *call)
{
	notices_take(call->reader,
		     call->reader->setup.descriptor.features & CCID_AUTO_ACTIVATION);
}

int usbccid_transmit(struct usbccid_reader *reader, unsigned slot, const uint8_t *command, size_t len,
		     uint8_t *response, size_t size, size_t *ret_len, unsigned timeout_ms,
		     struct usbccid_error *err)
{
	struct transmission apdu = {
		.command = command, .len = len, .response = response, .size = size,
	};
	struct call call;
	int r = call_begin(&call, reader, slot, timeout_ms);

	if (r)
		return call_end(&call, r, err);
	look_for_change(&call);
	r = settle(&call);
	if (!r)
		r = check_session(&call);
	if (!r)
		r = check_command(&call, &apdu);
	if (!r)
		r = transmit(&call, &apdu);
	notices_take(reader, false);
	if (!r && call.slot->card.state != USBCCID_CARD_ON)
		r = call_fail(&call, USBCCID_ESTALE, "the card was taken out or changed meanwhile");
	if (!r && apdu.response_len < 2)
		r = call_fail(&call, USBCCID_EPROTO, "a response of %zu bytes has no status word",
			      apdu.response_len);
	call.err.sent = call.reached;
	if (!r)
		*ret_len = apdu.response_len;
	return call_end(&call, r, err);
}
