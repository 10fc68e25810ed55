/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table from PC/SC's codes to errors; see pcsc_error.h. */
#include "pcsc_error.h"
#include "pcsc_clients.h"

#include <stdbool.h>
#include <stddef.h>

static const char start_pcscd[] = "Start it (systemctl start pcscd.socket), or use the reader without it (usb:).";
static const char insert_card[] = "Insert the card, the right way round.";
static const char plug_in[] = "Plug the reader in. `lpactl devices` lists the readers.";
static const char begin_anew[] = "Begin anew.";

static const struct cause {
	LONG from;
	int code;
	bool never_sent;		/* refused before the card got anything */
	bool ends_service;
	const char *message;
	const char *advice;		/* NULL: none */
} causes[] = {
	{ SCARD_E_NO_SERVICE, ESIM_ENODEV, false, true, "pcscd does not run", start_pcscd },
	{ SCARD_E_SERVICE_STOPPED, ESIM_ENODEV, false, true, "pcscd was stopped", start_pcscd },
	{ SCARD_F_COMM_ERROR, ESIM_ENODEV, false, true, "the connection to pcscd broke",
	  "Does it still run? Begin anew." },
	{ SCARD_E_INVALID_HANDLE, ESIM_ESTALE, true, true, "pcscd has ended the session", begin_anew },
	{ SCARD_W_SECURITY_VIOLATION, ESIM_EIO, true, false, "pcscd does not let you use it",
	  "A polkit rule for org.debian.pcsc-lite decides who may." },
	{ SCARD_E_NO_READERS_AVAILABLE, ESIM_ENODEV, true, false, "there is no reader", plug_in },
	{ SCARD_E_UNKNOWN_READER, ESIM_ENODEV, true, false, "there is no such reader", plug_in },
	{ SCARD_E_READER_UNAVAILABLE, ESIM_ENODEV, false, false, "the reader was unplugged", plug_in },
	{ SCARD_E_NO_SMARTCARD, ESIM_ENODEV, true, false, "no card in the reader", insert_card },
	{ SCARD_W_REMOVED_CARD, ESIM_ENODEV, false, false, "the card was removed", insert_card },
	{ SCARD_W_UNRESPONSIVE_CARD, ESIM_ENODEV, false, false, "the card is mute",
	  "Does the card lie the right way round, with clean contacts?" },
	{ SCARD_W_UNSUPPORTED_CARD, ESIM_ENODEV, true, false, "the reader cannot talk to this card", NULL },
	{ SCARD_E_PROTO_MISMATCH, ESIM_ENOTSUP, true, false, "the card speaks neither T=0 nor T=1", NULL },
	{ SCARD_W_RESET_CARD, ESIM_ESTALE, true, false, "the card was reset", begin_anew },
	{ SCARD_W_UNPOWERED_CARD, ESIM_ESTALE, true, false, "the card lost its power", begin_anew },
	{ SCARD_E_SHARING_VIOLATION, ESIM_EBUSY, true, false, "another program uses the card",
	  "Try again when it has ended, or stop it." },
	{ SCARD_E_TIMEOUT, ESIM_ETIMEDOUT, false, false, "the card does not answer", NULL },
	{ SCARD_E_CANCELLED, ESIM_ECANCELED, false, false, "cancelled", NULL },
	{ SCARD_E_INSUFFICIENT_BUFFER, ESIM_ETOOBIG, false, false,
	  "the command or its answer is longer than pcscd takes", NULL },
	{ SCARD_E_NO_MEMORY, ESIM_ENOMEM, true, false, "out of memory", NULL },
	{ SCARD_E_NOT_TRANSACTED, ESIM_EIO, false, false, "the exchange with the card failed", NULL },
};

static const struct cause *find_cause(LONG from)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (causes[i].from == from)
			return &causes[i];
	return NULL;
}

/* It cannot be told for certain which client of pcscd has which reader. */
static void name_holder(struct esim_error *err, const char *where)
{
	char clients[PCSC_CLIENTS_SIZE];

	if (pcsc_clients(clients))
		esim_error_set(err, ESIM_EBUSY, "%s: another program uses the card, probably %s", where,
			       clients);
}

int pcsc_error(struct esim_error *err, const char *where, LONG from)
{
	const struct cause *cause = find_cause(from);

	if (!err)
		return cause ? cause->code : ESIM_EIO;
	if (!cause)
		return esim_error_set(err, ESIM_EIO, "%s: %s", where, pcsc_stringify_error(from));
	esim_error_set(err, cause->code, "%s: %s", where, cause->message);
	if (cause->code == ESIM_EBUSY)
		name_holder(err, where);
	if (cause->advice)
		esim_error_advise(err, "%s", cause->advice);
	/* All of these lie with the reader or with who uses it. */
	if (cause->code != ESIM_ENOMEM && cause->code != ESIM_ECANCELED)
		err->domain = ESIM_DOMAIN_TRANSPORT;
	return cause->code;
}

int pcsc_error_command(struct esim_error *err, const char *where, LONG from)
{
	const struct cause *cause = find_cause(from);

	return esim_error_outcome(err, pcsc_error(err, where, from), cause && cause->never_sent ?
				  ESIM_OUTCOME_NEVER_SENT : ESIM_OUTCOME_UNKNOWN);
}

int pcsc_error_ends_service(LONG from)
{
	const struct cause *cause = find_cause(from);

	return cause && cause->ends_service;
}
