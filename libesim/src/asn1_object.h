/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A decoded object as the parts of the decoder build and read it. */
#ifndef ESIM_ASN1_OBJECT_H
#define ESIM_ASN1_OBJECT_H

#include "asn1_schema.h"

#include <esim/asn1.h>
#include <esim/tlv.h>

/* Nesting of fields; an untagged CHOICE is a field without a TLV of its own. */
#define ASN1_MAX_FIELD_DEPTH	(2 * ESIM_MAX_TLV_DEPTH + 1)

#define ASN1_NO_FIELD		UINT32_MAX

/*
 * A field that was received. Offsets count from the start of the object's bytes;
 * `child` and `next` are indices. Children stand in the order received.
 */
struct asn1_field {
	const asn1_schema *node;	/* the component; its name is the field's */
	uint32_t whole, whole_len;
	uint32_t value, value_len;
	uint32_t child, next;
	uint32_t children;
};

struct esim_asn1 {
	const struct asn1_module *module;
	struct esim_slice der;
	struct asn1_field *fields;	/* [0] is the object itself */
	size_t count, cap;
	bool pruned;			/* unknown fields were left out */
	bool reordered;			/* fields came in another order than the schema's */
	size_t unknown_seen;
	size_t unknown_kept;
	struct esim_slice unknown[ESIM_ASN1_MAX_UNKNOWN];
};

static inline struct esim_slice asn1_whole(const struct esim_asn1 *obj, const struct asn1_field *f)
{
	return esim_slice(obj->der.data + f->whole, f->whole_len);
}

static inline struct esim_slice asn1_value(const struct esim_asn1 *obj, const struct asn1_field *f)
{
	return esim_slice(obj->der.data + f->value, f->value_len);
}

/* Match @tlv, all of obj->der, against @type and fill the fields. */
int asn1_walk(struct esim_asn1 *obj, const asn1_schema *type, const struct esim_tlv *tlv,
	      struct esim_error *err);

/* What is wrong with a primitive value or the length of a list, or NULL. */
const char *asn1_check_value(const struct asn1_type *type, struct esim_slice value);
bool asn1_check_size(const struct asn1_type *type, size_t size);

/* libtasn1's own decode of the fields that the schema knows: the second opinion. */
int asn1_second_opinion(const struct esim_asn1 *obj, struct esim_error *err);

#endif
