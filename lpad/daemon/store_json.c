/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON files of the state: an object with "version", or it is set aside. */
#include "store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int store_write_json(struct store *store, const struct esim_eid *eid, const char *name,
		     json_t *object, struct esim_error *err)
{
	char *text;
	int rc;

	if (json_object_set_new(object, "version", json_integer(STORE_VERSION)))
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	text = json_dumps(object, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (!text)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	rc = store_write(store, eid, name, esim_slice(text, strlen(text)), err);
	free(text);
	return rc;
}

/* NULL: @why says what is wrong. */
static json_t *parse(struct esim_slice text, char *why, size_t size)
{
	json_error_t error;
	json_t *object = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	const json_t *version = json_object_get(object, "version");

	if (!object)
		snprintf(why, size, "line %d, column %d: no JSON", error.line, error.column);
	else if (!json_is_integer(version))
		snprintf(why, size, "it has no version");
	else if (json_integer_value(version) != STORE_VERSION)
		snprintf(why, size, "it is of version %lld, this lpad knows version %d",
			 (long long)json_integer_value(version), STORE_VERSION);
	else
		return object;
	json_decref(object);
	return NULL;
}

int store_read_json(struct store *store, const struct esim_eid *eid, const char *name,
		    json_t **ret, struct esim_error *err)
{
	struct esim_buf text = ESIM_BUF_INIT;
	struct esim_error cause;
	json_t *object = NULL;
	char why[120];
	int rc = store_read(store, eid, name, &text, &cause);

	if (!rc)
		object = parse(esim_buf_slice(&text), why, sizeof(why));
	esim_buf_free(&text);
	if (object) {
		*ret = object;
		return 0;
	}
	if (rc && rc != ESIM_ETOOBIG && rc != ESIM_EPROTO) {
		if (err)
			*err = cause;
		return rc;
	}
	store_set_aside(store, eid, name, rc ? cause.message : why);
	return esim_error_set(err, ESIM_ENOENT, "%s was set aside", name);
}

/* --- fields ------------------------------------------------------------------------------------------- */

bool store_take_text(const json_t *object, const char *name, char *text, size_t size)
{
	const json_t *value = json_object_get(object, name);
	const size_t len = json_string_length(value);

	if (!json_is_string(value) || len >= size || strlen(json_string_value(value)) != len)
		return false;
	memcpy(text, json_string_value(value), len + 1);
	return true;
}

bool store_take_number(const json_t *object, const char *name, int64_t max, int64_t *ret)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max)
		return false;
	*ret = json_integer_value(value);
	return true;
}

bool store_take_bool(const json_t *object, const char *name, bool *ret)
{
	const json_t *value = json_object_get(object, name);

	*ret = json_is_true(value);
	return json_is_boolean(value);
}

bool store_take_octets(const json_t *object, const char *name, uint8_t *octets, size_t size, size_t *ret_len)
{
	const char *hex = json_string_value(json_object_get(object, name));

	return hex && esim_hex_decode(hex, octets, size, ret_len) == 0;
}
