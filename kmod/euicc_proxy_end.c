// SPDX-License-Identifier: GPL-2.0-only
/* The transport's end: the descriptor at which the program reads messages and writes answers. */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "euicc_proxy.h"

/* --- reading -------------------------------------------------------------------------- */

/* One message. -EAGAIN: another reader was quicker, or the request is over. */
static ssize_t read_message(struct euicc_proxy *proxy, char __user *to, size_t count)
{
	size_t len = euicc_proxy_next_len(proxy);
	struct euicc_proxy_msg *msg;
	int r;

	if (!len)
		return -EAGAIN;
	if (count < len)
		return -EINVAL;
	msg = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!msg)
		return -ENOMEM;
	r = euicc_proxy_take(proxy, msg, len);
	if (!r && copy_to_user(to, msg, len)) {
		euicc_proxy_untake(proxy, msg);
		r = -EFAULT;
	}
	kvfree_sensitive(msg, len);
	return r ? r : len;
}

static ssize_t end_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	struct euicc_proxy *proxy = file->private_data;
	ssize_t n;

	if (count < sizeof(struct euicc_proxy_msg))
		return -EINVAL;
	while ((n = read_message(proxy, to, count)) == -EAGAIN) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(proxy->readers, READ_ONCE(proxy->readable)))
			return -ERESTARTSYS;
	}
	return n;
}

static __poll_t end_poll(struct file *file, poll_table *wait)
{
	struct euicc_proxy *proxy = file->private_data;

	poll_wait(file, &proxy->readers, wait);
	return EPOLLOUT | EPOLLWRNORM |
	       (READ_ONCE(proxy->readable) ? EPOLLIN | EPOLLRDNORM : 0);
}

/* --- writing -------------------------------------------------------------------------- */

static int take_event(struct euicc_proxy *proxy, const struct euicc_proxy_msg *msg, const u8 *atr)
{
	const bool inserted = msg->handle == EUICC_EVENT_INSERTED;

	if (msg->id || msg->length > (inserted ? EUICC_ATR_MAX : 0) ||
	    !euicc_proxy_is_atr_len(msg->length))
		return -EINVAL;

	switch (msg->handle) {
	case EUICC_EVENT_INSERTED:
		euicc_proxy_new_card(proxy, atr, msg->length);
		euicc_card_inserted(proxy->edev);
		return 0;
	case EUICC_EVENT_REMOVED:
		euicc_proxy_new_card(proxy, NULL, 0);
		euicc_card_removed(proxy->edev);
		return 0;
	case EUICC_EVENT_RESET:
		euicc_proxy_session_over(proxy);
		euicc_session_lost(proxy->edev);
		return 0;
	default:
		return -EINVAL;
	}
}

static int take_message(struct euicc_proxy *proxy, const struct euicc_proxy_msg *msg, size_t len)
{
	if (msg->length != len - sizeof(*msg))
		return -EINVAL;

	switch (msg->op) {
	case EUICC_PROXY_ANSWER:
	case EUICC_PROXY_FAILED:
		return euicc_proxy_answer(proxy, msg, msg + 1);
	case EUICC_PROXY_EVENT:
		return take_event(proxy, msg, (const u8 *)(msg + 1));
	default:
		return -EINVAL;
	}
}

static ssize_t end_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct euicc_proxy *proxy = file->private_data;
	struct euicc_proxy_msg *msg;
	int r;

	if (count < sizeof(*msg) || count > sizeof(*msg) + EUICC_PROXY_PAYLOAD_MAX)
		return -EINVAL;
	msg = kvmalloc(count, GFP_KERNEL_ACCOUNT);
	if (!msg)
		return -ENOMEM;
	if (copy_from_user(msg, from, count))
		r = -EFAULT;
	else
		r = take_message(proxy, msg, count);
	kvfree_sensitive(msg, count);
	return r ? r : count;
}

/* --- the end of the end ------------------------------------------------------------------ */

/* No read, write or poll is under way: each holds the file. */
static int end_release(struct inode *inode, struct file *file)
{
	struct euicc_proxy *proxy = file->private_data;

	if (proxy->registered)
		euicc_unregister(proxy->edev);
	euicc_proxy_free(proxy);
	return 0;
}

const struct file_operations euicc_proxy_end_fops = {
	.owner = THIS_MODULE,
	.read = end_read,
	.write = end_write,
	.poll = end_poll,
	.release = end_release,
};
