/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trust: certificates of the RSP PKI, pools of trust anchors, and the chain
 * walker of SGP.22, 4.5.2 and SGP.14. Generic X.509 code misjudges the EID name
 * constraints of an EUM, hence a walker of our own on top of wolfCrypt's parsing
 * and signatures.
 */
#ifndef ESIM_TRUST_H
#define ESIM_TRUST_H

#include <esim/bytes.h>
#include <esim/error.h>
#include <esim/hex.h>
#include <esim/limits.h>

#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

enum esim_curve {
	ESIM_CURVE_P256,		/* NIST P-256, secp256r1 */
	ESIM_CURVE_BRAINPOOL_P256R1,
};

#define ESIM_PUBLIC_KEY_SIZE	65	/* 04 | x | y */
#define ESIM_SIGNATURE_SIZE	64	/* r | s, BSI TR-03111 */
#define ESIM_SHA256_SIZE	32

struct esim_public_key {
	enum esim_curve curve;
	uint8_t point[ESIM_PUBLIC_KEY_SIZE];
};

/* id-rspRole, 2.23.146.1.2.1.x, from certificatePolicies. */
enum esim_role {
	ESIM_ROLE_CI = 0,
	ESIM_ROLE_EUICC = 1,
	ESIM_ROLE_EUM = 2,
	ESIM_ROLE_DP_TLS = 3,
	ESIM_ROLE_DP_AUTH = 4,
	ESIM_ROLE_DP_PB = 5,
	ESIM_ROLE_DS_TLS = 6,
	ESIM_ROLE_DS_AUTH = 7,
	ESIM_ROLE_NONE = -1,		/* no RSP policy in the certificate */
};

/* "CERT.DPauth.ECDSA" and so on: SGP.22's name of a certificate of that role. */
const char *esim_role_certificate(enum esim_role role);

/* A parsed certificate. Slices point into the DER that the caller keeps. */
struct esim_cert {
	struct esim_slice der;
	struct esim_slice tbs;			/* what the signature covers, whole TLV */
	struct esim_slice serial;
	struct esim_slice issuer;		/* Name, whole TLV */
	struct esim_slice subject;		/* Name, whole TLV */
	struct esim_public_key key;
	uint8_t signature[ESIM_SIGNATURE_SIZE];
	int64_t not_before, not_after;		/* seconds since the epoch */
	enum esim_role role;
	struct esim_slice subject_key_id;	/* empty: absent */
	struct esim_slice authority_key_id;	/* empty: absent */
	struct esim_slice registered_id;	/* subjectAltName registeredID, contents octets; empty: absent */
	bool is_ca;
	int path_len;				/* -1: none given */
	bool may_sign_certificates, may_sign_data;
	struct esim_slice subject_organization;	/* text of O; empty: absent */
	char subject_serial[ESIM_EID_DIGITS + 1]; /* subject's serialNumber: the EID of an eUICC */
	struct esim_slice permitted_organization; /* EUM name constraint, first subtree; empty: absent */
	char permitted_serial[ESIM_EID_DIGITS + 1]; /* EUM name constraint, first subtree: EID prefix */
	bool has_name_constraints;
	struct esim_slice permitted_subtrees;	/* GeneralSubtrees, contents: an EUM may have several */
	struct esim_slice permitted_eins;	/* v3 EUM: contents of PermittedEins; empty: absent */
};

/*
 * Parse and check the form: strict DER, version 3, ecdsa-with-SHA256, a key on
 * one of the two curves, no extension twice, no unknown critical extension. Does
 * not judge trust. ESIM_EPROTO names the field.
 */
int esim_cert_parse(struct esim_slice der, struct esim_cert *ret, struct esim_error *err);

/* A trust anchor: name, key id and key (RFC 5280, 6.1.1 d). */
struct esim_anchor {
	uint8_t key_id[ESIM_MAX_KEY_ID];
	size_t key_id_len;
	struct esim_public_key key;
	int64_t not_before, not_after;		/* INT64_MIN and INT64_MAX: not limited */
	int path_len;				/* -1: none given */
	char name[128];				/* printable subject, for messages */
	uint8_t *subject;			/* owned; DER of the Name; NULL: unknown */
	size_t subject_len;
	uint8_t *der;				/* owned; whole certificate; NULL: anchor without one */
	size_t der_len;
};

struct esim_pool {
	struct esim_anchor *anchors;		/* owned */
	size_t count;				/* <= ESIM_MAX_ROOTS */
};

/* Add a self-signed CI certificate; its own signature and role are checked. */
int esim_pool_add_cert(struct esim_pool *pool, struct esim_slice der, struct esim_error *err);

/* What is known of an anchor whose certificate is not at hand. */
struct esim_anchor_facts {
	struct esim_slice key_id;
	struct esim_slice subject;	/* Name as its certificates spell it, whole TLV; empty: unknown */
	struct esim_public_key key;
	int64_t not_before, not_after;	/* seconds since the epoch; INT64_MIN, INT64_MAX: not limited */
};

/*
 * Add an anchor by its facts, which are copied. It does what its certificate would do,
 * for RSP chains and for TLS. ESIM_EINVAL: name, key id, key or validity cannot be.
 */
int esim_pool_add_anchor(struct esim_pool *pool, const struct esim_anchor_facts *facts,
			 struct esim_error *err);

/*
 * Add a bare key: key id and public key. @name (may be NULL) is for messages. Found by its
 * key id alone, it ends RSP chains; it is no root for TLS, where issuers are found by name.
 */
int esim_pool_add_key(struct esim_pool *pool, struct esim_slice key_id, const char *name,
		      const struct esim_public_key *key, struct esim_error *err);

/*
 * Every *.der and *.pem of a directory, in the order of their names. Certificates
 * that are not self-issued and PEM files without a certificate are passed over, so
 * that a PKI directory can be given as it is. An unusable file, or no CI
 * certificate at all, is an error that names it and leaves the pool as it was.
 */
int esim_pool_add_dir(struct esim_pool *pool, const char *dir, struct esim_error *err);

/* One such file; the same holds. */
int esim_pool_add_file(struct esim_pool *pool, const char *path, struct esim_error *err);

/*
 * An anchor with @key_id, or NULL. One key id never stands for two keys of a pool; a
 * CI whose certificate was issued anew, with other dates, is there once for each.
 */
const struct esim_anchor *esim_pool_find(const struct esim_pool *pool, struct esim_slice key_id);
/* Frees what the pool owns; it is empty then. NULL is accepted. */
void esim_pool_free(struct esim_pool *pool);

/* What a chain must be. */
struct esim_chain_rules {
	enum esim_role role;		/* of the leaf, ESIM_ROLE_NONE: any; the issuer's follows from it */
	int64_t now;			/* seconds since the epoch: the injectable clock; always asked */
	struct esim_slice root_key_id;	/* empty: any anchor of the pool */
	struct esim_slice registered_id; /* the leaf's must equal this; empty: not asked */
};

/*
 * Walk from chain[0] (leaf) over chain[1..count-1] to the first anchor of @pool:
 * names and key ids link, every signature verifies, every certificate is valid
 * at rules->now, roles fit (eUICC under EUM under CI; DP and DS under CI), CA bit
 * and path length hold, an EUM's name constraints hold for the eUICC below it.
 * On success *@ret_anchor (may be NULL) is the anchor that ended the walk: of several
 * certificates of one CI the one valid at rules->now, whatever their order.
 * ESIM_EVERIFY with `check` = SGP.22's name of the certificate that failed.
 */
int esim_chain_verify(const struct esim_cert *chain, size_t count, const struct esim_pool *pool,
		      const struct esim_chain_rules *rules, const struct esim_anchor **ret_anchor,
		      struct esim_error *err);

/* ECDSA with SHA-256 over @message; @signature is r | s. 0 or ESIM_EVERIFY. */
int esim_signature_verify(const struct esim_public_key *key, struct esim_slice message,
			  struct esim_slice signature);

/* The same over the concatenation of @count parts (smdpSigned2 | euiccSignature1). */
int esim_signature_verify_parts(const struct esim_public_key *key,
				const struct esim_slice *parts, size_t count,
				struct esim_slice signature);

/* 0, or ESIM_EIO where the crypto library cannot; @digest is zeroes then. */
int esim_sha256(const struct esim_slice *parts, size_t count,
		uint8_t digest[ESIM_AT_LEAST(ESIM_SHA256_SIZE)]) __attribute__((warn_unused_result));

/* 0 or ESIM_EIO where the operating system gives no randomness. */
int esim_random(uint8_t *out, size_t len);

/*
 * Power-on self-test of the primitives above against known answers, and of the
 * random generator. Call once before first use; ESIM_EVERIFY names what failed.
 */
int esim_crypto_self_test(struct esim_error *err);

/* "wolfCrypt 5.7.2", the instructions used, whether a validated FIPS module is in. */
const char *esim_crypto_describe(void);

#ifdef __cplusplus
}
#endif
#endif
