/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The crypto room: hashes, randomness, and signatures that must and must not verify. */
#include "crypto.h"

#include "rsp/key.h"

#include <atf-c.h>
#include <string.h>

static const enum esim_curve both_curves[] = { ESIM_CURVE_P256, ESIM_CURVE_BRAINPOOL_P256R1 };

static const char *const orders[] = {
	[ESIM_CURVE_P256] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
	[ESIM_CURVE_BRAINPOOL_P256R1] =
		"A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7",
};

/* A key, a message and its signature on one curve. */
struct sample {
	struct rsp_key *key;
	struct esim_slice message;
	uint8_t signature[ESIM_SIGNATURE_SIZE];
	uint8_t order[32];
};

static void make_sample(struct sample *s, enum esim_curve curve)
{
	size_t len;

	s->message = esim_slice("a message to sign", 17);
	ATF_REQUIRE_EQ(0, rsp_key_generate(curve, &s->key));
	ATF_REQUIRE_EQ(0, rsp_key_sign(s->key, &s->message, 1, s->signature));
	ATF_REQUIRE_EQ(0, esim_hex_decode(orders[curve], s->order, sizeof(s->order), &len));
}

static int verify(const struct sample *s)
{
	return esim_signature_verify(rsp_key_public(s->key), s->message,
				     esim_slice(s->signature, sizeof(s->signature)));
}

/* a = n - a */
static void negate(uint8_t a[32], const uint8_t n[32])
{
	int borrow = 0;

	for (int i = 31; i >= 0; i--) {
		int d = n[i] - a[i] - borrow;

		borrow = d < 0;
		a[i] = (uint8_t)d;
	}
}

ATF_TC_WITHOUT_HEAD(self_test_passes);
ATF_TC_BODY(self_test_passes, tc)
{
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(0, esim_crypto_self_test(&err), "%s", err.message);
	ATF_CHECK(strncmp(esim_crypto_describe(), "wolfCrypt ", 10) == 0);
}

ATF_TC_WITHOUT_HEAD(sha256_of_parts_is_that_of_the_whole);
ATF_TC_BODY(sha256_of_parts_is_that_of_the_whole, tc)
{
	static const uint8_t empty[4] = { 0xE3, 0xB0, 0xC4, 0x42 };
	const struct esim_slice whole = esim_slice("abcdef", 6);
	const struct esim_slice parts[] = { { whole.data, 2 }, { NULL, 0 }, { whole.data + 2, 4 } };
	uint8_t a[ESIM_SHA256_SIZE], b[ESIM_SHA256_SIZE];

	ATF_CHECK_EQ(0, esim_sha256(&whole, 1, a));
	ATF_CHECK_EQ(0, esim_sha256(parts, 3, b));
	ATF_CHECK(memcmp(a, b, sizeof(a)) == 0);
	ATF_CHECK_EQ(0, esim_sha256(NULL, 0, a));
	ATF_CHECK(memcmp(a, empty, sizeof(empty)) == 0);
}

/* What wolfCrypt is not asked for, since its lengths have 32 bits. */
ATF_TC_WITHOUT_HEAD(a_hash_that_cannot_be_made_says_so);
ATF_TC_BODY(a_hash_that_cannot_be_made_says_so, tc)
{
	const struct esim_slice parts[] = { esim_slice("abc", 3), { NULL, (size_t)UINT32_MAX + 1 } };
	static const uint8_t zeroes[ESIM_SHA256_SIZE];
	uint8_t digest[ESIM_SHA256_SIZE];

	memset(digest, 0xAA, sizeof(digest));
	ATF_CHECK_EQ(ESIM_EIO, esim_sha256(parts, 2, digest));
	ATF_CHECK(memcmp(digest, zeroes, sizeof(digest)) == 0);
}

ATF_TC_WITHOUT_HEAD(random_fills_every_byte);
ATF_TC_BODY(random_fills_every_byte, tc)
{
	static uint8_t a[10000], b[10000];
	size_t same = 0;

	ATF_REQUIRE_EQ(0, esim_random(a, sizeof(a)));
	ATF_REQUIRE_EQ(0, esim_random(b, sizeof(b)));
	for (size_t i = 0; i < sizeof(a); i++)
		same += a[i] == b[i];
	/* 39 of 10000 are expected; a chunk left out would make thousands. */
	ATF_CHECK_MSG(same < 200, "%zu bytes are equal", same);
	ATF_CHECK_EQ(0, esim_random(a, 0));
}

ATF_TC_WITHOUT_HEAD(signature_verifies_over_exactly_its_message);
ATF_TC_BODY(signature_verifies_over_exactly_its_message, tc)
{
	for (size_t i = 0; i < 2; i++) {
		struct esim_slice parts[2];
		struct sample s;

		make_sample(&s, both_curves[i]);
		ATF_CHECK_EQ(0, verify(&s));
		parts[0] = esim_slice(s.message.data, 5);
		parts[1] = esim_slice(s.message.data + 5, s.message.len - 5);
		ATF_CHECK_EQ(0, esim_signature_verify_parts(rsp_key_public(s.key), parts, 2,
							    esim_slice(s.signature, 64)));
		s.message.len--;
		ATF_CHECK_EQ(ESIM_EVERIFY, verify(&s));
		rsp_key_free(&s.key);
	}
}

ATF_TC_WITHOUT_HEAD(every_flipped_bit_of_a_signature_is_refused);
ATF_TC_BODY(every_flipped_bit_of_a_signature_is_refused, tc)
{
	struct sample s;

	make_sample(&s, ESIM_CURVE_P256);
	for (size_t bit = 0; bit < 8 * sizeof(s.signature); bit++) {
		s.signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ATF_CHECK_EQ_MSG(ESIM_EVERIFY, verify(&s), "bit %zu", bit);
		s.signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	rsp_key_free(&s.key);
}

ATF_TC_WITHOUT_HEAD(scalars_out_of_range_are_refused);
ATF_TC_BODY(scalars_out_of_range_are_refused, tc)
{
	for (size_t i = 0; i < 2; i++) {
		struct sample s, bad;

		make_sample(&s, both_curves[i]);
		for (size_t half = 0; half < 64; half += 32) {
			bad = s;
			memset(bad.signature + half, 0, 32);
			ATF_CHECK_EQ_MSG(ESIM_EVERIFY, verify(&bad), "zero at %zu", half);
			memcpy(bad.signature + half, s.order, 32);
			ATF_CHECK_EQ_MSG(ESIM_EVERIFY, verify(&bad), "n at %zu", half);
			memset(bad.signature + half, 0xFF, 32);
			ATF_CHECK_EQ_MSG(ESIM_EVERIFY, verify(&bad), "above n at %zu", half);
		}
		rsp_key_free(&s.key);
	}
}

ATF_TC_WITHOUT_HEAD(high_s_is_as_good_as_low_s);
ATF_TC_BODY(high_s_is_as_good_as_low_s, tc)
{
	for (size_t i = 0; i < 2; i++) {
		struct sample s;

		make_sample(&s, both_curves[i]);
		negate(s.signature + 32, s.order);
		ATF_CHECK_EQ(0, verify(&s));
		rsp_key_free(&s.key);
	}
}

ATF_TC_WITHOUT_HEAD(signature_of_another_length_is_refused);
ATF_TC_BODY(signature_of_another_length_is_refused, tc)
{
	uint8_t longer[ESIM_SIGNATURE_SIZE + 1] = { 0 };
	struct sample s;

	make_sample(&s, ESIM_CURVE_P256);
	memcpy(longer, s.signature, sizeof(s.signature));
	for (size_t len = 0; len <= sizeof(longer); len++)
		ATF_CHECK_EQ_MSG(len == ESIM_SIGNATURE_SIZE ? 0 : ESIM_EVERIFY,
				 esim_signature_verify(rsp_key_public(s.key), s.message,
						       esim_slice(len ? longer : NULL, len)),
				 "%zu bytes", len);
	rsp_key_free(&s.key);
}

ATF_TC_WITHOUT_HEAD(keys_off_their_curve_are_refused);
ATF_TC_BODY(keys_off_their_curve_are_refused, tc)
{
	for (size_t i = 0; i < 2; i++) {
		struct esim_public_key key, bad;
		struct sample s;

		make_sample(&s, both_curves[i]);
		key = *rsp_key_public(s.key);
		ATF_CHECK(crypto_key_valid(&key));

		bad = key;
		bad.point[64] ^= 1;
		ATF_CHECK(!crypto_key_valid(&bad));
		ATF_CHECK_EQ(ESIM_EVERIFY, esim_signature_verify(&bad, s.message,
								 esim_slice(s.signature, 64)));
		bad = key;
		bad.curve = both_curves[1 - i];
		ATF_CHECK(!crypto_key_valid(&bad));
		bad.curve = (enum esim_curve)7;
		ATF_CHECK(!crypto_key_valid(&bad));
		bad = key;
		memset(bad.point + 1, 0, 64);
		ATF_CHECK(!crypto_key_valid(&bad));
		memset(bad.point + 1, 0xFF, 64);
		ATF_CHECK(!crypto_key_valid(&bad));
		bad = key;
		bad.point[0] = 0x02;
		ATF_CHECK(!crypto_key_valid(&bad));
		rsp_key_free(&s.key);
	}
}

/* On P-256, x = 5 has a point; x + p names it again, in 256 bits, and must not be taken. */
ATF_TC_WITHOUT_HEAD(coordinates_above_the_prime_are_refused);
ATF_TC_BODY(coordinates_above_the_prime_are_refused, tc)
{
	static const char point[] =
		"040000000000000000000000000000000000000000000000000000000000000005"
		"459243B9AA581806FE913BCE99817ADE11CA503C64D9A3C533415C083248FBCC";
	static const char again[] =
		"04FFFFFFFF00000001000000000000000000000001000000000000000000000004"
		"459243B9AA581806FE913BCE99817ADE11CA503C64D9A3C533415C083248FBCC";
	struct esim_public_key key = { .curve = ESIM_CURVE_P256 };
	size_t len;

	ATF_REQUIRE_EQ(0, esim_hex_decode(point, key.point, sizeof(key.point), &len));
	ATF_CHECK(crypto_key_valid(&key));
	ATF_REQUIRE_EQ(0, esim_hex_decode(again, key.point, sizeof(key.point), &len));
	ATF_CHECK(!crypto_key_valid(&key));
}

ATF_TC_WITHOUT_HEAD(pem_that_is_none_is_refused);
ATF_TC_BODY(pem_that_is_none_is_refused, tc)
{
	static const char *const bad[] = {
		"", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n",
	};
	uint8_t out[64];
	size_t len = 99;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EPROTO, crypto_pem_decode(esim_slice(bad[i], strlen(bad[i])), out,
								sizeof(out), &len), "%s", bad[i]);
	ATF_CHECK_EQ(99, len);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, self_test_passes);
	ATF_TP_ADD_TC(tp, sha256_of_parts_is_that_of_the_whole);
	ATF_TP_ADD_TC(tp, a_hash_that_cannot_be_made_says_so);
	ATF_TP_ADD_TC(tp, random_fills_every_byte);
	ATF_TP_ADD_TC(tp, signature_verifies_over_exactly_its_message);
	ATF_TP_ADD_TC(tp, every_flipped_bit_of_a_signature_is_refused);
	ATF_TP_ADD_TC(tp, scalars_out_of_range_are_refused);
	ATF_TP_ADD_TC(tp, high_s_is_as_good_as_low_s);
	ATF_TP_ADD_TC(tp, signature_of_another_length_is_refused);
	ATF_TP_ADD_TC(tp, keys_off_their_curve_are_refused);
	ATF_TP_ADD_TC(tp, coordinates_above_the_prime_are_refused);
	ATF_TP_ADD_TC(tp, pem_that_is_none_is_refused);
	return atf_no_error();
}
