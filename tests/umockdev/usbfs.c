/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's node, /dev/bus/usb/001/NNN: ioctls of the programs that have it open, done as
 * the kernel's usbfs does them.
 *
 * umockdev carries ioctls, not poll. The node is a FIFO with room for one byte: while the byte is in
 * it the node cannot be written (no POLLOUT: no URB can be reaped), and taken out it can.
 */
#include "device.h"

#include "usbip/usbip_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLEAR_FEATURE = 1, SET_CONFIGURATION = 9, SET_INTERFACE = 11 };
enum { DESCRIPTOR_ENDPOINT = 5 };

struct usbfs_urb {
	struct usbfs_opener *opener;
	UMockdevIoctlData *user, *buffer;	/* struct usbdevfs_urb and its bytes; buffer may be NULL */
	uint32_t seq;
	bool in, control;
};

/* A program that has the node open. */
struct usbfs_opener {
	struct usb_device *device;
	GList *pending, *done;			/* struct usbfs_urb */
};

/* An ioctl that waits for the device. */
struct usbfs_wait {
	uint32_t seq;
	uint32_t discarded;			/* DISCARDURB: the URB that ends */
	UMockdevIoctlClient *client;
};

static struct usbdevfs_urb *user_urb(const struct usbfs_urb *urb)
{
	return (struct usbdevfs_urb *)(void *)urb->user->data;
}

static void answer(UMockdevIoctlClient *client, int result)
{
	umockdev_ioctl_client_complete(client, result < 0 ? -1 : result, result < 0 ? -result : 0);
}

/* --- URBs ------------------------------------------------------------------- */

static void free_urb(void *pointer)
{
	struct usbfs_urb *urb = pointer;

	g_clear_object(&urb->buffer);
	g_clear_object(&urb->user);
	g_free(urb);
}

/* What a poll of the node says. */
static void show(struct usb_device *device)
{
	bool readable = false;
	uint8_t byte = 0;

	for (GList *at = device->openers; at; at = at->next)
		readable = readable || ((struct usbfs_opener *)at->data)->done;
	if (readable == device->readable)
		return;
	if ((readable ? read(device->fifo, &byte, 1) : write(device->fifo, &byte, 1)) != 1)
		g_error("the FIFO is not as it was left");
	device->readable = readable;
}

static void end_urb(struct usbfs_urb *urb, int status, uint32_t actual, struct esim_slice data)
{
	struct usbfs_opener *opener = urb->opener;
	size_t skip = urb->control ? 8 : 0;

	user_urb(urb)->status = status;
	user_urb(urb)->actual_length = (int)actual;
	if (data.len && urb->buffer && data.len <= (size_t)urb->buffer->data_len - skip)
		memcpy(urb->buffer->data + skip, data.data, data.len);
	opener->pending = g_list_remove(opener->pending, urb);
	opener->done = g_list_append(opener->done, urb);
	show(opener->device);
}

static struct usbfs_urb *find_urb(struct usb_device *device, uint32_t seq)
{
	for (GList *at = device->openers; at; at = at->next)
		for (GList *i = ((struct usbfs_opener *)at->data)->pending; i; i = i->next)
			if (((struct usbfs_urb *)i->data)->seq == seq)
				return i->data;
	return NULL;
}

static bool has_endpoint(const struct usb_device *device, uint8_t address)
{
	for (const uint8_t *at = NULL; (at = usb_device_descriptor(device, at, DESCRIPTOR_ENDPOINT));)
		if (at[0] >= 7 && at[2] == address)
			return true;
	return false;
}

/* 0, or what the kernel says of such a URB. */
static int check_urb(const struct usb_device *device, const struct usbdevfs_urb *user)
{
	if (device->gone)
		return -ENODEV;
	if (user->buffer_length < 0 || user->buffer_length > USBIP_MAX_TRANSFER)
		return -ENOMEM;
	switch (user->type) {
	case USBDEVFS_URB_TYPE_CONTROL:
		return (user->endpoint & 0x0F) == 0 && user->buffer_length >= 8 ? 0 : -EINVAL;
	case USBDEVFS_URB_TYPE_BULK:
	case USBDEVFS_URB_TYPE_INTERRUPT:
		return has_endpoint(device, user->endpoint) ? 0 : -ENOENT;
	default:
		return -EINVAL;
	}
}

static void send_urb(struct usb_device *device, struct usbfs_urb *urb)
{
	const struct usbdevfs_urb *user = user_urb(urb);
	const uint8_t *bytes = urb->buffer ? urb->buffer->data : NULL;

	if (!urb->control) {
		urb->seq = usbip_client_submit(&device->link, user->endpoint, urb->in, NULL, bytes,
					       (uint32_t)user->buffer_length);
		return;
	}
	urb->seq = usbip_client_submit(&device->link, 0, urb->in, bytes, bytes + 8,
				       (uint32_t)user->buffer_length - 8);
}

/* --- what the device needs to be told ---------------------------------------- */

static void wait_for(struct usb_device *device, UMockdevIoctlClient *client, uint32_t seq,
		     uint32_t discarded)
{
	struct usbfs_wait *wait = g_new0(struct usbfs_wait, 1);

	*wait = (struct usbfs_wait){ .seq = seq, .discarded = discarded,
				     .client = g_object_ref(client) };
	device->waits = g_list_append(device->waits, wait);
}

static void end_wait(struct usb_device *device, struct usbfs_wait *wait, int result)
{
	device->waits = g_list_remove(device->waits, wait);
	answer(wait->client, result);
	g_object_unref(wait->client);
	g_free(wait);
}

/* A request without data; its answer is the ioctl's. */
static void request(struct usb_device *device, UMockdevIoctlClient *client, uint8_t type, uint8_t code,
		    uint16_t value, uint16_t index)
{
	const uint8_t setup[8] = { type, code, (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)index,
				   (uint8_t)(index >> 8) };

	wait_for(device, client, usbip_client_submit(&device->link, 0, false, setup, NULL, 0), 0);
}

void usbfs_reply(struct usb_device *device, const struct usbip_reply *reply, struct esim_slice data)
{
	struct usbfs_urb *urb = find_urb(device, reply->seq);

	if (urb && !reply->unlinked)
		end_urb(urb, reply->status, reply->actual, data);
	for (GList *at = device->waits; at; at = at->next) {
		struct usbfs_wait *wait = at->data;

		if (wait->seq != reply->seq)
			continue;
		urb = wait->discarded ? find_urb(device, wait->discarded) : NULL;
		if (urb)
			end_urb(urb, -ENOENT, 0, esim_slice(NULL, 0));
		end_wait(device, wait, reply->unlinked ? 0 : reply->status);
		return;
	}
}

/* URBs that wait end with @status; the device forgets them. */
static void end_urbs(struct usbfs_opener *opener, int status)
{
	while (opener->pending) {
		struct usbfs_urb *urb = opener->pending->data;

		usbip_client_unlink(&opener->device->link, urb->seq);
		end_urb(urb, status, 0, esim_slice(NULL, 0));
	}
}

void usbfs_disconnect(struct usb_device *device)
{
	device->gone = true;
	while (device->waits)
		end_wait(device, device->waits->data, -ENODEV);
	for (GList *at = device->openers; at; at = at->next)
		end_urbs(at->data, -ESHUTDOWN);
}

/* --- ioctls: interfaces ------------------------------------------------------- */

/* What @arg points to; kept by it. */
static void *resolve(UMockdevIoctlData *arg, size_t size)
{
	g_autoptr(UMockdevIoctlData) data = umockdev_ioctl_data_resolve(arg, 0, size, NULL);

	return data ? data->data : NULL;
}

static int claim(struct usbfs_opener *opener, unsigned interface)
{
	struct usb_device *device = opener->device;

	if (interface >= DEVICE_MAX_INTERFACES)
		return -EINVAL;
	if (!usb_device_has_interface(device, interface))
		return -ENOENT;
	if (device->kernel_bound[interface] ||
	    (device->claims[interface] && device->claims[interface] != opener))
		return -EBUSY;
	device->claims[interface] = opener;
	sysfs_driver(device, interface, "usbfs");
	return 0;
}

static int release(struct usbfs_opener *opener, unsigned interface)
{
	struct usb_device *device = opener->device;

	if (interface >= DEVICE_MAX_INTERFACES || device->claims[interface] != opener)
		return -EINVAL;
	device->claims[interface] = NULL;
	end_urbs(opener, -ENOENT);
	if (!device->gone)
		sysfs_driver(device, interface, NULL);
	return 0;
}

static void do_claim(struct usbfs_opener *opener, UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	const unsigned *interface = resolve(arg, sizeof(*interface));

	answer(client, interface ? claim(opener, *interface) : -EFAULT);
}

static void do_release(struct usbfs_opener *opener, UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	const unsigned *interface = resolve(arg, sizeof(*interface));

	answer(client, interface ? release(opener, *interface) : -EFAULT);
}

static void do_get_driver(struct usbfs_opener *opener, UMockdevIoctlClient *client,
			  UMockdevIoctlData *arg)
{
	struct usbdevfs_getdriver *query = resolve(arg, sizeof(*query));
	const struct usb_device *device = opener->device;
	unsigned i = query ? query->interface : DEVICE_MAX_INTERFACES;
	const char *name = i >= DEVICE_MAX_INTERFACES ? NULL :
			   device->kernel_bound[i] ? device->kernel_driver :
			   device->claims[i] ? "usbfs" : NULL;

	if (name)
		g_strlcpy(query->driver, name, sizeof(query->driver));
	answer(client, name ? 0 : -ENODATA);
}

/* USBDEVFS_IOCTL: of an interface's driver. The two that usbfs itself knows. */
static void do_interface_ioctl(struct usbfs_opener *opener, UMockdevIoctlClient *client,
			       UMockdevIoctlData *arg)
{
	const struct usbdevfs_ioctl *inner = resolve(arg, sizeof(*inner));
	struct usb_device *device = opener->device;
	unsigned i = inner ? (unsigned)inner->ifno : DEVICE_MAX_INTERFACES;
	int r = -ENOTTY;

	if (i >= DEVICE_MAX_INTERFACES || !usb_device_has_interface(device, i)) {
		r = -EINVAL;
	} else if (inner->ioctl_code == (int)USBDEVFS_DISCONNECT) {
		r = device->kernel_bound[i] || device->claims[i] ? 0 : -ENODATA;
		device->kernel_bound[i] = false;
		device->claims[i] = NULL;
		sysfs_driver(device, i, NULL);
	} else if (inner->ioctl_code == (int)USBDEVFS_CONNECT) {
		r = device->kernel_bound[i] || device->claims[i] ? -EBUSY : device->kernel_driver != NULL;
		if (r == 1) {
			device->kernel_bound[i] = true;
			sysfs_driver(device, i, device->kernel_driver);
		}
	}
	answer(client, r);
}

/* --- ioctls: URBs --------------------------------------------------------------- */

static void do_submit(struct usbfs_opener *opener, UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, sizeof(struct usbdevfs_urb), NULL);
	struct usbdevfs_urb *user = data ? (struct usbdevfs_urb *)(void *)data->data : NULL;
	struct usbfs_urb *urb;
	int r = user ? check_urb(opener->device, user) : -EFAULT;

	if (r) {
		g_clear_object(&data);
		answer(client, r);
		return;
	}
	urb = g_new0(struct usbfs_urb, 1);
	urb->opener = opener;
	urb->user = data;
	if (user->buffer_length > 0)
		urb->buffer = umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_urb, buffer),
							  (size_t)user->buffer_length, NULL);
	urb->control = user->type == USBDEVFS_URB_TYPE_CONTROL;
	urb->in = (urb->control ? urb->buffer->data[0] : user->endpoint) & 0x80;
	opener->pending = g_list_append(opener->pending, urb);
	send_urb(opener->device, urb);
	answer(client, 0);
}

static void do_reap(struct usbfs_opener *opener, UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	g_autoptr(UMockdevIoctlData) place = NULL;
	struct usbfs_urb *urb;

	if (!opener->done) {
		answer(client, opener->device->gone ? -ENODEV : -EAGAIN);
		return;
	}
	place = umockdev_ioctl_data_resolve(arg, 0, sizeof(void *), NULL);
	if (!place) {
		answer(client, -EFAULT);
		return;
	}
	urb = opener->done->data;
	opener->done = g_list_delete_link(opener->done, opener->done);
	show(opener->device);
	umockdev_ioctl_data_set_ptr(place, 0, urb->user);
	answer(client, 0);
	free_urb(urb);
}

static void do_discard(struct usbfs_opener *opener, UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	gulong address;

	memcpy(&address, arg->data, sizeof(address));
	for (GList *at = opener->pending; at; at = at->next) {
		const struct usbfs_urb *urb = at->data;

		if (urb->user->client_addr != address)
			continue;
		wait_for(opener->device, client, usbip_client_unlink(&opener->device->link, urb->seq),
			 urb->seq);
		return;
	}
	answer(client, -EINVAL);
}

/* --- ioctls: the device ------------------------------------------------------------ */

static void do_capabilities(struct usbfs_opener *opener, UMockdevIoctlClient *client,
			    UMockdevIoctlData *arg)
{
	uint32_t *capabilities = resolve(arg, sizeof(*capabilities));

	(void)opener;
	if (capabilities)
		*capabilities = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
				USBDEVFS_CAP_REAP_AFTER_DISCONNECT | USBDEVFS_CAP_BULK_SCATTER_GATHER;
	answer(client, capabilities ? 0 : -EFAULT);
}

static void do_speed(struct usbfs_opener *opener, UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	(void)arg;
	answer(client, opener->device->high_speed ? 3 : 2);
}

static void do_clear_halt(struct usbfs_opener *opener, UMockdevIoctlClient *client,
			  UMockdevIoctlData *arg)
{
	const unsigned *endpoint = resolve(arg, sizeof(*endpoint));

	if (!endpoint || *endpoint > 0xFF || !has_endpoint(opener->device, (uint8_t)*endpoint))
		answer(client, -ENOENT);
	else
		request(opener->device, client, 0x02, CLEAR_FEATURE, 0, (uint16_t)*endpoint);
}

static void do_set_interface(struct usbfs_opener *opener, UMockdevIoctlClient *client,
			     UMockdevIoctlData *arg)
{
	const struct usbdevfs_setinterface *wanted = resolve(arg, sizeof(*wanted));

	if (!wanted || wanted->interface >= DEVICE_MAX_INTERFACES ||
	    opener->device->claims[wanted->interface] != opener)
		answer(client, -EINVAL);
	else
		request(opener->device, client, 0x01, SET_INTERFACE, (uint16_t)wanted->altsetting,
			(uint16_t)wanted->interface);
}

static void do_set_configuration(struct usbfs_opener *opener, UMockdevIoctlClient *client,
				 UMockdevIoctlData *arg)
{
	const int *value = resolve(arg, sizeof(*value));
	const struct usb_device *device = opener->device;

	for (size_t i = 0; i < DEVICE_MAX_INTERFACES; i++) {
		if (device->claims[i] || device->kernel_bound[i]) {
			answer(client, -EBUSY);
			return;
		}
	}
	if (!value || *value != device->config[5])
		answer(client, -EINVAL);
	else
		request(opener->device, client, 0, SET_CONFIGURATION, (uint16_t)*value, 0);
}

/* A port reset: nobody's URBs and claims outlive it, and the device is configured anew. */
static void do_reset(struct usbfs_opener *opener, UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	struct usb_device *device = opener->device;

	(void)arg;
	for (GList *at = device->openers; at; at = at->next)
		end_urbs(at->data, -ESHUTDOWN);
	for (unsigned i = 0; i < DEVICE_MAX_INTERFACES; i++) {
		if (device->claims[i])
			sysfs_driver(device, i, NULL);
		device->claims[i] = NULL;
	}
	request(device, client, 0, SET_CONFIGURATION, device->config[5], 0);
}

/* --- the node ------------------------------------------------------------------------- */

typedef void ioctl_handler(struct usbfs_opener *opener, UMockdevIoctlClient *client,
			   UMockdevIoctlData *arg);

static const struct {
	unsigned long request;
	ioctl_handler *handler;
	bool when_gone;
} handlers[] = {
	{ USBDEVFS_GET_CAPABILITIES, do_capabilities, false },
	{ USBDEVFS_GET_SPEED, do_speed, false },
	{ USBDEVFS_CLAIMINTERFACE, do_claim, false },
	{ USBDEVFS_RELEASEINTERFACE, do_release, false },
	{ USBDEVFS_GETDRIVER, do_get_driver, false },
	{ USBDEVFS_IOCTL, do_interface_ioctl, false },
	{ USBDEVFS_SETINTERFACE, do_set_interface, false },
	{ USBDEVFS_SETCONFIGURATION, do_set_configuration, false },
	{ USBDEVFS_CLEAR_HALT, do_clear_halt, false },
	{ USBDEVFS_RESET, do_reset, false },
	{ USBDEVFS_SUBMITURB, do_submit, false },
	{ USBDEVFS_REAPURBNDELAY, do_reap, true },
	{ USBDEVFS_DISCARDURB, do_discard, true },
};

static gboolean handle(UMockdevIoctlBase *base, UMockdevIoctlClient *client, void *pointer)
{
	struct usb_device *device = pointer;
	struct usbfs_opener *opener = g_object_get_data(G_OBJECT(client), "opener");
	unsigned long code = umockdev_ioctl_client_get_request(client);
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);

	(void)base;
	for (size_t i = 0; opener && i < G_N_ELEMENTS(handlers); i++) {
		if ((unsigned)handlers[i].request != (unsigned)code)
			continue;
		g_mutex_lock(&device->lock);
		if (device->gone && !handlers[i].when_gone)
			answer(client, -ENODEV);
		else
			handlers[i].handler(opener, client, arg);
		g_mutex_unlock(&device->lock);
		return TRUE;
	}
	answer(client, -ENOTTY);
	return TRUE;
}

/* The program has closed the node: umockdev lets go of the client. */
static void closed(void *pointer)
{
	struct usbfs_opener *opener = pointer;
	struct usb_device *device = opener->device;

	g_mutex_lock(&device->lock);
	for (unsigned i = 0; i < DEVICE_MAX_INTERFACES; i++)
		if (device->claims[i] == opener)
			release(opener, i);
	end_urbs(opener, -ENOENT);
	device->openers = g_list_remove(device->openers, opener);
	show(device);
	g_list_free_full(opener->done, free_urb);
	g_free(opener);
	usb_device_release(device);
}

static void opened(UMockdevIoctlBase *base, UMockdevIoctlClient *client, void *pointer)
{
	struct usb_device *device = pointer;
	struct usbfs_opener *opener = g_new0(struct usbfs_opener, 1);

	(void)base;
	opener->device = device;
	g_object_set_data_full(G_OBJECT(client), "opener", opener, closed);
	g_mutex_lock(&device->lock);
	device->references++;
	device->openers = g_list_append(device->openers, opener);
	g_mutex_unlock(&device->lock);
}

static int make_fifo(struct usb_device *device)
{
	g_autofree char *root = umockdev_testbed_get_root_dir(device->testbed);
	g_autofree char *path = g_strconcat(root, device->node, NULL);
	g_autofree char *folder = g_path_get_dirname(path);

	if (g_mkdir_with_parents(folder, 0755) || mkfifo(path, 0666))
		return -errno;
	device->fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	/* The least that a pipe can hold is a page, and a page is taken by one byte. */
	if (device->fifo < 0 || fcntl(device->fifo, F_SETPIPE_SZ, 1) < 0 ||
	    write(device->fifo, "", 1) != 1)
		return -errno;
	return 0;
}

int usbfs_node_make(struct usb_device *device)
{
	snprintf(device->node, sizeof(device->node), "/dev/bus/usb/001/%03u", device->number % 1000);
	device->handler = umockdev_ioctl_base_new();
	g_signal_connect_after(device->handler, "handle-ioctl", G_CALLBACK(handle), device);
	g_signal_connect_after(device->handler, "client-connected", G_CALLBACK(opened), device);
	if (make_fifo(device))
		return -EIO;
	return umockdev_testbed_attach_ioctl(device->testbed, device->node, device->handler, NULL) ?
		       0 : -EIO;
}
