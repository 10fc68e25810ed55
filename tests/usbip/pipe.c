/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IN endpoint; see pipe.h. */
#include "usbip/pipe.h"

#include <errno.h>
#include <string.h>

static void drop_messages(struct usbip_pipe *pipe)
{
	for (size_t i = 0; i < pipe->message_count; i++)
		esim_buf_free(&pipe->messages[i]);
	pipe->message_count = pipe->sent = 0;
}

void usbip_pipe_reset(struct usbip_pipe *pipe)
{
	drop_messages(pipe);
	pipe->urb_count = 0;
	pipe->halted = false;
}

static void drop_urb(struct usbip_pipe *pipe, size_t i)
{
	memmove(&pipe->urbs[i], &pipe->urbs[i + 1],
		(pipe->urb_count - i - 1) * sizeof(pipe->urbs[0]));
	pipe->urb_count--;
}

static void drop_first_message(struct usbip_pipe *pipe)
{
	esim_buf_free(&pipe->messages[0]);
	pipe->message_count--;
	memmove(&pipe->messages[0], &pipe->messages[1],
		pipe->message_count * sizeof(pipe->messages[0]));
	pipe->sent = 0;
}

/*
 * As much of the first message as the first URB takes. A packet has no borders within: where the
 * room ends inside one, the host controller sees babble. A message of whole packets that leaves room
 * ends with an empty packet, which the host does not see as such.
 */
static void fill_one(struct usbip_pipe *pipe, struct usbip_link *link)
{
	struct esim_buf *message = &pipe->messages[0];
	size_t left = message->len - pipe->sent, room = pipe->urbs[0].length;
	size_t n = left < room ? left : room;
	bool babble = left > room && room % pipe->packet;
	bool filled = n == room && left == room;

	usbip_complete_in(link, pipe->urbs[0].seq, babble ? -EOVERFLOW : 0,
			  esim_slice(message->data ? message->data + pipe->sent : NULL, n));
	drop_urb(pipe, 0);
	pipe->sent += n;
	if (pipe->sent < message->len && !babble)
		return;
	if (pipe->stray_zlp && filled && message->len > 0 && message->len % pipe->packet == 0) {
		esim_buf_reset(message);
		pipe->sent = 0;
		return;
	}
	drop_first_message(pipe);
}

static void pump(struct usbip_pipe *pipe, struct usbip_link *link)
{
	while (pipe->halted && pipe->urb_count > 0) {
		usbip_complete_in(link, pipe->urbs[0].seq, -EPIPE, esim_slice(NULL, 0));
		drop_urb(pipe, 0);
	}
	while (pipe->urb_count > 0 && pipe->message_count > 0)
		fill_one(pipe, link);
}

void usbip_pipe_urb(struct usbip_pipe *pipe, struct usbip_link *link, uint32_t seq,
		      uint32_t length)
{
	if (pipe->urb_count == USBIP_PIPE_URBS) {
		usbip_complete_in(link, seq, -ENOSPC, esim_slice(NULL, 0));
		return;
	}
	pipe->urbs[pipe->urb_count].seq = seq;
	pipe->urbs[pipe->urb_count++].length = length;
	pump(pipe, link);
}

bool usbip_pipe_unlink(struct usbip_pipe *pipe, uint32_t seq)
{
	for (size_t i = 0; i < pipe->urb_count; i++) {
		if (pipe->urbs[i].seq == seq) {
			drop_urb(pipe, i);
			return true;
		}
	}
	return false;
}

void usbip_pipe_put(struct usbip_pipe *pipe, struct usbip_link *link, struct esim_buf *message)
{
	if (pipe->halted || pipe->message_count == USBIP_PIPE_MESSAGES) {
		esim_buf_free(message);
		return;
	}
	pipe->messages[pipe->message_count++] = *message;
	*message = ESIM_BUF_INIT;
	pump(pipe, link);
}

void usbip_pipe_halt(struct usbip_pipe *pipe, struct usbip_link *link)
{
	drop_messages(pipe);
	pipe->halted = true;
	pump(pipe, link);
}
