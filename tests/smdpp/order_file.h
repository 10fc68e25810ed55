/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAME.json: what an order wants besides its package. */
#ifndef SMDPP_ORDER_FILE_H
#define SMDPP_ORDER_FILE_H

#include "smdpp/orders.h"

/* Set the side file's members of @order from @path, or to their defaults where there is no file. */
int order_file_read(struct order *order, const char *dir, const char *path, struct esim_error *err);

/* Free the side file's members. */
void order_file_clear(struct order *order);

#endif
