// SPDX-License-Identifier: GPL-2.0-only
/*
 * The open file, which is the capability: at most one channel, at most one call under way, and a
 * release() that never fails and never waits for the card.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "euicc.h"

/* One OPEN, XFER or RESET at a time. */
static int euicc_file_claim(struct euicc_file *file)
{
	struct euicc_device *edev = file->edev;
	int ret = 0;

	spin_lock_irq(&edev->lock);
	if (edev->dead) {
		ret = -ENODEV;
	} else if (file->busy) {
		ret = -EBUSY;
	} else {
		file->busy = true;
		file->cancelled = false;
	}
	spin_unlock_irq(&edev->lock);
	return ret;
}

static void euicc_file_unclaim(struct euicc_file *file)
{
	spin_lock_irq(&file->edev->lock);
	file->busy = false;
	spin_unlock_irq(&file->edev->lock);
}

static long euicc_get_info(struct euicc_file *file, struct euicc_info __user *arg)
{
	struct euicc_device *edev = file->edev;
	struct euicc_info info = {
		.features = edev->features,
		.max_batch = EUICC_BATCH_MAX,
		.max_command = edev->max_command,
		.max_response = edev->max_response,
	};
	bool dead;

	strscpy(info.transport, edev->transport, sizeof(info.transport));
	strscpy(info.name, edev->name, sizeof(info.name));
	spin_lock_irq(&edev->lock);
	dead = edev->dead;
	info.generation = edev->generation;
	info.card_state = edev->card_state;
	info.protocol = edev->protocol;
	info.atr_len = edev->atr_len;
	memcpy(info.atr, edev->atr, edev->atr_len);
	spin_unlock_irq(&edev->lock);
	if (dead)
		return -ENODEV;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long euicc_cancel(struct euicc_file *file)
{
	struct euicc_device *edev = file->edev;
	int ret = 0;

	spin_lock_irq(&edev->lock);
	if (edev->dead)
		ret = -ENODEV;
	else if (file->job)
		euicc_job_abandon(file->job, -ECANCELED);
	else if (file->busy)
		file->cancelled = true;
	spin_unlock_irq(&edev->lock);
	return ret;
}

/* A call is under way, and can be cancelled, from before it reads its arguments. */
static long euicc_call(struct euicc_file *file, unsigned int cmd, void __user *arg)
{
	long ret = euicc_file_claim(file);

	if (ret)
		return ret;
	if (cmd == EUICC_OPEN_CHANNEL)
		ret = euicc_open_ioctl(file, arg);
	else if (cmd == EUICC_XFER)
		ret = euicc_xfer_ioctl(file, arg);
	else
		ret = euicc_reset_ioctl(file, arg);
	euicc_file_unclaim(file);
	return ret;
}

static long euicc_ioctl(struct file *filp, unsigned int cmd, unsigned long argument)
{
	struct euicc_file *file = filp->private_data;
	void __user *arg = (void __user *)argument;

	switch (cmd) {
	case EUICC_GET_INFO:
		return euicc_get_info(file, arg);
	case EUICC_OPEN_CHANNEL:
	case EUICC_XFER:
	case EUICC_RESET:
		return euicc_call(file, cmd, arg);
	case EUICC_CANCEL:
		return euicc_cancel(file);
	default:
		return -ENOTTY;
	}
}

static int euicc_open(struct inode *inode, struct file *filp)
{
	struct euicc_device *edev = container_of(inode->i_cdev, struct euicc_device, cdev);
	struct euicc_file *file;
	int ret = 0;

	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file)
		return -ENOMEM;
	file->edev = edev;
	init_waitqueue_head(&file->wait);

	spin_lock_irq(&edev->lock);
	if (edev->dead) {
		ret = -ENODEV;
	} else if (edev->file_count == EUICC_FILES_MAX) {
		ret = -EBUSY;
	} else {
		edev->file_count++;
		list_add_tail(&file->link, &edev->files);
	}
	spin_unlock_irq(&edev->lock);
	if (ret) {
		kfree(file);
		return ret;
	}
	get_device(&edev->dev);
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

static int euicc_release(struct inode *inode, struct file *filp)
{
	struct euicc_file *file = filp->private_data;
	struct euicc_device *edev = file->edev;

	spin_lock_irq(&edev->lock);
	list_del(&file->link);
	edev->file_count--;
	if (file->channel)
		euicc_channel_drop(edev, file->channel);
	spin_unlock_irq(&edev->lock);
	kfree_sensitive(file);
	put_device(&edev->dev);
	return 0;
}

const struct file_operations euicc_fops = {
	.owner = THIS_MODULE,
	.open = euicc_open,
	.release = euicc_release,
	.unlocked_ioctl = euicc_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read = euicc_event_read,
	.poll = euicc_event_poll,
};
