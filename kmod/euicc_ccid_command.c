// SPDX-License-Identifier: GPL-2.0-only
/* One command and its answer, and what is done where the answer does not come. */
#include "euicc_ccid.h"

#define EXTENSIONS_MAX	8192		/* of the time, for one command */
#define FOREIGN_MAX	32		/* messages that answer something else */
#define CONTROL_TIMEOUT	2000		/* ms */

static size_t put_message(struct ccid_reader *reader, const struct ccid_slot *slot,
			  const struct ccid_request *request, u8 seq)
{
	const struct ccid_header header = {
		.type = request->type,
		.length = request->len + request->pad,
		.slot = slot->index,
		.seq = seq,
		.specific = { request->specific[0], request->specific[1], request->specific[2] },
	};
	u8 *out = reader->out;

	ccid_header_put(out, &header);
	if (request->len)
		memcpy(out + CCID_HEADER_SIZE, request->data, request->len);
	if (request->pad)
		out[CCID_HEADER_SIZE + request->len] = 0;
	return CCID_HEADER_SIZE + header.length;
}

/* Read until the answer is there: what is stale is dropped, requests for time are granted. */
static int await_answer(struct ccid_slot *slot, u8 type, u8 seq, unsigned long deadline,
			struct ccid_answer *answer)
{
	struct ccid_reader *reader = slot->reader;
	unsigned int extensions = 0, foreign = 0;
	size_t len;
	int r;

	while (!(r = ccid_pipe_wait(reader, deadline))) {
		len = reader->in_urb->actual_length;
		switch (ccid_answer_get(reader->in, len, type, slot->index, seq, answer)) {
		case CCID_VERDICT_OK:
			return 0;
		case CCID_VERDICT_FAILED:
			return -EREMOTEIO;
		case CCID_VERDICT_EXTENSION:
			if (++extensions > EXTENSIONS_MAX)
				return -EIO;
			break;
		case CCID_VERDICT_MALFORMED:
			/* An empty packet is the end of an earlier message. */
			if (len)
				return -EIO;
			fallthrough;
		case CCID_VERDICT_FOREIGN:
			if (++foreign > FOREIGN_MAX)
				return -EIO;
			break;
		}
		r = ccid_pipe_read(reader);
		if (r)
			break;
	}
	return r;
}

static int command_seq(struct ccid_slot *slot, const struct ccid_request *request, u8 seq,
		       unsigned long deadline, struct ccid_answer *answer)
{
	struct ccid_reader *reader = slot->reader;
	int r;

	if (request->len + request->pad > reader->payload_max)
		return -ECANCELED;
	r = ccid_pipe_send(reader, put_message(reader, slot, request, seq));
	if (r)
		return r;
	r = await_answer(slot, request->answer, seq, deadline, answer);
	if (!r || r == -EREMOTEIO)
		ccid_slot_seen(slot, answer->icc);
	return r;
}

/*
 * A command of the slot's, by who has the claim. 0 and -EREMOTEIO (the reader says that it failed,
 * answer->error tells why): @answer is set, its data valid until the next command. -ECANCELED: not
 * a byte left. -ETIMEDOUT, -EIO, -ENODEV: sent, and the reader is to be brought back by
 * ccid_recover().
 */
int ccid_command(struct ccid_slot *slot, const struct ccid_request *request,
		 unsigned long deadline, struct ccid_answer *answer)
{
	return command_seq(slot, request, slot->reader->seq++, deadline, answer);
}

static bool is_leaving(struct ccid_reader *reader)
{
	bool leaving;

	spin_lock_irq(&reader->lock);
	leaving = reader->gone || reader->resetting;
	spin_unlock_irq(&reader->lock);
	return leaving;
}

/* CCID 1.1, 5.3.1: the request to the interface and the message name one sequence number. */
static int abort_command(struct ccid_slot *slot)
{
	const struct ccid_request request = { .type = CCID_ABORT, .answer = CCID_SLOT_STATUS };
	struct ccid_reader *reader = slot->reader;
	u8 seq = reader->seq++;
	struct ccid_answer answer;
	int r;

	r = usb_control_msg(reader->udev, usb_sndctrlpipe(reader->udev, 0), CCID_CONTROL_ABORT,
			    USB_DIR_OUT | USB_TYPE_CLASS | USB_RECIP_INTERFACE,
			    seq << 8 | slot->index,
			    reader->intf->cur_altsetting->desc.bInterfaceNumber, NULL, 0,
			    CONTROL_TIMEOUT);
	if (r == -ENODEV || is_leaving(reader))
		return -ENODEV;
	/* A reader without this request may know the message, or at least answer it. */
	r = command_seq(slot, &request, seq, jiffies + CCID_STATUS_TIMEOUT, &answer);
	if (r == -EREMOTEIO && answer.error != CCID_ERROR_SLOT_BUSY)
		return 0;
	return r;
}

/*
 * A USB reset is for the whole device: where it has other interfaces, they are not ours to
 * disturb.
 */
static void ask_for_reset(struct ccid_reader *reader)
{
	if (reader->udev->actconfig->desc.bNumInterfaces > 1)
		return;
	spin_lock_irq(&reader->lock);
	reader->broken = true;
	spin_unlock_irq(&reader->lock);
	usb_queue_reset_device(reader->intf);
}

/*
 * A command got no answer, or not one that can be understood: abort it. A reader that answers to
 * that goes on, and the card session with it; else all sessions are over, and the reader is reset.
 */
void ccid_recover(struct ccid_slot *slot)
{
	struct ccid_reader *reader = slot->reader;
	unsigned int i;
	int r = -ENODEV;

	slot->unsettled = true;
	if (!is_leaving(reader))
		r = abort_command(slot);
	if (!r)
		slot->unsettled = false;
	if (!r || r == -ENODEV || is_leaving(reader))
		return;
	dev_warn_ratelimited(&reader->intf->dev, "the reader does not come back (%d)\n", r);
	for (i = 0; i < reader->slot_count; i++)
		ccid_slot_lost(&reader->slots[i]);
	ask_for_reset(reader);
}

/* Abort what was broken off when there was no time for it. */
void ccid_settle(struct ccid_slot *slot)
{
	if (slot->unsettled && !abort_command(slot))
		slot->unsettled = false;
}

/* GetSlotStatus; ccid_slot_seen() hears what it says. */
int ccid_slot_status(struct ccid_slot *slot)
{
	const struct ccid_request request = {
		.type = CCID_GET_SLOT_STATUS, .answer = CCID_SLOT_STATUS,
	};
	unsigned long deadline = jiffies + CCID_STATUS_TIMEOUT;
	struct ccid_answer answer;
	int r = ccid_claim(slot->reader, deadline);

	if (r)
		return r;
	r = ccid_command(slot, &request, deadline, &answer);
	/* Whoever had the reader before may have left it in the middle of something. */
	if (r == -EREMOTEIO && answer.error == CCID_ERROR_SLOT_BUSY)
		slot->unsettled = true;
	ccid_settle(slot);
	ccid_release(slot->reader);
	return r == -EREMOTEIO ? 0 : r;
}
