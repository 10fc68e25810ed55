/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A transport from inside: for what calls the vtable beside transport.c (modem.c). */
#ifndef TRANSPORT_INTERNAL_H
#define TRANSPORT_INTERNAL_H

#include <esim/modem.h>

struct esim_transport {
	const struct esim_transport_ops *ops;
	void *priv;
};

#endif
