/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the listening socket. */
#ifndef SMDPP_LISTEN_H
#define SMDPP_LISTEN_H

#include <esim/error.h>

#include <stddef.h>

/*
 * "HOST:PORT", "[IPv6]:PORT", ":PORT" (127.0.0.1). Returns a non-blocking socket
 * and writes the address with its real port to @address, or an error code.
 */
int listen_open(const char *spec, char *address, size_t size, struct esim_error *err);

#endif
