// SPDX-License-Identifier: GPL-2.0-only
/* Power: from nothing to a card session and back. */
#include "euicc_ccid.h"

/* IccPowerOn. -EAGAIN: the card is mute at this voltage. */
static int power_on(struct ccid_slot *slot, u8 voltage, u8 *atr, size_t *atr_len,
		    unsigned long deadline)
{
	const struct ccid_request request = {
		.type = CCID_ICC_POWER_ON,
		.answer = CCID_DATA_BLOCK,
		.specific = { voltage, 0, 0 },
	};
	struct ccid_answer answer;
	int r;

	slot->powered = true;
	r = ccid_command(slot, &request, ccid_until(deadline, CCID_POWER_TIMEOUT), &answer);
	if (r == -ETIMEDOUT || r == -EIO)
		ccid_recover(slot);
	if (r == -EREMOTEIO) {
		dev_dbg(&slot->reader->intf->dev, "slot %u: power select %u: %s\n", slot->index,
			voltage, ccid_error_name(answer.error));
		return answer.icc == CCID_ICC_ABSENT ? -ENOMEDIUM : -EAGAIN;
	}
	if (r)
		return r;
	if (answer.len < 2 || answer.len > EUICC_ATR_MAX)
		return -EAGAIN;
	memcpy(atr, answer.data, answer.len);
	*atr_len = answer.len;
	slot->voltage = voltage;
	return 0;
}

/* IccPowerOff; a reader that refuses it has told so. */
int ccid_power_off(struct ccid_slot *slot, unsigned long deadline)
{
	const struct ccid_request request = {
		.type = CCID_ICC_POWER_OFF, .answer = CCID_SLOT_STATUS,
	};
	struct ccid_answer answer;
	int r;

	ccid_slot_end(slot);
	ccid_settle(slot);
	r = ccid_command(slot, &request, ccid_until(deadline, CCID_STATUS_TIMEOUT), &answer);
	if (r == -ETIMEDOUT || r == -EIO)
		ccid_recover(slot);
	if (!r || r == -EREMOTEIO)
		slot->powered = false;
	return r == -EREMOTEIO ? 0 : r;
}

/* From the lowest voltage upwards, off in between, until the card answers. */
static int cold_reset(struct ccid_slot *slot, const u8 *ladder, unsigned int steps, u8 *atr,
		      size_t *atr_len, unsigned long deadline)
{
	unsigned int i;
	int r = -EAGAIN;

	for (i = 0; i < steps && r == -EAGAIN; i++) {
		r = ccid_power_off(slot, deadline);
		if (!r)
			r = power_on(slot, ladder[i], atr, atr_len, deadline);
	}
	return r;
}

static int warm_reset(struct ccid_slot *slot, u8 *atr, size_t *atr_len, unsigned long deadline)
{
	ccid_slot_end(slot);
	return power_on(slot, slot->voltage, atr, atr_len, deadline);
}

static int bring_up(struct ccid_slot *slot, u32 kind, u8 *atr, size_t *atr_len,
		    unsigned long deadline)
{
	bool warm = kind == EUICC_RESET_WARM && ccid_slot_active(slot);
	u8 ladder[CCID_POWER_STEPS];
	unsigned int steps = ccid_power_ladder(&slot->reader->desc, ladder);
	int r;

	if (warm)
		r = warm_reset(slot, atr, atr_len, deadline);
	else
		r = cold_reset(slot, ladder, steps, atr, atr_len, deadline);
	if (!r)
		r = ccid_session_set_up(slot, atr, *atr_len, false, deadline);
	else if (r == -EAGAIN)
		return -ENOMEDIUM;
	if (r == -EAGAIN) {
		dev_info_ratelimited(&slot->reader->intf->dev,
				     "slot %u: card or reader refuses the faster rate\n",
				     slot->index);
		r = cold_reset(slot, &slot->voltage, 1, atr, atr_len, deadline);
		if (!r)
			r = ccid_session_set_up(slot, atr, *atr_len, true, deadline);
	}
	if (!r)
		r = ccid_slot_begin(slot);
	return r == -EAGAIN ? -ENOMEDIUM : r;
}

static bool set_awake(struct ccid_slot *slot, bool awake)
{
	bool was;

	spin_lock_irq(&slot->reader->lock);
	was = slot->awake;
	slot->awake = awake;
	spin_unlock_irq(&slot->reader->lock);
	return was;
}

static int wake(struct ccid_slot *slot)
{
	int r;

	if (set_awake(slot, true))
		return 0;
	r = usb_autopm_get_interface(slot->reader->intf);
	if (r)
		set_awake(slot, false);
	return r == -ENODEV ? -ENODEV : r ? -EIO : 0;
}

static void let_sleep(struct ccid_slot *slot)
{
	if (set_awake(slot, false))
		usb_autopm_put_interface(slot->reader->intf);
}

/* For the core a command that could not leave is one that failed: the card has no session. */
static int activation_error(struct ccid_reader *reader, int r)
{
	if (r != -ECANCELED)
		return r;
	spin_lock_irq(&reader->lock);
	r = reader->gone ? -ENODEV : -EIO;
	spin_unlock_irq(&reader->lock);
	return r;
}

int ccid_activate(struct euicc_device *edev, u32 kind, unsigned long timeout, u8 *atr,
		  size_t *atr_len)
{
	struct ccid_slot *slot = euicc_priv(edev);
	struct ccid_reader *reader = slot->reader;
	unsigned long deadline = jiffies + timeout;
	int r;

	r = wake(slot);
	if (r)
		return r;
	r = ccid_claim(reader, deadline);
	if (!r) {
		r = bring_up(slot, kind, atr, atr_len, deadline);
		if (r)
			ccid_power_off(slot, jiffies + CCID_STATUS_TIMEOUT);
		ccid_release(reader);
	}
	if (r)
		let_sleep(slot);
	return activation_error(reader, r);
}

void ccid_deactivate(struct euicc_device *edev)
{
	struct ccid_slot *slot = euicc_priv(edev);
	struct ccid_reader *reader = slot->reader;
	unsigned long deadline = jiffies + CCID_STATUS_TIMEOUT;

	if (!ccid_claim(reader, deadline)) {
		ccid_power_off(slot, deadline);
		ccid_release(reader);
	}
	let_sleep(slot);
}
