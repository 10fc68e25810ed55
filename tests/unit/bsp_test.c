/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and the BPP protection protocol, against recorded vectors and themselves. */
#include "rsp/bsp.h"
#include "rsp/key.h"

#include <esim/hex.h>
#include <esim/tlv.h>

#include <atf-c.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A recorded session: what both sides know, and its first segments. */
static const char vector_otsk[] = "8e7a0ce83085d8c9a52c85a40f1d6140a395a2df3174f4f717c06bf6b11e4338";
static const char vector_peer[] =
	"048f963923be68ae2aac94564827ad05d9f7a1ba05b498b2ac85d3e62b5dc7ebbb"
	"b2fd9ae47c3800b049ae3214fa83dccaed0cc404219bb0a1bce247477c881625";
static const char vector_secret[] = "58f71157c52f1b084e3ccdfd6f859607682c9334381ace08c0fd90468f44cf26";
static const char vector_host[] = "6d61686c7a656974";
static const char vector_eid[] = "89049032123451234512345678901235";
static const char vector_chain[] = "19fabcdd69217f744b011c1935688c74";
static const char vector_s_enc[] = "3392dcf7836a1e77c4b71b4f8b60e5b7";
static const char vector_s_mac[] = "73ac05eb4eb61481f8e5a3fc00931463";
static const char vector_87[] = "8718e3795907e6e02e696628ea9723f07bb192ba4c476402d9d1";
static const char vector_87_plain[] = "bf2400";
static const char vector_88[] =
	"888196bf25818a5a0a98001032547698103214910a4f736d6f636f6d53504e92085453343876315f41950102b6"
	"63301f80020640811974657374736d6470706c7573312e6578616d706c652e636f6d301f800205208119746573"
	"74736d6470706c7573312e6578616d706c652e636f6d301f80020410811974657374736d6470706c7573312e65"
	"78616d706c652e636f6d80c9906f0775943f";

static void put_hex(struct esim_buf *out, const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *to = esim_buf_extend(out, len);

	ATF_REQUIRE(to != NULL);
	ATF_REQUIRE_EQ(0, esim_hex_decode(hex, to, len, &len));
}

static void fixed_hex(const char *hex, uint8_t *out, size_t size)
{
	size_t len;

	ATF_REQUIRE_EQ(0, esim_hex_decode(hex, out, size, &len));
	ATF_REQUIRE_EQ(size, len);
}

static void require_hex(const char *expected, struct esim_slice got)
{
	struct esim_buf want = ESIM_BUF_INIT;

	put_hex(&want, expected);
	ATF_REQUIRE(esim_slice_equal(esim_buf_slice(&want), got));
	esim_buf_free(&want);
}

static void derive(struct rsp_bsp *bsp, const char *secret, const char *host, const char *eid)
{
	struct esim_buf host_id = ESIM_BUF_INIT, eid_bytes = ESIM_BUF_INIT;
	uint8_t z[RSP_SECRET_SIZE];

	fixed_hex(secret, z, sizeof(z));
	put_hex(&host_id, host);
	put_hex(&eid_bytes, eid);
	ATF_REQUIRE_EQ(0, rsp_bsp_derive(bsp, z, RSP_BSP_KEY_TYPE, RSP_BSP_KEY_LEN,
					 esim_buf_slice(&host_id), esim_buf_slice(&eid_bytes)));
	esim_buf_free(&host_id);
	esim_buf_free(&eid_bytes);
}

static void agree(enum esim_curve curve, const char *scalar, const char *peer_point,
		  const char *expected)
{
	struct esim_public_key peer = { .curve = curve };
	struct rsp_key *key;
	uint8_t d[RSP_SECRET_SIZE], z[RSP_SECRET_SIZE];

	fixed_hex(scalar, d, sizeof(d));
	fixed_hex(peer_point, peer.point, sizeof(peer.point));
	ATF_REQUIRE_EQ(0, rsp_key_from_scalar(curve, d, &key));
	ATF_REQUIRE_EQ(0, rsp_key_agree(key, &peer, z));
	require_hex(expected, esim_slice(z, sizeof(z)));
	rsp_key_free(&key);
}

/* --- the recorded vectors ------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(session_keys_follow_from_the_shared_secret);
ATF_TC_BODY(session_keys_follow_from_the_shared_secret, tc)
{
	struct rsp_bsp bsp;

	(void)tc;
	agree(ESIM_CURVE_P256, vector_otsk, vector_peer, vector_secret);
	derive(&bsp, vector_secret, vector_host, vector_eid);
	require_hex(vector_chain, esim_slice(bsp.chain, sizeof(bsp.chain)));
	require_hex(vector_s_enc, esim_slice(bsp.s_enc, sizeof(bsp.s_enc)));
	require_hex(vector_s_mac, esim_slice(bsp.s_mac, sizeof(bsp.s_mac)));
	ATF_REQUIRE_EQ(1, bsp.counter);
}

ATF_TC_WITHOUT_HEAD(first_segments_reproduce);
ATF_TC_BODY(first_segments_reproduce, tc)
{
	struct esim_buf plain = ESIM_BUF_INIT, out = ESIM_BUF_INIT;
	struct rsp_bsp bsp;

	(void)tc;
	derive(&bsp, vector_secret, vector_host, vector_eid);
	put_hex(&plain, vector_87_plain);
	ATF_REQUIRE_EQ(0, rsp_bsp_encrypt(&bsp, 0x87, esim_buf_slice(&plain), &out));
	require_hex(vector_87, esim_buf_slice(&out));

	esim_buf_reset(&plain);
	esim_buf_reset(&out);
	put_hex(&plain, vector_88);
	ATF_REQUIRE_EQ(0, rsp_bsp_mac_only(&bsp, 0x88, esim_slice(plain.data + 3, plain.len - 11), &out));
	require_hex(vector_88, esim_buf_slice(&out));
	esim_buf_free(&plain);
	esim_buf_free(&out);
}

static const char *text(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	ATF_REQUIRE_MSG(s != NULL, "vector without %s", name);
	return s;
}

static void replace_keys(struct rsp_bsp *a, struct rsp_bsp *b, struct esim_slice bf26)
{
	struct esim_tlv whole, chain, enc, mac;

	ATF_REQUIRE_EQ(0, esim_tlv_check(bf26, "ReplaceSessionKeys", &whole, NULL));
	ATF_REQUIRE_EQ(1, esim_tlv_find(whole.value, 0x80, &chain));
	ATF_REQUIRE_EQ(1, esim_tlv_find(whole.value, 0x81, &enc));
	ATF_REQUIRE_EQ(1, esim_tlv_find(whole.value, 0x82, &mac));
	rsp_bsp_set_keys(a, chain.value.data, enc.value.data, mac.value.data);
	rsp_bsp_set_keys(b, chain.value.data, enc.value.data, mac.value.data);
}

/* One segment both ways: made from its plaintext, and opened again. */
static void run_segment(struct rsp_bsp *maker, struct rsp_bsp *opener, const json_t *segment)
{
	struct esim_buf plain = ESIM_BUF_INIT, made = ESIM_BUF_INIT, opened = ESIM_BUF_INIT;
	const char *tlv = text(segment, "tlv");
	bool mac_only = strncmp(tlv, "88", 2) == 0;
	uint32_t tag = mac_only ? 0x88 : strncmp(tlv, "87", 2) == 0 ? 0x87 : 0x86;

	put_hex(&plain, text(segment, "plain"));
	ATF_REQUIRE_EQ(0, (mac_only ? rsp_bsp_mac_only : rsp_bsp_encrypt)(
				maker, tag, esim_buf_slice(&plain), &made));
	require_hex(tlv, esim_buf_slice(&made));
	ATF_REQUIRE_EQ(0, (mac_only ? rsp_bsp_verify : rsp_bsp_decrypt)(
				opener, esim_buf_slice(&made), &opened));
	ATF_REQUIRE(esim_slice_equal(esim_buf_slice(&plain), esim_buf_slice(&opened)));
	if (plain.len > 2 && plain.data[0] == 0xBF && plain.data[1] == 0x26)
		replace_keys(maker, opener, esim_buf_slice(&plain));
	esim_buf_free(&plain);
	esim_buf_free(&made);
	esim_buf_free(&opened);
}

static void run_vector(const char *path)
{
	json_error_t error;
	json_t *vector = json_load_file(path, 0, &error);
	struct rsp_bsp maker, opener;
	size_t i;
	json_t *segment;

	ATF_REQUIRE_MSG(vector != NULL, "%s: %s", path, error.text);
	agree(ESIM_CURVE_P256, text(vector, "euiccOtsk"), text(vector, "smdpOtpk"),
	      text(vector, "sharedSecret"));
	derive(&maker, text(vector, "sharedSecret"), text(vector, "hostId"), text(vector, "eid"));
	opener = maker;
	ATF_REQUIRE(json_array_size(json_object_get(vector, "segments")) > 3);
	json_array_foreach(json_object_get(vector, "segments"), i, segment)
		run_segment(&maker, &opener, segment);
	json_decref(vector);
}

ATF_TC_WITHOUT_HEAD(every_recorded_segment_reproduces);
ATF_TC_BODY(every_recorded_segment_reproduces, tc)
{
	static const char *const names[] = { "TS48v1_A", "TS48v5_SAIP2.3_NoBERTLV" };
	const char *refdata = getenv("REFDATA");
	struct stat st;
	char path[4096];

	(void)tc;
	snprintf(path, sizeof(path), "%s/bsp-vectors", refdata ? refdata : "");
	if (!refdata || stat(path, &st))
		atf_tc_skip("reference data is absent (REFDATA)");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/bsp-vectors/%s.json", refdata, names[i]);
		run_vector(path);
	}
}

/* --- what must not pass -------------------------------------------------------- */

static void fresh_pair(struct rsp_bsp *maker, struct rsp_bsp *opener)
{
	derive(maker, vector_secret, vector_host, vector_eid);
	*opener = *maker;
}

ATF_TC_WITHOUT_HEAD(every_flipped_bit_of_a_segment_is_refused);
ATF_TC_BODY(every_flipped_bit_of_a_segment_is_refused, tc)
{
	struct esim_buf tlv = ESIM_BUF_INIT, plain = ESIM_BUF_INIT;
	struct rsp_bsp maker, opener, before;

	(void)tc;
	fresh_pair(&maker, &opener);
	ATF_REQUIRE_EQ(0, rsp_bsp_encrypt(&maker, 0x86, esim_slice("sixteen bytes ok", 16), &tlv));
	before = opener;
	for (size_t bit = 0; bit < tlv.len * 8; bit++) {
		tlv.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ATF_REQUIRE(rsp_bsp_decrypt(&opener, esim_buf_slice(&tlv), &plain) != 0);
		tlv.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ATF_REQUIRE_EQ(0, plain.len);
	ATF_REQUIRE_EQ(0, memcmp(&before, &opener, sizeof(opener)));
	ATF_REQUIRE_EQ(0, rsp_bsp_decrypt(&opener, esim_buf_slice(&tlv), &plain));
	esim_buf_free(&tlv);
	esim_buf_free(&plain);
}

ATF_TC_WITHOUT_HEAD(truncated_segments_are_refused);
ATF_TC_BODY(truncated_segments_are_refused, tc)
{
	struct esim_buf tlv = ESIM_BUF_INIT, plain = ESIM_BUF_INIT;
	struct rsp_bsp maker, opener;

	(void)tc;
	fresh_pair(&maker, &opener);
	ATF_REQUIRE_EQ(0, rsp_bsp_mac_only(&maker, 0x88, esim_slice("metadata", 8), &tlv));
	for (size_t len = 0; len < tlv.len; len++)
		ATF_REQUIRE(rsp_bsp_verify(&opener, esim_slice(tlv.data, len), &plain) != 0);
	esim_buf_free(&tlv);
	esim_buf_free(&plain);
}

ATF_TC_WITHOUT_HEAD(segments_out_of_order_are_refused);
ATF_TC_BODY(segments_out_of_order_are_refused, tc)
{
	struct esim_buf one = ESIM_BUF_INIT, two = ESIM_BUF_INIT, plain = ESIM_BUF_INIT;
	struct rsp_bsp maker, opener;

	(void)tc;
	fresh_pair(&maker, &opener);
	ATF_REQUIRE_EQ(0, rsp_bsp_encrypt(&maker, 0x86, esim_slice("one", 3), &one));
	ATF_REQUIRE_EQ(0, rsp_bsp_encrypt(&maker, 0x86, esim_slice("two", 3), &two));
	ATF_REQUIRE_EQ(ESIM_EVERIFY, rsp_bsp_decrypt(&opener, esim_buf_slice(&two), &plain));
	ATF_REQUIRE_EQ(0, rsp_bsp_decrypt(&opener, esim_buf_slice(&one), &plain));
	ATF_REQUIRE_EQ(ESIM_EVERIFY, rsp_bsp_decrypt(&opener, esim_buf_slice(&one), &plain));
	esim_buf_free(&one);
	esim_buf_free(&two);
	esim_buf_free(&plain);
}

ATF_TC_WITHOUT_HEAD(wrong_padding_is_refused_after_a_right_mac);
ATF_TC_BODY(wrong_padding_is_refused_after_a_right_mac, tc)
{
	struct esim_buf tlv = ESIM_BUF_INIT, plain = ESIM_BUF_INIT;
	struct rsp_bsp maker, opener;

	(void)tc;
	fresh_pair(&maker, &opener);
	ATF_REQUIRE_EQ(0, rsp_bsp_mac_only(&maker, 0x86, esim_slice("0123456789abcdef", 16), &tlv));
	ATF_REQUIRE_EQ(ESIM_EPROTO, rsp_bsp_decrypt(&opener, esim_buf_slice(&tlv), &plain));
	esim_buf_free(&tlv);
	esim_buf_free(&plain);
}

/* --- keys ---------------------------------------------------------------------- */

static void two_sides_agree(enum esim_curve curve)
{
	struct rsp_key *a, *b;
	uint8_t za[RSP_SECRET_SIZE], zb[RSP_SECRET_SIZE];

	ATF_REQUIRE_EQ(0, rsp_key_generate(curve, &a));
	ATF_REQUIRE_EQ(0, rsp_key_generate(curve, &b));
	ATF_REQUIRE_EQ(0, rsp_key_agree(a, rsp_key_public(b), za));
	ATF_REQUIRE_EQ(0, rsp_key_agree(b, rsp_key_public(a), zb));
	ATF_REQUIRE_EQ(0, memcmp(za, zb, sizeof(za)));
	rsp_key_free(&a);
	rsp_key_free(&b);
}

ATF_TC_WITHOUT_HEAD(both_curves_agree_with_themselves);
ATF_TC_BODY(both_curves_agree_with_themselves, tc)
{
	(void)tc;
	two_sides_agree(ESIM_CURVE_P256);
	two_sides_agree(ESIM_CURVE_BRAINPOOL_P256R1);
}

ATF_TC_WITHOUT_HEAD(points_off_the_curve_and_other_curves_are_refused);
ATF_TC_BODY(points_off_the_curve_and_other_curves_are_refused, tc)
{
	struct rsp_key *a, *b;
	struct esim_public_key bad;
	uint8_t z[RSP_SECRET_SIZE];

	(void)tc;
	ATF_REQUIRE_EQ(0, rsp_key_generate(ESIM_CURVE_P256, &a));
	ATF_REQUIRE_EQ(0, rsp_key_generate(ESIM_CURVE_BRAINPOOL_P256R1, &b));
	ATF_REQUIRE_EQ(ESIM_EINVAL, rsp_key_agree(a, rsp_key_public(b), z));
	bad = *rsp_key_public(a);
	bad.point[64] ^= 1;
	ATF_REQUIRE_EQ(ESIM_EINVAL, rsp_key_agree(a, &bad, z));
	rsp_key_free(&a);
	rsp_key_free(&b);
}

static void saved_key_signs(enum esim_curve curve)
{
	const struct esim_slice parts[] = { esim_slice("a", 1), esim_slice("bc", 2) };
	struct rsp_key *key, *again;
	struct esim_error err;
	uint8_t sig[ESIM_SIGNATURE_SIZE];

	ATF_REQUIRE_EQ(0, rsp_key_generate(curve, &key));
	ATF_REQUIRE_EQ(0, rsp_key_save(key, "key.pem", &err));
	ATF_REQUIRE_EQ(0, rsp_key_load("key.pem", &again, &err));
	ATF_REQUIRE(rsp_public_key_equal(rsp_key_public(key), rsp_key_public(again)));
	ATF_REQUIRE_EQ(0, rsp_key_sign(again, parts, 2, sig));
	ATF_REQUIRE_EQ(0, esim_signature_verify(rsp_key_public(key), esim_slice("abc", 3),
						esim_slice(sig, sizeof(sig))));
	rsp_key_free(&key);
	rsp_key_free(&again);
}

ATF_TC_WITHOUT_HEAD(saved_keys_come_back_and_sign);
ATF_TC_BODY(saved_keys_come_back_and_sign, tc)
{
	(void)tc;
	saved_key_signs(ESIM_CURVE_P256);
	saved_key_signs(ESIM_CURVE_BRAINPOOL_P256R1);
}

ATF_TC_WITHOUT_HEAD(unusable_key_files_are_named);
ATF_TC_BODY(unusable_key_files_are_named, tc)
{
	struct rsp_key *key = NULL;
	struct esim_error err;

	(void)tc;
	atf_utils_create_file("bad.pem", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
	ATF_REQUIRE_EQ(ESIM_EINVAL, rsp_key_load("bad.pem", &key, &err));
	ATF_REQUIRE(strstr(err.message, "bad.pem") != NULL);
	ATF_REQUIRE_EQ(ESIM_ENOENT, rsp_key_load("absent.pem", &key, &err));
	ATF_REQUIRE(strstr(err.message, "absent.pem") != NULL);
	ATF_REQUIRE(key == NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, session_keys_follow_from_the_shared_secret);
	ATF_TP_ADD_TC(tp, first_segments_reproduce);
	ATF_TP_ADD_TC(tp, every_recorded_segment_reproduces);
	ATF_TP_ADD_TC(tp, every_flipped_bit_of_a_segment_is_refused);
	ATF_TP_ADD_TC(tp, truncated_segments_are_refused);
	ATF_TP_ADD_TC(tp, segments_out_of_order_are_refused);
	ATF_TP_ADD_TC(tp, wrong_padding_is_refused_after_a_right_mac);
	ATF_TP_ADD_TC(tp, both_curves_agree_with_themselves);
	ATF_TP_ADD_TC(tp, points_off_the_curve_and_other_curves_are_refused);
	ATF_TP_ADD_TC(tp, saved_keys_come_back_and_sign);
	ATF_TP_ADD_TC(tp, unusable_key_files_are_named);
	return atf_no_error();
}
