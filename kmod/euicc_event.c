// SPDX-License-Identifier: GPL-2.0-only
/* Events: to every open file, for read() and poll(). */
#include <linux/freezer.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "euicc.h"

/* To every open file. From any context. Nothing follows EUICC_EVENT_GONE. */
void euicc_event_push(struct euicc_device *edev, u16 type, u32 argument)
{
	struct euicc_file *file;

	lockdep_assert_held(&edev->lock);
	if (edev->dead)
		return;
	list_for_each_entry(file, &edev->files, link) {
		euicc_ring_push(&file->ring, type, edev->generation, argument);
		wake_up(&file->wait);
	}
}

/* Take up to @max events out: their number, or -ENODEV where none is left and none will come. */
static int euicc_event_take(struct euicc_file *file, struct euicc_event *events, size_t max)
{
	struct euicc_event_ring *ring = &file->ring;
	unsigned long irq;
	int taken;

	spin_lock_irqsave(&file->edev->lock, irq);
	taken = euicc_ring_take(ring, events, max);
	if (!taken && file->edev->dead)
		taken = -ENODEV;
	spin_unlock_irqrestore(&file->edev->lock, irq);
	return taken;
}

static void euicc_event_put_back(struct euicc_file *file, const struct euicc_event *events,
				 int count)
{
	unsigned long irq;

	spin_lock_irqsave(&file->edev->lock, irq);
	euicc_ring_put_back(&file->ring, events, count);
	spin_unlock_irqrestore(&file->edev->lock, irq);
	wake_up(&file->wait);
}

ssize_t euicc_event_read(struct file *filp, char __user *buf, size_t size, loff_t *pos)
{
	struct euicc_event events[EUICC_EVENTS_KEPT];
	struct euicc_file *file = filp->private_data;
	size_t max = min_t(size_t, size / sizeof(*events), EUICC_EVENTS_KEPT);
	int taken;
	int ret;

	if (!max)
		return -EINVAL;
	taken = euicc_event_take(file, events, max);
	if (!taken && (filp->f_flags & O_NONBLOCK))
		return -EAGAIN;
	if (!taken) {
		ret = wait_event_freezable(file->wait,
					   (taken = euicc_event_take(file, events, max)));
		if (ret)
			return ret;
	}
	if (taken < 0)
		return taken;
	if (copy_to_user(buf, events, taken * sizeof(*events))) {
		euicc_event_put_back(file, events, taken);
		return -EFAULT;
	}
	return taken * sizeof(*events);
}

__poll_t euicc_event_poll(struct file *filp, struct poll_table_struct *table)
{
	struct euicc_file *file = filp->private_data;
	unsigned long irq;
	__poll_t mask = 0;

	poll_wait(filp, &file->wait, table);
	spin_lock_irqsave(&file->edev->lock, irq);
	if (file->ring.count)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (file->edev->dead)
		mask |= EPOLLHUP;
	spin_unlock_irqrestore(&file->edev->lock, irq);
	return mask;
}
