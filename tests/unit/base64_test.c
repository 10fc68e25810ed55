/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64: RFC 4648's vectors, and every leniency that two readers could judge differently. */
#include <esim/base64.h>
#include <esim/error.h>

#include <atf-c.h>
#include <string.h>

static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" },	      { "f", "Zg==" },	       { "fo", "Zm8=" },	 { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	{ "\xFB\xEF\xBE\xFF", "++++/w==" },
};

ATF_TC_WITHOUT_HEAD(vectors_go_both_ways);
ATF_TC_BODY(vectors_go_both_ways, tc)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct esim_buf text = ESIM_BUF_INIT, bytes = ESIM_BUF_INIT;

		esim_base64_encode(esim_slice(vectors[i].bytes, strlen(vectors[i].bytes)), &text);
		ATF_REQUIRE_EQ(0, esim_buf_failed(&text));
		ATF_REQUIRE(esim_slice_is(esim_buf_slice(&text), vectors[i].text, strlen(vectors[i].text)));
		ATF_REQUIRE_EQ(0, esim_base64_decode(vectors[i].text, strlen(vectors[i].text), &bytes));
		ATF_REQUIRE(esim_slice_is(esim_buf_slice(&bytes), vectors[i].bytes,
					  strlen(vectors[i].bytes)));
		esim_buf_free(&text);
		esim_buf_free(&bytes);
	}
}

ATF_TC_WITHOUT_HEAD(every_length_comes_back);
ATF_TC_BODY(every_length_comes_back, tc)
{
	uint8_t data[300];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37);
	for (size_t len = 0; len <= sizeof(data); len++) {
		struct esim_buf text = ESIM_BUF_INIT, bytes = ESIM_BUF_INIT;

		esim_buf_append(&text, "kept", 4);
		esim_base64_encode(esim_slice(data, len), &text);
		ATF_REQUIRE_EQ(4 + (len + 2) / 3 * 4, text.len);
		ATF_REQUIRE_EQ(0, esim_base64_decode((char *)text.data + 4, text.len - 4, &bytes));
		ATF_REQUIRE(esim_slice_is(esim_buf_slice(&bytes), data, len));
		esim_buf_free(&text);
		esim_buf_free(&bytes);
	}
}

ATF_TC_WITHOUT_HEAD(anything_but_canonical_text_is_refused);
ATF_TC_BODY(anything_but_canonical_text_is_refused, tc)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zm8", "Zg===", "Zm9vYg", "=", "==", "====", "Z===", "=Zg=", "Zg=A",
		"Zm9v\n", "Zm9\n", "\nZm9", "Zm 9", "Zm9vZm9v\r\n\r\n", "Zm9-", "Zm9_", "Zm9\xC3", "Zh==", "Zm9=", "Zg==Zg==",
		"Zg==Zm9v",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct esim_buf bytes = ESIM_BUF_INIT;

		esim_buf_append(&bytes, "kept", 4);
		ATF_REQUIRE_EQ_MSG(ESIM_EPROTO, esim_base64_decode(bad[i], strlen(bad[i]), &bytes), "%s",
				   bad[i]);
		ATF_REQUIRE(esim_slice_is(esim_buf_slice(&bytes), "kept", 4));
		esim_buf_free(&bytes);
	}
}

ATF_TC_WITHOUT_HEAD(a_zero_byte_ends_nothing);
ATF_TC_BODY(a_zero_byte_ends_nothing, tc)
{
	struct esim_buf bytes = ESIM_BUF_INIT;

	ATF_REQUIRE_EQ(ESIM_EPROTO, esim_base64_decode("Zm9v\0AAA", 8, &bytes));
	esim_buf_free(&bytes);
}

ATF_TC_WITHOUT_HEAD(the_buffers_limit_holds);
ATF_TC_BODY(the_buffers_limit_holds, tc)
{
	struct esim_buf bytes = ESIM_BUF_INIT_MAX(5), text = ESIM_BUF_INIT_MAX(5);

	ATF_REQUIRE_EQ(ESIM_ETOOBIG, esim_base64_decode("Zm9vYmFy", 8, &bytes));
	esim_base64_encode(esim_slice("foobar", 6), &text);
	ATF_REQUIRE_EQ(ESIM_ETOOBIG, esim_buf_failed(&text));
	esim_buf_free(&bytes);
	esim_buf_free(&text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, vectors_go_both_ways);
	ATF_TP_ADD_TC(tp, every_length_comes_back);
	ATF_TP_ADD_TC(tp, anything_but_canonical_text_is_refused);
	ATF_TP_ADD_TC(tp, a_zero_byte_ends_nothing);
	ATF_TP_ADD_TC(tp, the_buffers_limit_holds);
	return atf_no_error();
}
