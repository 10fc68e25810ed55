/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The match of a received object against its schema. It records for every
 * field the place where it was received, keeps unknown fields aside, and names
 * the field in every complaint. Well-formedness is settled before
 * (esim_tlv_check).
 */
#include "asn1_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COMPONENTS 192	/* of one SEQUENCE in the modules */

struct walk {
	struct esim_asn1 *obj;
	struct esim_error *err;
	unsigned depth;
	struct {
		const char *name;	/* NULL: an element */
		size_t ordinal;		/* of an element, from 1 */
	} path[ASN1_MAX_FIELD_DEPTH];
};

static int match(struct walk *w, const asn1_schema *node, const struct esim_tlv *tlv,
		 uint32_t *ret_field);

/* --- complaints -------------------------------------------------------------- */

static int complain(struct walk *w, const char *name, const char *what)
{
	char path[ESIM_ASN1_PATH_SIZE] = "";
	size_t used = 0;

	for (unsigned i = 0; i < w->depth && used < sizeof(path); i++) {
		const char *dot = i ? "." : "";

		if (w->path[i].name)
			used += (size_t)snprintf(path + used, sizeof(path) - used, "%s%s", dot,
						 w->path[i].name);
		else
			used += (size_t)snprintf(path + used, sizeof(path) - used, "%s?%zu", dot,
						 w->path[i].ordinal);
	}
	return esim_error_set(w->err, ESIM_EPROTO, "%s%s%s %s", path, name ? "." : "",
			      name ? name : "", what);
}

static int enter(struct walk *w, const char *name, size_t ordinal)
{
	if (w->depth == ASN1_MAX_FIELD_DEPTH)
		return complain(w, NULL, "is nested too deeply");
	w->path[w->depth].name = name;
	w->path[w->depth].ordinal = ordinal;
	w->depth++;
	return 0;
}

/* --- fields ------------------------------------------------------------------ */

static int add_field(struct walk *w, const asn1_schema *node, struct esim_slice whole,
		     struct esim_slice value, uint32_t *ret)
{
	struct esim_asn1 *obj = w->obj;

	if (obj->count == ESIM_MAX_ASN1_FIELDS)
		return esim_error_set(w->err, ESIM_ETOOBIG, "%s has more than %d fields",
				      w->path[0].name, ESIM_MAX_ASN1_FIELDS);
	if (obj->count == obj->cap) {
		size_t cap = obj->cap ? obj->cap * 2 : 16;
		struct asn1_field *fields = realloc(obj->fields, cap * sizeof(*fields));

		if (!fields)
			return esim_error_set(w->err, ESIM_ENOMEM, "out of memory");
		obj->fields = fields;
		obj->cap = cap;
	}
	*ret = (uint32_t)obj->count;
	obj->fields[obj->count++] = (struct asn1_field){
		.node = node,
		.whole = (uint32_t)(whole.data - obj->der.data),
		.whole_len = (uint32_t)whole.len,
		.value = (uint32_t)(value.data - obj->der.data),
		.value_len = (uint32_t)value.len,
		.child = ASN1_NO_FIELD,
		.next = ASN1_NO_FIELD,
	};
	return 0;
}

/* @last is the parent's last child so far. */
static void link_child(struct esim_asn1 *obj, uint32_t parent, uint32_t *last, uint32_t child)
{
	if (*last == ASN1_NO_FIELD)
		obj->fields[parent].child = child;
	else
		obj->fields[*last].next = child;
	obj->fields[parent].children++;
	*last = child;
}

static int keep_aside(struct walk *w, const struct esim_tlv *tlv)
{
	struct esim_asn1 *obj = w->obj;
	char what[48];

	if (!asn1_module_open(obj->module)) {
		snprintf(what, sizeof(what), "holds an unknown field with tag %X", (unsigned)tlv->tag);
		return complain(w, NULL, what);
	}
	obj->pruned = true;
	if (obj->unknown_kept < ESIM_ASN1_MAX_UNKNOWN)
		obj->unknown[obj->unknown_kept++] = tlv->whole;
	obj->unknown_seen++;
	return 0;
}

/* --- SEQUENCE ---------------------------------------------------------------- */

struct components {
	const asn1_schema *nodes[MAX_COMPONENTS];
	bool seen[MAX_COMPONENTS];
	unsigned count;
	unsigned after;		/* the one after the last that matched */
};

/*
 * The component that @tag belongs to. Those after the last match come first, so
 * that two components with one tag are told apart by their order. Some cards do
 * not keep the schema's order among fields with tags of their own.
 */
static int find_component(const struct walk *w, struct components *c, uint32_t tag)
{
	for (unsigned i = c->after; i < c->count; i++)
		if (!c->seen[i] && asn1_schema_accepts(w->obj->module, c->nodes[i], tag))
			return (int)i;
	for (unsigned i = 0; i < c->after && asn1_module_open(w->obj->module); i++)
		if (!c->seen[i] && asn1_schema_accepts(w->obj->module, c->nodes[i], tag))
			return (int)i;
	return -1;
}

static bool is_repeated(const struct walk *w, const struct components *c, uint32_t tag,
			const char **ret_name)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (c->seen[i] && asn1_schema_accepts(w->obj->module, c->nodes[i], tag)) {
			*ret_name = c->nodes[i]->name;
			return true;
		}
	}
	return false;
}

static int match_component(struct walk *w, struct components *c, const struct esim_tlv *tlv,
			   uint32_t parent, uint32_t *last)
{
	int at = find_component(w, c, tlv->tag);
	const char *name;
	uint32_t field;
	int r;

	if (at < 0) {
		if (is_repeated(w, c, tlv->tag, &name))
			return complain(w, name, "is there twice");
		return keep_aside(w, tlv);
	}
	r = enter(w, c->nodes[at]->name, 0);
	if (r)
		return r;
	r = match(w, c->nodes[at], tlv, &field);
	if (r)
		return r;
	w->depth--;
	link_child(w->obj, parent, last, field);
	c->seen[at] = true;
	if ((unsigned)at < c->after)
		w->obj->reordered = true;
	else
		c->after = (unsigned)at + 1;
	return 0;
}

static int match_sequence(struct walk *w, const struct asn1_type *type, struct esim_slice value,
			  uint32_t parent)
{
	struct components c = { .count = 0 };
	const asn1_schema *node = asn1_schema_components(type->base);
	uint32_t last = ASN1_NO_FIELD;
	struct esim_tlv tlv;
	int r;

	for (; node && c.count < MAX_COMPONENTS; node = asn1_schema_next(node))
		c.nodes[c.count++] = node;
	while ((r = esim_tlv_next(&value, &tlv)) > 0) {
		r = match_component(w, &c, &tlv, parent, &last);
		if (r)
			return r;
	}
	if (r < 0)
		return complain(w, NULL, "is malformed");
	for (unsigned i = 0; i < c.count; i++)
		if (!c.seen[i] && !asn1_schema_optional(c.nodes[i]))
			return complain(w, c.nodes[i]->name, "is missing");
	return 0;
}

/* --- SEQUENCE OF ------------------------------------------------------------- */

static int match_list(struct walk *w, const struct asn1_type *type, struct esim_slice value,
		      uint32_t parent)
{
	const asn1_schema *element = asn1_schema_components(type->base);
	uint32_t last = ASN1_NO_FIELD, field;
	struct esim_tlv tlv;
	int r;

	while ((r = esim_tlv_next(&value, &tlv)) > 0) {
		if (!asn1_schema_accepts(w->obj->module, element, tlv.tag)) {
			r = keep_aside(w, &tlv);
			if (r)
				return r;
			continue;
		}
		r = enter(w, NULL, w->obj->fields[parent].children + 1);
		if (r)
			return r;
		r = match(w, element, &tlv, &field);
		if (r)
			return r;
		w->depth--;
		link_child(w->obj, parent, &last, field);
	}
	if (r < 0)
		return complain(w, NULL, "is malformed");
	if (!asn1_check_size(type, w->obj->fields[parent].children))
		return complain(w, NULL, "has too few or too many elements");
	return 0;
}

/* --- CHOICE ------------------------------------------------------------------ */

/* @value holds the alternative; under a tag of its own unknown fields can stand beside it. */
static int match_choice(struct walk *w, const struct asn1_type *type, struct esim_slice value,
			uint32_t parent)
{
	uint32_t last = ASN1_NO_FIELD, field;
	const asn1_schema *arm;
	struct esim_tlv tlv;
	int r;

	while ((r = esim_tlv_next(&value, &tlv)) > 0) {
		arm = asn1_schema_components(type->base);
		while (arm && !asn1_schema_accepts(w->obj->module, arm, tlv.tag))
			arm = asn1_schema_next(arm);
		if (!arm) {
			r = keep_aside(w, &tlv);
			if (r)
				return r;
			continue;
		}
		if (last != ASN1_NO_FIELD)
			return complain(w, arm->name, "is a second alternative");
		r = enter(w, arm->name, 0);
		if (r)
			return r;
		r = match(w, arm, &tlv, &field);
		if (r)
			return r;
		w->depth--;
		link_child(w->obj, parent, &last, field);
	}
	if (r < 0)
		return complain(w, NULL, "is malformed");
	if (last == ASN1_NO_FIELD)
		return complain(w, NULL, "has none of its alternatives");
	return 0;
}

/* --- ANY --------------------------------------------------------------------- */

/* Under a tag of its own ANY is one value; without, it is the TLV itself. */
static int match_any(struct walk *w, struct esim_slice value)
{
	struct esim_tlv tlv;

	if (esim_tlv_next(&value, &tlv) != 1 || value.len > 0)
		return complain(w, NULL, "does not hold exactly one value");
	return 0;
}

/* --- any field --------------------------------------------------------------- */

/* Take off the tags below the outermost: each must hold exactly the next. */
static int peel(struct walk *w, const struct asn1_type *type, struct esim_slice *value)
{
	struct esim_tlv inner;

	for (unsigned i = 1; i < type->layers; i++) {
		if (esim_tlv_next(value, &inner) != 1 || inner.tag != type->tags[i] || value->len > 0)
			return complain(w, NULL, "does not hold the type that its tag announces");
		*value = inner.value;
	}
	return 0;
}

static int match(struct walk *w, const asn1_schema *node, const struct esim_tlv *tlv,
		 uint32_t *ret_field)
{
	struct asn1_type type;
	struct esim_slice value;
	const char *fault;
	int r;

	asn1_schema_resolve(w->obj->module, node, &type);
	value = type.layers > 0 ? tlv->value : tlv->whole;
	r = peel(w, &type, &value);
	if (r)
		return r;
	r = add_field(w, node, tlv->whole, value, ret_field);
	if (r)
		return r;

	switch (type.etype) {
	case ASN1_ETYPE_SEQUENCE:
		return match_sequence(w, &type, value, *ret_field);
	case ASN1_ETYPE_SEQUENCE_OF:
	case ASN1_ETYPE_SET_OF:
		return match_list(w, &type, value, *ret_field);
	case ASN1_ETYPE_CHOICE:
		return match_choice(w, &type, value, *ret_field);
	case ASN1_ETYPE_ANY:
		return match_any(w, value);
	default:
		fault = asn1_check_value(&type, value);
		return fault ? complain(w, NULL, fault) : 0;
	}
}

int asn1_walk(struct esim_asn1 *obj, const asn1_schema *type, const struct esim_tlv *tlv,
	      struct esim_error *err)
{
	struct walk w = { .obj = obj, .err = err };
	uint32_t root;

	enter(&w, type->name, 0);
	if (!asn1_schema_accepts(obj->module, type, tlv->tag))
		return esim_error_set(err, ESIM_EPROTO, "%s expected, but the object's tag is %X",
				      type->name, (unsigned)tlv->tag);
	return match(&w, type, tlv, &root);
}
