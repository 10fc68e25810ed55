/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte strings: borrowed slices and owned buffers. */
#include <esim/bytes.h>
#include <esim/error.h>
#include <esim/limits.h>

#include <atf-c.h>
#include <string.h>

ATF_TC_WITHOUT_HEAD(empty_slices_are_equal_whatever_they_point_to);
ATF_TC_BODY(empty_slices_are_equal_whatever_they_point_to, tc)
{
	ATF_CHECK(esim_slice_equal(esim_slice(NULL, 0), esim_slice("x", 0)));
	ATF_CHECK(esim_slice_equal_secret(esim_slice(NULL, 0), esim_slice("x", 0)));
	ATF_CHECK(esim_slice_is(esim_slice("abc", 3), "abc", 3));
	ATF_CHECK(!esim_slice_is(esim_slice("abc", 3), "abd", 3));
	ATF_CHECK(!esim_slice_is(esim_slice("abc", 3), "abc", 2));
	ATF_CHECK(!esim_slice_equal_secret(esim_slice("abc", 3), esim_slice("abd", 3)));
	ATF_CHECK(!esim_slice_equal_secret(esim_slice("abc", 3), esim_slice("ab", 2)));
}

ATF_TC_WITHOUT_HEAD(appends_grow_the_buffer_and_keep_the_contents);
ATF_TC_BODY(appends_grow_the_buffer_and_keep_the_contents, tc)
{
	struct esim_buf buf = ESIM_BUF_INIT;

	for (unsigned i = 0; i < 5000; i++)
		esim_buf_append_byte(&buf, (uint8_t)i);
	esim_buf_append(&buf, NULL, 0);
	esim_buf_append_slice(&buf, esim_slice("end", 3));
	ATF_REQUIRE_EQ(0, esim_buf_failed(&buf));
	ATF_REQUIRE_EQ(5003, buf.len);
	for (unsigned i = 0; i < 5000; i++)
		ATF_REQUIRE_EQ((uint8_t)i, buf.data[i]);
	ATF_CHECK_EQ(0, memcmp(buf.data + 5000, "end", 3));
	esim_buf_free(&buf);
	ATF_CHECK_EQ(NULL, buf.data);
	esim_buf_free(&buf);
	esim_buf_free(NULL);
}

ATF_TC_WITHOUT_HEAD(insert_moves_the_tail);
ATF_TC_BODY(insert_moves_the_tail, tc)
{
	struct esim_buf buf = ESIM_BUF_INIT;

	esim_buf_append(&buf, "adef", 4);
	esim_buf_insert(&buf, 1, "bc", 2);
	esim_buf_insert(&buf, 0, "<", 1);
	esim_buf_insert(&buf, buf.len, ">", 1);
	ATF_CHECK(esim_slice_is(esim_buf_slice(&buf), "<abcdef>", 8));
	esim_buf_free(&buf);
}

ATF_TC_WITHOUT_HEAD(a_limit_holds_and_the_failure_stays);
ATF_TC_BODY(a_limit_holds_and_the_failure_stays, tc)
{
	struct esim_buf buf = ESIM_BUF_INIT_MAX(4);

	esim_buf_append(&buf, "abcd", 4);
	ATF_CHECK_EQ(0, esim_buf_failed(&buf));
	esim_buf_append_byte(&buf, 'e');
	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_buf_failed(&buf));
	ATF_CHECK_EQ(NULL, esim_buf_extend(&buf, 0));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&buf), "abcd", 4));
	esim_buf_insert(&buf, 0, "x", 1);
	ATF_CHECK(esim_slice_is(esim_buf_slice(&buf), "abcd", 4));

	esim_buf_reset(&buf);
	ATF_CHECK_EQ(0, esim_buf_failed(&buf));
	esim_buf_append(&buf, "wxyz", 4);
	ATF_CHECK(esim_slice_is(esim_buf_slice(&buf), "wxyz", 4));
	esim_buf_free(&buf);
	ATF_CHECK_EQ(4, buf.max);
}

ATF_TC_WITHOUT_HEAD(without_a_limit_of_its_own_the_object_limit_holds);
ATF_TC_BODY(without_a_limit_of_its_own_the_object_limit_holds, tc)
{
	struct esim_buf buf = ESIM_BUF_INIT;

	ATF_CHECK_EQ(NULL, esim_buf_extend(&buf, ESIM_MAX_TLV_OBJECT + 1));
	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_buf_failed(&buf));
	esim_buf_free(&buf);
}

ATF_TC_WITHOUT_HEAD(growth_stops_at_the_limit);
ATF_TC_BODY(growth_stops_at_the_limit, tc)
{
	struct esim_buf buf = ESIM_BUF_INIT_MAX(100);

	for (int i = 0; i < 100; i++)
		esim_buf_append_byte(&buf, 'x');
	ATF_CHECK_EQ(0, esim_buf_failed(&buf));
	ATF_CHECK_EQ(100, buf.cap);
	esim_buf_append_byte(&buf, 'x');
	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_buf_failed(&buf));
	esim_buf_free(&buf);
}

ATF_TC_WITHOUT_HEAD(reset_wipes_what_was_there);
ATF_TC_BODY(reset_wipes_what_was_there, tc)
{
	struct esim_buf buf = ESIM_BUF_INIT;
	static const uint8_t zero[6];

	esim_buf_append(&buf, "secret", 6);
	esim_buf_reset(&buf);
	ATF_CHECK_EQ(0, buf.len);
	ATF_CHECK_EQ(0, memcmp(buf.data, zero, sizeof(zero)));
	esim_buf_free(&buf);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, empty_slices_are_equal_whatever_they_point_to);
	ATF_TP_ADD_TC(tp, appends_grow_the_buffer_and_keep_the_contents);
	ATF_TP_ADD_TC(tp, insert_moves_the_tail);
	ATF_TP_ADD_TC(tp, a_limit_holds_and_the_failure_stays);
	ATF_TP_ADD_TC(tp, without_a_limit_of_its_own_the_object_limit_holds);
	ATF_TP_ADD_TC(tp, growth_stops_at_the_limit);
	ATF_TP_ADD_TC(tp, reset_wipes_what_was_there);
	return atf_no_error();
}
