/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The default endpoint: standard requests, messages in capsules, NTB's parameters, serial lines. */
#include "vmodem/usb.h"

#include <errno.h>
#include <string.h>

enum { CLASS_OUT = 0x21, CLASS_IN = 0xA1 };
enum { GET_STATUS = 0, CLEAR_FEATURE = 1, SET_FEATURE = 3, GET_DESCRIPTOR = 6, GET_CONFIGURATION = 8,
       SET_CONFIGURATION = 9, GET_INTERFACE = 10, SET_INTERFACE = 11 };
enum { SEND_ENCAPSULATED_COMMAND = 0x00, GET_ENCAPSULATED_RESPONSE = 0x01, RESET_FUNCTION = 0x05,
       SET_LINE_CODING = 0x20, GET_LINE_CODING = 0x21, SET_CONTROL_LINE_STATE = 0x22, SEND_BREAK = 0x23,
       GET_NTB_PARAMETERS = 0x80, GET_NTB_FORMAT = 0x83, SET_NTB_FORMAT = 0x84, GET_NTB_INPUT_SIZE = 0x85,
       SET_NTB_INPUT_SIZE = 0x86, GET_MAX_DATAGRAM_SIZE = 0x87, SET_MAX_DATAGRAM_SIZE = 0x88, GET_CRC_MODE = 0x89,
       SET_CRC_MODE = 0x8A };
enum { DESCRIPTOR_DEVICE = 1, DESCRIPTOR_CONFIG = 2, DESCRIPTOR_STRING = 3 };

struct setup {
	uint8_t type, request;
	uint16_t value, index;
	struct esim_slice data;			/* that the host sends */
};

/* --- messages --------------------------------------------------------------------------------------------- */

void usb_messages_forget(struct usb_messages *messages)
{
	for (size_t i = 0; i < messages->response_count; i++)
		esim_buf_free(&messages->responses[i]);
	messages->response_count = 0;
}

/* RESPONSE_AVAILABLE (CDC 1.2, 6.3.2), one for each message. A host that fetches none loses the later ones. */
void usb_messages_send(struct vmodem_front *front, struct esim_slice message)
{
	struct usb_way *usb = front->way;
	struct usb_messages *messages = &usb->messages;
	struct esim_buf notice = ESIM_BUF_INIT, response = ESIM_BUF_INIT;

	if (usb->link.fd < 0 || messages->response_count == USB_MAX_RESPONSES)
		return;
	esim_buf_append_slice(&response, message);
	messages->responses[messages->response_count++] = response;
	esim_buf_append(&notice, (const uint8_t[]){ 0xA1, 0x01, 0, 0, 0, 0, 0, 0 }, 8);
	usbip_pipe_put(&messages->notices, &usb->link, &notice);
}

static void fetch(struct usb_messages *messages, struct esim_buf *reply)
{
	if (messages->response_count == 0)
		return;
	*reply = messages->responses[0];
	messages->response_count--;
	memmove(&messages->responses[0], &messages->responses[1],
		messages->response_count * sizeof(messages->responses[0]));
}

/* Blocks of 16 KiB both ways, aligned to 4 (NCM 1.0, 6.2.1). */
static void put_ntb_parameters(struct esim_buf *reply)
{
	static const uint8_t parameters[] = { 28, 0, 1, 0, 0x00, 0x40, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0,
					      0x00, 0x40, 0, 0, 4, 0, 0, 0, 4, 0, 16, 0 };

	esim_buf_append(reply, parameters, sizeof(parameters));
}

static int messages_request(struct usb_way *usb, const struct setup *setup, struct esim_buf *reply)
{
	switch (setup->request) {
	case SEND_ENCAPSULATED_COMMAND:
		vmodem_feed(&usb->messages.front, setup->data);
		return 0;
	case GET_ENCAPSULATED_RESPONSE:
		fetch(&usb->messages, reply);
		return 0;
	case GET_NTB_PARAMETERS:
		put_ntb_parameters(reply);
		return 0;
	case GET_NTB_INPUT_SIZE:
		esim_buf_append(reply, (const uint8_t[]){ 0x00, 0x40, 0, 0 }, 4);
		return 0;
	case GET_NTB_FORMAT:
	case GET_CRC_MODE:
		esim_buf_append(reply, (const uint8_t[]){ 0, 0 }, 2);
		return 0;
	case GET_MAX_DATAGRAM_SIZE:
		esim_buf_append(reply, (const uint8_t[]){ 0x00, 0x08 }, 2);
		return 0;
	case RESET_FUNCTION:
	case SET_NTB_FORMAT:
	case SET_NTB_INPUT_SIZE:
	case SET_MAX_DATAGRAM_SIZE:
	case SET_CRC_MODE:
	case SET_CONTROL_LINE_STATE:		/* qmi_wwan's, for some devices */
		return 0;
	}
	return -EPIPE;
}

/* --- serial ports ------------------------------------------------------------------------------------------- */

static int acm_request(struct usb_acm *acm, const struct setup *setup, struct esim_buf *reply)
{
	switch (setup->request) {
	case SET_LINE_CODING:
		if (setup->data.len < sizeof(acm->line_coding))
			return -EPIPE;
		memcpy(acm->line_coding, setup->data.data, sizeof(acm->line_coding));
		return 0;
	case GET_LINE_CODING:
		esim_buf_append(reply, acm->line_coding, sizeof(acm->line_coding));
		return 0;
	case SET_CONTROL_LINE_STATE:
		acm->ready = setup->value & 1;
		return 0;
	case SEND_BREAK:
		return 0;
	}
	return -EPIPE;
}

static int class_request(struct usb_way *usb, const struct setup *setup, struct esim_buf *reply)
{
	const unsigned first = usb_first_acm(usb), interface = setup->index & 0xFF, port = (interface - first) / 2;

	if (interface < first)
		return messages_request(usb, setup, reply);
	if (port < USB_ACM_PORTS && usb->acms[port].present)
		return acm_request(&usb->acms[port], setup, reply);
	return -EPIPE;
}

/* --- standard requests ------------------------------------------------------------------------------------------ */

static int get_descriptor(struct usb_way *usb, const struct setup *setup, struct esim_buf *reply)
{
	switch (setup->value >> 8) {
	case DESCRIPTOR_DEVICE:
		usb_device_descriptor(usb, reply);
		break;
	case DESCRIPTOR_CONFIG:
		usb_config_descriptor(usb, reply);
		break;
	case DESCRIPTOR_STRING:
		usb_string_descriptor(usb, (uint8_t)setup->value, reply);
		break;
	}
	return reply->len ? 0 : -EPIPE;
}

static bool is_mbim_data(const struct usb_way *usb, const struct setup *setup)
{
	return usb_first_acm(usb) == 2 && setup->index == 1;
}

static int standard_request(struct usb_way *usb, const struct setup *setup, struct esim_buf *reply)
{
	switch (setup->request) {
	case GET_DESCRIPTOR:
		return get_descriptor(usb, setup, reply);
	case GET_STATUS:
		esim_buf_append(reply, (const uint8_t[]){ 0, 0 }, 2);
		return 0;
	case GET_CONFIGURATION:
		esim_buf_append_byte(reply, usb->configuration);
		return 0;
	case SET_CONFIGURATION:
		usb->configuration = (uint8_t)setup->value;
		return 0;
	case GET_INTERFACE:
		esim_buf_append_byte(reply, is_mbim_data(usb, setup) ? usb->messages.alternate : 0);
		return 0;
	case SET_INTERFACE:
		if (is_mbim_data(usb, setup) && setup->value <= 1)
			usb->messages.alternate = (uint8_t)setup->value;
		else if (setup->value)
			return -EPIPE;
		return 0;
	case CLEAR_FEATURE:
	case SET_FEATURE:
		return 0;
	}
	return -EPIPE;
}

void usb_control(struct usb_way *usb, const struct usbip_request *request, struct esim_slice data)
{
	const uint8_t *p = request->setup;
	const struct setup setup = { p[0], p[1], (uint16_t)(p[2] | p[3] << 8), (uint16_t)(p[4] | p[5] << 8), data };
	struct esim_buf reply = ESIM_BUF_INIT;
	int status = setup.type == CLASS_OUT || setup.type == CLASS_IN ? class_request(usb, &setup, &reply) :
									   standard_request(usb, &setup, &reply);

	if (reply.len > request->length)
		reply.len = request->length;
	if (request->in)
		usbip_complete_in(&usb->link, request->seq, status, esim_buf_slice(&reply));
	else
		usbip_complete_out(&usb->link, request->seq, status, status ? 0 : request->length);
	esim_buf_free(&reply);
}
