/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The form of primitive values and SIZE, which libtasn1 does not check. */
#include "asn1_object.h"
#include "utf8.h"

static const char wrong_size[] = "has a size that its type does not allow";

bool asn1_check_size(const struct asn1_type *type, size_t size)
{
	size_t min, max;

	return !asn1_schema_size(type->base, &min, &max) || (size >= min && size <= max);
}

/* SIZE of a UTF8String counts characters. */
static const char *check_utf8(const struct asn1_type *type, struct esim_slice value)
{
	size_t characters = 0, length;

	while (value.len > 0) {
		length = utf8_character(value, NULL);
		if (length == 0)
			return "is not valid UTF-8";
		value = esim_slice(value.data + length, value.len - length);
		characters++;
	}
	return asn1_check_size(type, characters) ? NULL : wrong_size;
}

static const char *check_octets(const struct asn1_type *type, struct esim_slice value)
{
	return asn1_check_size(type, value.len) ? NULL : wrong_size;
}

static const char *check_ascii(const struct asn1_type *type, struct esim_slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] & 0x80)
			return "holds characters that its type does not have";
	return check_octets(type, value);
}

static const char *check_bits(const struct asn1_type *type, struct esim_slice value)
{
	if (value.len == 0 || value.data[0] > 7 || (value.len == 1 && value.data[0] != 0))
		return "is not a valid BIT STRING";
	return asn1_check_size(type, (value.len - 1) * 8 - value.data[0]) ? NULL : wrong_size;
}

static const char *check_boolean(const struct asn1_type *type, struct esim_slice value)
{
	(void)type;
	return value.len == 1 ? NULL : "is not a valid BOOLEAN";
}

/* DER: as few octets as the number needs. */
static const char *check_integer(const struct asn1_type *type, struct esim_slice value)
{
	(void)type;
	if (value.len == 0)
		return "is not a valid INTEGER";
	if (value.len > 1 && (value.data[0] == 0x00 || value.data[0] == 0xFF) &&
	    (value.data[0] & 0x80) == (value.data[1] & 0x80))
		return "is an INTEGER with superfluous octets";
	return NULL;
}

static const char *check_null(const struct asn1_type *type, struct esim_slice value)
{
	(void)type;
	return value.len == 0 ? NULL : "is not a valid NULL";
}

/* Each arc starts without padding (80) and has an end. */
static const char *check_oid(const struct asn1_type *type, struct esim_slice value)
{
	bool start = true;

	(void)type;
	for (size_t i = 0; i < value.len; i++) {
		if (start && value.data[i] == 0x80)
			return "is not a valid OBJECT IDENTIFIER";
		start = !(value.data[i] & 0x80);
	}
	return value.len > 0 && start ? NULL : "is not a valid OBJECT IDENTIFIER";
}

static const struct {
	unsigned etype;
	const char *(*check)(const struct asn1_type *type, struct esim_slice value);
} checks[] = {
	{ ASN1_ETYPE_BOOLEAN, check_boolean },
	{ ASN1_ETYPE_INTEGER, check_integer },
	{ ASN1_ETYPE_ENUMERATED, check_integer },
	{ ASN1_ETYPE_BIT_STRING, check_bits },
	{ ASN1_ETYPE_OCTET_STRING, check_octets },
	{ ASN1_ETYPE_NULL, check_null },
	{ ASN1_ETYPE_OBJECT_ID, check_oid },
	{ ASN1_ETYPE_UTF8_STRING, check_utf8 },
	{ ASN1_ETYPE_NUMERIC_STRING, check_ascii },
	{ ASN1_ETYPE_PRINTABLE_STRING, check_ascii },
	{ ASN1_ETYPE_IA5_STRING, check_ascii },
	{ ASN1_ETYPE_VISIBLE_STRING, check_ascii },
};

const char *asn1_check_value(const struct asn1_type *type, struct esim_slice value)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i].etype == type->etype)
			return checks[i].check(type, value);
	return NULL;
}
