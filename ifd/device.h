/* SPDX-License-Identifier: GPL-2.0-or-later */
/* euicc(4), one function for each call. All return a negative errno where they fail. */
#ifndef IFD_DEVICE_H
#define IFD_DEVICE_H

#include <linux/euicc.h>

#include <stddef.h>
#include <stdint.h>

/* A new file of the device: no channel, nothing is powered. -ENODEV where there is no device. */
int device_open(const char *path);

int device_info(int fd, struct euicc_info *ret);

/* @args has aid, aid_len, p2 and flags; -ESRCH where the card has no such application. */
int device_open_channel(int fd, struct euicc_open_channel *args);

/* One exchange; its answer goes to @response, of EUICC_AREA_MAX bytes. */
int device_transmit(int fd, const uint8_t *command, size_t len, uint8_t *response, size_t *ret_len,
		    uint16_t *ret_sw);

int device_reset(int fd, uint32_t kind);

/* The next event that waits; -EAGAIN where there is none. */
int device_event(int fd, struct euicc_event *ret);

#endif
