/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private keys on wolfCrypt; see key.h. */
#include "rsp/key.h"

#include "rsp/file.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>

#include <stdlib.h>
#include <string.h>

#define MAX_KEY_FILE 4096
#define MAX_KEY_DER 256
#define MAX_SIGNATURE_DER 80

/* Pointers, since wolfCrypt wants both writable even where the key stays the same. */
struct rsp_key {
	struct esim_public_key pub;
	ecc_key *ecc;
	WC_RNG *rng;
};

static int wolf_curve(enum esim_curve curve)
{
	return curve == ESIM_CURVE_BRAINPOOL_P256R1 ? ECC_BRAINPOOLP256R1 : ECC_SECP256R1;
}

static struct rsp_key *key_new(void)
{
	struct rsp_key *key = calloc(1, sizeof(*key));

	if (!key)
		return NULL;
	key->ecc = wc_ecc_key_new(NULL);
	key->rng = wc_rng_new(NULL, 0, NULL);
	if (!key->ecc || !key->rng || wc_ecc_set_rng(key->ecc, key->rng))
		rsp_key_free(&key);
	return key;
}

/* A build with PKCS#11 keeps the numbers a second time, and wolfCrypt does not free those. */
static void free_ecc(ecc_key *ecc)
{
#if defined(HAVE_WOLF_BIGINT) && defined(wc_ecc_key_get_priv)
	if (ecc) {
		wc_bigint_free(&wc_ecc_key_get_priv(ecc)->raw);
		wc_bigint_free(&ecc->pubkey.x->raw);
		wc_bigint_free(&ecc->pubkey.y->raw);
		wc_bigint_free(&ecc->pubkey.z->raw);
	}
#endif
	wc_ecc_key_free(ecc);
}

void rsp_key_free(struct rsp_key **key)
{
	if (!key || !*key)
		return;
	free_ecc((*key)->ecc);
	wc_rng_free((*key)->rng);
	free(*key);
	*key = NULL;
}

/* The public half, computed where the private one came alone. */
static int fill_public(struct rsp_key *key)
{
	word32 len = sizeof(key->pub.point);

	if (key->ecc->dp->id == ECC_SECP256R1)
		key->pub.curve = ESIM_CURVE_P256;
	else if (key->ecc->dp->id == ECC_BRAINPOOLP256R1)
		key->pub.curve = ESIM_CURVE_BRAINPOOL_P256R1;
	else
		return ESIM_ENOTSUP;
	if (key->ecc->type == ECC_PRIVATEKEY_ONLY && wc_ecc_make_pub_ex(key->ecc, NULL, key->rng))
		return ESIM_EINVAL;
	if (wc_ecc_export_x963(key->ecc, key->pub.point, &len) || len != sizeof(key->pub.point))
		return ESIM_EIO;
	return 0;
}

/* The end of making @key, which came to @r so far. */
static int give(struct rsp_key *key, int r, struct rsp_key **ret)
{
	if (!r)
		r = fill_public(key);
	if (r) {
		rsp_key_free(&key);
		return r;
	}
	*ret = key;
	return 0;
}

int rsp_key_generate(enum esim_curve curve, struct rsp_key **ret)
{
	struct rsp_key *key = key_new();
	int r;

	if (!key)
		return ESIM_ENOMEM;
	r = wc_ecc_make_key_ex(key->rng, RSP_SECRET_SIZE, key->ecc, wolf_curve(curve)) ? ESIM_EIO : 0;
	return give(key, r, ret);
}

int rsp_key_from_scalar(enum esim_curve curve, const uint8_t scalar[static RSP_SECRET_SIZE],
			struct rsp_key **ret)
{
	struct rsp_key *key = key_new();
	int r;

	if (!key)
		return ESIM_ENOMEM;
	r = wc_ecc_import_private_key_ex(scalar, RSP_SECRET_SIZE, NULL, 0, key->ecc,
					 wolf_curve(curve)) ? ESIM_EINVAL : 0;
	return give(key, r, ret);
}

int rsp_key_scalar(const struct rsp_key *key, uint8_t scalar[static RSP_SECRET_SIZE])
{
	word32 len = RSP_SECRET_SIZE;

	return wc_ecc_export_private_only(key->ecc, scalar, &len) ? ESIM_EIO : 0;
}

/* The key's block; what openssl writes may have EC PARAMETERS before it. */
static const char *key_block(const char *text)
{
	const char *block = strstr(text, "-----BEGIN EC PRIVATE KEY-----");

	return block ? block : strstr(text, "-----BEGIN PRIVATE KEY-----");
}

static int decode_pem(struct rsp_key *key, const char *text)
{
	uint8_t der[MAX_KEY_FILE];
	const char *block = key_block(text);
	word32 at = 0;
	int len, r;

	if (!block)
		return ESIM_EPROTO;
	len = wc_KeyPemToDer((const byte *)block, (int)strlen(block), der, sizeof(der), NULL);
	r = len <= 0 || wc_EccPrivateKeyDecode(der, &at, key->ecc, (word32)len) ? ESIM_EPROTO : 0;
	explicit_bzero(der, sizeof(der));
	return r ? r : fill_public(key);
}

int rsp_key_load(const char *pem_path, struct rsp_key **ret, struct esim_error *err)
{
	struct esim_buf text = ESIM_BUF_INIT;
	struct rsp_key *key;
	int r;

	r = rsp_file_read(pem_path, MAX_KEY_FILE - 1, &text, err);
	if (r)
		return r;
	esim_buf_append_byte(&text, 0);
	key = esim_buf_failed(&text) ? NULL : key_new();
	r = key ? decode_pem(key, (const char *)text.data) : ESIM_ENOMEM;
	esim_buf_free(&text);
	if (r) {
		rsp_key_free(&key);
		return esim_error_set(err, ESIM_EINVAL, "%s holds no P-256 or brainpoolP256r1 private key in PEM",
				      pem_path);
	}
	*ret = key;
	return 0;
}

int rsp_key_der(const struct rsp_key *key, struct esim_buf *out)
{
	uint8_t der[MAX_KEY_DER];
	int len = wc_EccKeyToDer(key->ecc, der, sizeof(der));

	if (len <= 0)
		return ESIM_EIO;
	esim_buf_append(out, der, (size_t)len);
	explicit_bzero(der, sizeof(der));
	return esim_buf_failed(out);
}

int rsp_key_save(const struct rsp_key *key, const char *pem_path, struct esim_error *err)
{
	struct esim_buf der = ESIM_BUF_INIT;
	uint8_t pem[MAX_KEY_FILE];
	int len = -1, r;

	r = rsp_key_der(key, &der);
	if (!r)
		len = wc_DerToPem(der.data, (word32)der.len, pem, sizeof(pem), ECC_PRIVATEKEY_TYPE);
	if (len > 0)
		r = rsp_file_write(pem_path, esim_slice(pem, (size_t)len), 0600, err);
	else
		r = esim_error_set(err, ESIM_EIO, "a key cannot be written as PEM");
	explicit_bzero(pem, sizeof(pem));
	esim_buf_free(&der);
	return r;
}

const struct esim_public_key *rsp_key_public(const struct rsp_key *key)
{
	return &key->pub;
}

bool rsp_public_key_equal(const struct esim_public_key *a, const struct esim_public_key *b)
{
	return a->curve == b->curve && memcmp(a->point, b->point, sizeof(a->point)) == 0;
}

int rsp_key_sign(const struct rsp_key *key, const struct esim_slice *parts, size_t count,
		 uint8_t sig[static ESIM_SIGNATURE_SIZE])
{
	uint8_t digest[ESIM_SHA256_SIZE], der[MAX_SIGNATURE_DER], r[RSP_SECRET_SIZE], s[RSP_SECRET_SIZE];
	word32 der_len = sizeof(der), r_len = sizeof(r), s_len = sizeof(s);

	if (esim_sha256(parts, count, digest) ||
	    wc_ecc_sign_hash(digest, sizeof(digest), der, &der_len, key->rng, key->ecc) ||
	    wc_ecc_sig_to_rs(der, der_len, r, &r_len, s, &s_len))
		return ESIM_EIO;

	/* DER drops leading zeros, BSI TR-03111 keeps them. */
	memset(sig, 0, ESIM_SIGNATURE_SIZE);
	memcpy(sig + RSP_SECRET_SIZE - r_len, r, r_len);
	memcpy(sig + ESIM_SIGNATURE_SIZE - s_len, s, s_len);
	return 0;
}

int rsp_key_agree(const struct rsp_key *key, const struct esim_public_key *peer,
		  uint8_t z[static RSP_SECRET_SIZE])
{
	uint8_t secret[RSP_SECRET_SIZE];
	word32 len = sizeof(secret);
	ecc_key *other;
	int r = ESIM_EINVAL;

	if (peer->curve != key->pub.curve)
		return ESIM_EINVAL;
	other = wc_ecc_key_new(NULL);
	if (!other)
		return ESIM_ENOMEM;
	if (!wc_ecc_import_x963_ex(peer->point, sizeof(peer->point), other, wolf_curve(peer->curve)) &&
	    !wc_ecc_check_key(other)) {
		r = ESIM_EIO;
		if (!wc_ecc_shared_secret(key->ecc, other, secret, &len) && len == sizeof(secret)) {
			memcpy(z, secret, sizeof(secret));
			r = 0;
		}
	}
	free_ecc(other);
	explicit_bzero(secret, sizeof(secret));
	return r;
}
