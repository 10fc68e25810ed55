/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A channel whose number was never heard (modem/common/lost.h), over AT. */
#include "at.h"

#include "libesim/src/deadline.h"
#include "modem/common/lost.h"

/* By sessions, and where the modem will not, by the card's own channels. */
static int transmit(void *context, unsigned number, struct esim_slice command, struct esim_buf *response,
		    unsigned timeout_ms)
{
	struct at *at = context;
	int r = ESIM_ENOTSUP;

	esim_buf_reset(response);
	if (at->ccho != AT_CANNOT && at->cgla != AT_CANNOT)
		r = at_cgla(at, number, command, response, timeout_ms, NULL);
	if (r == ESIM_ENOTSUP || (r && at_has_refused(at) && at->csim != AT_CANNOT))
		r = at_csim_transmit(at, number, command, response, timeout_ms, NULL);
	return r;
}

static bool refuses(void *context, int code)
{
	(void)code;
	return at_has_refused(context);
}

void at_lost_resolve(struct at *at, unsigned timeout_ms)
{
	const struct lost_way way = { .context = at, .transmit = transmit, .refuses = refuses };
	const unsigned last = at->quirks.max_channels ? at->quirks.max_channels : ESIM_MAX_CHANNEL;
	unsigned number;
	int r = lost_find(&way, &at->channels, last, timeout_ms, &number);

	if (!r && number)
		r = at_channel_close_number(at, number, false, AT_CLOSE_TIMEOUT_MS);
	/* Looked at each, and the one that there was is closed; or it never came to be. */
	if (r)
		return;
	at->unresolved = false;
	journal_closed(at->journal, JOURNAL_PENDING);
}
