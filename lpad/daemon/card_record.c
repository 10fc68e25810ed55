/* SPDX-License-Identifier: GPL-2.0-or-later */
/* card.json: the number of the eUICC's object, and what is known of card and reader. */
#include "store_internal.h"

#include <esim/text.h>

#include <string.h>

#define NAME "card.json"
#define MAX_SEGMENT 65535
/* Far above what was ever given, and the numbers after it are still numbers. */
#define MAX_NUMBER 1000000000

int card_record_read(struct store *store, const struct esim_eid *eid, struct card_record *ret)
{
	struct card_record record = { 0 };
	int64_t number = 0, segment_size = 0;
	json_t *object = NULL;
	bool good;
	int rc;

	*ret = record;
	rc = store_read_json(store, eid, NAME, &object, NULL);
	if (rc)
		return rc;
	good = store_take_number(object, "number", MAX_NUMBER, &number) &&
	       store_take_octets(object, "isdrAid", record.isdr_aid.bytes, sizeof(record.isdr_aid.bytes),
				 &record.isdr_aid.len) &&
	       store_take_number(object, "segmentSize", MAX_SEGMENT, &segment_size) &&
	       store_take_text(object, "reader", record.reader, sizeof(record.reader));
	json_decref(object);
	if (!good) {
		store_set_aside(store, eid, NAME, "a field is missing or cannot be");
		return ESIM_ENOENT;
	}
	record.number = (unsigned)number;
	record.segment_size = (unsigned)segment_size;
	*ret = record;
	return 0;
}

int card_record_write(struct store *store, const struct esim_eid *eid, const struct card_record *record,
		      struct esim_error *err)
{
	char aid[2 * ESIM_MAX_AID + 1], reader[sizeof(record->reader)];
	json_t *object;
	int rc;

	esim_hex_encode(esim_slice(record->isdr_aid.bytes, record->isdr_aid.len), aid);
	esim_text_printable(record->reader, strnlen(record->reader, sizeof(record->reader) - 1), reader,
			    sizeof(reader));
	object = json_pack("{s:i, s:s, s:i, s:s}", "number", (int)record->number, "isdrAid", aid,
			   "segmentSize", (int)record->segment_size, "reader", reader);
	if (!object)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	rc = store_write_json(store, eid, NAME, object, err);
	json_decref(object);
	return rc;
}
