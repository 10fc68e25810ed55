// SPDX-License-Identifier: GPL-2.0-only
/*
 * System sleep, autosuspend and resets of the device. While a card has power the device is held
 * out of autosuspend (euicc_ccid_power.c); a system sleep or a reset waits for the exchange on the
 * wire. Afterwards a session that did not survive is reported as lost, which begins a new
 * generation with the next one.
 */
#include "euicc_ccid.h"

/* --- the core's queues ---------------------------------------------------------------------- */

static void queues_go(struct ccid_reader *reader, unsigned int count)
{
	while (count--)
		euicc_resume(reader->slots[count].edev);
}

static int queues_stand(struct ccid_reader *reader)
{
	unsigned int i;
	int r;

	for (i = 0; i < reader->slot_count; i++) {
		r = euicc_suspend(reader->slots[i].edev);
		if (r) {
			queues_go(reader, i);
			return r;
		}
	}
	reader->asleep = true;
	return 0;
}

static void queues_go_on(struct ccid_reader *reader)
{
	if (!reader->asleep)
		return;
	reader->asleep = false;
	queues_go(reader, reader->slot_count);
}

static void all_lost(struct ccid_reader *reader)
{
	unsigned int i;

	for (i = 0; i < reader->slot_count; i++)
		ccid_slot_lost(&reader->slots[i]);
}

/* --- sleep ---------------------------------------------------------------------------------- */

/*
 * Autosuspend comes only while no card has power, and must not wait for the worker: that one may
 * wait for the device to wake up.
 */
int ccid_suspend(struct usb_interface *intf, pm_message_t message)
{
	struct ccid_reader *reader = usb_get_intfdata(intf);
	int r;

	if (!PMSG_IS_AUTO(message)) {
		r = queues_stand(reader);
		if (r)
			return r;
	}
	ccid_interrupt_stop(reader);
	return 0;
}

/* Readers may keep their cards powered: they are asked. */
int ccid_resume(struct usb_interface *intf)
{
	struct ccid_reader *reader = usb_get_intfdata(intf);
	unsigned int i;

	for (i = 0; i < reader->slot_count; i++) {
		struct ccid_slot *slot = &reader->slots[i];

		if (ccid_slot_active(slot) && ccid_slot_status(slot))
			ccid_slot_lost(slot);
	}
	ccid_interrupt_start(reader);
	queues_go_on(reader);
	return 0;
}

int ccid_reset_resume(struct usb_interface *intf)
{
	struct ccid_reader *reader = usb_get_intfdata(intf);

	all_lost(reader);
	ccid_interrupt_start(reader);
	queues_go_on(reader);
	return 0;
}

/* --- resets --------------------------------------------------------------------------------- */

static void set_resetting(struct ccid_reader *reader, bool resetting)
{
	spin_lock_irq(&reader->lock);
	reader->resetting = resetting;
	reader->broken = false;
	spin_unlock_irq(&reader->lock);
	wake_up_all(&reader->claim_wait);
}

/* An exchange that is not over in time is broken off: the reset breaks it anyhow. */
int ccid_pre_reset(struct usb_interface *intf)
{
	struct ccid_reader *reader = usb_get_intfdata(intf);
	int r = 0;

	set_resetting(reader, true);
	if (!reader->asleep)
		r = queues_stand(reader);
	if (r) {
		ccid_pipe_poison(reader);
		r = queues_stand(reader);
	}
	/* Where even that fails, USB core unbinds the driver and binds it again. */
	if (r)
		return r;
	ccid_interrupt_stop(reader);
	return 0;
}

int ccid_post_reset(struct usb_interface *intf)
{
	struct ccid_reader *reader = usb_get_intfdata(intf);

	ccid_pipe_unpoison(reader);
	set_resetting(reader, false);
	all_lost(reader);
	ccid_interrupt_start(reader);
	queues_go_on(reader);
	return 0;
}
