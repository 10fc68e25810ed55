// SPDX-License-Identifier: GPL-2.0-only
/* /dev/euicc-proxy: EUICC_PROXY_NEW_DEV makes a /dev/euiccN whose transport is the caller. */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "euicc_proxy.h"

#define ALL_FEATURES	(EUICC_FEATURE_OWNED | EUICC_FEATURE_FCI | EUICC_FEATURE_P2 | \
			 EUICC_FEATURE_BASIC | EUICC_FEATURE_WARM | EUICC_FEATURE_COLD | \
			 EUICC_FEATURE_EXTENDED)

/* ISO/IEC 7816-3, 12.1.1: header, Lc, data and Le in their short and extended forms. */
#define SHORT_COMMAND		(4 + 1 + 255 + 1)
#define EXTENDED_COMMAND	(4 + 3 + 65535 + 2)
#define SHORT_RESPONSE		256
#define EXTENDED_RESPONSE	65536

/* What a device needs to open a channel: SELECT with the longest AID and its answer. */
#define LEAST_COMMAND		(4 + 1 + EUICC_AID_MAX + 1)
#define LEAST_RESPONSE		EUICC_FCI_MAX

static_assert(EXTENDED_COMMAND <= EUICC_PROXY_PAYLOAD_MAX);
static_assert(EXTENDED_RESPONSE + 2 <= EUICC_PROXY_PAYLOAD_MAX);

/* --- what was asked for ------------------------------------------------------------------- */

static int take_limit(u32 *limit, u32 least, u32 most)
{
	if (!*limit)
		*limit = most;
	return *limit >= least && *limit <= most ? 0 : -EINVAL;
}

/* Check it, and put the defaults in. */
static int take_arguments(struct euicc_proxy_new_dev *args)
{
	const bool extended = args->features & EUICC_FEATURE_EXTENDED;
	const bool owned = args->features & EUICC_FEATURE_OWNED;

	if (args->features & ~ALL_FEATURES || args->flags ||
	    memchr_inv(args->reserved1, 0, sizeof(args->reserved1)) ||
	    memchr_inv(args->reserved, 0, sizeof(args->reserved)))
		return -EINVAL;
	if (args->protocol != EUICC_PROTOCOL_T0 && args->protocol != EUICC_PROTOCOL_T1 &&
	    args->protocol != EUICC_PROTOCOL_NONE)
		return -EINVAL;
	if (!euicc_proxy_is_atr_len(args->atr_len) ||
	    strnlen(args->name, sizeof(args->name)) == sizeof(args->name))
		return -EINVAL;
	if (take_limit(&args->max_command, LEAST_COMMAND,
		       extended ? EXTENDED_COMMAND : SHORT_COMMAND))
		return -EINVAL;
	if (!args->max_response)
		args->max_response = extended ? EXTENDED_RESPONSE : SHORT_RESPONSE;
	/* Who owns the channels may have gathered what comes by 61xx. */
	return take_limit(&args->max_response, LEAST_RESPONSE,
			  extended || owned ? EXTENDED_RESPONSE : SHORT_RESPONSE);
}

/* --- making it ---------------------------------------------------------------------------- */

void euicc_proxy_free(struct euicc_proxy *proxy)
{
	euicc_put(proxy->edev);
	mutex_destroy(&proxy->lock);
	kfree(proxy);
}

/* The device, not yet visible. */
static struct euicc_proxy *proxy_alloc(const struct euicc_proxy_new_dev *args)
{
	struct euicc_transport_desc desc = {
		.transport = "proxy",
		.name = args->name,
		.features = args->features,
		.max_command = args->max_command,
		.max_response = args->max_response,
		.protocol = args->protocol,
		.card_state = args->atr_len ? EUICC_CARD_OFF : EUICC_CARD_UNKNOWN,
		.atr = args->atr_len ? args->atr : NULL,
		.atr_len = args->atr_len,
	};
	struct euicc_proxy *proxy = kzalloc(sizeof(*proxy), GFP_KERNEL_ACCOUNT);
	struct euicc_device *edev;

	if (!proxy)
		return ERR_PTR(-ENOMEM);
	mutex_init(&proxy->lock);
	init_waitqueue_head(&proxy->readers);
	init_waitqueue_head(&proxy->worker);

	edev = euicc_alloc(NULL, &euicc_proxy_ops, &desc, proxy);
	if (IS_ERR(edev)) {
		mutex_destroy(&proxy->lock);
		kfree(proxy);
		return ERR_CAST(edev);
	}
	proxy->edev = edev;
	return proxy;
}

/*
 * The descriptor is published last, when nothing can fail any more: until then nobody can close
 * it, write to it or pass it on. The caller hears its number before the device can be seen.
 */
static int proxy_publish(struct euicc_proxy *proxy, struct euicc_proxy_new_dev *args,
			 struct euicc_proxy_new_dev __user *to)
{
	struct file *file;
	int fd, r;

	fd = get_unused_fd_flags(O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		euicc_proxy_free(proxy);
		return fd;
	}
	file = anon_inode_getfile("[euicc-proxy]", &euicc_proxy_end_fops, proxy, O_RDWR);
	if (IS_ERR(file)) {
		euicc_proxy_free(proxy);
		r = PTR_ERR(file);
		goto put_fd;
	}

	/* From here on the file's release frees the proxy. */
	args->fd = fd;
	args->minor = euicc_minor(proxy->edev);
	if (copy_to_user(to, args, sizeof(*args))) {
		r = -EFAULT;
		goto put_file;
	}
	r = euicc_register(proxy->edev);
	if (r)
		goto put_file;
	proxy->registered = true;
	fd_install(fd, file);
	return 0;

put_file:
	fput(file);
put_fd:
	put_unused_fd(fd);
	return r;
}

static long proxy_new_dev(struct euicc_proxy_new_dev __user *user)
{
	struct euicc_proxy_new_dev args;
	struct euicc_proxy *proxy;
	int r;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	r = take_arguments(&args);
	if (r)
		return r;
	proxy = proxy_alloc(&args);
	if (IS_ERR(proxy))
		return PTR_ERR(proxy);
	return proxy_publish(proxy, &args, user);
}

/* --- /dev/euicc-proxy --------------------------------------------------------------------- */

static long proxy_ioctl(struct file *file, unsigned int number, unsigned long arg)
{
	switch (number) {
	case EUICC_PROXY_NEW_DEV:
		return proxy_new_dev((struct euicc_proxy_new_dev __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations proxy_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = proxy_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice proxy_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "euicc-proxy",
	.fops = &proxy_fops,
	.mode = 0600,
};

module_misc_device(proxy_misc);

MODULE_DESCRIPTION("A program as the transport of an eUICC device");
MODULE_LICENSE("GPL");
