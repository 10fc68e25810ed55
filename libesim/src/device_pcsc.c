/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcscd's readers, for esim/devices.h: pcscd knows what is in them. */
#include "device_list.h"
#include "pcsc_clients.h"
#include "pcsc_error.h"
#include "pcsc_readers.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Ours is to be the only session, so one that others share is held too. */
static bool is_held(const struct pcsc_reader *reader)
{
	return reader->state & (SCARD_STATE_EXCLUSIVE | SCARD_STATE_INUSE);
}

static void take_state(struct esim_device_entry *entry, const struct pcsc_reader *reader)
{
	char clients[PCSC_CLIENTS_SIZE];

	if (is_held(reader)) {
		entry->state = ESIM_DEVICE_HELD;
		snprintf(entry->detail, sizeof(entry->detail), "another program%s%s",
			 pcsc_clients(clients) ? ", probably " : "", clients);
	} else if (reader->state & SCARD_STATE_MUTE) {
		entry->state = ESIM_DEVICE_MUTE;
	} else if (reader->state & SCARD_STATE_PRESENT) {
		entry->state = ESIM_DEVICE_CARD;
	} else if (reader->state & SCARD_STATE_EMPTY) {
		entry->state = ESIM_DEVICE_NO_CARD;
	} else {
		snprintf(entry->detail, sizeof(entry->detail), "pcscd does not reach it");
	}
}

static void list_reader(const struct pcsc_reader *reader, struct device_list *list)
{
	struct esim_device_entry *entry = device_add(list, "pcsc", reader->name);
	_Static_assert(PCSC_URI_SIZE <= sizeof(entry->uri), "a reader's URI does not fit");

	if (!entry)
		return;
	pcsc_uri(reader->name, entry->uri);
	memcpy(entry->atr, reader->atr, reader->atr_len);
	entry->atr_len = reader->atr_len;
	take_state(entry, reader);
}

int device_list_pcsc(struct device_list *list, struct esim_error *err)
{
	struct pcsc_reader readers[PCSC_MAX_READERS];
	SCARDCONTEXT context;
	size_t count = 0;
	LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
	int r;

	/* A machine without it has no readers of this kind. */
	if (rv == SCARD_E_NO_SERVICE)
		return 0;
	if (rv != SCARD_S_SUCCESS)
		return pcsc_error(err, "pcscd", rv);
	r = pcsc_list(context, readers, &count, err);
	SCardReleaseContext(context);
	for (size_t i = 0; !r && i < count; i++)
		list_reader(&readers[i], list);
	return r;
}
