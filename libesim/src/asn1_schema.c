/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the compiled ASN.1 modules; see asn1_schema.h. */
#include "asn1_schema.h"

#include <esim/tlv.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Flags of asn1_static_node.type, as libtasn1 writes them. */
#define FLAG_UNIVERSAL		(1u << 8)
#define FLAG_PRIVATE		(1u << 9)
#define FLAG_APPLICATION	(1u << 10)
#define FLAG_EXPLICIT		(1u << 11)
#define FLAG_OPTION		(1u << 14)
#define FLAG_DEFAULT		(1u << 15)
#define FLAG_TRUE		(1u << 16)
#define FLAG_MIN_MAX		(1u << 19)
#define FLAG_DOWN		(1u << 29)
#define FLAG_RIGHT		(1u << 30)
#define ETYPE_MASK		0xFFu

#define MAX_REFERENCES		8	/* a type that is a type that is … */
#define MAX_TYPES		192	/* definitions of one module */

extern const asn1_static_node coreesim_rsp_asn1[];
extern const asn1_static_node coreesim_pkix_asn1[];
extern const asn1_static_node coreesim_saip_asn1[];

/*
 * The one lazily built table of the library: filled under `built`, read-only
 * from then on. References are looked up by name for every component, hence the
 * sorted index; the tree is what libtasn1's decoder works from. Trees are large, and
 * most programs never see a profile from inside: each is built when it is first asked for.
 */
struct asn1_module {
	const asn1_schema *table;
	bool open;
	asn1_node tree;			/* under `planting` */
	size_t count;
	const asn1_schema *types[MAX_TYPES];
};

static struct asn1_module modules[] = {
	{ .table = coreesim_rsp_asn1, .open = true },
	{ .table = coreesim_pkix_asn1 },
	{ .table = coreesim_saip_asn1, .open = true },
};

static pthread_once_t built = PTHREAD_ONCE_INIT;
static pthread_mutex_t planting = PTHREAD_MUTEX_INITIALIZER;

#define MODULES (sizeof(modules) / sizeof(modules[0]))

/* --- moving in the table ----------------------------------------------------- */

static const asn1_schema *first_child(const asn1_schema *node)
{
	return node->type & FLAG_DOWN ? node + 1 : NULL;
}

/* The entry after the last of @node's subtree. */
static const asn1_schema *subtree_end(const asn1_schema *node)
{
	const asn1_schema *child = first_child(node);

	if (!child)
		return node + 1;
	while (child->type & FLAG_RIGHT)
		child = subtree_end(child);
	return subtree_end(child);
}

static const asn1_schema *sibling(const asn1_schema *node)
{
	return node->type & FLAG_RIGHT ? subtree_end(node) : NULL;
}

unsigned asn1_schema_etype(const asn1_schema *node)
{
	return node->type & ETYPE_MASK;
}

bool asn1_schema_optional(const asn1_schema *node)
{
	return node->type & (FLAG_OPTION | FLAG_DEFAULT);
}

/* Tags, constraints and named values are children like the components are. */
static const asn1_schema *component_from(const asn1_schema *node)
{
	while (node) {
		switch (asn1_schema_etype(node)) {
		case ASN1_ETYPE_TAG:
		case ASN1_ETYPE_SIZE:
		case ASN1_ETYPE_DEFAULT:
		case ASN1_ETYPE_CONSTANT:
			node = sibling(node);
			break;
		default:
			return node;
		}
	}
	return NULL;
}

const asn1_schema *asn1_schema_components(const asn1_schema *base)
{
	return component_from(first_child(base));
}

const asn1_schema *asn1_schema_next(const asn1_schema *node)
{
	return component_from(sibling(node));
}

const asn1_schema *asn1_schema_child(const asn1_schema *node, unsigned etype)
{
	const asn1_schema *child = first_child(node);

	while (child && asn1_schema_etype(child) != etype)
		child = sibling(child);
	return child;
}

/* --- the modules ------------------------------------------------------------- */

static int compare_types(const void *a, const void *b)
{
	return strcmp((*(const asn1_schema *const *)a)->name, (*(const asn1_schema *const *)b)->name);
}

static void build(void)
{
	for (struct asn1_module *m = modules; m < modules + MODULES; m++) {
		const asn1_schema *type = first_child(m->table);

		for (; type && m->count < MAX_TYPES; type = sibling(type))
			if (type->name)
				m->types[m->count++] = type;
		qsort(m->types, m->count, sizeof(m->types[0]), compare_types);
	}
}

__attribute__((destructor)) static void unbuild(void)
{
	for (struct asn1_module *m = modules; m < modules + MODULES; m++)
		asn1_delete_structure(&m->tree);
}

static const asn1_schema *find_in(const struct asn1_module *module, const char *name)
{
	const asn1_schema key = { .name = name };
	const asn1_schema *wanted = &key;
	const asn1_schema *const *found = bsearch(&wanted, module->types, module->count,
						  sizeof(module->types[0]), compare_types);

	return found ? *found : NULL;
}

const asn1_schema *asn1_schema_find(const char *name, const struct asn1_module **ret_module)
{
	const asn1_schema *type;

	pthread_once(&built, build);
	for (size_t i = 0; i < MODULES; i++) {
		type = find_in(&modules[i], name);
		if (type) {
			*ret_module = &modules[i];
			return type;
		}
	}
	return NULL;
}

asn1_node_const asn1_module_tree(const struct asn1_module *module)
{
	struct asn1_module *m = &modules[module - modules];
	asn1_node tree;

	pthread_mutex_lock(&planting);
	if (!m->tree && asn1_array2tree(m->table, &m->tree, NULL) != ASN1_SUCCESS)
		m->tree = NULL;
	tree = m->tree;
	pthread_mutex_unlock(&planting);
	return tree;
}

bool asn1_module_open(const struct asn1_module *module)
{
	return module->open;
}

const char *asn1_module_name(const struct asn1_module *module)
{
	return module->table->name;
}

/* --- what a node says -------------------------------------------------------- */

/* Bounds are digits; MAX and an absent bound are no limit. */
static size_t bound(const char *text, size_t otherwise)
{
	return text && *text >= '0' && *text <= '9' ? strtoul(text, NULL, 10) : otherwise;
}

bool asn1_schema_size(const asn1_schema *base, size_t *ret_min, size_t *ret_max)
{
	const asn1_schema *size = asn1_schema_child(base, ASN1_ETYPE_SIZE);

	if (!size)
		return false;
	*ret_min = bound(size->value, 0);
	*ret_max = size->type & FLAG_MIN_MAX ? bound(size->name, SIZE_MAX) : *ret_min;
	return true;
}

bool asn1_schema_default(const asn1_schema *node, uint64_t *ret)
{
	const asn1_schema *value = asn1_schema_child(node, ASN1_ETYPE_DEFAULT);

	if (!(node->type & FLAG_DEFAULT) || !value)
		return false;
	if (value->value)
		*ret = strtoull(value->value, NULL, 10);
	else
		*ret = value->type & FLAG_TRUE ? 1 : 0;
	return true;
}

const char *asn1_schema_value_name(const asn1_schema *base, uint64_t value)
{
	const asn1_schema *child;

	for (child = first_child(base); child; child = sibling(child))
		if (asn1_schema_etype(child) == ASN1_ETYPE_CONSTANT && child->value &&
		    strtoull(child->value, NULL, 10) == value)
			return child->name;
	return NULL;
}

/* --- tags -------------------------------------------------------------------- */

static const struct {
	unsigned etype;
	uint8_t tag;
} universal_tags[] = {
	{ ASN1_ETYPE_BOOLEAN, 0x01 },
	{ ASN1_ETYPE_INTEGER, 0x02 },
	{ ASN1_ETYPE_BIT_STRING, 0x03 },
	{ ASN1_ETYPE_OCTET_STRING, 0x04 },
	{ ASN1_ETYPE_NULL, 0x05 },
	{ ASN1_ETYPE_OBJECT_ID, 0x06 },
	{ ASN1_ETYPE_ENUMERATED, 0x0A },
	{ ASN1_ETYPE_UTF8_STRING, 0x0C },
	{ ASN1_ETYPE_SEQUENCE, 0x30 },
	{ ASN1_ETYPE_SEQUENCE_OF, 0x30 },
	{ ASN1_ETYPE_SET, 0x31 },
	{ ASN1_ETYPE_SET_OF, 0x31 },
	{ ASN1_ETYPE_NUMERIC_STRING, 0x12 },
	{ ASN1_ETYPE_PRINTABLE_STRING, 0x13 },
	{ ASN1_ETYPE_TELETEX_STRING, 0x14 },
	{ ASN1_ETYPE_IA5_STRING, 0x16 },
	{ ASN1_ETYPE_UTC_TIME, 0x17 },
	{ ASN1_ETYPE_GENERALIZED_TIME, 0x18 },
	{ ASN1_ETYPE_VISIBLE_STRING, 0x1A },
	{ ASN1_ETYPE_UNIVERSAL_STRING, 0x1C },
	{ ASN1_ETYPE_BMP_STRING, 0x1E },
};

/* 0 for CHOICE and ANY, which have no tag of their own. */
static uint32_t universal_tag(unsigned etype)
{
	for (size_t i = 0; i < sizeof(universal_tags) / sizeof(universal_tags[0]); i++)
		if (universal_tags[i].etype == etype)
			return universal_tags[i].tag;
	return 0;
}

static uint32_t make_tag(const asn1_schema *tag, bool constructed)
{
	uint32_t number = (uint32_t)strtoul(tag->value, NULL, 10);
	uint32_t first = constructed ? 0x20 : 0;

	if (tag->type & FLAG_APPLICATION)
		first |= 0x40;
	else if (tag->type & FLAG_PRIVATE)
		first |= 0xC0;
	else if (!(tag->type & FLAG_UNIVERSAL))
		first |= 0x80;
	if (number < 0x1F)
		return first | number;
	if (number < 0x80)
		return (first | 0x1F) << 8 | number;
	return (first | 0x1F) << 16 | (0x80 | number >> 7) << 8 | (number & 0x7F);
}

/* Put @tag outside of what @type has: around it, or, IMPLICIT, in its place. */
static void add_tag(struct asn1_type *type, const asn1_schema *tag)
{
	if (!(tag->type & FLAG_EXPLICIT) && type->layers > 0) {
		type->tags[0] = make_tag(tag, esim_tlv_constructed(type->tags[0]));
		return;
	}
	if (type->layers == ASN1_MAX_LAYERS)
		return;
	memmove(type->tags + 1, type->tags, type->layers * sizeof(type->tags[0]));
	type->tags[0] = make_tag(tag, true);
	type->layers++;
}

void asn1_schema_resolve(const struct asn1_module *module, const asn1_schema *node,
			 struct asn1_type *ret)
{
	const asn1_schema *tags[MAX_REFERENCES];
	unsigned count = 0;
	uint32_t tag;

	for (;;) {
		tags[count++] = asn1_schema_child(node, ASN1_ETYPE_TAG);
		if (asn1_schema_etype(node) != ASN1_ETYPE_IDENTIFIER || count == MAX_REFERENCES)
			break;
		node = find_in(module, node->value);
	}
	*ret = (struct asn1_type){ .base = node, .etype = asn1_schema_etype(node) };
	tag = universal_tag(ret->etype);
	if (tag)
		ret->tags[ret->layers++] = tag;
	while (count-- > 0)
		if (tags[count])
			add_tag(ret, tags[count]);
}

bool asn1_schema_accepts(const struct asn1_module *module, const asn1_schema *node, uint32_t tag)
{
	struct asn1_type type;
	const asn1_schema *arm;

	asn1_schema_resolve(module, node, &type);
	if (type.layers > 0)
		return type.tags[0] == tag;
	if (type.etype == ASN1_ETYPE_ANY)
		return true;
	for (arm = asn1_schema_components(type.base); arm; arm = asn1_schema_next(arm))
		if (asn1_schema_accepts(module, arm, tag))
			return true;
	return false;
}
