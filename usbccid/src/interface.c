/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an interface is a CCID reader (CCID 1.1, 4.2 and 5.1), by its descriptors alone. */
#include "finder.h"
#include "quirks.h"

#define PROTOCOL_CCID	0x00		/* bInterfaceProtocol: 1 and 2 are cards with a USB plug (ICCD) */
#define PACKET_MASK	0x07FF		/* wMaxPacketSize without the transactions of a microframe */

static bool has_class(const struct libusb_interface_descriptor *alternate, unsigned quirks)
{
	if (alternate->bInterfaceClass == CCID_INTERFACE_CLASS)
		return alternate->bInterfaceProtocol == PROTOCOL_CCID;
	return (quirks & QUIRK_DESCRIPTOR_ELSEWHERE) &&
	       alternate->bInterfaceClass == LIBUSB_CLASS_VENDOR_SPEC;
}

/* Behind the interface descriptor, or behind one of the endpoints'. */
static bool find_descriptor(const struct libusb_interface_descriptor *alternate,
			    struct ccid_descriptor *ret)
{
	int r = ccid_descriptor_parse(alternate->extra, (size_t)alternate->extra_length, ret);

	for (unsigned i = 0; r && i < alternate->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *endpoint = &alternate->endpoint[i];

		r = ccid_descriptor_parse(endpoint->extra, (size_t)endpoint->extra_length, ret);
	}
	return r == 0;
}

/* The first of each kind. */
static void take_endpoint(const struct libusb_endpoint_descriptor *endpoint, struct pipes *pipes)
{
	const uint16_t packet = endpoint->wMaxPacketSize & PACKET_MASK;
	const bool in = endpoint->bEndpointAddress & LIBUSB_ENDPOINT_IN;
	uint8_t *address = NULL;
	uint16_t *size = NULL;

	switch (endpoint->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) {
	case LIBUSB_TRANSFER_TYPE_BULK:
		address = in ? &pipes->in : &pipes->out;
		size = in ? &pipes->in_packet : &pipes->out_packet;
		break;
	case LIBUSB_TRANSFER_TYPE_INTERRUPT:
		address = in ? &pipes->interrupt : NULL;
		size = &pipes->interrupt_packet;
		break;
	default:
		break;
	}
	if (!address || *address || packet == 0)
		return;
	*address = endpoint->bEndpointAddress;
	*size = packet;
}

static bool find_pipes(const struct libusb_interface_descriptor *alternate, struct pipes *ret)
{
	*ret = (struct pipes){ 0 };
	for (unsigned i = 0; i < alternate->bNumEndpoints; i++)
		take_endpoint(&alternate->endpoint[i], ret);
	return ret->in && ret->out;
}

static void describe(const struct ccid_descriptor *desc, struct usbccid_info *info)
{
	const unsigned slots = desc->max_slot_index + 1u;

	info->level = public_level(desc->features);
	info->slots = slots < USBCCID_MAX_SLOTS ? slots : USBCCID_MAX_SLOTS;
	info->t0 = desc->protocols & CCID_PROTOCOL_T0;
	info->t1 = desc->protocols & CCID_PROTOCOL_T1;
}

bool interface_is_reader(const struct libusb_interface *interface, uint16_t vendor, uint16_t product,
			 struct found_reader *ret)
{
	const unsigned quirks = quirks_of(vendor, product);

	for (int i = 0; i < interface->num_altsetting; i++) {
		const struct libusb_interface_descriptor *alternate = &interface->altsetting[i];

		/* Descriptors that end too early leave libusb without what bNumEndpoints counts. */
		if (!alternate->endpoint || !has_class(alternate, quirks) ||
		    !find_descriptor(alternate, &ret->setup.descriptor) ||
		    !find_pipes(alternate, &ret->pipes))
			continue;
		ret->alternate = alternate->bAlternateSetting;
		ret->setup.quirks = quirks;
		ret->setup.info.interface = alternate->bInterfaceNumber;
		ret->setup.info.vendor = vendor;
		ret->setup.info.product = product;
		describe(&ret->setup.descriptor, &ret->setup.info);
		return true;
	}
	return false;
}
