/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private keys of the test parts: what an eUICC, an SM-DP+ and a CI sign and
 * agree with. Verification is libesim's (esim/trust.h); there is no second one.
 */
#ifndef RSP_KEY_H
#define RSP_KEY_H

#include <esim/trust.h>

#define RSP_SECRET_SIZE 32	/* private scalar, and ECDH's x coordinate */

struct rsp_key;

/* 0, ESIM_ENOMEM or ESIM_EIO. */
int rsp_key_generate(enum esim_curve curve, struct rsp_key **ret);

/* From a private scalar (test vectors): 0, ESIM_ENOMEM or ESIM_EINVAL. */
int rsp_key_from_scalar(enum esim_curve curve, const uint8_t scalar[static RSP_SECRET_SIZE],
			struct rsp_key **ret);

/* The scalar, for a key that is kept with other state; the caller wipes it. */
int rsp_key_scalar(const struct rsp_key *key, uint8_t scalar[static RSP_SECRET_SIZE]);

/* PKCS#8 or SEC1 in PEM, with or without a leading EC PARAMETERS block. ESIM_ENOENT: no such file. */
int rsp_key_load(const char *pem_path, struct rsp_key **ret, struct esim_error *err);

/* SEC1 in PEM, mode 0600; replaces the file. */
int rsp_key_save(const struct rsp_key *key, const char *pem_path, struct esim_error *err);

/* SEC1 ECPrivateKey with curve and public key, in DER. */
int rsp_key_der(const struct rsp_key *key, struct esim_buf *out);

/* Lives as long as the key. */
const struct esim_public_key *rsp_key_public(const struct rsp_key *key);

bool rsp_public_key_equal(const struct esim_public_key *a, const struct esim_public_key *b);

/* ECDSA with SHA-256 over the parts' concatenation; r | s. 0 or ESIM_EIO. */
int rsp_key_sign(const struct rsp_key *key, const struct esim_slice *parts, size_t count,
		 uint8_t sig[static ESIM_SIGNATURE_SIZE]);

/* ECDH; @z is the x coordinate. ESIM_EINVAL: other curve, or @peer is not on it. */
int rsp_key_agree(const struct rsp_key *key, const struct esim_public_key *peer,
		  uint8_t z[static RSP_SECRET_SIZE]);

/* Wipes. */
void rsp_key_free(struct rsp_key **key);

#endif
