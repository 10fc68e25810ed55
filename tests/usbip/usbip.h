/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plug: a port of vhci_hcd or of another bus, and the USB/IP protocol (Documentation/
 * usb/usbip_protocol.rst) over a socketpair whose other end the bus has. For emulated devices (vreader, vmodem).
 */
#ifndef USBIP_H
#define USBIP_H

#include <esim/bytes.h>
#include <esim/error.h>

#define USBIP_BUS_PORT_SIZE 32		/* "3-1", NUL-terminated */

/* Where a device is plugged in when not into this machine's vhci_hcd. */
struct usbip_bus {
	/*
	 * The bus's end of a stream of USB/IP, for it to duplicate; it speaks as the kernel does. 0, or
	 * ESIM_ENODEV: it takes no device. Called from the device's thread.
	 */
	int (*attach)(void *context, int socket, bool high_speed);
	void *context;
	int uevents;			/* the bus says here what the kernel does by netlink; the device closes it */
};

struct usbip_link {
	int fd;				/* negative: not plugged in */
	int port;			/* of vhci_hcd; negative: another bus */
	struct esim_buf in;
};

enum usbip_kind { USBIP_SUBMIT, USBIP_UNLINK };

struct usbip_request {
	enum usbip_kind kind;
	uint32_t seq;
	uint32_t other;			/* UNLINK: the URB that is meant */
	uint8_t endpoint;
	bool in;
	uint32_t length;		/* IN: room; OUT: bytes that come with it */
	uint8_t setup[8];
};

/* Take a free port; @bus NULL: of vhci_hcd. ESIM_ENODEV: it is not there or full. */
int usbip_attach(struct usbip_link *link, const struct usbip_bus *bus, bool high_speed,
		 struct esim_error *err);
void usbip_detach(struct usbip_link *link);

/* What the bus has sent is taken in. ESIM_ENODEV: it has let go of the port. */
int usbip_receive(struct usbip_link *link);
/*
 * The next whole request, with its OUT bytes in @data: 1; 0: none yet; ESIM_EPROTO: what came is no
 * USB/IP.
 */
int usbip_next(struct usbip_link *link, struct usbip_request *ret, struct esim_buf *data);

/* @status: 0 or a negative errno, as the host's driver is to see it. */
void usbip_complete_in(struct usbip_link *link, uint32_t seq, int status, struct esim_slice data);
void usbip_complete_out(struct usbip_link *link, uint32_t seq, int status, uint32_t length);
void usbip_complete_unlink(struct usbip_link *link, uint32_t seq, int status);

/* "3-1" once the kernel has given the device on vhci_hcd an address; false before. */
bool usbip_bus_port(const struct usbip_link *link, char text[USBIP_BUS_PORT_SIZE]);

#endif
