/* SPDX-License-Identifier: GPL-2.0-or-later */
/* USB/IP from the bus's side: requests go out, completions come back. */
#ifndef UMOCKDEV_CLIENT_H
#define UMOCKDEV_CLIENT_H

#include <esim/bytes.h>

struct usbip_client {
	int fd;				/* negative: nothing is plugged in */
	uint32_t next;
	struct esim_buf in;
};

struct usbip_reply {
	uint32_t seq;
	bool unlinked;			/* the answer to usbip_client_unlink() */
	int status;			/* negative errno */
	uint32_t actual;
};

void usbip_client_start(struct usbip_client *client, int fd);
void usbip_client_stop(struct usbip_client *client);

/*
 * One URB; its number. @setup: eight bytes, or NULL. IN has room for @length bytes, OUT sends them. What
 * cannot be sent is not answered: the device has gone, which usbip_client_receive() tells.
 */
uint32_t usbip_client_submit(struct usbip_client *client, uint8_t endpoint, bool in,
			     const uint8_t *setup, const void *data, uint32_t length);
/* Take back a URB; the number of this request. */
uint32_t usbip_client_unlink(struct usbip_client *client, uint32_t seq);

/* Wait for bytes and take them in. False: the device has gone. */
bool usbip_client_receive(struct usbip_client *client);
/* 1: the next whole reply, with an IN URB's bytes in @data. 0: none yet. Negative: no USB/IP. */
int usbip_client_next(struct usbip_client *client, struct usbip_reply *ret, struct esim_buf *data);

/* A control request, and wait: bytes that came (IN), or a negative errno. */
int usbip_client_control(struct usbip_client *client, const uint8_t setup[8], void *data);

#endif
