/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card behind sockets: waiting for a reader, or connecting to one. */
#ifndef VEUICC_SERVE_H
#define VEUICC_SERVE_H

#include "veuicc/veuicc.h"

/* Called when the card can be reached, with the address as `listening` shows it. */
typedef void veuicc_ready(const char *address);

/*
 * Each returns 0 when @stop_fd becomes readable. @address: unix:PATH or
 * tcp:HOST:PORT, one reader at a time, for ever.
 */
int veuicc_serve_listen(struct veuicc *card, const char *address, int stop_fd,
			veuicc_ready *ready, struct esim_error *err);

/* Connect to pcscd's vpcd at HOST:PORT. ESIM_EIO when that closes the connection. */
int veuicc_serve_vpcd(struct veuicc *card, const char *host_port, int stop_fd,
		      veuicc_ready *ready, struct esim_error *err);

/* Connect to the socket of QEMU's ccid-card-passthru, and wait for it to appear. */
int veuicc_serve_vsc(struct veuicc *card, const char *path, int stop_fd, veuicc_ready *ready,
		     struct esim_error *err);

/* Talk on a connected socket: 0 when the peer closed, ESIM_ECANCELED by @stop_fd, ESIM_EPROTO. */
int veuicc_serve_stream(struct veuicc *card, int fd, int stop_fd);

#endif
