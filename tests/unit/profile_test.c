/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The profile package builder, and what a server reads from a package. */
#include "rsp/file.h"
#include "rsp/profile.h"

#include <esim/asn1.h>
#include <esim/tlv.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct rsp_profile sample = {
	.iccid = "8944476500001224158", .imsi = "001010123456789", .k = { 1 }, .opc = { 2 },
};

static void build(const struct rsp_profile *profile, struct esim_buf *out)
{
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(0, rsp_profile_build(profile, out, &err), "%s", err.message);
}

/* The @nth element with @tag, from 0. */
static struct esim_tlv element(const struct esim_buf *package, uint32_t tag, int nth)
{
	struct esim_slice rest = esim_buf_slice(package);
	struct esim_tlv tlv;

	while (esim_tlv_next(&rest, &tlv) == 1)
		if (tlv.tag == tag && nth-- == 0)
			return tlv;
	atf_tc_fail("no element %X", tag);
}

/* Contents of a file in an element, taken from its one 83. */
static struct esim_slice contents(struct esim_tlv element_tlv, uint32_t file)
{
	struct esim_tlv tlv;

	ATF_REQUIRE_EQ(1, esim_tlv_find(element_tlv.value, file, &tlv));
	ATF_REQUIRE_EQ(1, esim_tlv_find(tlv.value, 0x83, &tlv));
	return tlv.value;
}

ATF_TC_WITHOUT_HEAD(every_element_fits_its_schema);
ATF_TC_BODY(every_element_fits_its_schema, tc)
{
	static const struct {
		uint32_t tag;
		const char *type;
	} types[] = {
		{ 0xA0, "ProfileHeader" }, { 0xB0, "PE-MF" }, { 0xA3, "PE-PUKCodes" }, { 0xA2, "PE-PINCodes" },
		{ 0xB3, "PE-USIM" }, { 0xA4, "PE-AKAParameter" }, { 0xA6, "PE-SecurityDomain" },
		{ 0xA1, "PE-GenericFileManagement" }, { 0xAA, "PE-End" },
	};
	struct rsp_profile profile = sample;
	struct esim_buf package = ESIM_BUF_INIT;
	struct esim_asn1 *object;
	struct esim_error err;

	(void)tc;
	profile.size = 20000;
	build(&profile, &package);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		object = NULL;
		ATF_CHECK_EQ_MSG(0, esim_asn1_decode(types[i].type, element(&package, types[i].tag, 0).whole,
						     &object, &err), "%s: %s", types[i].type, err.message);
		esim_asn1_free(&object);
	}
	esim_buf_free(&package);
}

ATF_TC_WITHOUT_HEAD(the_header_holds_the_iccid_unswapped);
ATF_TC_BODY(the_header_holds_the_iccid_unswapped, tc)
{
	struct esim_buf package = ESIM_BUF_INIT;
	struct rsp_profile_header header;
	struct esim_error err;
	struct esim_tlv tlv;
	char digits[ESIM_ICCID_DIGITS + 1];

	(void)tc;
	build(&sample, &package);
	ATF_REQUIRE_EQ(1, esim_tlv_find(element(&package, 0xA0, 0).value, 0x83, &tlv));
	ATF_CHECK(esim_slice_is(tlv.value, "\x89\x44\x47\x65\x00\x00\x12\x24\x15\x8F", 10));
	ATF_CHECK(esim_slice_is(contents(element(&package, 0xB0, 0), 0xA4),
				"\x98\x44\x74\x56\x00\x00\x21\x42\x51\xF8", 10));
	ATF_REQUIRE_EQ(0, rsp_profile_header(esim_buf_slice(&package), &header, &err));
	ATF_REQUIRE_EQ(0, esim_iccid_format(&header.iccid, digits));
	ATF_CHECK_STREQ("8944476500001224158", digits);
	ATF_CHECK_STREQ("CoreESIM test", header.type);
	esim_buf_free(&package);
}

static void require_imsi(const char *imsi, const char *bytes)
{
	struct rsp_profile profile = sample;
	struct esim_buf package = ESIM_BUF_INIT;

	profile.imsi = imsi;
	build(&profile, &package);
	ATF_CHECK_MSG(esim_slice_is(contents(element(&package, 0xB3, 0), 0xA3), bytes, 9), "%s", imsi);
	esim_buf_free(&package);
}

ATF_TC_WITHOUT_HEAD(imsis_of_odd_and_even_length_are_coded);
ATF_TC_BODY(imsis_of_odd_and_even_length_are_coded, tc)
{
	(void)tc;
	require_imsi("001010123456789", "\x08\x09\x10\x10\x10\x32\x54\x76\x98");
	require_imsi("00101012345678", "\x08\x01\x10\x10\x10\x32\x54\x76\xF8");
	require_imsi("001011", "\x04\x01\x10\x10\xF1\xFF\xFF\xFF\xFF");
}

ATF_TC_WITHOUT_HEAD(packages_grow_to_the_size_asked_for);
ATF_TC_BODY(packages_grow_to_the_size_asked_for, tc)
{
	static const size_t sizes[] = { 4000, 30000, 300000 };
	struct rsp_profile profile = sample;

	(void)tc;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct esim_buf package = ESIM_BUF_INIT;

		profile.size = sizes[i];
		build(&profile, &package);
		ATF_CHECK_MSG(package.len >= sizes[i] && package.len < sizes[i] + 200, "%zu for %zu",
			      package.len, sizes[i]);
		esim_buf_free(&package);
	}
}

ATF_TC_WITHOUT_HEAD(wrong_digits_are_refused);
ATF_TC_BODY(wrong_digits_are_refused, tc)
{
	static const struct rsp_profile bad[] = {
		{ .iccid = "12345", .imsi = "001010123456789" },
		{ .iccid = "8944476500001224158", .imsi = "00101" },
		{ .iccid = "8944476500001224158", .imsi = "00101012345678x" },
		{ .iccid = "8944476500001224158", .imsi = "0010101234567890" },
		{ .iccid = "8944476500001224158", .imsi = "001010123456789", .type = "" },
	};
	struct esim_buf package = ESIM_BUF_INIT;
	struct esim_error err;

	(void)tc;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ(ESIM_EINVAL, rsp_profile_build(&bad[i], &package, &err));
	ATF_CHECK_EQ(0, package.len);
	esim_buf_free(&package);
}

ATF_TC_WITHOUT_HEAD(foreign_packages_have_a_readable_header);
ATF_TC_BODY(foreign_packages_have_a_readable_header, tc)
{
	const char *refdata = getenv("REFDATA");
	struct esim_buf package = ESIM_BUF_INIT;
	struct rsp_profile_header header;
	char path[4096], digits[ESIM_ICCID_DIGITS + 1];
	struct esim_error err;

	(void)tc;
	snprintf(path, sizeof(path), "%s/upp/TS48v1_A.der", refdata ? refdata : "");
	if (!refdata || access(path, R_OK) < 0)
		atf_tc_skip("reference data is absent (REFDATA)");
	ATF_REQUIRE_EQ(0, rsp_file_read(path, 100000, &package, &err));
	ATF_REQUIRE_EQ(0, rsp_profile_header(esim_buf_slice(&package), &header, &err));
	ATF_REQUIRE_EQ(0, esim_iccid_format(&header.iccid, digits));
	ATF_CHECK_STREQ("89000123456789012341", digits);
	esim_buf_free(&package);
}

ATF_TC_WITHOUT_HEAD(what_is_no_package_is_refused);
ATF_TC_BODY(what_is_no_package_is_refused, tc)
{
	struct esim_buf package = ESIM_BUF_INIT;
	struct rsp_profile_header header;
	struct esim_error err;

	(void)tc;
	build(&sample, &package);
	for (size_t len = 0; len < element(&package, 0xA0, 0).whole.len; len++)
		ATF_CHECK_EQ(ESIM_EPROTO, rsp_profile_header(esim_slice(package.data, len), &header, &err));
	ATF_CHECK_EQ(ESIM_EPROTO, rsp_profile_header(element(&package, 0xB0, 0).whole, &header, &err));
	esim_buf_free(&package);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_element_fits_its_schema);
	ATF_TP_ADD_TC(tp, the_header_holds_the_iccid_unswapped);
	ATF_TP_ADD_TC(tp, imsis_of_odd_and_even_length_are_coded);
	ATF_TP_ADD_TC(tp, packages_grow_to_the_size_asked_for);
	ATF_TP_ADD_TC(tp, wrong_digits_are_refused);
	ATF_TP_ADD_TC(tp, foreign_packages_have_a_readable_header);
	ATF_TP_ADD_TC(tp, what_is_no_package_is_refused);
	return atf_no_error();
}
