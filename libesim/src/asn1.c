/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoded objects and reading them; see esim/asn1.h. */
#include "asn1_object.h"

#include <stdlib.h>
#include <string.h>

int esim_asn1_decode(const char *type, struct esim_slice der, struct esim_asn1 **ret,
		     struct esim_error *err)
{
	const struct asn1_module *module;
	const asn1_schema *schema = asn1_schema_find(type, &module);
	struct esim_asn1 *obj;
	struct esim_tlv tlv;
	int r;

	if (!schema)
		return esim_error_set(err, ESIM_EINVAL, "no ASN.1 module defines %s", type);
	r = esim_tlv_check(der, type, &tlv, err);
	if (r)
		return r;
	obj = calloc(1, sizeof(*obj));
	if (!obj)
		return esim_error_set(err, ESIM_ENOMEM, "no memory to decode %s", type);
	obj->module = module;
	obj->der = der;
	r = asn1_walk(obj, schema, &tlv, err);
	if (!r)
		r = asn1_second_opinion(obj, err);
	if (r) {
		esim_asn1_free(&obj);
		return r;
	}
	*ret = obj;
	return 0;
}

void esim_asn1_free(struct esim_asn1 **obj)
{
	if (!obj || !*obj)
		return;
	free((*obj)->fields);
	free(*obj);
	*obj = NULL;
}

/* --- finding ----------------------------------------------------------------- */

static const struct asn1_field *named_child(const struct esim_asn1 *obj,
					    const struct asn1_field *f, const char *name,
					    size_t len)
{
	for (uint32_t i = f->child; i != ASN1_NO_FIELD; i = obj->fields[i].next) {
		const char *candidate = obj->fields[i].node->name;

		if (candidate && strncmp(candidate, name, len) == 0 && candidate[len] == '\0')
			return &obj->fields[i];
	}
	return NULL;
}

static const struct asn1_field *numbered_child(const struct esim_asn1 *obj,
					       const struct asn1_field *f, const char *digits)
{
	unsigned long ordinal = strtoul(digits, NULL, 10);
	uint32_t i = f->child;

	while (i != ASN1_NO_FIELD && ordinal > 1) {
		i = obj->fields[i].next;
		ordinal--;
	}
	return i != ASN1_NO_FIELD && ordinal == 1 ? &obj->fields[i] : NULL;
}

static const struct asn1_field *find(const struct esim_asn1 *obj, const char *path)
{
	const struct asn1_field *f = obj->fields;
	size_t len;

	while (f && *path) {
		len = strcspn(path, ".");
		f = *path == '?' ? numbered_child(obj, f, path + 1)
				 : named_child(obj, f, path, len);
		path += len;
		if (*path == '.')
			path++;
	}
	return f;
}

/* The component that @path names, received or not; NULL where the schema has none. */
static const asn1_schema *find_schema(const struct esim_asn1 *obj, const char *path)
{
	const asn1_schema *node = obj->fields[0].node;
	struct asn1_type type;
	size_t len;

	while (node && *path) {
		asn1_schema_resolve(obj->module, node, &type);
		len = strcspn(path, ".");
		node = asn1_schema_components(type.base);
		if (*path != '?')
			while (node && !(node->name && strncmp(node->name, path, len) == 0 &&
					 node->name[len] == '\0'))
				node = asn1_schema_next(node);
		path += len;
		if (*path == '.')
			path++;
	}
	return node;
}

/*
 * The field's contents where it is of one of two types. Absent: ESIM_ENOENT and
 * the component, whose DEFAULT may help.
 */
static int find_typed(const struct esim_asn1 *obj, const char *path, unsigned etype,
		      unsigned or_etype, struct esim_slice *ret, const asn1_schema **ret_node)
{
	const struct asn1_field *f = find(obj, path);
	const asn1_schema *node = f ? f->node : find_schema(obj, path);
	struct asn1_type type;

	if (!node)
		return ESIM_EINVAL;
	asn1_schema_resolve(obj->module, node, &type);
	if (type.etype != etype && type.etype != or_etype)
		return ESIM_EINVAL;
	*ret_node = node;
	if (!f)
		return ESIM_ENOENT;
	*ret = asn1_value(obj, f);
	return 0;
}

/* --- reading ----------------------------------------------------------------- */

bool esim_asn1_has(const struct esim_asn1 *obj, const char *path)
{
	return find(obj, path) != NULL;
}

int esim_asn1_slice(const struct esim_asn1 *obj, const char *path, struct esim_slice *ret)
{
	const struct asn1_field *f = find(obj, path);

	if (!f)
		return ESIM_ENOENT;
	*ret = asn1_value(obj, f);
	return 0;
}

int esim_asn1_whole(const struct esim_asn1 *obj, const char *path, struct esim_slice *ret)
{
	const struct asn1_field *f = find(obj, path);

	if (!f)
		return ESIM_ENOENT;
	*ret = asn1_whole(obj, f);
	return 0;
}

int esim_asn1_uint(const struct esim_asn1 *obj, const char *path, uint64_t *ret)
{
	const asn1_schema *node;
	struct esim_slice value;
	int r = find_typed(obj, path, ASN1_ETYPE_INTEGER, ASN1_ETYPE_ENUMERATED, &value, &node);

	if (r == ESIM_ENOENT && asn1_schema_default(node, ret))
		return 0;
	return r ? r : esim_tlv_uint(value, ret);
}

const char *esim_asn1_value_name(const struct esim_asn1 *obj, const char *path)
{
	const asn1_schema *node;
	struct asn1_type type;
	uint64_t value;

	if (esim_asn1_uint(obj, path, &value))
		return NULL;
	node = find_schema(obj, path);
	asn1_schema_resolve(obj->module, node, &type);
	return asn1_schema_value_name(type.base, value);
}

int esim_asn1_bool(const struct esim_asn1 *obj, const char *path, bool *ret)
{
	const asn1_schema *node;
	struct esim_slice value;
	uint64_t otherwise;
	int r = find_typed(obj, path, ASN1_ETYPE_BOOLEAN, ASN1_ETYPE_BOOLEAN, &value, &node);

	if (r == ESIM_ENOENT && asn1_schema_default(node, &otherwise)) {
		*ret = otherwise != 0;
		return 0;
	}
	if (!r)
		*ret = value.data[0] != 0;
	return r;
}

bool esim_asn1_bit(const struct esim_asn1 *obj, const char *path, unsigned bit)
{
	const asn1_schema *node;
	struct esim_slice value;

	if (find_typed(obj, path, ASN1_ETYPE_BIT_STRING, ASN1_ETYPE_BIT_STRING, &value, &node))
		return false;
	if (bit >= (value.len - 1) * 8 - value.data[0])
		return false;
	return value.data[1 + bit / 8] & (0x80 >> bit % 8);
}

static bool is_text(const struct esim_asn1 *obj, const struct asn1_field *f)
{
	static const unsigned texts[] = {
		ASN1_ETYPE_UTF8_STRING, ASN1_ETYPE_PRINTABLE_STRING, ASN1_ETYPE_IA5_STRING,
		ASN1_ETYPE_NUMERIC_STRING, ASN1_ETYPE_VISIBLE_STRING, ASN1_ETYPE_UTC_TIME,
		ASN1_ETYPE_GENERALIZED_TIME,
	};
	struct asn1_type type;

	asn1_schema_resolve(obj->module, f->node, &type);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] == type.etype)
			return true;
	return false;
}

int esim_asn1_text(const struct esim_asn1 *obj, const char *path, char *out, size_t size)
{
	const struct asn1_field *f = find(obj, path);
	struct esim_slice value;

	if (!f)
		return ESIM_ENOENT;
	if (!is_text(obj, f))
		return ESIM_EINVAL;
	value = asn1_value(obj, f);
	if (value.len >= size)
		return ESIM_ETOOBIG;
	if (value.len > 0 && memchr(value.data, '\0', value.len))
		return ESIM_EPROTO;
	if (value.len > 0)
		memcpy(out, value.data, value.len);
	out[value.len] = '\0';
	return 0;
}

size_t esim_asn1_count(const struct esim_asn1 *obj, const char *path)
{
	const struct asn1_field *f = find(obj, path);
	struct asn1_type type;

	if (!f)
		return 0;
	asn1_schema_resolve(obj->module, f->node, &type);
	return type.etype == ASN1_ETYPE_SEQUENCE_OF || type.etype == ASN1_ETYPE_SET_OF ? f->children
										       : 0;
}

size_t esim_asn1_unknown(const struct esim_asn1 *obj, struct esim_slice *out, size_t max)
{
	size_t n = obj->unknown_kept < max ? obj->unknown_kept : max;

	if (n > 0)
		memcpy(out, obj->unknown, n * sizeof(*out));
	return obj->unknown_kept;
}

size_t esim_asn1_unknown_seen(const struct esim_asn1 *obj)
{
	return obj->unknown_seen;
}
