/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting a bound profile package: order, slices without a gap, what is refused. */
#include "bpp_segments.h"

#include "es10_answers.h"
#include "scripted.h"

#include <esim/tlv.h>

#include <atf-c.h>

static struct esim_error err;

/* A sequence with @count children of @child, @size bytes each. */
static void put_part(struct esim_buf *bpp, uint32_t tag, uint32_t child, size_t count, size_t size)
{
	static const uint8_t zeros[2048];
	size_t mark = esim_tlv_begin(bpp, tag);

	for (size_t i = 0; i < count; i++)
		esim_tlv_put(bpp, child, zeros, size);
	esim_tlv_end(bpp, mark);
}

/* A package by a word: one letter for each item in order. */
static struct esim_buf package(const char *items)
{
	struct esim_buf bpp = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&bpp, 0xBF36);

	for (; *items; items++)
		switch (*items) {
		case 's': put_part(&bpp, 0xBF23, 0x82, 1, 1); break;	/* secure channel */
		case '0': put_part(&bpp, 0xA0, 0x87, 1, 24); break;
		case '1': put_part(&bpp, 0xA1, 0x88, 2, 100); break;
		case '2': put_part(&bpp, 0xA2, 0x87, 1, 64); break;
		case '3': put_part(&bpp, 0xA3, 0x86, 3, 1016); break;
		case 'e': put_part(&bpp, 0xA3, 0x86, 0, 0); break;	/* empty */
		case 'w': put_part(&bpp, 0xA1, 0x86, 1, 8); break;	/* wrong child */
		case 'L': put_part(&bpp, 0xA3, 0x86, 2, 1032); break;	/* longer than the rule */
		case 'm': put_part(&bpp, 0xA0, 0x87, 3, 24); break;	/* more than one 87 */
		case 'x': put_part(&bpp, 0xA7, 0x87, 1, 4); break;	/* unknown */
		}
	esim_tlv_end(&bpp, mark);
	return bpp;
}

/* Segments follow one another and are the whole package. */
static void check_whole(struct esim_slice bpp, const struct bpp_segments *segments)
{
	const uint8_t *at = bpp.data;

	for (size_t i = 0; i < segments->count; i++) {
		ATF_CHECK(segments->items[i].data == at);
		at += segments->items[i].len;
	}
	ATF_CHECK(at == bpp.data + bpp.len);
}

ATF_TC_WITHOUT_HEAD(segments_are_the_package_without_a_gap);
ATF_TC_BODY(segments_are_the_package_without_a_gap, tc)
{
	static const struct {
		const char *items;
		size_t count;
		size_t lengths[10];
	} cases[] = {
		/* 3096 bytes of the whole package: BF36 82 xxxx, BF23 03 82 01 00. */
		{ "s013", 8, { 5 + 6, 2 + 26, 3, 102, 102, 4, 1020, 1020 } },
		{ "s0123", 9, { 5 + 6, 2 + 26, 3, 102, 102, 2 + 66, 4, 1020, 1020 } },
		{ "s01L", 8, { 5 + 6, 2 + 26, 3, 102, 102, 4, 1036, 1036 } },
		{ "sm13", 10, { 5 + 6, 2 + 26, 26, 26, 3, 102, 102, 4, 1020, 1020 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct esim_buf bpp = package(cases[i].items);
		struct bpp_segments segments;
		size_t more = strchr(cases[i].items, '3') ? 1 : 0;

		ATF_REQUIRE_EQ_MSG(bpp_segments_cut(esim_buf_slice(&bpp), &segments, &err), 0, "%s: %s",
				   cases[i].items, err.message);
		ATF_CHECK_EQ_MSG(segments.count, cases[i].count + more, "%s: %zu", cases[i].items,
				 segments.count);
		for (size_t j = 0; j < cases[i].count; j++)
			ATF_CHECK_EQ_MSG(segments.items[j].len, cases[i].lengths[j], "%s, %zu: %zu",
					 cases[i].items, j, segments.items[j].len);
		check_whole(esim_buf_slice(&bpp), &segments);
		bpp_segments_free(&segments);
		ATF_CHECK(segments.items == NULL);
		esim_buf_free(&bpp);
	}
}

ATF_TC_WITHOUT_HEAD(what_is_missing_doubled_or_out_of_place_is_refused);
ATF_TC_BODY(what_is_missing_doubled_or_out_of_place_is_refused, tc)
{
	static const struct {
		const char *items, *message;
	} bad[] = {
		{ "", "BF23" }, { "013", "BF23" }, { "s", "firstSequenceOf87" }, { "s0", "sequenceOf88" },
		{ "s01", "sequenceOf86" }, { "s012", "sequenceOf86" }, { "s13", "firstSequenceOf87" },
		{ "s03", "sequenceOf88" }, { "s0133", "its end" }, { "s0113", "sequenceOf86" },
		{ "s1013", "firstSequenceOf87" }, { "s0213", "sequenceOf88" }, { "s01e", "empty" },
		{ "s0w3", "holds tag 86" }, { "s013x", "its end" }, { "ss013", "firstSequenceOf87" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct esim_buf bpp = package(bad[i].items);
		struct bpp_segments segments = { .count = 99 };

		ATF_CHECK_EQ_MSG(bpp_segments_cut(esim_buf_slice(&bpp), &segments, &err), ESIM_EPROTO,
				 "%s", bad[i].items);
		ATF_CHECK_MSG(strstr(err.message, bad[i].message) != NULL, "%s: %s", bad[i].items,
			      err.message);
		ATF_CHECK_EQ(segments.count, 99);
		esim_buf_free(&bpp);
	}
}

ATF_TC_WITHOUT_HEAD(a_package_cut_at_any_byte_is_refused);
ATF_TC_BODY(a_package_cut_at_any_byte_is_refused, tc)
{
	struct esim_buf bpp = ESIM_BUF_INIT;
	struct bpp_segments segments;

	scripted_put_hex(&bpp, BOUND_PROFILE_PACKAGE);
	for (size_t len = 0; len < bpp.len; len++) {
		uint8_t *cut = malloc(len + 1);

		memcpy(cut, bpp.data, len);
		ATF_CHECK_EQ(bpp_segments_cut(esim_slice(cut, len), &segments, &err), ESIM_EPROTO);
		free(cut);
	}
	esim_buf_append_byte(&bpp, 0);
	ATF_CHECK_EQ(bpp_segments_cut(esim_buf_slice(&bpp), &segments, &err), ESIM_EPROTO);
	esim_buf_free(&bpp);
}

ATF_TC_WITHOUT_HEAD(limits_of_size_and_number_hold);
ATF_TC_BODY(limits_of_size_and_number_hold, tc)
{
	static uint8_t huge[ESIM_MAX_BPP + 1];
	struct esim_buf bpp = ESIM_BUF_INIT;
	struct bpp_segments segments;
	size_t mark;

	ATF_CHECK_EQ(bpp_segments_cut(esim_slice(huge, sizeof(huge)), &segments, &err), ESIM_ETOOBIG);
	mark = esim_tlv_begin(&bpp, 0xBF36);
	put_part(&bpp, 0xBF23, 0x82, 1, 1);
	put_part(&bpp, 0xA0, 0x87, 1, 24);
	put_part(&bpp, 0xA1, 0x88, 1, 24);
	put_part(&bpp, 0xA3, 0x86, ESIM_MAX_BPP_SEGMENTS, 1);
	esim_tlv_end(&bpp, mark);
	ATF_CHECK_EQ(bpp_segments_cut(esim_buf_slice(&bpp), &segments, &err), ESIM_ETOOBIG);
	esim_buf_free(&bpp);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, segments_are_the_package_without_a_gap);
	ATF_TP_ADD_TC(tp, what_is_missing_doubled_or_out_of_place_is_refused);
	ATF_TP_ADD_TC(tp, a_package_cut_at_any_byte_is_refused);
	ATF_TP_ADD_TC(tp, limits_of_size_and_number_hold);
	return atf_no_error();
}
