/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a certificate that have files of their own: names and extensions. */
#ifndef LIBESIM_CERT_H
#define LIBESIM_CERT_H

#include <esim/tlv.h>
#include <esim/trust.h>

/* Tags of X.690 that certificates use. */
enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_UTF8_STRING = 0x0C,
	DER_PRINTABLE_STRING = 0x13,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

/* A slice of constant bytes, for OIDs and other fixed encodings. */
#define CERT_BYTES(...) \
	{ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) }

/* Algorithms: ecdsa-with-SHA256 (AlgorithmIdentifier, whole TLV), id-ecPublicKey and the curves (OIDs). */
extern const struct esim_slice cert_ecdsa_with_sha256, cert_oid_ec_public_key;
struct esim_slice cert_oid_curve(enum esim_curve curve);

/* id-at-organizationName and id-at-serialNumber, contents octets. */
extern const struct esim_slice cert_oid_organization, cert_oid_serial_number;

struct cert_attribute {
	struct esim_slice type;		/* OID, contents octets */
	struct esim_slice text;		/* the value's contents octets */
};

/* A walk over the attributes of a Name, whatever RDN holds them. */
struct cert_name_walk {
	struct esim_slice rdns, set;
};

/* @name is a Name, whole TLV. */
int cert_name_start(struct esim_slice name, struct cert_name_walk *ret);

/* 1 and the next attribute, 0 at the end, ESIM_EPROTO. */
int cert_name_next(struct cert_name_walk *walk, struct cert_attribute *ret);

/* The only attribute of @type: 1 found, 0 absent, ESIM_EPROTO: malformed or given twice. */
int cert_name_find(struct esim_slice name, struct esim_slice type, struct esim_slice *ret);

/* @name is a whole Name of one attribute at least. */
bool cert_name_valid(struct esim_slice name);

/* "CN=…, O=…" in printable ASCII for messages; other characters become '?'. */
void cert_name_print(struct esim_slice name, char *out, size_t size);

/* Copy text of printable ASCII that fits, final zero included. */
int cert_copy_text(struct esim_slice text, char *out, size_t size);

/* Take the next TLV off *@in and insist on its tag. */
int cert_take(struct esim_slice *in, uint32_t tag, struct esim_tlv *ret);

/* Parse the value of Extensions (SEQUENCE OF Extension) into @cert. */
int cert_parse_extensions(struct esim_slice extensions, struct esim_cert *cert,
			  struct esim_error *err);

#endif
