/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers that come and go, as libusb tells of them. */
#ifndef USBCCID_CHANGE_H
#define USBCCID_CHANGE_H

#include <usbccid.h>

#include <libusb-1.0/libusb.h>

#define CHANGES_MAX	64

struct change {
	enum usbccid_change type;
	char bus_port[USBCCID_BUS_PORT_SIZE];
};

struct usbccid {
	libusb_context *context;	/* for changes */
	bool listening;
	libusb_hotplug_callback_handle callback;
	struct change changes[CHANGES_MAX];	/* not told yet, oldest first */
	unsigned change_count;
};

void change_stop(struct usbccid *ccid);

#endif
