/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card behind /dev/euiccN: a transport of the kernel's proxy, where the kernel manages the
 * channels and the card is asked for resets and APDUs alone.
 */
#ifndef VEUICC_PROXY_H
#define VEUICC_PROXY_H

#include "veuicc/serve.h"

/* Make a device at @device (/dev/euicc-proxy): the transport's end and N of /dev/euiccN. */
int veuicc_proxy_open(struct veuicc *card, const char *device, int *ret_fd, unsigned *ret_minor,
		      struct esim_error *err);

/* Answer at the transport's end, which stays open. 0 when @stop_fd becomes readable; ESIM_EIO. */
int veuicc_proxy_talk(struct veuicc *card, int fd, int stop_fd);

/* Both, and the unplug at the end. @ready gets /dev/euiccN. */
int veuicc_serve_proxy(struct veuicc *card, const char *device, int stop_fd, veuicc_ready *ready,
		       struct esim_error *err);

#endif
