/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Valid objects of the ASN.1 modules: each type that travels alone, each
 * alternative of a CHOICE, each OPTIONAL field at least once. Built by hand
 * after SGP.22; the certificate is a public one of SGP.26.
 */
#ifndef TESTS_UNIT_ASN1_OBJECTS_H
#define TESTS_UNIT_ASN1_OBJECTS_H

#include <stddef.h>

struct asn1_object {
	const char *type;
	const char *hex;
};

extern const struct asn1_object asn1_objects[];
extern const size_t asn1_object_count;

#endif
