/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outbox on disk. The TLV is the notification, and where it goes is read from it. The JSON beside
 * it says what became of it and has its digest, so that nothing damaged is ever sent: a server forgets
 * whatever reaches it. The TLV comes first and goes first: a JSON without one belongs to what was
 * being forgotten, a TLV without one to what is owed.
 */
#include "outbox_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void outbox_clear(struct outbox *outbox)
{
	for (size_t i = 0; i < outbox->count; i++)
		json_decref(outbox->entries[i].error_details);
	free(outbox->entries);
	*outbox = (struct outbox){ 0 };
}

void outbox_file(const char *name, const char *ending, char file[static OUTBOX_FILE_SIZE])
{
	snprintf(file, OUTBOX_FILE_SIZE, OUTBOX_DIRECTORY "%s%s", name, ending);
}

static void format_name(uint32_t seq_number, unsigned which, char *name, size_t size)
{
	if (which > 1)
		snprintf(name, size, "%u-%u", seq_number, which);
	else
		snprintf(name, size, "%u", seq_number);
}

bool outbox_parse_name(const char *name, uint32_t *ret_seq_number, unsigned *ret_which)
{
	char again[OUTBOX_NAME_SIZE];
	unsigned seq_number, which = 1;

	if (sscanf(name, "%10u-%9u", &seq_number, &which) < 1)
		return false;
	format_name(seq_number, which, again, sizeof(again));
	if (strcmp(name, again) != 0)
		return false;
	*ret_seq_number = seq_number;
	*ret_which = which;
	return true;
}

static unsigned which_of(const struct outbox_entry *entry)
{
	uint32_t seq_number;
	unsigned which = 1;

	outbox_parse_name(entry->name, &seq_number, &which);
	return which;
}

static bool goes_before(const struct outbox_entry *a, const struct outbox_entry *b)
{
	if (a->metadata.seq_number != b->metadata.seq_number)
		return a->metadata.seq_number < b->metadata.seq_number;
	return which_of(a) < which_of(b);
}

int outbox_insert(struct outbox *outbox, const struct outbox_entry *entry, struct esim_error *err)
{
	struct outbox_entry *entries = reallocarray(outbox->entries, outbox->count + 1, sizeof(*entries));
	size_t at = outbox->count;

	if (!entries)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	outbox->entries = entries;
	while (at > 0 && goes_before(entry, &entries[at - 1]))
		at--;
	memmove(entries + at + 1, entries + at, (outbox->count - at) * sizeof(*entries));
	entries[at] = *entry;
	outbox->count++;
	return 0;
}

/* The last entry of a number is its newest; count: there is none. */
static size_t find_last(const struct outbox *outbox, uint32_t seq_number)
{
	size_t found = outbox->count;

	for (size_t i = 0; i < outbox->count; i++)
		if (outbox->entries[i].metadata.seq_number == seq_number)
			found = i;
	return found;
}

static bool has_bytes(const struct outbox *outbox, const struct outbox_entry *entry)
{
	for (size_t i = 0; i < outbox->count; i++)
		if (memcmp(outbox->entries[i].digest, entry->digest, sizeof(entry->digest)) == 0)
			return true;
	return false;
}

static int write_entry(struct store *store, const struct esim_eid *eid, const struct outbox_entry *entry,
		       struct esim_slice tlv, struct esim_error *err)
{
	char file[OUTBOX_FILE_SIZE];
	int rc;

	outbox_file(entry->name, ".tlv", file);
	rc = store_write(store, eid, file, tlv, err);
	return rc ? rc : outbox_update(store, eid, entry, err);
}

int outbox_mirror(struct store *store, const struct esim_eid *eid, struct outbox *outbox,
		  const struct esim_notification *metadata, struct esim_slice tlv, struct esim_error *err)
{
	struct outbox_entry entry = { .metadata = *metadata };
	size_t last = find_last(outbox, metadata->seq_number);
	int rc = outbox_hash(tlv, entry.digest, err);

	if (rc || has_bytes(outbox, &entry))
		return rc;
	if (last < outbox->count && outbox->entries[last].delivered) {
		rc = outbox_purge(store, eid, outbox, last, err);
		last = find_last(outbox, metadata->seq_number);
	}
	if (!rc && outbox->count >= ESIM_MAX_NOTIFICATIONS)
		rc = esim_error_set(err, ESIM_ETOOBIG, "more than %d notifications are owed",
				    ESIM_MAX_NOTIFICATIONS);
	if (rc)
		return rc;
	format_name(metadata->seq_number, last < outbox->count ? which_of(&outbox->entries[last]) + 1 : 1,
		    entry.name, sizeof(entry.name));
	rc = write_entry(store, eid, &entry, tlv, err);
	return rc ? rc : outbox_insert(outbox, &entry, err);
}

int outbox_purge(struct store *store, const struct esim_eid *eid, struct outbox *outbox, size_t index,
		 struct esim_error *err)
{
	struct outbox_entry *entry = &outbox->entries[index];
	char file[OUTBOX_FILE_SIZE];
	int rc;

	outbox_file(entry->name, ".tlv", file);
	rc = store_remove(store, eid, file, err);
	if (!rc || rc == ESIM_ENOENT) {
		outbox_file(entry->name, ".json", file);
		rc = store_remove(store, eid, file, err);
	}
	if (rc && rc != ESIM_ENOENT)
		return rc;
	json_decref(entry->error_details);
	outbox->count--;
	memmove(entry, entry + 1, (outbox->count - index) * sizeof(*entry));
	return 0;
}

int outbox_network_up(struct store *store, const struct esim_eid *eid, struct esim_error *err)
{
	struct outbox outbox;
	int rc = outbox_load(store, eid, &outbox, err);

	for (size_t i = 0; i < outbox.count && !rc; i++) {
		if (!outbox_waits_for_network(&outbox.entries[i]) || !outbox.entries[i].next_attempt)
			continue;
		outbox.entries[i].next_attempt = 0;
		rc = outbox_update(store, eid, &outbox.entries[i], err);
	}
	outbox_clear(&outbox);
	return rc;
}
