/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DeviceInfo from an IMEI. */
#include <esim/lpa.h>

#include <atf-c.h>
#include <string.h>

ATF_TC_WITHOUT_HEAD(imei_and_tac_are_tbcd);
ATF_TC_BODY(imei_and_tac_are_tbcd, tc)
{
	static const uint8_t imei[8] = { 0x94, 0x10, 0x45, 0x02, 0x23, 0x73, 0x15, 0x8F };
	struct es10b_device_info info;

	ATF_REQUIRE_EQ(0, lpa_device_info_from_imei("490154203237518", &info, NULL));
	ATF_CHECK(info.has_imei);
	ATF_CHECK_EQ(0, memcmp(imei, info.imei, sizeof(imei)));
	ATF_CHECK_EQ(0, memcmp(imei, info.tac, sizeof(info.tac)));
}

ATF_TC_WITHOUT_HEAD(a_missing_check_digit_is_computed);
ATF_TC_BODY(a_missing_check_digit_is_computed, tc)
{
	struct es10b_device_info with, without;

	ATF_REQUIRE_EQ(0, lpa_device_info_from_imei("490154203237518", &with, NULL));
	ATF_REQUIRE_EQ(0, lpa_device_info_from_imei("49015420323751", &without, NULL));
	ATF_CHECK_EQ(0, memcmp(with.imei, without.imei, sizeof(with.imei)));
}

ATF_TC_WITHOUT_HEAD(nothing_is_made_up_of_the_device);
ATF_TC_BODY(nothing_is_made_up_of_the_device, tc)
{
	static const struct es10b_device_capabilities none;
	struct es10b_device_info info;

	memset(&info, 0xFF, sizeof(info));
	ATF_REQUIRE_EQ(0, lpa_device_info_from_imei("490154203237518", &info, NULL));
	ATF_CHECK_EQ(0, memcmp(&info.capabilities, &none, sizeof(none)));
}

ATF_TC_WITHOUT_HEAD(what_is_no_imei_is_refused);
ATF_TC_BODY(what_is_no_imei_is_refused, tc)
{
	static const char *const bad[] = {
		"", "490154203237517", "4901542032375", "4901542032375189", "49015420323751X",
		"-90154203237518", " 490154203237518",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct es10b_device_info info = { .tac = { 1 } };
		struct esim_error err;

		ATF_CHECK_EQ_MSG(ESIM_EINVAL, lpa_device_info_from_imei(bad[i], &info, &err), "%s",
				 bad[i]);
		ATF_CHECK_EQ(1, info.tac[0]);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, imei_and_tac_are_tbcd);
	ATF_TP_ADD_TC(tp, a_missing_check_digit_is_computed);
	ATF_TP_ADD_TC(tp, nothing_is_made_up_of_the_device);
	ATF_TP_ADD_TC(tp, what_is_no_imei_is_refused);
	return atf_no_error();
}
