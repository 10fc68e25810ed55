/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command APDU on a modem's channel looks like: its Le and its class byte, by quirks. No state
 * and no I/O. libesim gives commands without channel bits (esim/transport.h).
 */
#ifndef MODEM_APDU_POLICY_H
#define MODEM_APDU_POLICY_H

#include "quirks.h"

#include <esim/bytes.h>

/* @command as the modem wants it, appended to @ret. @channel: the card's logical channel, for Class=channel. */
int apdu_policy_apply(const struct quirks *quirks, unsigned channel, struct esim_slice command,
		      struct esim_buf *ret, struct esim_error *err);

/* features and max_data of struct esim_transport_info that follow from @quirks. */
void apdu_policy_describe(const struct quirks *quirks, struct esim_transport_info *info);

#endif
