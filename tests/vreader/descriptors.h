/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the device says of itself; any byte of it can be made wrong. */
#ifndef VREADER_DESCRIPTORS_H
#define VREADER_DESCRIPTORS_H

#include "vreader/vreader.h"

#define VREADER_EP_INTERRUPT	1	/* IN */
#define VREADER_EP_BULK_IN	2
#define VREADER_EP_BULK_OUT	3

#define VREADER_DEVICE_SIZE	18
#define VREADER_CONFIG_SIZE	(9 + 9 + 54 + 3 * 7)

struct vreader_descriptors {
	uint8_t device[VREADER_DEVICE_SIZE];
	uint8_t config[VREADER_CONFIG_SIZE];
	size_t config_len;
	uint16_t packet;		/* bytes of a bulk packet */
};

/* What zeroed options stand for. */
uint32_t vreader_features(const struct vreader_options *options);
uint32_t vreader_max_message(const struct vreader_options *options);
uint32_t vreader_protocols(const struct vreader_options *options);
unsigned vreader_voltages(const struct vreader_options *options);

void vreader_descriptors_make(const struct vreader_options *options,
			      struct vreader_descriptors *ret);

/* `device:OFFSET=HH` or `config:OFFSET=HH`, separated by commas; NULL, "" and "none": no change. */
int vreader_descriptors_patch(struct vreader_descriptors *descriptors, const char *spec,
			      struct esim_error *err);

/* The string descriptor @index; empty where there is none. */
void vreader_string(uint8_t index, struct esim_buf *ret);

#endif
