/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The openers that the registry of transport.c lists; @rest is what follows the scheme. */
#ifndef TRANSPORT_SCHEMES_H
#define TRANSPORT_SCHEMES_H

#include <esim/transport.h>

int transport_unix_open(const char *rest, struct esim_transport **ret, struct esim_error *err);
int transport_tcp_open(const char *rest, struct esim_transport **ret, struct esim_error *err);
int transport_usb_open(const char *rest, struct esim_transport **ret, struct esim_error *err);
int transport_pcsc_open(const char *rest, struct esim_transport **ret, struct esim_error *err);

/* @rest: a path without its first slash. */
int transport_kdev_open(const char *rest, struct esim_transport **ret, struct esim_error *err);

/* max_data of a transport whose longest command is @max_command bytes. */
unsigned transport_max_data(size_t max_command);

/* transport_tcp_open() on a connected stream socket, which it owns; for a harness that holds one end. */
int transport_socket_adopt(int fd, struct esim_transport **ret, struct esim_error *err);

#endif
