/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The form of primitive values and SIZE, which libtasn1 does not check. */
#include "asn1_object.h"

static const char wrong_size[] = "has a size that its type does not allow";

bool asn1_check_size(const struct asn1_type *type, size_t size)
{
	size_t min, max;

	return !asn1_schema_size(type->base, &min, &max) || (size >= min && size <= max);
}

/*
 * The length of the UTF-8 character at the start of @in, 0 where there is none:
 * overlong forms, surrogates and what lies beyond U+10FFFF are no characters.
 */
static size_t utf8_character(struct esim_slice in)
{
	static const struct {
		uint8_t first, last;		/* range of the first byte */
		uint8_t length;
		uint8_t low, high;		/* range of the second byte */
	} forms[] = {
		{ 0x00, 0x7F, 1, 0, 0 },
		{ 0xC2, 0xDF, 2, 0x80, 0xBF },
		{ 0xE0, 0xE0, 3, 0xA0, 0xBF },
		{ 0xE1, 0xEC, 3, 0x80, 0xBF },
		{ 0xED, 0xED, 3, 0x80, 0x9F },
		{ 0xEE, 0xEF, 3, 0x80, 0xBF },
		{ 0xF0, 0xF0, 4, 0x90, 0xBF },
		{ 0xF1, 0xF3, 4, 0x80, 0xBF },
		{ 0xF4, 0xF4, 4, 0x80, 0x8F },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t length = forms[i].length;

		if (in.data[0] < forms[i].first || in.data[0] > forms[i].last)
			continue;
		if (length > in.len)
			return 0;
		if (length > 1 && (in.data[1] < forms[i].low || in.data[1] > forms[i].high))
			return 0;
		for (size_t j = 2; j < length; j++)
			if ((in.data[j] & 0xC0) != 0x80)
				return 0;
		return length;
	}
	return 0;
}

/* SIZE of a UTF8String counts characters. */
static const char *check_utf8(const struct asn1_type *type, struct esim_slice value)
{
	size_t characters = 0, length;

	while (value.len > 0) {
		length = utf8_character(value);
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
