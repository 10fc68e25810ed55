/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IN endpoint: the host's URBs that wait, and the messages that wait for URBs. */
#ifndef USBIP_PIPE_H
#define USBIP_PIPE_H

#include "usbip/usbip.h"

#define USBIP_PIPE_URBS	64
#define USBIP_PIPE_MESSAGES	512

struct usbip_pipe {
	uint16_t packet;		/* bytes of a packet */
	bool stray_zlp;			/* whole packets are always followed by an empty one */
	bool halted;
	struct { uint32_t seq, length; } urbs[USBIP_PIPE_URBS];
	size_t urb_count;
	struct esim_buf messages[USBIP_PIPE_MESSAGES];
	size_t message_count, sent;	/* bytes of the first message */
};

void usbip_pipe_reset(struct usbip_pipe *pipe);

/* A URB has come. More than fit fail with -ENOSPC. */
void usbip_pipe_urb(struct usbip_pipe *pipe, struct usbip_link *link, uint32_t seq,
		      uint32_t length);
/* True where the URB was waiting here. */
bool usbip_pipe_unlink(struct usbip_pipe *pipe, uint32_t seq);

/* A message for the host; takes the bytes over. */
void usbip_pipe_put(struct usbip_pipe *pipe, struct usbip_link *link, struct esim_buf *message);

/* All reads fail with a stall until the host clears the halt; messages are lost. */
void usbip_pipe_halt(struct usbip_pipe *pipe, struct usbip_link *link);

#endif
