/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modem/common: a command's Le and class byte are what the modem's quirks say, and its data is untouched. */
#include "modem/common/apdu_policy.h"

#include <atf-c.h>
#include <string.h>

#define BYTES(text) esim_slice(text, sizeof(text) - 1)

static void check(const struct quirks *quirks, unsigned channel, struct esim_slice command, struct esim_slice expected)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_error err = { 0 };

	ATF_REQUIRE_EQ_MSG(0, apdu_policy_apply(quirks, channel, command, &out, &err), "%s", err.message);
	ATF_CHECK(esim_slice_equal(expected, esim_buf_slice(&out)));
	esim_buf_free(&out);
}

/* Cases 1 to 4 of ISO/IEC 7816-3. */
#define CASE1 BYTES("\x80\xE2\x11\x00")
#define CASE2 BYTES("\x80\xCA\x00\x5A\x12")
#define CASE3 BYTES("\x80\xE2\x91\x00\x03\xBF\x2D\x00")
#define CASE4 BYTES("\x80\xE2\x91\x00\x03\xBF\x2D\x00\x00")
#define CASE4_LE BYTES("\x80\xE2\x91\x00\x03\xBF\x2D\x00\x10")

ATF_TC_WITHOUT_HEAD(le_is_the_callers_unless_the_modem_differs);
ATF_TC_BODY(le_is_the_callers_unless_the_modem_differs, tc)
{
	const struct quirks plain = { 0 }, always = { .le = QUIRK_LE_ALWAYS }, never = { .le = QUIRK_LE_NEVER };
	const struct quirks *all[] = { &plain, &always, &never };

	for (size_t i = 0; i < 3; i++) {
		check(all[i], 1, CASE1, CASE1);
		check(all[i], 1, CASE2, CASE2);
	}
	check(&plain, 1, CASE3, CASE3);
	check(&plain, 1, CASE4, CASE4);
	check(&always, 1, CASE3, CASE4);
	check(&always, 1, CASE4_LE, CASE4_LE);
	check(&never, 1, CASE3, CASE3);
	check(&never, 1, CASE4, CASE3);
}

ATF_TC_WITHOUT_HEAD(the_channel_is_in_the_class_byte_where_the_modem_leaves_it_out);
ATF_TC_BODY(the_channel_is_in_the_class_byte_where_the_modem_leaves_it_out, tc)
{
	const struct quirks plain = { 0 }, channel = { .cla = QUIRK_CLASS_CHANNEL };
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_error err = { 0 };

	check(&plain, 3, CASE3, CASE3);
	check(&channel, 0, CASE3, CASE3);
	check(&channel, 1, CASE3, BYTES("\x81\xE2\x91\x00\x03\xBF\x2D\x00"));
	check(&channel, 3, CASE2, BYTES("\x83\xCA\x00\x5A\x12"));
	check(&channel, 4, CASE2, BYTES("\xC0\xCA\x00\x5A\x12"));
	check(&channel, 19, BYTES("\x00\xA4\x04\x00"), BYTES("\x4F\xA4\x04\x00"));
	ATF_CHECK_EQ(ESIM_EINVAL, apdu_policy_apply(&channel, 20, CASE3, &out, &err));
	ATF_CHECK_MSG(strstr(err.message, "channel 20"), "%s", err.message);
	ATF_CHECK_EQ(0, out.len);
}

ATF_TC_WITHOUT_HEAD(what_no_channel_of_a_modem_takes_is_refused_here);
ATF_TC_BODY(what_no_channel_of_a_modem_takes_is_refused_here, tc)
{
	const struct quirks plain = { 0 };
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_error err = { 0 };
	uint8_t extended[4 + 3 + 256] = { 0x80, 0xE2, 0x91, 0x00, 0x00, 0x01, 0x00 };

	ATF_CHECK_EQ(ESIM_ETOOBIG, apdu_policy_apply(&plain, 1, esim_slice(extended, sizeof(extended)), &out, &err));
	ATF_CHECK_EQ(ESIM_EINVAL, apdu_policy_apply(&plain, 1, BYTES("\x80\xE2\x91"), &out, &err));
	ATF_CHECK_EQ(ESIM_EINVAL, apdu_policy_apply(&plain, 1, BYTES("\x80\xE2\x91\x00\x03\xBF"), &out, &err));
	ATF_CHECK_EQ(0, out.len);
}

ATF_TC_WITHOUT_HEAD(libesim_is_told_what_the_quirks_mean_for_it);
ATF_TC_BODY(libesim_is_told_what_the_quirks_mean_for_it, tc)
{
	static const struct {
		struct quirks quirks;
		unsigned features, max_data;
	} cases[] = {
		{ { 0 }, ESIM_TRANSPORT_CASE4, 0 },
		{ { .le = QUIRK_LE_ALWAYS, .segment_size = 120 }, ESIM_TRANSPORT_CASE4 | ESIM_TRANSPORT_NEEDS_LE, 120 },
		{ { .le = QUIRK_LE_NEVER }, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct esim_transport_info info = { .features = ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_RESET };

		apdu_policy_describe(&cases[i].quirks, &info);
		ATF_CHECK_EQ(ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_RESET | cases[i].features, info.features);
		ATF_CHECK_EQ(cases[i].max_data, info.max_data);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, le_is_the_callers_unless_the_modem_differs);
	ATF_TP_ADD_TC(tp, the_channel_is_in_the_class_byte_where_the_modem_leaves_it_out);
	ATF_TP_ADD_TC(tp, what_no_channel_of_a_modem_takes_is_refused_here);
	ATF_TP_ADD_TC(tp, libesim_is_told_what_the_quirks_mean_for_it);
	return atf_no_error();
}
