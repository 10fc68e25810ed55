/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modems that come and go: ModemManager's where it runs, by its signals, else those that drivers show
 * (usbmisc, wwan), by udev. A modem is the hardware that it is, by whatever port it is reached: one that
 * comes back under another number is moved, and its eUICC stays the same object. That ModemManager does
 * not have a modem means nothing as long as its port is there: somebody has set it aside, or ModemManager
 * starts anew.
 */
#ifndef LPAD_MONITOR_MODEM_H
#define LPAD_MONITOR_MODEM_H

#include "model.h"

#include "lpad/common/modem_manager.h"

struct modem_watch;

/* Tells device_appeared(), device_moved(), device_changed(), device_went(). */
int modem_watch_new(struct daemon *daemon, struct modem_watch **ret, struct esim_error *err);
void modem_watch_free(struct modem_watch **watch);
/* The configuration is new. */
void modem_watch_reload(struct modem_watch *watch);
/* A switch has ended: what its modem is called now is to be seen. */
void modem_watch_look(struct modem_watch *watch);

/* monitor_modem_udev.c: modems as drivers show them. *@ret: free(). A negative errno. */
int modem_scan_udev(struct mm_modem **ret, size_t *ret_count);

#endif
