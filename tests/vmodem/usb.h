/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the modem on USB: a composite device of one function for MBIM (CDC-MBIM) or QMI (the vendor's class), and two
 * serial ports (CDC-ACM) where it speaks AT. usb.c is the way, usb_descriptors.c says what there is, usb_control.c
 * answers the default endpoint.
 */
#ifndef VMODEM_USB_H
#define VMODEM_USB_H

#include "vmodem/way.h"

#include "usbip/pipe.h"
#include "usbip/usbip.h"

#define USB_ACM_PORTS		2
#define USB_MAX_RESPONSES	64
#define USB_DEVICE_SIZE		18

enum usb_endpoint {			/* without the direction */
	USB_EP_NOTICE = 1, USB_EP_DATA = 2,
	USB_EP_ACM_NOTICE = 3, USB_EP_ACM_DATA = 4,		/* and two more for each further port */
};

/* MBIM's or QMI's messages go over the default endpoint; its packets are swallowed. */
struct usb_messages {
	bool present;
	struct vmodem_front front;
	struct usbip_pipe notices, data;
	struct esim_buf responses[USB_MAX_RESPONSES];	/* for GET_ENCAPSULATED_RESPONSE */
	size_t response_count;
	uint8_t alternate;				/* of MBIM's data interface */
};

struct usb_acm {
	bool present;
	struct vmodem_front front;
	struct usbip_pipe notices, data;
	bool ready;				/* DTR: a program has it open */
	uint8_t line_coding[7];
};

struct usb_way {
	struct vmodem_way way;
	const struct vmodem_options *options;
	struct usbip_link link;
	int uevents;
	char bus_port[USBIP_BUS_PORT_SIZE];	/* "": not enumerated */
	bool wanted;				/* to be plugged in as soon as it is gone */
	uint8_t configuration;
	struct usb_messages messages;
	struct usb_acm acms[USB_ACM_PORTS];
};

/* --- usb_descriptors.c --- */
void usb_device_descriptor(const struct usb_way *usb, struct esim_buf *ret);
void usb_config_descriptor(const struct usb_way *usb, struct esim_buf *ret);
void usb_string_descriptor(const struct usb_way *usb, uint8_t index, struct esim_buf *ret);
/* The number of the first interface of the serial ports; each has two. */
unsigned usb_first_acm(const struct usb_way *usb);

/* --- usb_control.c --- */
void usb_control(struct usb_way *usb, const struct usbip_request *request, struct esim_slice data);
/* A message for the host: it is told, and fetches it. */
void usb_messages_send(struct vmodem_front *front, struct esim_slice message);
void usb_messages_forget(struct usb_messages *messages);

#endif
