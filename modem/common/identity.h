/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which hardware a port belongs to, by sysfs; and where it is after it left the bus and came back. */
#ifndef MODEM_IDENTITY_H
#define MODEM_IDENTITY_H

#include <esim/error.h>
#include <esim/cancel.h>
#include <esim/modem.h>

#include <stdbool.h>
#include <stdint.h>

struct modem_identity {
	char port[128];			/* "/dev/cdc-wdm0", resolved; or "qrtr://0" */
	char subsystem[16];		/* "usbmisc", "wwan", "tty", ""; */
	char driver[24];		/* "cdc_mbim", "qmi_wwan", … or "" */
	char bus_port[32];		/* of the USB device, "1-2"; "" where it is on no USB */
	unsigned interface;		/* bInterfaceNumber: the same function after a re-enumeration */
	unsigned devnum;		/* USB device number, or the node's inode: another one is another enumeration */
	uint16_t usb_vendor, usb_product;
	char key[64];			/* file name for what is kept of it: "usb-1-2", else "dev-cdc-wdm0" */
};

/* ESIM_ENODEV: @path does not exist. Where sysfs knows nothing of it (a pty), the fields are empty. */
int modem_identity_of(const char *path, struct modem_identity *ret, struct esim_error *err);

/* What its place says of a modem that is yet to be asked; the rest is empty. */
void modem_identity_facts(const struct modem_identity *identity, struct esim_modem_facts *ret);

/* It did not leave the bus between the two. */
bool modem_identity_same(const struct modem_identity *a, const struct modem_identity *b);

/*
 * Until the modem is at its place again, under the name that it has now, which *@identity then holds, and its
 * device node can be opened. Woken by udev's news where there is udev (inotify of /dev otherwise), not by a timer.
 */
int modem_identity_wait(struct modem_identity *identity, const struct esim_cancel *cancel, unsigned timeout_ms,
			struct esim_error *err);

#endif
