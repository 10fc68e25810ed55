// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bulk pipes: who has them, and one message out and one back. The read is submitted before the
 * write, so that a block costs two URBs, and the caller is woken once, when both are done.
 */
#include <linux/slab.h>

#include "euicc_ccid.h"

/* --- the claim ---------------------------------------------------------------------------- */

#define RESET_BEGINS_IN	(5 * HZ)

static bool claim_settled(struct ccid_reader *reader, int *result)
{
	unsigned long flags;
	bool settled = true;

	spin_lock_irqsave(&reader->lock, flags);
	if (reader->gone) {
		*result = -ENODEV;
	} else if (reader->resetting) {
		*result = -EIO;
	} else if (reader->claimed || reader->broken) {
		settled = false;
	} else {
		reader->claimed = true;
		*result = 0;
	}
	spin_unlock_irqrestore(&reader->lock, flags);
	return settled;
}

/* A reset that was asked for and never came: go on without. */
static void forget_reset(struct ccid_reader *reader)
{
	spin_lock_irq(&reader->lock);
	reader->broken = false;
	spin_unlock_irq(&reader->lock);
}

static bool waits_for_reset(struct ccid_reader *reader)
{
	bool broken;

	spin_lock_irq(&reader->lock);
	broken = reader->broken;
	spin_unlock_irq(&reader->lock);
	return broken;
}

/* 0; -ETIMEDOUT; -EIO: the reader is being reset; -ENODEV. Nothing was sent where it fails. */
int ccid_claim(struct ccid_reader *reader, unsigned long deadline)
{
	int r = -ETIMEDOUT;

	if (waits_for_reset(reader)) {
		wait_event_idle_timeout(reader->claim_wait, claim_settled(reader, &r),
					ccid_left(ccid_until(deadline, RESET_BEGINS_IN)));
		if (r != -ETIMEDOUT)
			return r;
		forget_reset(reader);
	}
	wait_event_idle_timeout(reader->claim_wait, claim_settled(reader, &r),
				ccid_left(deadline));
	return r;
}

void ccid_release(struct ccid_reader *reader)
{
	spin_lock_irq(&reader->lock);
	reader->claimed = false;
	spin_unlock_irq(&reader->lock);
	wake_up(&reader->claim_wait);
}

/* --- URBs --------------------------------------------------------------------------------- */

/* Both are done, or one of them failed. */
static bool is_over(const struct ccid_reader *reader)
{
	lockdep_assert_held(&reader->lock);
	return (reader->out_done && reader->in_done) ||
	       (reader->out_done && reader->out_status) || (reader->in_done && reader->in_status);
}

static void out_complete(struct urb *urb)
{
	struct ccid_reader *reader = urb->context;
	unsigned long flags;
	bool over;

	spin_lock_irqsave(&reader->lock, flags);
	reader->out_done = true;
	reader->out_status = urb->status;
	over = is_over(reader);
	spin_unlock_irqrestore(&reader->lock, flags);
	if (over)
		wake_up(&reader->urb_wait);
}

static void in_complete(struct urb *urb)
{
	struct ccid_reader *reader = urb->context;
	unsigned long flags;
	bool over;

	spin_lock_irqsave(&reader->lock, flags);
	reader->in_done = true;
	reader->in_status = urb->status;
	over = is_over(reader);
	spin_unlock_irqrestore(&reader->lock, flags);
	if (over)
		wake_up(&reader->urb_wait);
}

/*
 * Begin to read; the write is done, or is about to begin. Not while the pipe is being closed: host
 * controllers have been seen to lose a URB that is taken back at once after another was.
 */
static int submit_in(struct ccid_reader *reader, bool out_done)
{
	bool closed;

	spin_lock_irq(&reader->lock);
	closed = reader->gone || reader->poisoned;
	reader->out_done = out_done;
	reader->out_status = 0;
	reader->in_done = false;
	reader->in_status = 0;
	spin_unlock_irq(&reader->lock);
	if (closed)
		return -ENODEV;
	usb_fill_bulk_urb(reader->in_urb, reader->udev, reader->in_pipe, reader->in,
			  reader->in_size, in_complete, reader);
	return usb_submit_urb(reader->in_urb, GFP_NOIO);
}

/* Put the message in reader->out on its way. -ECANCELED: not a byte of it left. */
int ccid_pipe_send(struct ccid_reader *reader, size_t len)
{
	if (submit_in(reader, false))
		return -ECANCELED;
	usb_fill_bulk_urb(reader->out_urb, reader->udev, reader->out_pipe, reader->out, len,
			  out_complete, reader);
	/* A message that fills its last packet is ended by an empty one. */
	reader->out_urb->transfer_flags |= URB_ZERO_PACKET;
	if (usb_submit_urb(reader->out_urb, GFP_NOIO)) {
		usb_kill_urb(reader->in_urb);
		return -ECANCELED;
	}
	return 0;
}

/* Read on: what came was not the end. */
int ccid_pipe_read(struct ccid_reader *reader)
{
	int r = submit_in(reader, true);

	return r == -ENODEV || r == -EPERM ? -ENODEV : r ? -EIO : 0;
}

static bool woken(struct ccid_reader *reader)
{
	bool over;

	spin_lock_irq(&reader->lock);
	over = is_over(reader);
	spin_unlock_irq(&reader->lock);
	return over;
}

/* A stalled pipe takes nothing more until its halt is cleared. */
static void clear_halts(struct ccid_reader *reader, int out_status, int in_status)
{
	if (out_status == -EPIPE)
		usb_clear_halt(reader->udev, reader->out_pipe);
	if (in_status == -EPIPE)
		usb_clear_halt(reader->udev, reader->in_pipe);
}

/*
 * Wait for the answer. Neither URB is under way when this returns. 0: a message is in reader->in,
 * reader->in_urb->actual_length bytes of it. -ETIMEDOUT; -EIO; -ENODEV.
 */
int ccid_pipe_wait(struct ccid_reader *reader, unsigned long deadline)
{
	int out_status, in_status;
	bool gone, answered;
	long left;

	left = wait_event_idle_timeout(reader->urb_wait, woken(reader), ccid_left(deadline));
	if (!left) {
		usb_kill_urb(reader->out_urb);
		usb_kill_urb(reader->in_urb);
	}
	spin_lock_irq(&reader->lock);
	gone = reader->gone;
	out_status = reader->out_status;
	in_status = reader->in_status;
	/* The answer may have come while the time ran out. */
	answered = reader->out_done && !out_status && reader->in_done && !in_status;
	spin_unlock_irq(&reader->lock);
	if (answered)
		return 0;
	usb_kill_urb(reader->out_urb);
	usb_kill_urb(reader->in_urb);
	if (gone || out_status == -ENODEV || out_status == -ESHUTDOWN || in_status == -ENODEV ||
	    in_status == -ESHUTDOWN)
		return -ENODEV;
	if (!left)
		return -ETIMEDOUT;
	clear_halts(reader, out_status, in_status);
	return -EIO;
}

/* --- life ---------------------------------------------------------------------------------- */

/* The end: what is on the way comes back, whoever waits is woken, nothing more goes out. */
void ccid_pipe_stop(struct ccid_reader *reader)
{
	bool gone;

	spin_lock_irq(&reader->lock);
	gone = reader->gone;
	reader->gone = true;
	spin_unlock_irq(&reader->lock);
	if (gone)
		return;
	usb_poison_urb(reader->out_urb);
	usb_poison_urb(reader->in_urb);
	wake_up_all(&reader->claim_wait);
}

/* After the end of all workers: the pipe for a last word. */
void ccid_pipe_reopen(struct ccid_reader *reader)
{
	spin_lock_irq(&reader->lock);
	reader->gone = false;
	spin_unlock_irq(&reader->lock);
	usb_unpoison_urb(reader->in_urb);
	usb_unpoison_urb(reader->out_urb);
}

/* The same for the time of a reset. */
void ccid_pipe_poison(struct ccid_reader *reader)
{
	spin_lock_irq(&reader->lock);
	reader->poisoned = true;
	spin_unlock_irq(&reader->lock);
	usb_poison_urb(reader->out_urb);
	usb_poison_urb(reader->in_urb);
}

void ccid_pipe_unpoison(struct ccid_reader *reader)
{
	bool poisoned;

	spin_lock_irq(&reader->lock);
	poisoned = reader->poisoned;
	reader->poisoned = false;
	spin_unlock_irq(&reader->lock);
	if (!poisoned)
		return;
	usb_unpoison_urb(reader->in_urb);
	usb_unpoison_urb(reader->out_urb);
}

int ccid_pipe_init(struct ccid_reader *reader, struct usb_host_interface *alt)
{
	struct usb_endpoint_descriptor *in, *out;
	size_t answer, packet;

	if (usb_find_common_endpoints(alt, &in, &out, NULL, NULL))
		return -ENODEV;
	packet = usb_endpoint_maxp(in);
	if (!packet || !usb_endpoint_maxp(out))
		return -ENODEV;
	reader->in_pipe = usb_rcvbulkpipe(reader->udev, in->bEndpointAddress);
	reader->out_pipe = usb_sndbulkpipe(reader->udev, out->bEndpointAddress);

	answer = reader->payload_max;
	if (reader->level != CCID_LEVEL_EXTENDED_APDU) {
		reader->payload_max = min_t(size_t, reader->payload_max, CCID_SHORT_COMMAND_MAX);
		answer = CCID_SHORT_RESPONSE_MAX + 2;
	}
	/* Whole packets, and one byte more than a message: its end is seen in the same transfer. */
	reader->in_size = roundup(CCID_HEADER_SIZE + answer + 1, packet);
	reader->in = kmalloc(reader->in_size, GFP_KERNEL);
	reader->out = kmalloc(CCID_HEADER_SIZE + reader->payload_max, GFP_KERNEL);
	reader->in_urb = usb_alloc_urb(0, GFP_KERNEL);
	reader->out_urb = usb_alloc_urb(0, GFP_KERNEL);
	if (!reader->in || !reader->out || !reader->in_urb || !reader->out_urb)
		return -ENOMEM;
	return 0;
}

void ccid_pipe_free(struct ccid_reader *reader)
{
	usb_free_urb(reader->out_urb);
	usb_free_urb(reader->in_urb);
	kfree_sensitive(reader->out);
	kfree_sensitive(reader->in);
}
