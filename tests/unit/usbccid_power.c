/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power of a scripted reader; see usbccid_power.h. */
#include "usbccid_power.h"

#include <atf-c.h>

struct usbccid_error err;

struct usbccid_reader *reader_of(uint32_t level, uint32_t host, unsigned quirks)
{
	struct reader_setup setup = setup_of(level);

	setup.descriptor.features &= ~host;
	setup.quirks = quirks;
	return scripted_reader(&setup);
}

int power(struct usbccid_reader *reader, enum usbccid_reset kind)
{
	return usbccid_power_on(reader, 0, kind, 60000, &err);
}

void require_power(struct usbccid_reader *reader)
{
	ATF_REQUIRE_EQ_MSG(0, power(reader, USBCCID_COLD), "%s", err.message);
	ATF_CHECK_EQ(USBCCID_CARD_ON, reader->slots[0].card.state);
	script_done(reader);
}

void check_no_power(struct usbccid_reader *reader, int code)
{
	ATF_CHECK_EQ_MSG(code, power(reader, USBCCID_COLD), "%s", err.message);
	ATF_CHECK_EQ(code, err.code);
	ATF_CHECK_MSG(strncmp(err.message, "3-1 slot 0: ", 12) == 0, "%s", err.message);
	ATF_CHECK(reader->slots[0].card.state != USBCCID_CARD_ON);
}
