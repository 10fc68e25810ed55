/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libtasn1 decodes the object too. It refuses unknown fields and another order
 * than the schema's; where the object has such, it gets a copy with the known
 * fields alone, in order. Nothing is read from that copy: values come from the
 * bytes received.
 */
#include "asn1_object.h"

#include <stdio.h>

static void emit(struct esim_buf *out, const struct esim_asn1 *obj, uint32_t index);

static void emit_components(struct esim_buf *out, const struct esim_asn1 *obj,
			    const struct asn1_type *type, uint32_t child)
{
	const asn1_schema *node = asn1_schema_components(type->base);

	for (; node; node = asn1_schema_next(node))
		for (uint32_t i = child; i != ASN1_NO_FIELD; i = obj->fields[i].next)
			if (obj->fields[i].node == node)
				emit(out, obj, i);
}

static void emit(struct esim_buf *out, const struct esim_asn1 *obj, uint32_t index)
{
	const struct asn1_field *f = &obj->fields[index];
	size_t marks[ASN1_MAX_LAYERS];
	struct asn1_type type;

	asn1_schema_resolve(obj->module, f->node, &type);
	for (unsigned i = 0; i < type.layers; i++)
		marks[i] = esim_tlv_begin(out, type.tags[i]);
	switch (type.etype) {
	case ASN1_ETYPE_SEQUENCE:
		emit_components(out, obj, &type, f->child);
		break;
	case ASN1_ETYPE_SEQUENCE_OF:
	case ASN1_ETYPE_SET_OF:
	case ASN1_ETYPE_CHOICE:
		for (uint32_t i = f->child; i != ASN1_NO_FIELD; i = obj->fields[i].next)
			emit(out, obj, i);
		break;
	default:
		esim_buf_append_slice(out, asn1_value(obj, f));
	}
	for (unsigned i = type.layers; i-- > 0;)
		esim_tlv_end(out, marks[i]);
}

/*
 * The type to decode as. Of an untagged CHOICE it is the alternative taken, where
 * that is a type by itself: libtasn1 would unfold all the others too.
 */
static const char *type_name(const struct esim_asn1 *obj)
{
	const struct asn1_field *f = obj->fields;
	const char *name = f->node->name;

	while (asn1_schema_etype(f->node) == ASN1_ETYPE_CHOICE &&
	       !asn1_schema_child(f->node, ASN1_ETYPE_TAG)) {
		f = &obj->fields[f->child];
		if (asn1_schema_etype(f->node) != ASN1_ETYPE_IDENTIFIER ||
		    asn1_schema_child(f->node, ASN1_ETYPE_TAG))
			break;
		name = f->node->value;
	}
	return name;
}

static int decode(const struct esim_asn1 *obj, struct esim_slice der, struct esim_error *err)
{
	const char *type = type_name(obj);
	char name[ASN1_MAX_NAME_SIZE * 2 + 2], message[ASN1_MAX_ERROR_DESCRIPTION_SIZE] = "";
	asn1_node_const tree = asn1_module_tree(obj->module);
	asn1_node element = NULL;
	int len = (int)der.len;
	int r;

	snprintf(name, sizeof(name), "%s.%s", asn1_module_name(obj->module), type);
	if (!tree || asn1_create_element(tree, name, &element) != ASN1_SUCCESS)
		return esim_error_set(err, ESIM_ENOMEM, "no memory to decode %s", type);
	r = asn1_der_decoding2(&element, der.data, &len, ASN1_DECODE_FLAG_STRICT_DER, message);
	asn1_delete_structure(&element);
	if (r == ASN1_MEM_ERROR || r == ASN1_MEM_ALLOC_ERROR)
		return esim_error_set(err, ESIM_ENOMEM, "no memory to decode %s", type);
	if (r != ASN1_SUCCESS)
		return esim_error_set(err, ESIM_EPROTO, "%s does not decode: %s%s%s", type,
				      asn1_strerror(r), *message ? ", " : "", message);
	return 0;
}

int asn1_second_opinion(const struct esim_asn1 *obj, struct esim_error *err)
{
	struct esim_buf copy = ESIM_BUF_INIT;
	int r;

	if (!obj->pruned && !obj->reordered)
		return decode(obj, obj->der, err);
	emit(&copy, obj, 0);
	r = esim_buf_failed(&copy);
	if (r)
		r = esim_error_set(err, r, "no memory to decode %s", obj->fields[0].node->name);
	else
		r = decode(obj, esim_buf_slice(&copy), err);
	esim_buf_free(&copy);
	return r;
}
