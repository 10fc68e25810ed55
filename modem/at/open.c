/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a URI to a modem that is in step and knows nothing of who was here before; and back. */
#include "at.h"

#include "libesim/src/deadline.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#define RETRY_MS 100

/* Echo off, errors with their numbers; a modem that will not is understood all the same. */
static int agree(struct at *at, struct esim_error *err)
{
	static const char *const lines[] = { "ATE0", "AT+CMEE=1" };
	int r = at_sync(at, AT_SYNC_TIMEOUT_MS, err);

	for (size_t i = 0; !r && i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct at_request request = { .line = lines[i], .shape = AT_SHAPE_NONE };

		r = at_exchange(at, &request, AT_TIMEOUT_MS, err);
	}
	return r;
}

static int connect_port(struct at *at, struct esim_error *err)
{
	int r = at_tty_open(&at->tty, at->identity.port, err);

	if (r)
		return r;
	at_parser_clear(&at->parser);
	at_parser_init(&at->parser);
	r = agree(at, err);
	return r ? r : at_facts_read(at, err);
}

static int begin(struct at *at, const char *rest, struct esim_error *err)
{
	struct journal_channel left[JOURNAL_MAX_CHANNELS];
	size_t count = 0;
	int r = modem_address_parse("at", rest, false, false, &at->address, err);

	if (!r)
		r = modem_identity_of(at->address.path, &at->identity, err);
	if (!r)
		r = journal_open(&at->identity, &at->journal, left, &count, err);
	if (!r)
		r = connect_port(at, err);
	if (!r)
		at_channels_clean(at, left, count);
	return r;
}

int at_open(const char *rest, const struct esim_cancel *cancel, const struct esim_transport_ops **ret_ops, void **ret_priv,
	    struct esim_error *err)
{
	struct at *at = calloc(1, sizeof(*at));
	int r;

	if (!at)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	at->tty.fd = -1;
	at_parser_init(&at->parser);
	at->cancel = cancel;
	r = begin(at, rest, err);
	at->cancel = NULL;
	if (r) {
		at_close(at);
		return r;
	}
	*ret_ops = &at_transport_ops;
	*ret_priv = at;
	return 0;
}

void at_close(void *priv)
{
	struct at *at = priv;

	at->cancel = NULL;
	if (at->tty.fd >= 0)
		at_channels_end(at, AT_END_TIMEOUT_MS);
	at_tty_close(&at->tty);
	journal_close(&at->journal);
	at_parser_clear(&at->parser);
	free(at);
}

/* A port that is about to be taken away, or that another program looks at just now, is tried again. */
static bool comes_soon(const struct at *at, int code, uint64_t deadline)
{
	struct pollfd cancel = { .fd = esim_cancel_fd(at->cancel), .events = POLLIN };

	return (code == ESIM_ENODEV || code == ESIM_EBUSY || code == ESIM_ETIMEDOUT || code == ESIM_EIO) &&
	       deadline_left_ms(deadline) > 0 && poll(&cancel, 1, RETRY_MS) == 0;
}

int at_reopen(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	struct at *at = priv;
	const uint64_t deadline = deadline_in(timeout_ms);
	int r;

	at_tty_close(&at->tty);
	do {
		r = modem_identity_wait(&at->identity, at->cancel, (unsigned)deadline_left_ms(deadline), err);
		if (r)
			return r;
		r = connect_port(at, err);
		if (r)
			at_tty_close(&at->tty);
	} while (r && comes_soon(at, r, deadline));
	if (!r)
		at_channels_gone(at);
	return r;
}
