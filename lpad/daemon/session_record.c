/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.json: the RSP session under way, for the lpad that comes after a crash. */
#include "store_internal.h"

#include <string.h>

#define NAME "session.json"

/* Absent: the session has not come to a profile. */
static bool take_iccid(const json_t *object, struct session_record *ret)
{
	size_t len;

	if (!json_object_get(object, "iccid"))
		return true;
	ret->has_iccid = true;
	return store_take_octets(object, "iccid", ret->iccid.bytes, sizeof(ret->iccid.bytes), &len) &&
	       len == sizeof(ret->iccid.bytes);
}

static bool take_record(const json_t *object, struct session_record *ret)
{
	return store_take_text(object, "serverAddress", ret->server_address, sizeof(ret->server_address)) &&
	       ret->server_address[0] &&
	       store_take_text(object, "transactionId", ret->transaction_id, sizeof(ret->transaction_id)) &&
	       ret->transaction_id[0] && store_take_bool(object, "smds", &ret->is_smds) &&
	       store_take_bool(object, "loading", &ret->loading) && take_iccid(object, ret);
}

int session_record_read(struct store *store, const struct esim_eid *eid, struct session_record *ret,
			struct esim_error *err)
{
	struct session_record record = { 0 };
	json_t *object = NULL;
	bool good;
	int rc = store_read_json(store, eid, NAME, &object, err);

	if (rc)
		return rc;
	good = take_record(object, &record);
	json_decref(object);
	if (!good) {
		store_set_aside(store, eid, NAME, "a field is missing or cannot be");
		return esim_error_set(err, ESIM_ENOENT, NAME " was set aside");
	}
	*ret = record;
	return 0;
}

int session_record_write(struct store *store, const struct esim_eid *eid,
			 const struct session_record *record, struct esim_error *err)
{
	char iccid[2 * ESIM_ICCID_SIZE + 1];
	json_t *object = json_pack("{s:s, s:s, s:b, s:b}", "serverAddress", record->server_address,
				   "transactionId", record->transaction_id, "smds", record->is_smds,
				   "loading", record->loading);
	int rc;

	if (!object)
		return esim_error_set(err, ESIM_EINVAL, "this session cannot be written down");
	esim_hex_encode(esim_slice(record->iccid.bytes, sizeof(record->iccid.bytes)), iccid);
	if (record->has_iccid && json_object_set_new(object, "iccid", json_string(iccid)))
		rc = esim_error_set(err, ESIM_ENOMEM, "out of memory");
	else
		rc = store_write_json(store, eid, NAME, object, err);
	json_decref(object);
	return rc;
}

int session_record_end(struct store *store, const struct esim_eid *eid, struct esim_error *err)
{
	int rc = store_remove(store, eid, NAME, err);

	return rc == ESIM_ENOENT ? 0 : rc;
}
