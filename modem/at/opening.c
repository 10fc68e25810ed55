/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which way to a channel a modem has is found out by going it: AT+CCHO=? says nothing of whether AT+CCHO works, and
 * many modems that have the one refuse the other. A no without a reason may be the modem's, which has no such command,
 * or the card's, which has no such application; the card itself, asked by AT+CSIM, tells which.
 */
#include "at.h"

#include "results.h"

/* Any USIM: by it AT+CCHO shows whether it works, on every card (TS 31.102; TS 101 220, annex E). */
static const uint8_t usim_aid[] = { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 };

static void advise_forbidden(const struct at *at, struct esim_error *err)
{
	esim_error_advise(err, "%s", at->quirks.note[0] ? at->quirks.note :
			  "Another firmware of the modem may allow it, or another of its ports (mbim:, qmi:); or put the "
			  "card into a reader.");
}

static int say_forbidden(const struct at *at, struct esim_error *err)
{
	const char *name = at_cme_name(at->parser.cme);

	esim_error_set(err, ESIM_ENOTSUP, "AT+CCHO: the modem's firmware forbids the ISD-R (+CME ERROR: %d, %s)", at->parser.cme,
		       name ? name : "not allowed");
	if (err)
		err->domain = ESIM_DOMAIN_CARD;
	advise_forbidden(at, err);
	return ESIM_ENOTSUP;
}

static int say_no_way(struct esim_error *err)
{
	esim_error_set(err, ESIM_ENOTSUP, "the modem's firmware has neither AT+CCHO nor AT+CSIM: its AT port gives no way "
					  "to the card");
	esim_error_advise(err, "Try its mbim: or qmi: port, if it has one.");
	return ESIM_ENOTSUP;
}

static int say_none_free(const struct at *at, struct esim_error *err)
{
	if (at->keeps_channels)
		esim_error_advise(err, "The modem has no way to close a channel (neither AT+CCHC nor AT+CSIM): restart it.");
	else
		esim_error_advise(err, "Other programs hold the modem's channels%s: try again when one has ended, or reset the "
				       "modem.", at->quirks.max_channels ? ", which are few" : "");
	return ESIM_EBUSY;
}

/* Channels are opened, and this SELECT alone is not let through. */
static int say_select_refused(const struct at *at, struct esim_error *err)
{
	const char *name = at->parser.final == AT_CME ? at_cme_name(at->parser.cme) : NULL;

	esim_error_set(err, ESIM_ENOTSUP, "AT+CSIM: the modem's firmware forbids the ISD-R: it takes MANAGE CHANNEL and "
					  "refuses SELECT (%s)", name ? name : "ERROR");
	if (err)
		err->domain = ESIM_DOMAIN_CARD;
	advise_forbidden(at, err);
	return ESIM_ENOTSUP;
}

static int by_csim(struct at *at, struct esim_slice aid, uint8_t p2, struct modem_channel *ret, struct esim_buf *fci,
		   unsigned timeout_ms, struct esim_error *err)
{
	int r;

	*ret = (struct modem_channel){ .by_csim = true };
	r = at_csim_open(at, aid, p2, &ret->number, fci, timeout_ms, err);
	if (ret->number || at->parser.final == AT_OK)
		at->csim = AT_CAN;
	else if (r && at_has_refused(at) && at->csim == AT_NOT_TRIED)
		at->csim = AT_CANNOT;
	if (r && ret->number && at_has_refused(at))
		return say_select_refused(at, err);
	return r == ESIM_EBUSY ? say_none_free(at, err) : r;
}

/* Neither AT+CCHO with this AID nor AT+CSIM: is it the card that has no such application? */
static int ask_for_usim(struct at *at, unsigned timeout_ms, struct esim_error *err)
{
	struct esim_error why;
	unsigned session;
	int r;

	esim_error_clear(&why);
	if (at->ccho != AT_CAN) {
		r = at_ccho_open(at, esim_slice(usim_aid, sizeof(usim_aid)), &session, timeout_ms, &why);
		if (r && !at_has_refused(at)) {
			if (err)
				*err = why;
			return r;
		}
		if (r) {
			at->ccho = AT_CANNOT;
			return say_no_way(err);
		}
		at->ccho = AT_CAN;
		at_channel_close_number(at, session, false, AT_CLOSE_TIMEOUT_MS);
	}
	esim_error_set(err, ESIM_ENOENT, "AT+CCHO: the modem opens no channel to the application and does not say why");
	if (err)
		err->domain = ESIM_DOMAIN_CARD;
	return ESIM_ENOENT;
}

int at_opening(struct at *at, struct esim_slice aid, uint8_t p2, struct modem_channel *ret, struct esim_buf *fci,
	       unsigned timeout_ms, struct esim_error *err)
{
	int r;

	*ret = (struct modem_channel){ 0 };
	if (at->quirks.at_channel == QUIRK_AT_CSIM || at->ccho == AT_CANNOT) {
		r = by_csim(at, aid, p2, ret, fci, timeout_ms, err);
		return r && at_has_refused(at) && at->csim == AT_CANNOT ? say_no_way(err) : r;
	}
	/* Which answer of SELECT is wanted (@p2) AT+CCHO cannot say; it gives none. */
	r = at_ccho_open(at, aid, &ret->number, timeout_ms, err);
	if (!r)
		at->ccho = AT_CAN;
	if (!r || !at_has_refused(at))
		return r;
	if (r == ESIM_EREFUSED)
		return say_forbidden(at, err);
	if (r == ESIM_ENODEV || r == ESIM_ENOENT)
		return r;
	if (r == ESIM_EBUSY)
		return say_none_free(at, err);
	if (r == ESIM_ENOTSUP && at->ccho == AT_NOT_TRIED)
		at->ccho = AT_CANNOT;
	if (at->quirks.at_channel == QUIRK_AT_CCHO || at->csim == AT_CANNOT)
		return at->ccho == AT_CANNOT ? say_no_way(err) : ask_for_usim(at, timeout_ms, err);
	r = by_csim(at, aid, p2, ret, fci, timeout_ms, err);
	if (!r && at->ccho == AT_NOT_TRIED)
		at->ccho = AT_CANNOT;
	if (!r || !at_has_refused(at) || at->csim == AT_CAN)
		return r;
	return at->ccho == AT_CANNOT ? say_no_way(err) : ask_for_usim(at, timeout_ms, err);
}
