/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IN endpoint: the host's URBs that wait, and the messages that wait for URBs. */
#ifndef VREADER_PIPE_H
#define VREADER_PIPE_H

#include "vreader/usbip.h"

#define VREADER_PIPE_URBS	64
#define VREADER_PIPE_MESSAGES	512

struct vreader_pipe {
	uint16_t packet;		/* bytes of a packet */
	bool stray_zlp;			/* whole packets are always followed by an empty one */
	bool halted;
	struct { uint32_t seq, length; } urbs[VREADER_PIPE_URBS];
	size_t urb_count;
	struct esim_buf messages[VREADER_PIPE_MESSAGES];
	size_t message_count, sent;	/* bytes of the first message */
};

void vreader_pipe_reset(struct vreader_pipe *pipe);

/* A URB has come. More than fit fail with -ENOSPC. */
void vreader_pipe_urb(struct vreader_pipe *pipe, struct usbip_link *link, uint32_t seq,
		      uint32_t length);
/* True where the URB was waiting here. */
bool vreader_pipe_unlink(struct vreader_pipe *pipe, uint32_t seq);

/* A message for the host; takes the bytes over. */
void vreader_pipe_put(struct vreader_pipe *pipe, struct usbip_link *link, struct esim_buf *message);

/* All reads fail with a stall until the host clears the halt; messages are lost. */
void vreader_pipe_halt(struct vreader_pipe *pipe, struct usbip_link *link);

#endif
