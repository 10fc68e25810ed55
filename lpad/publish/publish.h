/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * euicc-publish: a card that libesim reaches, as a /dev/euiccN of the kernel's proxy. For modems: who
 * knows the kernel's device alone can then use an eUICC behind one. The channels are the transport's own.
 *
 *   main.c     the command line, the device, its end
 *   serve.c    requests of the kernel
 *   watcher.c  what ends a request that is under way: the kernel's CANCEL, a signal
 *   port.c     the modem's port, and that it is gone
 */
#ifndef EUICC_PUBLISH_H
#define EUICC_PUBLISH_H

#include <esim/transport.h>

#include <linux/euicc.h>

#include <stdbool.h>

struct port;

/*
 * Requests on @end until @stop_fd can be read: 0. Else why it ends before that, ESIM_ENODEV where the modem went; @err
 * is filled then. @port may be NULL: that the modem went is seen at the next request.
 */
int publish_serve(struct esim_transport *transport, const struct port *port, int end, int stop_fd,
		  struct esim_error *err);

/* --- port.c -------------------------------------------------------------------------------------------- */

/* Of an open modem. *@ret is NULL where @uri names no file (QRTR). ESIM_ENODEV: it is gone already. */
int port_new(const char *uri, struct port **ret, struct esim_error *err);
/* Readable: port_is_gone() may say something new. -1 of NULL. */
int port_fd(const struct port *port);
bool port_is_gone(const struct port *port);
void port_free(struct port **port);

/* --- watcher.c ---------------------------------------------------------------------------------------- */

struct watcher;
/* A thread that fires @cancel when @stop_fd can be read, and, while armed, when @end (negative: none) can. */
int watcher_new(int end, int stop_fd, struct esim_cancel *cancel, struct watcher **ret, struct esim_error *err);
void watcher_free(struct watcher **watcher);
/* Around a request: whatever comes on @end meanwhile is that it is over for the kernel. */
void watcher_arm(struct watcher *watcher);
void watcher_disarm(struct watcher *watcher);

#endif
