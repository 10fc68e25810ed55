/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A way by USB: the modem as a device of this machine's vhci_hcd, so that the kernel's own drivers take it. */
#include "vmodem/usb.h"

#include "usbip/uevents.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 115200 8N1 */
static const uint8_t first_line_coding[7] = { 0x00, 0xC2, 0x01, 0x00, 0, 0, 8 };

static struct usb_way *usb_of(struct vmodem_way *way)
{
	return (struct usb_way *)way;
}

/* --- endpoints ------------------------------------------------------------------------------------------- */

/* A port that no program has open takes nothing. */
static void acm_send(struct vmodem_front *front, struct esim_slice bytes)
{
	struct usb_way *usb = front->way;

	for (size_t i = 0; i < USB_ACM_PORTS; i++) {
		struct esim_buf message = ESIM_BUF_INIT;

		if (&usb->acms[i].front != front || !usb->acms[i].ready || usb->link.fd < 0)
			continue;
		esim_buf_append_slice(&message, bytes);
		usbip_pipe_put(&usb->acms[i].data, &usb->link, &message);
	}
}

static struct usbip_pipe *in_pipe(struct usb_way *usb, unsigned endpoint)
{
	const unsigned port = (endpoint - USB_EP_ACM_NOTICE) / 2;

	if (usb->messages.present && endpoint == USB_EP_NOTICE)
		return &usb->messages.notices;
	if (usb->messages.present && endpoint == USB_EP_DATA)
		return &usb->messages.data;
	if (endpoint < USB_EP_ACM_NOTICE || port >= USB_ACM_PORTS || !usb->acms[port].present)
		return NULL;
	return (endpoint - USB_EP_ACM_NOTICE) % 2 ? &usb->acms[port].data : &usb->acms[port].notices;
}

static void read_urb(struct usb_way *usb, const struct usbip_request *request)
{
	struct usbip_pipe *pipe = in_pipe(usb, request->endpoint);

	if (pipe)
		usbip_pipe_urb(pipe, &usb->link, request->seq, request->length);
	else
		usbip_complete_in(&usb->link, request->seq, -EPIPE, esim_slice(NULL, 0));
}

/* Packets are swallowed; what is for a serial port, its front gets. */
static void write_urb(struct usb_way *usb, const struct usbip_request *request, struct esim_slice data)
{
	const unsigned port = (unsigned)(request->endpoint - USB_EP_ACM_DATA) / 2;

	usbip_complete_out(&usb->link, request->seq, 0, request->length);
	if (request->endpoint >= USB_EP_ACM_DATA && port < USB_ACM_PORTS && usb->acms[port].present)
		vmodem_feed(&usb->acms[port].front, data);
}

/* The driver lets go of the notices when the last program closes: the next one is not to find what was meant for it. */
static void unlink_urb(struct usb_way *usb, const struct usbip_request *request)
{
	struct usb_messages *messages = &usb->messages;
	bool waited = false;

	if (messages->present && usbip_pipe_unlink(&messages->notices, request->other)) {
		usbip_pipe_reset(&messages->notices);
		usb_messages_forget(messages);
		waited = true;
	}
	waited = waited || (messages->present && usbip_pipe_unlink(&messages->data, request->other));
	for (size_t i = 0; !waited && i < USB_ACM_PORTS && usb->acms[i].present; i++)
		waited = usbip_pipe_unlink(&usb->acms[i].notices, request->other) ||
			 usbip_pipe_unlink(&usb->acms[i].data, request->other);
	usbip_complete_unlink(&usb->link, request->seq, waited ? -ECONNRESET : 0);
}

static void take_request(struct usb_way *usb, const struct usbip_request *request, struct esim_slice data)
{
	if (request->kind == USBIP_UNLINK)
		unlink_urb(usb, request);
	else if (request->endpoint == 0)
		usb_control(usb, request, data);
	else if (request->in)
		read_urb(usb, request);
	else
		write_urb(usb, request, data);
}

/* --- the plug ---------------------------------------------------------------------------------------------- */

static void reset_functions(struct usb_way *usb)
{
	usbip_pipe_reset(&usb->messages.notices);
	usbip_pipe_reset(&usb->messages.data);
	usb_messages_forget(&usb->messages);
	usb->messages.alternate = usb->configuration = 0;
	for (size_t i = 0; i < USB_ACM_PORTS; i++) {
		usbip_pipe_reset(&usb->acms[i].notices);
		usbip_pipe_reset(&usb->acms[i].data);
		usb->acms[i].ready = false;
		memcpy(usb->acms[i].line_coding, first_line_coding, sizeof(first_line_coding));
	}
}

static void usb_detach(struct vmodem_way *way)
{
	usbip_detach(&usb_of(way)->link);
	usb_of(way)->wanted = false;
	reset_functions(usb_of(way));
}

/* The kernel has not yet seen it leave: it comes back at the same port only when that is free. */
static int usb_attach(struct vmodem_way *way, struct esim_error *err)
{
	struct usb_way *usb = usb_of(way);

	usb->wanted = usb->bus_port[0];
	return usb->wanted ? 0 : usbip_attach(&usb->link, NULL, true, err);
}

static void say(struct usb_way *usb, const char *what, const char *bus_port)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %s", what, bus_port);
	usb->way.notice(usb->way.context, line);
}

static void told(void *context, bool bound, const char *name)
{
	struct usb_way *usb = context;
	char bus_port[USBIP_BUS_PORT_SIZE];

	if (bound && !usb->bus_port[0] && usb->link.fd >= 0 && usbip_bus_port(&usb->link, bus_port) &&
	    !strcmp(bus_port, name)) {
		snprintf(usb->bus_port, sizeof(usb->bus_port), "%s", name);
		say(usb, "attached", name);
	} else if (!bound && !strcmp(usb->bus_port, name)) {
		usb->bus_port[0] = '\0';
		say(usb, "detached", name);
		if (usb->wanted)
			usb_attach(&usb->way, NULL);
	}
}

static void serve(struct usb_way *usb)
{
	struct esim_buf data = ESIM_BUF_INIT;
	struct usbip_request request;
	int gone = usbip_receive(&usb->link), r = 0;

	while (vmodem_bus(usb->way.modem) == VMODEM_BUS_THERE && (r = usbip_next(&usb->link, &request, &data)) > 0)
		take_request(usb, &request, esim_buf_slice(&data));
	esim_buf_free(&data);
	if (gone || r < 0)
		vmodem_unplug(usb->way.modem);
}

static size_t usb_wait(struct vmodem_way *way, struct pollfd *fds)
{
	struct usb_way *usb = usb_of(way);

	fds[0] = (struct pollfd){ .fd = usb->link.fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = usb->uevents, .events = POLLIN };
	return 2;
}

static void usb_take(struct vmodem_way *way, const struct pollfd *fds, size_t count)
{
	struct usb_way *usb = usb_of(way);

	(void)count;
	if (fds[0].revents && fds[0].fd == usb->link.fd)
		serve(usb);
	if (fds[1].revents)
		usbip_uevents_take(usb->uevents, told, usb);
}

static void usb_close(struct vmodem_way *way)
{
	struct usb_way *usb = usb_of(way);

	usb_detach(way);
	if (usb->uevents >= 0)
		close(usb->uevents);
	free(usb);
}

static const struct vmodem_way_ops usb_ops = {
	.attach = usb_attach,
	.detach = usb_detach,
	.wait = usb_wait,
	.take = usb_take,
	.close = usb_close,
};

/* --- made ---------------------------------------------------------------------------------------------------- */

static int add_front(struct usb_way *usb, struct vmodem_front *front, enum vmodem_protocol protocol,
		     void (*send)(struct vmodem_front *, struct esim_slice), struct esim_error *err)
{
	const struct vmodem_front_ops *ops = vmodem_front_ops(protocol);
	int r;

	if (!ops)
		return esim_error_set(err, ESIM_ENOTSUP, "this build has no such front");
	*front = (struct vmodem_front){ .ops = ops, .send = send, .way = usb, .late = ESIM_BUF_INIT };
	r = vmodem_front_add(usb->way.modem, front);
	return r ? esim_error_set(err, r, "no front for %s", ops->name) : 0;
}

static int add_functions(struct usb_way *usb, struct esim_error *err)
{
	const unsigned protocols = usb->options->protocols;
	int r = 0;

	usb->messages.notices.packet = 16;
	usb->messages.data.packet = 512;
	usb->messages.present = protocols & (VMODEM_MBIM | VMODEM_QMI);
	if (usb->messages.present)
		r = add_front(usb, &usb->messages.front, protocols & VMODEM_MBIM ? VMODEM_MBIM : VMODEM_QMI,
			      usb_messages_send, err);
	for (size_t i = 0; i < USB_ACM_PORTS; i++) {
		usb->acms[i].notices.packet = 16;
		usb->acms[i].data.packet = 512;
		if (r || !(protocols & VMODEM_AT))
			continue;
		usb->acms[i].present = true;
		r = add_front(usb, &usb->acms[i].front, VMODEM_AT, acm_send, err);
	}
	return r;
}

int vmodem_usb_new(struct vmodem *modem, struct vmodem_way **ret, struct esim_error *err)
{
	struct usb_way *usb = calloc(1, sizeof(*usb));
	int r;

	if (!usb)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a way");
	usb->way = (struct vmodem_way){ .ops = &usb_ops, .modem = modem };
	usb->options = vmodem_options(modem);
	usb->link.fd = -1;
	*ret = &usb->way;
	usb->uevents = usbip_uevents_open(err);
	r = usb->uevents < 0 ? usb->uevents : add_functions(usb, err);
	reset_functions(usb);
	return r;
}
