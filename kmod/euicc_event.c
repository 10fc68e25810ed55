// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: each open file keeps the last ones for read() and poll(). Where a reader is too slow, one
 * OVERFLOW stands in the place of the oldest, counts them, and carries the number of the last of
 * them: sequence numbers never jump without a reason given.
 */
#include <linux/freezer.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "euicc.h"

static struct euicc_event *euicc_ring_at(struct euicc_event_ring *ring, unsigned int n)
{
	return &ring->events[(ring->first + n) % EUICC_EVENTS_KEPT];
}

/* Make room for one: the two oldest become one OVERFLOW, or one joins that which is there. */
static void euicc_ring_overflow(struct euicc_event_ring *ring)
{
	struct euicc_event *oldest = euicc_ring_at(ring, 0);
	struct euicc_event *next = euicc_ring_at(ring, 1);
	u32 dropped = oldest->type == EUICC_EVENT_OVERFLOW ? oldest->argument : 1;

	next->type = EUICC_EVENT_OVERFLOW;
	next->argument = dropped + 1;
	ring->first = (ring->first + 1) % EUICC_EVENTS_KEPT;
	ring->count--;
}

static void euicc_ring_push(struct euicc_event_ring *ring, u16 type, u32 generation, u32 argument)
{
	if (ring->count == EUICC_EVENTS_KEPT)
		euicc_ring_overflow(ring);
	*euicc_ring_at(ring, ring->count) = (struct euicc_event){
		.sequence = ++ring->sequence,
		.type = type,
		.generation = generation,
		.argument = argument,
	};
	ring->count++;
}

/* To every open file. From any context. */
void euicc_event_push(struct euicc_device *edev, u16 type, u32 argument)
{
	struct euicc_file *file;

	lockdep_assert_held(&edev->lock);
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
	int taken = 0;

	spin_lock_irqsave(&file->edev->lock, irq);
	while (taken < max && ring->count) {
		events[taken++] = *euicc_ring_at(ring, 0);
		ring->first = (ring->first + 1) % EUICC_EVENTS_KEPT;
		ring->count--;
	}
	if (!taken && file->edev->dead)
		taken = -ENODEV;
	spin_unlock_irqrestore(&file->edev->lock, irq);
	return taken;
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
	if (copy_to_user(buf, events, taken * sizeof(*events)))
		return -EFAULT;
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
