/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual eUICC: AuthenticateServer, PrepareDownload, LoadBoundProfilePackage, CancelSession. */
#include "veuicc_fixture.h"

#include "rsp/x509.h"

#include <esim/es10b.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ICCID_1 "89000123456789012341"
#define ICCID_2 "8900012345678901234"

#define OUTCOME(command, reason) ((command) << 8 | (reason))

static const struct profile_spec plain = { .iccid = ICCID_1 };

static size_t profile_count(struct fixture *f)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_tlv whole, list, one;
	size_t count = 0;

	ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(f, "BF2D00", &out));
	ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&out), "list", &whole, NULL));
	ATF_REQUIRE_EQ(1, esim_tlv_find(whole.value, 0xA0, &list));
	while (esim_tlv_next(&list.value, &one) == 1)
		count++;
	esim_buf_free(&out);
	return count;
}

ATF_TC_WITHOUT_HEAD(package_installs_byte_for_byte_on_both_curves);
ATF_TC_BODY(package_installs_byte_for_byte_on_both_curves, tc)
{
	static const enum esim_curve curves[] = { ESIM_CURVE_P256, ESIM_CURVE_BRAINPOOL_P256R1 };

	for (size_t i = 0; i < 2; i++) {
		struct profile_spec spec = { .iccid = ICCID_1, .size = 5000 };
		struct esim_buf package = ESIM_BUF_INIT;
		struct esim_iccid iccid;
		struct fixture f;

		fixture_open_curve(&f, NULL, curves[i]);
		f.twist.protected_keys = i;
		f.twist.split_metadata = i;
		ATF_CHECK_EQ(-1, rsp_download(&f, &spec));
		ATF_REQUIRE_EQ(0, esim_iccid_parse(ICCID_1, &iccid));
		rsp_package(&spec, &package);
		ATF_CHECK(esim_slice_equal(veuicc_package(f.card, &iccid), esim_buf_slice(&package)));
		ATF_CHECK_EQ(1, profile_count(&f));
		esim_buf_free(&package);
		fixture_close(&f);
	}
}

/* Real packages of the reference data; ICCIDs of their metadata are taken from their headers. */
ATF_TC_WITHOUT_HEAD(reference_packages_install_byte_for_byte);
ATF_TC_BODY(reference_packages_install_byte_for_byte, tc)
{
	static const char *const names[] = { "TS48v1_A", "TS48v4_SAIP2.3_BERTLV",
					     "TS48v5_SAIP2.3_NoBERTLV" };
	const char *data = getenv("REFDATA");

	if (!data || !*data)
		atf_tc_skip("no reference data");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct esim_buf package = ESIM_BUF_INIT, metadata = ESIM_BUF_INIT, bpp = ESIM_BUF_INIT,
				bf37 = ESIM_BUF_INIT, out = ESIM_BUF_INIT;
		struct esim_iccid iccid;
		uint8_t bytes[65536];
		char path[4096];
		struct fixture f;
		FILE *file;

		snprintf(path, sizeof(path), "%s/upp/%s.der", data, names[i]);
		file = fopen(path, "rb");
		if (!file)
			atf_tc_skip("no %s", path);
		esim_buf_append(&package, bytes, fread(bytes, 1, sizeof(bytes), file));
		fclose(file);

		fixture_open(&f, NULL);
		rsp_metadata(&plain, &metadata);
		ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
		ATF_REQUIRE_EQ(0, rsp_prepare(&f));
		rsp_bind_package(&f, esim_buf_slice(&metadata), esim_buf_slice(&package), &bpp);
		ATF_REQUIRE_EQ(0x9000, rsp_load(&f, esim_buf_slice(&bpp), &bf37));
		ATF_CHECK_EQ_MSG(-1, rsp_outcome(&f, esim_buf_slice(&bf37)), "%s", names[i]);
		ATF_REQUIRE_EQ(0, esim_iccid_parse(ICCID_1, &iccid));
		ATF_CHECK(esim_slice_equal(veuicc_package(f.card, &iccid), esim_buf_slice(&package)));

		/* And the second on one card fails with iccidAlreadyExists, metadata's doing. */
		ATF_CHECK_EQ(OUTCOME(2, 9), rsp_download(&f, &plain));

		ATF_CHECK_EQ(0, fixture_result(&f, "BF3111A00C5A0A980010325476981032148101FF"));
		ATF_REQUIRE_EQ(0, veuicc_reset(f.card));
		ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "00A40804022FE200", &out));
		ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "00B000000A", &out));
		ATF_CHECK(esim_slice_is(esim_buf_slice(&out), iccid.bytes, sizeof(iccid.bytes)));
		ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "00A4040007A000000087100200", &out));
		ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "00A40000026F0700", &out));
		ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "00B0000009", &out));
		ATF_CHECK_EQ(0x08, out.data[0]);
		esim_buf_free(&package);
		esim_buf_free(&metadata);
		esim_buf_free(&bpp);
		esim_buf_free(&bf37);
		esim_buf_free(&out);
		fixture_close(&f);
	}
}

/* --- AuthenticateServer ---------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(authenticate_server_names_what_is_wrong);
ATF_TC_BODY(authenticate_server_names_what_is_wrong, tc)
{
	static const uint8_t unknown[20] = { 1, 2, 3 };
	struct fixture f;

	fixture_open(&f, NULL);
	f.twist = (struct rsp_twist){ .auth_slot = RSP_PKI_DPPB };
	ATF_CHECK_EQ(1, rsp_authenticate(&f));
	f.twist = (struct rsp_twist){ .auth_slot = RSP_PKI_DPTLS };
	ATF_CHECK_EQ(1, rsp_authenticate(&f));
	f.twist = (struct rsp_twist){ .bad_signature1 = true };
	ATF_CHECK_EQ(2, rsp_authenticate(&f));
	f.twist = (struct rsp_twist){ .bad_challenge = true };
	ATF_CHECK_EQ(6, rsp_authenticate(&f));
	f.twist = (struct rsp_twist){ .ci_key_id = esim_slice(unknown, sizeof(unknown)) };
	ATF_CHECK_EQ(7, rsp_authenticate(&f));
	f.twist = (struct rsp_twist){ .tac_len = 8 };
	ATF_CHECK_EQ(127, rsp_authenticate(&f));
	f.twist = (struct rsp_twist){ .auth_slot = RSP_PKI_DSAUTH };
	ATF_CHECK_EQ(0, rsp_authenticate(&f));
	f.twist = (struct rsp_twist){ 0 };
	ATF_CHECK_EQ(0, rsp_authenticate(&f));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(authenticate_server_needs_a_fresh_challenge);
ATF_TC_BODY(authenticate_server_needs_a_fresh_challenge, tc)
{
	static const uint8_t guess[16];
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_CHECK_EQ(4, rsp_authenticate_with(&f, esim_slice(guess, sizeof(guess))));
	ATF_CHECK_EQ(0, rsp_authenticate(&f));
	/* One challenge, one use. */
	ATF_CHECK_EQ(4, rsp_authenticate_with(&f, esim_slice(guess, sizeof(guess))));
	fixture_close(&f);
}

/* A certificate of the DPauth role by the fixture's CI, with one thing changed. */
static void make_cert(struct fixture *f, void (*change)(struct rsp_x509 *cert),
		      const struct esim_public_key *key, struct esim_buf *der)
{
	const struct rsp_pki_entry *ci = &f->pki->entries[RSP_PKI_CI];
	const struct esim_cert *like = &f->pki->entries[RSP_PKI_DPAUTH].cert;
	uint8_t id[RSP_KEY_ID_SIZE];
	struct esim_error err = { 0 };
	struct rsp_x509 cert = {
		.serial = 4711,
		.subject = { .common_name = "Changed" },
		.issuer_der = ci->cert.subject,
		.not_before = like->not_before,
		.not_after = like->not_after,
		.key = key,
		.policy = "2.23.146.1.2.1.4",
		.key_usage = RSP_KEY_USAGE_DIGITAL_SIGNATURE,
		.registered_id = "2.999.10",
		.authority_key_id = ci->cert.subject_key_id,
	};

	rsp_x509_key_id(key, id);
	cert.subject_key_id = esim_slice(id, sizeof(id));
	if (change)
		change(&cert);
	esim_buf_reset(der);
	ATF_REQUIRE_EQ_MSG(0, rsp_x509_make(&cert, ci->key, der, &err), "%s", err.message);
}

static void without_oid(struct rsp_x509 *cert)
{
	cert->registered_id = NULL;
	cert->dns_name = "smdp.example.com";
}

static void expired(struct rsp_x509 *cert)
{
	cert->not_before = 1000000000;
	cert->not_after = 1100000000;
}

static void other_ci(struct rsp_x509 *cert)
{
	static const uint8_t id[20] = { 9, 9, 9 };

	cert->authority_key_id = esim_slice(id, sizeof(id));
}

static void other_oid(struct rsp_x509 *cert)
{
	cert->policy = "2.23.146.1.2.1.5";
	cert->registered_id = "2.999.11";
}

static void package_binding(struct rsp_x509 *cert)
{
	cert->policy = "2.23.146.1.2.1.5";
}

ATF_TC_WITHOUT_HEAD(authenticate_server_judges_the_certificate);
ATF_TC_BODY(authenticate_server_judges_the_certificate, tc)
{
	static const struct {
		void (*change)(struct rsp_x509 *cert);
		unsigned code;
	} cases[] = { { NULL, 0 }, { without_oid, 5 }, { expired, 1 }, { other_ci, 7 } };
	struct esim_buf der = ESIM_BUF_INIT;
	struct rsp_key *key, *foreign;
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(0, rsp_key_generate(ESIM_CURVE_P256, &key));
	ATF_REQUIRE_EQ(0, rsp_key_generate(ESIM_CURVE_BRAINPOOL_P256R1, &foreign));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_cert(&f, cases[i].change, rsp_key_public(key), &der);
		f.twist = (struct rsp_twist){ .auth_cert = esim_buf_slice(&der), .signing_key = key };
		ATF_CHECK_EQ_MSG(cases[i].code, rsp_authenticate(&f), "case %zu", i);
	}
	make_cert(&f, NULL, rsp_key_public(foreign), &der);
	f.twist = (struct rsp_twist){ .auth_cert = esim_buf_slice(&der), .signing_key = foreign };
	ATF_CHECK_EQ(3, rsp_authenticate(&f));
	rsp_key_free(&key);
	rsp_key_free(&foreign);
	esim_buf_free(&der);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(old_cards_take_a_tac_of_eight);
ATF_TC_BODY(old_cards_take_a_tac_of_eight, tc)
{
	struct veuicc_options options = { .svn = VEUICC_SVN_2_1 };
	struct fixture f;

	fixture_open(&f, &options);
	f.twist.tac_len = 8;
	ATF_CHECK_EQ(0, rsp_authenticate(&f));
	f.twist.tac_len = 4;
	ATF_CHECK_EQ(0, rsp_authenticate(&f));
	fixture_close(&f);
}

/* --- PrepareDownload ------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(prepare_download_names_what_is_wrong);
ATF_TC_BODY(prepare_download_names_what_is_wrong, tc)
{
	struct esim_buf der = ESIM_BUF_INIT;
	struct rsp_key *key, *foreign;
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(0, rsp_key_generate(ESIM_CURVE_P256, &key));
	ATF_REQUIRE_EQ(0, rsp_key_generate(ESIM_CURVE_BRAINPOOL_P256R1, &foreign));
	ATF_CHECK_EQ_MSG(4, rsp_prepare(&f), "no session");
	ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
	f.twist = (struct rsp_twist){ .pb_slot = RSP_PKI_DPAUTH };
	ATF_CHECK_EQ_MSG(1, rsp_prepare(&f), "wrong role");
	make_cert(&f, other_oid, rsp_key_public(key), &der);
	f.twist = (struct rsp_twist){ .pb_cert = esim_buf_slice(&der), .signing_key = key };
	ATF_CHECK_EQ_MSG(1, rsp_prepare(&f), "other registered ID than DPauth");
	make_cert(&f, package_binding, rsp_key_public(foreign), &der);
	f.twist = (struct rsp_twist){ .pb_cert = esim_buf_slice(&der), .signing_key = foreign };
	ATF_CHECK_EQ_MSG(3, rsp_prepare(&f), "curve");
	f.twist = (struct rsp_twist){ .bad_signature2 = true };
	ATF_CHECK_EQ(2, rsp_prepare(&f));
	f.twist = (struct rsp_twist){ .bad_transaction_id = true };
	ATF_CHECK_EQ(5, rsp_prepare(&f));
	f.twist = (struct rsp_twist){ .cc_required = true, .no_hash_cc = true };
	ATF_CHECK_EQ(127, rsp_prepare(&f));
	f.twist = (struct rsp_twist){ .cc_required = true };
	ATF_CHECK_EQ(0, rsp_prepare(&f));

	f.twist = (struct rsp_twist){ .auth_slot = RSP_PKI_DSAUTH };
	ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
	f.twist = (struct rsp_twist){ 0 };
	ATF_CHECK_EQ_MSG(4, rsp_prepare(&f), "an SM-DS binds no packages");
	rsp_key_free(&key);
	rsp_key_free(&foreign);
	esim_buf_free(&der);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(key_pair_of_a_broken_session_is_offered_again);
ATF_TC_BODY(key_pair_of_a_broken_session_is_offered_again, tc)
{
	struct veuicc_options options = { .state_dir = "state" };
	struct esim_public_key first;
	struct fixture f;

	fixture_open(&f, &options);
	ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
	ATF_REQUIRE_EQ(0, rsp_prepare(&f));
	first = f.otpk;
	fixture_restart(&f);
	ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
	f.twist.bound_otpk = esim_slice(first.point, sizeof(first.point));
	ATF_REQUIRE_EQ(0, rsp_prepare(&f));
	ATF_CHECK_EQ(0, memcmp(first.point, f.otpk.point, sizeof(first.point)));

	/* Without bppEuiccOtpk there is a new one, and the old one is gone. */
	f.twist.bound_otpk = esim_slice(NULL, 0);
	ATF_REQUIRE_EQ(0, rsp_prepare(&f));
	ATF_CHECK(memcmp(first.point, f.otpk.point, sizeof(first.point)) != 0);
	f.twist.bound_otpk = esim_slice(first.point, sizeof(first.point));
	ATF_REQUIRE_EQ(0, rsp_prepare(&f));
	ATF_CHECK(memcmp(first.point, f.otpk.point, sizeof(first.point)) != 0);
	fixture_close(&f);
}

/* --- LoadBoundProfilePackage ----------------------------------------------- */

/* The outcome of a download with a spoiled package or on a shaped card; the card stays empty. */
static void require_outcome(const struct veuicc_options *options, const char *bpp_fault,
			    const struct profile_spec *spec, int outcome)
{
	struct fixture f;

	fixture_open(&f, options);
	f.twist.bpp_fault = bpp_fault;
	ATF_CHECK_EQ_MSG(outcome, rsp_download(&f, spec), "%s: %04X expected", bpp_fault ? bpp_fault : "",
			 (unsigned)outcome);
	ATF_CHECK_EQ(0, profile_count(&f));
	ATF_CHECK_EQ_MSG(1, fixture_result(&f, "BF300380017F"), "no notification 127");
	ATF_CHECK_EQ_MSG(0, fixture_result(&f, "BF3003800100"), "the result is kept as notification 0");
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(installation_errors_have_their_reasons);
ATF_TC_BODY(installation_errors_have_their_reasons, tc)
{
	static const char bound[] = "getBoundProfilePackage:tamper=";
	static const struct {
		const char *what;
		int outcome;
	} tampered[] = {
		{ "signature", OUTCOME(0, 2) },
		{ "hostId", OUTCOME(1, 8) },
		{ "mac", OUTCOME(5, 8) },
		{ "order", OUTCOME(2, 7) },
	};
	static const struct profile_spec mismatch = { .iccid = ICCID_1, .header_iccid = "89000123456789012358" };
	static const struct profile_spec big = { .iccid = ICCID_1, .size = 60000 };
	static const struct profile_spec test = { .iccid = ICCID_1, .class = 1 };
	static const struct profile_spec ppr1 = { .iccid = ICCID_1, .pprs = 1 };
	static const struct profile_spec ppr2 = { .iccid = ICCID_1, .pprs = 2 };
	static const struct profile_spec unknown_class = { .iccid = ICCID_1, .class = 6 };
	struct veuicc_options small = { .memory = 40000 }, no_test = { .no_test_profiles = true };
	struct veuicc_options keys = { .require_test_keys = true }, no_rules = { .rat = "none" };
	struct veuicc_options forbidden = { .forbidden_pprs = 1 };
	char fault[64];

	for (size_t i = 0; i < sizeof(tampered) / sizeof(tampered[0]); i++) {
		snprintf(fault, sizeof(fault), "%s%s", bound, tampered[i].what);
		require_outcome(NULL, fault, &plain, tampered[i].outcome);
	}
	require_outcome(NULL, NULL, &mismatch, OUTCOME(5, 13));
	require_outcome(&small, NULL, &big, OUTCOME(5, 10));
	require_outcome(&no_test, NULL, &test, OUTCOME(2, 6));
	require_outcome(NULL, NULL, &unknown_class, OUTCOME(2, 6));
	require_outcome(&keys, NULL, &test, OUTCOME(5, 14));
	require_outcome(&no_rules, NULL, &ppr2, OUTCOME(2, 15));
	require_outcome(&forbidden, NULL, &ppr1, OUTCOME(2, 15));
}

/* Change @at bytes after the place where @tag's whole TLV begins in BF23, sign again, and load. */
static int load_with_bf23(struct fixture *f, const char *from, const char *to, bool own_transaction)
{
	struct esim_buf bpp = ESIM_BUF_INIT, bf37 = ESIM_BUF_INIT, own = ESIM_BUF_INIT;
	struct esim_slice in, covered[5];
	struct esim_tlv whole, bf23, part, signature;
	uint8_t raw[ESIM_SIGNATURE_SIZE];
	uint8_t *at;
	int outcome;

	ATF_REQUIRE_EQ(0, rsp_authenticate(f));
	ATF_REQUIRE_EQ(0, rsp_prepare(f));
	rsp_bind(f, &plain, &bpp);
	in = esim_buf_slice(&bpp);
	ATF_REQUIRE_EQ(1, esim_tlv_next(&in, &whole));
	ATF_REQUIRE_EQ(1, esim_tlv_next(&whole.value, &bf23));
	if (own_transaction) {
		ATF_REQUIRE_EQ(1, esim_tlv_find(bf23.value, 0x80, &part));
		bpp.data[part.value.data - bpp.data] ^= 0xFF;
	} else {
		at = memmem(bf23.value.data, bf23.value.len, from, strlen(from));
		ATF_REQUIRE(at != NULL);
		memcpy(at, to, strlen(to));
	}
	in = bf23.value;
	for (size_t i = 0; i < 4; i++) {
		ATF_REQUIRE_EQ(1, esim_tlv_next(&in, &part));
		covered[i] = part.whole;
	}
	esim_tlv_put(&own, 0x5F49, f->otpk.point, ESIM_PUBLIC_KEY_SIZE);
	covered[4] = esim_buf_slice(&own);
	ATF_REQUIRE_EQ(1, esim_tlv_find(bf23.value, 0x5F37, &signature));
	ATF_REQUIRE_EQ(0, rsp_key_sign(f->pki->entries[RSP_PKI_DPPB].key, covered, 5, raw));
	memcpy(bpp.data + (signature.value.data - bpp.data), raw, sizeof(raw));
	ATF_REQUIRE_EQ(0x9000, rsp_load(f, esim_buf_slice(&bpp), &bf37));
	outcome = rsp_outcome(f, esim_buf_slice(&bf37));
	esim_buf_free(&bpp);
	esim_buf_free(&bf37);
	esim_buf_free(&own);
	return outcome;
}

ATF_TC_WITHOUT_HEAD(secure_channel_checks_operation_transaction_and_crt);
ATF_TC_BODY(secure_channel_checks_operation_transaction_and_crt, tc)
{
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_CHECK_EQ(OUTCOME(0, 3), load_with_bf23(&f, NULL, NULL, true));
	ATF_CHECK_EQ(OUTCOME(0, 5), load_with_bf23(&f, "\x82\x01\x01", "\x82\x01\x02", false));
	ATF_CHECK_EQ(OUTCOME(0, 4), load_with_bf23(&f, "\x80\x01\x88", "\x80\x01\x89", false));
	ATF_CHECK_EQ(OUTCOME(0, 4), load_with_bf23(&f, "\x81\x01\x10", "\x81\x01\x20", false));
	fixture_close(&f);
}

/* Load @package and metadata as they are. */
static int load_these(struct fixture *f, struct esim_buf *metadata, struct esim_buf *package)
{
	struct esim_buf bpp = ESIM_BUF_INIT, bf37 = ESIM_BUF_INIT;
	int outcome;

	ATF_REQUIRE_EQ(0, rsp_authenticate(f));
	ATF_REQUIRE_EQ(0, rsp_prepare(f));
	rsp_bind_package(f, esim_buf_slice(metadata), esim_buf_slice(package), &bpp);
	ATF_REQUIRE_EQ(0x9000, rsp_load(f, esim_buf_slice(&bpp), &bf37));
	outcome = rsp_outcome(f, esim_buf_slice(&bf37));
	esim_buf_free(&bpp);
	esim_buf_free(&bf37);
	return outcome;
}

ATF_TC_WITHOUT_HEAD(package_that_cannot_be_processed_is_named);
ATF_TC_BODY(package_that_cannot_be_processed_is_named, tc)
{
	struct esim_buf metadata = ESIM_BUF_INIT, package = ESIM_BUF_INIT;
	struct fixture f;

	fixture_open(&f, NULL);
	rsp_metadata(&plain, &metadata);
	rsp_package(&plain, &package);
	package.len -= 2;
	ATF_CHECK_EQ_MSG(OUTCOME(5, 12), load_these(&f, &metadata, &package), "no end element");
	esim_buf_reset(&package);
	rsp_package(&plain, &package);
	package.data[package.data[1] & 0x80 ? 5 : 4] = 9;
	ATF_CHECK_EQ_MSG(OUTCOME(5, 12), load_these(&f, &metadata, &package), "major version 9");
	metadata.data[3] = 0x5B;
	ATF_CHECK_EQ_MSG(OUTCOME(2, 1), load_these(&f, &metadata, &package), "metadata without ICCID");
	ATF_CHECK_EQ(0, profile_count(&f));
	esim_buf_free(&metadata);
	esim_buf_free(&package);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(same_iccid_twice_is_refused);
ATF_TC_BODY(same_iccid_twice_is_refused, tc)
{
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_CHECK_EQ(-1, rsp_download(&f, &plain));
	ATF_CHECK_EQ(OUTCOME(2, 9), rsp_download(&f, &plain));
	ATF_CHECK_EQ(1, profile_count(&f));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(profile_limit_is_out_of_memory);
ATF_TC_BODY(profile_limit_is_out_of_memory, tc)
{
	struct veuicc_options options = { .max_profiles = 1 };
	struct profile_spec second = { .iccid = ICCID_2 };
	struct fixture f;

	fixture_open(&f, &options);
	ATF_CHECK_EQ(-1, rsp_download(&f, &plain));
	ATF_CHECK_EQ(OUTCOME(5, 10), rsp_download(&f, &second));
	ATF_CHECK_EQ(1, profile_count(&f));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(ppr1_is_refused_beside_an_operational_profile);
ATF_TC_BODY(ppr1_is_refused_beside_an_operational_profile, tc)
{
	struct profile_spec second = { .iccid = ICCID_2, .pprs = 1 };
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_CHECK_EQ(-1, rsp_download(&f, &plain));
	ATF_CHECK_EQ(OUTCOME(2, 15), rsp_download(&f, &second));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(load_needs_a_prepared_session_on_one_channel);
ATF_TC_BODY(load_needs_a_prepared_session_on_one_channel, tc)
{
	struct esim_buf bpp = ESIM_BUF_INIT, bf37 = ESIM_BUF_INIT;
	struct esim_tlv whole, first;
	struct esim_slice in;
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
	ATF_REQUIRE_EQ(0, rsp_prepare(&f));
	rsp_bind(&f, &plain, &bpp);
	in = esim_buf_slice(&bpp);
	esim_tlv_next(&in, &whole);
	esim_tlv_next(&whole.value, &first);
	ATF_CHECK_EQ(0x9000, fixture_es10(&f, esim_slice(whole.whole.data,
							 (size_t)(first.whole.data + first.whole.len -
								  whole.whole.data)), &bf37));
	/* The channel is opened again in the middle: the rest is refused. */
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "01A4040010A0000005591010FFFFFFFF890000010000", NULL));
	ATF_CHECK_EQ(0x6985, fixture_es10(&f, esim_slice(first.whole.data + first.whole.len, 4), &bf37));
	/* And so is a package without a session. */
	ATF_CHECK_EQ(0x6985, rsp_load(&f, esim_buf_slice(&bpp), &bf37));
	esim_buf_free(&bpp);
	esim_buf_free(&bf37);
	fixture_close(&f);
}

/* --- CancelSession --------------------------------------------------------- */

static unsigned cancel(struct fixture *f, unsigned reason, bool wrong_id)
{
	struct esim_buf request = ESIM_BUF_INIT, answer = ESIM_BUF_INIT;
	struct esim_tlv whole, result, part, signature, got;
	size_t mark = esim_tlv_begin(&request, 0xBF41);
	uint64_t n = 0;

	esim_tlv_put(&request, 0x80, f->transaction_id, 16);
	esim_tlv_put_uint(&request, 0x81, reason);
	esim_tlv_end(&request, mark);
	request.data[6] ^= wrong_id;
	ATF_REQUIRE_EQ(0x9000, fixture_es10(f, esim_buf_slice(&request), &answer));
	ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&answer), "BF41", &whole, NULL));
	ATF_REQUIRE_EQ(1, esim_tlv_next(&whole.value, &result));
	if (result.tag == 0x81) {
		ATF_REQUIRE_EQ(0, esim_tlv_uint(result.value, &n));
	} else {
		ATF_REQUIRE_EQ(1, esim_tlv_find(result.value, 0x30, &part));
		ATF_REQUIRE_EQ(1, esim_tlv_find(result.value, 0x5F37, &signature));
		ATF_CHECK_EQ(0, esim_signature_verify(&f->pki->entries[RSP_PKI_EUICC].cert.key, part.whole,
						      signature.value));
		ATF_REQUIRE_EQ(1, esim_tlv_find(part.value, 0x82, &got));
		ATF_REQUIRE_EQ(0, esim_tlv_uint(got.value, &n));
		ATF_CHECK_EQ(reason, n);
		n = 0;
	}
	esim_buf_free(&request);
	esim_buf_free(&answer);
	return (unsigned)n;
}

ATF_TC_WITHOUT_HEAD(cancel_session_takes_each_reason_once);
ATF_TC_BODY(cancel_session_takes_each_reason_once, tc)
{
	static const unsigned reasons[] = { 0, 1, 2, 3, 4, 5, 127 };
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_CHECK_EQ(5, cancel(&f, 0, false));
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
		if (i % 2)
			ATF_REQUIRE_EQ(0, rsp_prepare(&f));
		ATF_CHECK_EQ(5, cancel(&f, reasons[i], true));
		ATF_CHECK_EQ(0, cancel(&f, reasons[i], false));
		ATF_CHECK_EQ_MSG(5, cancel(&f, reasons[i], false), "the session is over");
	}
	ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
	ATF_CHECK_EQ(127, cancel(&f, 6, false));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(old_cards_know_fewer_reasons);
ATF_TC_BODY(old_cards_know_fewer_reasons, tc)
{
	struct veuicc_options options = { .svn = VEUICC_SVN_2_0 };
	struct fixture f;

	fixture_open(&f, &options);
	ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
	ATF_CHECK_EQ(127, cancel(&f, 4, false));
	ATF_CHECK_EQ(0, cancel(&f, 3, false));
	fixture_close(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, package_installs_byte_for_byte_on_both_curves);
	ATF_TP_ADD_TC(tp, reference_packages_install_byte_for_byte);
	ATF_TP_ADD_TC(tp, authenticate_server_names_what_is_wrong);
	ATF_TP_ADD_TC(tp, authenticate_server_needs_a_fresh_challenge);
	ATF_TP_ADD_TC(tp, authenticate_server_judges_the_certificate);
	ATF_TP_ADD_TC(tp, old_cards_take_a_tac_of_eight);
	ATF_TP_ADD_TC(tp, prepare_download_names_what_is_wrong);
	ATF_TP_ADD_TC(tp, key_pair_of_a_broken_session_is_offered_again);
	ATF_TP_ADD_TC(tp, installation_errors_have_their_reasons);
	ATF_TP_ADD_TC(tp, secure_channel_checks_operation_transaction_and_crt);
	ATF_TP_ADD_TC(tp, package_that_cannot_be_processed_is_named);
	ATF_TP_ADD_TC(tp, same_iccid_twice_is_refused);
	ATF_TP_ADD_TC(tp, profile_limit_is_out_of_memory);
	ATF_TP_ADD_TC(tp, ppr1_is_refused_beside_an_operational_profile);
	ATF_TP_ADD_TC(tp, load_needs_a_prepared_session_on_one_channel);
	ATF_TP_ADD_TC(tp, cancel_session_takes_each_reason_once);
	ATF_TP_ADD_TC(tp, old_cards_know_fewer_reasons);
	return atf_no_error();
}
