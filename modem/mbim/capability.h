/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem tells the card of this terminal. */
#ifndef MBIM_CAPABILITY_H
#define MBIM_CAPABILITY_H

#include "mbim.h"

/* Once: what the modem has of it already is left as it is. 0 also where the modem takes none. */
int mbim_capability_tell(struct mbim *mbim, struct esim_error *err);

/* Whether ours is to be put into @objects (room for MBIM_MAX_CAPABILITIES), which then has it. Others' stay. */
bool mbim_capability_missing(struct esim_slice *objects, size_t *count);

#endif
