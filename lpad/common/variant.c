/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON into D-Bus and back. See variant.h. */
#include "variant.h"

#include <esim/hex.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* --- JSON into D-Bus ---------------------------------------------------------------------------- */

static bool all_texts(const json_t *array)
{
	size_t i;
	json_t *item;

	json_array_foreach(array, i, item)
		if (!json_is_string(item))
			return false;
	return true;
}

/* What the variant that holds @value says of its type; NULL: JSON that has none. */
static const char *signature_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "a{sv}";
	case JSON_ARRAY:
		return all_texts(value) ? "as" : "av";
	case JSON_STRING:
		return "s";
	case JSON_INTEGER:
		return "x";
	case JSON_REAL:
		return "d";
	case JSON_TRUE:
	case JSON_FALSE:
		return "b";
	case JSON_NULL:
		return NULL;
	}
	return NULL;
}

static int append_variant(sd_bus_message *message, const json_t *value, unsigned depth);

static int append_object(sd_bus_message *message, const json_t *object, unsigned depth)
{
	const char *name;
	json_t *value;
	int r = sd_bus_message_open_container(message, 'a', "{sv}");

	json_object_foreach((json_t *)object, name, value) {
		if (r < 0)
			return r;
		if (json_is_null(value))
			continue;
		r = sd_bus_message_open_container(message, 'e', "sv");
		if (r >= 0)
			r = sd_bus_message_append_basic(message, 's', name);
		if (r >= 0)
			r = append_variant(message, value, depth);
		if (r >= 0)
			r = sd_bus_message_close_container(message);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_array(sd_bus_message *message, const json_t *array, unsigned depth)
{
	bool texts = all_texts(array);
	size_t i;
	json_t *item;
	int r = sd_bus_message_open_container(message, 'a', texts ? "s" : "v");

	json_array_foreach(array, i, item) {
		if (r < 0)
			return r;
		if (texts)
			r = sd_bus_message_append_basic(message, 's', json_string_value(item));
		else if (!json_is_null(item))
			r = append_variant(message, item, depth);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_bare(sd_bus_message *message, const json_t *value, unsigned depth)
{
	int64_t integer = json_integer_value(value);
	double real = json_real_value(value);
	int truth = json_is_true(value);

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return append_object(message, value, depth);
	case JSON_ARRAY:
		return append_array(message, value, depth);
	case JSON_STRING:
		return sd_bus_message_append_basic(message, 's', json_string_value(value));
	case JSON_INTEGER:
		return sd_bus_message_append_basic(message, 'x', &integer);
	case JSON_REAL:
		return sd_bus_message_append_basic(message, 'd', &real);
	case JSON_TRUE:
	case JSON_FALSE:
		return sd_bus_message_append_basic(message, 'b', &truth);
	case JSON_NULL:
		return -EINVAL;
	}
	return -EINVAL;
}

static int append_variant(sd_bus_message *message, const json_t *value, unsigned depth)
{
	int r;

	if (depth >= VARIANT_MAX_DEPTH && (json_is_object(value) || json_is_array(value)))
		return -ELOOP;
	r = sd_bus_message_open_container(message, 'v', signature_of(value));
	if (r >= 0)
		r = append_bare(message, value, depth + 1);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

int variant_append_dict(sd_bus_message *message, const json_t *object)
{
	if (object && !json_is_object(object))
		return -EINVAL;
	return append_object(message, object, 1);
}

/* --- D-Bus into JSON ---------------------------------------------------------------------------- */

struct reader {
	sd_bus_message *message;
	unsigned depth;
	size_t members, bytes;		/* read so far */
};

static int read_value(struct reader *reader, json_t **ret);

static int take(json_t *value, json_t **ret)
{
	if (!value)
		return -ENOMEM;
	*ret = value;
	return 0;
}

static int count_bytes(struct reader *reader, size_t len)
{
	reader->bytes += len;
	return reader->bytes > VARIANT_MAX_BYTES ? -EMSGSIZE : 0;
}

static int read_text(struct reader *reader, char type, json_t **ret)
{
	const char *text;
	int r = sd_bus_message_read_basic(reader->message, type, &text);

	if (r >= 0)
		r = count_bytes(reader, strlen(text));
	if (r < 0)
		return r;
	*ret = json_string(text);
	return *ret ? 0 : -EBADMSG;		/* not UTF-8 */
}

static int read_unsigned(struct reader *reader, char type, json_t **ret)
{
	union { uint8_t y; uint16_t q; uint32_t u; uint64_t t; } value;
	int r = sd_bus_message_read_basic(reader->message, type, &value);
	uint64_t number;

	if (r < 0)
		return r;
	number = type == 'y' ? value.y : type == 'q' ? value.q : type == 'u' ? value.u : value.t;
	if (number > INT64_MAX)
		return -ERANGE;
	return take(json_integer((json_int_t)number), ret);
}

static int read_signed(struct reader *reader, char type, json_t **ret)
{
	union { int16_t n; int32_t i; int64_t x; } value;
	int r = sd_bus_message_read_basic(reader->message, type, &value);

	if (r < 0)
		return r;
	return take(json_integer(type == 'n' ? value.n : type == 'i' ? value.i : value.x), ret);
}

static int read_basic(struct reader *reader, char type, json_t **ret)
{
	double real;
	int truth, r;

	switch (type) {
	case 's':
	case 'o':
	case 'g':
		return read_text(reader, type, ret);
	case 'y':
	case 'q':
	case 'u':
	case 't':
		return read_unsigned(reader, type, ret);
	case 'n':
	case 'i':
	case 'x':
		return read_signed(reader, type, ret);
	case 'd':
		r = sd_bus_message_read_basic(reader->message, 'd', &real);
		if (r < 0)
			return r;
		*ret = json_real(real);
		return *ret ? 0 : -ERANGE;	/* JSON has no NaN and no infinity */
	case 'b':
		r = sd_bus_message_read_basic(reader->message, 'b', &truth);
		return r < 0 ? r : take(json_boolean(truth), ret);
	}
	return -EBADMSG;			/* a descriptor has no JSON */
}

static int read_octets(struct reader *reader, json_t **ret)
{
	const uint8_t *bytes;
	size_t len;
	char *text;
	int r = sd_bus_message_read_array(reader->message, 'y', (const void **)&bytes, &len);

	if (r >= 0)
		r = count_bytes(reader, len);
	if (r < 0)
		return r;
	text = malloc(2 * len + 1);
	if (!text)
		return -ENOMEM;
	esim_hex_encode(esim_slice(bytes, len), text);
	*ret = json_string(text);
	free(text);
	return *ret ? 0 : -ENOMEM;
}

static int read_member(struct reader *reader, json_t *object)
{
	const char *name;
	json_t *value;
	int r = sd_bus_message_read_basic(reader->message, 's', &name);

	if (r >= 0)
		r = count_bytes(reader, strlen(name));
	if (r < 0)
		return r;
	if (json_object_get(object, name))
		return -EBADMSG;
	r = read_value(reader, &value);
	if (r < 0)
		return r;
	return json_object_set_new(object, name, value) ? -EBADMSG : 0;
}

static int read_item(struct reader *reader, json_t *array)
{
	json_t *value;
	int r = read_value(reader, &value);

	if (r < 0)
		return r;
	return json_array_append_new(array, value) ? -ENOMEM : 0;
}

static int read_members(struct reader *reader, json_t *object)
{
	int r;

	while ((r = sd_bus_message_at_end(reader->message, false)) == 0) {
		if (++reader->members > VARIANT_MAX_MEMBERS)
			return -EMSGSIZE;
		r = sd_bus_message_enter_container(reader->message, 'e', NULL);
		if (r >= 0)
			r = read_member(reader, object);
		if (r >= 0)
			r = sd_bus_message_exit_container(reader->message);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_items(struct reader *reader, json_t *array)
{
	int r;

	while ((r = sd_bus_message_at_end(reader->message, false)) == 0) {
		if (++reader->members > VARIANT_MAX_MEMBERS)
			return -EMSGSIZE;
		r = read_item(reader, array);
		if (r < 0)
			return r;
	}
	return r;
}

/* A dictionary into an object; any other array and a structure into an array. */
static int read_container(struct reader *reader, char type, const char *contents, json_t **ret)
{
	bool dict = type == 'a' && contents[0] == '{';
	json_t *value;
	int r;

	if (dict && contents[1] != 's')
		return -EBADMSG;
	r = sd_bus_message_enter_container(reader->message, type, contents);
	if (r < 0)
		return r;
	value = dict ? json_object() : json_array();
	if (!value)
		return -ENOMEM;
	r = dict ? read_members(reader, value) : read_items(reader, value);
	if (r >= 0)
		r = sd_bus_message_exit_container(reader->message);
	if (r < 0) {
		json_decref(value);
		return r;
	}
	*ret = value;
	return 0;
}

static int read_variant(struct reader *reader, const char *contents, json_t **ret)
{
	json_t *value = NULL;
	int r = sd_bus_message_enter_container(reader->message, 'v', contents);

	if (r >= 0)
		r = read_value(reader, &value);
	if (r >= 0)
		r = sd_bus_message_exit_container(reader->message);
	if (r < 0) {
		json_decref(value);
		return r;
	}
	*ret = value;
	return 0;
}

static int read_value(struct reader *reader, json_t **ret)
{
	const char *contents;
	char type;
	int r = sd_bus_message_peek_type(reader->message, &type, &contents);

	if (r <= 0)
		return r < 0 ? r : -ENXIO;
	if (type != 'v' && type != 'a' && type != 'r')
		return read_basic(reader, type, ret);
	if (type == 'a' && strcmp(contents, "y") == 0)
		return read_octets(reader, ret);
	if (reader->depth >= 2 * VARIANT_MAX_DEPTH)	/* a level of JSON is a variant and what it holds */
		return -ELOOP;
	reader->depth++;
	r = type == 'v' ? read_variant(reader, contents, ret) : read_container(reader, type, contents, ret);
	reader->depth--;
	return r;
}

int variant_read_dict(sd_bus_message *message, json_t **ret)
{
	const char *contents;
	char type;
	int r = sd_bus_message_peek_type(message, &type, &contents);

	if (r <= 0)
		return r < 0 ? r : -ENXIO;
	if (type != 'a' || strcmp(contents, "{sv}") != 0)
		return -EBADMSG;
	return variant_read(message, ret);
}

int variant_read(sd_bus_message *message, json_t **ret)
{
	struct reader reader = { .message = message };

	return read_value(&reader, ret);
}
