/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chain walker: every way in which a chain can be wrong, and which name it gets. */
#include "trust_fixture.h"

#include <esim/tlv.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DPAUTH "CERT.DPauth.ECDSA"
#define EUICC "CERT.EUICC.ECDSA"
#define EUM "CERT.EUM.ECDSA"
#define CI "CERT.CI.ECDSA"

static int verify_server(const struct fixture *f, struct esim_error *err)
{
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_AUTH, .now = FIXTURE_NOW };

	return esim_chain_verify(&f->cert[FIXTURE_DPAUTH], 1, &f->pool, &rules, NULL, err);
}

static int verify_euicc(const struct fixture *f, struct esim_error *err)
{
	const struct esim_cert chain[] = { f->cert[FIXTURE_EUICC], f->cert[FIXTURE_EUM] };
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_EUICC, .now = FIXTURE_NOW };

	return esim_chain_verify(chain, 2, &f->pool, &rules, NULL, err);
}

/* The recipe of @slot, as changed, makes a chain that fails with @check and @words. */
static void require_bad(struct fixture *f, enum fixture_slot slot, const char *check,
			const char *words)
{
	bool euicc = slot == FIXTURE_EUICC || slot == FIXTURE_EUM;
	struct esim_error err = { 0 };
	int r;

	fixture_issue(f, slot);
	r = euicc ? verify_euicc(f, &err) : verify_server(f, &err);
	require_failed_check(r, &err, check, words);
}

static void start_pki(struct fixture *f)
{
	fixture_init(f, ESIM_CURVE_P256);
}

ATF_TC_WITHOUT_HEAD(good_chains_verify_on_both_curves);
ATF_TC_BODY(good_chains_verify_on_both_curves, tc)
{
	static const enum esim_curve curves[] = { ESIM_CURVE_P256, ESIM_CURVE_BRAINPOOL_P256R1 };

	for (int i = 0; i < 2; i++) {
		struct esim_chain_rules rules = { .role = ESIM_ROLE_DS_AUTH, .now = FIXTURE_NOW };
		const struct esim_anchor *anchor = NULL;
		struct esim_error err = { 0 };
		struct fixture f;

		fixture_init(&f, curves[i]);
		ATF_CHECK_EQ_MSG(0, verify_server(&f, &err), "%s", err.message);
		ATF_CHECK_EQ_MSG(0, verify_euicc(&f, &err), "%s", err.message);
		rules.root_key_id = fixture_key_id(&f, FIXTURE_CI);
		rules.registered_id = f.cert[FIXTURE_DSAUTH].registered_id;
		ATF_CHECK_EQ_MSG(0, esim_chain_verify(&f.cert[FIXTURE_DSAUTH], 1, &f.pool, &rules,
						      &anchor, &err), "%s", err.message);
		ATF_CHECK(anchor == &f.pool.anchors[0]);
		ATF_CHECK_STREQ("O=Fixture, CN=Fixture CI", anchor->name);
		fixture_free(&f);
	}
}

ATF_TC_WITHOUT_HEAD(validity_follows_the_clock_given);
ATF_TC_BODY(validity_follows_the_clock_given, tc)
{
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_DPAUTH].not_after = FIXTURE_NOW;
	fixture_issue(&f, FIXTURE_DPAUTH);
	ATF_CHECK_EQ(0, verify_server(&f, NULL));
	f.recipe[FIXTURE_DPAUTH].not_after = FIXTURE_NOW - 1;
	require_bad(&f, FIXTURE_DPAUTH, DPAUTH, "expired on 2027-01-15 07:59:59 UTC");
	f.recipe[FIXTURE_DPAUTH].not_after = FIXTURE_NOW + 2;
	f.recipe[FIXTURE_DPAUTH].not_before = FIXTURE_NOW + 1;
	require_bad(&f, FIXTURE_DPAUTH, DPAUTH, "not valid before 2027-01-15 08:00:01 UTC");
	f.recipe[FIXTURE_EUM].not_after = FIXTURE_NOW - 1;
	require_bad(&f, FIXTURE_EUM, EUM, "expired");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(expired_root_is_refused);
ATF_TC_BODY(expired_root_is_refused, tc)
{
	struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_AUTH };
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_DPAUTH].not_before -= 1000 * FIXTURE_DAY;
	f.recipe[FIXTURE_DPAUTH].not_after += 1000 * FIXTURE_DAY;
	fixture_issue(&f, FIXTURE_DPAUTH);
	rules.now = FIXTURE_NOW + 301 * FIXTURE_DAY;
	require_failed_check(esim_chain_verify(&f.cert[FIXTURE_DPAUTH], 1, &f.pool, &rules, NULL, &err),
			     &err, CI, "expired");
	rules.now = FIXTURE_NOW - 31 * FIXTURE_DAY;
	require_failed_check(esim_chain_verify(&f.cert[FIXTURE_DPAUTH], 1, &f.pool, &rules, NULL, &err),
			     &err, CI, "not valid before");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(wrong_or_missing_role_is_refused);
ATF_TC_BODY(wrong_or_missing_role_is_refused, tc)
{
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_DPAUTH].policy = "2.23.146.1.2.1.5";
	require_bad(&f, FIXTURE_DPAUTH, DPAUTH, "wrong role: the certificate is CERT.DPpb.ECDSA");
	f.recipe[FIXTURE_DPAUTH].policy = NULL;
	require_bad(&f, FIXTURE_DPAUTH, DPAUTH, "without an RSP role");
	f.recipe[FIXTURE_EUM].policy = "2.23.146.1.2.1.0";
	require_bad(&f, FIXTURE_EUM, EUM, "wrong role: the certificate is CERT.CI.ECDSA");
	f.recipe[FIXTURE_EUM].policy = NULL;
	require_bad(&f, FIXTURE_EUM, EUM, "without an RSP role");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(euicc_under_the_ci_itself_is_refused);
ATF_TC_BODY(euicc_under_the_ci_itself_is_refused, tc)
{
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_EUICC, .now = FIXTURE_NOW };
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_EUICC].issuer = f.recipe[FIXTURE_CI].subject;
	f.recipe[FIXTURE_EUICC].authority_key_id = fixture_key_id(&f, FIXTURE_CI);
	fixture_issue_by(&f, FIXTURE_EUICC, f.key[FIXTURE_CI]);
	require_failed_check(esim_chain_verify(&f.cert[FIXTURE_EUICC], 1, &f.pool, &rules, NULL, &err),
			     &err, EUICC, "instead of an EUM");
	fixture_free(&f);
}

/* An EUM must not make itself a server: its certificate is no CI's. */
ATF_TC_WITHOUT_HEAD(server_under_an_eum_is_refused);
ATF_TC_BODY(server_under_an_eum_is_refused, tc)
{
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_AUTH, .now = FIXTURE_NOW };
	struct esim_cert chain[2];
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_DPAUTH].issuer = f.recipe[FIXTURE_EUM].subject;
	f.recipe[FIXTURE_DPAUTH].authority_key_id = fixture_key_id(&f, FIXTURE_EUM);
	fixture_issue_by(&f, FIXTURE_DPAUTH, f.key[FIXTURE_EUM]);
	chain[0] = f.cert[FIXTURE_DPAUTH];
	chain[1] = f.cert[FIXTURE_EUM];
	require_failed_check(esim_chain_verify(chain, 2, &f.pool, &rules, NULL, &err), &err, CI,
			     "wrong role: the certificate is CERT.EUM.ECDSA");
	fixture_free(&f);
}

/* Nor must a leaf issue another one. */
ATF_TC_WITHOUT_HEAD(leaf_as_issuer_is_refused);
ATF_TC_BODY(leaf_as_issuer_is_refused, tc)
{
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_EUM].is_ca = false;
	require_bad(&f, FIXTURE_EUM, EUM, "may not sign certificates (basicConstraints)");
	f.recipe[FIXTURE_EUM].is_ca = true;
	f.recipe[FIXTURE_EUM].key_usage = RSP_KEY_USAGE_DIGITAL_SIGNATURE;
	require_bad(&f, FIXTURE_EUM, EUM, "may not sign certificates (keyUsage)");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(leaf_that_is_a_ca_or_may_not_sign_is_refused);
ATF_TC_BODY(leaf_that_is_a_ca_or_may_not_sign_is_refused, tc)
{
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_DPAUTH].is_ca = true;
	require_bad(&f, FIXTURE_DPAUTH, DPAUTH, "is a CA's");
	f.recipe[FIXTURE_DPAUTH].is_ca = false;
	f.recipe[FIXTURE_DPAUTH].key_usage = RSP_KEY_USAGE_CRL_SIGN;
	require_bad(&f, FIXTURE_DPAUTH, DPAUTH, "may not sign data");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(unknown_issuer_is_named);
ATF_TC_BODY(unknown_issuer_is_named, tc)
{
	struct esim_pool empty = { 0 };
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_AUTH, .now = FIXTURE_NOW };
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	require_failed_check(esim_chain_verify(&f.cert[FIXTURE_DPAUTH], 1, &empty, &rules, NULL, &err),
			     &err, DPAUTH, "issuer O=Fixture, CN=Fixture CI with key id");
	f.recipe[FIXTURE_DPAUTH].authority_key_id = fixture_key_id(&f, FIXTURE_EUM);
	require_bad(&f, FIXTURE_DPAUTH, DPAUTH, "is unknown (1 trusted roots)");
	f.recipe[FIXTURE_DPAUTH].authority_key_id = esim_slice(NULL, 0);
	require_bad(&f, FIXTURE_DPAUTH, DPAUTH, "authorityKeyIdentifier is missing");
	fixture_free(&f);
}

/* Another CI that bears the same name, and one that claims the key id too. */
ATF_TC_WITHOUT_HEAD(other_ci_with_the_same_name_is_refused);
ATF_TC_BODY(other_ci_with_the_same_name_is_refused, tc)
{
	uint8_t id[RSP_KEY_ID_SIZE];
	struct esim_error err;
	struct rsp_key *other;
	struct fixture f;

	start_pki(&f);
	ATF_REQUIRE_EQ(0, rsp_key_generate(ESIM_CURVE_P256, &other));
	fixture_issue_by(&f, FIXTURE_DPAUTH, other);
	require_failed_check(verify_server(&f, &err), &err, DPAUTH,
			     "not signed by O=Fixture, CN=Fixture CI");
	rsp_x509_key_id(rsp_key_public(other), id);
	f.recipe[FIXTURE_DPAUTH].authority_key_id = esim_slice(id, sizeof(id));
	fixture_issue_by(&f, FIXTURE_DPAUTH, other);
	require_failed_check(verify_server(&f, &err), &err, DPAUTH, "is unknown");
	rsp_key_free(&other);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(issuer_with_the_key_id_and_another_name_is_refused);
ATF_TC_BODY(issuer_with_the_key_id_and_another_name_is_refused, tc)
{
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_DPAUTH].issuer.common_name = "Another CI";
	require_bad(&f, FIXTURE_DPAUTH, DPAUTH, "CN=Another CI");
	f.recipe[FIXTURE_EUICC].issuer.common_name = "Another EUM";
	require_bad(&f, FIXTURE_EUICC, EUICC, "issuer's name is not that of the next");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(link_to_the_eum_needs_key_id_and_signature);
ATF_TC_BODY(link_to_the_eum_needs_key_id_and_signature, tc)
{
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	fixture_issue_by(&f, FIXTURE_EUICC, f.key[FIXTURE_DPPB]);
	require_failed_check(verify_euicc(&f, &err), &err, EUICC, "is not signed by O=Fixture EUM");
	f.recipe[FIXTURE_EUICC].authority_key_id = fixture_key_id(&f, FIXTURE_DPPB);
	require_bad(&f, FIXTURE_EUICC, EUICC, "authorityKeyIdentifier is not that of the next");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(eid_outside_of_the_eums_range_is_refused);
ATF_TC_BODY(eid_outside_of_the_eums_range_is_refused, tc)
{
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_EUICC].subject.serial_number = "89049033000001000000012345678954";
	require_bad(&f, FIXTURE_EUICC, EUICC, "nameConstraints");
	f.recipe[FIXTURE_EUICC].subject.serial_number = "8904903200000100000001234567895";
	require_bad(&f, FIXTURE_EUICC, EUICC, "is not an EID");
	f.recipe[FIXTURE_EUICC].subject.serial_number = NULL;
	require_bad(&f, FIXTURE_EUICC, EUICC, "is not an EID");
	f.recipe[FIXTURE_EUICC].subject.serial_number = FIXTURE_EID;
	f.recipe[FIXTURE_EUICC].subject.organization = "Another EUM";
	require_bad(&f, FIXTURE_EUICC, EUICC, "nameConstraints");
	f.recipe[FIXTURE_EUICC].subject.organization = NULL;
	require_bad(&f, FIXTURE_EUICC, EUICC, "nameConstraints");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(eum_that_binds_no_eids_is_refused);
ATF_TC_BODY(eum_that_binds_no_eids_is_refused, tc)
{
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_EUM].permitted_serial = NULL;
	require_bad(&f, FIXTURE_EUM, EUICC, "nameConstraints");
	f.recipe[FIXTURE_EUM].permitted_organization = NULL;
	require_bad(&f, FIXTURE_EUM, EUM, "binds no EIDs");
	fixture_free(&f);
}

/* permittedSubtrees with one directory name for each prefix. */
static void put_subtrees(struct esim_buf *out, const char *const *prefixes, size_t count)
{
	size_t sequence = esim_tlv_begin(out, 0x30), permitted = esim_tlv_begin(out, 0xA0);

	for (size_t i = 0; i < count; i++) {
		static const uint32_t nesting[] = { 0x30, 0xA4, 0x30, 0x31, 0x30 };
		size_t level[5];

		for (int k = 0; k < 5; k++)
			level[k] = esim_tlv_begin(out, nesting[k]);
		esim_tlv_put(out, 0x06, "\x55\x04\x05", 3);
		esim_tlv_put_text(out, 0x13, prefixes[i]);
		for (int k = 4; k >= 0; k--)
			esim_tlv_end(out, level[k]);
	}
	esim_tlv_end(out, permitted);
	esim_tlv_end(out, sequence);
}

ATF_TC_WITHOUT_HEAD(eum_with_several_ranges_permits_each);
ATF_TC_BODY(eum_with_several_ranges_permits_each, tc)
{
	static const char *const ranges[] = { "89033024", "89049032", "89044045" };
	struct esim_buf value = ESIM_BUF_INIT;
	struct rsp_extension constraints = { .oid = "2.5.29.30", .critical = true };
	struct esim_error err = { 0 };
	struct fixture f;

	start_pki(&f);
	put_subtrees(&value, ranges, 3);
	constraints.value = esim_buf_slice(&value);
	f.recipe[FIXTURE_EUM].permitted_organization = f.recipe[FIXTURE_EUM].permitted_serial = NULL;
	f.recipe[FIXTURE_EUM].extra = &constraints;
	f.recipe[FIXTURE_EUM].extra_count = 1;
	fixture_issue(&f, FIXTURE_EUM);
	ATF_CHECK_EQ_MSG(0, verify_euicc(&f, &err), "%s", err.message);
	f.recipe[FIXTURE_EUICC].subject.serial_number = "89049039000001000000012345678954";
	require_bad(&f, FIXTURE_EUICC, EUICC, "nameConstraints");
	esim_buf_free(&value);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(eum_of_version_3_binds_eids_by_permitted_eins);
ATF_TC_BODY(eum_of_version_3_binds_eids_by_permitted_eins, tc)
{
	static const uint8_t eins[] = { 0x30, 0x14, 0x13, 0x08, '8', '9', '0', '3', '3', '0', '2', '4',
					0x13, 0x08, '8', '9', '0', '4', '9', '0', '3', '2' };
	const struct rsp_extension extension = { "2.23.146.1.2.2.0", true, { eins, sizeof(eins) } };
	struct esim_error err = { 0 };
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_EUM].policy = "2.23.146.1.2.1.0.0.0";
	f.recipe[FIXTURE_EUM].permitted_organization = f.recipe[FIXTURE_EUM].permitted_serial = NULL;
	f.recipe[FIXTURE_EUM].extra = &extension;
	f.recipe[FIXTURE_EUM].extra_count = 1;
	fixture_issue(&f, FIXTURE_EUM);
	ATF_CHECK_EQ_MSG(0, verify_euicc(&f, &err), "%s", err.message);
	f.recipe[FIXTURE_EUICC].subject.serial_number = "89049039000001000000012345678954";
	require_bad(&f, FIXTURE_EUICC, EUICC, "permittedEins");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(registered_id_missing_or_another_is_refused);
ATF_TC_BODY(registered_id_missing_or_another_is_refused, tc)
{
	static const uint8_t expected[] = { 0x88, 0x37, 0x0A };
	const struct esim_chain_rules rules = {
		.role = ESIM_ROLE_DP_AUTH, .now = FIXTURE_NOW,
		.registered_id = { expected, sizeof(expected) },
	};
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	ATF_CHECK_EQ(0, esim_chain_verify(&f.cert[FIXTURE_DPAUTH], 1, &f.pool, &rules, NULL, &err));
	f.recipe[FIXTURE_DPAUTH].registered_id = "2.999.11";
	fixture_issue(&f, FIXTURE_DPAUTH);
	require_failed_check(esim_chain_verify(&f.cert[FIXTURE_DPAUTH], 1, &f.pool, &rules, NULL, &err),
			     &err, DPAUTH, "registered ID is not the one expected");
	f.recipe[FIXTURE_DPAUTH].registered_id = NULL;
	fixture_issue(&f, FIXTURE_DPAUTH);
	require_failed_check(esim_chain_verify(&f.cert[FIXTURE_DPAUTH], 1, &f.pool, &rules, NULL, &err),
			     &err, DPAUTH, "registered ID is missing");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(chain_under_another_root_than_asked_is_refused);
ATF_TC_BODY(chain_under_another_root_than_asked_is_refused, tc)
{
	struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_AUTH, .now = FIXTURE_NOW };
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	rules.root_key_id = fixture_key_id(&f, FIXTURE_EUM);
	require_failed_check(esim_chain_verify(&f.cert[FIXTURE_DPAUTH], 1, &f.pool, &rules, NULL, &err),
			     &err, DPAUTH, "not the CI asked for");
	fixture_free(&f);
}

/* A CI with a path length, re-issued with the same key, so that the chain below stays good. */
static void limit_root(struct fixture *f, int path_len)
{
	struct esim_error err;

	esim_pool_free(&f->pool);
	f->recipe[FIXTURE_CI].path_len = path_len;
	fixture_issue(f, FIXTURE_CI);
	ATF_REQUIRE_EQ(0, esim_pool_add_cert(&f->pool, fixture_der(f, FIXTURE_CI), &err));
}

ATF_TC_WITHOUT_HEAD(path_length_is_kept);
ATF_TC_BODY(path_length_is_kept, tc)
{
	struct esim_error err = { 0 };
	struct fixture f;

	start_pki(&f);
	limit_root(&f, 1);
	ATF_CHECK_EQ(0, verify_euicc(&f, &err));
	limit_root(&f, 0);
	ATF_CHECK_EQ(0, verify_server(&f, &err));
	require_failed_check(verify_euicc(&f, &err), &err, EUM, "pathLenConstraint 0");
	fixture_free(&f);
}

/* v3: a subordinate CA of the CI stands between. */
ATF_TC_WITHOUT_HEAD(chain_over_a_subordinate_ci_verifies);
ATF_TC_BODY(chain_over_a_subordinate_ci_verifies, tc)
{
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_AUTH, .now = FIXTURE_NOW };
	struct esim_cert chain[3];
	struct esim_error err = { 0 };
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_EUM].policy = "2.23.146.1.2.1.0.0";
	f.recipe[FIXTURE_EUM].permitted_organization = f.recipe[FIXTURE_EUM].permitted_serial = NULL;
	fixture_issue(&f, FIXTURE_EUM);
	f.recipe[FIXTURE_DPAUTH].issuer = f.recipe[FIXTURE_EUM].subject;
	f.recipe[FIXTURE_DPAUTH].authority_key_id = fixture_key_id(&f, FIXTURE_EUM);
	fixture_issue_by(&f, FIXTURE_DPAUTH, f.key[FIXTURE_EUM]);
	chain[0] = f.cert[FIXTURE_DPAUTH];
	chain[1] = f.cert[FIXTURE_EUM];
	chain[2] = f.cert[FIXTURE_CI];
	ATF_CHECK_EQ_MSG(0, esim_chain_verify(chain, 2, &f.pool, &rules, NULL, &err), "%s", err.message);
	/* The root may be sent along. */
	ATF_CHECK_EQ_MSG(0, esim_chain_verify(chain, 3, &f.pool, &rules, NULL, &err), "%s", err.message);
	f.recipe[FIXTURE_EUM].permitted_serial = "89049032";
	fixture_issue(&f, FIXTURE_EUM);
	chain[1] = f.cert[FIXTURE_EUM];
	require_failed_check(esim_chain_verify(chain, 2, &f.pool, &rules, NULL, &err), &err, CI,
			     "not an EUM's");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(chains_without_end_are_refused);
ATF_TC_BODY(chains_without_end_are_refused, tc)
{
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_AUTH, .now = FIXTURE_NOW };
	struct esim_cert chain[ESIM_MAX_CHAIN + 1];
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	for (int i = 0; i <= ESIM_MAX_CHAIN; i++)
		chain[i] = f.cert[FIXTURE_DPAUTH];
	require_failed_check(esim_chain_verify(chain, ESIM_MAX_CHAIN + 1, &f.pool, &rules, NULL, &err),
			     &err, DPAUTH, "a chain of 5 certificates");
	require_failed_check(esim_chain_verify(chain, 0, &f.pool, &rules, NULL, &err), &err, DPAUTH,
			     "a chain of 0 certificates");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(bare_key_is_an_anchor);
ATF_TC_BODY(bare_key_is_an_anchor, tc)
{
	const struct esim_public_key *key;
	struct esim_public_key bad;
	struct esim_error err = { 0 };
	struct fixture f;

	start_pki(&f);
	esim_pool_free(&f.pool);
	key = rsp_key_public(f.key[FIXTURE_CI]);
	ATF_REQUIRE_EQ(0, esim_pool_add_key(&f.pool, fixture_key_id(&f, FIXTURE_CI), "bare", key, &err));
	ATF_CHECK_EQ_MSG(0, verify_server(&f, &err), "%s", err.message);
	ATF_CHECK_EQ_MSG(0, verify_euicc(&f, &err), "%s", err.message);
	ATF_CHECK(esim_pool_find(&f.pool, fixture_key_id(&f, FIXTURE_CI)) == &f.pool.anchors[0]);
	ATF_CHECK(esim_pool_find(&f.pool, fixture_key_id(&f, FIXTURE_EUM)) == NULL);

	bad = *key;
	bad.point[1] ^= 1;
	ATF_CHECK_EQ(ESIM_EINVAL, esim_pool_add_key(&f.pool, esim_slice("x", 1), "bad", &bad, &err));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_pool_add_key(&f.pool, esim_slice(NULL, 0), "bad", key, &err));
	/* The same again is the same; another key under that id is not. */
	ATF_CHECK_EQ(0, esim_pool_add_key(&f.pool, fixture_key_id(&f, FIXTURE_CI), "bare", key, &err));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_pool_add_key(&f.pool, fixture_key_id(&f, FIXTURE_CI), "other",
						    rsp_key_public(f.key[FIXTURE_EUM]), &err));
	ATF_CHECK_EQ(1, f.pool.count);
	fixture_free(&f);
}

/* The expired certificate of the CI and the one issued anew with the same key, in both orders. */
ATF_TC_WITHOUT_HEAD(a_root_issued_anew_counts_whatever_the_order);
ATF_TC_BODY(a_root_issued_anew_counts_whatever_the_order, tc)
{
	struct esim_buf old = ESIM_BUF_INIT;
	struct esim_error err = { 0 };
	struct esim_slice ders[2];
	struct fixture f;

	start_pki(&f);
	f.recipe[FIXTURE_CI].not_after = FIXTURE_NOW - FIXTURE_DAY;
	fixture_issue(&f, FIXTURE_CI);
	esim_buf_append_slice(&old, fixture_der(&f, FIXTURE_CI));
	f.recipe[FIXTURE_CI].not_after = FIXTURE_NOW + FIXTURE_DAY;
	fixture_issue(&f, FIXTURE_CI);
	ders[0] = esim_buf_slice(&old);
	ders[1] = fixture_der(&f, FIXTURE_CI);
	for (size_t first = 0; first < 2; first++) {
		esim_pool_free(&f.pool);
		for (size_t i = 0; i < 4; i++)
			ATF_REQUIRE_EQ(0, esim_pool_add_cert(&f.pool, ders[(first + i) % 2], &err));
		ATF_CHECK_EQ(2, f.pool.count);
		ATF_CHECK_EQ_MSG(0, verify_server(&f, &err), "%s", err.message);
		ATF_CHECK_EQ_MSG(0, verify_euicc(&f, &err), "%s", err.message);
	}
	esim_buf_free(&old);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(only_a_cis_own_certificate_is_an_anchor);
ATF_TC_BODY(only_a_cis_own_certificate_is_an_anchor, tc)
{
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	require_failed_check(esim_pool_add_cert(&f.pool, fixture_der(&f, FIXTURE_EUM), &err), &err, CI,
			     "not self-signed");
	fixture_issue_by(&f, FIXTURE_CI, f.key[FIXTURE_EUM]);
	require_failed_check(esim_pool_add_cert(&f.pool, fixture_der(&f, FIXTURE_CI), &err), &err, CI,
			     "own signature is wrong");
	f.recipe[FIXTURE_CI].policy = "2.23.146.1.2.1.2";
	fixture_issue(&f, FIXTURE_CI);
	require_failed_check(esim_pool_add_cert(&f.pool, fixture_der(&f, FIXTURE_CI), &err), &err, CI,
			     "not one of a CI");
	f.recipe[FIXTURE_CI].policy = "2.23.146.1.2.1.0";
	f.recipe[FIXTURE_CI].subject_key_id = esim_slice(NULL, 0);
	fixture_issue(&f, FIXTURE_CI);
	require_failed_check(esim_pool_add_cert(&f.pool, fixture_der(&f, FIXTURE_CI), &err), &err, CI,
			     "no subjectKeyIdentifier");
	ATF_CHECK_EQ(1, f.pool.count);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(pool_is_bounded);
ATF_TC_BODY(pool_is_bounded, tc)
{
	struct esim_pool pool = { 0 };
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	for (uint8_t i = 0; i < ESIM_MAX_ROOTS; i++)
		ATF_REQUIRE_EQ(0, esim_pool_add_key(&pool, esim_slice(&i, 1), NULL,
						    rsp_key_public(f.key[0]), &err));
	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_pool_add_cert(&pool, fixture_der(&f, FIXTURE_CI), &err));
	ATF_CHECK_EQ(ESIM_MAX_ROOTS, pool.count);
	esim_pool_free(&pool);
	esim_pool_free(&pool);
	esim_pool_free(NULL);
	fixture_free(&f);
}

/* --- directories -------------------------------------------------------------------- */

static void write_file(const char *name, const void *data, size_t len)
{
	FILE *file = fopen(name, "w");

	ATF_REQUIRE(file != NULL);
	ATF_REQUIRE_EQ(len, fwrite(data, 1, len, file));
	fclose(file);
}

static void write_pem(const char *name, struct esim_slice der)
{
	char command[128];

	write_file("der.tmp", der.data, der.len);
	snprintf(command, sizeof(command),
		 "{ echo '-----BEGIN CERTIFICATE-----'; base64 der.tmp; "
		 "echo '-----END CERTIFICATE-----'; } >>%s", name);
	ATF_REQUIRE_EQ(0, system(command));
}

ATF_TC_WITHOUT_HEAD(directory_of_der_and_pem_is_read);
ATF_TC_BODY(directory_of_der_and_pem_is_read, tc)
{
	struct esim_pool pool = { 0 };
	struct esim_error err = { 0 };
	struct fixture a, b, c;

	start_pki(&a);
	start_pki(&b);
	fixture_init(&c, ESIM_CURVE_BRAINPOOL_P256R1);
	ATF_REQUIRE_EQ(0, system("mkdir roots"));
	write_file("roots/a.der", a.der[FIXTURE_CI].data, a.der[FIXTURE_CI].len);
	write_pem("roots/both.pem", fixture_der(&b, FIXTURE_CI));
	write_pem("roots/both.pem", fixture_der(&c, FIXTURE_CI));
	/* What else lies in a PKI directory. */
	write_file("roots/EUM.der", a.der[FIXTURE_EUM].data, a.der[FIXTURE_EUM].len);
	write_file("roots/SK.pem", "-----BEGIN PRIVATE KEY-----\n", 28);
	write_file("roots/README", "x", 1);
	ATF_REQUIRE_EQ_MSG(0, esim_pool_add_dir(&pool, "roots", &err), "%s", err.message);
	ATF_CHECK_EQ(3, pool.count);
	ATF_CHECK(esim_pool_find(&pool, fixture_key_id(&a, FIXTURE_CI)) == &pool.anchors[0]);
	ATF_CHECK(esim_pool_find(&pool, fixture_key_id(&b, FIXTURE_CI)) == &pool.anchors[1]);
	ATF_CHECK(esim_pool_find(&pool, fixture_key_id(&c, FIXTURE_CI)) == &pool.anchors[2]);
	ATF_CHECK_EQ_MSG(0, esim_pool_add_dir(&pool, "roots", &err), "%s", err.message);
	ATF_CHECK_EQ(3, pool.count);
	esim_pool_free(&pool);
	ATF_CHECK_EQ_MSG(0, esim_pool_add_file(&pool, "roots/both.pem", &err), "%s", err.message);
	ATF_CHECK_EQ(2, pool.count);
	ATF_CHECK_EQ(ESIM_EINVAL, esim_pool_add_file(&pool, "roots/EUM.der", &err));
	ATF_CHECK_EQ(2, pool.count);
	esim_pool_free(&pool);
	fixture_free(&a);
	fixture_free(&b);
	fixture_free(&c);
}

static void require_bad_file(const char *name, const void *data, size_t len, const char *words)
{
	struct esim_pool pool = { 0 };
	struct esim_error err = { 0 };

	write_file(name, data, len);
	ATF_CHECK(esim_pool_add_dir(&pool, "roots", &err) < 0);
	ATF_CHECK_MSG(strstr(err.message, name) && strstr(err.message, words), "%s", err.message);
	ATF_CHECK_EQ(0, pool.count);
	ATF_CHECK(esim_pool_add_file(&pool, name, &err) < 0);
	ATF_CHECK_MSG(strstr(err.message, name) && strstr(err.message, words), "%s", err.message);
	ATF_CHECK_EQ(0, pool.count);
	esim_pool_free(&pool);
	remove(name);
}

ATF_TC_WITHOUT_HEAD(unusable_file_of_a_directory_is_named);
ATF_TC_BODY(unusable_file_of_a_directory_is_named, tc)
{
	static char big[300 * 1024];
	struct esim_pool pool = { 0 };
	struct esim_error err;
	struct fixture f;

	start_pki(&f);
	ATF_REQUIRE_EQ(0, system("mkdir roots"));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_pool_add_dir(&pool, "nowhere", &err));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_pool_add_dir(&pool, "roots", &err));
	ATF_CHECK_MSG(strstr(err.message, "no CI certificate") != NULL, "%s", err.message);
	write_file("roots/a.der", f.der[FIXTURE_CI].data, f.der[FIXTURE_CI].len);
	require_bad_file("roots/z.der", "", 0, "empty");
	require_bad_file("roots/z.der", "\x30\x03\x02\x01", 4, "cut short");
	require_bad_file("roots/z.pem", "hello", 5, "neither DER nor PEM");
	require_bad_file("roots/z.pem", "-----BEGIN CERTIFICATE-----\n", 28, "without an end");
	require_bad_file("roots/z.der", big, sizeof(big), "at most");
	f.der[FIXTURE_CI].data[f.der[FIXTURE_CI].len - 1] ^= 1;
	require_bad_file("roots/z.der", f.der[FIXTURE_CI].data, f.der[FIXTURE_CI].len,
			 "own signature is wrong");
	ATF_REQUIRE_EQ(0, system("mkfifo roots/z.der"));
	ATF_CHECK(esim_pool_add_dir(&pool, "roots", &err) < 0);
	ATF_CHECK_MSG(strstr(err.message, "not a regular file") != NULL, "%s", err.message);
	esim_pool_free(&pool);
	fixture_free(&f);
}

/* --- PKI on disk ------------------------------------------------------------------------ */

struct loaded {
	struct esim_buf der;
	struct esim_cert cert;
};

static void load(const char *variable, const char *dir, const char *name, struct loaded *ret)
{
	struct esim_error err;
	char path[256];

	*ret = (struct loaded){ 0 };
	snprintf(path, sizeof(path), "%s/CERT_%s.der", dir, name);
	read_or_skip(variable, path, &ret->der);
	ATF_REQUIRE_EQ_MSG(0, esim_cert_parse(esim_buf_slice(&ret->der), &ret->cert, &err), "%s: %s",
			   path, err.message);
}

static void require_good_chain(const char *variable, const char *dir, const char *leaf,
			       const char *eum, enum esim_role role, int64_t now)
{
	const struct esim_chain_rules rules = { .role = role, .now = now };
	struct loaded certs[3] = { 0 };
	struct esim_pool pool = { 0 };
	struct esim_cert chain[2];
	struct esim_error err;

	load(variable, dir, "CI", &certs[0]);
	load(variable, dir, leaf, &certs[1]);
	if (eum)
		load(variable, dir, eum, &certs[2]);
	ATF_REQUIRE_EQ_MSG(0, esim_pool_add_cert(&pool, esim_buf_slice(&certs[0].der), &err), "%s",
			   err.message);
	chain[0] = certs[1].cert;
	chain[1] = certs[2].cert;
	ATF_CHECK_EQ_MSG(0, esim_chain_verify(chain, eum ? 2 : 1, &pool, &rules, NULL, &err), "%s: %s",
			 dir, err.message);
	for (int i = 0; i < 3; i++)
		esim_buf_free(&certs[i].der);
	esim_pool_free(&pool);
}

#define REFERENCE_NOW INT64_C(1796000000)	/* 2026-11-30 */

ATF_TC_WITHOUT_HEAD(reference_pki_verifies);
ATF_TC_BODY(reference_pki_verifies, tc)
{
	static const char *const dirs[] = { "sgp26-nist", "sgp26-brp" };

	for (int i = 0; i < 2; i++) {
		require_good_chain("REFDATA", dirs[i], "DPauth", NULL, ESIM_ROLE_DP_AUTH, REFERENCE_NOW);
		require_good_chain("REFDATA", dirs[i], "DPpb", NULL, ESIM_ROLE_DP_PB, REFERENCE_NOW);
	}
	require_good_chain("REFDATA", dirs[0], "EUICC", "EUM", ESIM_ROLE_EUICC, REFERENCE_NOW);
	require_good_chain("REFDATA", dirs[0], "DPtls", NULL, ESIM_ROLE_DP_TLS, REFERENCE_NOW);
}

/* The two CIs of the reference data bear one name; only the key id and the key tell them apart. */
ATF_TC_WITHOUT_HEAD(reference_ci_of_the_other_curve_is_refused);
ATF_TC_BODY(reference_ci_of_the_other_curve_is_refused, tc)
{
	const struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_AUTH, .now = REFERENCE_NOW };
	struct loaded ci, dpauth;
	struct esim_pool pool = { 0 };
	struct esim_error err;

	load("REFDATA", "sgp26-brp", "CI", &ci);
	load("REFDATA", "sgp26-nist", "DPauth", &dpauth);
	ATF_REQUIRE_EQ(0, esim_pool_add_cert(&pool, esim_buf_slice(&ci.der), &err));
	require_failed_check(esim_chain_verify(&dpauth.cert, 1, &pool, &rules, NULL, &err), &err, DPAUTH,
			     "is unknown");
	esim_pool_free(&pool);
	esim_buf_free(&ci.der);
	esim_buf_free(&dpauth.der);
}

ATF_TC_WITHOUT_HEAD(own_pki_verifies);
ATF_TC_BODY(own_pki_verifies, tc)
{
	static const struct {
		const char *leaf, *eum;
		enum esim_role role;
	} chains[] = {
		{ "EUICC", "EUM", ESIM_ROLE_EUICC },
		{ "DPauth", NULL, ESIM_ROLE_DP_AUTH },
		{ "DPpb", NULL, ESIM_ROLE_DP_PB },
		{ "DPtls", NULL, ESIM_ROLE_DP_TLS },
		{ "DSauth", NULL, ESIM_ROLE_DS_AUTH },
		{ "DStls", NULL, ESIM_ROLE_DS_TLS },
	};
	static const char *const dirs[] = { "nist", "brainpool" };

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		for (int k = 0; k < 2; k++)
			require_good_chain("COREESIM_PKI", dirs[k], chains[i].leaf, chains[i].eum,
					   chains[i].role, (int64_t)time(NULL));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good_chains_verify_on_both_curves);
	ATF_TP_ADD_TC(tp, validity_follows_the_clock_given);
	ATF_TP_ADD_TC(tp, expired_root_is_refused);
	ATF_TP_ADD_TC(tp, wrong_or_missing_role_is_refused);
	ATF_TP_ADD_TC(tp, euicc_under_the_ci_itself_is_refused);
	ATF_TP_ADD_TC(tp, server_under_an_eum_is_refused);
	ATF_TP_ADD_TC(tp, leaf_as_issuer_is_refused);
	ATF_TP_ADD_TC(tp, leaf_that_is_a_ca_or_may_not_sign_is_refused);
	ATF_TP_ADD_TC(tp, unknown_issuer_is_named);
	ATF_TP_ADD_TC(tp, other_ci_with_the_same_name_is_refused);
	ATF_TP_ADD_TC(tp, issuer_with_the_key_id_and_another_name_is_refused);
	ATF_TP_ADD_TC(tp, link_to_the_eum_needs_key_id_and_signature);
	ATF_TP_ADD_TC(tp, eid_outside_of_the_eums_range_is_refused);
	ATF_TP_ADD_TC(tp, eum_that_binds_no_eids_is_refused);
	ATF_TP_ADD_TC(tp, eum_with_several_ranges_permits_each);
	ATF_TP_ADD_TC(tp, eum_of_version_3_binds_eids_by_permitted_eins);
	ATF_TP_ADD_TC(tp, registered_id_missing_or_another_is_refused);
	ATF_TP_ADD_TC(tp, chain_under_another_root_than_asked_is_refused);
	ATF_TP_ADD_TC(tp, path_length_is_kept);
	ATF_TP_ADD_TC(tp, chain_over_a_subordinate_ci_verifies);
	ATF_TP_ADD_TC(tp, chains_without_end_are_refused);
	ATF_TP_ADD_TC(tp, bare_key_is_an_anchor);
	ATF_TP_ADD_TC(tp, only_a_cis_own_certificate_is_an_anchor);
	ATF_TP_ADD_TC(tp, pool_is_bounded);
	ATF_TP_ADD_TC(tp, directory_of_der_and_pem_is_read);
	ATF_TP_ADD_TC(tp, unusable_file_of_a_directory_is_named);
	ATF_TP_ADD_TC(tp, reference_pki_verifies);
	ATF_TP_ADD_TC(tp, reference_ci_of_the_other_curve_is_refused);
	ATF_TP_ADD_TC(tp, own_pki_verifies);
	ATF_TP_ADD_TC(tp, a_root_issued_anew_counts_whatever_the_order);
	return atf_no_error();
}
