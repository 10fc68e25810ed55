// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/euiccN: the class, the minors, and how a device comes and goes.
 *
 * The end of a device, in order, and why nothing is used after it:
 *  1. dead, under the lock: no call queues a job any more, pollers and readers hear of it;
 *  2. cdev_device_del(): no new opens, sysfs and debugfs are silent;
 *  3. ops->stop(): what is in the transport comes out, and what comes later comes back at once;
 *  4. the worker runs dry: every job ends with what is true of it, and wakes its caller;
 *  5. ops is dropped: the transport's module may go.
 * Open files hold the struct device; its release frees the memory and gives back the minor.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "euicc.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#define EUICC_COMMAND_LEAST	(4 + 1 + EUICC_AID_MAX + 1)	/* SELECT with the longest AID */
#define EUICC_COMMAND_MOST	(4 + 3 + 65535 + 2)		/* case 4, extended length */

static dev_t euicc_devt;
static DEFINE_IDA(euicc_minors);

static struct class euicc_class = {
	.name = "euicc",
	.dev_groups = euicc_groups,
};

static struct euicc_device *to_euicc(struct device *dev)
{
	return container_of(dev, struct euicc_device, dev);
}

static void euicc_device_release(struct device *dev)
{
	struct euicc_device *edev = to_euicc(dev);

	kvfree_sensitive(edev->command, edev->max_command + 2);
	kvfree_sensitive(edev->answer, EUICC_AREA_MAX + edev->max_response + 2);
	ida_free(&euicc_minors, edev->minor);
	kfree_sensitive(edev);
}

/* Names come from USB strings and programs: what cannot be printed is not shown. */
static void euicc_copy_name(char *to, const char *from, size_t size)
{
	strscpy(to, from ? from : "", size);
	for (; *to; to++)
		if (!isascii(*to) || !isprint(*to))
			*to = '?';
}

static int euicc_check_desc(const struct euicc_transport_ops *ops,
			    const struct euicc_transport_desc *desc)
{
	bool owned = desc->features & EUICC_FEATURE_OWNED;

	if (!ops->exchange || !ops->stop || (owned ? !ops->open || !ops->close : !ops->activate))
		return -EINVAL;
	if (desc->max_command < EUICC_COMMAND_LEAST ||
	    desc->max_command > EUICC_COMMAND_MOST || desc->max_response < 1 ||
	    desc->max_response > EUICC_AREA_MAX || desc->atr_len > EUICC_ATR_MAX)
		return -EINVAL;
	return 0;
}

static void euicc_describe(struct euicc_device *edev, const struct euicc_transport_desc *desc)
{
	edev->features = desc->features;
	/* Where SELECT is the core's, these are too. */
	if (!euicc_owns_channels(edev))
		edev->features |= EUICC_FEATURE_FCI | EUICC_FEATURE_P2;
	edev->max_command = desc->max_command;
	edev->max_response = desc->max_response;
	edev->protocol = desc->protocol;
	edev->slot = desc->slot;
	edev->card_state = desc->card_state;
	euicc_copy_name(edev->transport, desc->transport, sizeof(edev->transport));
	euicc_copy_name(edev->name, desc->name, sizeof(edev->name));
	if (desc->atr) {
		edev->atr_len = desc->atr_len;
		memcpy(edev->atr, desc->atr, desc->atr_len);
	}
}

static void euicc_init(struct euicc_device *edev)
{
	spin_lock_init(&edev->lock);
	INIT_LIST_HEAD(&edev->files);
	INIT_LIST_HEAD(&edev->ready);
	INIT_LIST_HEAD(&edev->closing);
	INIT_LIST_HEAD(&edev->channels);
	init_waitqueue_head(&edev->quiet);
	INIT_WORK(&edev->work, euicc_queue_work);
	INIT_DELAYED_WORK(&edev->idle_work, euicc_power_idle_work);
	cdev_init(&edev->cdev, &euicc_fops);
	edev->cdev.owner = THIS_MODULE;
}

struct euicc_device *euicc_alloc(struct device *parent, const struct euicc_transport_ops *ops,
				 const struct euicc_transport_desc *desc, void *priv)
{
	struct euicc_device *edev;
	int minor;
	int ret;

	ret = euicc_check_desc(ops, desc);
	if (ret)
		return ERR_PTR(ret);
	edev = kzalloc(sizeof(*edev), GFP_KERNEL);
	if (!edev)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&euicc_minors, EUICC_MINORS - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(edev);
		return ERR_PTR(minor);
	}
	edev->minor = minor;
	edev->ops = ops;
	edev->priv = priv;
	euicc_init(edev);
	euicc_describe(edev, desc);

	/* From here on it is freed by its release. */
	device_initialize(&edev->dev);
	edev->dev.class = &euicc_class;
	edev->dev.parent = parent;
	edev->dev.release = euicc_device_release;
	edev->dev.devt = MKDEV(MAJOR(euicc_devt), minor);
	ret = dev_set_name(&edev->dev, "euicc%u", minor);
	if (ret)
		goto err_put;
	ret = -ENOMEM;
	edev->command = kvzalloc(edev->max_command + 2, GFP_KERNEL);
	edev->answer = kvzalloc(EUICC_AREA_MAX + edev->max_response + 2, GFP_KERNEL);
	if (!edev->command || !edev->answer)
		goto err_put;
	return edev;

err_put:
	put_device(&edev->dev);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(euicc_alloc);

void *euicc_priv(struct euicc_device *edev)
{
	return edev->priv;
}
EXPORT_SYMBOL_GPL(euicc_priv);

struct device *euicc_dev(struct euicc_device *edev)
{
	return &edev->dev;
}
EXPORT_SYMBOL_GPL(euicc_dev);

unsigned int euicc_minor(struct euicc_device *edev)
{
	return edev->minor;
}
EXPORT_SYMBOL_GPL(euicc_minor);

void euicc_put(struct euicc_device *edev)
{
	put_device(&edev->dev);
}
EXPORT_SYMBOL_GPL(euicc_put);

/* Nobody finds the device any more; who has found it hears that it is gone. */
static void euicc_mark_dead(struct euicc_device *edev)
{
	spin_lock_irq(&edev->lock);
	euicc_event_push(edev, EUICC_EVENT_GONE, 0);
	edev->dead = true;
	spin_unlock_irq(&edev->lock);
}

static void euicc_drain(struct euicc_device *edev)
{
	edev->ops->stop(edev);

	/* Nobody else wakes the worker now: it ends what is in line, and arms no timer. */
	queue_work(edev->wq, &edev->work);
	flush_work(&edev->work);
	cancel_delayed_work_sync(&edev->idle_work);
	destroy_workqueue(edev->wq);
	edev->ops = NULL;
	edev->priv = NULL;
}

int euicc_register(struct euicc_device *edev)
{
	int ret;

	edev->wq = alloc_ordered_workqueue("euicc%u", WQ_HIGHPRI, edev->minor);
	if (!edev->wq)
		return -ENOMEM;
	ret = cdev_device_add(&edev->cdev, &edev->dev);
	if (ret) {
		/* An old node may have been opened before the device failed to show. */
		euicc_mark_dead(edev);
		euicc_drain(edev);
		return ret;
	}
	euicc_debugfs_add(edev);
	return 0;
}
EXPORT_SYMBOL_GPL(euicc_register);

void euicc_unregister(struct euicc_device *edev)
{
	euicc_mark_dead(edev);
	euicc_debugfs_remove(edev);
	cdev_device_del(&edev->cdev, &edev->dev);
	euicc_drain(edev);
}
EXPORT_SYMBOL_GPL(euicc_unregister);

static int __init euicc_module_init(void)
{
	int ret;

	ret = class_register(&euicc_class);
	if (ret)
		return ret;
	ret = alloc_chrdev_region(&euicc_devt, 0, EUICC_MINORS, "euicc");
	if (ret)
		goto err_class;
	euicc_debugfs_init();
	return 0;

err_class:
	class_unregister(&euicc_class);
	return ret;
}

static void __exit euicc_module_exit(void)
{
	euicc_debugfs_exit();
	unregister_chrdev_region(euicc_devt, EUICC_MINORS);
	class_unregister(&euicc_class);
	ida_destroy(&euicc_minors);
}

module_init(euicc_module_init);
module_exit(euicc_module_exit);
MODULE_DESCRIPTION("eUICC character devices");
MODULE_LICENSE("GPL");
