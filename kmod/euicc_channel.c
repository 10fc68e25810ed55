// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: which are alive, and how they end. A channel has one owner at a time: the job that
 * opens it, the file that uses it, or the list of those that the worker is to close. What a close
 * needs was allocated when it was opened, so it never fails, and nobody waits for it.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "euicc.h"
#include "euicc_apdu.h"

#define EUICC_CLOSE_TIMEOUT_MS	5000

bool euicc_channel_live(const struct euicc_device *edev, const struct euicc_channel *channel)
{
	lockdep_assert_held(&edev->lock);
	return channel && channel->generation && edev->session &&
	       channel->generation == edev->generation;
}

/* Does a file hold one, @self not counted? */
bool euicc_channel_any_live(const struct euicc_device *edev, const struct euicc_file *self)
{
	const struct euicc_file *file;

	lockdep_assert_held(&edev->lock);
	list_for_each_entry(file, &edev->files, link)
		if (file != self && euicc_channel_live(edev, file->channel))
			return true;
	return false;
}

/* All that a later close needs is there from now on. */
struct euicc_channel *euicc_channel_alloc(struct euicc_device *edev, u32 flags)
{
	struct euicc_channel *channel = kzalloc(sizeof(*channel), GFP_KERNEL_ACCOUNT);

	if (!channel)
		return NULL;
	channel->flags = flags;
	INIT_LIST_HEAD(&channel->link);
	spin_lock_irq(&edev->lock);
	list_add(&channel->all, &edev->channels);
	spin_unlock_irq(&edev->lock);
	return channel;
}

/* Lock held. */
void euicc_channel_free(struct euicc_channel *channel)
{
	list_del(&channel->all);
	kfree(channel);
}

/* Its owner is done with it: the worker closes it on the card, where there is anything to close. */
void euicc_channel_drop(struct euicc_device *edev, struct euicc_channel *channel)
{
	bool basic = channel->flags & EUICC_OPEN_BASIC;

	lockdep_assert_held(&edev->lock);
	if (edev->basic == channel)
		edev->basic = NULL;
	if (edev->dead || !euicc_channel_live(edev, channel) ||
	    (basic && !euicc_owns_channels(edev))) {
		euicc_channel_free(channel);
	} else {
		list_add_tail(&channel->link, &edev->closing);
	}
	/* Where this was the last one, the card is idle from now on. */
	euicc_queue_kick(edev);
}

/* Worker. The card may have a channel open that nobody knows: euicc_power_prepare() sees to it. */
void euicc_channel_lost(struct euicc_device *edev)
{
	spin_lock_irq(&edev->lock);
	edev->dirty = edev->session;
	spin_unlock_irq(&edev->lock);
}

/* Worker. Close it on the card. Where that is not certain, the card is remembered as dirty. */
void euicc_channel_close(struct euicc_device *edev, struct euicc_channel *channel)
{
	unsigned long timeout = msecs_to_jiffies(EUICC_CLOSE_TIMEOUT_MS);
	u8 command[] = { 0x00, EUICC_INS_MANAGE_CHANNEL, 0x80, channel->id };
	struct euicc_exchange ex = {
		.command = command,
		.len = sizeof(command),
		.deadline = jiffies + timeout,
	};
	bool live;

	spin_lock_irq(&edev->lock);
	live = !edev->dead && euicc_channel_live(edev, channel);
	spin_unlock_irq(&edev->lock);
	if (!live)
		return;
	euicc_count(edev, EUICC_COUNT_CLOSES);
	if (euicc_owns_channels(edev)) {
		edev->ops->close(edev, channel->id, timeout);
		return;
	}
	if (euicc_exchange(edev, &ex) || !euicc_sw_ok(ex.sw))
		euicc_channel_lost(edev);
}

/* Does somebody use the channel of this number or handle already? Then the card is confused. */
bool euicc_channel_taken(const struct euicc_device *edev, u32 id)
{
	const struct euicc_channel *channel;

	lockdep_assert_held(&edev->lock);
	list_for_each_entry(channel, &edev->channels, all)
		if (euicc_channel_live(edev, channel) && channel->id == id)
			return true;
	return false;
}
