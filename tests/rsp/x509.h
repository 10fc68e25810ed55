/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The certificate maker: X.509 certificates of the RSP PKI, written with our own
 * TLV writer, every field of the caller's choosing, so that tests also get the
 * ones that must be refused.
 */
#ifndef RSP_X509_H
#define RSP_X509_H

#include "rsp/key.h"

/* A distinguished name; NULL members are left out. Order: C, O, OU, serialNumber, CN. */
struct rsp_name {
	const char *country, *organization, *unit, *serial_number, *common_name;
};

/* An extension as it stands: dotted OID, value as DER. */
struct rsp_extension {
	const char *oid;
	bool critical;
	struct esim_slice value;
};

#define RSP_KEY_USAGE_DIGITAL_SIGNATURE	0x80
#define RSP_KEY_USAGE_CERT_SIGN		0x04
#define RSP_KEY_USAGE_CRL_SIGN		0x02

#define RSP_EKU_SERVER			0x01
#define RSP_EKU_CLIENT			0x02

#define RSP_X509_MAX_CRL	4

/* What is to be certified. Zeroed members leave the field or extension out. */
struct rsp_x509 {
	uint64_t serial;
	struct rsp_name subject, issuer;
	struct esim_slice issuer_der;		/* Name as DER; goes before `issuer` */
	int64_t not_before, not_after;		/* seconds since the epoch */
	const struct esim_public_key *key;	/* the subject's */
	const char *policy;			/* dotted OID; critical unless policy_not_critical */
	bool policy_not_critical;
	uint8_t key_usage;			/* RSP_KEY_USAGE_…; critical */
	unsigned extended_key_usage;		/* RSP_EKU_…; critical */
	bool is_ca;				/* basicConstraints, critical */
	int path_len;				/* with is_ca; negative: none */
	const char *dns_name, *registered_id;	/* subjectAltName; registered_id is a dotted OID */
	struct esim_slice registered_id_der;	/* its contents octets; goes before registered_id */
	const char *permitted_organization;	/* nameConstraints, critical: directoryName of O … */
	const char *permitted_serial;		/* … and serialNumber */
	struct esim_slice subject_key_id, authority_key_id;
	const char *crl[RSP_X509_MAX_CRL];	/* URIs of distribution points */
	const struct rsp_extension *extra;	/* appended as they are; a known OID doubles it */
	size_t extra_count;
};

/* Append the certificate, signed by @issuer (ecdsa-with-SHA256). */
int rsp_x509_make(const struct rsp_x509 *cert, const struct rsp_key *issuer, struct esim_buf *der,
		  struct esim_error *err);

/* A key's identifier: the first 20 bytes of SHA-256 over the point (RFC 7093, 2, method 1). */
#define RSP_KEY_ID_SIZE 20
void rsp_x509_key_id(const struct esim_public_key *key, uint8_t id[static RSP_KEY_ID_SIZE]);

/* Append an OBJECT IDENTIFIER's contents octets; ESIM_EINVAL where @dotted is none. */
int rsp_oid_encode(const char *dotted, struct esim_buf *out);

#endif
