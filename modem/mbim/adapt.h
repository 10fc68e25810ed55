/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Habits found by doing. */
#ifndef MBIM_ADAPT_H
#define MBIM_ADAPT_H

#include "modem/common/quirks.h"

#include <esim/bytes.h>

/* Whether @command, answered @sw, is to be sent again by *@quirks as they now are. They stay so if that answers otherwise. */
bool mbim_adapt(struct quirks *quirks, struct esim_slice command, uint16_t sw);

#endif
