/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates: what the parser reads, and every form that it must refuse. */
#include "trust_fixture.h"

#include <esim/tlv.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(struct esim_slice der, struct esim_error *err)
{
	struct esim_cert cert;

	return esim_cert_parse(der, &cert, err);
}

/* Issued from the recipe as it is now, the certificate of @slot is refused with @words. */
static void require_refused(struct fixture *f, enum fixture_slot slot, const char *words)
{
	struct esim_error err = { 0 };

	fixture_make(f, slot, f->key[FIXTURE_CI]);
	ATF_CHECK_EQ_MSG(ESIM_EPROTO, parse(fixture_der(f, slot), &err), "'%s'", words);
	ATF_CHECK_MSG(strstr(err.message, words) != NULL, "'%s' is not in: %s", words, err.message);
}

/* The only place where @from stands in the certificate becomes @to, of the same length. */
static void patch(struct esim_buf *der, const void *from, const void *to, size_t len)
{
	uint8_t *at = memmem(der->data, der->len, from, len);

	ATF_REQUIRE(at != NULL);
	memcpy(at, to, len);
}

static void require_patched_refused(struct fixture *f, const void *from, const void *to, size_t len,
				    const char *words)
{
	struct esim_error err = { 0 };

	fixture_issue(f, FIXTURE_DPAUTH);
	patch(&f->der[FIXTURE_DPAUTH], from, to, len);
	ATF_CHECK_EQ_MSG(ESIM_EPROTO, parse(fixture_der(f, FIXTURE_DPAUTH), &err), "'%s'", words);
	ATF_CHECK_MSG(strstr(err.message, words) != NULL, "'%s' is not in: %s", words, err.message);
}

ATF_TC_WITHOUT_HEAD(fields_of_each_role_are_read);
ATF_TC_BODY(fields_of_each_role_are_read, tc)
{
	static const uint8_t oid_2_999_10[] = { 0x88, 0x37, 0x0A };
	const struct esim_cert *c;
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_BRAINPOOL_P256R1);
	c = &f.cert[FIXTURE_CI];
	ATF_CHECK_EQ(ESIM_ROLE_CI, c->role);
	ATF_CHECK(c->is_ca && c->path_len == -1 && c->may_sign_certificates && !c->may_sign_data);
	ATF_CHECK_EQ(0, c->authority_key_id.len);

	c = &f.cert[FIXTURE_EUM];
	ATF_CHECK_EQ(ESIM_ROLE_EUM, c->role);
	ATF_CHECK(c->is_ca && c->path_len == 0 && c->has_name_constraints);
	ATF_CHECK_STREQ("89049032", c->permitted_serial);
	ATF_CHECK(esim_slice_is(c->permitted_organization, "Fixture EUM", 11));

	c = &f.cert[FIXTURE_EUICC];
	ATF_CHECK_EQ(ESIM_ROLE_EUICC, c->role);
	ATF_CHECK_STREQ(FIXTURE_EID, c->subject_serial);
	ATF_CHECK(esim_slice_is(c->subject_organization, "Fixture EUM", 11));
	ATF_CHECK(esim_slice_equal(c->authority_key_id, f.cert[FIXTURE_EUM].subject_key_id));
	ATF_CHECK(esim_slice_equal(c->issuer, f.cert[FIXTURE_EUM].subject));

	c = &f.cert[FIXTURE_DPAUTH];
	ATF_CHECK_EQ(ESIM_ROLE_DP_AUTH, c->role);
	ATF_CHECK(!c->is_ca && c->may_sign_data && !c->may_sign_certificates);
	ATF_CHECK(esim_slice_is(c->registered_id, oid_2_999_10, sizeof(oid_2_999_10)));
	ATF_CHECK_EQ(FIXTURE_NOW - 30 * FIXTURE_DAY, c->not_before);
	ATF_CHECK_EQ(FIXTURE_NOW + 300 * FIXTURE_DAY, c->not_after);
	ATF_CHECK_EQ(ESIM_CURVE_BRAINPOOL_P256R1, c->key.curve);
	ATF_CHECK(memcmp(c->key.point, rsp_key_public(f.key[FIXTURE_DPAUTH])->point, 65) == 0);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(signatures_of_every_length_come_out_as_r_and_s);
ATF_TC_BODY(signatures_of_every_length_come_out_as_r_and_s, tc)
{
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	for (uint64_t serial = 1; serial < 600; serial++) {
		const struct esim_cert *c = &f.cert[FIXTURE_DPAUTH];

		f.recipe[FIXTURE_DPAUTH].serial = serial;
		fixture_issue(&f, FIXTURE_DPAUTH);
		ATF_REQUIRE_EQ(0, esim_signature_verify(&f.cert[FIXTURE_CI].key, c->tbs,
							esim_slice(c->signature, 64)));
	}
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(dates_past_2050_are_read);
ATF_TC_BODY(dates_past_2050_are_read, tc)
{
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	f.recipe[FIXTURE_DPAUTH].not_after = INT64_C(7258118399);	/* 2199-12-31 23:59:59 */
	fixture_issue(&f, FIXTURE_DPAUTH);
	ATF_CHECK_EQ(INT64_C(7258118399), f.cert[FIXTURE_DPAUTH].not_after);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(truncated_at_every_byte_is_refused);
ATF_TC_BODY(truncated_at_every_byte_is_refused, tc)
{
	struct esim_error err;
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	for (size_t len = 0; len < f.der[FIXTURE_EUM].len; len++) {
		/* A copy of that size lets the sanitizer see a read behind the end. */
		uint8_t *cut = malloc(len + 1);

		memcpy(cut, f.der[FIXTURE_EUM].data, len);
		ATF_CHECK_EQ(ESIM_EPROTO, parse(esim_slice(cut, len), &err));
		free(cut);
	}
	esim_buf_append_byte(&f.der[FIXTURE_EUM], 0x00);
	ATF_CHECK_EQ(ESIM_EPROTO, parse(fixture_der(&f, FIXTURE_EUM), &err));
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(no_changed_bit_leaves_a_certificate_good);
ATF_TC_BODY(no_changed_bit_leaves_a_certificate_good, tc)
{
	struct esim_error err;
	struct esim_cert cert;
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	for (size_t bit = 0; bit < 8 * f.der[FIXTURE_EUM].len; bit++) {
		uint8_t *byte = &f.der[FIXTURE_EUM].data[bit / 8];

		*byte ^= (uint8_t)(1 << bit % 8);
		if (esim_cert_parse(fixture_der(&f, FIXTURE_EUM), &cert, &err) == 0)
			ATF_CHECK_EQ_MSG(ESIM_EVERIFY,
					 esim_signature_verify(&f.cert[FIXTURE_CI].key, cert.tbs,
							       esim_slice(cert.signature, 64)),
					 "bit %zu", bit);
		*byte ^= (uint8_t)(1 << bit % 8);
	}
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(too_big_is_refused);
ATF_TC_BODY(too_big_is_refused, tc)
{
	uint8_t big[ESIM_MAX_CERTIFICATE + 1] = { 0x30 };
	struct esim_error err;

	ATF_CHECK_EQ(ESIM_ETOOBIG, parse(esim_slice(big, sizeof(big)), &err));
}

ATF_TC_WITHOUT_HEAD(other_versions_and_algorithms_are_refused);
ATF_TC_BODY(other_versions_and_algorithms_are_refused, tc)
{
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	require_patched_refused(&f, "\xA0\x03\x02\x01\x02", "\xA0\x03\x02\x01\x01", 5, "version");
	/* The first place is the one in tbsCertificate: ecdsa-with-SHA384. */
	require_patched_refused(&f, "\x86\x48\xCE\x3D\x04\x03\x02", "\x86\x48\xCE\x3D\x04\x03\x03", 7,
				"signature algorithm");
	/* secp256k1's arc, and a compressed point. */
	require_patched_refused(&f, "\xCE\x3D\x03\x01\x07", "\xCE\x3D\x03\x01\x08", 5,
				"subjectPublicKeyInfo");
	require_patched_refused(&f, "\x03\x42\x00\x04", "\x03\x42\x00\x02", 4, "subjectPublicKeyInfo");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(key_off_the_curve_is_refused);
ATF_TC_BODY(key_off_the_curve_is_refused, tc)
{
	struct esim_public_key key;
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	key = *rsp_key_public(f.key[FIXTURE_DPAUTH]);
	key.point[64] ^= 1;
	f.recipe[FIXTURE_DPAUTH].key = &key;
	require_refused(&f, FIXTURE_DPAUTH, "subjectPublicKeyInfo");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(impossible_dates_are_refused);
ATF_TC_BODY(impossible_dates_are_refused, tc)
{
	/* FIXTURE_NOW + 300 days. */
	static const char good[] = "271111080000Z";
	static const char *const bad[] = {
		"271311080000Z", "271100080000Z", "271131080000Z", "271111240000Z", "271111086000Z",
		"271111080060Z", "27111108000Z ", "2711110800 0Z", "-71111080000Z", "2711110800000",
		"270229080000Z", "260111080000Z",
	};
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		require_patched_refused(&f, good, bad[i], 13, "validity");
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(extension_twice_is_refused);
ATF_TC_BODY(extension_twice_is_refused, tc)
{
	static const uint8_t usage[] = { 0x03, 0x02, 0x07, 0x80 }, null[] = { 0x05, 0x00 };
	const struct rsp_extension known = { "2.5.29.15", true, { usage, sizeof(usage) } };
	const struct rsp_extension unknown[2] = {
		{ "1.2.3.4", false, { null, sizeof(null) } },
		{ "1.2.3.4", false, { null, sizeof(null) } },
	};
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	f.recipe[FIXTURE_DPAUTH].extra = &known;
	f.recipe[FIXTURE_DPAUTH].extra_count = 1;
	require_refused(&f, FIXTURE_DPAUTH, "twice");
	f.recipe[FIXTURE_DPAUTH].extra = unknown;
	f.recipe[FIXTURE_DPAUTH].extra_count = 2;
	require_refused(&f, FIXTURE_DPAUTH, "twice");
	f.recipe[FIXTURE_DPAUTH].extra_count = 1;
	fixture_issue(&f, FIXTURE_DPAUTH);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(unknown_critical_extension_is_refused);
ATF_TC_BODY(unknown_critical_extension_is_refused, tc)
{
	static const uint8_t null[] = { 0x05, 0x00 };
	struct rsp_extension extra = { "1.2.3.4", true, { null, sizeof(null) } };
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	f.recipe[FIXTURE_DPAUTH].extra = &extra;
	f.recipe[FIXTURE_DPAUTH].extra_count = 1;
	require_refused(&f, FIXTURE_DPAUTH, "unknown critical extension");
	extra.critical = false;
	fixture_issue(&f, FIXTURE_DPAUTH);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(more_extensions_than_the_limit_are_refused);
ATF_TC_BODY(more_extensions_than_the_limit_are_refused, tc)
{
	static const uint8_t null[] = { 0x05, 0x00 };
	struct rsp_extension extra[40];
	struct esim_error err;
	char oid[40][16];
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	for (int i = 0; i < 40; i++) {
		snprintf(oid[i], sizeof(oid[i]), "1.2.3.%d", i);
		extra[i] = (struct rsp_extension){ oid[i], false, { null, sizeof(null) } };
	}
	f.recipe[FIXTURE_DPAUTH].extra = extra;
	f.recipe[FIXTURE_DPAUTH].extra_count = 40;
	fixture_make(&f, FIXTURE_DPAUTH, f.key[FIXTURE_CI]);
	ATF_CHECK_EQ(ESIM_ETOOBIG, parse(fixture_der(&f, FIXTURE_DPAUTH), &err));
	fixture_free(&f);
}

#define EXTENSION(...) { (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) }

ATF_TC_WITHOUT_HEAD(malformed_extensions_are_refused);
ATF_TC_BODY(malformed_extensions_are_refused, tc)
{
	const struct {
		struct rsp_extension extension;
		const char *name;
	} bad[] = {
		/* CA FALSE with a path length; a path length of 256; something behind. */
		{ { "2.5.29.19", true, EXTENSION(0x30, 0x03, 0x02, 0x01, 0x00) }, "basicConstraints" },
		{ { "2.5.29.19", true, EXTENSION(0x30, 0x07, 0x01, 0x01, 0xFF, 0x02, 0x02, 0x01, 0x00) },
		  "basicConstraints" },
		{ { "2.5.29.19", true, EXTENSION(0x30, 0x05, 0x01, 0x01, 0xFF, 0x05, 0x00) },
		  "basicConstraints" },
		{ { "2.5.29.19", true, EXTENSION(0x30, 0x00, 0x00) }, "basicConstraints" },
		/* No directory name; an excluded subtree; a minimum; a name cut short. */
		{ { "2.5.29.30", true, EXTENSION(0x30, 0x08, 0xA0, 0x06, 0x30, 0x04, 0x82, 0x02, 'a', 'b') },
		  "nameConstraints" },
		{ { "2.5.29.30", true, EXTENSION(0x30, 0x08, 0xA1, 0x06, 0x30, 0x04, 0xA4, 0x02, 0x30, 0x00) },
		  "nameConstraints" },
		{ { "2.5.29.30", true, EXTENSION(0x30, 0x0B, 0xA0, 0x09, 0x30, 0x07, 0xA4, 0x02, 0x30, 0x00,
						 0x80, 0x01, 0x01) }, "nameConstraints" },
		{ { "2.5.29.30", true, EXTENSION(0x30, 0x00) }, "nameConstraints" },
		/* EINs: none, an empty one, a number. */
		{ { "2.23.146.1.2.2.0", false, EXTENSION(0x30, 0x00) }, "permittedEins" },
		{ { "2.23.146.1.2.2.0", false, EXTENSION(0x30, 0x02, 0x13, 0x00) }, "permittedEins" },
		{ { "2.23.146.1.2.2.0", false, EXTENSION(0x30, 0x03, 0x02, 0x01, 0x05) }, "permittedEins" },
	};
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f.recipe[FIXTURE_DPAUTH].extra = &bad[i].extension;
		f.recipe[FIXTURE_DPAUTH].extra_count = 1;
		require_refused(&f, FIXTURE_DPAUTH, bad[i].name);
	}
	fixture_free(&f);
}

/* Replaces an extension that the recipe would write by itself. */
static void require_extension_refused(const char *oid, struct esim_slice value, const char *words)
{
	const struct rsp_extension extra = { oid, false, value };
	struct rsp_x509 *recipe;
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	recipe = &f.recipe[FIXTURE_DPAUTH];
	recipe->policy = NULL;
	recipe->registered_id = NULL;
	recipe->key_usage = 0;
	recipe->authority_key_id = recipe->subject_key_id = esim_slice(NULL, 0);
	recipe->extra = &extra;
	recipe->extra_count = 1;
	require_refused(&f, FIXTURE_DPAUTH, words);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(ambiguous_extensions_are_refused);
ATF_TC_BODY(ambiguous_extensions_are_refused, tc)
{
	const struct {
		const char *oid;
		struct esim_slice value;
		const char *name;
	} bad[] = {
		/* Roles DPauth and DPpb at once. */
		{ "2.5.29.32", EXTENSION(0x30, 0x16, 0x30, 0x09, 0x06, 0x07, 0x67, 0x81, 0x12, 0x01, 0x02,
					 0x01, 0x04, 0x30, 0x09, 0x06, 0x07, 0x67, 0x81, 0x12, 0x01, 0x02,
					 0x01, 0x05), "certificatePolicies" },
		{ "2.5.29.32", EXTENSION(0x30, 0x00), "certificatePolicies" },
		/* Two registered IDs, an empty one. */
		{ "2.5.29.17", EXTENSION(0x30, 0x06, 0x88, 0x01, 0x2A, 0x88, 0x01, 0x2B), "subjectAltName" },
		{ "2.5.29.17", EXTENSION(0x30, 0x02, 0x88, 0x00), "subjectAltName" },
		{ "2.5.29.15", EXTENSION(0x03, 0x01, 0x00), "keyUsage" },
		{ "2.5.29.15", EXTENSION(0x03, 0x02, 0x08, 0x80), "keyUsage" },
		{ "2.5.29.14", EXTENSION(0x04, 0x00), "subjectKeyIdentifier" },
		{ "2.5.29.35", EXTENSION(0x30, 0x02, 0x80, 0x00), "authorityKeyIdentifier" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		require_extension_refused(bad[i].oid, bad[i].value, bad[i].name);
}

ATF_TC_WITHOUT_HEAD(subject_serial_number_that_could_mislead_is_refused);
ATF_TC_BODY(subject_serial_number_that_could_mislead_is_refused, tc)
{
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	f.recipe[FIXTURE_DPAUTH].subject.serial_number = "8904\t032";
	require_refused(&f, FIXTURE_DPAUTH, "subject");
	/* One digit more than an EID: no EID, so none is shown. */
	f.recipe[FIXTURE_DPAUTH].subject.serial_number = FIXTURE_EID "0";
	fixture_issue(&f, FIXTURE_DPAUTH);
	ATF_CHECK_STREQ("", f.cert[FIXTURE_DPAUTH].subject_serial);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(roles_of_version_3_are_known);
ATF_TC_BODY(roles_of_version_3_are_known, tc)
{
	struct fixture f;

	fixture_init(&f, ESIM_CURVE_P256);
	f.recipe[FIXTURE_EUM].policy = "2.23.146.1.2.1.0.0.0";
	fixture_issue(&f, FIXTURE_EUM);
	ATF_CHECK_EQ(ESIM_ROLE_EUM, f.cert[FIXTURE_EUM].role);
	f.recipe[FIXTURE_EUM].policy = "2.23.146.1.2.1.99";
	fixture_issue(&f, FIXTURE_EUM);
	ATF_CHECK_EQ(ESIM_ROLE_NONE, f.cert[FIXTURE_EUM].role);
	fixture_free(&f);
}

ATF_TC_WITHOUT_HEAD(certificates_of_the_reference_pki_are_read);
ATF_TC_BODY(certificates_of_the_reference_pki_are_read, tc)
{
	static const struct {
		const char *path;
		enum esim_role role;
	} files[] = {
		{ "sgp26-nist/CERT_CI.der", ESIM_ROLE_CI },
		{ "sgp26-nist/CERT_EUM.der", ESIM_ROLE_EUM },
		{ "sgp26-nist/CERT_EUICC.der", ESIM_ROLE_EUICC },
		{ "sgp26-nist/CERT_DPauth.der", ESIM_ROLE_DP_AUTH },
		{ "sgp26-nist/CERT_DPpb.der", ESIM_ROLE_DP_PB },
		{ "sgp26-nist/CERT_DPtls.der", ESIM_ROLE_DP_TLS },
		{ "sgp26-brp/CERT_CI.der", ESIM_ROLE_CI },
		{ "sgp26-brp/CERT_DPauth.der", ESIM_ROLE_DP_AUTH },
		{ "sgp26-brp/CERT_DPpb.der", ESIM_ROLE_DP_PB },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct esim_buf der = ESIM_BUF_INIT;
		struct esim_error err;
		struct esim_cert cert;

		read_or_skip("REFDATA", files[i].path, &der);
		ATF_REQUIRE_EQ_MSG(0, esim_cert_parse(esim_buf_slice(&der), &cert, &err), "%s: %s",
				   files[i].path, err.message);
		ATF_CHECK_EQ(files[i].role, cert.role);
		esim_buf_free(&der);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, fields_of_each_role_are_read);
	ATF_TP_ADD_TC(tp, signatures_of_every_length_come_out_as_r_and_s);
	ATF_TP_ADD_TC(tp, dates_past_2050_are_read);
	ATF_TP_ADD_TC(tp, truncated_at_every_byte_is_refused);
	ATF_TP_ADD_TC(tp, no_changed_bit_leaves_a_certificate_good);
	ATF_TP_ADD_TC(tp, too_big_is_refused);
	ATF_TP_ADD_TC(tp, other_versions_and_algorithms_are_refused);
	ATF_TP_ADD_TC(tp, key_off_the_curve_is_refused);
	ATF_TP_ADD_TC(tp, impossible_dates_are_refused);
	ATF_TP_ADD_TC(tp, extension_twice_is_refused);
	ATF_TP_ADD_TC(tp, unknown_critical_extension_is_refused);
	ATF_TP_ADD_TC(tp, more_extensions_than_the_limit_are_refused);
	ATF_TP_ADD_TC(tp, malformed_extensions_are_refused);
	ATF_TP_ADD_TC(tp, ambiguous_extensions_are_refused);
	ATF_TP_ADD_TC(tp, subject_serial_number_that_could_mislead_is_refused);
	ATF_TP_ADD_TC(tp, roles_of_version_3_are_known);
	ATF_TP_ADD_TC(tp, certificates_of_the_reference_pki_are_read);
	return atf_no_error();
}
