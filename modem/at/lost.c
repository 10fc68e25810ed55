/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel whose number was never heard: the command to open it was given up, and no answer came late either. AT has
 * no list of channels and no names for them. But one that is not known to be ours and has the ISD-R selected is,
 * since a modem has one owner (journal.h); and so is one with no application at all, which nobody else has a use for.
 */
#include "at.h"

#include "libesim/src/deadline.h"

#include <esim/tlv.h>

#define PROBE_TIMEOUT_MS	3000u
#define TAG_FCP			0x62
#define TAG_DF_NAME		0x84

/* By sessions, and where the modem will not, by the card's own channels. */
static int transmit(struct at *at, unsigned number, const uint8_t *command, size_t len, struct esim_buf *response,
		    unsigned timeout_ms)
{
	int r = ESIM_ENOTSUP;

	esim_buf_reset(response);
	if (at->ccho != AT_CANNOT && at->cgla != AT_CANNOT)
		r = at_cgla(at, number, esim_slice(command, len), response, timeout_ms, NULL);
	if (r == ESIM_ENOTSUP || (r && at_has_refused(at) && at->csim != AT_CANNOT))
		r = at_csim_transmit(at, number, esim_slice(command, len), response, timeout_ms, NULL);
	return r;
}

/* ES10c.GetEID, which any ISD-R answers. */
static int has_isdr(struct at *at, unsigned number, struct esim_buf *response, bool *ret, unsigned timeout_ms)
{
	static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A, 0x00 };
	int r = transmit(at, number, get_eid, sizeof(get_eid), response, timeout_ms);

	if (!r)
		*ret = (response->len > 4 && response->data[0] == 0xBF && response->data[1] == 0x3E) ||
		       (response->len == 2 && response->data[0] == 0x61);
	return r;
}

/* STATUS: what is current is the MF, so nothing was selected by its AID. */
static int has_nothing(struct at *at, unsigned number, struct esim_buf *response, bool *ret, unsigned timeout_ms)
{
	static const uint8_t status[] = { 0x80, 0xF2, 0x00, 0x00, 0x00 };
	struct esim_tlv fcp, name;
	int r = transmit(at, number, status, sizeof(status), response, timeout_ms);

	if (!r)
		*ret = response->len > 2 &&
		       esim_tlv_find(esim_slice(response->data, response->len - 2), TAG_FCP, &fcp) == 1 &&
		       esim_tlv_find(fcp.value, TAG_DF_NAME, &name) == 0;
	return r;
}

static bool is_ours(const struct at *at, unsigned number)
{
	for (unsigned i = 0; i < CHANNELS_MAX; i++)
		if (at->channels.list[i].open && at->channels.list[i].number == number)
			return true;
	return false;
}

/* The modem's no to a number is no failure: there is no such channel. */
static int look_at(struct at *at, unsigned number, struct esim_buf *response, bool *ret, unsigned timeout_ms)
{
	int r = has_isdr(at, number, response, ret, timeout_ms);

	if (!r && !*ret)
		r = has_nothing(at, number, response, ret, timeout_ms);
	return r && at_has_refused(at) ? 0 : r;
}

void at_lost_resolve(struct at *at, unsigned timeout_ms)
{
	const uint64_t deadline = deadline_in(timeout_ms);
	const unsigned last = at->quirks.max_channels ? at->quirks.max_channels : ESIM_MAX_CHANNEL;
	struct esim_buf response = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	bool found = false;
	int r = 0;

	for (unsigned n = 1; !r && !found && n <= last; n++) {
		const unsigned left = (unsigned)deadline_left_ms(deadline);
		const unsigned each = left < PROBE_TIMEOUT_MS ? left : PROBE_TIMEOUT_MS;

		if (left == 0)
			r = ESIM_ETIMEDOUT;
		else if (!is_ours(at, n))
			r = look_at(at, n, &response, &found, each);
		if (!r && found)
			r = at_channel_close_number(at, n, false, each);
	}
	esim_buf_free(&response);
	/* Looked at each, and the one that there was is closed; or it never came to be. */
	if (r)
		return;
	at->unresolved = false;
	journal_closed(at->journal, JOURNAL_PENDING);
}
