/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crypto room: hashes, signatures and randomness by wolfCrypt. This file and
 * its self-test are all (beside the TLS glue) that know wolfSSL's names; they work
 * with a FIPS bundle, the bundled build and the distribution's library alike.
 */
#include "crypto.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/wc_port.h>
#ifdef HAVE_FIPS
#include <wolfssl/wolfcrypt/fips_test.h>
#endif
#include <wolfssl/ssl.h>

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define SCALAR_SIZE 32
#define RANDOM_CHUNK 4096	/* below any wolfCrypt's limit of one request */

static const struct curve {
	int wolf_id;
	uint8_t prime[SCALAR_SIZE], order[SCALAR_SIZE];
} curves[] = {
	[ESIM_CURVE_P256] = { ECC_SECP256R1, {
		0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
		0xFF, 0xFF, 0xFF, 0xFF }, {
		0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
		0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2,
		0xFC, 0x63, 0x25, 0x51 } },
	[ESIM_CURVE_BRAINPOOL_P256R1] = { ECC_BRAINPOOLP256R1, {
		0xA9, 0xFB, 0x57, 0xDB, 0xA1, 0xEE, 0xA9, 0xBC, 0x3E, 0x66, 0x0A, 0x90, 0x9D, 0x83,
		0x8D, 0x72, 0x6E, 0x3B, 0xF6, 0x23, 0xD5, 0x26, 0x20, 0x28, 0x20, 0x13, 0x48, 0x1D,
		0x1F, 0x6E, 0x53, 0x77 }, {
		0xA9, 0xFB, 0x57, 0xDB, 0xA1, 0xEE, 0xA9, 0xBC, 0x3E, 0x66, 0x0A, 0x90, 0x9D, 0x83,
		0x8D, 0x71, 0x8C, 0x39, 0x7A, 0xA3, 0xB5, 0x61, 0xA6, 0xF7, 0x90, 0x1E, 0x0E, 0x82,
		0x97, 0x48, 0x56, 0xA7 } },
};

/* --- start ----------------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int start_result;
static char description[160];

/* The instructions that both this build of wolfCrypt and this processor have. */
static const char *instructions(void)
{
#if defined(__x86_64__) && defined(USE_INTEL_SPEEDUP)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
		return __builtin_cpu_supports("aes") ? "AES-NI, AVX2, BMI2" : "AVX2, BMI2";
	if (__builtin_cpu_supports("aes"))
		return "AES-NI";
#elif defined(WOLFSSL_ARMASM)
	return "ARMv8 crypto";
#endif
	return "no special instructions";
}

/* Never undone: wolfCrypt is counted, and a library cannot know who is the last. */
static void start(void)
{
	start_result = wolfCrypt_Init();
#ifdef HAVE_FIPS
	if (start_result == 0)
		start_result = wolfCrypt_GetStatus_fips();
#endif
	snprintf(description, sizeof(description), "wolfCrypt %s (%s), %s", wolfSSL_lib_version(),
		 instructions(),
#ifdef HAVE_FIPS
		 start_result == 0 ? "validated FIPS module" : "FIPS module in error state"
#else
		 "no validated FIPS module"
#endif
	);
}

static bool ready(void)
{
	return pthread_once(&once, start) == 0 && start_result == 0;
}

const char *esim_crypto_describe(void)
{
	pthread_once(&once, start);
	return description;
}

/* --- hash and randomness ------------------------------------------------------------ */

static int sha256(const struct esim_slice *parts, size_t count, uint8_t digest[ESIM_SHA256_SIZE])
{
	wc_Sha256 sha;
	int r;

	if (!ready() || wc_InitSha256(&sha) != 0)
		return ESIM_EIO;
	r = 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (parts[i].len > UINT32_MAX)
			r = BAD_FUNC_ARG;
		else if (parts[i].len > 0)
			r = wc_Sha256Update(&sha, parts[i].data, (word32)parts[i].len);
	}
	if (r == 0)
		r = wc_Sha256Final(&sha, digest);
	wc_Sha256Free(&sha);
	/* Confirmation codes pass through here. */
	explicit_bzero(&sha, sizeof(sha));
	return r == 0 ? 0 : ESIM_EIO;
}

int esim_sha256(const struct esim_slice *parts, size_t count, uint8_t digest[static ESIM_SHA256_SIZE])
{
	int r = sha256(parts, count, digest);

	if (r)
		memset(digest, 0, ESIM_SHA256_SIZE);
	return r;
}

int esim_random(uint8_t *out, size_t len)
{
	WC_RNG rng;
	int r;

	if (!ready() || wc_InitRng(&rng) != 0)
		return ESIM_EIO;
	r = 0;
	for (size_t done = 0; r == 0 && done < len; done += RANDOM_CHUNK) {
		size_t chunk = len - done < RANDOM_CHUNK ? len - done : RANDOM_CHUNK;

		r = wc_RNG_GenerateBlock(&rng, out + done, (word32)chunk);
	}
	wc_FreeRng(&rng);
	if (r == 0)
		return 0;
	explicit_bzero(out, len);
	return ESIM_EIO;
}

/* --- ECDSA ---------------------------------------------------------------------------- */

/*
 * SP 800-56A, 5.6.2.3.4: coordinates below the prime, and on the curve. Both
 * curves have cofactor 1, so that a point on the curve has the right order; to
 * multiply by the order, as wc_ecc_check_key does, costs as much as a signature
 * and says nothing more. A FIPS module's callers do not choose.
 */
static bool point_valid(const struct esim_public_key *key, ecc_key *ecc)
{
	const uint8_t *x = key->point + 1, *y = x + SCALAR_SIZE;
	const struct curve *curve = &curves[key->curve];

	if (memcmp(x, curve->prime, SCALAR_SIZE) >= 0 || memcmp(y, curve->prime, SCALAR_SIZE) >= 0)
		return false;
#ifdef HAVE_FIPS
	return wc_ecc_check_key(ecc) == 0;
#else
	return wc_ecc_point_is_on_curve(&ecc->pubkey, wc_ecc_get_curve_idx(curve->wolf_id)) == 0;
#endif
}

/* Import and validate; the caller frees @ecc on success alone. */
static int import_key(const struct esim_public_key *key, ecc_key *ecc)
{
	if ((size_t)key->curve >= sizeof(curves) / sizeof(curves[0]) || key->point[0] != 0x04)
		return ESIM_EVERIFY;
	if (!ready() || wc_ecc_init(ecc) != 0)
		return ESIM_EIO;
	if (wc_ecc_import_x963_ex(key->point, sizeof(key->point), ecc,
				  curves[key->curve].wolf_id) == 0 &&
	    point_valid(key, ecc))
		return 0;
	wc_ecc_free(ecc);
	return ESIM_EVERIFY;
}

bool crypto_key_valid(const struct esim_public_key *key)
{
	ecc_key ecc;

	if (import_key(key, &ecc))
		return false;
	wc_ecc_free(&ecc);
	return true;
}

/* 0 < scalar < order, as FIPS 186-4, 6.4 asks before anything is computed. */
static bool scalar_valid(const uint8_t *scalar, const uint8_t *order)
{
	static const uint8_t zero[SCALAR_SIZE];

	return memcmp(scalar, zero, SCALAR_SIZE) != 0 && memcmp(scalar, order, SCALAR_SIZE) < 0;
}

int esim_signature_verify_parts(const struct esim_public_key *key, const struct esim_slice *parts,
				size_t count, struct esim_slice signature)
{
	uint8_t digest[ESIM_SHA256_SIZE], der[ECC_MAX_SIG_SIZE];
	word32 der_len = sizeof(der);
	int good = 0, result = ESIM_EVERIFY;
	const uint8_t *r, *s;
	ecc_key ecc;

	if (signature.len != ESIM_SIGNATURE_SIZE || import_key(key, &ecc))
		return ESIM_EVERIFY;
	r = signature.data;
	s = r + SCALAR_SIZE;
	if (scalar_valid(r, curves[key->curve].order) && scalar_valid(s, curves[key->curve].order) &&
	    sha256(parts, count, digest) == 0 &&
	    wc_ecc_rs_raw_to_sig(r, SCALAR_SIZE, s, SCALAR_SIZE, der, &der_len) == 0 &&
	    wc_ecc_verify_hash(der, der_len, digest, sizeof(digest), &good, &ecc) == 0 && good == 1)
		result = 0;
	wc_ecc_free(&ecc);
	return result;
}

int esim_signature_verify(const struct esim_public_key *key, struct esim_slice message,
			  struct esim_slice signature)
{
	return esim_signature_verify_parts(key, &message, 1, signature);
}

/* --- PEM -------------------------------------------------------------------------------- */

int crypto_pem_decode(struct esim_slice pem, uint8_t *out, size_t size, size_t *ret_len)
{
	int n;

	if (pem.len > INT_MAX || size > INT_MAX || !ready())
		return ESIM_EPROTO;
	n = wc_CertPemToDer(pem.data, (int)pem.len, out, (int)size, CERT_TYPE);
	if (n <= 0)
		return ESIM_EPROTO;
	*ret_len = (size_t)n;
	return 0;
}
