/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of modem-broker share; the messages are in modem/broker.h. */
#ifndef BROKER_H
#define BROKER_H

#include <esim/transport.h>

#include <sys/types.h>

/* One connection, from HELLO to its end, or until @stop_fd (negative: none) can be read. Closes the modem. */
void broker_serve(int fd, int stop_fd);

/*
 * May root's broker open what @uri names for @caller: a modem's port below /dev, a QRTR node, a terminal of the caller's
 * own? 0, and what is to be opened in @ret, with no link in it; ESIM_EINVAL, ESIM_ENODEV.
 */
int broker_may_open(const char *uri, uid_t caller, char ret[static ESIM_URI_SIZE], struct esim_error *err);

#endif
