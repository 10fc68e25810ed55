/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Anchors without certificates: by their facts, the built-in production roots, and the shell for TLS. */
#include "anchor_shell.h"
#include "trust_fixture.h"

#include <esim/lpa.h>

#include <atf-c.h>
#include <string.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#define LAST_UTC_TIME INT64_C(2524607999)	/* 2049-12-31 23:59:59 */
#define LAST_TIME INT64_C(253402300799)		/* 9999-12-31 23:59:59 */

static const uint8_t gsma_root[] = {
	0x81, 0x37, 0x0F, 0x51, 0x25, 0xD0, 0xB1, 0xD4, 0x08, 0xD4,
	0xC3, 0xB2, 0x32, 0xE6, 0xD2, 0x5E, 0x79, 0x5B, 0xEB, 0xFB,
};

ATF_TC_WITHOUT_HEAD(all_known_roots_are_well_formed);
ATF_TC_BODY(all_known_roots_are_well_formed, tc)
{
	struct esim_pool pool = { 0 };
	struct esim_error err;
	size_t added = 0;

	ATF_REQUIRE_EQ_MSG(0, esim_pool_add_known(&pool, NULL, &added, &err), "%s", err.message);
	ATF_CHECK(added >= 2);
	ATF_CHECK_EQ(added, pool.count);
	ATF_CHECK(esim_pool_find(&pool, esim_slice(gsma_root, sizeof(gsma_root))) != NULL);
	esim_pool_free(&pool);
}

ATF_TC_WITHOUT_HEAD(only_roots_that_the_card_names_are_trusted);
ATF_TC_BODY(only_roots_that_the_card_names_are_trusted, tc)
{
	struct esim_key_id_list wanted = { .count = 2 };
	struct esim_pool pool = { 0 };
	struct esim_error err;
	size_t added = 7;

	wanted.ids[0] = (struct esim_key_id){ .bytes = { 1, 2, 3 }, .len = 20 };
	wanted.ids[1].len = sizeof(gsma_root);
	memcpy(wanted.ids[1].bytes, gsma_root, sizeof(gsma_root));
	ATF_REQUIRE_EQ(0, esim_pool_add_known(&pool, &wanted, &added, &err));
	ATF_CHECK_EQ(1, added);
	ATF_CHECK_EQ(1, pool.count);
	esim_pool_free(&pool);

	wanted.count = 1;
	ATF_REQUIRE_EQ(0, esim_pool_add_known(&pool, &wanted, &added, &err));
	ATF_CHECK_EQ(0, added);
	ATF_CHECK_EQ(0, pool.count);
	esim_pool_free(&pool);
}

ATF_TC_WITHOUT_HEAD(known_roots_are_what_their_certificates_say);
ATF_TC_BODY(known_roots_are_what_their_certificates_say, tc)
{
	static const char *const names[] = {
		"C=CH, O=OISTE Foundation, CN=OISTE GSMA CI G1",
		"O=GSM Association, CN=GSM Association - RSP2 Root CI1",
	};
	struct esim_pool pool = { 0 };
	uint8_t hash[WC_SHA_DIGEST_SIZE];
	struct esim_error err;
	size_t added = 0;

	ATF_REQUIRE_EQ(0, esim_pool_add_known(&pool, NULL, &added, &err));
	ATF_REQUIRE_EQ(2, pool.count);
	for (size_t i = 0; i < pool.count; i++) {
		ATF_CHECK_STREQ(names[i], pool.anchors[i].name);
		/* Both CIs made their key ids by RFC 5280, 4.2.1.2, method 1. */
		ATF_REQUIRE_EQ(0, wc_ShaHash(pool.anchors[i].key.point, ESIM_PUBLIC_KEY_SIZE, hash));
		ATF_CHECK(esim_slice_is(esim_slice(pool.anchors[i].key_id, pool.anchors[i].key_id_len),
					hash, sizeof(hash)));
		ATF_CHECK(pool.anchors[i].not_before < FIXTURE_NOW);
		ATF_CHECK(pool.anchors[i].not_after > FIXTURE_NOW);
	}
	esim_pool_free(&pool);
}

/* --- facts ---------------------------------------------------------------------------------- */

/* The fixture's DPauth under @facts as the only anchor, at @now. */
static int verify_under(const struct fixture *f, const struct esim_anchor_facts *facts, int64_t now,
			struct esim_error *err)
{
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_AUTH, .now = now };
	struct esim_pool pool = { 0 };
	int r;

	ATF_REQUIRE_EQ_MSG(0, esim_pool_add_anchor(&pool, facts, err), "%s", err->message);
	r = esim_chain_verify(&f->cert[FIXTURE_DPAUTH], 1, &pool, &rules, NULL, err);
	esim_pool_free(&pool);
	return r;
}

ATF_TC_WITHOUT_HEAD(facts_anchor_a_chain_by_name_key_id_key_and_time);
ATF_TC_BODY(facts_anchor_a_chain_by_name_key_id_key_and_time, tc)
{
	struct esim_anchor_facts facts;
	struct esim_error err = { 0 };
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	facts = ci_facts(&f.cert[FIXTURE_CI]);
	ATF_CHECK_EQ_MSG(0, verify_under(&f, &facts, FIXTURE_NOW, &err), "%s", err.message);

	facts.not_after = FIXTURE_NOW - 1;
	require_failed_check(verify_under(&f, &facts, FIXTURE_NOW, &err), &err, "CERT.CI.ECDSA",
			     "expired");
	facts = ci_facts(&f.cert[FIXTURE_CI]);
	facts.subject = f.cert[FIXTURE_EUM].subject;
	require_failed_check(verify_under(&f, &facts, FIXTURE_NOW, &err), &err, "CERT.DPauth.ECDSA",
			     "unknown");
	facts = ci_facts(&f.cert[FIXTURE_CI]);
	facts.key = f.cert[FIXTURE_EUM].key;
	require_failed_check(verify_under(&f, &facts, FIXTURE_NOW, &err), &err, "CERT.DPauth.ECDSA",
			     "not signed by");
	fixture_free(&f);
}

static void refused(const struct esim_anchor_facts *facts, const char *words)
{
	struct esim_pool pool = { 0 };
	struct esim_error err = { 0 };

	ATF_CHECK_EQ(ESIM_EINVAL, esim_pool_add_anchor(&pool, facts, &err));
	ATF_CHECK_MSG(strstr(err.message, words), "%s", err.message);
	ATF_CHECK_EQ(0, pool.count);
	esim_pool_free(&pool);
}

ATF_TC_WITHOUT_HEAD(facts_that_cannot_be_are_refused);
ATF_TC_BODY(facts_that_cannot_be_are_refused, tc)
{
	struct esim_anchor_facts facts, good;
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	facts = good = ci_facts(&f.cert[FIXTURE_CI]);
	facts.key.point[1] ^= 1;
	refused(&facts, "curve");
	facts = good;
	facts.key_id.len = 0;
	refused(&facts, "key id");
	facts = good;
	facts.subject.len--;
	refused(&facts, "name");
	facts.subject = esim_slice("\x30", 2);	/* a SEQUENCE of nothing */
	refused(&facts, "name");
	facts = good;
	facts.not_before = facts.not_after + 1;
	refused(&facts, "ends before");
	fixture_free(&f);
}

/* --- the shell ---------------------------------------------------------------------------------- */

/* The shell of @facts says what they say. */
static void shell_says(const struct esim_anchor_facts *facts, int path_len, int64_t not_before,
		       int64_t not_after)
{
	struct esim_buf shell = ESIM_BUF_INIT;
	struct esim_pool pool = { 0 };
	struct esim_error err = { 0 };
	struct esim_cert cert;

	ATF_REQUIRE_EQ_MSG(0, esim_pool_add_anchor(&pool, facts, &err), "%s", err.message);
	pool.anchors[0].path_len = path_len;
	ATF_REQUIRE_EQ(0, anchor_shell_make(&pool.anchors[0], &shell));
	ATF_REQUIRE_EQ_MSG(0, esim_cert_parse(esim_buf_slice(&shell), &cert, &err), "%s", err.message);
	ATF_CHECK(esim_slice_equal(facts->subject, cert.subject));
	ATF_CHECK(esim_slice_equal(facts->subject, cert.issuer));
	ATF_CHECK(esim_slice_equal(facts->key_id, cert.subject_key_id));
	ATF_CHECK_EQ(facts->key.curve, cert.key.curve);
	ATF_CHECK(memcmp(facts->key.point, cert.key.point, sizeof(cert.key.point)) == 0);
	ATF_CHECK_EQ(not_before, cert.not_before);
	ATF_CHECK_EQ(not_after, cert.not_after);
	ATF_CHECK(cert.is_ca && cert.may_sign_certificates && !cert.may_sign_data);
	ATF_CHECK_EQ(path_len, cert.path_len);
	esim_buf_free(&shell);
	esim_pool_free(&pool);
}

static void shell_on(enum esim_curve curve)
{
	struct esim_anchor_facts facts;
	struct fixture f;

	fixture_init(&f, curve);
	facts = ci_facts(&f.cert[FIXTURE_CI]);
	shell_says(&facts, -1, facts.not_before, facts.not_after);
	shell_says(&facts, 1, facts.not_before, facts.not_after);
	facts.not_before = LAST_UTC_TIME;
	facts.not_after = LAST_UTC_TIME + 1;
	shell_says(&facts, -1, LAST_UTC_TIME, LAST_UTC_TIME + 1);
	facts.not_before = INT64_MIN;
	facts.not_after = INT64_MAX;
	shell_says(&facts, -1, 0, LAST_TIME);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(the_shell_says_what_the_anchor_is);
ATF_TC_BODY(the_shell_says_what_the_anchor_is, tc)
{
	shell_on(ESIM_CURVE_P256);
	shell_on(ESIM_CURVE_BRAINPOOL_P256R1);
}

/* Its signature is nobody's: as a certificate of its own right it gets nowhere. */
ATF_TC_WITHOUT_HEAD(the_shell_is_no_ci_certificate);
ATF_TC_BODY(the_shell_is_no_ci_certificate, tc)
{
	struct esim_buf shell = ESIM_BUF_INIT;
	struct esim_pool pool = { 0 };
	struct esim_anchor_facts facts;
	struct esim_error err = { 0 };
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	facts = ci_facts(&f.cert[FIXTURE_CI]);
	ATF_REQUIRE_EQ(0, esim_pool_add_anchor(&pool, &facts, &err));
	ATF_REQUIRE_EQ(0, anchor_shell_make(&pool.anchors[0], &shell));
	ATF_CHECK_EQ(ESIM_EVERIFY, esim_pool_add_cert(&pool, esim_buf_slice(&shell), &err));
	ATF_CHECK_EQ(1, pool.count);
	esim_buf_free(&shell);
	esim_pool_free(&pool);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(no_shell_without_a_name);
ATF_TC_BODY(no_shell_without_a_name, tc)
{
	struct esim_buf shell = ESIM_BUF_INIT;
	struct esim_pool pool = { 0 };
	struct esim_anchor_facts facts;
	struct esim_error err = { 0 };
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	facts = ci_facts(&f.cert[FIXTURE_CI]);
	facts.subject.len = 0;
	ATF_REQUIRE_EQ(0, esim_pool_add_anchor(&pool, &facts, &err));
	ATF_CHECK_EQ(ESIM_EINVAL, anchor_shell_make(&pool.anchors[0], &shell));
	ATF_CHECK_EQ(0, shell.len);
	esim_pool_free(&pool);
	fixture_free(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, all_known_roots_are_well_formed);
	ATF_TP_ADD_TC(tp, only_roots_that_the_card_names_are_trusted);
	ATF_TP_ADD_TC(tp, known_roots_are_what_their_certificates_say);
	ATF_TP_ADD_TC(tp, facts_anchor_a_chain_by_name_key_id_key_and_time);
	ATF_TP_ADD_TC(tp, facts_that_cannot_be_are_refused);
	ATF_TP_ADD_TC(tp, the_shell_says_what_the_anchor_is);
	ATF_TP_ADD_TC(tp, the_shell_is_no_ci_certificate);
	ATF_TP_ADD_TC(tp, no_shell_without_a_name);
	return atf_no_error();
}
