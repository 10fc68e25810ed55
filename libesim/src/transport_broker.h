/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modems by way of modem-broker(8), for who may not open them. */
#ifndef TRANSPORT_BROKER_H
#define TRANSPORT_BROKER_H

#include <esim/transport.h>

/* This process is not root's, and the broker's socket is there. */
bool transport_broker_wanted(void);

/* @uri with its scheme. */
/* @cancel is for this call alone. */
int transport_broker_open(const char *uri, const struct esim_cancel *cancel, struct esim_transport **ret,
			  struct esim_error *err);

#endif
