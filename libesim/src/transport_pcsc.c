/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers of pcscd, `pcsc:[READER]`.
 *
 * The card is taken for this program alone (SCARD_SHARE_EXCLUSIVE). A session of the LPA goes over
 * many commands, on a channel of its own: another program's reset would end it, and a transaction
 * for as long would make others wait without a bound, as would ours for theirs. So both sides hear
 * at once that the card is in use.
 *
 * PC/SC has neither deadlines nor a way to cancel a command: SCardTransmit() comes back when the
 * driver has an answer or gives up. A cancel handle is looked at before each command, and an answer
 * that comes is handed on even when it is late, for what was done on the card is known by it.
 */
#include "pcsc_error.h"
#include "pcsc_readers.h"
#include "transport_schemes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SW_SIZE 2
#define PROTOCOLS (SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)

struct pcsc_transport {
	SCARDCONTEXT context;
	SCARDHANDLE card;
	bool has_context, has_card;
	char name[PCSC_NAME_SIZE];
	char where[PCSC_URI_SIZE];	/* for messages */
	DWORD protocol;
	uint8_t atr[MAX_ATR_SIZE];
	DWORD atr_len;
	const struct esim_cancel *cancel;
	uint8_t response[MAX_BUFFER_SIZE_EXTENDED];
};

/* --- the session with pcscd ---------------------------------------------------------------- */

/* Off, as others expect to find it: no PIN stays verified and no channel open. */
static void hang_up(struct pcsc_transport *t)
{
	if (t->has_card)
		SCardDisconnect(t->card, SCARD_UNPOWER_CARD);
	if (t->has_context)
		SCardReleaseContext(t->context);
	t->has_card = t->has_context = false;
}

static LONG read_status(struct pcsc_transport *t)
{
	DWORD name_len = 0, state;

	t->atr_len = sizeof(t->atr);
	return SCardStatus(t->card, NULL, &name_len, &state, &t->protocol, t->atr, &t->atr_len);
}

static int choose_reader(struct pcsc_transport *t, const char *wanted, struct esim_error *err)
{
	struct pcsc_reader readers[PCSC_MAX_READERS];
	const struct pcsc_reader *chosen = NULL;
	size_t count = 0;
	int r = pcsc_list(t->context, readers, &count, err);

	if (!r)
		r = pcsc_choose(readers, count, wanted, &chosen, err);
	if (r)
		return r;
	memcpy(t->name, chosen->name, sizeof(t->name));
	pcsc_uri(t->name, t->where);
	return 0;
}

static int connect_card(struct pcsc_transport *t, const char *wanted, struct esim_error *err)
{
	LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &t->context);
	int r;

	if (rv != SCARD_S_SUCCESS)
		return pcsc_error(err, "pcsc", rv);
	t->has_context = true;
	r = choose_reader(t, wanted, err);
	if (r)
		return r;
	rv = SCardConnect(t->context, t->name, SCARD_SHARE_EXCLUSIVE, PROTOCOLS, &t->card, &t->protocol);
	t->has_card = rv == SCARD_S_SUCCESS;
	if (t->has_card)
		rv = read_status(t);
	return rv == SCARD_S_SUCCESS ? 0 : pcsc_error(err, t->where, rv);
}

/* --- vtable ------------------------------------------------------------------------------------ */

static void pcsc_close(void *priv)
{
	struct pcsc_transport *t = priv;

	hang_up(t);
	/* Answers of the card may have held what is secret. */
	explicit_bzero(t, sizeof(*t));
	free(t);
}

/* At T=0 many drivers take no Le after data (ISO/IEC 7816-3, 12.1.3): it is left out, and 61xx followed. */
static void pcsc_describe(void *priv, struct esim_transport_info *ret)
{
	const struct pcsc_transport *t = priv;

	snprintf(ret->scheme, sizeof(ret->scheme), "pcsc");
	snprintf(ret->name, sizeof(ret->name), "%s", t->name);
	ret->features = ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_RESET;
	if (t->protocol == SCARD_PROTOCOL_T1)
		ret->features |= ESIM_TRANSPORT_CASE4 | ESIM_TRANSPORT_EXTENDED;
	if (t->atr_len <= sizeof(ret->atr)) {
		memcpy(ret->atr, t->atr, t->atr_len);
		ret->atr_len = t->atr_len;
	}
}

static int not_sent(struct pcsc_transport *t, struct esim_error *err)
{
	int r;

	if (esim_cancel_triggered(t->cancel))
		r = esim_error_set(err, ESIM_ECANCELED, "cancelled before the command was sent");
	else
		r = esim_error_set(err, ESIM_ENODEV, "%s: the connection to pcscd broke", t->where);
	return esim_error_outcome(err, r, ESIM_OUTCOME_NEVER_SENT);
}

static int pcsc_transmit(void *priv, struct esim_slice command, struct esim_buf *response,
			 unsigned timeout_ms, struct esim_error *err)
{
	struct pcsc_transport *t = priv;
	DWORD len = sizeof(t->response);
	LONG rv;
	int r;

	(void)timeout_ms;
	if (!t->has_card || esim_cancel_triggered(t->cancel))
		return not_sent(t, err);
	rv = SCardTransmit(t->card, t->protocol == SCARD_PROTOCOL_T1 ? SCARD_PCI_T1 : SCARD_PCI_T0,
			   command.data, command.len, NULL, t->response, &len);
	/* Some drivers take a card that fell silent for one that says nothing. */
	if (rv == SCARD_S_SUCCESS && len < SW_SIZE)
		rv = SCARD_E_NOT_TRANSACTED;
	if (rv != SCARD_S_SUCCESS) {
		if (pcsc_error_ends_service(rv))
			hang_up(t);
		return pcsc_error_command(err, t->where, rv);
	}
	esim_buf_append(response, t->response, len);
	r = esim_buf_failed(response);
	return r ? esim_error_set(err, r, "no room for an answer of %lu bytes", len) : 0;
}

/* Cold, where nothing else is asked for: it brings back a card that a warm reset does not. */
static int pcsc_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	const DWORD how = kind == ESIM_RESET_WARM ? SCARD_RESET_CARD : SCARD_UNPOWER_CARD;
	struct pcsc_transport *t = priv;
	char name[PCSC_NAME_SIZE];
	LONG rv = SCARD_E_INVALID_HANDLE;

	if (t->has_card)
		rv = SCardReconnect(t->card, SCARD_SHARE_EXCLUSIVE, PROTOCOLS, how, &t->protocol);
	if (rv == SCARD_S_SUCCESS)
		rv = read_status(t);
	if (rv == SCARD_S_SUCCESS)
		return 0;
	if (!pcsc_error_ends_service(rv) && rv != SCARD_E_READER_UNAVAILABLE)
		return pcsc_error(err, t->where, rv);
	/* pcscd is another now, or the reader: it is found by its name again. */
	hang_up(t);
	memcpy(name, t->name, sizeof(name));
	return connect_card(t, name, err);
}

static void pcsc_set_cancel(void *priv, const struct esim_cancel *cancel)
{
	((struct pcsc_transport *)priv)->cancel = cancel;
}

static const struct esim_transport_ops pcsc_ops = {
	.close = pcsc_close,
	.describe = pcsc_describe,
	.transmit = pcsc_transmit,
	.reset = pcsc_reset,
	.set_cancel = pcsc_set_cancel,
};

int transport_pcsc_open(const char *rest, struct esim_transport **ret, struct esim_error *err)
{
	struct pcsc_transport *t = calloc(1, sizeof(*t));
	char wanted[PCSC_NAME_SIZE];
	int r;

	if (!t)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	r = pcsc_name(rest, wanted, err);
	if (!r)
		r = connect_card(t, wanted, err);
	if (r) {
		pcsc_close(t);
		return r;
	}
	r = esim_transport_new(&pcsc_ops, t, ret);
	return r ? esim_error_set(err, r, "out of memory") : 0;
}
