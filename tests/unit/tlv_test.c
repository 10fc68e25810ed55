/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strict TLV reader and the writer. */
#include <esim/hex.h>
#include <esim/limits.h>
#include <esim/tlv.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

static struct esim_slice bytes(const char *hex)
{
	static uint8_t store[4][1024];
	static unsigned turn;
	uint8_t *to = store[turn++ % 4];
	size_t len;

	ATF_REQUIRE_EQ(0, esim_hex_decode(hex, to, sizeof(store[0]), &len));
	return esim_slice(to, len);
}

ATF_TC_WITHOUT_HEAD(reads_one_two_and_three_byte_tags);
ATF_TC_BODY(reads_one_two_and_three_byte_tags, tc)
{
	static const struct {
		const char *hex;
		uint32_t tag;
		size_t value;
	} good[] = {
		{ "3000", 0x30, 0 }, { "800101", 0x80, 1 }, { "5F370100", 0x5F37, 1 },
		{ "BF2200", 0xBF22, 0 }, { "9F7001FF", 0x9F70, 1 }, { "BF810100", 0xBF8101, 0 },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct esim_slice in = bytes(good[i].hex), start = in;
		struct esim_tlv tlv;

		ATF_CHECK_EQ(1, esim_tlv_next(&in, &tlv));
		ATF_CHECK_EQ(good[i].tag, tlv.tag);
		ATF_CHECK_EQ(good[i].value, tlv.value.len);
		ATF_CHECK_EQ(start.data, tlv.whole.data);
		ATF_CHECK_EQ(start.len, tlv.whole.len);
		ATF_CHECK_EQ(0, in.len);
		ATF_CHECK_EQ(0, esim_tlv_next(&in, &tlv));
	}
}

ATF_TC_WITHOUT_HEAD(refuses_bad_tags_and_lengths_and_leaves_the_input);
ATF_TC_BODY(refuses_bad_tags_and_lengths_and_leaves_the_input, tc)
{
	static const char *const bad[] = {
		"30",		/* no length */
		"0000",		/* tag zero: end of contents, not DER */
		"3080",		/* indefinite */
		"30800000",
		"30817F",	/* cut short */
		"308101FF",	/* long form not needed */
		"308200FF",	/* leading zero */
		"30850000000001",	/* five bytes of length */
		"3084FFFFFFFF",	/* announces 4 GiB */
		"3003FFFF",	/* value cut short */
		"1F0000",	/* long form for a small number */
		"1F1E00",
		"1F800100",	/* leading zero septet */
		"1F81828300",	/* four bytes of tag */
		"BF",		/* tag cut short */
		"BF81",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct esim_slice in = bytes(bad[i]), before = in;
		struct esim_tlv tlv = { .tag = 0xAA };

		ATF_CHECK_EQ_MSG(ESIM_EPROTO, esim_tlv_next(&in, &tlv), "%s", bad[i]);
		ATF_CHECK_EQ(before.data, in.data);
		ATF_CHECK_EQ(before.len, in.len);
		ATF_CHECK_EQ(0xAA, tlv.tag);
	}
}

/* The value is all there, so that nothing but the length's form is wrong. */
ATF_TC_WITHOUT_HEAD(refuses_a_length_with_leading_zeros);
ATF_TC_BODY(refuses_a_length_with_leading_zeros, tc)
{
	uint8_t raw[4 + 128] = { 0x04, 0x82, 0x00, 0x80 };
	struct esim_slice in = esim_slice(raw, 4 + 128);
	struct esim_tlv tlv;

	ATF_CHECK_EQ(ESIM_EPROTO, esim_tlv_next(&in, &tlv));
	raw[1] = 0x81;
	raw[2] = 0x80;
	in = esim_slice(raw, 3 + 128);
	ATF_CHECK_EQ(1, esim_tlv_next(&in, &tlv));
}

ATF_TC_WITHOUT_HEAD(header_tells_the_length_of_what_has_not_come_yet);
ATF_TC_BODY(header_tells_the_length_of_what_has_not_come_yet, tc)
{
	uint32_t tag;
	size_t header, value;

	ATF_CHECK_EQ(0, esim_tlv_header(bytes("BF368230FA"), &tag, &header, &value));
	ATF_CHECK_EQ(0xBF36, tag);
	ATF_CHECK_EQ(5, header);
	ATF_CHECK_EQ(0x30FA, value);
	ATF_CHECK_EQ(ESIM_EPROTO, esim_tlv_header(bytes("BF3682"), &tag, &header, &value));
}

ATF_TC_WITHOUT_HEAD(check_names_the_object_and_the_offset);
ATF_TC_BODY(check_names_the_object_and_the_offset, tc)
{
	struct esim_error err;
	struct esim_tlv tlv;

	ATF_CHECK_EQ(0, esim_tlv_check(bytes("BF2E058003010203"), "answer", &tlv, &err));
	ATF_CHECK_EQ(0xBF2E, tlv.tag);

	ATF_CHECK_EQ(ESIM_EPROTO, esim_tlv_check(bytes("A006800101810301"), "answer", &tlv, &err));
	ATF_CHECK_STREQ("answer is malformed at byte 5 of 8", err.message);
	ATF_CHECK_EQ(ESIM_EPROTO, esim_tlv_check(bytes("80010100"), "answer", &tlv, &err));
	ATF_CHECK_STREQ("answer is followed by 1 bytes too many", err.message);
	ATF_CHECK_EQ(ESIM_EPROTO, esim_tlv_check(esim_slice(NULL, 0), "answer", &tlv, &err));
	ATF_CHECK_STREQ("answer is empty", err.message);
	ATF_CHECK_EQ(ESIM_EPROTO, esim_tlv_check(bytes("8002"), "answer", &tlv, &err));
	/* A primitive's value is not looked into. */
	ATF_CHECK_EQ(0, esim_tlv_check(bytes("8002FFFF"), "answer", &tlv, NULL));
}

ATF_TC_WITHOUT_HEAD(check_refuses_any_truncation);
ATF_TC_BODY(check_refuses_any_truncation, tc)
{
	struct esim_slice whole = bytes("BF2F12800105810206400C0573657276655F2701AA");
	struct esim_tlv tlv;

	ATF_REQUIRE_EQ(0, esim_tlv_check(whole, "x", &tlv, NULL));
	for (size_t len = 0; len < whole.len; len++)
		ATF_CHECK_EQ(ESIM_EPROTO,
			     esim_tlv_check(esim_slice(whole.data, len), "x", &tlv, NULL));
}

ATF_TC_WITHOUT_HEAD(check_bounds_depth_and_size);
ATF_TC_BODY(check_bounds_depth_and_size, tc)
{
	struct esim_buf nest = ESIM_BUF_INIT, big = ESIM_BUF_INIT_MAX(2 * ESIM_MAX_TLV_OBJECT);
	size_t marks[ESIM_MAX_TLV_DEPTH + 2];
	struct esim_tlv tlv;

	for (unsigned depth = ESIM_MAX_TLV_DEPTH; depth <= ESIM_MAX_TLV_DEPTH + 1; depth++) {
		esim_buf_reset(&nest);
		for (unsigned i = 0; i < depth; i++)
			marks[i] = esim_tlv_begin(&nest, 0x30);
		esim_tlv_put(&nest, 0x05, NULL, 0);
		for (unsigned i = depth; i-- > 0;)
			esim_tlv_end(&nest, marks[i]);
		ATF_CHECK_EQ(depth > ESIM_MAX_TLV_DEPTH ? ESIM_EPROTO : 0,
			     esim_tlv_check(esim_buf_slice(&nest), "nest", &tlv, NULL));
	}
	esim_buf_free(&nest);

	esim_tlv_put_header(&big, 0x04, ESIM_MAX_TLV_OBJECT);
	memset(esim_buf_extend(&big, ESIM_MAX_TLV_OBJECT), 0, ESIM_MAX_TLV_OBJECT);
	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_tlv_check(esim_buf_slice(&big), "big", &tlv, NULL));
	esim_buf_free(&big);
}

ATF_TC_WITHOUT_HEAD(find_gives_the_first_and_sees_a_fault_before_it);
ATF_TC_BODY(find_gives_the_first_and_sees_a_fault_before_it, tc)
{
	struct esim_tlv tlv = { 0 };

	ATF_CHECK_EQ(1, esim_tlv_find(bytes("8001018101028101FF"), 0x81, &tlv));
	ATF_CHECK_EQ(0x02, tlv.value.data[0]);
	ATF_CHECK_EQ(0, esim_tlv_find(bytes("800101"), 0x81, &tlv));
	ATF_CHECK_EQ(ESIM_EPROTO, esim_tlv_find(bytes("8001018105"), 0x81, &tlv));
}

ATF_TC_WITHOUT_HEAD(constructed_is_bit_six_of_the_first_byte);
ATF_TC_BODY(constructed_is_bit_six_of_the_first_byte, tc)
{
	ATF_CHECK(esim_tlv_constructed(0x30));
	ATF_CHECK(esim_tlv_constructed(0xBF22));
	ATF_CHECK(esim_tlv_constructed(0xE3));
	ATF_CHECK(!esim_tlv_constructed(0x5F37));
	ATF_CHECK(!esim_tlv_constructed(0x9F70));
	ATF_CHECK(!esim_tlv_constructed(0x04));
}

static void check_written(struct esim_buf *buf, const char *hex)
{
	struct esim_slice want = bytes(hex);

	ATF_CHECK_EQ(0, esim_buf_failed(buf));
	ATF_CHECK(esim_slice_equal(want, esim_buf_slice(buf)));
	esim_buf_reset(buf);
}

ATF_TC_WITHOUT_HEAD(writes_minimal_lengths_and_integers);
ATF_TC_BODY(writes_minimal_lengths_and_integers, tc)
{
	struct esim_buf buf = ESIM_BUF_INIT;

	esim_tlv_put_uint(&buf, 0x80, 0);
	check_written(&buf, "800100");
	esim_tlv_put_uint(&buf, 0x80, 127);
	check_written(&buf, "80017F");
	esim_tlv_put_uint(&buf, 0x80, 128);
	check_written(&buf, "80020080");
	esim_tlv_put_uint(&buf, 0x80, UINT64_MAX);
	check_written(&buf, "800900FFFFFFFFFFFFFFFF");
	esim_tlv_put_text(&buf, 0x0C, "abc");
	check_written(&buf, "0C03616263");
	esim_tlv_put_header(&buf, 0xBF36, 127);
	check_written(&buf, "BF367F");
	esim_tlv_put_header(&buf, 0x86, 128);
	check_written(&buf, "868180");
	esim_tlv_put_header(&buf, 0x86, 256);
	check_written(&buf, "86820100");
	esim_tlv_put_header(&buf, 0x86, 65536);
	check_written(&buf, "8683010000");
	esim_buf_free(&buf);
}

ATF_TC_WITHOUT_HEAD(nesting_fills_in_the_lengths);
ATF_TC_BODY(nesting_fills_in_the_lengths, tc)
{
	struct esim_buf buf = ESIM_BUF_INIT;
	size_t outer = esim_tlv_begin(&buf, 0xBF2D), inner = esim_tlv_begin(&buf, 0xA0);
	uint8_t filler[200] = { 0 };
	struct esim_tlv tlv;

	esim_tlv_put_slice(&buf, 0x5A, bytes("0102"));
	esim_tlv_put(&buf, 0x04, filler, sizeof(filler));
	esim_tlv_end(&buf, inner);
	esim_tlv_end(&buf, outer);
	ATF_CHECK_EQ(0, esim_tlv_check(esim_buf_slice(&buf), "nested", &tlv, NULL));
	ATF_CHECK_EQ(0xBF2D, tlv.tag);
	ATF_CHECK_EQ(3 + 4 + 3 + 200, tlv.value.len);
	esim_buf_free(&buf);
}

ATF_TC_WITHOUT_HEAD(writing_keeps_the_first_failure);
ATF_TC_BODY(writing_keeps_the_first_failure, tc)
{
	struct esim_buf buf = ESIM_BUF_INIT_MAX(8);
	size_t mark = esim_tlv_begin(&buf, 0x30);

	esim_tlv_put_text(&buf, 0x0C, "longer than eight");
	esim_tlv_end(&buf, mark);
	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_buf_failed(&buf));
	esim_buf_free(&buf);
}

ATF_TC_WITHOUT_HEAD(uint_takes_minimal_non_negative_numbers_alone);
ATF_TC_BODY(uint_takes_minimal_non_negative_numbers_alone, tc)
{
	static const char *const bad[] = { "", "80", "FF", "0001", "010000000000000000",
					   "00FFFFFFFFFFFFFFFFFF" };
	uint64_t value = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EPROTO, esim_tlv_uint(bytes(bad[i]), &value), "%s", bad[i]);
	ATF_CHECK_EQ(7, value);
	ATF_CHECK_EQ(0, esim_tlv_uint(bytes("00"), &value));
	ATF_CHECK_EQ(0, value);
	ATF_CHECK_EQ(0, esim_tlv_uint(bytes("0080"), &value));
	ATF_CHECK_EQ(128, value);
	ATF_CHECK_EQ(0, esim_tlv_uint(bytes("00FFFFFFFFFFFFFFFF"), &value));
	ATF_CHECK_EQ(UINT64_MAX, value);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, reads_one_two_and_three_byte_tags);
	ATF_TP_ADD_TC(tp, refuses_bad_tags_and_lengths_and_leaves_the_input);
	ATF_TP_ADD_TC(tp, refuses_a_length_with_leading_zeros);
	ATF_TP_ADD_TC(tp, header_tells_the_length_of_what_has_not_come_yet);
	ATF_TP_ADD_TC(tp, check_names_the_object_and_the_offset);
	ATF_TP_ADD_TC(tp, check_refuses_any_truncation);
	ATF_TP_ADD_TC(tp, check_bounds_depth_and_size);
	ATF_TP_ADD_TC(tp, find_gives_the_first_and_sees_a_fault_before_it);
	ATF_TP_ADD_TC(tp, constructed_is_bit_six_of_the_first_byte);
	ATF_TP_ADD_TC(tp, writes_minimal_lengths_and_integers);
	ATF_TP_ADD_TC(tp, nesting_fills_in_the_lengths);
	ATF_TP_ADD_TC(tp, writing_keeps_the_first_failure);
	ATF_TP_ADD_TC(tp, uint_takes_minimal_non_negative_numbers_alone);
	return atf_no_error();
}
