/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the device says of itself; see descriptors.h. */
#include "vreader/descriptors.h"
#include "vreader/message.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_VENDOR	0x1D6B
#define DEFAULT_PRODUCT	0x0104
#define DEFAULT_CLOCK	4000		/* kHz */
#define DEFAULT_RATE	10752		/* bit/s at the default Fi and Di */
#define MAX_RATE	344086		/* at 512/32, the most of a UICC at 4 MHz and more */
#define FULL_SPEED_PACKET 64
#define HIGH_SPEED_PACKET 512
#define REMOTE_WAKEUP	0x20
#define CLASS_SIZE	54

/* --- what zeroed options stand for ----------------------------------------- */

/* Exchange level, and what such readers do by themselves. */
static const struct {
	uint32_t level, others, max_message;
} levels[] = {
	[VREADER_TPDU] = { 0x10000, 0x30, 271 },
	[VREADER_SHORT] = { 0x20000, 0x4B2, 271 },
	[VREADER_EXTENDED] = { 0x40000, 0x4B2, 65554 },
	[VREADER_CHARACTER] = { 0x00000, 0x30, 271 },
};

uint32_t vreader_features(const struct vreader_options *options)
{
	return levels[options->level].level |
	       (options->has_features ? options->features : levels[options->level].others);
}

uint32_t vreader_max_message(const struct vreader_options *options)
{
	return options->max_message ? options->max_message : levels[options->level].max_message;
}

uint32_t vreader_protocols(const struct vreader_options *options)
{
	return options->protocols ? options->protocols : options->t1 ? 3 : 1;
}

unsigned vreader_voltages(const struct vreader_options *options)
{
	return options->voltages ? options->voltages : VREADER_5V | VREADER_3V | VREADER_1V8;
}

/* --- descriptors ----------------------------------------------------------- */

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void make_device(const struct vreader_options *options, uint8_t *p)
{
	static const uint8_t model[VREADER_DEVICE_SIZE] = {
		VREADER_DEVICE_SIZE, 1, 0x00, 0x02, 0, 0, 0, 64, 0, 0, 0, 0, 0x00, 0x01, 1, 2, 3, 1,
	};

	memcpy(p, model, sizeof(model));
	put16(p + 8, options->vendor ? options->vendor : DEFAULT_VENDOR);
	put16(p + 10, options->product ? options->product : DEFAULT_PRODUCT);
}

/* The smart-card class descriptor, chapter 5.1. */
static size_t put_class(const struct vreader_options *options, uint8_t *p)
{
	memset(p, 0, CLASS_SIZE);
	p[0] = CLASS_SIZE;
	p[1] = 0x21;
	put16(p + 2, 0x0110);
	p[4] = (uint8_t)(options->slots ? options->slots - 1 : 0);
	p[5] = (uint8_t)vreader_voltages(options);
	ccid_put32(p + 6, vreader_protocols(options));
	ccid_put32(p + 10, DEFAULT_CLOCK);
	ccid_put32(p + 14, DEFAULT_CLOCK);
	ccid_put32(p + 19, DEFAULT_RATE);
	ccid_put32(p + 23, options->max_rate ? options->max_rate : MAX_RATE);
	ccid_put32(p + 28, 254);
	ccid_put32(p + 40, vreader_features(options));
	ccid_put32(p + 44, vreader_max_message(options));
	p[48] = p[49] = 0xFF;
	p[53] = 1;
	return CLASS_SIZE;
}

static size_t put_endpoint(uint8_t *p, uint8_t address, uint8_t type, unsigned packet,
			   uint8_t interval)
{
	const uint8_t bytes[] = { 7, 5, address, type, (uint8_t)packet, (uint8_t)(packet >> 8),
				  interval };

	memcpy(p, bytes, sizeof(bytes));
	return sizeof(bytes);
}

static size_t make_config(const struct vreader_options *options, unsigned packet, uint8_t *p)
{
	const uint8_t header[] = { 9, 2, 0, 0, 1, 1, 0,
				   (uint8_t)(0x80 | (options->remote_wakeup ? REMOTE_WAKEUP : 0)), 50 };
	const uint8_t interface[] = { 9, 4, 0, 0, options->no_interrupt ? 2 : 3, 0x0B, 0, 0, 0 };
	size_t n = 0;

	memcpy(p, header, sizeof(header));
	n += sizeof(header);
	memcpy(p + n, interface, sizeof(interface));
	n += sizeof(interface);
	if (!options->class_last)
		n += put_class(options, p + n);
	if (!options->no_interrupt)
		n += put_endpoint(p + n, 0x80 | VREADER_EP_INTERRUPT, 3, 8,
				  options->high_speed ? 8 : 16);
	n += put_endpoint(p + n, 0x80 | VREADER_EP_BULK_IN, 2, packet, 0);
	n += put_endpoint(p + n, VREADER_EP_BULK_OUT, 2, packet, 0);
	if (options->class_last)
		n += put_class(options, p + n);
	put16(p + 2, (unsigned)n);
	return n;
}

void vreader_descriptors_make(const struct vreader_options *options,
			      struct vreader_descriptors *ret)
{
	ret->packet = options->high_speed ? HIGH_SPEED_PACKET : FULL_SPEED_PACKET;
	make_device(options, ret->device);
	ret->config_len = make_config(options, ret->packet, ret->config);
}

int vreader_descriptors_patch(struct vreader_descriptors *descriptors, const char *spec,
			      struct esim_error *err)
{
	if (!spec || !strcmp(spec, "none"))
		return 0;
	while (*spec) {
		char which[8];
		unsigned offset, value;
		int used = 0;
		uint8_t *bytes;
		size_t len;

		if (sscanf(spec, "%7[a-z]:%u=%2x%n", which, &offset, &value, &used) != 3 ||
		    (spec[used] && spec[used] != ','))
			return esim_error_set(err, ESIM_EINVAL, "\"%s\" is not device:OFFSET=HH or config:OFFSET=HH",
					      spec);
		bytes = !strcmp(which, "device") ? descriptors->device : descriptors->config;
		len = bytes == descriptors->device ? VREADER_DEVICE_SIZE : descriptors->config_len;
		if ((bytes == descriptors->config && strcmp(which, "config")) || offset >= len)
			return esim_error_set(err, ESIM_EINVAL, "there is no byte %u in the %s descriptor",
					      offset, which);
		bytes[offset] = (uint8_t)value;
		spec += used + (spec[used] == ',');
	}
	return 0;
}

void vreader_string(uint8_t index, struct esim_buf *ret)
{
	static const char *const strings[] = { NULL, "CoreESIM", "Virtual eUICC reader", "0001" };
	const char *text = index < 4 ? strings[index] : NULL;

	if (index == 0) {
		esim_buf_append(ret, (const uint8_t[]){ 4, 3, 0x09, 0x04 }, 4);
	} else if (text) {
		esim_buf_append_byte(ret, (uint8_t)(2 + 2 * strlen(text)));
		esim_buf_append_byte(ret, 3);
		for (; *text; text++)
			esim_buf_append(ret, (const uint8_t[]){ (uint8_t)*text, 0 }, 2);
	}
}
