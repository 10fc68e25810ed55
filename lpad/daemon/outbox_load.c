/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the disk holds of an outbox, also after a crash or damage. */
#include "log.h"
#include "outbox_internal.h"

#include <stdio.h>
#include <string.h>

/* Its bytes and what became of them. */
static void set_both_aside(struct store *store, const struct esim_eid *eid, const char *name, const char *why)
{
	char file[OUTBOX_FILE_SIZE];

	outbox_file(name, ".tlv", file);
	store_set_aside(store, eid, file, why);
	outbox_file(name, ".json", file);
	store_set_aside(store, eid, file, "it goes with the notification of its name");
}

static int load_one(struct store *store, const struct esim_eid *eid, struct outbox *outbox,
		    const char *name, uint32_t seq_number, struct esim_error *err)
{
	struct outbox_entry entry = { 0 };
	int rc;

	snprintf(entry.name, sizeof(entry.name), "%s", name);
	rc = outbox_read_tlv(store, eid, &entry, seq_number, err);
	if (!rc)
		rc = outbox_read_state(store, eid, &entry, err);
	if (rc == ESIM_EPROTO || rc == ESIM_ETOOBIG) {
		set_both_aside(store, eid, name, err->message);
		return 0;
	}
	if (!rc)
		rc = outbox_insert(outbox, &entry, err);
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
	return outbox_parse_name(name, ret_seq_number, &which);
}

/* A JSON without its TLV was being forgotten; if not, something took the TLV away. */
static void take_leftover(struct store *store, const struct esim_eid *eid, const char *name)
{
	char file[OUTBOX_FILE_SIZE];
	json_t *object = NULL;
	bool delivered;

	outbox_file(name, ".json", file);
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
	char file[OUTBOX_FILE_SIZE];

	outbox_file(name, ".tlv", file);
	return is_there(names, count, file + strlen(OUTBOX_DIRECTORY));
}

static int load_all(struct store *store, const struct esim_eid *eid, char *const *names, size_t count,
		    struct outbox *ret, struct esim_error *err)
{
	char name[OUTBOX_NAME_SIZE];
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
