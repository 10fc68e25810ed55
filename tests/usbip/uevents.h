/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says of a device: its uevents. "bind" of the USB device comes when its configuration is set
 * and each interface has met the drivers; "remove" when it is gone.
 */
#ifndef USBIP_UEVENTS_H
#define USBIP_UEVENTS_H

#include "usbip/usbip.h"

/* A socket that does not block; or a negative code. */
int usbip_uevents_open(struct esim_error *err);

/* All that has come of USB devices: @bound, or removed. */
void usbip_uevents_take(int fd, void (*told)(void *context, bool bound, const char *bus_port), void *context);

#endif
