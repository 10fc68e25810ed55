/* SPDX-License-Identifier: GPL-2.0-or-later */
/* StoreMetadata (BF25): what the LPA shows before a download and the eUICC keeps. */
#ifndef SMDPP_METADATA_H
#define SMDPP_METADATA_H

#include "smdpp/orders.h"

/* Append the TLV of @order, whose package begins with the header in @package. */
int metadata_build(const struct order *order, struct esim_slice package, const char *own_address,
		   struct esim_buf *out, struct esim_error *err);

#endif
