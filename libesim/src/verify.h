/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks of the flow share: fields, signatures and certificates. */
#ifndef LIBESIM_VERIFY_H
#define LIBESIM_VERIFY_H

#include <esim/tlv.h>
#include <esim/verify.h>

enum {
	TAG_SEQUENCE = 0x30,
	TAG_TRANSACTION_ID = 0x80,
	TAG_SERVER_ADDRESS = 0x83,
	TAG_SERVER_CHALLENGE = 0x84,
	TAG_NOTIFICATION_METADATA = 0xBF2F,
	TAG_SIGNATURE = 0x5F37,
	TAG_OTPK = 0x5F49,
};

#define CHALLENGE_SIZE 16

/* A field of a signed object: found by its tag, wherever it stands, once at most. */
struct verify_field {
	uint32_t tag;
	const char *name;
	size_t min, max;		/* bytes of contents; max 0: any */
	bool optional;
	struct esim_tlv *ret;		/* value.len and whole.len 0 where absent; untouched on failure */
};

/*
 * Read the fields of @object, which is one TLV with @tag; fields that the table
 * does not know are skipped. Failures are recorded under the check @name.
 */
int verify_fields(struct esim_slice object, uint32_t tag, const char *name,
		  const struct verify_field *fields, size_t count, struct esim_error *err);

/* @signature is 5F37 40 r | s over the parts, by @key; @name is the check, @signer the certificate. */
int verify_signature(const struct esim_public_key *key, const struct esim_slice *parts,
		     size_t count, struct esim_slice signature, const char *name,
		     const char *signer, struct esim_error *err);

/* Parse a certificate that stands in the place of @role. */
int verify_certificate(struct esim_slice der, enum esim_role role, struct esim_cert *ret,
		       struct esim_error *err);

/* @got, a field called @name in @object, equals @expected. */
int verify_equal(struct esim_slice got, struct esim_slice expected, const char *name,
		 const char *object, struct esim_error *err);

/* @got is the host name @expected; case does not matter. */
int verify_address(struct esim_slice got, const char *expected, const char *object,
		   struct esim_error *err);

/* Leaf and EUM under a CI of @pool, the certificate's EID; both certificates as received. */
int verify_euicc_chain(struct esim_slice euicc, struct esim_slice eum, const struct esim_pool *pool,
		       int64_t now, struct esim_slice ci_key_id, const struct esim_eid *eid,
		       struct esim_verified_euicc *ret, struct esim_error *err);

#endif
