// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card session: activation, what comes before the first application (TERMINAL CAPABILITY), its
 * end by whatever cause, power-off of an idle card, and system sleep.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/string.h>

#include "euicc.h"
#include "euicc_apdu.h"
#include "trace.h"

#define EUICC_SUSPEND_WAIT_MS	2000	/* for the exchange on the wire */

/* --- the session, under the lock -------------------------------------------------- */

/* Why nothing can be sent in the card session @generation, or 0. */
int euicc_session_check(const struct euicc_device *edev, u32 generation)
{
	lockdep_assert_held(&edev->lock);
	if (edev->dead)
		return -ENODEV;
	if (edev->session && generation == edev->generation)
		return 0;
	return edev->card_state == EUICC_CARD_ABSENT ? -ENOMEDIUM : -ESTALE;
}

/* 0 stands for "none yet". */
static void euicc_next_generation(struct euicc_device *edev)
{
	if (!++edev->generation)
		edev->generation = 1;
}

/* The session is over, where there was one: channels are dead. Any context. */
void euicc_session_end(struct euicc_device *edev, u32 card_state, u16 event, u32 argument)
{
	lockdep_assert_held(&edev->lock);
	if (edev->session) {
		edev->session = false;
		euicc_next_generation(edev);
		euicc_count(edev, EUICC_COUNT_SESSIONS_LOST);
	}
	edev->dirty = false;
	edev->card_state = card_state;
	euicc_event_push(edev, event, argument);
	if (!list_empty(&edev->closing))
		euicc_queue_kick(edev);
}

static void euicc_session_begin(struct euicc_device *edev)
{
	lockdep_assert_held(&edev->lock);
	euicc_next_generation(edev);
	edev->session = true;
	edev->dirty = false;
	edev->capability = EUICC_CAPABILITY_DONE;
	edev->get_response_8x = false;
}

/* Power that nobody uses. */
bool euicc_power_idle(const struct euicc_device *edev)
{
	lockdep_assert_held(&edev->lock);
	return edev->session && !edev->dead && !edev->suspended && list_empty(&edev->ready) &&
	       list_empty(&edev->closing) && !euicc_channel_any_live(edev, NULL);
}

/* --- activation, by the worker ------------------------------------------------------ */

static void euicc_activated(struct euicc_device *edev, const u8 *atr, size_t atr_len)
{
	lockdep_assert_held(&edev->lock);
	euicc_session_begin(edev);
	edev->card_state = EUICC_CARD_ON;
	if (atr_len) {
		memcpy(edev->atr, atr, atr_len);
		edev->atr_len = atr_len;
	}
	if (edev->terminal_capability_len && !euicc_owns_channels(edev))
		edev->capability = EUICC_CAPABILITY_ASK;
}

static int euicc_activate_error(struct euicc_device *edev, int err, unsigned long deadline)
{
	bool dead;

	switch (err) {
	case -ECANCELED:
		spin_lock_irq(&edev->lock);
		dead = edev->dead;
		spin_unlock_irq(&edev->lock);
		if (dead)
			return -ENODEV;
		return time_after_eq(jiffies, deadline) ? -ETIMEDOUT : -EIO;
	case -ENOMEDIUM:
	case -EOPNOTSUPP:
	case -ETIMEDOUT:
	case -ENODEV:
		return err;
	default:
		return -EIO;
	}
}

/* Power up, or reset. A failure ends the session too, unless the card was not touched. */
int euicc_power_activate(struct euicc_device *edev, u32 kind, unsigned long deadline)
{
	long left = deadline - jiffies;
	u8 atr[EUICC_ATR_MAX];
	size_t atr_len = 0;
	u32 removals;
	int ret;

	if (!edev->ops->activate)
		return -EOPNOTSUPP;
	if (left <= 0)
		return -ETIMEDOUT;
	spin_lock_irq(&edev->lock);
	removals = edev->removals;
	spin_unlock_irq(&edev->lock);

	ret = edev->ops->activate(edev, kind, left, atr, &atr_len);
	if (!ret && atr_len > sizeof(atr))
		ret = -EIO;
	trace_euicc_activate(edev, kind, ret);

	spin_lock_irq(&edev->lock);
	euicc_count(edev, EUICC_COUNT_ACTIVATIONS);
	if (!ret && removals != edev->removals)
		ret = -ENOMEDIUM;
	if (!ret) {
		euicc_activated(edev, atr, atr_len);
	} else if (ret != -EOPNOTSUPP && ret != -ECANCELED) {
		if (edev->session)
			euicc_session_end(edev, edev->card_state, EUICC_EVENT_RESET, kind);
		if (edev->card_state != EUICC_CARD_ABSENT)
			edev->card_state = ret == -ENOMEDIUM ? EUICC_CARD_MUTE : EUICC_CARD_UNKNOWN;
	}
	spin_unlock_irq(&edev->lock);
	return ret ? euicc_activate_error(edev, ret, deadline) : 0;
}

/* SELECT MF, to see in its FCP whether TERMINAL CAPABILITY is understood. */
static void euicc_capability_ask(struct euicc_device *edev, unsigned long deadline)
{
	static const u8 select_mf[] = {
		0x00, EUICC_INS_SELECT, 0x00, 0x04, 0x02, 0x3F, 0x00, 0x00,
	};
	struct euicc_exchange ex = {
		.command = select_mf,
		.len = sizeof(select_mf),
		.deadline = deadline,
	};

	edev->capability = EUICC_CAPABILITY_DONE;
	if (!euicc_exchange(edev, &ex) && euicc_sw_ok(ex.sw) &&
	    euicc_fcp_wants_terminal_capability(ex.data, ex.data_len))
		edev->capability = EUICC_CAPABILITY_SEND;
}

/* What the card answers does not matter: it is told, not asked. */
static void euicc_capability_send(struct euicc_device *edev, unsigned long deadline)
{
	u8 command[5 + EUICC_TERMINAL_CAPABILITY_MAX] = { 0x80, EUICC_INS_TERMINAL_CAPABILITY };
	struct euicc_exchange ex = {
		.command = command,
		.deadline = deadline,
	};

	edev->capability = EUICC_CAPABILITY_DONE;
	spin_lock_irq(&edev->lock);
	command[4] = edev->terminal_capability_len;
	memcpy(command + 5, edev->terminal_capability, edev->terminal_capability_len);
	spin_unlock_irq(&edev->lock);
	ex.len = 5 + command[4];
	if (command[4])
		euicc_exchange(edev, &ex);
}

/*
 * What must have happened before a channel is opened, a step at a time: 1: all of it; 0: one step
 * was done, there may be more; else an errno.
 */
int euicc_power_prepare(struct euicc_device *edev, unsigned long deadline)
{
	bool activate;

	spin_lock_irq(&edev->lock);
	if (euicc_owns_channels(edev) && !edev->session)
		euicc_session_begin(edev);
	/* Channels of the card that nobody knows are got rid of while nobody is hurt by it. */
	if (edev->dirty && !euicc_owns_channels(edev) && !euicc_channel_any_live(edev, NULL))
		euicc_session_end(edev, edev->card_state, EUICC_EVENT_RESET, EUICC_RESET_ANY);
	activate = !edev->session;
	spin_unlock_irq(&edev->lock);
	if (activate)
		return euicc_power_activate(edev, EUICC_RESET_ANY, deadline);
	switch (edev->capability) {
	case EUICC_CAPABILITY_ASK:
		euicc_capability_ask(edev, deadline);
		return 0;
	case EUICC_CAPABILITY_SEND:
		euicc_capability_send(edev, deadline);
		return 0;
	case EUICC_CAPABILITY_DONE:
		break;
	}
	return 1;
}

/* On the worker's queue, so never beside it. */
void euicc_power_idle_work(struct work_struct *work)
{
	struct euicc_device *edev = container_of(work, struct euicc_device, idle_work.work);

	spin_lock_irq(&edev->lock);
	if (!euicc_power_idle(edev)) {
		spin_unlock_irq(&edev->lock);
		return;
	}
	edev->session = false;
	edev->dirty = false;
	edev->card_state = EUICC_CARD_OFF;
	WRITE_ONCE(edev->busy, true);
	spin_unlock_irq(&edev->lock);

	edev->ops->deactivate(edev);
	euicc_count(edev, EUICC_COUNT_DEACTIVATIONS);

	spin_lock_irq(&edev->lock);
	WRITE_ONCE(edev->busy, false);
	wake_up(&edev->quiet);
	spin_unlock_irq(&edev->lock);
}

/* --- what a transport notices ------------------------------------------------------- */

void euicc_card_inserted(struct euicc_device *edev)
{
	unsigned long irq;

	spin_lock_irqsave(&edev->lock, irq);
	if (!edev->dead)
		euicc_session_end(edev, EUICC_CARD_OFF, EUICC_EVENT_INSERTED, 0);
	spin_unlock_irqrestore(&edev->lock, irq);
}
EXPORT_SYMBOL_GPL(euicc_card_inserted);

void euicc_card_removed(struct euicc_device *edev)
{
	unsigned long irq;

	spin_lock_irqsave(&edev->lock, irq);
	if (!edev->dead && edev->card_state != EUICC_CARD_ABSENT) {
		edev->removals++;
		euicc_session_end(edev, EUICC_CARD_ABSENT, EUICC_EVENT_REMOVED, 0);
	}
	spin_unlock_irqrestore(&edev->lock, irq);
}
EXPORT_SYMBOL_GPL(euicc_card_removed);

void euicc_session_lost(struct euicc_device *edev)
{
	unsigned long irq;

	spin_lock_irqsave(&edev->lock, irq);
	if (!edev->dead && edev->session)
		euicc_session_end(edev, EUICC_CARD_OFF, EUICC_EVENT_RESET, EUICC_RESET_ANY);
	spin_unlock_irqrestore(&edev->lock, irq);
}
EXPORT_SYMBOL_GPL(euicc_session_lost);

void euicc_set_protocol(struct euicc_device *edev, u32 protocol)
{
	unsigned long irq;

	spin_lock_irqsave(&edev->lock, irq);
	edev->protocol = protocol;
	spin_unlock_irqrestore(&edev->lock, irq);
}
EXPORT_SYMBOL_GPL(euicc_set_protocol);

/* --- system sleep --------------------------------------------------------------------- */

int euicc_suspend(struct euicc_device *edev)
{
	int ret = 0;

	spin_lock_irq(&edev->lock);
	edev->suspended = true;
	spin_unlock_irq(&edev->lock);
	if (!wait_event_timeout(edev->quiet, !READ_ONCE(edev->busy),
				msecs_to_jiffies(EUICC_SUSPEND_WAIT_MS)))
		ret = -EBUSY;
	if (ret)
		euicc_resume(edev);
	return ret;
}
EXPORT_SYMBOL_GPL(euicc_suspend);

void euicc_resume(struct euicc_device *edev)
{
	spin_lock_irq(&edev->lock);
	edev->suspended = false;
	euicc_queue_kick(edev);
	spin_unlock_irq(&edev->lock);
}
EXPORT_SYMBOL_GPL(euicc_resume);
