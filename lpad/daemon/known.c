/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the state directory knows from before: the numbers that were given, and what is still owed. */
#include "core.h"

#include "log.h"

#include <stdlib.h>

static void give_number(struct euicc *euicc, struct card_record *record)
{
	struct esim_error err;

	if (record->number == euicc->number)
		return;
	record->number = euicc->number;
	if (card_record_write(euicc->daemon->store, &euicc->target.eid, record, &err))
		log_about(LOG_WARNING, euicc->number, 0, "its number could not be written down (%s)",
			  esim_code_name(err.code));
}

static bool owes(const struct outbox *outbox)
{
	for (size_t i = 0; i < outbox->count; i++)
		if (!outbox->entries[i].delivered)
			return true;
	return false;
}

static void load_one(struct daemon *daemon, const struct esim_eid *eid)
{
	struct card_record record = { 0 };
	struct outbox outbox = { 0 };
	struct esim_error err;
	struct euicc *euicc = NULL;

	card_record_read(daemon->store, eid, &record);
	if (outbox_load(daemon->store, eid, &outbox, &err))
		log_say(LOG_ERR, "an outbox could not be read (%s)", esim_code_name(err.code));
	else if (owes(&outbox))
		euicc = euicc_new(daemon, record.number);
	if (euicc) {
		euicc->identified = true;
		euicc->target.eid = *eid;
		euicc->target.has_eid = true;
		give_number(euicc, &record);
		bus_euicc_added(daemon->bus, euicc);
		contents_take_outbox(euicc, &outbox);
	}
	outbox_clear(&outbox);
}

static unsigned highest_number(struct daemon *daemon, const struct esim_eid *eids, size_t count)
{
	unsigned highest = 0;

	for (size_t i = 0; i < count; i++) {
		struct card_record record = { 0 };

		card_record_read(daemon->store, &eids[i], &record);
		if (record.number > highest)
			highest = record.number;
	}
	return highest;
}

int known_load(struct daemon *daemon, struct esim_error *err)
{
	struct esim_eid *eids = NULL;
	size_t count = 0;
	int rc = store_euiccs(daemon->store, &eids, &count, err);

	if (rc)
		return rc;
	atomic_store(&daemon->next_euicc, highest_number(daemon, eids, count) + 1);
	for (size_t i = 0; i < count; i++)
		load_one(daemon, &eids[i]);
	free(eids);
	return 0;
}
