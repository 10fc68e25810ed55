/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem says it is (USB 2.0, 9.6; CDC 1.2; MBIM 1.0, 6). */
#include "vmodem/usb.h"

#include <stdio.h>
#include <string.h>

#define BULK_PACKET	512
#define NOTICE_PACKET	16

enum { COMMUNICATIONS = 0x02, CDC_DATA = 0x0A, VENDOR = 0xFF };
enum { ACM = 0x02, MBIM = 0x0E };

static bool is_mbim(const struct usb_way *usb)
{
	return usb->options->protocols & VMODEM_MBIM;
}

unsigned usb_first_acm(const struct usb_way *usb)
{
	return !usb->messages.present ? 0 : is_mbim(usb) ? 2 : 1;
}

#define PUT(buf, ...) esim_buf_append(buf, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

void usb_device_descriptor(const struct usb_way *usb, struct esim_buf *ret)
{
	const unsigned vendor = usb->options->vendor, product = usb->options->product;

	PUT(ret, USB_DEVICE_SIZE, 1, 0x00, 0x02, 0xEF, 2, 1, 64, (uint8_t)vendor, (uint8_t)(vendor >> 8),
	    (uint8_t)product, (uint8_t)(product >> 8), 0x00, 0x01, 1, 2, 3, 1);
}

static void put_interface(struct esim_buf *ret, uint8_t number, uint8_t alternate, uint8_t endpoints, uint8_t class,
			  uint8_t subclass, uint8_t protocol)
{
	PUT(ret, 9, 4, number, alternate, endpoints, class, subclass, protocol, 0);
}

static void put_notice_endpoint(struct esim_buf *ret, uint8_t endpoint)
{
	PUT(ret, 7, 5, (uint8_t)(0x80 | endpoint), 3, NOTICE_PACKET, 0, 4);
}

static void put_bulk_endpoints(struct esim_buf *ret, uint8_t endpoint)
{
	PUT(ret, 7, 5, (uint8_t)(0x80 | endpoint), 2, (uint8_t)BULK_PACKET, BULK_PACKET >> 8, 0);
	PUT(ret, 7, 5, endpoint, 2, (uint8_t)BULK_PACKET, BULK_PACKET >> 8, 0);
}

/* wMaxControlMessage 4096, 32 filters of 128 bytes, wMaxSegmentSize 2048, MTU 1500. */
static void put_mbim(struct esim_buf *ret)
{
	PUT(ret, 8, 0x0B, 0, 2, COMMUNICATIONS, MBIM, 0, 0);
	put_interface(ret, 0, 0, 1, COMMUNICATIONS, MBIM, 0);
	PUT(ret, 5, 0x24, 0x00, 0x10, 0x01);				/* header */
	PUT(ret, 5, 0x24, 0x06, 0, 1);					/* union */
	PUT(ret, 12, 0x24, 0x1B, 0x00, 0x01, 0x00, 0x10, 32, 128, 0x00, 0x08, 0);
	PUT(ret, 8, 0x24, 0x1C, 0x00, 0x01, 1, 0xDC, 0x05);
	put_notice_endpoint(ret, USB_EP_NOTICE);
	put_interface(ret, 1, 0, 0, CDC_DATA, 0, 2);
	put_interface(ret, 1, 1, 2, CDC_DATA, 0, 2);
	put_bulk_endpoints(ret, USB_EP_DATA);
}

static void put_qmi(struct esim_buf *ret)
{
	put_interface(ret, 0, 0, 3, VENDOR, 0xFF, 0xFF);
	put_notice_endpoint(ret, USB_EP_NOTICE);
	put_bulk_endpoints(ret, USB_EP_DATA);
}

static void put_acm(struct esim_buf *ret, uint8_t interface, uint8_t port)
{
	const uint8_t data = (uint8_t)(interface + 1);

	PUT(ret, 8, 0x0B, interface, 2, COMMUNICATIONS, ACM, 1, 0);
	put_interface(ret, interface, 0, 1, COMMUNICATIONS, ACM, 1);
	PUT(ret, 5, 0x24, 0x00, 0x10, 0x01);
	PUT(ret, 5, 0x24, 0x01, 0x00, data);				/* call management: none */
	PUT(ret, 4, 0x24, 0x02, 0x02);					/* line coding and state */
	PUT(ret, 5, 0x24, 0x06, interface, data);
	put_notice_endpoint(ret, (uint8_t)(USB_EP_ACM_NOTICE + 2 * port));
	put_interface(ret, data, 0, 2, CDC_DATA, 0, 0);
	put_bulk_endpoints(ret, (uint8_t)(USB_EP_ACM_DATA + 2 * port));
}

void usb_config_descriptor(const struct usb_way *usb, struct esim_buf *ret)
{
	const size_t from = ret->len;
	uint8_t interfaces = (uint8_t)usb_first_acm(usb);

	PUT(ret, 9, 2, 0, 0, 0, 1, 0, 0x80, 50);
	if (usb->messages.present && is_mbim(usb))
		put_mbim(ret);
	else if (usb->messages.present)
		put_qmi(ret);
	for (uint8_t i = 0; i < USB_ACM_PORTS && usb->acms[i].present; i++, interfaces = (uint8_t)(interfaces + 2))
		put_acm(ret, interfaces, i);
	if (esim_buf_failed(ret))
		return;
	ret->data[from + 2] = (uint8_t)(ret->len - from);
	ret->data[from + 3] = (uint8_t)((ret->len - from) >> 8);
	ret->data[from + 4] = interfaces;
}

void usb_string_descriptor(const struct usb_way *usb, uint8_t index, struct esim_buf *ret)
{
	const char *const strings[] = { NULL, usb->options->manufacturer, usb->options->model, usb->options->imei };
	const char *text = index < 4 ? strings[index] : NULL;
	const size_t len = text ? strlen(text) : 0;

	if (index == 0) {
		PUT(ret, 4, 3, 0x09, 0x04);
	} else if (len && len < 126) {
		PUT(ret, (uint8_t)(2 + 2 * len), 3);
		for (; *text; text++)
			PUT(ret, (uint8_t)*text, 0);
	}
}
