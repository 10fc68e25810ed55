/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modem/common: what follows a scheme means one port, or is refused by a sentence that says why. */
#include "modem/common/address.h"

#include <atf-c.h>
#include <string.h>

ATF_TC_WITHOUT_HEAD(a_port_may_have_a_slot_and_qrtr_a_node);
ATF_TC_BODY(a_port_may_have_a_slot_and_qrtr_a_node, tc)
{
	static const struct {
		const char *rest;
		struct modem_address expected;
	} good[] = {
		{ "/dev/cdc-wdm0", { .path = "/dev/cdc-wdm0" } },
		{ "/dev/cdc-wdm0?slot=1", { .path = "/dev/cdc-wdm0", .slot = 1 } },
		{ "/dev/wwan0mbim0?slot=8", { .path = "/dev/wwan0mbim0", .slot = 8 } },
		{ "qrtr://0", { .is_qrtr = true } },
		{ "qrtr://4294967295?slot=2", { .is_qrtr = true, .node = 4294967295u, .slot = 2 } },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct modem_address address;
		struct esim_error err = { 0 };

		ATF_REQUIRE_EQ_MSG(0, modem_address_parse("qmi", good[i].rest, true, true, &address, &err), "%s: %s",
				   good[i].rest, err.message);
		ATF_CHECK_STREQ(good[i].expected.path, address.path);
		ATF_CHECK_EQ(good[i].expected.slot, address.slot);
		ATF_CHECK_EQ(good[i].expected.is_qrtr, address.is_qrtr);
		ATF_CHECK_EQ(good[i].expected.node, address.node);
	}
}

ATF_TC_WITHOUT_HEAD(nothing_of_an_address_is_ignored);
ATF_TC_BODY(nothing_of_an_address_is_ignored, tc)
{
	static const struct {
		const char *rest, *message;
		bool takes_qrtr, takes_slot;
	} bad[] = {
		{ "", "a device is wanted", true, true },
		{ "cdc-wdm0", "whole path", true, true },
		{ "?slot=1", "a device is wanted", true, true },
		{ "/dev/cdc-wdm0?", "takes ?slot=N", true, true },
		{ "/dev/cdc-wdm0?slot=0", "1 to 8", true, true },
		{ "/dev/cdc-wdm0?slot=9", "1 to 8", true, true },
		{ "/dev/cdc-wdm0?slot=", "1 to 8", true, true },
		{ "/dev/cdc-wdm0?slot=01", "1 to 8", true, true },
		{ "/dev/cdc-wdm0?slot=1x", "1 to 8", true, true },
		{ "/dev/cdc-wdm0?slot=-1", "1 to 8", true, true },
		{ "/dev/cdc-wdm0?slot=4294967297", "1 to 8", true, true },
		{ "/dev/cdc-wdm0?SLOT=1", "takes ?slot=N", true, true },
		{ "/dev/cdc-wdm0?slot=1?slot=2", "1 to 8", true, true },
		{ "/dev/ttyUSB2?slot=1", "takes no option", false, false },
		{ "qrtr://0", "has no QRTR", false, true },
		{ "qrtr://", "a QRTR node is a number", true, true },
		{ "qrtr://x", "a QRTR node is a number", true, true },
		{ "qrtr://4294967296", "a QRTR node is a number", true, true },
		{ "/dev/tty\x1B[31m", "unprintable", true, true },
		{ "/dev/tty\xFF", "unprintable", true, true },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct modem_address address = { .slot = 77 };
		struct esim_error err = { 0 };

		ATF_CHECK_EQ_MSG(ESIM_EINVAL, modem_address_parse("mbim", bad[i].rest, bad[i].takes_qrtr,
				 bad[i].takes_slot, &address, &err), "%s", bad[i].rest);
		ATF_CHECK_MSG(strstr(err.message, bad[i].message), "%s: %s", bad[i].rest, err.message);
		ATF_CHECK_EQ(77, address.slot);
	}
}

ATF_TC_WITHOUT_HEAD(a_path_too_long_is_refused_not_cut);
ATF_TC_BODY(a_path_too_long_is_refused_not_cut, tc)
{
	struct modem_address address;
	struct esim_error err = { 0 };
	char path[2000];

	for (size_t len = 127; len < sizeof(path); len += 1) {
		memset(path, 'x', len);
		path[0] = '/';
		path[len] = '\0';
		ATF_REQUIRE_EQ(len == 127 ? 0 : ESIM_EINVAL,
			       modem_address_parse("at", path, false, false, &address, &err));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_port_may_have_a_slot_and_qrtr_a_node);
	ATF_TP_ADD_TC(tp, nothing_of_an_address_is_ignored);
	ATF_TP_ADD_TC(tp, a_path_too_long_is_refused_not_cut);
	return atf_no_error();
}
