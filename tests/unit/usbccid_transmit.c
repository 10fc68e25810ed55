/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command to a scripted reader; see usbccid_transmit.h. */
#include "usbccid_transmit.h"

#include <atf-c.h>

struct usbccid_reader *powered(void)
{
	struct reader_setup setup = setup_of(SHORT_LEVEL);
	struct usbccid_reader *reader = scripted_reader(&setup);

	power_up(reader, ATR_T0);
	return reader;
}

void require_response(struct usbccid_reader *reader, const char *response)
{
	struct usbccid_error err;
	const char *hex = transmit_hex(reader, SELECT, &err);

	ATF_REQUIRE_MSG(hex, "%s", err.message);
	ATF_CHECK_STREQ(response, hex);
}

void check_failure(struct usbccid_reader *reader, int code, bool sent)
{
	struct usbccid_error err;
	const char *hex = transmit_hex(reader, SELECT, &err);

	ATF_REQUIRE_MSG(!hex, "%s instead of %s", hex, usbccid_code_name(code));
	ATF_CHECK_MSG(err.code == code, "%s: %s", usbccid_code_name(err.code), err.message);
	ATF_CHECK_EQ_MSG(sent, err.sent, "%s", err.message);
	ATF_CHECK_MSG(strncmp(err.message, "3-1 slot 0: ", 12) == 0, "%s", err.message);
}
