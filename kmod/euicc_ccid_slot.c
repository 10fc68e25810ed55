// SPDX-License-Identifier: GPL-2.0-only
/* Is there a card, and does its session live: what answers and interrupts tell of a slot. */
#include <linux/slab.h>

#include "euicc_ccid.h"

#define INTERRUPT_ERRORS_MAX	10	/* in a row; then the pipe is left alone */
#define INTERRUPT_RETRY_MS	100

/* --- the slot ------------------------------------------------------------------------------ */

/* No session any more. True: the device may sleep, as far as this slot is concerned. */
static bool session_over(struct ccid_slot *slot)
{
	bool held = slot->active && slot->awake;

	lockdep_assert_held(&slot->reader->lock);
	slot->active = false;
	if (held)
		slot->awake = false;
	return held;
}

/* Every answer carries the state of the card. */
void ccid_slot_seen(struct ccid_slot *slot, u8 icc)
{
	struct ccid_reader *reader = slot->reader;
	bool inserted = false, removed = false, lost = false, held = false, live;
	unsigned long flags;

	spin_lock_irqsave(&reader->lock, flags);
	if (icc == CCID_ICC_ABSENT) {
		/* The interrupt may be about to tell the core: who answers -ENOMEDIUM tells it first. */
		removed = true;
		slot->card = CCID_CARD_ABSENT;
		held = session_over(slot);
	} else if (icc == CCID_ICC_ACTIVE || icc == CCID_ICC_INACTIVE) {
		inserted = slot->card == CCID_CARD_ABSENT;
		slot->card = CCID_CARD_PRESENT;
		lost = slot->active && icc == CCID_ICC_INACTIVE;
		if (lost)
			held = session_over(slot);
	}
	live = slot->live;
	spin_unlock_irqrestore(&reader->lock, flags);
	if (held)
		usb_autopm_put_interface_async(reader->intf);
	if (!live)
		return;
	if (removed)
		euicc_card_removed(slot->edev);
	if (inserted)
		euicc_card_inserted(slot->edev);
	if (lost)
		euicc_session_lost(slot->edev);
}

bool ccid_slot_active(struct ccid_slot *slot)
{
	bool active;

	spin_lock_irq(&slot->reader->lock);
	active = slot->active;
	spin_unlock_irq(&slot->reader->lock);
	return active;
}

/* A session begins, unless the card went meanwhile. */
int ccid_slot_begin(struct ccid_slot *slot)
{
	int r = 0;

	spin_lock_irq(&slot->reader->lock);
	if (slot->card == CCID_CARD_ABSENT)
		r = -ENOMEDIUM;
	else
		slot->active = true;
	spin_unlock_irq(&slot->reader->lock);
	return r;
}

/* The session ends by our own doing, and another may follow at once. */
void ccid_slot_end(struct ccid_slot *slot)
{
	spin_lock_irq(&slot->reader->lock);
	slot->active = false;
	spin_unlock_irq(&slot->reader->lock);
}

/* It ended by the reader's doing. */
void ccid_slot_lost(struct ccid_slot *slot)
{
	bool tell, held;

	spin_lock_irq(&slot->reader->lock);
	tell = slot->active && slot->live;
	held = session_over(slot);
	spin_unlock_irq(&slot->reader->lock);
	if (held)
		usb_autopm_put_interface_async(slot->reader->intf);
	if (tell)
		euicc_session_lost(slot->edev);
}

/* --- the interrupt pipe -------------------------------------------------------------------- */

/*
 * A change from present to present is another card. But the first message since the pipe runs
 * only says how things are: readers report the card that they woke up with as a change.
 */
static void slot_changed(struct ccid_slot *slot, bool present, bool changed)
{
	struct ccid_reader *reader = slot->reader;
	bool inserted, removed, held = false;
	unsigned long flags;

	spin_lock_irqsave(&reader->lock, flags);
	if (present) {
		removed = slot->card == CCID_CARD_PRESENT && changed && slot->heard;
		inserted = slot->card == CCID_CARD_ABSENT || removed;
		slot->card = CCID_CARD_PRESENT;
	} else {
		removed = slot->card != CCID_CARD_ABSENT;
		inserted = false;
		slot->card = CCID_CARD_ABSENT;
	}
	slot->heard = true;
	if (removed)
		held = session_over(slot);
	spin_unlock_irqrestore(&reader->lock, flags);
	if (held)
		usb_autopm_put_interface_async(reader->intf);
	if (removed)
		euicc_card_removed(slot->edev);
	if (inserted)
		euicc_card_inserted(slot->edev);
}

static void take_message(struct ccid_reader *reader, size_t len)
{
	bool present, changed;
	unsigned int i;

	for (i = 0; i < reader->slot_count; i++)
		if (ccid_slot_change(reader->int_in, len, i, &present, &changed))
			slot_changed(&reader->slots[i], present, changed);
}

static void try_later(struct ccid_reader *reader)
{
	if (++reader->int_errors > INTERRUPT_ERRORS_MAX) {
		dev_warn(&reader->intf->dev, "the interrupt pipe fails: no news of cards\n");
		return;
	}
	schedule_delayed_work(&reader->int_work, msecs_to_jiffies(INTERRUPT_RETRY_MS));
}

static void interrupt_complete(struct urb *urb)
{
	struct ccid_reader *reader = urb->context;

	switch (urb->status) {
	case 0:
		reader->int_errors = 0;
		take_message(reader, urb->actual_length);
		if (!usb_submit_urb(urb, GFP_ATOMIC))
			return;
		break;
	case -ENOENT:
	case -ECONNRESET:
	case -ESHUTDOWN:
	case -ENODEV:
	case -EPERM:
		return;
	default:
		break;
	}
	try_later(reader);
}

static void interrupt_work(struct work_struct *work)
{
	struct ccid_reader *reader = container_of(to_delayed_work(work), struct ccid_reader,
						  int_work);

	if (reader->int_urb->status == -EPIPE)
		usb_clear_halt(reader->udev, reader->int_pipe);
	/* Fails when the pipe is being stopped, and that is meant. */
	usb_submit_urb(reader->int_urb, GFP_NOIO);
}

void ccid_interrupt_start(struct ccid_reader *reader)
{
	unsigned int i;

	if (!reader->int_urb || reader->int_running)
		return;
	reader->int_running = true;
	spin_lock_irq(&reader->lock);
	for (i = 0; i < reader->slot_count; i++)
		reader->slots[i].heard = false;
	spin_unlock_irq(&reader->lock);
	reader->int_errors = 0;
	usb_unpoison_urb(reader->int_urb);
	if (usb_submit_urb(reader->int_urb, GFP_NOIO))
		try_later(reader);
}

void ccid_interrupt_stop(struct ccid_reader *reader)
{
	if (!reader->int_running)
		return;
	reader->int_running = false;
	usb_poison_urb(reader->int_urb);
	cancel_delayed_work_sync(&reader->int_work);
}

int ccid_interrupt_init(struct ccid_reader *reader, struct usb_host_interface *alt)
{
	struct usb_endpoint_descriptor *in;

	INIT_DELAYED_WORK(&reader->int_work, interrupt_work);
	if (usb_find_int_in_endpoint(alt, &in) || !usb_endpoint_maxp(in))
		return 0;
	reader->int_size = usb_endpoint_maxp(in);
	reader->int_pipe = usb_rcvintpipe(reader->udev, in->bEndpointAddress);
	reader->int_in = kmalloc(reader->int_size, GFP_KERNEL);
	reader->int_urb = usb_alloc_urb(0, GFP_KERNEL);
	if (!reader->int_in || !reader->int_urb)
		return -ENOMEM;
	usb_fill_int_urb(reader->int_urb, reader->udev, reader->int_pipe, reader->int_in,
			 reader->int_size, interrupt_complete, reader, in->bInterval);
	usb_poison_urb(reader->int_urb);
	return 0;
}

void ccid_interrupt_free(struct ccid_reader *reader)
{
	usb_free_urb(reader->int_urb);
	kfree(reader->int_in);
}
