/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A modem that no table knows tells its habits by what the card answers. Each status word here says that the card did
 * nothing, so the same command may be sent in another form.
 */
#include "adapt.h"

#define CLASS_PROPRIETARY 0x80
#define HEADER 5			/* with Lc */

static bool is_case_3(struct esim_slice command)
{
	return command.len > HEADER && command.len == HEADER + (size_t)command.data[4];
}

bool mbim_adapt(struct quirks *quirks, struct esim_slice command, uint16_t sw)
{
	/* Wrong length, though it is right: Le is missed. */
	if (sw == 0x6700 && quirks->le == QUIRK_LE_AUTO && is_case_3(command)) {
		quirks->le = QUIRK_LE_ALWAYS;
		return true;
	}
	/* Not known, though the ISD-R knows it: it went to the basic channel. */
	if ((sw == 0x6D00 || sw == 0x6E00) && quirks->cla == QUIRK_CLASS_PLAIN && command.len > 0 &&
	    (command.data[0] & CLASS_PROPRIETARY)) {
		quirks->cla = QUIRK_CLASS_CHANNEL;
		return true;
	}
	return false;
}
