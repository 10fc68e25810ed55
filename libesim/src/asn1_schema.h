/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compiled ASN.1 modules, read where they lie.
 *
 * asn1Parser turns a module into an array of asn1_static_node, whose layout is
 * part of libtasn1's ABI: the tree in preorder, each node with a name, a type
 * word and a value. The type word holds the ETYPE in its low byte and flags
 * above it; that a node has children ("down": they follow at once) or a sibling
 * ("right": it follows the node's subtree) are two of the flags.
 */
#ifndef ESIM_ASN1_SCHEMA_H
#define ESIM_ASN1_SCHEMA_H

#include <libtasn1.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef asn1_static_node asn1_schema;

/* Tags that can lie around each other: [n] EXPLICIT on a reference to [m] EXPLICIT. */
#define ASN1_MAX_LAYERS 4

/* What a component is on the wire: its tags from the outermost, and the type inside. */
struct asn1_type {
	const asn1_schema *base;		/* no IDENTIFIER */
	unsigned etype;				/* of the base */
	unsigned layers;			/* 0: an untagged CHOICE or ANY */
	uint32_t tags[ASN1_MAX_LAYERS];		/* as in struct esim_tlv */
};

struct asn1_module;

/* The definition of @name and its module; NULL where no module has it. */
const asn1_schema *asn1_schema_find(const char *name, const struct asn1_module **ret_module);

/* libtasn1's tree of the module, built once and read-only; NULL: no memory. */
asn1_node_const asn1_module_tree(const struct asn1_module *module);

/* EXTENSIBILITY IMPLIED: unknown fields and another order are accepted. */
bool asn1_module_open(const struct asn1_module *module);

/* The module's name in its own text, the prefix of libtasn1's element names. */
const char *asn1_module_name(const struct asn1_module *module);

unsigned asn1_schema_etype(const asn1_schema *node);
bool asn1_schema_optional(const asn1_schema *node);	/* OPTIONAL or DEFAULT */

/* The first component, alternative or element type below @base, and the one after @node; or NULL. */
const asn1_schema *asn1_schema_components(const asn1_schema *base);
const asn1_schema *asn1_schema_next(const asn1_schema *node);

/* The first child of that ETYPE (SIZE, DEFAULT, CONSTANT), or NULL. */
const asn1_schema *asn1_schema_child(const asn1_schema *node, unsigned etype);

/* The SIZE constraint of @base: false where it has none. */
bool asn1_schema_size(const asn1_schema *base, size_t *ret_min, size_t *ret_max);

/* DEFAULT of the component as a number, TRUE as 1: false where there is none. */
bool asn1_schema_default(const asn1_schema *node, uint64_t *ret);

/* The name of @value among the named numbers of @base, or NULL. */
const char *asn1_schema_value_name(const asn1_schema *base, uint64_t value);

/* Follow references down to the base and collect the tags. */
void asn1_schema_resolve(const struct asn1_module *module, const asn1_schema *node,
			 struct asn1_type *ret);

/* A TLV with @tag can be this component. */
bool asn1_schema_accepts(const struct asn1_module *module, const asn1_schema *node, uint32_t tag);

#endif
