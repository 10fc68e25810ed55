/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside: which USB devices are readers, and where their pipes are.
 *
 *   list.c       the readers of a bus: usbccid_list()
 *   interface.c  whether an interface is a reader; pure
 *   name.c       what a reader is called, from sysfs
 *   holder.h     who has it
 *   open.c       an address, and the reader that it means: usbccid_open()
 *   change.c     usbccid_wait_change()
 */
#ifndef USBCCID_FINDER_H
#define USBCCID_FINDER_H

#include "reader.h"

#include <libusb-1.0/libusb.h>

/* Where an interface's messages go. */
struct pipes {
	uint8_t in, out, interrupt;	/* endpoint addresses; interrupt 0: there is none */
	uint16_t in_packet, out_packet, interrupt_packet;
};

struct found_reader {
	struct reader_setup setup;
	libusb_device *device;		/* with a reference */
	uint8_t bus, address;
	uint8_t ports[7], port_count;
	uint8_t configuration;		/* bConfigurationValue */
	bool unconfigured;		/* the device has no configuration yet */
	uint8_t alternate;		/* bAlternateSetting */
	struct pipes pipes;
};

struct found_readers {
	struct found_reader *readers;	/* by bus, ports and interface */
	size_t count;
};

/* --- interface.c --- */
/*
 * Fills in the alternate setting, the pipes, the descriptor, the quirks, and what of setup.info
 * comes from descriptors. False: it is no reader, or none whose descriptors make sense.
 */
bool interface_is_reader(const struct libusb_interface *interface, uint16_t vendor, uint16_t product,
			 struct found_reader *ret);

/* --- name.c --- */
/* "3-1.4"; false where the device is a root hub, or lies too deep. */
bool bus_port_format(uint8_t bus, const uint8_t *ports, size_t count,
		     char ret[USBCCID_BUS_PORT_SIZE]);
/* @sysfs: "/sys". Uses info->bus_port, vendor and product. */
void name_read(const char *sysfs, struct usbccid_info *info);
/*
 * Append @text to @out ("" or text of @size): no control characters, invalid UTF-8 as '?', blanks as
 * one blank, cut between characters.
 */
void name_append(char *out, size_t size, const char *text, size_t len);

/* --- list.c --- */
/* A context that prints nothing. */
int context_new(libusb_context **ret, struct usbccid_error *err);
int found_readers_list(libusb_context *context, struct found_readers *ret, struct usbccid_error *err);
void found_readers_free(struct found_readers *found);
/* Is any interface of any configuration of @device a reader? No I/O; also once it has left. */
bool device_is_reader(libusb_device *device);
/* What libusb failed with, and a sentence: @what and libusb's name for it. */
int usb_error_set(struct usbccid_error *err, int usb, const char *what);

/* --- open.c --- */
enum address_kind {
	ADDRESS_ONLY,			/* "" */
	ADDRESS_BUS_PORT,
	ADDRESS_PRODUCT,
};

struct address {
	enum address_kind kind;
	const char *bus_port;		/* borrowed */
	uint16_t vendor, product;
};

/* False: it has neither form. */
bool usb_address_parse(const char *text, struct address *ret);
/* The reader that is meant, or why there is none. @interface as in struct usbccid_open_options. */
int address_choose(const struct found_readers *found, const char *text, int interface,
		   struct found_reader **ret, struct usbccid_error *err);

#endif
