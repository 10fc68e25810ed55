/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of the host, endpoint by endpoint (USB 2.0, chapter 9; CCID 1.1, 5.3). */
#include "vreader/reader.h"

#include <errno.h>
#include <string.h>

enum { STANDARD_IN = 0x80, STANDARD_OUT = 0x00, TO_ENDPOINT = 0x02, FROM_ENDPOINT = 0x82,
       TO_INTERFACE = 0x01, FROM_INTERFACE = 0x81, CLASS_OUT = 0x21, CLASS_IN = 0xA1 };
enum { GET_STATUS = 0, CLEAR_FEATURE = 1, SET_FEATURE = 3, GET_DESCRIPTOR = 6,
       GET_CONFIGURATION = 8, SET_CONFIGURATION = 9, GET_INTERFACE = 10, SET_INTERFACE = 11 };
enum { CCID_REQUEST_ABORT = 1, CCID_REQUEST_CLOCKS = 2, CCID_REQUEST_RATES = 3 };
enum { FEATURE_HALT = 0, FEATURE_REMOTE_WAKEUP = 1 };
enum { DESCRIPTOR_DEVICE = 1, DESCRIPTOR_CONFIG = 2, DESCRIPTOR_STRING = 3 };

void vreader_device_reset(struct vreader *reader)
{
	usbip_pipe_reset(&reader->bulk_in);
	usbip_pipe_reset(&reader->interrupt);
	esim_buf_free(&reader->out);
	reader->out_halted = reader->remote_wakeup = false;
	reader->configuration = 0;
	for (unsigned i = 0; i < reader->slot_count; i++) {
		vreader_slot_off(&reader->slots[i]);
		reader->slots[i].changed = reader->slots[i].present;
	}
	vreader_ccid_reset(reader);
}

/* --- the default endpoint --------------------------------------------------- */

struct setup {
	uint8_t type, request;
	uint16_t value, index;
};

/* 0 with the bytes for the host, or -EPIPE: a stall. */
typedef int control_handler(struct vreader *reader, const struct setup *setup, struct esim_buf *reply);

static int get_descriptor(struct vreader *reader, const struct setup *setup, struct esim_buf *reply)
{
	switch (setup->value >> 8) {
	case DESCRIPTOR_DEVICE:
		esim_buf_append(reply, reader->descriptors.device, VREADER_DEVICE_SIZE);
		break;
	case DESCRIPTOR_CONFIG:
		esim_buf_append(reply, reader->descriptors.config, reader->descriptors.config_len);
		break;
	case DESCRIPTOR_STRING:
		vreader_string((uint8_t)setup->value, reply);
		break;
	}
	return reply->len ? 0 : -EPIPE;
}

static int get_device_status(struct vreader *reader, const struct setup *setup,
			     struct esim_buf *reply)
{
	(void)setup;
	reader->stats.count[STAT_RESUMES]++;
	esim_buf_append(reply, (uint8_t[]){ reader->remote_wakeup ? 2 : 0, 0 }, 2);
	return 0;
}

static int get_status(struct vreader *reader, const struct setup *setup, struct esim_buf *reply)
{
	bool halted = setup->type == FROM_ENDPOINT &&
		      ((setup->index == (0x80 | VREADER_EP_BULK_IN) && reader->bulk_in.halted) ||
		       (setup->index == VREADER_EP_BULK_OUT && reader->out_halted));

	esim_buf_append(reply, (uint8_t[]){ halted, 0 }, 2);
	return 0;
}

static int device_feature(struct vreader *reader, const struct setup *setup, struct esim_buf *reply)
{
	(void)reply;
	if (setup->value != FEATURE_REMOTE_WAKEUP)
		return -EPIPE;
	reader->remote_wakeup = setup->request == SET_FEATURE;
	reader->stats.count[STAT_SUSPENDS] += reader->remote_wakeup;
	return 0;
}

static int clear_halt(struct vreader *reader, const struct setup *setup, struct esim_buf *reply)
{
	(void)reply;
	if (setup->value != FEATURE_HALT)
		return -EPIPE;
	reader->stats.count[STAT_HALTS_CLEARED]++;
	if (setup->index == (0x80 | VREADER_EP_BULK_IN))
		reader->bulk_in.halted = false;
	if (setup->index == VREADER_EP_BULK_OUT)
		reader->out_halted = false;
	esim_buf_free(&reader->out);
	return 0;
}

static int set_configuration(struct vreader *reader, const struct setup *setup,
			     struct esim_buf *reply)
{
	(void)reply;
	vreader_device_reset(reader);
	reader->configuration = (uint8_t)setup->value;
	reader->stats.count[STAT_CONFIGURED]++;
	return 0;
}

static int get_configuration(struct vreader *reader, const struct setup *setup,
			     struct esim_buf *reply)
{
	(void)setup;
	esim_buf_append_byte(reply, reader->configuration);
	return 0;
}

static int interface(struct vreader *reader, const struct setup *setup, struct esim_buf *reply)
{
	(void)reader;
	if (setup->type == FROM_INTERFACE)
		esim_buf_append_byte(reply, 0);
	return setup->type == FROM_INTERFACE || setup->value == 0 ? 0 : -EPIPE;
}

static int ccid_abort(struct vreader *reader, const struct setup *setup, struct esim_buf *reply)
{
	(void)reply;
	if (reader->options.abort == VREADER_ABORT_STALLS)
		return -EPIPE;
	return vreader_ccid_abort(reader, (uint8_t)setup->value, (uint8_t)(setup->value >> 8)) ?
		       0 : -EPIPE;
}

/* Clock frequencies and data rates: four bytes each, from the class descriptor. */
static int ccid_numbers(struct vreader *reader, const struct setup *setup, struct esim_buf *reply)
{
	uint8_t bytes[4];

	ccid_put32(bytes, setup->request == CCID_REQUEST_CLOCKS ? 4000 : 10752);
	(void)reader;
	esim_buf_append(reply, bytes, sizeof(bytes));
	return 0;
}

static const struct {
	uint8_t type, request;
	control_handler *handler;
} handlers[] = {
	{ STANDARD_IN, GET_DESCRIPTOR, get_descriptor },
	{ STANDARD_IN, GET_STATUS, get_device_status },
	{ FROM_INTERFACE, GET_STATUS, get_status },
	{ FROM_ENDPOINT, GET_STATUS, get_status },
	{ STANDARD_OUT, SET_FEATURE, device_feature },
	{ STANDARD_OUT, CLEAR_FEATURE, device_feature },
	{ TO_ENDPOINT, CLEAR_FEATURE, clear_halt },
	{ STANDARD_OUT, SET_CONFIGURATION, set_configuration },
	{ STANDARD_IN, GET_CONFIGURATION, get_configuration },
	{ TO_INTERFACE, SET_INTERFACE, interface },
	{ FROM_INTERFACE, GET_INTERFACE, interface },
	{ CLASS_OUT, CCID_REQUEST_ABORT, ccid_abort },
	{ CLASS_IN, CCID_REQUEST_CLOCKS, ccid_numbers },
	{ CLASS_IN, CCID_REQUEST_RATES, ccid_numbers },
};

static void control(struct vreader *reader, const struct usbip_request *request)
{
	const uint8_t *p = request->setup;
	const struct setup setup = { p[0], p[1], (uint16_t)(p[2] | p[3] << 8),
				     (uint16_t)(p[4] | p[5] << 8) };
	struct esim_buf reply = ESIM_BUF_INIT;
	int status = -EPIPE;

	reader->stats.count[STAT_CONTROL_URBS]++;
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].type == setup.type && handlers[i].request == setup.request) {
			status = handlers[i].handler(reader, &setup, &reply);
			break;
		}
	}
	if (reply.len > request->length)
		reply.len = request->length;
	if (request->in)
		usbip_complete_in(&reader->link, request->seq, status, esim_buf_slice(&reply));
	else
		usbip_complete_out(&reader->link, request->seq, status, status ? 0 : request->length);
	esim_buf_free(&reply);
}

/* --- bulk out --------------------------------------------------------------- */

/* A message ends with its dwLength, or too early with a short packet. */
static bool message_is_whole(const struct vreader *reader, size_t received)
{
	const struct esim_buf *out = &reader->out;

	return (out->len >= CCID_HEADER && out->len - CCID_HEADER >= ccid_get32(out->data + 1)) ||
	       (received % reader->descriptors.packet != 0 && out->len > 0);
}

static void bulk_out(struct vreader *reader, const struct usbip_request *request,
		     struct esim_slice data)
{
	struct vreader_plan plan = { 0 };
	bool whole;

	reader->stats.count[STAT_BULK_OUT_URBS]++;
	if (reader->out_halted) {
		usbip_complete_out(&reader->link, request->seq, -EPIPE, 0);
		return;
	}
	esim_buf_append_slice(&reader->out, data);
	whole = message_is_whole(reader, data.len);
	if (whole && vreader_faults_plan(&reader->faults, reader->out.data[0], &plan))
		reader->stats.count[STAT_FAULTS]++;
	if (plan.wanted[FAULT_STALL_OUT]) {
		reader->out_halted = true;
		esim_buf_free(&reader->out);
		usbip_complete_out(&reader->link, request->seq, -EPIPE, 0);
		return;
	}
	usbip_complete_out(&reader->link, request->seq, 0, (uint32_t)data.len);
	if (whole) {
		vreader_ccid_command(reader, esim_buf_slice(&reader->out), &plan);
		esim_buf_free(&reader->out);
	}
}

/* --- which endpoint ---------------------------------------------------------- */

static void unlink_urb(struct vreader *reader, const struct usbip_request *request)
{
	bool waited = usbip_pipe_unlink(&reader->bulk_in, request->other) ||
		      usbip_pipe_unlink(&reader->interrupt, request->other);

	reader->stats.count[STAT_UNLINKED] += waited;
	usbip_complete_unlink(&reader->link, request->seq, waited ? -ECONNRESET : 0);
}

static void stall(struct vreader *reader, const struct usbip_request *request)
{
	if (request->in)
		usbip_complete_in(&reader->link, request->seq, -EPIPE, esim_slice(NULL, 0));
	else
		usbip_complete_out(&reader->link, request->seq, -EPIPE, 0);
}

/* Patched descriptors may send the host to endpoints that are not there. */
void vreader_device_request(struct vreader *reader, const struct usbip_request *request,
			    struct esim_slice data)
{
	if (request->kind == USBIP_UNLINK) {
		unlink_urb(reader, request);
	} else if (request->endpoint == 0) {
		control(reader, request);
	} else if (request->endpoint == VREADER_EP_BULK_OUT && !request->in) {
		bulk_out(reader, request, data);
	} else if (request->endpoint == VREADER_EP_BULK_IN && request->in) {
		reader->stats.count[STAT_BULK_IN_URBS]++;
		usbip_pipe_urb(&reader->bulk_in, &reader->link, request->seq, request->length);
	} else if (request->endpoint == VREADER_EP_INTERRUPT && request->in) {
		reader->stats.count[STAT_INTERRUPT_URBS]++;
		usbip_pipe_urb(&reader->interrupt, &reader->link, request->seq, request->length);
	} else {
		stall(reader, request);
	}
	reader->stats.count[STAT_READS_WAITING] = reader->bulk_in.urb_count;
	vreader_ccid_notify(reader);
}
