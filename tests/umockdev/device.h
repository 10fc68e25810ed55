/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device on the bus that is not there: enumerated over USB/IP, shown in the testbed's
 * sysfs, and spoken to by programs over its node (usbfs.c). One of these for each time that
 * it is plugged in.
 */
#ifndef UMOCKDEV_DEVICE_H
#define UMOCKDEV_DEVICE_H

#include "client.h"

#include <umockdev.h>

#define DEVICE_BUS_PORT		"1-1"
#define DEVICE_MAX_CONFIG	4096
#define DEVICE_MAX_INTERFACES	32

struct usbfs_opener;

struct usb_device {
	GMutex lock;			/* of all that follows; ioctls come in a thread of umockdev's */
	unsigned references;		/* of each opener, and of who plugged it in */
	struct usbip_client link;
	bool high_speed, gone;

	unsigned number;		/* devnum */
	uint8_t device[18];
	uint8_t config[DEVICE_MAX_CONFIG];
	size_t config_len;
	char strings[3][64];		/* manufacturer, product, serial number; "": none */

	UMockdevTestbed *testbed;
	UMockdevIoctlBase *handler;
	char node[32];
	int fifo;			/* what a poll of the node looks at; see usbfs.c */
	bool readable;
	GList *openers, *waits;
	struct usbfs_opener *claims[DEVICE_MAX_INTERFACES];
	const char *kernel_driver;	/* takes every interface at enumeration; NULL: none */
	bool kernel_bound[DEVICE_MAX_INTERFACES];
};

/*
 * Enumerate what is at the other end of @fd, as a kernel would, and show it. NULL: it cannot be
 * enumerated; @fd is closed.
 */
struct usb_device *usb_device_plug(UMockdevTestbed *testbed, int fd, bool high_speed, unsigned number,
				   const char *kernel_driver);
/* What has come from the device is handed out. False: it has gone. */
bool usb_device_serve(struct usb_device *device);
/* It has gone: for those who have it open, and from sysfs. */
void usb_device_unplug(struct usb_device **device);

/* The next descriptor of @type in the configuration behind @from (NULL: the first), or NULL. */
const uint8_t *usb_device_descriptor(const struct usb_device *device, const uint8_t *from, uint8_t type);
bool usb_device_has_interface(const struct usb_device *device, unsigned interface);

/* --- usbfs.c --- */
int usbfs_node_make(struct usb_device *device);
void usbfs_reply(struct usb_device *device, const struct usbip_reply *reply, struct esim_slice data);
void usbfs_disconnect(struct usb_device *device);
void usb_device_release(struct usb_device *device);

/* --- sysfs.c --- */
void sysfs_root_hub(UMockdevTestbed *testbed);
void sysfs_add(struct usb_device *device);
void sysfs_remove(struct usb_device *device);
/* The interface's `driver` is @name; NULL: it has none. */
void sysfs_driver(struct usb_device *device, unsigned interface, const char *name);

#endif
