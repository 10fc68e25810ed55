/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PKI directories and the certificate maker, judged by libesim's own walker. */
#include "rsp/file.h"
#include "rsp/pki.h"
#include "rsp/x509.h"

#include <esim/tlv.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct rsp_pki *load(const char *dir, const struct rsp_pki_options *options)
{
	struct esim_error err;
	struct rsp_pki *pki = NULL;

	if (rsp_pki_load(dir, options, &pki, &err))
		atf_tc_fail("%s", err.message);
	return pki;
}

static struct rsp_pki *fresh(enum esim_curve curve)
{
	return load("fresh", &(struct rsp_pki_options){
		.required = RSP_PKI_ALL, .fresh = true, .curve = curve,
	});
}

/* A directory as mkpki leaves it. */
static void write_fresh(const char *dir, enum esim_curve curve)
{
	struct rsp_pki *pki = fresh(curve);
	struct esim_error err;

	ATF_REQUIRE_EQ(0, mkdir(dir, 0700));
	ATF_REQUIRE_EQ_MSG(0, rsp_pki_save(pki, dir, &err), "%s", err.message);
	rsp_pki_free(&pki);
}

static void drop(const char *dir, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	ATF_REQUIRE_EQ(0, unlink(path));
}

static int verify(const struct rsp_pki *pki, enum rsp_pki_slot leaf, enum esim_role role,
		  struct esim_error *err)
{
	const struct esim_chain_rules rules = { .role = role, .now = (int64_t)time(NULL) };
	struct esim_cert chain[2] = { pki->entries[leaf].cert, pki->entries[RSP_PKI_EUM].cert };
	struct esim_pool pool = { 0 };
	int r;

	ATF_REQUIRE_EQ(0, esim_pool_add_cert(&pool, esim_buf_slice(&pki->entries[RSP_PKI_CI].der), err));
	r = esim_chain_verify(chain, role == ESIM_ROLE_EUICC ? 2 : 1, &pool, &rules, NULL, err);
	esim_pool_free(&pool);
	return r;
}

static void every_chain_verifies(enum esim_curve curve)
{
	static const struct {
		enum rsp_pki_slot slot;
		enum esim_role role;
	} leaves[] = {
		{ RSP_PKI_EUICC, ESIM_ROLE_EUICC }, { RSP_PKI_DPAUTH, ESIM_ROLE_DP_AUTH },
		{ RSP_PKI_DPPB, ESIM_ROLE_DP_PB }, { RSP_PKI_DPTLS, ESIM_ROLE_DP_TLS },
		{ RSP_PKI_DSAUTH, ESIM_ROLE_DS_AUTH }, { RSP_PKI_DSTLS, ESIM_ROLE_DS_TLS },
	};
	struct rsp_pki *pki = fresh(curve);
	struct esim_error err;

	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		ATF_CHECK_EQ_MSG(0, verify(pki, leaves[i].slot, leaves[i].role, &err), "%s: %s",
				 rsp_pki_slot_name(leaves[i].slot), err.message);
	rsp_pki_free(&pki);
}

ATF_TC_WITHOUT_HEAD(every_made_certificate_verifies_in_its_role);
ATF_TC_BODY(every_made_certificate_verifies_in_its_role, tc)
{
	(void)tc;
	every_chain_verifies(ESIM_CURVE_P256);
	every_chain_verifies(ESIM_CURVE_BRAINPOOL_P256R1);
}

ATF_TC_WITHOUT_HEAD(a_saved_directory_reads_back);
ATF_TC_BODY(a_saved_directory_reads_back, tc)
{
	struct rsp_pki *pki;
	struct stat st;

	(void)tc;
	write_fresh("pki", ESIM_CURVE_BRAINPOOL_P256R1);
	pki = load("pki", &(struct rsp_pki_options){ .required = RSP_PKI_ALL });
	for (int slot = 0; slot < RSP_PKI_SLOTS; slot++)
		ATF_CHECK(pki->entries[slot].key != NULL);
	ATF_REQUIRE_EQ(0, stat("pki/SK_CI.pem", &st));
	ATF_CHECK_EQ(0600, st.st_mode & 0777);
	rsp_pki_free(&pki);
}

ATF_TC_WITHOUT_HEAD(the_servers_certificates_share_a_registered_id);
ATF_TC_BODY(the_servers_certificates_share_a_registered_id, tc)
{
	struct rsp_pki *pki = fresh(ESIM_CURVE_P256);
	struct esim_slice id = pki->entries[RSP_PKI_DPAUTH].cert.registered_id;

	(void)tc;
	ATF_REQUIRE(id.len > 0);
	ATF_CHECK(esim_slice_equal(id, pki->entries[RSP_PKI_DPPB].cert.registered_id));
	ATF_CHECK(esim_slice_equal(id, pki->entries[RSP_PKI_DPTLS].cert.registered_id));
	rsp_pki_free(&pki);
}

ATF_TC_WITHOUT_HEAD(a_tls_certificate_is_remade_for_another_name);
ATF_TC_BODY(a_tls_certificate_is_remade_for_another_name, tc)
{
	struct rsp_pki *pki;
	struct esim_error err;
	char name[64];

	(void)tc;
	write_fresh("pki", ESIM_CURVE_P256);
	pki = load("pki", &(struct rsp_pki_options){
		.required = RSP_PKI_BIT(RSP_PKI_DPTLS), .name = "Other.Example.COM" });
	ATF_CHECK(rsp_pki_covers(&pki->entries[RSP_PKI_DPTLS], "other.example.com"));
	ATF_CHECK(!rsp_pki_covers(&pki->entries[RSP_PKI_DPTLS], RSP_PKI_NAME));
	ATF_REQUIRE(rsp_pki_first_name(&pki->entries[RSP_PKI_DPTLS], name, sizeof(name)));
	ATF_CHECK_STREQ("Other.Example.COM", name);
	rsp_pki_free(&pki);

	drop("pki", "SK_CI.pem");
	ATF_REQUIRE_EQ(ESIM_EINVAL, rsp_pki_load("pki", &(struct rsp_pki_options){
		.required = RSP_PKI_BIT(RSP_PKI_DPTLS), .name = "other.example.com" }, &pki, &err));
	ATF_CHECK_MSG(strstr(err.message, "DPtls") && strstr(err.message, "SK_CI.pem"), "%s", err.message);
}

ATF_TC_WITHOUT_HEAD(a_missing_euicc_is_made_inside_the_eums_range);
ATF_TC_BODY(a_missing_euicc_is_made_inside_the_eums_range, tc)
{
	struct rsp_pki_options options = { .required = RSP_PKI_CARD };
	struct rsp_pki *pki;
	struct esim_error err;
	struct esim_eid eid;

	(void)tc;
	write_fresh("pki", ESIM_CURVE_P256);
	drop("pki", "CERT_EUICC.der");
	pki = load("pki", &options);
	ATF_REQUIRE_EQ(0, verify(pki, RSP_PKI_EUICC, ESIM_ROLE_EUICC, &err));
	ATF_REQUIRE_EQ(0, esim_eid_parse(pki->entries[RSP_PKI_EUICC].cert.subject_serial, &eid));
	ATF_CHECK(esim_eid_valid(&eid));
	rsp_pki_free(&pki);

	options.eid = "89049032123451234512345678901235";
	pki = load("pki", &options);
	ATF_CHECK_STREQ(options.eid, pki->entries[RSP_PKI_EUICC].cert.subject_serial);
	rsp_pki_free(&pki);

	options.eid = "89049032123451234512345678901236";
	ATF_CHECK_EQ(ESIM_EINVAL, rsp_pki_load("pki", &options, &pki, &err));
	options.eid = "89033023000000000000000000000060";
	ATF_CHECK_EQ(ESIM_EINVAL, rsp_pki_load("pki", &options, &pki, &err));
}

ATF_TC_WITHOUT_HEAD(a_key_of_another_certificate_is_refused);
ATF_TC_BODY(a_key_of_another_certificate_is_refused, tc)
{
	struct rsp_pki *pki = NULL;
	struct esim_error err;

	(void)tc;
	write_fresh("pki", ESIM_CURVE_P256);
	ATF_REQUIRE_EQ(0, rename("pki/SK_DPpb.pem", "pki/SK_DPauth.pem"));
	ATF_CHECK_EQ(ESIM_EINVAL, rsp_pki_load("pki", &(struct rsp_pki_options){ .required = RSP_PKI_SMDP },
					       &pki, &err));
	ATF_CHECK_MSG(strstr(err.message, "SK_DPauth.pem"), "%s", err.message);
}

ATF_TC_WITHOUT_HEAD(a_directory_without_ci_is_refused);
ATF_TC_BODY(a_directory_without_ci_is_refused, tc)
{
	struct rsp_pki *pki = NULL;
	struct esim_error err;

	(void)tc;
	ATF_CHECK_EQ(ESIM_EINVAL, rsp_pki_load("absent", &(struct rsp_pki_options){ .required = RSP_PKI_SMDP },
					       &pki, &err));
	ATF_CHECK_MSG(strstr(err.message, "CERT_CI.der"), "%s", err.message);
}

/* --- certificates that must be refused -------------------------------------------------- */

static struct rsp_x509 good_leaf(const struct rsp_pki *pki)
{
	const struct rsp_pki_entry *ci = &pki->entries[RSP_PKI_CI], *auth = &pki->entries[RSP_PKI_DPAUTH];

	return (struct rsp_x509){
		.serial = 7, .subject = { .common_name = "leaf" }, .issuer_der = ci->cert.subject,
		.not_before = time(NULL) - 60, .not_after = time(NULL) + 60, .key = &auth->cert.key,
		.policy = "2.23.146.1.2.1.4", .key_usage = RSP_KEY_USAGE_DIGITAL_SIGNATURE,
		.registered_id = "2.999.10", .subject_key_id = auth->cert.subject_key_id,
		.authority_key_id = ci->cert.subject_key_id,
	};
}

/* Make, parse and walk; the first failure. */
static int judge(struct rsp_pki *pki, const struct rsp_x509 *cert)
{
	struct rsp_pki_entry *entry = &pki->entries[RSP_PKI_DPAUTH];
	struct esim_error err;
	int r;

	esim_buf_reset(&entry->der);
	ATF_REQUIRE_EQ(0, rsp_x509_make(cert, pki->entries[RSP_PKI_CI].key, &entry->der, &err));
	r = esim_cert_parse(esim_buf_slice(&entry->der), &entry->cert, &err);
	return r ? r : verify(pki, RSP_PKI_DPAUTH, ESIM_ROLE_DP_AUTH, &err);
}

ATF_TC_WITHOUT_HEAD(the_maker_makes_what_must_be_refused);
ATF_TC_BODY(the_maker_makes_what_must_be_refused, tc)
{
	const struct rsp_extension unknown = { "1.2.3.4.5", true, { (const uint8_t *)"\x05\x00", 2 } };
	const struct rsp_extension doubled = { "2.5.29.15", true, { (const uint8_t *)"\x03\x02\x07\x80", 4 } };
	struct rsp_pki *pki = fresh(ESIM_CURVE_P256);
	struct esim_public_key key = pki->entries[RSP_PKI_DPAUTH].cert.key;
	uint8_t id[RSP_KEY_ID_SIZE];
	struct rsp_x509 cert;

	(void)tc;
	rsp_x509_key_id(&key, id);
#define LEAF() (cert = good_leaf(pki), cert.key = &key, cert.subject_key_id = esim_slice(id, sizeof(id)))
	LEAF();
	ATF_CHECK_EQ(0, judge(pki, &cert));
	LEAF();
	cert.policy = NULL;
	ATF_CHECK_EQ(ESIM_EVERIFY, judge(pki, &cert));
	LEAF();
	cert.not_after = time(NULL) - 1;
	ATF_CHECK_EQ(ESIM_EVERIFY, judge(pki, &cert));
	LEAF();
	cert.extra = &unknown;
	cert.extra_count = 1;
	ATF_CHECK_EQ(ESIM_EPROTO, judge(pki, &cert));
	LEAF();
	cert.extra = &doubled;
	cert.extra_count = 1;
	ATF_CHECK_EQ(ESIM_EPROTO, judge(pki, &cert));
	rsp_pki_free(&pki);
}

ATF_TC_WITHOUT_HEAD(object_identifiers_are_checked);
ATF_TC_BODY(object_identifiers_are_checked, tc)
{
	struct esim_buf out = ESIM_BUF_INIT;

	(void)tc;
	ATF_CHECK_EQ(0, rsp_oid_encode("2.999.10", &out));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&out), "\x88\x37\x0A", 3));
	ATF_CHECK_EQ(ESIM_EINVAL, rsp_oid_encode("2", &out));
	ATF_CHECK_EQ(ESIM_EINVAL, rsp_oid_encode("1.40", &out));
	ATF_CHECK_EQ(ESIM_EINVAL, rsp_oid_encode("1.2.x", &out));
	ATF_CHECK_EQ(ESIM_EINVAL, rsp_oid_encode("", &out));
	esim_buf_free(&out);
}

/* --- whole files ---------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(files_are_bounded_and_replaced_whole);
ATF_TC_BODY(files_are_bounded_and_replaced_whole, tc)
{
	struct esim_buf text = ESIM_BUF_INIT;
	struct esim_error err;

	(void)tc;
	ATF_REQUIRE_EQ(0, rsp_file_write("f", esim_slice("0123456789", 10), 0600, &err));
	ATF_CHECK_EQ(ESIM_ETOOBIG, rsp_file_read("f", 9, &text, &err));
	ATF_CHECK_EQ(ESIM_ENOENT, rsp_file_read("g", 9, &text, &err));
	ATF_CHECK_EQ(ESIM_EINVAL, rsp_file_read(".", 9, &text, &err));
	ATF_CHECK_EQ(0, text.len);
	ATF_CHECK_EQ(0, rsp_file_read("f", 10, &text, &err));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&text), "0123456789", 10));
	ATF_CHECK(access("f.tmp", F_OK) < 0);
	esim_buf_free(&text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_made_certificate_verifies_in_its_role);
	ATF_TP_ADD_TC(tp, a_saved_directory_reads_back);
	ATF_TP_ADD_TC(tp, the_servers_certificates_share_a_registered_id);
	ATF_TP_ADD_TC(tp, a_tls_certificate_is_remade_for_another_name);
	ATF_TP_ADD_TC(tp, a_missing_euicc_is_made_inside_the_eums_range);
	ATF_TP_ADD_TC(tp, a_key_of_another_certificate_is_refused);
	ATF_TP_ADD_TC(tp, a_directory_without_ci_is_refused);
	ATF_TP_ADD_TC(tp, the_maker_makes_what_must_be_refused);
	ATF_TP_ADD_TC(tp, object_identifiers_are_checked);
	ATF_TP_ADD_TC(tp, files_are_bounded_and_replaced_whole);
	return atf_no_error();
}
