/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of modem-broker share; the messages are in modem/broker.h. */
#ifndef BROKER_H
#define BROKER_H

#include <esim/transport.h>

#include <stdbool.h>

/* One connection, from HELLO to its end, or until @stop_fd (negative: none) can be read. Closes the modem. */
void broker_serve(int fd, int stop_fd);

/* May root's broker open what @uri names for a caller? A modem's port below /dev, or a QRTR node. */
bool broker_may_open(const char *uri, struct esim_error *err);

#endif
