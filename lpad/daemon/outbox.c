/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outbox on disk. The TLV is the notification, and where it goes is read from it. The JSON beside
 * it says what became of it and has its digest, so that nothing damaged is ever sent: a server forgets
 * whatever reaches it. The TLV comes first and goes first: a JSON without one belongs to what was
 * being forgotten, a TLV without one to what is owed.
 */
#include "outbox.h"

#include "log.h"
#include "store_internal.h"

#include <esim/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIRECTORY	"outbox/"
#define FILE_SIZE	64
#define MAX_ATTEMPTS	1000000

void outbox_clear(struct outbox *outbox)
{
	for (size_t i = 0; i < outbox->count; i++)
		json_decref(outbox->entries[i].error_details);
	free(outbox->entries);
	*outbox = (struct outbox){ 0 };
}

static void file_name(const char *name, const char *ending, char file[static FILE_SIZE])
{
	snprintf(file, FILE_SIZE, DIRECTORY "%s%s", name, ending);
}

/* --- names: SEQ, SEQ-2, SEQ-3 … ----------------------------------------------------------------------- */

static void format_name(uint32_t seq_number, unsigned which, char *name, size_t size)
{
	if (which > 1)
		snprintf(name, size, "%u-%u", seq_number, which);
	else
		snprintf(name, size, "%u", seq_number);
}

/* As format_name() writes it, and nothing else. */
static bool parse_name(const char *name, uint32_t *ret_seq_number, unsigned *ret_which)
{
	char again[sizeof(((struct outbox_entry *)NULL)->name)];
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

	parse_name(entry->name, &seq_number, &which);
	return which;
}

static bool goes_before(const struct outbox_entry *a, const struct outbox_entry *b)
{
	if (a->metadata.seq_number != b->metadata.seq_number)
		return a->metadata.seq_number < b->metadata.seq_number;
	return which_of(a) < which_of(b);
}

/* In its place; the entry is the outbox's then. */
static int insert(struct outbox *outbox, const struct outbox_entry *entry, struct esim_error *err)
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

/* --- the JSON ----------------------------------------------------------------------------------------------- */

int outbox_update(struct store *store, const struct esim_eid *eid, const struct outbox_entry *entry,
		  struct esim_error *err)
{
	char file[FILE_SIZE], digest[2 * ESIM_SHA256_SIZE + 1], error[sizeof(entry->error)];
	json_t *object;
	int rc;

	file_name(entry->name, ".json", file);
	esim_hex_encode(esim_slice(entry->digest, sizeof(entry->digest)), digest);
	esim_text_printable(entry->error, strlen(entry->error), error, sizeof(error));
	object = json_pack("{s:s, s:b, s:i, s:I, s:s}", "sha256", digest, "delivered", entry->delivered,
			   "attempts", (int)(entry->attempts < MAX_ATTEMPTS ? entry->attempts : MAX_ATTEMPTS),
			   "nextAttempt", (json_int_t)entry->next_attempt, "error", error);
	if (!object || (entry->error_details && json_object_set(object, "errorDetails", entry->error_details)))
		rc = esim_error_set(err, ESIM_ENOMEM, "out of memory");
	else
		rc = store_write_json(store, eid, file, object, err);
	json_decref(object);
	return rc;
}

static bool take_details(const json_t *object, struct outbox_entry *ret)
{
	json_t *details = json_object_get(object, "errorDetails");

	if (details && !json_is_object(details))
		return false;
	ret->error_details = json_incref(details);
	return true;
}

static bool take_state(const json_t *object, struct outbox_entry *ret, uint8_t digest[static ESIM_SHA256_SIZE])
{
	int64_t attempts;
	size_t len;

	if (!store_take_octets(object, "sha256", digest, ESIM_SHA256_SIZE, &len) || len != ESIM_SHA256_SIZE ||
	    !store_take_bool(object, "delivered", &ret->delivered) ||
	    !store_take_number(object, "attempts", MAX_ATTEMPTS, &attempts) ||
	    !store_take_number(object, "nextAttempt", INT64_MAX, &ret->next_attempt) ||
	    !store_take_text(object, "error", ret->error, sizeof(ret->error)) || !take_details(object, ret))
		return false;
	ret->attempts = (unsigned)attempts;
	if (ret->next_attempt > time(NULL) + OUTBOX_MAX_WAIT)
		ret->next_attempt = 0;
	return true;
}

/* What became of the TLV that @entry was read from. ESIM_EPROTO: it is not the one that was kept. */
static int read_state(struct store *store, const struct esim_eid *eid, struct outbox_entry *entry,
		      struct esim_error *err)
{
	const struct outbox_entry fresh = *entry;
	uint8_t digest[ESIM_SHA256_SIZE];
	char file[FILE_SIZE];
	json_t *object = NULL;
	bool good;
	int rc;

	file_name(entry->name, ".json", file);
	rc = store_read_json(store, eid, file, &object, err);
	if (rc)
		return rc == ESIM_ENOENT ? 0 : rc;
	good = take_state(object, entry, digest);
	json_decref(object);
	if (!good) {
		*entry = fresh;
		store_set_aside(store, eid, file, "a field is missing or cannot be");
		return 0;
	}
	if (memcmp(digest, entry->digest, sizeof(digest)) == 0)
		return 0;
	json_decref(entry->error_details);
	*entry = fresh;
	return esim_error_set(err, ESIM_EPROTO, "these are not the bytes that were kept");
}

/* --- the TLV -------------------------------------------------------------------------------------------------- */

static int hash(struct esim_slice tlv, uint8_t digest[static ESIM_SHA256_SIZE], struct esim_error *err)
{
	return esim_sha256(&tlv, 1, digest) ? esim_error_set(err, ESIM_EIO, "cannot hash a notification") : 0;
}

int outbox_read(struct store *store, const struct esim_eid *eid, const struct outbox_entry *entry,
		struct esim_buf *ret_tlv, struct esim_error *err)
{
	uint8_t digest[ESIM_SHA256_SIZE];
	char file[FILE_SIZE];
	int rc;

	file_name(entry->name, ".tlv", file);
	rc = store_read(store, eid, file, ret_tlv, err);
	if (!rc)
		rc = hash(esim_buf_slice(ret_tlv), digest, err);
	if (!rc && memcmp(digest, entry->digest, sizeof(digest)) != 0)
		rc = esim_error_set(err, ESIM_EPROTO, "%s is not what was kept", file);
	return rc;
}

/* ESIM_EPROTO or ESIM_ETOOBIG: damaged. */
static int read_tlv(struct store *store, const struct esim_eid *eid, struct outbox_entry *entry,
		    uint32_t seq_number, struct esim_error *err)
{
	struct esim_buf tlv = ESIM_BUF_INIT;
	char file[FILE_SIZE];
	int rc;

	file_name(entry->name, ".tlv", file);
	rc = store_read(store, eid, file, &tlv, err);
	if (!rc && es10b_pending_metadata(esim_buf_slice(&tlv), &entry->metadata, err))
		rc = ESIM_EPROTO;
	if (!rc && entry->metadata.seq_number != seq_number)
		rc = esim_error_set(err, ESIM_EPROTO, "its number is %u", entry->metadata.seq_number);
	if (!rc)
		rc = hash(esim_buf_slice(&tlv), entry->digest, err);
	esim_buf_free(&tlv);
	return rc;
}

/* --- all of them ------------------------------------------------------------------------------------------------ */

/* Its bytes and what became of them. */
static void set_both_aside(struct store *store, const struct esim_eid *eid, const char *name, const char *why)
{
	char file[FILE_SIZE];

	file_name(name, ".tlv", file);
	store_set_aside(store, eid, file, why);
	file_name(name, ".json", file);
	store_set_aside(store, eid, file, "it goes with the notification of its name");
}

static int load_one(struct store *store, const struct esim_eid *eid, struct outbox *outbox,
		    const char *name, uint32_t seq_number, struct esim_error *err)
{
	struct outbox_entry entry = { 0 };
	int rc;

	snprintf(entry.name, sizeof(entry.name), "%s", name);
	rc = read_tlv(store, eid, &entry, seq_number, err);
	if (!rc)
		rc = read_state(store, eid, &entry, err);
	if (rc == ESIM_EPROTO || rc == ESIM_ETOOBIG) {
		set_both_aside(store, eid, name, err->message);
		return 0;
	}
	if (!rc)
		rc = insert(outbox, &entry, err);
	if (rc)
		json_decref(entry.error_details);
	return rc;
}

static bool is_there(char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* "1.tlv" with @ending ".tlv" is the entry "1". */
static bool is_entry(const char *file, const char *ending, char *name, size_t size, uint32_t *ret_seq_number)
{
	const char *dot = strchr(file, '.');
	unsigned which;

	if (!dot || strcmp(dot, ending) != 0 || (size_t)(dot - file) >= size)
		return false;
	snprintf(name, size, "%.*s", (int)(dot - file), file);
	return parse_name(name, ret_seq_number, &which);
}

/* A JSON without its TLV was being forgotten; if not, something took the TLV away. */
static void take_leftover(struct store *store, const struct esim_eid *eid, const char *name)
{
	char file[FILE_SIZE];
	json_t *object = NULL;
	bool delivered;

	file_name(name, ".json", file);
	if (store_read_json(store, eid, file, &object, NULL))
		return;
	if (store_take_bool(object, "delivered", &delivered) && delivered)
		store_remove(store, eid, file, NULL);
	else
		store_set_aside(store, eid, file, "its notification is not there");
	json_decref(object);
}

static bool has_tlv(char *const *names, size_t count, const char *name)
{
	char file[FILE_SIZE];

	file_name(name, ".tlv", file);
	return is_there(names, count, file + strlen(DIRECTORY));
}

static int load_all(struct store *store, const struct esim_eid *eid, char *const *names, size_t count,
		    struct outbox *ret, struct esim_error *err)
{
	char name[sizeof(((struct outbox_entry *)NULL)->name)];
	bool too_many = false;
	uint32_t seq_number;
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++) {
		if (is_entry(names[i], ".json", name, sizeof(name), &seq_number) && !has_tlv(names, count, name))
			take_leftover(store, eid, name);
		if (!is_entry(names[i], ".tlv", name, sizeof(name), &seq_number))
			continue;
		if (ret->count < ESIM_MAX_NOTIFICATIONS)
			rc = load_one(store, eid, ret, name, seq_number, err);
		else
			too_many = true;
	}
	if (too_many)
		log_say(LOG_WARNING, "an eUICC has more than %d notifications on disk: the others wait",
			ESIM_MAX_NOTIFICATIONS);
	return rc;
}

int outbox_load(struct store *store, const struct esim_eid *eid, struct outbox *ret, struct esim_error *err)
{
	struct esim_error cause;
	char **names = NULL;
	size_t count = 0;
	int rc;

	*ret = (struct outbox){ 0 };
	rc = store_list(store, eid, "outbox", &names, &count, &cause);
	if (!rc)
		rc = load_all(store, eid, names, count, ret, &cause);
	store_names_free(&names, count);
	if (!rc)
		return 0;
	outbox_clear(ret);
	if (err)
		*err = cause;
	return rc;
}

/* --- one more, one less ---------------------------------------------------------------------------------------------- */

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
	char file[FILE_SIZE];
	int rc;

	file_name(entry->name, ".tlv", file);
	rc = store_write(store, eid, file, tlv, err);
	return rc ? rc : outbox_update(store, eid, entry, err);
}

int outbox_mirror(struct store *store, const struct esim_eid *eid, struct outbox *outbox,
		  const struct esim_notification *metadata, struct esim_slice tlv, struct esim_error *err)
{
	struct outbox_entry entry = { .metadata = *metadata };
	size_t last = find_last(outbox, metadata->seq_number);
	int rc = hash(tlv, entry.digest, err);

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
	return rc ? rc : insert(outbox, &entry, err);
}

int outbox_purge(struct store *store, const struct esim_eid *eid, struct outbox *outbox, size_t index,
		 struct esim_error *err)
{
	struct outbox_entry *entry = &outbox->entries[index];
	char file[FILE_SIZE];
	int rc;

	file_name(entry->name, ".tlv", file);
	rc = store_remove(store, eid, file, err);
	if (!rc || rc == ESIM_ENOENT) {
		file_name(entry->name, ".json", file);
		rc = store_remove(store, eid, file, err);
	}
	if (rc && rc != ESIM_ENOENT)
		return rc;
	json_decref(entry->error_details);
	outbox->count--;
	memmove(entry, entry + 1, (outbox->count - index) * sizeof(*entry));
	return 0;
}
