/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that come and go: /dev/euiccN and the USB readers of the allow-list by udev
 * (sd-device), modems (monitor_modem.h), the URIs of the configuration as they are. Tells device.c, by the calls below.
 */
#ifndef LPAD_MONITOR_H
#define LPAD_MONITOR_H

#include "model.h"

struct monitor;

int monitor_new(struct daemon *daemon, struct monitor **ret, struct esim_error *err);
void monitor_free(struct monitor **monitor);
/* A modem's profile was switched: it may be called otherwise now. */
void monitor_modem_switched(struct monitor *monitor);
/* The configuration is new: add and remove what differs. */
void monitor_reload(struct monitor *monitor);

/* device.c: a reader appeared, has news (card in or out, a holder let go), went. */
void device_appeared(struct daemon *daemon, const char *uri);
void device_changed(struct daemon *daemon, const char *uri);
void device_went(struct daemon *daemon, const char *uri);
/* device_move.c: the same reader, its eUICCs and their jobs, has another URI now. */
void device_moved(struct daemon *daemon, const char *uri, const char *to);

#endif
