// SPDX-License-Identifier: GPL-2.0-only
/*
 * System sleep, autosuspend and resets of the device. While a card has power the device is held
 * out of autosuspend (euicc_ccid_power.c); a system sleep or a reset waits for the exchange on the
 * wire. Afterwards a session that did not survive is reported as lost, which begins a new
 * generation with the next one.
 *
 * A USB driver cannot keep the system awake: what its suspend() returns is ignored then. So the
 * queues stand still from the notice that goes before, which can be refused, until the one that
 * comes after.
 */
#include "euicc_ccid.h"

/* --- the core's queues ---------------------------------------------------------------------- */

enum {
	STAND_SLEEP = 1,
	STAND_RESET = 2,
};

static void queues_go(struct ccid_reader *reader, unsigned int count)
{
	while (count--)
		euicc_resume(reader->slots[count].edev);
}

static int queues_stand(struct ccid_reader *reader, unsigned int why)
{
	unsigned int i;
	int r = 0;

	mutex_lock(&reader->stand_lock);
	for (i = 0; i < reader->slot_count && !reader->stand; i++) {
		r = euicc_suspend(reader->slots[i].edev);
		if (r)
			break;
	}
	if (r)
		queues_go(reader, i);
	else
		reader->stand |= why;
	mutex_unlock(&reader->stand_lock);
	return r;
}

static void queues_go_on(struct ccid_reader *reader, unsigned int why)
{
	mutex_lock(&reader->stand_lock);
	if (reader->stand == why)
		queues_go(reader, reader->slot_count);
	reader->stand &= ~why;
	mutex_unlock(&reader->stand_lock);
}

static void all_lost(struct ccid_reader *reader)
{
	unsigned int i;

	for (i = 0; i < reader->slot_count; i++)
		ccid_slot_lost(&reader->slots[i]);
}

/* --- sleep ---------------------------------------------------------------------------------- */

static int sleep_notice(struct notifier_block *notifier, unsigned long event, void *data)
{
	struct ccid_reader *reader = container_of(notifier, struct ccid_reader, sleep_notifier);

	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		return notifier_from_errno(queues_stand(reader, STAND_SLEEP));
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		queues_go_on(reader, STAND_SLEEP);
		break;
	}
	return NOTIFY_DONE;
}

/* From here to ccid_sleep_unwatch() a sleep waits for this reader. */
int ccid_sleep_watch(struct ccid_reader *reader)
{
	reader->sleep_notifier.notifier_call = sleep_notice;
	return register_pm_notifier(&reader->sleep_notifier);
}

void ccid_sleep_unwatch(struct ccid_reader *reader)
{
	unregister_pm_notifier(&reader->sleep_notifier);
}

/* Autosuspend comes only while no card has power. */
int ccid_suspend(struct usb_interface *intf, pm_message_t message)
{
	ccid_interrupt_stop(usb_get_intfdata(intf));
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
	return 0;
}

int ccid_reset_resume(struct usb_interface *intf)
{
	struct ccid_reader *reader = usb_get_intfdata(intf);

	all_lost(reader);
	ccid_interrupt_start(reader);
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
	int r;

	set_resetting(reader, true);
	r = queues_stand(reader, STAND_RESET);
	if (r) {
		ccid_pipe_poison(reader);
		r = queues_stand(reader, STAND_RESET);
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
	queues_go_on(reader, STAND_RESET);
	return 0;
}
