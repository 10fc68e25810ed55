/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One entry of the outbox on disk: what became of it, and its bytes. */
#include "outbox_internal.h"

#include <esim/text.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAX_ATTEMPTS 1000000

/* --- the JSON ----------------------------------------------------------------------------------------------- */

int outbox_update(struct store *store, const struct esim_eid *eid, const struct outbox_entry *entry,
		  struct esim_error *err)
{
	char file[OUTBOX_FILE_SIZE], digest[2 * ESIM_SHA256_SIZE + 1], error[sizeof(entry->error)];
	json_t *object;
	int rc;

	outbox_file(entry->name, ".json", file);
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

int outbox_read_state(struct store *store, const struct esim_eid *eid, struct outbox_entry *entry,
		      struct esim_error *err)
{
	const struct outbox_entry fresh = *entry;
	uint8_t digest[ESIM_SHA256_SIZE];
	char file[OUTBOX_FILE_SIZE];
	json_t *object = NULL;
	bool good;
	int rc;

	outbox_file(entry->name, ".json", file);
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

int outbox_hash(struct esim_slice tlv, uint8_t digest[static ESIM_SHA256_SIZE], struct esim_error *err)
{
	return esim_sha256(&tlv, 1, digest) ? esim_error_set(err, ESIM_EIO, "cannot hash a notification") : 0;
}

int outbox_read(struct store *store, const struct esim_eid *eid, const struct outbox_entry *entry,
		struct esim_buf *ret_tlv, struct esim_error *err)
{
	uint8_t digest[ESIM_SHA256_SIZE];
	char file[OUTBOX_FILE_SIZE];
	int rc;

	outbox_file(entry->name, ".tlv", file);
	rc = store_read(store, eid, file, ret_tlv, err);
	if (!rc)
		rc = outbox_hash(esim_buf_slice(ret_tlv), digest, err);
	if (!rc && memcmp(digest, entry->digest, sizeof(digest)) != 0)
		rc = esim_error_set(err, ESIM_EPROTO, "%s is not what was kept", file);
	return rc;
}

int outbox_read_tlv(struct store *store, const struct esim_eid *eid, struct outbox_entry *entry,
		    uint32_t seq_number, struct esim_error *err)
{
	struct esim_buf tlv = ESIM_BUF_INIT;
	char file[OUTBOX_FILE_SIZE];
	int rc;

	outbox_file(entry->name, ".tlv", file);
	rc = store_read(store, eid, file, &tlv, err);
	if (!rc && es10b_pending_metadata(esim_buf_slice(&tlv), &entry->metadata, err))
		rc = ESIM_EPROTO;
	if (!rc && entry->metadata.seq_number != seq_number)
		rc = esim_error_set(err, ESIM_EPROTO, "its number is %u", entry->metadata.seq_number);
	if (!rc)
		rc = outbox_hash(esim_buf_slice(&tlv), entry->digest, err);
	esim_buf_free(&tlv);
	return rc;
}
